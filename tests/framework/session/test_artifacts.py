"""Preloaded artifacts: what is cached, for whom, and until when."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
from kedro_datasets.pandas import CSVDataset

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSessionError
from kedro.io import AbstractDataset, DatasetError, MemoryDataset
from kedro.runner import ParallelRunner, ThreadRunner
from kedro.validation.exceptions import DataValidationError

MODEL = {"weight": 2, "layers": [1]}
SCALER = {"offset": 1}

FILES = {
    "conf/base/catalog.yml": """
        _record: &record
          type: {package}.datasets.RecordedDataset

        model:
          <<: *record
          filepath: data/model.json
        scaler:
          <<: *record
          filepath: data/scaler.json
        tuned:
          <<: *record
          filepath: data/tuned-${runtime_params:variant, standard}.json
        fixed:
          <<: *record
          filepath: data/${globals:fixed}.json
        in_memory:
          type: MemoryDataset
        releases:
          <<: *record
          filepath: data/releases.json
          versioned: true
        corrupt:
          <<: *record
          filepath: data/corrupt.json
        table@dict:
          <<: *record
          filepath: data/table.json
        table@again:
          <<: *record
          filepath: data/table.json
        "{name}_lookup":
          <<: *record
          filepath: data/{name}.json
    """,
    "conf/base/globals.yml": "fixed: model",
    "conf/base/parameters.yml": "rate: 3",
    "{package}/nodes.py": """
        import copy
        from threading import Event

        entered, go_on = Event(), Event()
        kept = []


        def predict(model, requests):
            return [model["weight"] * request for request in requests]


        def look(data):
            return copy.deepcopy(data)


        def keep(model):
            kept.append(model)
            return len(kept)


        def spoil(model):
            model["weight"] += 1
            model["layers"].append(1)
            return {"weight": model["weight"], "layers": list(model["layers"])}


        def pause(requests):
            entered.set()
            assert go_on.wait(30)
            return requests


        def train(weight):
            return {"weight": weight, "layers": []}


        def fail(weight):
            raise RuntimeError("stop here")


        def everything(model, scaler, tuned, requests, in_memory, rate):
            return [model, scaler, tuned, requests, in_memory, rate]


        def two(left, right):
            return [left, right]
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def one(func, inputs, output):
            return pipeline([node(func, inputs, output, name=func.__name__)])


        def register_pipelines():
            read = [
                "model", "scaler", "tuned", "fixed", "releases", "table@dict",
                "table@again", "eu_lookup", "us_lookup", "added", "in_memory",
            ]
            train = one(nodes.train, "weight", "model")
            return {
                "__default__": one(
                    nodes.everything,
                    [*read[:3], "requests", "in_memory", "params:rate"],
                    "seen",
                ),
                "serve": one(nodes.predict, ["model", "requests"], "prediction"),
                "pausing": pipeline(
                    [
                        node(nodes.pause, "requests", "ready", name="pause"),
                        node(nodes.predict, ["model", "ready"], "prediction"),
                    ]
                ),
                "keep": one(nodes.keep, "model", "number"),
                "spoil": one(nodes.spoil, "model", "spoilt"),
                "train": train,
                "train_and_look": train + one(nodes.look, "model", "seen"),
                "train_and_fail": train
                + pipeline([node(nodes.fail, "model", "nothing")]),
                "train_table": one(nodes.train, "weight", "table@dict"),
                "train_and_look_table": one(nodes.train, "weight", "table@dict")
                + one(nodes.look, "table@again", "seen"),
                "train_lookup": one(nodes.train, "weight", "eu_lookup"),
                "release": one(nodes.train, "weight", "releases"),
                "both_tables": one(nodes.two, ["table@dict", "table@again"], "seen"),
                "fan_out": pipeline(
                    [
                        node(nodes.look, "model", f"seen_{n}", name=f"look_{n}")
                        for n in range(4)
                    ]
                ),
                **{f"look_{name}": one(nodes.look, name, "seen") for name in read},
            }
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(
        FILES,
        model=MODEL,
        scaler=SCALER,
        table={"rows": 1},
        eu={"currency": "EUR"},
        us={"currency": "USD"},
        **{"tuned-standard": {"variant": 1}, "tuned-special": {"variant": 2}},
    )


@pytest.fixture
def session(project: Any) -> Iterator[Any]:
    with project.session() as session:
        yield session


@contextmanager
def in_flight(project: Any, session: Any, **arguments: Any) -> Iterator[Any]:
    """A run that has begun, and waits until the block is left to read its model."""
    nodes = project.module("nodes")
    nodes.entered.clear()
    nodes.go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(
            session.run,
            pipeline_names=["pausing"],
            runtime_data={"requests": [10]},
            **arguments,
        )
        try:
            assert nodes.entered.wait(30)
            yield run
        finally:
            nodes.go_on.set()
            run.exception(timeout=30)


def predict(session: Any, **arguments: Any) -> Any:
    result = session.run(
        pipeline_names=["serve"], runtime_data={"requests": [10]}, **arguments
    )
    return result.outputs["prediction"]


def look(session: Any, name: str, **arguments: Any) -> Any:
    return session.run(pipeline_names=[f"look_{name}"], **arguments).outputs["seen"]


def cached(session: Any) -> list[str]:
    return [row.name for row in session.cache_info()]


class TestPreload:
    def test_without_it_each_run_loads(self, project, session):
        assert [predict(session), predict(session)] == [[20], [20]]
        assert project.happened("load model.json") == 2

    def test_loads_once_for_all_runs(self, project, session):
        session.preload(["model"])
        assert project.happened("load model.json") == 1

        assert [predict(session) for _ in range(3)] == [[20], [20], [20]]
        assert project.happened("load model.json") == 1

    def test_builds_no_dataset_in_later_runs(self, project, session):
        session.preload(["model"])
        built = project.happened("build model.json")

        predict(session)
        predict(session)

        assert project.happened("build model.json") == built

    def test_all_runs_get_the_same_object(self, project, session):
        session.preload(["model"])
        session.run(pipeline_names=["keep"])
        session.run(pipeline_names=["keep"])
        first, second = project.module("nodes").kept
        assert first is second

    def test_a_name_given_twice_is_loaded_once(self, project, session):
        session.preload(["model", "model"])
        assert project.happened("load model.json") == 1
        assert cached(session) == ["model"]

    def test_takes_any_iterable_of_names(self, session):
        session.preload(name for name in ("model", "scaler"))
        assert cached(session) == ["model", "scaler"]

    def test_no_names_at_all_is_nothing_to_do(self, session):
        session.preload([])
        assert cached(session) == []

    def test_adds_to_what_is_cached(self, session):
        session.preload(["model"])
        session.preload(["scaler"])
        assert cached(session) == ["model", "scaler"]

    def test_datasets_added_by_hand(self, project, session):
        added = project.module("datasets").RecordedDataset(
            str(project.path / "data" / "model.json")
        )
        session.catalog["added"] = added
        session.preload(["added"])

        assert [look(session, "added"), look(session, "added")] == [MODEL, MODEL]
        assert project.happened("load model.json") == 1

    def test_data_added_by_hand(self, session):
        session.catalog["added"] = {"weight": 9}
        session.preload(["added"])
        assert look(session, "added") == {"weight": 9}
        assert session.cache_info()[0].hits == 1

    def test_names_that_match_a_factory_pattern(self, project, session):
        session.preload(["eu_lookup"])
        assert look(session, "eu_lookup") == {"currency": "EUR"}
        assert look(session, "us_lookup") == {"currency": "USD"}
        assert look(session, "eu_lookup") == {"currency": "EUR"}
        assert project.happened("load eu.json") == 1
        assert project.happened("load us.json") == 1

    def test_the_latest_version_of_a_versioned_dataset(self, project, session):
        for version, weight in (("2024-01-01", 1), ("2024-01-02", 2)):
            project.write(f"releases.json/{version}/releases.json", {"weight": weight})
        session.preload(["releases"])

        assert look(session, "releases") == {"weight": 2}
        assert look(session, "releases") == {"weight": 2}
        assert project.happened("load releases.json") == 1

    def test_one_transcoding_is_cached_apart_from_the_other(self, project, session):
        session.preload(["table@dict"])
        for _ in range(2):
            both = session.run(pipeline_names=["both_tables"]).outputs["seen"]
            assert both == [{"rows": 1}, {"rows": 1}]
        # The preload, and `table@again` in each of the two runs.
        assert project.happened("load table.json") == 3

    def test_an_entry_that_asks_for_globals(self, project, session):
        session.preload(["fixed"])
        assert look(session, "fixed", runtime_params={"variant": "special"}) == MODEL
        assert project.happened("load model.json") == 1

    def test_pandas_data(self, project, session):
        path = project.path / "data" / "rates.csv"
        path.write_text("rate\n1\n2\n")
        session.catalog["added"] = CSVDataset(filepath=str(path))
        session.preload(["added"])
        path.unlink()
        pd.testing.assert_frame_equal(
            look(session, "added"), pd.DataFrame({"rate": [1, 2]})
        )

    def test_serves_a_thread_runner(self, project, session):
        session.preload(["model"])
        session.run(pipeline_names=["fan_out"], runner=ThreadRunner())
        assert project.happened("load model.json") == 1
        assert session.cache_info()[0].hits == 4

    def test_serves_a_parallel_runner(self, project, session):
        session.preload(["model"])
        result = session.run(
            pipeline_names=["fan_out"], runner=ParallelRunner(max_workers=2)
        )
        assert [result.outputs[f"seen_{n}"] for n in range(4)] == [MODEL] * 4
        assert project.happened("load model.json") == 1


class TestPreloadWithoutNames:
    def test_picks_persisted_free_inputs_without_runtime_params(self, session):
        # Not: `tuned` asks for a runtime parameter, `in_memory` is not persisted,
        # `requests` is not in the catalog, `params:rate` is a parameter.
        session.preload()
        assert cached(session) == ["model", "scaler"]

    def test_picks_for_the_named_pipelines(self, session):
        session.preload(pipeline_names=["serve", "look_eu_lookup"])
        assert cached(session) == ["eu_lookup", "model"]

    def test_leaves_out_what_the_pipelines_produce(self, session):
        session.preload(pipeline_names=["train_and_look"])
        assert cached(session) == []

    def test_leaves_out_data_added_by_hand(self, session):
        session.catalog["added"] = {"weight": 9}
        session.preload(pipeline_names=["look_added"])
        assert cached(session) == []

    def test_takes_datasets_added_by_hand(self, project, session):
        session.catalog["added"] = project.module("datasets").RecordedDataset(
            str(project.path / "data" / "model.json")
        )
        session.preload(pipeline_names=["look_added"])
        assert cached(session) == ["added"]

    def test_leaves_out_what_depends_on_a_given_runtime_param(self, project):
        with project.session(runtime_params={"variant": "special"}) as session:
            session.preload()
            assert cached(session) == ["model", "scaler"]

    def test_loads_nothing_but_what_it_picks(self, project, session):
        session.preload()
        loads = [event for event in project.events() if event.startswith("load")]
        assert loads == ["load model.json", "load scaler.json"]

    def test_an_unknown_pipeline_is_an_error_with_a_suggestion(self, session):
        with pytest.raises(ValueError, match="look_scaler"):
            session.preload(pipeline_names=["look_scalr"])


class TestPreloadRefuses:
    def test_a_dataset_that_cannot_be_loaded_and_names_it(self, session):
        with pytest.raises(DatasetError, match="corrupt"):
            session.preload(["corrupt"])

    def test_all_if_one_cannot_be_loaded(self, project, session):
        session.preload(["model"])
        project.write("model.json", {"weight": 5, "layers": []})

        with pytest.raises(DatasetError, match="corrupt"):
            session.preload(["model", "scaler", "corrupt"])

        assert cached(session) == ["model"]
        assert predict(session) == [20]

    def test_all_if_one_is_unknown_before_anything_is_loaded(self, project, session):
        with pytest.raises(KedroSessionError, match="modle"):
            session.preload(["model", "modle"])
        assert cached(session) == []
        assert project.happened("load model.json") == 0

    def test_an_unknown_name_with_a_suggestion(self, session):
        with pytest.raises(
            KedroSessionError, match=r"'modle' is not in the catalog.*'model'"
        ):
            session.preload(["modle"])

    @pytest.mark.parametrize("name", ["params:rate", "parameters"])
    def test_parameters(self, session, name):
        with pytest.raises(KedroSessionError, match=f"'{name}'.*runtime_params"):
            session.preload([name])

    def test_a_string_in_place_of_a_list(self, session):
        with pytest.raises(KedroSessionError, match=r"\['model'\]"):
            session.preload("model")

    def test_a_string_in_place_of_a_list_of_pipelines(self, session):
        with pytest.raises(KedroSessionError, match=r"`pipeline_names`.*\['serve'\]"):
            session.preload(pipeline_names="serve")

    def test_a_name_that_is_no_string(self, session):
        with pytest.raises(KedroSessionError, match="must be strings, not int"):
            session.preload([1])

    def test_an_unknown_copy_mode(self, project, session):
        with pytest.raises(KedroSessionError, match=r"assign, copy, deepcopy.*'clone'"):
            session.preload(["model"], copy_mode="clone")
        assert project.happened("load model.json") == 0


