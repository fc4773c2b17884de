"""The sessions of kedro 1.7.0 that run many times; they take no data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.workers.protocol import Run, serve
from kedro.framework.session import KedroServiceSession, KedroSession
from kedro.framework.startup import bootstrap_project


def prepare(case: dict[str, Any]) -> Run:
    if hasattr(KedroSession, "preload"):
        raise RuntimeError("this is not kedro 1.7.0, but the fork")
    project, output = Path(case["project"]), case["output"]
    bootstrap_project(project)
    session = KedroServiceSession.create(project_path=project)

    def run(factor: int) -> Any:
        return session.run(runtime_params={"p0": factor})[output].load()

    return run


if __name__ == "__main__":
    serve(prepare, "kedro")
