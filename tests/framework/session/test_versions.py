"""Versioned datasets: a run saves all of them under its ``run_id``."""

from __future__ import annotations

import json
import threading
from functools import partial

import pytest
from kedro_datasets.json import JSONDataset

from kedro.framework.session import KedroSessionError
from kedro.io import DatasetError, DatasetNotFoundError, MemoryDataset
from kedro.io.core import Version
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

TRAIN = """
    from kedro.pipeline import node, pipeline

    def fit(data):
        return {"fitted on": data}, {"score of": data}

    def describe(model, score):
        return [model, score]

    def fail(model):
        raise RuntimeError("no evaluation")

    def register_pipelines():
        train = node(fit, "data", ["model", "score"], name="fit")
        return {
            "__default__": pipeline([
                train, node(describe, ["model", "score"], "description"),
            ]),
            "serve": pipeline([node(describe, ["model", "score"], "answer")]),
            "broken": pipeline([train, node(fail, "model", "evaluation")]),
        }
"""

VERSIONED = """
    model: {type: json.JSONDataset, filepath: data/model.json, versioned: true}
    s{rest}: {type: json.JSONDataset, filepath: "data/s{rest}.json", versioned: true}
    "{any}": {type: json.JSONDataset, filepath: "data/{any}.json", versioned: true}
"""
PERSISTED = ("model", "score", "description")


@pytest.fixture
def session(open_session):
    return open_session(TRAIN, catalog=VERSIONED)


def versions(session, name) -> set[str]:
    folder = session.project_path / "data" / f"{name}.json"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def saved(session, name, version):
    path = session.project_path / "data" / f"{name}.json" / version / f"{name}.json"
    return json.loads(path.read_text())


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.filterwarnings("ignore:'ThreadRunner' doesn't support")
def test_all_versioned_datasets_are_saved_under_the_id_of_the_run(
    session, runner, is_async
):
    given = session.run(
        runtime_data={"data": 1}, run_id="order-1", runner=runner(is_async=is_async)
    )
    generated = session.run(runtime_data={"data": 2}, runner=runner(is_async=is_async))

    for name in PERSISTED:
        assert versions(session, name) == {"order-1", generated.run_id}
    assert saved(session, "model", "order-1") == {"fitted on": 1}
    assert saved(session, "model", generated.run_id) == {"fitted on": 2}
    assert given.outputs["description"] == [{"fitted on": 1}, {"score of": 1}]


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
def test_a_run_reads_back_what_it_saved_whichever_version_sorts_last(session, runner):
    session.run(runtime_data={"data": "late"}, run_id="zzz")

    early = session.run(runtime_data={"data": "early"}, run_id="aaa", runner=runner())

    assert early.outputs["description"] == [
        {"fitted on": "early"},
        {"score of": "early"},
    ]


@pytest.mark.filterwarnings("error:Save version")
def test_saving_a_version_that_does_not_sort_last_warns_of_nothing(session):
    for run_id in ("zzz", "aaa"):
        result = session.run(runtime_data={"data": run_id}, run_id=run_id)
        assert result.outputs["description"][0] == {"fitted on": run_id}


def test_a_run_that_saves_nothing_reads_the_version_that_sorts_last(session):
    for run_id in ("bbb", "ccc", "aaa"):
        session.run(runtime_data={"data": run_id}, run_id=run_id)

    answer = session.run(pipeline_names=["serve"], run_id="zzz").outputs["answer"]

    assert answer == [{"fitted on": "ccc"}, {"score of": "ccc"}]


def test_generated_run_ids_make_the_last_run_the_latest_version(session):
    for number in range(3):
        session.run(runtime_data={"data": number})

        answer = session.run(pipeline_names=["serve"]).outputs["answer"]

        assert answer == [{"fitted on": number}, {"score of": number}]


def test_a_run_that_reads_and_saves_finds_versions_that_others_saved_meanwhile(session):
    other = type(session).create(session.project_path, save_on_close=False)
    session.run(runtime_data={"data": 1}, run_id="a")
    assert session.run(pipeline_names=["serve"]).outputs["answer"][0] == {
        "fitted on": 1
    }

    other.run(runtime_data={"data": 2}, run_id="b")

    assert session.run(pipeline_names=["serve"]).outputs["answer"][0] == {
        "fitted on": 2
    }


def test_load_versions_hold_for_one_run(session):
    for run_id in ("a", "b"):
        session.run(runtime_data={"data": run_id}, run_id=run_id)
    serve = partial(session.run, pipeline_names=["serve"])

    answers = [
        serve(load_versions=load_versions).outputs["answer"]
        for load_versions in (
            {"model": "a"},
            None,
            {"score": "a"},
            {"model": "a", "score": "a"},
            {},
        )
    ]

    a, b = [[{"fitted on": v}, {"score of": v}] for v in "ab"]
    assert answers == [[a[0], b[1]], b, [b[0], a[1]], a, b]