class TestCopyMode:
    @pytest.mark.parametrize(
        ("copy_mode", "second_run"),
        [
            ("assign", {"weight": 4, "layers": [1, 1, 1]}),
            ("copy", {"weight": 3, "layers": [1, 1, 1]}),
            ("deepcopy", {"weight": 3, "layers": [1, 1]}),
        ],
    )
    def test_decides_what_nodes_can_change_for_others(
        self, session, copy_mode, second_run
    ):
        session.preload(["model"], copy_mode=copy_mode)

        first = session.run(pipeline_names=["spoil"]).outputs["spoilt"]
        second = session.run(pipeline_names=["spoil"]).outputs["spoilt"]

        assert first == {"weight": 3, "layers": [1, 1]}
        assert second == second_run

    def test_is_assign_if_not_given(self, session):
        session.preload(["model"])
        session.run(pipeline_names=["spoil"])
        assert predict(session) == [30]

    def test_holds_after_the_artifact_was_read_again(self, session):
        session.preload(["model"], copy_mode="deepcopy")
        session.run(pipeline_names=["train"], runtime_data={"weight": 5})
        session.run(pipeline_names=["spoil"])
        assert predict(session) == [50]


class TestHotSwap:
    def test_runs_in_flight_keep_the_old_object_and_later_runs_get_the_new(
        self, project, session
    ):
        session.preload(["model"])
        with in_flight(project, session) as old_run:
            project.write("model.json", {"weight": 7, "layers": []})
            session.preload(["model"])
            assert predict(session) == [70]
        assert old_run.result().outputs["prediction"] == [20]
        assert project.happened("load model.json") == 2

    def test_a_run_that_began_before_the_first_preload_is_not_disturbed(
        self, project, session
    ):
        with in_flight(project, session) as run:
            session.preload(["model"])
        assert run.result().outputs["prediction"] == [20]
        assert session.cache_info()[0].hits == 0

    def test_a_corrupt_file_keeps_the_old_object(self, project, session):
        session.preload(["model"])
        (project.path / "data" / "model.json").write_text("{not json")

        with pytest.raises(DatasetError, match="model"):
            session.preload(["model"])

        assert predict(session) == [20]

    def test_several_artifacts_are_swapped_together(self, project, session):
        session.preload(["model", "scaler"])
        project.write("model.json", {"weight": 7, "layers": []})
        (project.path / "data" / "scaler.json").write_text("{not json")
        with pytest.raises(DatasetError, match="scaler"):
            session.preload(["model", "scaler"])
        assert predict(session) == [20]

    def test_the_new_copy_mode_holds(self, session):
        session.preload(["model"], copy_mode="assign")
        session.preload(["model"], copy_mode="deepcopy")
        session.run(pipeline_names=["spoil"])
        assert predict(session) == [20]

    def test_hits_are_counted_anew(self, session):
        session.preload(["model"])
        predict(session)
        session.preload(["model"])
        assert session.cache_info()[0].hits == 0

    def test_a_save_while_loading_is_not_lost(self, project, session):
        """What is loaded before a save and cached after it would stay outdated."""
        loading, saved = threading.Event(), threading.Event()

        def wait(name: str) -> None:
            loading.set()
            assert saved.wait(30)

        project.module("datasets").while_loading = wait
        with ThreadPoolExecutor(1) as pool:
            preload = pool.submit(session.preload, ["model"])
            assert loading.wait(30)
            session.run(pipeline_names=["train"], runtime_data={"weight": 5})
            saved.set()
            preload.result(timeout=30)
        assert predict(session) == [50]


