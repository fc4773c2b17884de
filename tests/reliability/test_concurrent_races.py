"""Calls that race with runs, preloads and reloads, at points where it matters."""

from __future__ import annotations

import itertools
import operator
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from kedro.framework.session import KedroSession
from tests.reliability.conditions import hectic, quiet

FILES = {
    "conf/base/catalog.yml": """
        _record: &record
          type: {package}.datasets.RecordedDataset

        model: {<<: *record, filepath: data/model.json}
        scaler: {<<: *record, filepath: data/scaler.json}
    """,
    "conf/base/parameters.yml": "factor: 1",
    "{package}/nodes.py": """
        from threading import Event

        from kedro.framework.session import current_run

        entered, go_on = Event(), Event()


        def pause(data):
            entered.set()
            assert go_on.wait(60)
            return data


        def same(data):
            return data


        def predict(model, factor):
            return model["weight"] * factor
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            return {
                "show": pipeline([node(nodes.same, "added", "shown")]),
                "serve": pipeline(
                    [node(nodes.predict, ["model", "params:factor"], "prediction")]
                ),
                "train": pipeline(
                    [
                        node(nodes.pause, "given", "ready"),
                        node(nodes.same, "ready", "model"),
                    ]
                ),
            }
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 1}, scaler=[1])


@pytest.fixture
def session(project: Any) -> Iterator[KedroSession]:
    with project.session(save_on_close=False) as session:
        yield session


def serve(session: KedroSession) -> Any:
    return session.run(pipeline_names=["serve"]).outputs["prediction"]


@contextmanager
def paused_training(
    project: Any, session: KedroSession, model: dict[str, int]
) -> Iterator[None]:
    """A run that waits, until the block is left, before it saves a model."""
    nodes = project.module("nodes")
    nodes.entered.clear()
    nodes.go_on.clear()
    given = {"given": model}
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(session.run, pipeline_names=["train"], runtime_data=given)
        try:
            assert nodes.entered.wait(60)
            yield
        finally:
            nodes.go_on.set()
        run.result(timeout=60)


@contextmanager
def paused_load(
    project: Any, monkeypatch: Any, call: Callable[[], Any]
) -> Iterator[None]:
    """A call that waits, until the block is left, with what its first load has read."""
    read, go_on = threading.Event(), threading.Event()

    def wait(name: str) -> None:
        if not read.is_set():
            read.set()
            assert go_on.wait(60)

    monkeypatch.setattr(project.module("datasets"), "while_loading", wait)
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(call)
        try:
            assert read.wait(60)
            yield
        finally:
            go_on.set()
        called.result(timeout=60)


def test_a_preload_that_was_overtaken_brings_back_nothing_old(
    project, session, monkeypatch
):
    with paused_load(project, monkeypatch, lambda: session.preload(["model"])):
        project.write("model.json", {"weight": 2})
        session.preload(["model"])
        assert serve(session) == 2
    assert serve(session) == 2


def test_a_preload_that_was_overtaken_brings_what_only_it_has_read(
    project, session, monkeypatch
):
    names = ["scaler", "model"]
    with paused_load(project, monkeypatch, lambda: session.preload(names)):
        project.write("model.json", {"weight": 2})
        session.preload(["model"], copy_mode="copy")
    assert [row.name for row in session.cache_info()] == ["model", "scaler"]
    assert serve(session) == 2
    assert project.happened("load model.json") == 2


def test_a_preload_that_a_release_overtakes_is_there(project, session, monkeypatch):
    session.preload(["model"])
    with paused_load(project, monkeypatch, lambda: session.preload(["model"])):
        session.release_cache()
        assert session.cache_info() == []
    assert [row.name for row in session.cache_info()] == ["model"]


def test_a_run_that_saves_after_a_reload_has_the_new_artifact_read_again(
    project, session
):
    session.preload(["model"])
    with paused_training(project, session, {"weight": 2}):
        session.reload()
        session.preload(["model"])
        assert serve(session) == 1
    assert serve(session) == 2


def test_a_catalog_that_was_kept_over_a_reload_has_the_artifact_read_again(
    project, session
):
    kept = session.catalog
    for weight in (2, 3):
        session.reload()
        session.preload(["model"])
        kept.save("model", {"weight": weight})
        assert serve(session) == weight


def test_a_catalog_that_was_kept_over_many_reloads_keeps_no_artifact(project, session):
    kept = session.catalog
    loaded = []
    for _ in range(5):
        session.preload(["model"])
        artifact = session._state.artifacts.artifacts["model"]
        loaded.append(weakref.ref(artifact.read()))
        del artifact
        session.reload()
    assert [reference() for reference in loaded] == [None] * 5
    assert kept.load("model") == {"weight": 1}


def test_reloads_at_the_same_time_leave_no_cache_out(project, session):
    with paused_training(project, session, {"weight": 2}):
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(session.reload) for _ in range(40)]:
                done.result()
        session.preload(["model"])
    assert serve(session) == 2


def test_a_run_finds_one_of_two_datasets_while_one_replaces_the_other(session):
    class Beside:
        found: ClassVar[list[int]] = []

        def look(self, name: str) -> None:
            self.found.append(serve(session))

    beside = Beside()
    # Told in the middle of it.
    session.catalog.config_resolver.tell(beside.look)
    session.catalog["model"] = {"weight": 2}
    assert beside.found == [2]


def test_runs_find_data_that_is_replaced_all_the_time(session):
    session.catalog["added"] = -1
    done = threading.Event()

    def replace() -> None:
        for number in itertools.count():
            session.catalog["added"] = number
            if done.is_set():
                return

    def show() -> Any:
        return session.run(pipeline_names=["show"]).outputs["shown"]

    with quiet(), hectic(), ThreadPoolExecutor(1) as pool:
        replacing = pool.submit(replace)
        try:
            found = [show() for _ in range(200)]
        finally:
            done.set()
        replacing.result()
    assert found == sorted(found)


LISTINGS: dict[str, Callable[[Any], Any]] = {
    "names": list,
    "length": len,
    "repr": repr,
    "equality": lambda catalog: operator.eq(catalog, catalog),
    "types": lambda catalog: catalog.filter(type_regex="Dataset"),
    "configuration": lambda catalog: catalog.to_config()[0],
    "datasets": lambda catalog: catalog.items(),
}
# Built and added meanwhile.
ENTRIES, TURNS = 60, 10


@pytest.mark.parametrize("name", LISTINGS)
def test_a_catalog_is_listed_while_datasets_are_built_and_added(recorded_project, name):
    entry = "{{type: {{package}}.datasets.RecordedDataset, filepath: data/{0}.json}}"
    names = [f"entry_{number}" for number in range(ENTRIES)]
    lines = [f"{each}: {entry.format(each)}" for each in names]
    project = recorded_project({**FILES, "conf/base/catalog.yml": "\n".join(lines)})
    done = threading.Event()

    def build_and_add(catalog: Any) -> None:
        for each in names:
            catalog.get(each)
            catalog[f"added_{each}"] = each

    with project.session(save_on_close=False) as session:
        for _ in range(TURNS):
            catalog = session.catalog
            done.clear()
            with quiet(), hectic(), ThreadPoolExecutor(1) as pool:
                building = pool.submit(build_and_add, catalog)
                building.add_done_callback(lambda _: done.set())
                while not done.is_set():
                    LISTINGS[name](catalog)
                    listed = list(catalog)
                    assert len(listed) == len({*listed})
                    assert {*names} <= {*listed}
                building.result()
            session.reload()
