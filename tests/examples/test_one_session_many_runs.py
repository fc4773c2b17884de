"""The example's notebook, executed by a real kernel."""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

PROJECT = Path(__file__).parents[2] / "examples" / "model-serving"
NOTEBOOK = Path("notebooks", "one_session_many_runs.ipynb")
RUNS = 49
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
# What is shown is rounded; this is what the notebook has computed.
REPORT = """
import json
print(json.dumps([frame.to_dict() for frame in (first, second, third)]))
"""


class Executed:
    """The notebook's cells by identifier, with their outputs."""

    def __init__(self, project: Path, notebook: Any) -> None:
        self.project = project
        self._cells = {cell.id: cell for cell in notebook.cells}

    def result(self, cell: str, kind: str = "text/plain") -> str:
        [data] = [
            output.data
            for output in self._cells[cell].outputs
            if output.output_type == "execute_result"
        ]
        return _COLOURS.sub("", data[kind])

    def printed(self, cell: str, stream: str = "stdout") -> str:
        return "".join(
            output.text
            for output in self._cells[cell].outputs
            if output.output_type == "stream" and output.name == stream
        )

    def images(self, cell: str) -> list[bytes]:
        return [
            base64.b64decode(output.data["image/png"])
            for output in self._cells[cell].outputs
            if "image/png" in output.get("data", {})
        ]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    project = tmp_path_factory.mktemp("notebook") / "model-serving"
    shutil.copytree(
        PROJECT, project, ignore=shutil.ignore_patterns("data", "__pycache__")
    )
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(REPORT, id="report"))
    folder = (project / NOTEBOOK).parent
    own = {"IPYTHONDIR": str(project / ".ipython"), "DO_NOT_TRACK": "1"}
    client = NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**os.environ, **own})
    return Executed(project, notebook)


@pytest.fixture(scope="module")
def sweeps(executed: Executed) -> list[dict[str, dict[float, float]]]:
    return [
        {
            column: {float(threshold): value for threshold, value in values.items()}
            for column, values in frame.items()
        }
        for frame in json.loads(executed.printed("report"))
    ]


def test_is_stored_without_outputs():
    notebook = nbformat.read(PROJECT / NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_begins_with_a_session_that_has_loaded_nothing(executed):
    table = executed.result("session-new", "text/html")
    assert table.startswith("<table><caption>KedroSession</caption>")
    assert "<th>state</th><td>open</td>" in table
    assert "<th>pipelines loaded</th><td>0</td>" in table
    assert executed.result("session-new").startswith("KedroSession(model-serving, ")


def test_trains(executed):
    table = executed.result("train", "text/html")
    assert table.startswith("<table><caption>run ")
    assert ">metrics</td>" in table
    assert ">JSONDataset</td>" in table
    assert "'roc_auc': 0.99" in executed.result("metrics")
    assert executed.result("split") == "143"


def test_injects(executed):
    header, *rows = executed.result("inject").strip().splitlines()
    assert header.split() == ["probability", "malignant"]
    assert len(rows) == 5
    for row in rows:
        _, probability, malignant = row.split()
        assert (float(probability) >= 0.2) is (malignant == "True")
    assert "<td>True</td>" in executed.result("inject", "text/html")
    assert executed.result("add") == "143"


def test_shows_how_far_each_sweep_is(executed):
    for cell in ("sweep", "preload", "swap"):
        bar = executed.printed(cell, "stderr")
        assert f"| 0/{RUNS} [" in bar
        assert f"100%|██████████| {RUNS}/{RUNS} [" in bar


def test_sweeps_over_thresholds(sweeps):
    first, second, _ = sweeps
    thresholds = sorted(first["found"])
    assert len(thresholds) == RUNS
    for column in ("found", "false alarms"):
        values = [first[column][threshold] for threshold in thresholds]
        # A lower threshold never finds less.
        assert values == sorted(values, reverse=True)
        assert values[0] > values[-1]
        assert second[column] == first[column]


def test_plots_the_sweep(executed):
    [image] = executed.images("plot")
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", image[16:24])
    assert width > height > 300
    # Not an empty frame.
    assert len(image) > 10_000


def test_shows_what_is_in_memory(executed):
    table = executed.result("preload", "text/html")
    assert table.count("<tr>") == 3
    assert ">LogisticRegression</td>" in table
    assert table.count(f"<td>{RUNS}</td>") == 2
    assert "ms from memory" in executed.printed("faster")
    lines = executed.result("preload").strip().splitlines()
    assert [line.split(" | ")[0].strip() for line in lines] == [
        "artifact",
        "model",
        "scaler",
    ]
    assert max(map(len, lines)) < 80


def test_swaps_the_model(executed, sweeps):
    waiting = executed.result("retrain").strip().splitlines()[1:]
    assert [" ".join(row.split()) for row in waiting] == [
        "model | - | - | 0 | -",
        "scaler | - | - | 0 | -",
    ]
    table = executed.result("swap", "text/html")
    assert ">LogisticRegression</td>" in table
    assert table.count(f"<td>{RUNS}</td>") == 2
    first, _, third = sweeps
    assert third["found"][0.5] > first["found"][0.5]
    assert "new model" in executed.result("compare")


def test_computes_what_scikit_learn_does_with_the_new_model(executed, sweeps):
    model, scaler = (
        pickle.loads((executed.project / "data" / f"{name}.pkl").read_bytes())
        for name in ("model", "scaler")
    )
    bunch = load_breast_cancer(as_frame=True)
    malignant = bunch.target == 0
    _, tumours, _, is_malignant = train_test_split(
        bunch.data, malignant, stratify=malignant, test_size=0.25, random_state=7
    )
    probability = model.predict_proba(scaler.transform(tumours))[:, 1]

    third = sweeps[2]
    for threshold, found in third["found"].items():
        reported = probability >= threshold
        assert found == pytest.approx(reported[is_malignant].mean())
        false_alarms = reported[~is_malignant].mean()
        assert third["false alarms"][threshold] == pytest.approx(false_alarms)


def test_releases(executed):
    assert executed.result("release") == "No artifacts"
    assert executed.result("release", "text/html").count("<tr>") == 1
    table = executed.result("session-used", "text/html")
    assert "<th>artifacts</th><td>0</td>" in table
    assert "<th>pipelines loaded</th><td>2: " in table