class TestBypass:
    def test_runtime_params_that_change_the_entry(self, project, session):
        session.preload(["tuned"])
        special = {"variant": "special"}
        assert look(session, "tuned", runtime_params=special) == {"variant": 2}
        assert look(session, "tuned") == {"variant": 1}
        assert project.happened("load tuned-special.json") == 1
        assert project.happened("load tuned-standard.json") == 1

    def test_not_for_runtime_params_that_give_the_same_entry(self, project, session):
        session.preload(["tuned"])
        standard = {"variant": "standard"}
        assert look(session, "tuned", runtime_params=standard) == {"variant": 1}
        assert project.happened("load tuned-standard.json") == 1

    def test_not_for_runtime_params_that_the_entry_does_not_ask_for(
        self, project, session
    ):
        session.preload(["model", "tuned"])
        assert predict(session, runtime_params={"variant": "special"}) == [20]
        assert look(session, "tuned", runtime_params={"rate": 5}) == {"variant": 1}
        assert project.happened("load model.json") == 1
        assert project.happened("load tuned-standard.json") == 1

    def test_the_session_s_own_runtime_params_are_those_of_the_cache(self, project):
        with project.session(runtime_params={"variant": "special"}) as session:
            session.preload(["tuned"])
            assert look(session, "tuned") == {"variant": 2}
            assert project.happened("load tuned-special.json") == 1
            standard = {"variant": "standard"}
            assert look(session, "tuned", runtime_params=standard) == {"variant": 1}

    def test_load_versions(self, project, session):
        for version, weight in (("2024-01-01", 1), ("2024-01-02", 2)):
            project.write(f"releases.json/{version}/releases.json", {"weight": weight})
        session.preload(["releases"])
        old = {"releases": "2024-01-01"}
        assert look(session, "releases", load_versions=old) == {"weight": 1}
        assert look(session, "releases") == {"weight": 2}
        assert session.cache_info()[0].hits == 1

    def test_runtime_data(self, project, session):
        session.preload(["model"])
        injected = {"weight": 9}
        assert look(session, "model", runtime_data={"model": injected}) == injected
        assert look(session, "model") == MODEL
        assert session.cache_info()[0].hits == 1

    def test_a_dataset_that_was_replaced_by_hand(self, session):
        session.preload(["model"])
        session.catalog["model"] = MemoryDataset({"weight": 9})
        assert look(session, "model") == {"weight": 9}

    def test_a_dataset_that_was_replaced_by_hand_and_taken_out(self, session):
        session.preload(["model"])
        session.catalog["model"] = {"weight": 9}
        del session.catalog._datasets["model"]
        with pytest.raises(ValueError, match="model"):
            predict(session)

    def test_a_dataset_that_a_plugin_has_put_in_and_taken_out(self, session):
        assert look(session, "model") == MODEL
        session.catalog._datasets["model"] = MemoryDataset({"weight": 7})
        session.preload(["model"])
        assert look(session, "model") == {"weight": 7}
        del session.catalog._datasets["model"]
        assert look(session, "model") == MODEL

    def test_a_dataset_that_was_added_in_place_of_a_pattern(self, session):
        session.preload(["eu_lookup"])
        session.catalog["eu_lookup"] = MemoryDataset({"currency": "ECU"})
        assert look(session, "eu_lookup") == {"currency": "ECU"}

    def test_a_custom_resolver_that_says_something_else(self, recorded_project):
        project = recorded_project(
            {
                **FILES,
                "conf/base/catalog.yml": """
                    model:
                      type: {package}.datasets.RecordedDataset
                      filepath: data/${current:}.json
                """,
                "{package}/settings.py": """
                    choice = {"name": "model"}
                    CONFIG_LOADER_ARGS = {
                        "custom_resolvers": {"current": lambda: choice["name"]}
                    }
                """,
            },
            model=MODEL,
            other={"weight": 9},
        )
        choice = project.module("settings").choice
        with project.session() as session:
            session.preload(["model"])
            assert look(session, "model") == MODEL
            assert project.happened("load model.json") == 1

            choice["name"] = "other"
            assert look(session, "model") == {"weight": 9}

            choice["name"] = "model"
            assert look(session, "model") == MODEL
            assert project.happened("load model.json") == 1


