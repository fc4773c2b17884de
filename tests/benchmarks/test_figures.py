"""What is computed from the seconds, and how it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figures import (
    MET,
    MISSED,
    REACHED,
    UNTOLD,
    Row,
    Spread,
    ratios,
    show,
    show_seconds,
    slope,
    times_faster,
    times_the_time,
    worst_deviation,
)
from benchmarks.projects import Size, chain_result, write_chain
from benchmarks.report import show_share, targets_table


def test_ratios_are_taken_within_a_round() -> None:
    # The machine was ten times slower in the second round, for both.
    found = ratios([2.0, 20.0, 2.0], [1.0, 10.0, 1.0])
    assert found == Spread(2.0, 2.0, 2.0)


def test_ratios_of_different_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_eight_of_ten_values_are_within_the_spread() -> None:
    assert Spread.of([float(n) for n in range(11)]) == Spread(5.0, 1.0, 9.0)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0)


@pytest.mark.parametrize(
    ("times", "expected"), [(11.9, MISSED), (12, MET), (25, REACHED)]
)
def test_verdict_where_more_is_better(times: float, expected: str) -> None:
    row = times_faster("run", Spread(times, 1, 99), must=12, aim=25)
    assert row.verdict == expected
    assert row.missed == (expected == MISSED)


@pytest.mark.parametrize(
    ("times", "expected"), [(1.51, MISSED), (1.5, MET), (1.02, MET), (1.004, REACHED)]
)
def test_verdict_where_less_is_better(times: float, expected: str) -> None:
    row = times_the_time("run", Spread(times, 0, 99), must=1.5, aim=1.0)
    assert row.verdict == expected


def test_what_cannot_be_told_is_not_met() -> None:
    assert Row("two threads", "1.2", verdict=UNTOLD).missed
    assert not Row("for comparison", "1.2").missed


def test_a_line_through_times() -> None:
    straight = {3: 130.0, 10: 200.0, 50: 600.0}
    assert slope(straight) == pytest.approx(10)
    assert worst_deviation(straight) == pytest.approx(0)
    assert worst_deviation({**straight, 25: 700.0}) > 0.3


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0123456, "0.0123"), (1.0, "1"), (99.96, "100"), (12345.6, "12 300")],
)
def test_three_digits_are_shown(value: float, shown: str) -> None:
    assert show(value) == shown


def test_seconds_have_a_unit_that_suits() -> None:
    shown = [show_seconds(seconds) for seconds in (2.5, 0.0123, 4.56e-5, 2e-7)]
    assert shown == ["2.5 s", "12.3 ms", "45.6 µs", "0.2 µs"]


def test_targets_as_a_table() -> None:
    row = Row("a run", "2 times faster", "12 times faster", "25", MISSED)
    assert targets_table([row]).splitlines()[-1] == (
        "| a run | 2 times faster | 12 times faster | 25 | **not met** |"
    )


def test_a_busy_machine_is_told_of() -> None:
    assert "disturbed" in show_share(0.6)
    assert "disturbed" not in show_share(0.97)


def test_the_written_chain_computes_what_is_expected(tmp_path: Path) -> None:
    project = write_chain(tmp_path, Size(nodes=7))
    direct: dict[str, object] = {}
    exec((project / "direct.py").read_text(), direct)
    chain = direct["chain"]
    assert callable(chain)
    assert chain(2, {"bias": 10}, 5) == chain_result(2, 7, 5) == 26
