"""Steps of a forecast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = ["years", "monthly"]
MOST_YEARS = 100


def expand(payments: pd.DataFrame) -> npt.NDArray[np.float64]:
    """One payment for each month, of rows that each hold for some years."""
    if missing := [name for name in COLUMNS if name not in payments]:
        raise ValueError(f"The payments have no column '{missing[0]}'.")
    rows = payments[COLUMNS].apply(pd.to_numeric)
    if rows.empty or rows.isna().any(axis=None) or (rows < 0).any(axis=None):
        raise ValueError("Each row of the payments needs years and an amount.")
    months = (rows["years"] * 12).round()
    if not 1 <= months.sum() <= MOST_YEARS * 12:
        raise ValueError(f"Plan for one month to {MOST_YEARS} years.")
    return np.repeat(rows["monthly"].to_numpy(dtype=float), months.astype(int))


def simulate(
    monthly: npt.NDArray[np.float64],
    market: dict[str, float],
    fee: float,
    options: dict[str, int],
) -> npt.NDArray[np.float64]:
    """Savings after each month, on many paths that the market may take."""
    random = np.random.default_rng(options["random_state"])
    returns = random.normal(
        market["mean"] - fee / 12, market["spread"], (len(monthly), options["paths"])
    )
    savings = np.zeros_like(returns)
    so_far = np.zeros(options["paths"])
    for month, (payment, change) in enumerate(zip(monthly, returns, strict=True)):
        so_far = (so_far + payment) * (1 + change)
        savings[month] = so_far
    return savings


def summarise(
    savings: npt.NDArray[np.float64],
    monthly: npt.NDArray[np.float64],
    confidence: float,
) -> pd.DataFrame:
    """What is paid in, the median, and the band that holds most paths, by year."""
    rest = (1 - confidence) / 2
    low, median, high = np.quantile(savings, (rest, 0.5, 1 - rest), axis=1)
    columns = {"paid in": monthly.cumsum(), "low": low, "median": median, "high": high}
    years = pd.Index(np.arange(1, len(monthly) + 1) / 12, name="year")
    return pd.DataFrame(columns, index=years)