class TestSavingToAnArtifact:
    def train(self, session: Any, weight: int = 5, **arguments: Any) -> None:
        session.run(
            pipeline_names=["train"], runtime_data={"weight": weight}, **arguments
        )

    def test_writes_to_storage_and_the_next_run_reads_it_once(self, project, session):
        session.preload(["model"])
        self.train(session)
        assert project.read("model.json") == {"weight": 5, "layers": []}
        assert project.happened("load model.json") == 1

        assert [predict(session), predict(session)] == [[50], [50]]
        assert project.happened("load model.json") == 2

    def test_drops_the_cached_object_at_once(self, project, session):
        session.preload(["model"])
        self.train(session)
        (info,) = session.cache_info()
        assert (info.type, info.load_seconds, info.loaded_at) == (None, None, None)

    def test_the_run_that_saved_reads_what_it_wrote(self, project, session):
        session.preload(["model"])
        result = session.run(
            pipeline_names=["train_and_look"], runtime_data={"weight": 5}
        )
        assert result.outputs["seen"] == {"weight": 5, "layers": []}
        assert predict(session) == [50]

    def test_a_run_that_fails_after_the_save_drops_it_too(self, session):
        session.preload(["model"])
        with pytest.raises(RuntimeError, match="stop here"):
            session.run(pipeline_names=["train_and_fail"], runtime_data={"weight": 5})
        assert predict(session) == [50]

    def test_many_runs_that_ask_at_the_same_time_read_it_once(self, project, session):
        session.preload(["model"])
        self.train(session)
        meeting = threading.Barrier(8)
        # Long enough for all to find that nothing is loaded yet.
        project.module("datasets").while_loading = lambda name: time.sleep(0.1)

        def ask(_: int) -> Any:
            meeting.wait(30)
            return predict(session)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [[50]] * 8
        assert project.happened("load model.json") == 2

    def test_runs_in_flight_keep_what_they_began_with(self, project, session):
        session.preload(["model"])
        with in_flight(project, session) as run:
            self.train(session)
            assert predict(session) == [50]
        assert run.result().outputs["prediction"] == [20]

    def test_through_a_thread_runner(self, project, session):
        session.preload(["model"])
        self.train(session, runner=ThreadRunner())
        assert [predict(session), predict(session)] == [[50], [50]]
        assert project.happened("load model.json") == 2

    def test_through_a_parallel_runner(self, project, session):
        session.preload(["model"])
        self.train(session, runner=ParallelRunner(max_workers=2))
        assert project.read("model.json") == {"weight": 5, "layers": []}
        assert [predict(session), predict(session)] == [[50], [50]]
        assert project.happened("load model.json") == 2

    def test_through_a_parallel_runner_that_fails_after_the_save(self, session):
        session.preload(["model"])
        with pytest.raises(RuntimeError, match="stop here"):
            session.run(
                pipeline_names=["train_and_fail"],
                runtime_data={"weight": 5},
                runner=ParallelRunner(max_workers=2),
            )
        assert predict(session) == [50]

    def test_through_the_session_s_catalog(self, project, session):
        session.preload(["model"])
        session.catalog.save("model", {"weight": 6})
        assert [predict(session), predict(session)] == [[60], [60]]
        assert project.happened("load model.json") == 2

    def test_under_another_transcoding(self, project, session):
        session.preload(["table@dict", "table@again"])
        session.run(pipeline_names=["train_table"], runtime_data={"weight": 5})
        both = session.run(pipeline_names=["both_tables"]).outputs["seen"]
        assert both == [{"weight": 5, "layers": []}] * 2

    def test_under_another_transcoding_is_read_back_by_the_run(self, session):
        session.preload(["table@again"])
        result = session.run(
            pipeline_names=["train_and_look_table"], runtime_data={"weight": 5}
        )
        assert result.outputs["seen"] == {"weight": 5, "layers": []}

    def test_under_a_factory_pattern_leaves_its_other_names(self, project, session):
        session.preload(["eu_lookup", "us_lookup"])
        session.run(pipeline_names=["train_lookup"], runtime_data={"weight": 5})
        assert look(session, "eu_lookup") == {"weight": 5, "layers": []}
        assert look(session, "us_lookup") == {"currency": "USD"}
        assert project.happened("load us.json") == 1

    def test_as_a_new_version(self, project, session):
        project.write("releases.json/2024-01-01/releases.json", {"weight": 1})
        session.preload(["releases"])
        session.run(pipeline_names=["release"], runtime_data={"weight": 5})
        assert look(session, "releases") == {"weight": 5, "layers": []}

    def test_by_a_hook(self, recorded_project):
        project = recorded_project(
            {
                **FILES,
                "{package}/settings.py": """
                    from kedro.framework.hooks import hook_impl


                    class Retrain:
                        weight = None

                        @hook_impl
                        def after_pipeline_run(self, catalog):
                            if self.weight:
                                catalog.save("model", {"weight": self.weight})
                                self.weight = catalog.load("model")["weight"]


                    HOOKS = (Retrain(),)
                """,
            },
            model=MODEL,
        )
        (hook,) = project.module("settings").HOOKS
        with project.session() as session:
            session.preload(["model"])
            hook.weight = 5
            assert predict(session) == [20]
            assert hook.weight == 5
            hook.weight = None
            assert predict(session) == [50]

    def test_injection_in_its_place_does_not_drop_it(self, project, session):
        session.preload(["model"])
        session.run(
            pipeline_names=["train_and_look"], runtime_data={"model": {"weight": 9}}
        )
        assert predict(session) == [20]
        assert project.happened("load model.json") == 1


