"""Runs whose nodes are executed by other processes, forked or started anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from kedro.framework.session import KedroSession
from kedro.io import DatasetError, MemoryDataset
from kedro.runner import ParallelRunner
from kedro.validation.exceptions import DataValidationError

FILES = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
        predictions:
          type: {package}.datasets.RecordedDataset
          filepath: data/predictions.json
          versioned: true
        checked:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
          validator:
            class: {package}.validators.Positive
        single:
          type: {package}.connectors.SingleProcessDataset
        broken_class:
          type: not_installed.Dataset
        broken_credentials:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
          credentials: missing
        broken_interpolation:
          type: {package}.datasets.RecordedDataset
          filepath: data/${globals:missing}.json
        "broken_{name}":
          type: not_installed.Dataset
          filepath: data/${globals:missing}.json
        "{name}_table":
          type: {package}.datasets.RecordedDataset
          filepath: data/{name}.json
    """,
    "conf/base/parameters.yml": """
        factor: 2
        broken: ${globals:missing}
    """,
    "{package}/settings.py": """
        from {package}.hooks import Notes

        HOOKS = (Notes(),)
    """,
    "{package}/hooks.py": """
        from pathlib import Path

        from kedro.framework.hooks import hook_impl
        from kedro.framework.session import current_run


        class Notes:
            @hook_impl
            def before_node_run(self, node, catalog):
                run = current_run()
                known = "model" in catalog and "city_table" in catalog
                note = f"{node.name} {run.run_id} {run.session_id} {known}\\n"
                with Path(__file__).with_name("notes.log").open("a") as notes:
                    notes.write(note)
    """,
    "{package}/connectors.py": """
        from kedro.io import AbstractDataset


        class SingleProcessDataset(AbstractDataset):
            _SINGLE_PROCESS = True

            def load(self):
                return 1

            def save(self, data):
                pass

            def _describe(self):
                return {}
    """,
    "{package}/validators.py": """
        class Positive:
            def validate(self, data):
                if data["weight"] <= 0:
                    raise ValueError("weight is not positive")
                return data
    """,
    "{package}/nodes.py": """
        import os

        from kedro.framework.session import current_run


        def predict(model, requests, factor):
            return [model["weight"] * factor * request for request in requests]


        def report(predictions):
            run = current_run()
            return {
                "total": sum(predictions),
                "process": os.getpid(),
                "run_id": run.run_id,
                "session_id": run.session_id,
                "runtime_params": run.runtime_params,
                "pipeline_names": list(run.pipeline_names),
            }


        def show(data):
            return data
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            serve = pipeline(
                [
                    node(
                        nodes.predict,
                        ["model", "requests", "params:factor"],
                        "predictions",
                        name="predict",
                    ),
                    node(nodes.report, "predictions", "report", name="report"),
                ]
            )
            names = ["single", "broken_class", "city_table", "table", "checked"]
            return {
                "__default__": serve,
                "serve": serve,
                **{
                    f"show_{name}": pipeline([node(nodes.show, name, "shown")])
                    for name in names
                },
            }
    """,
}


@pytest.fixture(params=["fork", "spawn"])
def start_method(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv("KEDRO_MP_CONTEXT", request.param)
    return str(request.param)


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 5}, city={"name": "Ghent"})


@pytest.fixture
def session(project: Any) -> Iterator[KedroSession]:
    with project.session(save_on_close=False) as session:
        yield session


def in_parallel(session: KedroSession, *pipelines: str, **arguments: Any) -> Any:
    runner = ParallelRunner(max_workers=2)
    return session.run(pipeline_names=list(pipelines), runner=runner, **arguments)


def serve(session: KedroSession, **arguments: Any) -> dict[str, Any]:
    given = {"requests": [1, 2], **arguments.pop("runtime_data", {})}
    result = in_parallel(session, "serve", runtime_data=given, **arguments)
    return dict(result.outputs["report"])


@pytest.mark.usefixtures("start_method")
class TestWhatReachesTheWorkers:
    def test_injected_data_and_parameters_of_the_run(self, project, session):
        assert serve(session)["total"] == 5 * 2 * (1 + 2)
        given = {"model": {"weight": 1}, "requests": MemoryDataset([10])}
        report = serve(session, runtime_data=given, runtime_params={"factor": 3})
        assert report["total"] == 1 * 3 * 10
        assert project.happened("load model.json") == 1

    def test_injected_tables(self, session):
        table = pd.DataFrame({"id": [1, 2]})
        shown = in_parallel(session, "show_table", runtime_data={"table": table})
        pd.testing.assert_frame_equal(shown.outputs["shown"], table)

    def test_artifacts(self, project, session):
        session.preload(["model"])
        project.write("model.json", {"weight": 1})
        assert serve(session)["total"] == 30
        assert project.happened("load model.json") == 1

    def test_datasets_of_patterns(self, session):
        shown = in_parallel(session, "show_city_table").outputs["shown"]
        assert shown == {"name": "Ghent"}

    def test_the_run(self, project, session):
        report = serve(session, run_id="night-1", runtime_params={"factor": 3})
        assert report["process"] != os.getpid()
        assert report["run_id"] == "night-1"
        assert report["session_id"] == session.session_id
        assert report["runtime_params"] == {"factor": 3}
        assert report["pipeline_names"] == ["serve"]
        assert project.read("predictions.json/night-1/predictions.json") == [15, 30]

    def test_the_project_s_hooks_and_the_whole_catalog(self, project, session):
        serve(session, run_id="night-1")
        hooks = project.module("hooks")
        notes = hooks.Path(hooks.__file__).with_name("notes.log")
        assert notes.read_text().splitlines() == [
            f"predict night-1 {session.session_id} True",
            f"report night-1 {session.session_id} True",
        ]

    def test_an_error_with_the_names_of_dataset_and_run(self, project, session):
        (project.path / "data" / "model.json").unlink()
        with pytest.raises(DatasetError) as caught:
            serve(session, run_id="night-1")
        assert "model" in str(caught.value)
        assert "(run id: night-1)" in str(caught.value)


def test_a_broken_dataset_fails_before_the_first_node(project, session):
    with pytest.raises(DatasetError, match="'broken_class'"):
        in_parallel(
            session, "serve", "show_broken_class", runtime_data={"requests": []}
        )
    assert project.events() == []


def test_a_dataset_of_a_single_process_is_refused_before_the_first_node(
    project, session
):
    with pytest.raises(AttributeError, match=r"multiprocessing: \['single'\]"):
        in_parallel(session, "serve", "show_single", runtime_data={"requests": []})
    assert project.events() == []


def test_an_invalid_dataset_in_a_worker_is_refused(project, session):
    assert in_parallel(session, "show_checked").outputs["shown"] == {"weight": 5}
    project.write("model.json", {"weight": 0})
    with pytest.raises(DataValidationError, match="weight is not positive") as caught:
        in_parallel(session, "show_checked")
    assert caught.value.dataset_name == "checked"
