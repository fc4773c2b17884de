"""Runs a session while memory is used up, bit by bit, and tells what came of it.

A program, for it to have a limit of memory of its own.
"""

from __future__ import annotations

import json
import resource
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.reliability.footprint import Footprint  # noqa: E402

# As many bytes as the process may take beyond those that it has.
HEADROOM = 64 * 1024 * 1024
SIZES = [1 << power for power in range(24, 4, -1)]


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + HEADROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def use_up(kept: list[Any]) -> None:
    """Take what there is, in ever smaller pieces."""
    for size in SIZES:
        with suppress(MemoryError):
            while True:
                # A piece and the place to keep it.
                kept.append(bytes(size))


def main(project: str, runs: int) -> None:
    bootstrap_project(project)
    counts: Counter[str] = Counter()
    with KedroSession.create(project, save_on_close=False) as session:

        def run(**params: Any) -> Any:
            return session.run(
                runtime_data={"number": 1}, runtime_params=params, run_id="same"
            )

        run(plus=0)
        Footprint(session, ["data"]).check()
        limit_memory()
        for number in range(runs):
            before = Footprint(session, ["data"])
            kept: list[Any] = []
            use_up(kept)
            # With more room from time to time, for it to end elsewhere.
            del kept[len(kept) - number * number :]
            failure = ""
            try:
                run(plus=number)
            except Exception as error:
                failure = type(error).__name__
            kept.clear()
            counts[failure or "ended"] += 1
            before.check()
            counts["right"] += dict(run(plus=number).outputs) == {
                "sum": 1 + number,
                "kept": 1,
            }
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
