"""Steps of estimation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# How a month changes what is saved, which nobody knows.
MEAN = 0.005
SPREAD = 0.04


def observe(options: dict[str, int]) -> npt.NDArray[np.float64]:
    """Monthly returns of the past, made up for this example."""
    random = np.random.default_rng(options["random_state"])
    return random.normal(MEAN, SPREAD, options["months"])


def estimate(returns: npt.NDArray[np.float64]) -> dict[str, float]:
    """What returns are to be expected, and how far they spread."""
    return {"mean": float(returns.mean()), "spread": float(returns.std(ddof=1))}
