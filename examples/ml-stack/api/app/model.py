"""Multinomial logistic regression, read from the JSON that models/train.py wrote."""

import json
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Model:
    name: str
    classes: list[str]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def load(cls, path: str) -> "Model":
        with open(path) as file:
            stored = json.load(file)
        arrays = {key: np.array(stored[key]) for key in ("mean", "scale", "weights", "bias")}
        return cls(name=stored["name"], classes=stored["classes"], **arrays)

    def predict(self, features: list[float]) -> dict:
        scores = self.weights @ ((np.array(features) - self.mean) / self.scale) + self.bias
        odds = np.exp(scores - scores.max())
        probabilities = odds / odds.sum()
        best = int(probabilities.argmax())
        return {"species": self.classes[best], "probability": round(float(probabilities[best]), 4)}
