"""Reloading a project whose files were edited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kedro.config import MissingConfigException
from kedro.io import MemoryDataset

CATALOG = """
    model:
      type: {package}.datasets.RecordedDataset
      filepath: data/model.json
      credentials: key
"""
REGISTRY = """
    from kedro.pipeline import node, pipeline

    from {package} import nodes

    calls = []


    def register_pipelines():
        calls.append(1)
        look = node(nodes.look, ["model", "params:rate"], "seen")
        wait = node(nodes.wait, None, "waited")
        late = node(nodes.look_late, ["model", "params:rate", "waited"], "late")
        return {
            "__default__": pipeline([look]),
            "late": pipeline([wait, late]),
            **{f"more_{n}": pipeline([look]) for n in range(1, len(calls))},
        }
"""
FILES = {
    "conf/base/catalog.yml": CATALOG,
    "conf/base/parameters.yml": "rate: 1",
    "conf/local/credentials.yml": "key: {secret: old}",
    "{package}/pipeline_registry.py": REGISTRY,
    "{package}/nodes.py": """
        from threading import Event

        entered, go_on = Event(), Event()


        def look(model, rate):
            return model["weight"], rate


        def wait():
            entered.set()
            assert go_on.wait(30)
            return "waited"


        def look_late(model, rate, waited):
            return model["weight"], rate
    """,
    "{package}/settings.py": """
        from kedro.framework.hooks import hook_impl


        class Record:
            def __init__(self):
                self.events = []

            @hook_impl
            def after_context_created(self, context):
                self.events.append("context")

            @hook_impl
            def after_catalog_created(self, catalog):
                self.events.append("catalog")


        HOOKS = (Record(),)
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 2}, other={"weight": 9})


@pytest.fixture
def session(project: Any) -> Iterator[Any]:
    with project.session() as session:
        yield session


def seen(session: Any, **arguments: Any) -> Any:
    return session.run(**arguments).outputs["seen"]


def edit_catalog(project: Any) -> None:
    project.edit("conf/base/catalog.yml", CATALOG.replace("model.json", "other.json"))


class TestForgets:
    def test_nothing_before_it_is_called(self, project, session):
        assert seen(session) == (2, 1)
        edit_catalog(project)
        project.edit("conf/base/parameters.yml", "rate: 5")
        assert seen(session) == (2, 1)

    def test_the_catalog(self, project, session):
        assert seen(session) == (2, 1)
        edit_catalog(project)
        session.reload()
        assert seen(session) == (9, 1)

    def test_parameters(self, project, session):
        assert seen(session) == (2, 1)
        project.edit("conf/base/parameters.yml", "rate: 5")
        session.reload()
        assert seen(session) == (2, 5)
        assert session.parameters["params:rate"] == 5

    def test_credentials(self, project, session):
        assert session.catalog["model"].credentials == {"secret": "old"}
        project.edit("conf/local/credentials.yml", "key: {secret: new}")
        session.reload()
        assert session.catalog["model"].credentials == {"secret": "new"}
        assert session.context.credentials["key"] == {"secret": "new"}

    def test_globals(self, recorded_project):
        project = recorded_project(
            {
                **FILES,
                "conf/base/globals.yml": "file: model",
                "conf/base/catalog.yml": """
                    model:
                      type: {package}.datasets.RecordedDataset
                      filepath: data/${globals:file}.json
                """,
            },
            model={"weight": 2},
            other={"weight": 9},
        )
        with project.session() as session:
            assert seen(session) == (2, 1)
            project.edit("conf/base/globals.yml", "file: other")
            session.reload()
            assert seen(session) == (9, 1)

    def test_pipelines(self, project, session):
        assert sorted(session.pipelines) == ["__default__", "late"]
        session.reload()
        assert sorted(session.pipelines) == ["__default__", "late", "more_1"]
        assert seen(session, pipeline_names=["more_1"]) == (2, 1)
        assert len(project.module("pipeline_registry").calls) == 2

    def test_artifacts(self, project, session):
        session.preload(["model"])
        session.reload()
        assert session.cache_info() == []
        seen(session)
        seen(session)
        assert project.happened("load model.json") == 3

    def test_datasets_added_by_hand(self, session):
        session.catalog["model"] = MemoryDataset({"weight": 7})
        assert seen(session) == (7, 1)
        session.reload()
        assert seen(session) == (2, 1)

    def test_entries_that_were_added_and_removed(self, project, session):
        assert "model" in session.catalog
        project.edit("conf/base/catalog.yml", "fresh: {type: MemoryDataset}")
        session.reload()
        assert "fresh" in session.catalog
        assert "model" not in session.catalog

    def test_every_time(self, project, session):
        for rate in (3, 4):
            project.edit("conf/base/parameters.yml", f"rate: {rate}")
            session.reload()
            assert seen(session) == (2, rate)


