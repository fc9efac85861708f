"""Trains the model in iris.json on Fisher's iris data (as scikit-learn ships it).

    pip install scikit-learn && python train.py > iris.json
"""

import json

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

data = load_iris()
train_x, test_x, train_y, test_y = train_test_split(
    data.data, data.target, test_size=0.2, random_state=7, stratify=data.target
)
scaler = StandardScaler().fit(train_x)
model = LogisticRegression(max_iter=500).fit(scaler.transform(train_x), train_y)
print(
    json.dumps(
        {
            "name": "iris-logistic-regression",
            "accuracy": round(model.score(scaler.transform(test_x), test_y), 4),
            "classes": [str(name) for name in data.target_names],
            "mean": scaler.mean_.tolist(),
            "scale": scaler.scale_.tolist(),
            "weights": model.coef_.tolist(),
            "bias": model.intercept_.tolist(),
        },
        indent=2,
    )
)
