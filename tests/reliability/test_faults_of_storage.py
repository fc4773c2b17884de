"""Storage that fails: full disks, files that vanish, data that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kedro.io import DatasetError
from kedro.runner import SequentialRunner, ThreadRunner

REGISTRY = """
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    def large(size):
        return "x" * size

    def next_large(before, size):
        return "x" * size

    def count(text):
        return len(text)

    def remove(path):
        Path(path).unlink(missing_ok=True)
        return True

    def load(removed, orders):
        return orders

    def register_pipelines():
        return {
            "write": pipeline([
                node(large, "params:first", "small", name="small"),
                node(next_large, ["small", "params:second"], "large", name="large"),
                node(count, "large", "length", name="count"),
            ]),
            "release": pipeline([
                node(large, "params:second", "releases", name="release"),
            ]),
            "latest": pipeline([node(count, "releases", "length", name="latest")]),
            "vanish": pipeline([
                node(remove, "params:path", "removed", name="remove"),
                node(load, ["removed", "orders"], "result", name="load"),
            ]),
            "count": pipeline([node(count, "orders", "result")]),
        }
"""
CATALOG = """
    small: {type: json.JSONDataset, filepath: "DISK/small.json"}
    large: {type: json.JSONDataset, filepath: "DISK/large.json"}
    releases: {type: json.JSONDataset, filepath: "DISK/releases.json", versioned: true}
    orders: {type: json.JSONDataset, filepath: data/orders.json}
"""
PARAMETERS = """
    first: 1000
    second: 1000
    path: data/orders.json
