"""Steps of training."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

TARGET = "malignant"


def load_measurements() -> pd.DataFrame:
    """The Wisconsin breast cancer data, which scikit-learn ships."""
    bunch = load_breast_cancer(as_frame=True)
    # scikit-learn counts the benign ones; what matters here are the others.
    return bunch.data.assign(**{TARGET: bunch.target == 0})


def split(
    measurements: pd.DataFrame, options: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to fit on and rows to evaluate on, with the same share of both classes."""
    train, test = train_test_split(
        measurements, stratify=measurements[TARGET], **options
    )
    return train, test


def fit_scaler(train: pd.DataFrame) -> StandardScaler:
    """Learn mean and spread of each measurement."""
    return StandardScaler().fit(_features(train))


def fit_model(
    train: pd.DataFrame, scaler: StandardScaler, options: dict[str, Any]
) -> LogisticRegression:
    """Fit the classifier on scaled measurements."""
    scaled = scaler.transform(_features(train))
    return LogisticRegression(**options).fit(scaled, train[TARGET])


def evaluate(
    test: pd.DataFrame,
    scaler: StandardScaler,
    model: LogisticRegression,
    threshold: float,
) -> dict[str, float]:
    """How good the model is on rows that it has not seen."""
    probability = model.predict_proba(scaler.transform(_features(test)))[:, 1]
    predicted = probability >= threshold
    return {
        "accuracy": float(accuracy_score(test[TARGET], predicted)),
        "recall": float(recall_score(test[TARGET], predicted)),
        "roc_auc": float(roc_auc_score(test[TARGET], probability)),
    }


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=TARGET)
