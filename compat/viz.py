"""kedro-viz: loads the project and exports its graph."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from compat.report import begin, show, show_own_fault
from compat.serving import TUMOURS, serve, session_here
from kedro.io import DatasetError
from kedro.runner import SequentialRunner

TASKS = {
    "training": {"load_measurements", "split", "fit_scaler", "fit_model", "evaluate"},
    "serving": {"score", "decide"},
}
TYPES = {
    "model": "pickle.pickle_dataset.PickleDataset",
    "scaler": "pickle.pickle_dataset.PickleDataset",
    "metrics": "json.json_dataset.JSONDataset",
    "measurements": "io.memory_dataset.MemoryDataset",
    "requests": "io.memory_dataset.MemoryDataset",
}
EDGES = {"training": ("fit_model", "model"), "serving": ("model", "score")}
STATS = Path(".viz", "stats.json")
EVENTS = Path(".viz", "kedro_pipeline_events.json")


def main() -> None:
    begin("kedro-viz")
    check_export()
    check_loading()
    check_runs()
    check_stats()
    check_events()
    check_missing_packages()


def check_export() -> None:
    command = [sys.executable, "-m", "kedro", "viz", "build"]
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    pipelines = Path("build", "api", "pipelines")
    exported = {path.name for path in pipelines.glob("*")}
    show(
        "`kedro viz build` exports the graphs of all pipelines",
        done.returncode == 0 and {*TASKS, "__default__"} <= exported,
        (done.returncode, exported),
    )
    for name, tasks in TASKS.items():
        check_graph(name, tasks, json.loads((pipelines / name).read_text()))


def check_graph(pipeline: str, tasks: set[str], graph: dict[str, Any]) -> None:
    nodes = {node["id"]: node for node in graph["nodes"]}
    found = {node["name"] for node in nodes.values() if node["type"] == "task"}
    show(f"the graph of '{pipeline}' has all its nodes", found == tasks, found)
    types = {
        node["name"]: node["dataset_type"]
        for node in nodes.values()
        if node["type"] == "data"
    }
    wanted = {name: TYPES[name] for name in types if name in TYPES}
    show(
        f"the graph of '{pipeline}' has its datasets, with their types",
        {"model", "scaler"} <= wanted.keys() and wanted.items() <= types.items(),
        types,
    )
    edges = {
        (nodes[edge["source"]]["name"], nodes[edge["target"]]["name"])
        for edge in graph["edges"]
    }
    edge = EDGES[pipeline]
    show(f"the graph of '{pipeline}' leads from {edge[0]} to {edge[1]}", edge in edges)


def check_loading() -> None:
    """Load the project as `kedro viz` does, beside a session that is in use."""
    from kedro_viz.integrations.kedro.data_loader import load_data

    with session_here() as session:
        before = serve(session).outputs["predictions"]
        events = import_module("model_serving.watch").events
        events.clear()
        catalog, pipelines, _ = load_data(Path.cwd())
        show(
            "loading the project finds its catalog and pipelines",
            "model" in catalog and {"training", "serving"} <= pipelines.keys(),
            (list(catalog), list(pipelines)),
        )
        show(
            "loading calls no hook: kedro-viz has put an empty manager in the session",
            events == [],
            events,
        )
        load_data(Path.cwd(), include_hooks=True)
        show(
            "loading with `--include-hooks` calls those of the project",
            events == ["after_context_created", "after_catalog_created"],
            events,
        )
        after = serve(session).outputs["predictions"]
    show("a session that is in use goes on as before", after.equals(before))


def check_runs() -> None:
    counted = []
    with session_here() as session:
        for rows in (2, 3, 4):
            serve(session, requests=TUMOURS[:rows])
            counted.append(json.loads(STATS.read_text())["requests"]["rows"])
    show(
        "each of three runs writes the statistics of its data",
        counted == [2, 3, 4],
        counted,
    )


def check_stats() -> None:
    with session_here() as session:
        session.run(pipeline_names=["training"], to_nodes=["load_measurements"])
    stats = json.loads(STATS.read_text())
    show_own_fault(
        "statistics stay in the file when later runs, of any session of the process, "
        "do not have that dataset",
        "requests" in stats,
        stats,
    )


def check_events() -> None:
    counts = []
    with session_here() as session:
        for _ in range(3):
            session.run(runner=SequentialRunner())
            counts.append(len(json.loads(EVENTS.read_text())))
    show_own_fault(
        "events of all runs of the process are kept, and written anew in each run "
        f"with a runner named: {counts} events after three runs",
        counts == [counts[0], 2 * counts[0], 3 * counts[0]],
        counts,
    )


def check_missing_packages() -> None:
    """A dataset of a package that is not installed."""
    missing = Path("conf", "base", "catalog_missing.yml")
    try:
        missing.write_text("train: {type: not_installed.TableDataset}")
        for is_lite in (True, False):
            failure = failure_to_load(is_lite)
            show(
                f"with{'' if is_lite else 'out'} `--lite`, it does without the package "
                "of a dataset that a pipeline has",
                failure == "",
                failure,
            )
        missing.write_text("unused: {type: not_installed.TableDataset}")
        show("with `--lite`, of any dataset", failure_to_load(is_lite=True) == "")
        failure = failure_to_load(is_lite=False)
    finally:
        missing.unlink()
    show_own_fault(
        "without `--lite`, the package of a dataset that no pipeline has, and that is "
        "not installed, stops it",
        "not_installed" in failure,
        failure,
    )


def failure_to_load(is_lite: bool) -> str:
    from kedro_viz.data_access import DataAccessManager
    from kedro_viz.integrations.kedro.data_loader import load_data
    from kedro_viz.server import populate_data

    loaded = load_data(Path.cwd(), is_lite=is_lite)
    try:
        populate_data(DataAccessManager(), *loaded)
    except DatasetError as error:
        return str(error)
    return ""