class TestKeeps:
    def test_the_session_s_runtime_params(self, project):
        with project.session(runtime_params={"rate": 8}) as session:
            project.edit("conf/base/parameters.yml", "rate: 5")
            session.reload()
            assert seen(session) == (2, 8)
            assert seen(session, runtime_params={"rate": 3}) == (2, 3)

    def test_what_the_session_is(self, session):
        identity = session.session_id, session.store, session.hook_manager
        session.reload()
        assert (session.session_id, session.store, session.hook_manager) == identity
        assert not session.closed

    def test_one_context_and_one_catalog_from_then_on(self, session):
        old = session.context, session.catalog
        session.reload()
        assert session.context is session.load_context() is not old[0]
        assert session.catalog is session.context.catalog is not old[1]

    def test_python_modules(self, project, session):
        nodes = project.module("nodes")
        session.reload()
        seen(session)
        assert project.module("nodes") is nodes


class TestHooks:
    def test_context_and_catalog_hooks_fire_once_again_on_first_use(
        self, project, session
    ):
        (record,) = project.module("settings").HOOKS
        seen(session)
        seen(session)
        assert record.events == ["context", "catalog"]

        session.reload()
        assert record.events == ["context", "catalog"]

        seen(session)
        seen(session)
        assert record.events == ["context", "catalog"] * 2


class TestRunsInFlight:
    @pytest.mark.parametrize("preloaded", [True, False])
    def test_go_on_with_what_they_began_with(self, project, session, preloaded):
        if preloaded:
            session.preload(["model"])
        nodes = project.module("nodes")
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(session.run, pipeline_names=["late"])
            assert nodes.entered.wait(30)
            edit_catalog(project)
            project.edit("conf/base/parameters.yml", "rate: 5")
            session.reload()
            assert seen(session) == (9, 5)
            nodes.go_on.set()
            assert run.result(timeout=30).outputs["late"] == (2, 1)
        assert project.happened("load model.json") == 1


class TestBrokenFiles:
    @pytest.mark.parametrize(
        "name",
        [
            "conf/base/catalog.yml",
            "conf/base/parameters.yml",
            "conf/local/credentials.yml",
            "conf/base/globals.yml",
        ],
    )
    @pytest.mark.parametrize("used_before", [True, False])
    def test_raise_and_the_session_goes_on_with_what_it_had(
        self, project, session, name, used_before
    ):
        session.preload(["model"])
        if used_before:
            assert seen(session) == (2, 1)
        catalog, pipelines = session.catalog, session.pipelines
        project.edit(name, "broken: [")

        with pytest.raises(Exception, match=name.rpartition("/")[2]):
            session.reload()

        assert session.catalog is catalog
        assert session.pipelines == pipelines
        assert [row.name for row in session.cache_info()] == ["model"]
        assert seen(session) == (2, 1)
        assert project.happened("load model.json") == 1

    def test_can_be_repaired_and_reloaded(self, project, session):
        project.edit("conf/base/parameters.yml", "broken: [")
        with pytest.raises(Exception, match=r"parameters\.yml"):
            session.reload()
        project.edit("conf/base/parameters.yml", "rate: 6")
        session.reload()
        assert seen(session) == (2, 6)

    def test_a_key_in_two_files_raises(self, project, session):
        assert seen(session) == (2, 1)
        project.edit("conf/base/parameters_more.yml", "rate: 7")
        with pytest.raises(ValueError, match="rate"):
            session.reload()
        assert seen(session) == (2, 1)

    def test_an_entry_that_cannot_be_resolved_is_not_broken(self, project, session):
        project.edit(
            "conf/base/catalog.yml",
            CATALOG
            + """
    unclear:
      type: ${nowhere}
""",
        )
        session.reload()
        assert seen(session) == (2, 1)

    def test_a_configuration_that_is_gone(self, project, session):
        (project.path / "conf/local/credentials.yml").unlink()
        project.edit("conf/base/catalog.yml", CATALOG.replace("credentials: key", ""))
        session.reload()
        assert seen(session) == (2, 1)

    def test_a_catalog_that_is_gone_fails_as_in_a_new_session(self, project, session):
        (project.path / "conf/base/catalog.yml").unlink()
        session.reload()
        with pytest.raises(MissingConfigException):
            session.run()
