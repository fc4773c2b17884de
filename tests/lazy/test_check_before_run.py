"""What a run finds out about its datasets before its first node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.runner import ParallelRunner, ThreadRunner

PROBLEMS = {
    "no_credentials": "Unable to find credentials 'nowhere'",
    "no_value": "Interpolation key 'nowhere' not found",
    "no_parameter": "Runtime parameter 'day' not found",
    "no_package": "No module named 'acme'",
    "no_class": "Nowhere",
    "wrong_argument": "got an unexpected keyword argument 'colour'",
    "lacks_argument": "missing a required argument: 'filepath'",
    "abstract": "missing abstract methods",
    "no_type": "'type' is missing",
    "no_entry": "is not a valid dataset configuration",
    "made_up_pattern": "No module named 'acme'",
    "params:unclear": "nowhere",
    "wrong_cached": "'colour'.\nDataset 'wrong_cached.dataset' must only contain",
    "wrong_partitions": "dataset 'wrong_partitions.dataset':\nNo module named 'acme'",
    "wrong_short": "dataset 'wrong_short.dataset.dataset':\nDataset 'Nowhere'",
}

FILES = {
    "conf/base/catalog.yml": """
        first:
          type: {package}.datasets.RecordedDataset
          filepath: data/first.json
        no_credentials:
          type: {package}.datasets.RecordedDataset
          filepath: data/first.json
          credentials: nowhere
        no_value:
          type: {package}.datasets.RecordedDataset
          filepath: ${nowhere}/first.json
        no_parameter:
          type: {package}.datasets.RecordedDataset
          filepath: data/${runtime_params:day}.json
        no_package:
          type: acme.Dataset
        no_class:
          type: {package}.datasets.Nowhere
        wrong_argument:
          type: {package}.datasets.RecordedDataset
          filepath: data/first.json
          colour: red
        lacks_argument:
          type: {package}.datasets.RecordedDataset
        abstract:
          type: kedro.io.AbstractDataset
        no_type:
          filepath: data/first.json
        no_entry: 5
        "made_up_{what}":
          type: acme.Dataset
          what: "{what}"
        wrong_cached:
          type: CachedDataset
          dataset: {type: json.JSONDataset, filepath: data/first.json, colour: red}
        wrong_partitions:
          type: partitions.PartitionedDataset
          path: data
          dataset: {type: acme.Dataset}
        wrong_short:
          type: CachedDataset
          dataset:
            type: partitions.PartitionedDataset
            path: data
            dataset: json.Nowhere
    """,
    "conf/base/parameters.yml": "unclear: ${nowhere}",
    "{package}/nodes.py": """
        def show(first):
            return first


        def use(*everything):
            return len(everything)


        def same(data):
            return data
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes

        PROBLEMS = {problems}


        def register_pipelines():
            first = node(nodes.show, "first", "shown", name="show")
            every = [
                node(nodes.use, ["shown", name], f"used_{n}", name=f"use_{n}")
                for n, name in enumerate(PROBLEMS)
            ]
            return {
                "__default__": pipeline([first, *every]),
                "output": pipeline([first, node(nodes.same, "shown", "no_package")]),
                "outputs": pipeline(
                    [
                        first,
                        node(nodes.same, "shown", "no_package"),
                        node(nodes.same, "first", "no_class"),
                    ]
                ),
            }
    """.replace("{problems}", repr(list(PROBLEMS))),
}


WAREHOUSE = {
    "{package}/warehouse.py": """
        from kedro.io import MemoryDataset


        class TableDataset(MemoryDataset):
            def __init__(self, dataset: str, table: str):
                super().__init__([dataset, table])
    """,
    "conf/base/catalog.yml": """
        first:
          type: {package}.warehouse.TableDataset
          dataset: no.such.Class
          table: first
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, first=1)


@pytest.fixture
def session(project: Any) -> Iterator[KedroSession]:
    with project.session(save_on_close=False) as session:
        yield session


@pytest.mark.parametrize("runner", [None, ThreadRunner, ParallelRunner])
def test_all_problems_are_in_one_error(project, session, runner):
    with pytest.raises(DatasetError) as caught:
        session.run(run_id="night-1", runner=runner and runner())
    said = str(caught.value)
    assert said.startswith(f"{len(PROBLEMS)} datasets cannot be used:\n")
    problems = said.split("\n- ")[1:]
    for name, problem in zip(sorted(PROBLEMS), problems, strict=True):
        assert f"'{name}'" in problem
        assert PROBLEMS[name] in problem
    assert said.endswith("(run id: night-1)")
    assert project.events() == []


def test_those_that_are_mended_by_the_run_are_not_among_them(project, session):
    session.catalog["no_class"] = 1
    with pytest.raises(DatasetError) as caught:
        session.run(
            runtime_params={"day": "first", "unclear": 2},
            runtime_data={"no_package": 1, "abstract": 2},
        )
    said = str(caught.value)
    assert said.startswith(f"{len(PROBLEMS) - 5} datasets cannot be used:\n")
    mended = ["no_parameter", "params:unclear", "no_package", "abstract", "no_class"]
    assert [name for name in mended if f"'{name}'" in said] == []


def test_only_the_selected_nodes_count(session):
    with pytest.raises(DatasetError, match=r"^2 datasets cannot be used"):
        session.run(node_names=["show", "use_0", "use_1"])
    assert session.run(node_names=["show"]).outputs["shown"] == 1


def test_what_is_saved_is_checked_before_anything_is_loaded(project, session):
    with pytest.raises(DatasetError, match="'no_package'"):
        session.run(pipeline_names=["output"])
    assert project.events() == []


def test_all_outputs_are_checked_before_they_are_asked_whether_they_exist(session):
    with pytest.raises(DatasetError, match=r"^2 datasets cannot be used") as caught:
        session.run(pipeline_names=["outputs"], only_missing_outputs=True)
    assert "'no_package'" in str(caught.value)
    assert "'no_class'" in str(caught.value)


def test_a_hook_can_mend_what_the_run_is_going_to_use(session):
    class Mend:
        @hook_impl
        def before_pipeline_run(self, catalog):
            for name in PROBLEMS:
                catalog[name] = "mended"

    session.hook_manager.register(Mend())
    result = session.run()
    assert dict(result.outputs) == {f"used_{n}": 2 for n in range(len(PROBLEMS))}


def test_a_hook_is_told_of_the_error(session):
    errors = []

    class Listen:
        @hook_impl
        def on_pipeline_error(self, error):
            errors.append(error)

    session.hook_manager.register(Listen())
    with pytest.raises(DatasetError) as caught:
        session.run()
    assert errors == [caught.value]


def test_the_session_is_usable_after_it(session):
    with pytest.raises(DatasetError):
        session.run()
    assert session.run(node_names=["show"]).outputs["shown"] == 1


def test_a_mistake_is_mended_by_editing_and_reloading(project, session):
    with pytest.raises(DatasetError):
        session.run(pipeline_names=["output"])
    project.edit(
        "conf/base/catalog.yml",
        """
        first:
          type: {package}.datasets.RecordedDataset
          filepath: data/first.json
        no_package:
          type: {package}.datasets.RecordedDataset
          filepath: data/second.json
        """,
    )
    session.reload()
    session.run(pipeline_names=["output"])
    assert project.read("second.json") == 1


def test_what_a_database_calls_a_dataset_is_none(recorded_project):
    project = recorded_project({**FILES, **WAREHOUSE})
    with project.session(save_on_close=False) as session:
        result = session.run(node_names=["show"])
    assert result.outputs["shown"] == ["no.such.Class", "first"]