class TestReleaseCache:
    def test_drops_the_named_artifacts(self, project, session):
        session.preload(["model", "scaler"])
        session.release_cache(["model"])
        assert cached(session) == ["scaler"]
        assert predict(session) == [20]
        assert project.happened("load model.json") == 2

    def test_drops_all_without_names(self, session):
        session.preload(["model", "scaler"])
        session.release_cache()
        assert cached(session) == []

    def test_all_of_nothing_is_no_error(self, session):
        session.release_cache()
        assert cached(session) == []

    def test_a_name_that_is_not_cached_is_an_error_and_nothing_is_dropped(
        self, session
    ):
        session.preload(["model", "scaler"])
        with pytest.raises(
            KedroSessionError, match=r"'scalr' is not a cached artifact.*'scaler'"
        ):
            session.release_cache(["model", "scalr"])
        assert cached(session) == ["model", "scaler"]

    def test_a_string_in_place_of_a_list_is_an_error(self, session):
        session.preload(["model"])
        with pytest.raises(KedroSessionError, match=r"\['model'\]"):
            session.release_cache("model")
        assert cached(session) == ["model"]

    def test_takes_any_iterable_of_names(self, session):
        session.preload(["model", "scaler"])
        session.release_cache(name for name in ("model", "scaler"))
        assert cached(session) == []

    def test_memory_is_free_when_no_run_holds_it(self, project, session):
        held = remember_loaded(project)
        session.preload(["model"])
        predict(session)
        assert held() is not None

        session.release_cache(["model"])
        gc.collect()
        assert held() is None

    def test_memory_is_free_after_a_hot_swap(self, project, session):
        held = remember_loaded(project)
        session.preload(["model"])
        predict(session)
        session.preload(["model"])
        gc.collect()
        assert held() is None

    def test_memory_is_free_after_a_save(self, project, session):
        held = remember_loaded(project)
        session.preload(["model"])
        session.run(pipeline_names=["train"], runtime_data={"weight": 5})
        gc.collect()
        assert held() is None

    def test_memory_is_free_as_soon_as_the_last_run_in_flight_ends(
        self, project, session
    ):
        held = remember_loaded(project)
        session.preload(["model"])
        with in_flight(project, session) as run:
            session.release_cache()
            gc.collect()
            assert held() is not None
        assert run.result().outputs["prediction"] == [20]
        del run
        gc.collect()
        assert held() is None


def remember_loaded(project: Any) -> Callable[[], Any]:
    """What is loaded first, until it is gone from memory."""
    dataset = project.module("datasets").RecordedDataset
    load = dataset.load
    loaded: list[Any] = []

    def load_and_remember(self: Any) -> Any:
        data = load(self)
        if not loaded:
            loaded.append(weakref.ref(data))
        return data

    dataset.load = load_and_remember

    def remembered() -> Any:
        return loaded[0]()

    return remembered


class TestCacheInfo:
    def test_is_empty_without_artifacts(self, session):
        assert session.cache_info() == []
        assert repr(session.cache_info()) == "No artifacts"

    def test_has_a_row_for_each_artifact(self, project, session):
        session.preload(["model", "scaler"])
        predict(session)
        predict(session)

        model, scaler = session.cache_info()

        assert (model.name, scaler.name) == ("model", "scaler")
        assert model.type == f"{project.package}.datasets.Record"
        assert (model.hits, scaler.hits) == (2, 0)
        assert model.load_seconds > 0
        assert model.loaded_at.utcoffset().total_seconds() == 0
        assert model.loaded_at <= scaler.loaded_at

    def test_does_not_count_the_preload_or_bypassing_runs(self, session):
        session.preload(["tuned"])
        look(session, "tuned", runtime_params={"variant": "special"})
        assert session.cache_info()[0].hits == 0

    def test_is_a_table_when_printed(self, session):
        session.preload(["model"])
        head, row = str(session.cache_info()).splitlines()
        columns = ["artifact", "type", "load seconds", "hits", "loaded at (UTC)"]
        assert [name.strip() for name in head.split(" | ")] == columns
        assert row.startswith("model    | Record | ")
        assert len(row.split(" | ")) == 5

    def test_shows_an_artifact_that_waits_to_be_read(self, session):
        session.preload(["model"])
        session.catalog.save("model", {"weight": 6})
        row = str(session.cache_info()).splitlines()[1]
        assert " ".join(row.split()) == "model | - | - | 0 | -"

    def test_is_a_table_in_notebooks(self, session):
        session.catalog["<b>"] = {"weight": 1}
        session.preload(["<b>"])
        html = session.cache_info()._repr_html_()
        assert html.startswith("<table><tr><th>artifact</th>")
        assert html.count("<tr>") == 2
        assert "&lt;b&gt;" in html
        assert "<b>" not in html

    def test_is_what_it_was_when_asked_for(self, session):
        session.preload(["model"])
        before = session.cache_info()
        predict(session)
        assert before[0].hits == 0
        with pytest.raises(AttributeError):
            before[0].hits = 5


