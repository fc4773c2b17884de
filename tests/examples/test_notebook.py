"""The notebook of the example project, executed by a real kernel."""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

PROJECT = Path(__file__).parents[2] / "examples" / "model-serving"
NOTEBOOK = "notebooks/one_session_many_runs.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    project = tmp_path_factory.mktemp("example") / "model-serving"
    left_out = shutil.ignore_patterns("data", "sessions", "__pycache__")
    shutil.copytree(PROJECT, project, ignore=left_out)
    (project / "data").mkdir()
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    folder = {"metadata": {"path": str((project / NOTEBOOK).parent)}}
    client = nbclient.NotebookClient(notebook, timeout=240, resources=folder)
    client.create_kernel_manager()
    client.km.kernel_spec.argv[0] = sys.executable
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DO_NOT_TRACK", "1")
        client.execute()
    return notebook


def cell_with(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    (cell,) = (c for c in notebook.cells if source in c.source)
    return cell


def shown(cell: nbformat.NotebookNode, kind: str) -> str:
    return "".join(
        output["data"][kind]
        for output in cell["outputs"]
        if output["output_type"] in ("execute_result", "display_data")
        and kind in output["data"]
    )


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(
        output["text"]
        for output in cell["outputs"]
        if output["output_type"] == "stream"
    )


def test_is_stored_without_outputs():
    notebook = nbformat.read(PROJECT / NOTEBOOK, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells] == [[]] * len(cells)


def test_a_result_is_a_table(executed):
    html = shown(cell_with(executed, "training = session.run("), "text/html")
    assert "<table" in html
    assert "metrics" in html


def test_an_injected_run_gives_a_prediction_for_each_row(executed):
    html = shown(cell_with(executed, 'run_id="five-tumours"'), "text/html")
    assert html.count("<tr>") + html.count("<tr ") >= 6
    assert "probability" in html


def test_the_sweep_has_a_progress_bar_and_a_plot(executed):
    assert "49/49" in printed(cell_with(executed, "def sweep(label)"))
    image = shown(cell_with(executed, "plt.show()"), "image/png")
    assert base64.b64decode(image).startswith(b"\x89PNG")


def test_the_cache_is_a_table_that_counts_hits(executed):
    html = shown(cell_with(executed, 'second = sweep("From memory")'), "text/html")
    assert "LogisticRegression" in html
    assert "StandardScaler" in html
    assert "49" in html


def test_a_run_that_trains_drops_the_old_model(executed):
    cell = cell_with(executed, '{"class_weight": "balanced"}')
    assert "LogisticRegression" not in shown(cell, "text/html")


def test_the_new_model_answers_otherwise(executed):
    html = shown(cell_with(executed, '"new model": third.loc[0.5]'), "text/html")
    assert "first model" in html
    values = [part.split("</td>")[0] for part in html.split("<td>")[1:]]
    assert values[0] != values[1]


def test_nothing_is_cached_after_the_release(executed):
    cell = cell_with(executed, "session.release_cache()")
    assert "No artifacts" in shown(cell, "text/plain")
