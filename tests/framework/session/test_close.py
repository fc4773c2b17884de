"""Closing a session."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from kedro.framework.session import KedroSession, KedroSessionError

FILES = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
        report:
          type: {package}.datasets.RecordedDataset
          filepath: data/report.json
    """,
    "conf/base/parameters.yml": "rate: 1",
    "{package}/nodes.py": """
        from threading import Event

        entered, go_on = Event(), Event()


        def serve(model):
            return dict(model), dict(model)


        def wait():
            entered.set()
            assert go_on.wait(30)
            return "waited"


        def serve_late(model, waited):
            return model["weight"]


        def fail():
            raise ZeroDivisionError("no luck")
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            return {
                "__default__": pipeline(
                    [node(nodes.serve, "model", ["answer", "report"])]
                ),
                "late": pipeline(
                    [
                        node(nodes.wait, None, "waited"),
                        node(nodes.serve_late, ["model", "waited"], "answer"),
                    ]
                ),
                "failing": pipeline([node(nodes.fail, None, "nothing")]),
            }
    """,
    "{package}/store.py": """
        from kedro.framework.session.store import BaseSessionStore

        saved = []


        class Store(BaseSessionStore):
            def save(self):
                saved.append(dict(self))
    """,
    "{package}/settings.py": """
        from {package}.store import Store

        SESSION_STORE_CLASS = Store
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 2})


def saved(project: Any) -> list[dict[str, Any]]:
    return project.module("store").saved


def test_says_so(project):
    session = project.session()
    assert not session.closed
    assert "open" in repr(session)
    session.close()
    assert session.closed
    assert "closed" in repr(session)


def test_a_later_run_is_an_error_before_anything_runs(project):
    session = project.session()
    session.close()
    with pytest.raises(KedroSessionError, match="is closed"):
        session.run()
    assert project.events() == []


@pytest.mark.parametrize("method", ["preload", "reload"])
def test_later_work_is_an_error(project, method):
    session = project.session()
    session.close()
    with pytest.raises(KedroSessionError, match=f"'{session.session_id}' is closed"):
        getattr(session, method)()
    assert project.events() == []


def test_releases_the_cache(project):
    session = project.session()
    session.preload(["model"])
    load = session._state.artifacts.artifacts["model"].read
    cached = weakref.ref(load())
    del load
    assert cached() is not None
    session.close()
    gc.collect()
    assert session.cache_info() == []
    assert cached() is None


def test_releases_what_is_being_preloaded(project):
    session = project.session()
    loading, closed = Event(), Event()

    def wait(name: str) -> None:
        loading.set()
        assert closed.wait(30)

    project.module("datasets").while_loading = wait
    with ThreadPoolExecutor(1) as pool:
        preload = pool.submit(session.preload, ["model"])
        assert loading.wait(30)
        session.close()
        closed.set()
        preload.result(timeout=30)
    assert session.cache_info() == []


def test_a_result_stays_valid(project):
    session = project.session()
    result = session.run()
    session.close()
    assert result.outputs["answer"] == {"weight": 2}
    # Loaded only now.
    assert result.outputs["report"] == {"weight": 2}
    assert result["answer"].load() == {"weight": 2}


def test_a_run_in_flight_goes_on(project):
    session = project.session()
    session.preload(["model"])
    nodes = project.module("nodes")
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(session.run, pipeline_names=["late"])
        assert nodes.entered.wait(30)
        session.close()
        nodes.go_on.set()
        assert run.result(timeout=30).outputs["answer"] == 2
    assert project.happened("load model.json") == 1


def test_saves_the_store_once(project):
    session = project.session()
    session.close()
    session.close()
    (store,) = saved(project)
    assert store["session_id"] == session.session_id


def test_runs_do_not_save_the_store(project):
    with project.session() as session:
        session.run()
        session.run()
        assert saved(project) == []


def test_saves_no_store_if_told_so(project):
    project.session(save_on_close=False).close()
    assert saved(project) == []


def test_leaving_the_with_block_closes(project):
    with project.session() as session:
        assert isinstance(session, KedroSession)
    assert session.closed
    assert len(saved(project)) == 1


def test_closing_inside_the_with_block_saves_once(project):
    with project.session() as session:
        session.close()
    assert len(saved(project)) == 1


def test_an_exception_in_the_with_block_is_in_the_store(project):
    with pytest.raises(ZeroDivisionError), project.session() as session:
        session.run(pipeline_names=["failing"])
    (store,) = saved(project)
    assert store["exception"]["type"] == "ZeroDivisionError"
    assert store["exception"]["value"] == "no luck"
    assert "in fail" in "".join(store["exception"]["traceback"])
    assert session.closed


def test_an_exception_of_a_module_is_in_the_store_with_it(project):
    with pytest.raises(KedroSessionError), project.session():
        raise KedroSessionError("for the record")
    (store,) = saved(project)
    name = "kedro.framework.session.abstract_session.KedroSessionError"
    assert store["exception"]["type"] == name


def test_a_caught_failure_of_a_run_is_not_in_the_store(project):
    with project.session() as session:
        with pytest.raises(ZeroDivisionError):
            session.run(pipeline_names=["failing"])
        session.run()
    (store,) = saved(project)
    assert "exception" not in store


class Unreadable(Exception):
    def __str__(self) -> str:
        raise OSError("no text")


def test_an_exception_that_cannot_be_written_down_closes_all_the_same(project):
    session = project.session()
    session.preload(["model"])
    with pytest.raises(OSError, match="no text"), session:
        raise Unreadable
    assert session.closed
    assert session.cache_info() == []
    assert len(saved(project)) == 1


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_a_store_that_could_not_be_saved_is_saved_by_the_next_close(
    project, monkeypatch, error
):
    def refuse(self: Any) -> None:
        raise error("disk full")

    session = project.session()
    session.preload(["model"])
    with monkeypatch.context() as patched:
        patched.setattr(project.module("store").Store, "save", refuse)
        for _ in range(2):
            with pytest.raises(error, match="disk full"):
                session.close()
            assert session.closed
            assert session.cache_info() == []
            with pytest.raises(KedroSessionError, match="is closed"):
                session.run()
    for _ in range(2):
        session.close()
        assert len(saved(project)) == 1


def test_a_store_that_closes_its_session_when_saved_is_saved_once(project):
    session = project.session()
    store = project.module("store")

    def save_and_close(self: Any) -> None:
        session.close()
        store.saved.append(dict(self))

    store.Store.save = save_and_close
    session.close()
    assert len(saved(project)) == 1
