"""What stays of many runs of the fork, and what one of them needs on top."""

from __future__ import annotations

import gc
import json
import logging
import sys
import tracemalloc
from pathlib import Path
from typing import Any

from benchmarks.workers.fork import prepare
from benchmarks.workers.protocol import Run

WARM_UP = 2000
TRACED_RUNS = 2000


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def state() -> dict[str, int]:
    gc.collect()
    return {
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
        "resident": resident_bytes(),
    }


def repeat(run: Run, first: int, runs: int) -> None:
    for factor in range(first, first + runs):
        run(factor)


def growth(run: Run, runs: int) -> dict[str, int]:
    repeat(run, 0, WARM_UP)
    # The first time, counting leaves more objects than any later time.
    state()
    before = state()
    repeat(run, WARM_UP, runs)
    after = state()
    return {name: after[name] - before[name] for name in before}


def traced(run: Run, first: int) -> dict[str, int]:
    tracemalloc.start()
    repeat(run, first, WARM_UP)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    repeat(run, first + WARM_UP, TRACED_RUNS)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    peaks = [peak_of(run, first + i) for i in range(50)]
    tracemalloc.stop()
    return {"traced": after - before, "peak": max(peaks)}


def peak_of(run: Run, factor: int) -> int:
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    run(factor)
    return tracemalloc.get_traced_memory()[1] - before


def main() -> None:
    logging.disable(logging.INFO)
    case: dict[str, Any] = json.loads(sys.argv[1])
    runs = int(sys.argv[2])
    run = prepare(case)
    found = {**growth(run, runs), **traced(run, runs), "value": run(7)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
