"""A program whose run is interrupted; it runs again, and says what is left over.

Called with the project's folder and the name of a runner.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

RUNNERS: dict[str, Any] = {
    "parallel": lambda: ParallelRunner(max_workers=2),
    "sequential": SequentialRunner,
    "thread": lambda: ThreadRunner(max_workers=2),
}


def left_over() -> dict[str, Any]:
    gc.collect()
    # Processes that are started anew have one that tracks what they share.
    children = [" ".join(p.cmdline()) for p in psutil.Process().children(True)]
    return {
        "processes": [line for line in children if "resource_tracker" not in line],
        "threads": threading.active_count(),
        "files": psutil.Process().num_fds(),
    }


def run(session: KedroSession, runner: str, act: str, **arguments: Any) -> Any:
    result = session.run(
        pipeline_names=["many"],
        runtime_params={"act": act},
        runner=RUNNERS[runner](),
        **arguments,
    )
    return sorted(result.outputs.values())


def notice_interrupts(project: Path) -> None:
    """Leave a file, named for this process, when the first interrupt has come.

    Programs that are started in the background would not be interrupted otherwise.
    """
    program = os.getpid()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if os.getpid() == program:
            (project / "noticed").touch()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)


def main(project: Path, runner: str) -> None:
    logging.disable(logging.CRITICAL)
    notice_interrupts(project)
    bootstrap_project(project)
    with KedroSession.create(project, save_on_close=False) as session:
        run(session, runner, "nothing")
        before = left_over()
        try:
            run(session, runner, "wait", run_id="interrupted")
            interrupted = False
        except KeyboardInterrupt:
            interrupted = True
        after = left_over()
        again = run(session, runner, "nothing", run_id="interrupted")
    found = {"interrupted": interrupted, "before": before, "after": after}
    print(json.dumps({**found, "again": again}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
