"""Runs contestants alternately, and takes no figure from one that computes nonsense."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from threading import Timer
from typing import IO, Any

from benchmarks.environments import ROOT, Environment
from benchmarks.figures import Spread

LONGEST_ANSWER = 300.0


def worker_module(name: str) -> tuple[str, ...]:
    """One of the workers that are here."""
    return "-m", f"benchmarks.workers.{name}"


class PeerFailedError(Exception):
    """A contestant did not run, or gave a wrong result."""


@dataclass(frozen=True)
class Contestant:
    """Who runs what: a worker, its environment, its case, and what it has to give.

    ``worker`` is what follows the interpreter on the command line.
    """

    name: str
    worker: tuple[str, ...]
    environment: Environment
    expected: Callable[[int], Any]
    case: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """The seconds of some runs, and for which share of them they had a processor."""

    seconds: list[float]
    share: float


class Worker:
    """A contestant's process."""

    def __init__(self, contestant: Contestant, errors: IO[str]) -> None:
        self._contestant = contestant
        self._errors = errors
        self._runs = 0
        # Frameworks write to the standard output what they like.
        reading, writing = os.pipe()
        self._answers = os.fdopen(reading)
        self._process = subprocess.Popen(
            [contestant.environment.python, *contestant.worker, str(writing)],
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            pass_fds=[writing],
            text=True,
            cwd=ROOT,
            env=contestant.environment.variables,
        )
        os.close(writing)
        self.versions: dict[str, str] = self._ask(contestant.case)

    def measure(self, budget: float) -> Round:
        """Time runs for about ``budget`` seconds, and check what they computed."""
        answer = self._ask({"first": self._runs, "seconds": budget})
        for factor, value in enumerate(answer["values"], start=self._runs):
            expected = self._contestant.expected(factor)
            if value != expected:
                raise PeerFailedError(
                    f"{self._contestant.name} computed {value!r}, not {expected!r}"
                )
        self._runs += len(answer["values"])
        return Round(answer["seconds"], answer["share"])

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()
        self._answers.close()

    def _ask(self, request: dict[str, Any]) -> Any:
        stdin = self._process.stdin
        assert stdin is not None
        watch = Timer(LONGEST_ANSWER, self._process.kill)
        watch.start()
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            return json.loads(self._answers.readline())
        except (OSError, ValueError) as error:
            raise self._failure() from error
        finally:
            watch.cancel()

    def _failure(self) -> PeerFailedError:
        self.stop()
        self._errors.seek(0)
        last = "".join(self._errors.readlines()[-25:])
        return PeerFailedError(f"{self._contestant.name} did not run:\n{last}")


@dataclass
class Results:
    """What each round took, and the versions that ran."""

    # The median of the round's runs.
    rounds: dict[str, list[float]] = field(default_factory=dict)
    # The tenth of its runs that were fastest took less than this.
    fast: dict[str, list[float]] = field(default_factory=dict)
    shares: dict[str, list[float]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, measured: Round) -> None:
        """Keep a round."""
        found = Spread.of(measured.seconds)
        self.rounds.setdefault(name, []).append(found.median)
        self.fast.setdefault(name, []).append(found.low)
        self.shares.setdefault(name, []).append(measured.share)

    def lowest_share(self) -> float:
        """The share of time with a processor of who had one least."""
        return min(median(shares) for shares in self.shares.values())


def race(
    contestants: Sequence[Contestant], starts: int, rounds: int, budget: float
) -> Results:
    """Let all run for a short time, in turn, many times.

    So whatever else the machine does at a time, it does to neighbours alike. Every
    second round is in the other direction. All begin anew ``starts`` times, since what
    is decided once in a process, such as the order of sets, may make it slower.
    """
    results = Results()
    for _ in range(starts):
        with started(contestants) as workers:
            for worker in workers.values():
                worker.measure(budget)
                results.versions.update(worker.versions)
            for number in range(rounds):
                order = list(reversed(workers)) if number % 2 else list(workers)
                for name in order:
                    results.add(name, workers[name].measure(budget))
    return results


@contextmanager
def started(contestants: Sequence[Contestant]) -> Iterator[dict[str, Worker]]:
    """Have a process for each contestant, and leave none behind."""
    with ExitStack() as stack:
        workers = {}
        for contestant in contestants:
            errors = stack.enter_context(tempfile.TemporaryFile("w+"))
            worker = Worker(contestant, errors)
            stack.callback(worker.stop)
            workers[contestant.name] = worker
        yield workers


def run_once(
    name: str, environment: Environment, worker: tuple[str, ...], *arguments: str
) -> dict[str, Any]:
    """Run a worker that prints one answer and ends."""
    process = subprocess.run(
        [environment.python, *worker, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment.variables,
        check=False,
    )
    lines = process.stdout.splitlines()
    if process.returncode or not lines:
        last = "\n".join(process.stderr.splitlines()[-25:])
        raise PeerFailedError(f"{name} did not run:\n{last}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer
