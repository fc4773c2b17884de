"""What datasets remember between loads ends with the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.pickle import PickleDataset

from kedro.framework.session import KedroSession
from kedro.io import CachedDataset, DatasetError
from kedro.runner import ParallelRunner, ThreadRunner

FILES = {
    "conf/base/catalog.yml": """
        parts:
          type: partitions.PartitionedDataset
          path: data/parts
          dataset: json.JSONDataset
          filename_suffix: .json
        increments:
          type: partitions.IncrementalDataset
          path: data/parts
          dataset: json.JSONDataset
          filename_suffix: .json
        cached:
          type: CachedDataset
          dataset:
            type: {package}.datasets.RecordedDataset
            filepath: data/cached.json
        cached_releases:
          type: CachedDataset
          versioned: true
          dataset:
            type: {package}.datasets.RecordedDataset
            filepath: data/releases.json
        releases:
          type: {package}.datasets.RecordedDataset
          filepath: data/releases.json
          versioned: true
    """,
    "conf/base/parameters.yml": "rate: 1",
    "{package}/nodes.py": """
        def names(parts):
            return sorted(parts)


        def values(parts):
            return {
                name: part() if callable(part) else part for name, part in parts.items()
            }


        def fail(parts):
            raise RuntimeError("stop here")


        def same(data):
            return data


        def pair(left, right):
            return [left, right]
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            def one(func, inputs, output, **more):
                return pipeline([node(func, inputs, output, **more)])

            def twice(name):
                return pipeline(
                    [
                        node(nodes.same, name, "left", name="left"),
                        node(nodes.pair, ["left", name], "pair", name="pair"),
                    ]
                )

            return {
                "__default__": pipeline([]),
                "parts": one(nodes.values, "parts", "seen"),
                "save_parts": one(nodes.same, "new_parts", "parts"),
                "increments": one(
                    nodes.names, "increments", "seen", confirms="increments"
                ),
                "unconfirmed": one(nodes.names, "increments", "seen"),
                "failing": one(nodes.fail, "increments", "seen", confirms="increments"),
                "cached": twice("cached"),
                "cached_releases": twice("cached_releases"),
                "releases": twice("releases"),
                "release": one(nodes.same, "weight", "releases"),
                "update_cached": pipeline(
                    [
                        node(nodes.same, "weight", "cached", name="save"),
                        node(nodes.same, "cached", "seen", name="read"),
                    ]
                ),
            }
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, cached=1)


@pytest.fixture
def session(project: Any) -> Iterator[KedroSession]:
    with project.session(save_on_close=False) as session:
        yield session


def seen(session: KedroSession, pipeline: str, **arguments: Any) -> Any:
    outputs = session.run(pipeline_names=[pipeline], **arguments).outputs
    return outputs["pair" if "pair" in outputs else "seen"]


class TestPartitions:
    def test_are_listed_anew_in_each_run(self, project, session):
        project.write("parts/monday.json", 1)
        assert seen(session, "parts") == {"monday": 1}
        project.write("parts/tuesday.json", 2)
        assert seen(session, "parts") == {"monday": 1, "tuesday": 2}
        (project.path / "data" / "parts" / "monday.json").unlink()
        assert seen(session, "parts") == {"tuesday": 2}

    def test_of_a_run_are_there_for_the_next(self, project, session):
        for day in ("monday", "tuesday"):
            session.run(
                pipeline_names=["save_parts"], runtime_data={"new_parts": {day: day}}
            )
        assert seen(session, "parts") == {"monday": "monday", "tuesday": "tuesday"}

    def test_that_were_preloaded_are_those_of_then(self, project, session):
        project.write("parts/monday.json", 1)
        session.preload(["parts"])
        project.write("parts/tuesday.json", 2)
        assert seen(session, "parts") == {"monday": 1}

    def test_of_a_dataset_added_by_hand_are_listed_anew(self, project, session):
        session.catalog["parts"] = PartitionedDataset(
            path=str(project.path / "data" / "parts"),
            dataset={"type": PickleDataset},
        )
        for count in (1, 2):
            given = {"new_parts": {str(number): number for number in range(count)}}
            session.run(pipeline_names=["save_parts"], runtime_data=given)
            assert len(seen(session, "parts")) == count


@pytest.mark.parametrize("runner", [None, ThreadRunner, ParallelRunner])
class TestIncrements:
    def test_that_are_confirmed_are_not_seen_again(self, project, session, runner):
        def increments() -> Any:
            return seen(session, "increments", runner=runner and runner())

        project.write("parts/2024-01.json", 1)
        project.write("parts/2024-02.json", 2)
        assert increments() == ["2024-01", "2024-02"]
        project.write("parts/2024-03.json", 3)
        assert increments() == ["2024-03"]

    def test_that_are_not_confirmed_are_seen_again(self, project, session, runner):
        project.write("parts/2024-01.json", 1)
        for _ in range(2):
            increments = seen(session, "unconfirmed", runner=runner and runner())
            assert increments == ["2024-01"]

    def test_of_a_failed_run_are_seen_again(self, project, session, runner):
        project.write("parts/2024-01.json", 1)
        with pytest.raises(RuntimeError, match="stop here"):
            seen(session, "failing", runner=runner and runner())
        assert seen(session, "increments") == ["2024-01"]


class TestCached:
    def test_loads_once_in_each_run(self, project, session):
        assert seen(session, "cached") == [1, 1]
        assert project.happened("load cached.json") == 1
        project.write("cached.json", 2)
        assert seen(session, "cached") == [2, 2]
        assert project.happened("load cached.json") == 2

    def test_what_a_run_saved_is_read_from_storage_by_the_next(self, project, session):
        given = {"weight": 5}
        assert seen(session, "update_cached", runtime_data=given) == 5
        assert project.happened("load cached.json") == 0
        assert seen(session, "cached") == [5, 5]
        assert project.happened("load cached.json") == 1

    def test_one_added_by_hand_begins_empty_too(self, project, session):
        inner = session.catalog["cached"]._dataset
        session.catalog["cached"] = CachedDataset(inner)
        assert seen(session, "cached") == [1, 1]
        project.write("cached.json", 2)
        assert seen(session, "cached") == [2, 2]
        assert project.happened("load cached.json") == 2

    def test_an_artifact_is_loaded_once_for_all_runs(self, project, session):
        session.preload(["cached"])
        assert [seen(session, "cached") for _ in range(3)] == [[1, 1]] * 3
        assert project.happened("load cached.json") == 1

    def test_a_version_is_found_anew_in_each_run(self, project, session):
        for version in ("2024-01", "2024-02"):
            project.write(f"releases.json/{version}/releases.json", version)
            assert seen(session, "cached_releases") == [version, version]
            session.release_cache()


class TestVersions:
    def test_the_latest_is_found_anew_in_each_run(self, project, session):
        for version in ("2024-01", "2024-02"):
            project.write(f"releases.json/{version}/releases.json", version)
            assert seen(session, "releases") == [version, version]

    def test_one_asked_for_is_not_remembered(self, project, session):
        for version in ("2024-01", "2024-02"):
            project.write(f"releases.json/{version}/releases.json", version)
        asked = seen(session, "releases", load_versions={"releases": "2024-01"})
        assert asked == ["2024-01", "2024-01"]
        assert seen(session, "releases") == ["2024-02", "2024-02"]

    def test_none_that_is_missing_is_remembered(self, project, session):
        with pytest.raises(DatasetError, match="releases"):
            seen(session, "releases")
        project.write("releases.json/2024-01/releases.json", 1)
        assert seen(session, "releases") == [1, 1]

    def test_each_run_saves_its_own(self, project, session):
        for run_id in ("one", "two"):
            session.run(
                pipeline_names=["release"],
                runtime_data={"weight": run_id},
                run_id=run_id,
            )
            path = Path("releases.json") / run_id / "releases.json"
            assert project.read(str(path)) == run_id
