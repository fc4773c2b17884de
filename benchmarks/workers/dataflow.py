"""Hamilton: a driver built once, executed for each run."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from hamilton import driver

from benchmarks.workers.protocol import Run, serve


def prepare(case: dict[str, Any]) -> Run:
    project, output = Path(case["project"]), case["output"]
    sys.path.insert(0, str(project))
    module = importlib.import_module("dataflow")
    built = driver.Builder().with_modules(module).build()
    model = json.loads((project / "data" / "model.json").read_text())

    def run(factor: int) -> Any:
        inputs = {"x": case["x"], "model": model, "p0": factor}
        return built.execute([output], inputs=inputs)[output]

    return run


if __name__ == "__main__":
    serve(prepare, "sf-hamilton", "apache-hamilton")
