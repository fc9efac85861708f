"""Brings the database to the schema the service expects. Safe to run again."""

import os

import psycopg

STATEMENTS = [
    """CREATE TABLE IF NOT EXISTS predictions (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        features double precision[] NOT NULL,
        species text NOT NULL,
        probability double precision NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE INDEX IF NOT EXISTS predictions_created_at ON predictions (created_at)",
]


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
    print(f"schema is up to date ({len(STATEMENTS)} statements)")


if __name__ == "__main__":
    main()