def test_load_versions_do_not_reach_overlapping_runs(open_session, at_once):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def make(data):
            return data

        def look(meeting, model):
            meeting.wait()
            return model

        def register_pipelines():
            return {
                "__default__": pipeline([node(make, "data", "model")]),
                "look": pipeline([node(look, ["meeting", "model"], "seen")]),
            }
        """,
        catalog="""
            model: {type: json.JSONDataset, filepath: data/m.json, versioned: true}
        """,
    )
    for run_id in "abc":
        session.run(runtime_data={"data": run_id}, run_id=run_id)
    meeting = MemoryDataset(threading.Barrier(6, timeout=30), copy_mode="assign")

    results = at_once(
        *[
            partial(
                session.run,
                pipeline_names=["look"],
                load_versions={"model": version} if version else None,
                runtime_data={"meeting": meeting},
            )
            for version in ("a", None, "b", "a", None, "c")
        ]
    )

    seen = [result.outputs["seen"] for result in results]
    assert seen == ["a", "c", "b", "a", "c", "c"]


def test_overlapping_runs_save_and_read_their_own_versions(open_session, at_once):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def make(data):
            return data

        def look(meeting, model):
            meeting.wait()
            return model

        def look_again(seen, model):
            return [seen, model]

        def register_pipelines():
            return {"__default__": pipeline([
                node(make, "data", "model"),
                node(look, ["meeting", "model"], "seen"),
                node(look_again, ["seen", "model"], "twice"),
            ])}
        """,
        catalog="""
            model: {type: json.JSONDataset, filepath: data/m.json, versioned: true}
        """,
    )
    meeting = MemoryDataset(threading.Barrier(6, timeout=30), copy_mode="assign")

    results = at_once(
        *[
            partial(
                session.run,
                run_id=run_id,
                runtime_data={"data": run_id, "meeting": meeting},
            )
            for run_id in "fbdace"
        ]
    )

    assert [result.outputs["twice"] for result in results] == [
        [run_id, run_id] for run_id in "fbdace"
    ]


def test_the_result_keeps_its_version_when_later_runs_save(session):
    first = session.run(runtime_data={"data": 1}, run_id="a")
    session.run(runtime_data={"data": 2}, run_id="b")

    assert first["description"].load() == [{"fitted on": 1}, {"score of": 1}]
    assert first.outputs["description"] == [{"fitted on": 1}, {"score of": 1}]


@pytest.mark.parametrize(
    "load_versions", [{"modle": "a"}, {"model": "a", "no": "b", "none": "c"}]
)
def test_load_versions_of_unknown_datasets_are_refused(open_session, load_versions):
    session = open_session(
        TRAIN,
        catalog="""
            model: {type: json.JSONDataset, filepath: data/m.json, versioned: true}
            score: {type: json.JSONDataset, filepath: data/s.json, versioned: true}
        """,
    )
    session.run(runtime_data={"data": 1}, run_id="a")
    unknown = ", ".join(sorted(load_versions.keys() - {"model"}))

    with pytest.raises(
        DatasetNotFoundError, match=rf"keys \[{unknown}\] are not found"
    ):
        session.run(pipeline_names=["serve"], load_versions=load_versions)
    assert session.run(pipeline_names=["serve"]).outputs["answer"]


def test_a_version_that_does_not_exist_is_an_error_of_the_dataset(session):
    session.run(runtime_data={"data": 1}, run_id="a")

    with pytest.raises(DatasetError, match=r"model: [\s\S]*\(run id: order-1\)"):
        session.run(
            pipeline_names=["serve"], load_versions={"model": "b"}, run_id="order-1"
        )


def test_load_versions_have_to_be_a_dictionary(session):
    with pytest.raises(KedroSessionError, match="`load_versions` must be a dictionary"):
        session.run(pipeline_names=["serve"], load_versions=["model:a"])


def test_a_run_id_under_which_a_version_exists_is_an_error_that_names_both(session):
    session.run(runtime_data={"data": 1}, run_id="a")

    with pytest.raises(DatasetError, match=r"must not exist[\s\S]*run id: a"):
        session.run(runtime_data={"data": 2}, run_id="a")

    assert saved(session, "model", "a") == {"fitted on": 1}


def test_what_a_failed_run_saved_stays_under_its_id(session):
    with pytest.raises(RuntimeError, match="no evaluation"):
        session.run(
            pipeline_names=["broken"], runtime_data={"data": 1}, run_id="failed"
        )
    session.run(runtime_data={"data": 2}, run_id="ended")

    assert versions(session, "model") == {"failed", "ended"}
    assert versions(session, "description") == {"ended"}


def test_a_versioned_dataset_that_was_added_to_the_session_follows_the_runs(
    open_session,
):
    session = open_session(TRAIN, catalog='"{any}": {type: MemoryDataset}')
    path = session.project_path / "data" / "model.json"
    session.catalog["model"] = JSONDataset(
        filepath=path.as_posix(), version=Version(None, None)
    )

    for run_id in ("a", "b"):
        session.run(runtime_data={"data": run_id}, run_id=run_id)

    assert versions(session, "model") == {"a", "b"}
    assert session.catalog.load("model") == {"fitted on": "b"}


def test_a_versioned_dataset_whose_path_depends_on_runtime_params(open_session):
    session = open_session(
        TRAIN,
        catalog="""
            model:
              type: json.JSONDataset
              filepath: data/${runtime_params:customer}.json
              versioned: true
        """,
    )
    for customer in ("ann", "bob"):
        result = session.run(
            runtime_data={"data": customer},
            runtime_params={"customer": customer},
            run_id="first",
        )
        assert result.outputs["description"][0] == {"fitted on": customer}

    assert versions(session, "ann") == versions(session, "bob") == {"first"}
