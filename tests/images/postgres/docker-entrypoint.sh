#!/usr/bin/env bash
# Starts PostgreSQL and, on an empty data directory, first makes the cluster, the user and the database that the
# variables ask for (POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, their _FILE forms, POSTGRES_INITDB_ARGS,
# POSTGRES_HOST_AUTH_METHOD) and runs /docker-entrypoint-initdb.d/*.sql, *.sql.gz and *.sh.
set -euo pipefail

# value VARIABLE DEFAULT: the variable, or the content of the file that VARIABLE_FILE names, or the default
value() {
    local file="${1}_FILE"
    if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then
        echo "error: both $1 and $file are set" >&2
        exit 1
    fi
    if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-$2}"; fi
}

initialise() {
    local user password database
    user="$(value POSTGRES_USER postgres)"
    password="$(value POSTGRES_PASSWORD '')"
    database="$(value POSTGRES_DB "$user")"
    if [ -z "$password" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        echo "Error: the database is not initialised and POSTGRES_PASSWORD is not set." >&2
        echo "Set it, or POSTGRES_HOST_AUTH_METHOD=trust to allow every connection without a password." >&2
        exit 1
    fi
    # shellcheck disable=SC2086  # the arguments are meant to be split
    initdb --username="$user" --pwfile=<(printf '%s\n' "${password:-x}") ${POSTGRES_INITDB_ARGS:-}
    printf 'host all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"

    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
    export PGPASSWORD="${password:-x}"
    if [ "$database" != postgres ]; then
        psql -v ON_ERROR_STOP=1 -U "$user" -d postgres --set db="$database" <<<'CREATE DATABASE :"db";'
    fi
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
        *.sh) . "$file" ;;
        *.sql) psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$file" ;;
        *.sql.gz) gunzip -c "$file" | psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" ;;
        esac
    done
    unset PGPASSWORD
    pg_ctl -D "$PGDATA" -m fast -w stop
    echo "PostgreSQL init process complete; ready for start up."
}

[ "${1:0:1}" = - ] && set -- postgres "$@"
if [ "$1" = postgres ]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA"
        chmod 00700 "$PGDATA"
        find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
        find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    [ -s "$PGDATA/PG_VERSION" ] || initialise
fi
exec "$@"