"""
TOO_MUCH = 200_000
RUNNERS = {
    "sequential": SequentialRunner,
    "async": lambda: SequentialRunner(is_async=True),
    "threads": ThreadRunner,
}


@pytest.fixture
def session(open_session, small_disk):
    return open_session(
        REGISTRY,
        catalog=CATALOG.replace("DISK", small_disk.as_posix()),
        parameters=PARAMETERS,
        files={"data/orders.json": '"abc"'},
    )


def saved(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_full_disk(session, small_disk, leaves_nothing, runner):
    def run(**arguments: Any) -> Any:
        return session.run(
            pipeline_names=["write"],
            run_id="night",
            runner=RUNNERS[runner](),
            **arguments,
        )

    for _ in range(3):
        with (
            leaves_nothing(session),
            pytest.raises(DatasetError, match=r"large: [\s\S]*run id: night"),
        ):
            run(runtime_params={"first": 2000, "second": TOO_MUCH})
        # What was saved before is there, and room is made by who writes less.
        assert saved(small_disk, "small.json") == "x" * 2000
        assert run().outputs["length"] == 1000
        assert saved(small_disk, "small.json") == "x" * 1000
        assert saved(small_disk, "large.json") == "x" * 1000


def test_a_full_disk_leaves_the_versions_that_were_saved_before(
    session, small_disk, leaves_nothing
):
    session.run(pipeline_names=["release"], run_id="v1")
    with (
        leaves_nothing(session),
        pytest.raises(DatasetError, match=r"releases: [\s\S]*run id: v2"),
    ):
        session.run(
            pipeline_names=["release"],
            run_id="v2",
            runtime_params={"second": TOO_MUCH},
        )

    assert saved(small_disk / "releases.json" / "v1", "releases.json") == "x" * 1000
    old = session.run(pipeline_names=["latest"], load_versions={"releases": "v1"})
    assert old.outputs["length"] == 1000
    # A part of it may be there, which is for who runs the disk to remove.
    for part in (small_disk / "releases.json" / "v2").glob("*"):
        part.unlink()
    session.run(pipeline_names=["release"], run_id="v2")
    assert session.run(pipeline_names=["latest"]).outputs["length"] == 1000


def test_an_artifact_that_a_full_disk_keeps_from_being_saved_is_read_again(
    session, small_disk
):
    session.run(pipeline_names=["write"])
    session.preload(["large"])
    with pytest.raises(DatasetError, match="large"):
        session.run(pipeline_names=["write"], runtime_params={"second": TOO_MUCH})

    [info] = session.cache_info()
    assert info.loaded_at is None
    (small_disk / "large.json").write_text('"mended"')
    result = session.run(
        to_nodes=["count"], from_nodes=["count"], pipeline_names=["write"]
    )
    assert result.outputs["length"] == len("mended")


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_file_that_vanishes_after_the_run_was_checked(
    session, leaves_nothing, runner
):
    file = session.project_path / "data" / "orders.json"
    for number in range(2):
        file.write_text('"abc"')
        with (
            leaves_nothing(session),
            pytest.raises(DatasetError, match=rf"orders[\s\S]*run id: run-{number}"),
        ):
            session.run(
                pipeline_names=["vanish"],
                runtime_params={"path": str(file)},
                run_id=f"run-{number}",
                runner=RUNNERS[runner](),
            )

    file.write_text('"abc"')
    result = session.run(
        pipeline_names=["vanish"],
        run_id="run-0",
        runtime_params={"path": str(file.with_name("another.json"))},
    )
    assert result.outputs["result"] == "abc"


@pytest.mark.parametrize("text", ["", '"ab', "\0", '{"a": '], ids=repr)
def test_a_file_that_cannot_be_read(session, leaves_nothing, text):
    file = session.project_path / "data" / "orders.json"
    file.write_text(text)
    with (
        leaves_nothing(session),
        pytest.raises(DatasetError, match=r"orders[\s\S]*run id: r"),
    ):
        session.run(pipeline_names=["count"], run_id="r")

    file.write_text('"abc"')
    assert session.run(pipeline_names=["count"], run_id="r").outputs["result"] == 3


def test_a_folder_in_place_of_a_file(session, small_disk, leaves_nothing):
    (small_disk / "large.json").mkdir()
    with (
        leaves_nothing(session),
        pytest.raises(DatasetError, match=r"large: [\s\S]*run id: r"),
    ):
        session.run(pipeline_names=["write"], run_id="r")

    (small_disk / "large.json").rmdir()
    assert session.run(pipeline_names=["write"], run_id="r").outputs["length"] == 1000


def test_a_file_in_place_of_a_folder(session, small_disk, leaves_nothing):
    (small_disk / "releases.json").write_text("in the way")
    with (
        leaves_nothing(session),
        pytest.raises(DatasetError, match=r"releases[\s\S]*run id: r"),
    ):
        session.run(pipeline_names=["release"], run_id="r")

    (small_disk / "releases.json").unlink()
    session.run(pipeline_names=["release"], run_id="r")
    assert saved(small_disk / "releases.json" / "r", "releases.json") == "x" * 1000


def test_a_corrupt_model_is_not_swapped_in(open_session, leaves_nothing):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def work(model, scaler):
            return [model, scaler]

        def register_pipelines():
            return {"__default__": pipeline([node(work, ["model", "scaler"], "out")])}
        """,
        catalog="""
        model: {type: pickle.PickleDataset, filepath: data/model.pkl}
        scaler: {type: pickle.PickleDataset, filepath: data/scaler.pkl}
        """,
        files={"data/.gitkeep": ""},
    )
    for name in ("model", "scaler"):
        session.catalog.save(name, f"old {name}")
    session.preload(["model", "scaler"])
    before = session.cache_info()
    whole = (session.project_path / "data" / "model.pkl").read_bytes()
    for text in (b"", whole[:-3], b"\xff" + whole):
        (session.project_path / "data" / "model.pkl").write_bytes(text)
        for names in (["model"], ["scaler", "model"]):
            with (
                leaves_nothing(session),
                pytest.raises(DatasetError, match="model"),
            ):
                session.preload(names)
        assert session.cache_info() == before
    assert session.run().outputs["out"] == ["old model", "old scaler"]

    session.catalog.save("model", "new model")
    assert session.run().outputs["out"] == ["new model", "old scaler"]
