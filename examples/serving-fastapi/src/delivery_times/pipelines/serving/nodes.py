"""Steps of answering a request."""

from __future__ import annotations


def estimate(parcels: list[dict[str, float]], model: dict[str, float]) -> list[float]:
    """Minutes that each parcel is expected to take."""
    return [
        model["at_the_door"]
        + model["per_km"] * parcel["distance_km"]
        + model["per_kg"] * parcel["weight_kg"]
        for parcel in parcels
    ]


def promise(expected: list[float], buffer: float) -> list[int]:
    """Whole minutes to promise, for a caller who chooses how careful to be."""
    return [round(minutes * (1 + buffer)) for minutes in expected]
