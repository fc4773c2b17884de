"""The functions called directly: the floor under all the others."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.workers.protocol import Run, serve


def prepare(case: dict[str, Any]) -> Run:
    project = Path(case["project"])
    sys.path.insert(0, str(project))
    chain = importlib.import_module("direct").chain
    model = json.loads((project / "data" / "model.json").read_text())

    def run(factor: int) -> Any:
        return chain(case["x"], model, factor)

    return run


if __name__ == "__main__":
    serve(prepare)
