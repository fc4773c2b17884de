"""Runs a project once in a new session for each set of runtime parameters.

Tests start it with kedro 1.7.0. It reads sets of parameters from a file and replaces
them by what the node of each run has seen, in the form of ``outcomes.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from outcomes import encode

import kedro
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project


def seen_by(project: Path, runtime_params: dict[str, Any]) -> list[Any]:
    try:
        with KedroSession.create(project, runtime_params=runtime_params) as session:
            return ["value", encode(session.run()["seen"].load())]
    except Exception as error:
        return ["error", repr(error)]


def main(project: Path, exchange: Path) -> None:
    assert kedro.__version__ == "1.7.0"
    bootstrap_project(project)
    params = json.loads(exchange.read_text())
    exchange.write_text(json.dumps([seen_by(project, some) for some in params]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