VALIDATED = {
    **FILES,
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
          validator: {package}.checks.light_enough
    """,
    "{package}/checks.py": """
        checked = []


        def light_enough(model):
            checked.append(model["weight"])
            if model["weight"] > 100:
                raise ValueError("too heavy")
    """,
}


class TestValidators:
    @pytest.fixture
    def project(self, recorded_project: Callable[..., Any]) -> Any:
        return recorded_project(VALIDATED, model=MODEL)

    @pytest.fixture
    def checked(self, project: Any) -> list[int]:
        return project.module("checks").checked

    def test_apply_once_when_an_artifact_is_cached(self, session, checked):
        session.preload(["model"])
        assert checked == [2]
        predict(session)
        predict(session)
        assert checked == [2]

    def test_apply_to_loads_in_every_run(self, session, checked):
        predict(session)
        predict(session)
        assert checked == [2, 2]

    def test_apply_to_saves_in_every_run(self, session, checked):
        for weight in (3, 4):
            session.run(pipeline_names=["train"], runtime_data={"weight": weight})
        assert checked == [3, 4]

    def test_apply_again_after_a_save(self, session, checked):
        session.preload(["model"])
        session.run(pipeline_names=["train"], runtime_data={"weight": 5})
        assert checked == [2, 5]
        predict(session)
        predict(session)
        assert checked == [2, 5, 5]

    def test_refuse_an_artifact(self, project, session):
        project.write("model.json", {"weight": 101})
        with pytest.raises(DataValidationError, match="too heavy"):
            session.preload(["model"])
        assert cached(session) == []

    def test_keep_the_old_artifact_at_a_hot_swap(self, project, session):
        session.preload(["model"])
        project.write("model.json", {"weight": 101})
        with pytest.raises(DataValidationError, match="model"):
            session.preload(["model"])
        assert predict(session) == [20]

    def test_refuse_a_save_and_keep_the_artifact(self, project, session):
        session.preload(["model"])
        with pytest.raises(DataValidationError, match="too heavy"):
            session.run(pipeline_names=["train"], runtime_data={"weight": 101})
        assert project.read("model.json") == MODEL
        assert predict(session) == [20]

    def test_apply_to_injected_data_when_it_is_read(self, session, checked):
        heavy = {"weight": 101, "layers": []}
        with pytest.raises(DataValidationError, match="too heavy"):
            look(session, "model", runtime_data={"model": heavy})
        assert checked == [101]

    def test_apply_in_parallel_runs(self, session):
        with pytest.raises(DataValidationError, match="too heavy"):
            session.run(
                pipeline_names=["train"],
                runtime_data={"weight": 101},
                runner=ParallelRunner(max_workers=2),
            )

    def test_switched_off_by_settings(self, recorded_project):
        project = recorded_project(
            {**VALIDATED, "{package}/settings.py": "DATASET_VALIDATION = False"},
            model={"weight": 101, "layers": []},
        )
        with project.session() as session:
            session.preload(["model"])
            assert predict(session) == [1010]

    def test_switched_off_by_the_environment_on_a_live_session(
        self, project, session, monkeypatch
    ):
        project.write("model.json", {"weight": 101})
        monkeypatch.setenv("KEDRO_DATASET_VALIDATION", "off")
        session.preload(["model"])
        assert predict(session) == [1010]


class TestDatasetOfAnArtifact:
    """What hooks and nodes find in a run's catalog under an artifact's name."""

    def of_a_run(self, session: Any, look: Callable[[Any], Any]) -> Any:
        seen = []

        class Look:
            @hook_impl
            def before_pipeline_run(self, catalog):
                seen.append(look(catalog))

        session.preload(["model"])
        session.hook_manager.register(Look())
        predict(session)
        return seen[0]

    def test_is_a_dataset_that_exists(self, session):
        dataset, exists = self.of_a_run(
            session, lambda catalog: (catalog["model"], catalog.exists("model"))
        )
        assert isinstance(dataset, AbstractDataset)
        assert exists
        assert dataset.load() == MODEL

    def test_has_what_the_dataset_in_storage_has(self, project, session):
        path, secret, nothing = self.of_a_run(
            session,
            lambda catalog: (
                catalog["model"]._filepath.as_posix(),
                catalog["model"].credentials,
                getattr(catalog["model"], "nothing", "none"),
            ),
        )
        assert path == (project.path / "data" / "model.json").as_posix()
        assert secret is None
        assert nothing == "none"

    def test_is_confirmed(self, recorded_project):
        project = recorded_project(
            {
                **FILES,
                "conf/base/catalog.yml": """
                    model:
                      type: {package}.confirmed.ConfirmedDataset
                      filepath: data/model.json
                """,
                "{package}/confirmed.py": """
                    from {package}.datasets import RecordedDataset


                    class ConfirmedDataset(RecordedDataset):
                        def confirm(self):
                            self._note("confirm")
                """,
                "{package}/pipeline_registry.py": """
                    from kedro.pipeline import node, pipeline

                    from {package} import nodes


                    def register_pipelines():
                        look = node(nodes.look, "model", "seen", confirms="model")
                        return {"__default__": pipeline([look])}
                """,
            },
            model=MODEL,
        )
        with project.session() as session:
            session.preload()
            assert session.run().outputs["seen"] == MODEL
        assert project.happened("confirm model.json") == 1
        assert project.happened("load model.json") == 1
