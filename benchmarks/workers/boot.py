"""kedro-boot: compiled once, with what a run may change named beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro_boot.app.booter import boot_project
from kedro_boot.framework.compiler.specs import CompilationSpec

from benchmarks.workers.protocol import Run, serve


def prepare(case: dict[str, Any]) -> Run:
    # The remaining input, the model, is then loaded once, while compiling.
    spec = CompilationSpec(inputs=["x"], outputs=[case["output"]], parameters=["p0"])
    session = boot_project(Path(case["project"]), compilation_specs=[spec])

    def run(factor: int) -> Any:
        # With one output named, it gives that output's data.
        return session.run(inputs={"x": case["x"]}, parameters={"p0": factor})

    return run


if __name__ == "__main__":
    serve(prepare, "kedro", "kedro-boot")
