"""A session that is used for long stays as it is: nothing grows, nothing slows down.

``KEDRO_SOAK=20`` runs for as long as it takes to see that in memory and time too, and
prints what was found. Otherwise only what can be counted is looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOAK = int(os.environ.get("KEDRO_SOAK") or 1)
# With 20: two hundred thousand and five thousand.
RUNS = {"warm": 10_000 * SOAK, "disk": 250 * SOAK} if SOAK > 1 else {}
FEW_RUNS = {"warm": 4000, "disk": 200}

# What Python and the system do of their own accord, over all runs.
FEW_OBJECTS = 20
FEW_BYTES = 2 * 2**20
NO_SLOWER = 2

FILES = {
    "conf/base/catalog.yml": """
        model: {type: json.JSONDataset, filepath: data/model.json}
        stored: {type: json.JSONDataset, filepath: data/stored.json}
        between: {type: json.JSONDataset, filepath: data/between.json}
        report: {type: json.JSONDataset, filepath: data/report.json}
    """,
    "conf/base/parameters.yml": "factor: 1",
    "data/model.json": '{"bias": 1}',
    "data/stored.json": "[1, 2, 3]",
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline


        def multiply(requests, factor):
            return [request * factor for request in requests]


        def add(products, model):
            return [product + model["bias"] for product in products]


        def fail(products):
            raise RuntimeError("stop here")


        def register_pipelines():
            def multiplied(source, output):
                return node(multiply, [source, "params:factor"], output)

            return {
                "serve": pipeline(
                    [
                        multiplied("requests", "products"),
                        node(add, ["products", "model"], "served"),
                    ]
                ),
                "store": pipeline(
                    [
                        multiplied("stored", "between"),
                        node(add, ["between", "model"], "report"),
                    ]
                ),
                "fail": pipeline(
                    [multiplied("requests", "products"), node(fail, "products", "x")]
                ),
            }
    """,
}


@pytest.mark.timeout(120 + 60 * SOAK)
@pytest.mark.parametrize("kind", FEW_RUNS)
def test_many_runs_leave_nothing_behind(
    make_project: Callable[..., Path], capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    found = measured(make_project(FILES), kind, RUNS.get(kind, FEW_RUNS[kind]))

    assert found["grown"]["objects"] <= FEW_OBJECTS
    assert found["grown"]["files"] == found["grown"]["threads"] == 0
    if SOAK > 1:
        with capsys.disabled():
            print(f"\n{report(kind, found)}")
        assert found["grown"]["resident"] <= FEW_BYTES
        assert found["last"] <= NO_SLOWER * found["first"]


def measured(project: Path, kind: str, runs: int) -> dict[str, Any]:
    program = Path(__file__).with_name("over_time_program.py")
    output = subprocess.run(
        [sys.executable, program, project, kind, str(runs)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def report(kind: str, found: dict[str, Any]) -> str:
    """What was found, as a table for Markdown."""
    rows = [
        f"| {kind}, {found['runs']:,} runs | at the end | grown by | for 1000 runs |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, unit, size in UNITS:
        held, grown = found["held"][name] / size, found["grown"][name] / size
        slope = found["slopes"][name] / size
        rows.append(f"| {unit} | {held:,.0f} | {grown:+,.0f} | {slope:+,.2f} |")
    times = f"{found['first']:.0f} µs | {found['last']:.0f} µs"
    rows += [
        "",
        "| median of a run | first tenth | last tenth |",
        "| --- | ---: | ---: |",
        f"| {kind} | {times} |",
    ]
    return "\n".join(rows)


UNITS = [
    ("resident", "resident memory, KiB", 1024),
    ("objects", "objects", 1),
    ("blocks", "blocks of memory", 1),
    ("files", "open files", 1),
    ("threads", "threads", 1),
]
