"""This fork: one session, many runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.workers.protocol import Run, serve
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project


def prepare(case: dict[str, Any]) -> Run:
    project, output = Path(case["project"]), case["output"]
    bootstrap_project(project)
    session = KedroSession.create(project)

    def run_injected(factor: int) -> Any:
        result = session.run(
            runtime_data={"x": case["x"]}, runtime_params={"p0": factor}
        )
        return result.outputs[output]

    def run_from_disk(factor: int) -> Any:
        return session.run(runtime_params={"p0": factor}).outputs[output]

    if "x" not in case:
        return run_from_disk
    session.preload(["model"])
    return run_injected


if __name__ == "__main__":
    serve(prepare, "kedro-datasets", "omegaconf", "pluggy")
