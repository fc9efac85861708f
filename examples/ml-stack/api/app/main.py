"""The prediction service: a model from a read-only mount, answers cached in Redis and recorded in Postgres."""

import json
import logging
import os
import socket
from contextlib import asynccontextmanager

import psycopg
import redis.asyncio as redis
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from .model import Model

logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper())
log = logging.getLogger("api")
CACHE_SECONDS = int(os.environ.get("CACHE_SECONDS", "300"))


class Flower(BaseModel):
    """Measurements of one iris flower, in centimetres."""

    sepal_length: float = Field(gt=0, lt=30)
    sepal_width: float = Field(gt=0, lt=30)
    petal_length: float = Field(gt=0, lt=30)
    petal_width: float = Field(gt=0, lt=30)

    def features(self) -> list[float]:
        return [self.sepal_length, self.sepal_width, self.petal_length, self.petal_width]


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.model = Model.load(os.environ["MODEL_PATH"])
    app.state.cache = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    app.state.db = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True)
    log.info("model %s ready", app.state.model.name)
    yield
    await app.state.db.close()
    await app.state.cache.aclose()


app = FastAPI(title="iris", lifespan=lifespan)


@app.get("/health")
async def health():
    await app.state.cache.ping()
    await app.state.db.execute("SELECT 1")
    return {"status": "ok", "model": app.state.model.name, "replica": socket.gethostname()}


@app.post("/predict")
async def predict(flower: Flower):
    features = flower.features()
    key = "predict:" + ",".join(f"{value:g}" for value in features)
    cached = await app.state.cache.get(key)
    if cached is None:
        answer = app.state.model.predict(features)
        await app.state.cache.set(key, json.dumps(answer), ex=CACHE_SECONDS)
        await app.state.db.execute(
            "INSERT INTO predictions (features, species, probability) VALUES (%s, %s, %s)",
            (features, answer["species"], answer["probability"]),
        )
    else:
        answer = json.loads(cached)
    return {**answer, "cached": cached is not None, "replica": socket.gethostname()}


@app.get("/predictions")
async def predictions(limit: int = 10):
    if not 1 <= limit <= 1000:
        raise HTTPException(422, "limit must be between 1 and 1000")
    rows = await app.state.db.execute(
        "SELECT id, features, species, probability FROM predictions ORDER BY id DESC LIMIT %s", (limit,)
    )
    names = ("id", "features", "species", "probability")
    return [dict(zip(names, row)) for row in await rows.fetchall()]
