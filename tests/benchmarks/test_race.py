"""A peer that does not run, or computes something else, gives no figures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import race as race_module
from benchmarks.environments import Environment, plain_variables
from benchmarks.race import Contestant, PeerFailedError, race, run_once

HERE = Environment(Path(sys.executable), plain_variables())

# With `{run}` in place of what a framework would do.
WORKER = """
import os, sys, time

sys.path.insert(0, os.getcwd())
from benchmarks.workers.protocol import serve


def prepare(case):
    print("a framework greets", flush=True)

    def run(factor):
        {run}

    return run


serve(prepare, "pytest")
"""

MakeContestant = Callable[..., Contestant]


@pytest.fixture
def contestant(tmp_path: Path) -> MakeContestant:
    def make(run: str, name: str = "peer") -> Contestant:
        script = tmp_path / f"{name}.py"
        script.write_text(WORKER.format(run=run))
        return Contestant(name, (str(script),), HERE, lambda factor: factor + 1)

    return make


def test_each_round_has_a_median_of_each(contestant: MakeContestant) -> None:
    fast = contestant("return factor + 1", "fast")
    slow = contestant("time.sleep(0.002); return factor + 1", "slow")
    results = race([fast, slow], starts=2, rounds=2, budget=0.02)
    assert [len(rounds) for rounds in results.rounds.values()] == [4, 4]
    assert max(results.fast["slow"]) <= max(results.rounds["slow"])
    # In a busy moment, a round may take any time.
    assert min(results.rounds["fast"]) < 0.002 < min(results.rounds["slow"])
    # It sleeps.
    assert results.lowest_share() < 0.9
    assert results.versions == {"pytest": pytest.__version__}


def test_no_factor_comes_twice(contestant: MakeContestant) -> None:
    once = "assert factor not in seen; seen.add(factor); return factor + 1"
    peer = contestant(once.replace("seen", "run.__dict__.setdefault('seen', set())"))
    race([peer], starts=1, rounds=3, budget=0.001)


def test_a_wrong_result(contestant: MakeContestant) -> None:
    peer = contestant("return factor + (2 if factor == 5 else 1)")
    with pytest.raises(PeerFailedError, match="peer computed 7, not 6"):
        race([peer], starts=1, rounds=1, budget=0.01)


@pytest.mark.parametrize("run", ["raise ValueError('no luck')", "os._exit(0)"])
def test_a_run_that_fails(contestant: MakeContestant, run: str) -> None:
    told = "no luck" if "luck" in run else "a framework greets"
    with pytest.raises(PeerFailedError, match=rf"peer did not run:[\s\S]*{told}"):
        race([contestant(run)], starts=1, rounds=1, budget=0.01)


def test_a_run_that_does_not_end(
    contestant: MakeContestant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(race_module, "LONGEST_ANSWER", 1.0)
    with pytest.raises(PeerFailedError, match="peer did not run"):
        race([contestant("time.sleep(60)")], starts=1, rounds=1, budget=0.01)


def test_a_peer_that_is_not_installed() -> None:
    gone = Contestant("peer", ("-m", "not_installed"), HERE, lambda factor: factor)
    with pytest.raises(PeerFailedError, match="No module named not_installed"):
        race([gone], starts=1, rounds=1, budget=0.01)


def test_a_single_answer_that_does_not_come() -> None:
    with pytest.raises(PeerFailedError, match="once did not run"):
        run_once("once", HERE, ("-c", "raise SystemExit(3)"))
    assert run_once("once", HERE, ("-c", "print('greets'); print('{}')")) == {}


def test_the_command_fails_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise PeerFailedError("kedro-boot did not run")

    def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick"])
    monkeypatch.setattr(command, "prepare_all", dict)
    monkeypatch.setattr(command, "measure_all", fail)
    monkeypatch.setattr(command, "write", refuse)
    assert command.main() == 2
    assert "FAILED: kedro-boot did not run" in capsys.readouterr().err
