"""When datasets are imported and built: at their first use, by who uses them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.runner import ParallelRunner, ThreadRunner

FILES = {
    "conf/base/catalog.yml": """
        feed:
          type: {package}.connectors.FeedDataset
          port: ${globals:port}
        other_feed:
          type: {package}.connectors.FeedDataset
          port: ${globals:port}
        closed:
          type: {package}.connectors.FeedDataset
          port: 1
        faulty:
          type: {package}.faulty.FaultyDataset
        "{name}_feed":
          type: {package}.connectors.FeedDataset
          port: ${globals:port}
    """,
    "conf/base/parameters.yml": "rate: 3",
    "conf/base/globals.yml": "port: {port}",
    "{package}/connectors.py": """
        import socket

        from kedro.io import AbstractDataset


        built_here = 0


        class FeedDataset(AbstractDataset):
            kept = {}

            def __init__(self, port):
                global built_here
                built_here += 1
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    assert connection.recv(1)
                self._port = port

            def load(self):
                return "news"

            def save(self, data):
                self.kept[self._port] = data

            def _exists(self):
                return False

            def _describe(self):
                return {"port": self._port}
    """,
    "{package}/faulty.py": """
        from kedro.io import AbstractDataset


        class FaultyDataset(AbstractDataset):
            def __init__(self):
                raise RuntimeError("no licence")

            def load(self):
                return "never"

            def save(self, data):
                pass

            def _describe(self):
                return {}
    """,
    "{package}/nodes.py": """
        from pathlib import Path

        # A file, for other processes to write to as well.
        RAN = Path(__file__).with_name("ran.log")


        def show(data):
            with RAN.open("a") as log:
                print(data, file=log)
            return data


        def both(left, right):
            return [left, right]


        def fail(data):
            raise RuntimeError("stop here")
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def one(func, inputs, output):
            return pipeline([node(func, inputs, output, name=func.__name__)])


        def register_pipelines():
            names = ["feed", "other_feed", "closed", "faulty", "city_feed", "text"]
            return {
                "__default__": one(nodes.show, "text", "shown"),
                "store": one(nodes.show, "text", "feed"),
                "store_faulty": one(nodes.show, "text", "faulty"),
                "fail": pipeline(
                    [
                        node(nodes.fail, "text", "nothing", name="fail"),
                        node(nodes.both, ["nothing", "feed"], "shown", name="both"),
                    ]
                ),
                "show_then_closed": pipeline(
                    [
                        node(nodes.show, "text", "shown", name="first"),
                        node(nodes.both, ["shown", "closed"], "both", name="second"),
                    ]
                ),
                **{f"show_{name}": one(nodes.show, name, "shown") for name in names},
            }
    """,
}

RUNNERS = [None, ThreadRunner, ParallelRunner]


@pytest.fixture
def session(make_project: Callable[..., Any], listener: Any) -> Iterator[KedroSession]:
    files = {
        name: text.replace("{port}", str(listener.port)) for name, text in FILES.items()
    }
    with KedroSession.create(make_project(files), save_on_close=False) as session:
        yield session


def show(session: KedroSession, name: str, **arguments: Any) -> Any:
    return session.run(pipeline_names=[f"show_{name}"], **arguments).outputs["shown"]


def imported(session: KedroSession, module: str) -> bool:
    return f"{session.package_name}.{module}" in sys.modules


def nodes_that_ran(session: KedroSession) -> list[str]:
    log = session.project_path / "src" / session.package_name / "ran.log"
    return log.read_text().splitlines() if log.exists() else []


class TestNothingIsImportedOrBuilt:
    def test_by_creating_session_context_and_catalog(self, session, listener):
        assert session.context.catalog is session.catalog
        assert not imported(session, "connectors")
        assert listener.accepted == 0

    def test_by_names(self, session, listener):
        catalog = session.catalog
        assert "feed" in catalog
        assert "town_feed" in catalog
        assert len(catalog) == len(catalog.keys())
        assert catalog.filter(name_regex="^feed") == ["feed"]
        assert not imported(session, "connectors")
        assert listener.accepted == 0

    def test_by_reading_its_own_parameters(self, session):
        assert session.parameters["params:rate"] == 3
        assert not imported(session, "connectors")

    def test_by_printing(self, session, listener):
        assert "FeedDataset" in repr(session.catalog)
        assert listener.accepted == 0

    def test_by_asking_for_types(self, session, listener):
        catalog = session.catalog
        assert catalog.get_type("feed").endswith("connectors.FeedDataset")
        assert catalog.get_type("town_feed").endswith("connectors.FeedDataset")
        assert "feed" in catalog.filter(type_regex="FeedDataset")
        assert listener.accepted == 0

    def test_by_a_run_of_another_pipeline(self, session, listener):
        assert show(session, "text", runtime_data={"text": "hello"}) == "hello"
        assert not imported(session, "connectors")
        assert listener.accepted == 0

    def test_by_a_run_with_it_injected(self, session, listener):
        assert show(session, "feed", runtime_data={"feed": "mine"}) == "mine"
        assert not imported(session, "connectors")
        assert listener.accepted == 0

    def test_by_a_run_with_what_it_would_save_injected(self, session, listener):
        given = {"text": "hello", "feed": "mine"}
        result = session.run(pipeline_names=["store"], runtime_data=given)
        assert result.outputs["feed"] == "mine"
        assert not imported(session, "connectors")
        assert listener.accepted == 0

    def test_by_preloading_another(self, session, listener):
        session.catalog["text"] = "hello"
        session.preload(["text"])
        assert not imported(session, "connectors")
        assert listener.accepted == 0

    def test_by_a_run_that_has_it_in_its_cache(self, session, listener):
        session.preload(["feed"])
        assert listener.accepted == 1
        assert [show(session, "feed") for _ in range(3)] == ["news"] * 3
        assert listener.accepted == 1

    def test_by_a_failing_run_that_does_not_come_to_it(self, session, listener):
        with pytest.raises(RuntimeError, match="stop here"):
            session.run(pipeline_names=["fail"], runtime_data={"text": "hello"})
        assert listener.accepted == 0


class TestIsBuilt:
    @pytest.mark.parametrize("runner", RUNNERS)
    def test_at_the_first_load_of_each_run(self, session, listener, runner):
        for expected in (1, 2):
            assert show(session, "feed", runner=runner and runner()) == "news"
            assert listener.accepted == expected

    def test_at_the_first_save_of_each_run(self, session, listener):
        for expected in (1, 2):
            session.run(pipeline_names=["store"], runtime_data={"text": "hello"})
            assert listener.accepted == expected

    def test_at_an_existence_check(self, session, listener):
        assert not session.catalog.exists("feed")
        assert listener.accepted == 1

    def test_at_an_existence_check_of_a_run(self, session, listener):
        session.run(
            pipeline_names=["store"],
            runtime_data={"text": "hello"},
            only_missing_outputs=True,
        )
        assert nodes_that_ran(session) == ["hello"]
        # `_exists` and `save` are those of one dataset, that of the run.
        assert listener.accepted == 1

    def test_when_it_is_taken_out_of_the_catalog(self, session, listener):
        assert session.catalog["feed"] is session.catalog["feed"]
        assert listener.accepted == 1

    def test_for_a_factory_pattern_too(self, session, listener):
        assert show(session, "city_feed") == "news"
        assert listener.accepted == 1

    def test_without_the_others(self, session):
        show(session, "feed")
        assert imported(session, "connectors")
        assert not imported(session, "faulty")

    def test_by_the_process_that_loads_it(self, session):
        assert show(session, "feed", runner=ParallelRunner(max_workers=2)) == "news"
        connectors = sys.modules[f"{session.package_name}.connectors"]
        assert connectors.built_here == 0


class TestOneThatCannotBeBuilt:
    @pytest.mark.parametrize("runner", RUNNERS)
    def test_leaves_other_runs_alone(self, session, runner):
        assert show(session, "feed", runner=runner and runner()) == "news"

    @pytest.mark.parametrize("runner", RUNNERS)
    @pytest.mark.parametrize("name", ["faulty", "closed"])
    def test_fails_runs_that_load_it_and_is_named(self, session, name, runner):
        with pytest.raises(DatasetError) as caught:
            show(session, name, run_id="night-1", runner=runner and runner())
        assert f"'{name}'" in str(caught.value)
        assert "(run id: night-1)" in str(caught.value)
        assert nodes_that_ran(session) == []

    def test_fails_runs_that_save_it_and_is_named(self, session):
        with pytest.raises(DatasetError, match="'faulty'"):
            session.run(pipeline_names=["store_faulty"], runtime_data={"text": "hello"})

    def test_says_why(self, session):
        with pytest.raises(DatasetError, match="no licence"):
            show(session, "faulty")
        with pytest.raises(DatasetError, match="Connection refused"):
            show(session, "closed")

    @pytest.mark.parametrize("runner", RUNNERS)
    def test_is_not_built_ahead_of_its_turn(self, session, runner):
        # The constructor accepts its arguments: nothing is wrong that a check can see.
        with pytest.raises(DatasetError, match="'closed'"):
            session.run(
                pipeline_names=["show_then_closed"],
                runtime_data={"text": "hello"},
                runner=runner and runner(),
            )
        assert nodes_that_ran(session) == ["hello"]

    @pytest.mark.parametrize("name", ["faulty", "closed"])
    def test_can_be_injected(self, session, name):
        assert show(session, name, runtime_data={name: "mine"}) == "mine"

    def test_fails_preloading_and_is_named(self, session):
        with pytest.raises(DatasetError, match="'faulty'"):
            session.preload(["faulty"])
        assert show(session, "feed") == "news"

    def test_can_be_replaced_by_hand(self, session):
        session.catalog["faulty"] = "mine"
        assert show(session, "faulty") == "mine"

    def test_is_tried_anew_in_each_run(self, session):
        for _ in range(2):
            with pytest.raises(DatasetError, match="'faulty'"):
                show(session, "faulty")
