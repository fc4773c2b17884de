"""A program that runs a session very often, and measures itself meanwhile.

Called with the project's folder, what the runs do, and how many there are.
"""

from __future__ import annotations

import gc
import itertools
import json
import logging
import sys
import threading
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import linear_regression, median
from time import perf_counter
from typing import Any

import psutil

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.runner import ThreadRunner

SAMPLES = 20


def warm(session: KedroSession) -> Callable[[int], None]:
    """Runs in memory: some fail, some have threads, the model is swapped at times."""
    session.preload(["model"])

    def run(number: int) -> None:
        arguments: dict[str, Any] = {
            "runtime_data": {"requests": [number]},
            "runtime_params": {"factor": number % 7},
        }
        if number % 50 == 0:
            arguments["runner"] = ThreadRunner(max_workers=2)
        if number % 100 == 1:
            session.preload(["model"])
        if number % 100 == 2:
            fail(session, **arguments)
            return
        result = session.run(pipeline_names=["serve"], **arguments)
        assert result.outputs["served"] == [number * (number % 7) + 1]

    return run


def disk(session: KedroSession) -> Callable[[int], None]:
    """Runs that read and write files, and some that fail in between."""

    def run(number: int) -> None:
        arguments = {"runtime_params": {"factor": number}}
        if number % 100 == 2:
            fail(session, runtime_data={"requests": [1]}, **arguments)
            return
        result = session.run(pipeline_names=["store"], **arguments)
        assert result.outputs["report"] == [number * item + 1 for item in (1, 2, 3)]

    return run


def fail(session: KedroSession, **arguments: Any) -> None:
    try:
        session.run(pipeline_names=["fail"], **arguments)
    except RuntimeError:
        return
    raise AssertionError


def sample() -> dict[str, int]:
    gc.collect()
    process = psutil.Process()
    return {
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
        "resident": process.memory_info().rss,
        "files": process.num_fds(),
        "threads": threading.active_count(),
    }


def measure(run: Callable[[int], None], runs: int) -> dict[str, Any]:
    """Sample what a process holds after equal numbers of runs; time each run."""
    numbers = itertools.count(1)
    each = runs // SAMPLES
    seconds = array("d", bytes(8 * each * SAMPLES))
    samples: list[dict[str, int]] = []
    # The first of them is for all that is built once.
    for part in range(-1, SAMPLES):
        for place in range(max(part, 0) * each, max(part, 0) * each + each):
            begin = perf_counter()
            run(next(numbers))
            seconds[place] = perf_counter() - begin
        samples.append(sample())
    tenth = len(seconds) // 10
    counts = [each * part for part in range(len(samples))]
    return {
        "runs": each * SAMPLES,
        "grown": {name: samples[-1][name] - samples[0][name] for name in samples[0]},
        "slopes": {
            name: 1000 * linear_regression(counts, [s[name] for s in samples]).slope
            for name in samples[0]
        },
        "held": samples[-1],
        "first": 1e6 * median(seconds[:tenth]),
        "last": 1e6 * median(seconds[-tenth:]),
    }


def main(project: Path, kind: str, runs: int) -> None:
    logging.disable(logging.CRITICAL)
    bootstrap_project(project)
    with KedroSession.create(project, save_on_close=False) as session:
        print(json.dumps(measure({"warm": warm, "disk": disk}[kind](session), runs)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
