"""Steps of answering a request."""

from __future__ import annotations

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def score(
    requests: pd.DataFrame, scaler: StandardScaler, model: LogisticRegression
) -> pd.Series:
    """Probability that each tumour is malignant."""
    probability = model.predict_proba(scaler.transform(requests))[:, 1]
    return pd.Series(probability, index=requests.index, name="probability")


def decide(probability: pd.Series, threshold: float) -> pd.DataFrame:
    """What to report, for a caller who chooses how careful to be."""
    return probability.to_frame().assign(malignant=probability >= threshold)
