"""Runs a session while signals interrupt it, and tells what came of it.

A program, for signals to meet nobody else. The signal is that of a timer, to come to
the microsecond, with the handler that Python has for ``Ctrl-C``. All is done in one
thread: an interrupt that Python's own locks do not survive would stop others for ever.
"""

from __future__ import annotations

import json
import logging
import random
import signal
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.reliability.footprint import Footprint  # noqa: E402


class Interrupt:
    """Handles signals as Python does, and knows whether one has come."""

    came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        signal.default_int_handler(number, frame)


def interrupted(interrupt: Interrupt, call: partial[Any], after: float) -> str:
    """Call something, and tell what came of the signal, which always comes."""
    ended = interrupt.came = False
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        call()
        ended = True
        # In here, for the signal to meet nothing else.
        while not interrupt.came:
            time.sleep(0.001)
    except KeyboardInterrupt:
        return "too late" if ended else "in time"
    # Where an object of fsspec's is freed, Python drops what is raised.
    return "dropped"


def seconds(call: partial[Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(project: str, signals: int, seed: int) -> None:
    interrupt = Interrupt()
    signal.signal(signal.SIGALRM, interrupt)
    bootstrap_project(project)
    # In Python before 3.13, an interrupt can leave a handler of logs locked.
    logging.disable(logging.CRITICAL)
    randomly = random.Random(seed)
    counts: Counter[str] = Counter()
    with KedroSession.create(project, save_on_close=False) as session:

        def run(number: int) -> Any:
            return session.run(
                runtime_data={"number": number},
                runtime_params={"plus": number},
                run_id="same",
            )

        # The shortest, for most signals to be in time however busy the machine is.
        duration = min(seconds(partial(run, number)) for number in range(20))
        for number in range(signals):
            before = Footprint(session, ["data"])
            after = max(1e-6, randomly.uniform(0, 1.2 * duration))
            counts[interrupted(interrupt, partial(run, number), after)] += 1
            before.check()
            outputs = dict(run(number).outputs)
            counts["right"] += outputs == {"sum": 2 * number, "kept": number}
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
