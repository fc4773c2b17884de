"""Batches of runs in one thread or two, whose nodes release the interpreter's lock."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.workers.protocol import Run, serve


def session_run(project: Path, data: bytes, output: str) -> Run:
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project)
    session = KedroSession.create(project)

    def run(factor: int) -> Any:
        result = session.run(runtime_data={"x": data}, runtime_params={"p0": factor})
        return result.outputs[output]

    return run


def functions_run(project: Path, data: bytes, nodes: int) -> Run:
    sys.path.insert(0, str(project / "src"))
    digest = importlib.import_module("chain.nodes").digest

    def run(factor: int) -> Any:
        value: Any = factor
        for _ in range(nodes):
            value = digest(data, value)
        return value

    return run


def prepare(case: dict[str, Any]) -> Run:
    project, data = Path(case["project"]), bytes(case["bytes"])
    if case["session"]:
        run_one = session_run(project, data, f"y{case['nodes']}")
    else:
        run_one = functions_run(project, data, case["nodes"])
    pool = ThreadPoolExecutor(case["threads"])

    def run(factor: int) -> Any:
        return list(pool.map(run_one, range(factor, factor + case["batch"])))

    return run


if __name__ == "__main__":
    serve(prepare)
