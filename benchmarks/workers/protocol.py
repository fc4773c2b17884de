"""How a worker is spoken to: a JSON object on each line, an answer to each.

The answers go where its argument says, as the number of an open file.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter, process_time
from typing import Any

Run = Callable[[int], Any]

# More would tell nothing new, and would be much to send.
MOST_RUNS = 2000

# Python keeps its frames in pieces of 16 KiB. What calls back and forth across the end
# of a piece is slow, up to twice as slow for deep recursion: runs that all began at one
# depth would measure where that end happens to be. These are spread over a piece.
DEPTHS = range(0, 160, 8)


def serve(prepare: Callable[[dict[str, Any]], Run], *packages: str) -> None:
    """Prepare a case, then measure its runs as often as asked.

    ``packages`` are those whose versions belong beside the figures.
    """
    answers = os.fdopen(int(sys.argv[1]), "w", buffering=1)
    logging.disable(logging.INFO)
    run: Run | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if run is None:
            run = prepare(request)
            answer: dict[str, Any] = {name: version(name) for name in packages}
        else:
            answer = measure(run, request["first"], request["seconds"])
        answers.write(json.dumps(answer) + "\n")


def measure(run: Run, first: int, budget: float) -> dict[str, Any]:
    """Time single runs for about ``budget`` seconds, each with a factor of its own."""
    seconds: list[float] = []
    values: list[Any] = []
    begin, begin_computing = perf_counter(), process_time()
    end = begin + budget
    while not seconds or (perf_counter() < end and len(seconds) < MOST_RUNS):
        factor = first + len(seconds)
        value, spent = timed(run, factor, DEPTHS[factor % len(DEPTHS)])
        seconds.append(spent)
        values.append(value)
    share = (process_time() - begin_computing) / (perf_counter() - begin)
    return {"seconds": seconds, "values": values, "share": share}


def timed(run: Run, factor: int, depth: int) -> tuple[Any, float]:
    """Time a run that is called ``depth`` calls further down."""
    if depth:
        return timed(run, factor, depth - 1)
    before = perf_counter()
    value = run(factor)
    return value, perf_counter() - before
