"""Ratios, their spread, and whether they are what they have to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median


@dataclass(frozen=True)
class Spread:
    """A median, and between which values eight of ten lie."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarize values of which there is at least one."""
        ordered = sorted(values)
        return cls(median(ordered), _at(ordered, 0.1), _at(ordered, 0.9))


def _at(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def ratios(dividend: Sequence[float], divisor: Sequence[float]) -> Spread:
    """Divide round by round: what slows a whole round down leaves its ratio alone."""
    return Spread.of([a / b for a, b in zip(dividend, divisor, strict=True)])


@dataclass(frozen=True)
class Row:
    """A target, and what was measured."""

    title: str
    measured: str
    must: str = ""
    aim: str = ""
    verdict: str = ""

    @property
    def missed(self) -> bool:
        """Whether a target was set and not met."""
        return self.verdict in (MISSED, UNTOLD)


MISSED = "**not met**"
UNTOLD = "**cannot be told**"
MET = "met"
REACHED = "aim reached"


def verdict(must: bool, aim: bool) -> str:
    """Say in words what was reached."""
    if not must:
        return MISSED
    return REACHED if aim else MET


def times_faster(title: str, found: Spread, must: float, aim: float) -> Row:
    """How many times faster the fork is; more is better."""
    return Row(
        title,
        f"{show_spread(found)} times faster",
        f"{show(must)} times faster",
        show(aim),
        verdict(found.median >= must, found.median >= aim),
    )


def times_the_time(title: str, found: Spread, must: float, aim: float) -> Row:
    """How many times the other's time the fork takes; less is better."""
    return Row(
        title,
        f"{show_spread(found)} times its time",
        f"at most {show(must)} times",
        show(aim),
        # A hundredth more or less is the machine.
        verdict(found.median <= must, round(found.median, 2) <= aim),
    )


def slope(seconds: Mapping[int, float]) -> float:
    """The time that a node adds, in a straight line through times by nodes."""
    nodes = [float(n) for n in seconds]
    return float(linear_regression(nodes, list(seconds.values())).slope)


def worst_deviation(seconds: Mapping[int, float]) -> float:
    """How far the farthest time is off that line, as a share of the line's value."""
    nodes = [float(n) for n in seconds]
    line = linear_regression(nodes, list(seconds.values()))
    fitted = {n: line.intercept + line.slope * n for n in seconds}
    return max(abs(seconds[n] - fitted[n]) / abs(fitted[n]) for n in seconds)


def show(value: float, digits: int = 3) -> str:
    """The digits that count, and thousands told apart."""
    rounded = float(f"{value:.{digits}g}")
    if rounded >= 100:
        return f"{rounded:,.0f}".replace(",", " ")
    return f"{rounded:.{digits}g}"


def show_spread(spread: Spread) -> str:
    """The median, and the spread in brackets."""
    return f"{show(spread.median)} ({show(spread.low)} to {show(spread.high)})"


def show_seconds(seconds: float) -> str:
    """In the unit that reads best."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{show(seconds / size)} {unit}"
    return f"{show(seconds / 1e-6)} µs"
