"""Steps of training."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Deliveries = dict[str, npt.NDArray[np.float64]]

# How long deliveries take in this town, which nobody knows.
MINUTES_AT_THE_DOOR = 12
MINUTES_PER_KM = 2.4
MINUTES_PER_KG = 0.8
SPREAD = 3


def observe(options: dict[str, int]) -> Deliveries:
    """Deliveries of the past, made up for this example."""
    random = np.random.default_rng(options["random_state"])
    number = options["number"]
    distance = random.uniform(0.2, 30, number)
    weight = random.uniform(0.1, 20, number)
    minutes = (
        MINUTES_AT_THE_DOOR
        + MINUTES_PER_KM * distance
        + MINUTES_PER_KG * weight
        + random.normal(0, SPREAD, number)
    )
    return {"distance_km": distance, "weight_kg": weight, "minutes": minutes}


def fit(deliveries: Deliveries) -> dict[str, float]:
    """Least squares of the minutes that deliveries took."""
    minutes = deliveries["minutes"]
    columns = [
        np.ones_like(minutes),
        deliveries["distance_km"],
        deliveries["weight_kg"],
    ]
    solution, *_ = np.linalg.lstsq(np.column_stack(columns), minutes, rcond=None)
    names = ("at_the_door", "per_km", "per_kg")
    return dict(zip(names, solution.tolist(), strict=True))
