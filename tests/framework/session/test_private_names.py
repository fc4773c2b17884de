"""Plugins go on reaching for names that are private, as they do in kedro 1.7.0.

What the names are is in ``test_accessors.py``. Here they are used the way that plugins
use them; ``docs/plugins.md`` says which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from omegaconf import OmegaConf

from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager, _NullPluginManager
from kedro.framework.session import KedroServiceSession, KedroSession
from kedro.io import DatasetError, DatasetNotFoundError
from kedro.runner import AbstractRunner, SequentialRunner

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def double(number):
        return number * 2

    def register_pipelines():
        return {"__default__": pipeline([node(double, "params:number", "result")])}
"""
HOOKS = {
    "{package}/hooks.py": """
        from kedro.framework.hooks import hook_impl

        class Record:
            events = []

            @hook_impl
            def after_context_created(self):
                self.events.append("after_context_created")

            @hook_impl
            def after_catalog_created(self):
                self.events.append("after_catalog_created")

            @hook_impl
            def before_pipeline_run(self):
                self.events.append("before_pipeline_run")

            @hook_impl
            def before_node_run(self):
                self.events.append("before_node_run")
    """,
    "{package}/settings.py": """
        from {package}.hooks import Record
        HOOKS = (Record(),)
    """,
}
CATALOG = """
    table:
      type: pandas.CSVDataset
      filepath: data/table.csv
      credentials: key
      metadata: {partition: day}
    "{name}_report":
      type: pandas.CSVDataset
      filepath: data/${later:name}/{name}.csv
"""


class Nothing:
    """An empty manager as kedro-viz has it: all that is asked of it does nothing."""

    def __getattr__(self, name: str) -> Nothing:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        return None


@pytest.fixture(params=[KedroSession, KedroServiceSession])
def session(
    open_session: Callable[..., KedroSession], request: pytest.FixtureRequest
) -> KedroSession:
    return open_session(
        REGISTRY,
        catalog=CATALOG,
        parameters="number: 21",
        files={**HOOKS, "conf/base/credentials.yml": "key: {secret: word}"},
        session_class=request.param,
    )


@pytest.fixture
def events(session: KedroSession, module_of: Callable[..., Any]) -> list[str]:
    found: list[str] = module_of(session, "hooks").Record.events
    return found


def run(session: KedroSession) -> Any:
    # The first argument of a service session's is a run id.
    return session.run(pipeline_names=["__default__"]).outputs["result"]


class TestSessionHookManager:
    """kedro-viz, vscode-kedro and kedro-graphql put an empty one in its place."""

    @pytest.mark.parametrize(
        "manager", [Nothing, _NullPluginManager, _create_hook_manager]
    )
    def test_is_replaced_before_the_context_is_loaded(self, session, events, manager):
        empty = session._hook_manager = manager()
        context = session.load_context()
        assert {"table", "params:number"} <= set(context.catalog)
        assert session.hook_manager is empty
        assert context._hook_manager is context.hook_manager is empty
        assert session.catalog is context.catalog
        assert list(session.pipelines) == ["__default__"]
        assert run(session) == 42
        assert events == []

    def test_is_replaced_by_one_with_other_hooks(self, session, events):
        called = []

        class Other:
            @hook_impl
            def after_context_created(self) -> None:
                called.append("context")

            @hook_impl
            def before_node_run(self) -> None:
                called.append("node")

        session._hook_manager = _create_hook_manager()
        session._hook_manager.register(Other())
        assert run(session) == run(session) == 42
        assert called == ["context", "node", "node"]
        assert events == []

    def test_is_replaced_between_runs(self, session, events):
        run(session)
        events.clear()
        session._hook_manager = Nothing()
        assert run(session) == 42
        assert events == []

    def test_takes_further_hooks(self, session, events):
        class Other:
            called = 0

            @hook_impl
            def before_node_run(self) -> None:
                self.called += 1

        run(session)
        other = Other()
        session._hook_manager.register(other)
        run(session)
        session._hook_manager.unregister(other)
        run(session)
        assert other.called == 1
        assert events.count("before_node_run") == 3

    def test_is_called_by_who_runs_a_pipeline_without_the_session(
        self, session, events
    ):
        # kedro-graphql, and kedro-dagster with a node at a time.
        context = session.load_context()
        hook = session._hook_manager.hook
        told = {
            "pipeline": session.pipelines["__default__"],
            "catalog": context.catalog,
        }
        hook.before_pipeline_run(run_params={}, **told)
        result = SequentialRunner().run(
            told["pipeline"], context.catalog, session._hook_manager, "my-run"
        )
        assert result["result"].load() == 42
        assert events[-2:] == ["before_pipeline_run", "before_node_run"]


class TestGetConfigLoader:
    """kedro-boot registers a resolver of its own with it."""

    @pytest.fixture(autouse=True)
    def _forget_resolvers(self) -> Iterator[None]:
        yield
        OmegaConf.clear_resolver("later")

    @pytest.mark.parametrize("through", ["session", "context"])
    def test_takes_resolvers(self, session, through):
        loader = (
            session._get_config_loader()
            if through == "session"
            else session.load_context().config_loader
        )
        loader._register_new_resolvers({"later": lambda name: f"later-{name}"})
        report = session.catalog["eu_report"]
        assert report._filepath.as_posix().endswith("data/later-name/eu.csv")

    def test_leaves_resolvers_that_are_there(self, session):
        loader = session._get_config_loader()
        loader._register_new_resolvers({"later": lambda name: "first"})
        loader._register_new_resolvers({"later": lambda name: "second"})
        assert OmegaConf.create({"a": "${later:x}"})["a"] == "first"

    def test_is_a_new_one_each_time(self, session):
        loader = session._get_config_loader()
        assert loader is not session._get_config_loader()
        assert loader is not session.config_loader
        assert loader["credentials"] == {"key": {"secret": "word"}}


class TestContext:
    def test_get_config_credentials_is_empty_without_any(self, open_session):
        # kedro-mlflow asks it for a name that may not be there.
        session = open_session(REGISTRY, parameters="number: 21")
        assert session.load_context()._get_config_credentials() == {}

    def test_get_config_credentials_is_the_caller_s(self, session):
        context = session.load_context()
        context._get_config_credentials()["key"]["secret"] = "other"
        assert context._get_config_credentials() == {"key": {"secret": "word"}}

    def test_get_parameters_is_the_caller_s(self, session):
        # kedro-dagster hands it to hooks.
        context = session.load_context()
        parameters = context._get_parameters()
        assert parameters == {"parameters": {"number": 21}, "params:number": 21}
        parameters.clear()
        assert run(session) == 42

    def test_get_catalog(self, session, events):
        catalog = session.load_context()._get_catalog(save_version="v1")
        assert catalog is not session.context.catalog
        assert catalog.load("params:number") == 21
        assert events == ["after_context_created"] + ["after_catalog_created"] * 2

    def test_get_catalog_refuses_versions_of_unknown_datasets(self, session):
        with pytest.raises(DatasetNotFoundError, match="nowhere"):
            session.load_context()._get_catalog(load_versions={"nowhere": "v0"})

    def test_takes_attributes_of_plugins(self, session):
        # kedro-mlflow leaves its configuration there.
        context = session.load_context()
        context.__setattr__("mlflow", "configuration")
        assert session.context.mlflow == "configuration"


def test_config_resolver_of_the_catalog(session):
    # kedro-dagster looks for metadata of entries and of patterns.
    resolver = session.load_context().catalog._config_resolver
    assert resolver is session.catalog.config_resolver
    config = resolver.resolve_pattern("table")
    assert config["metadata"] == {"partition": "day"}
    assert config["credentials"] == {"secret": "word"}
    assert resolver.match_dataset_pattern("eu_report") == "{name}_report"


class TestWhatKedroBootDoes:
    def test_leaves_runtime_params_empty(self, open_session):
        session = open_session(REGISTRY, parameters="number: 21", runtime_params="")
        assert session.runtime_params == {}
        assert run(session) == 42

    def test_selects_with_empty_texts(self, open_session):
        session = open_session(REGISTRY, parameters="number: 21", env="")
        nothing = dict.fromkeys(
            ["from_nodes", "to_nodes", "from_inputs", "to_outputs", "namespaces"], ""
        )
        result = session.run(
            pipeline_name="", tags=(), node_names=(), load_versions={}, **nothing
        )
        assert result.outputs["result"] == 42

    def test_gives_what_its_runner_returns(self, session, events):
        class Boot(AbstractRunner):
            def _get_executor(self, max_workers: int) -> None:
                return None

            def _run(self, *args: Any, **kwargs: Any) -> None:
                raise NotImplementedError

            def run(
                self, pipeline: Any, catalog: Any, *args: Any, **kwargs: Any
            ) -> Any:
                return self, catalog.load("params:number")

        boot = Boot()
        found = session.run(pipeline_names=["__default__"], runner=boot)
        assert found == (boot, 21)
        assert run(session) == 42


def test_the_catalog_of_a_closed_session_is_asked_twice(open_session):
    # kedro-viz asks for each dataset of a pipeline, and passes over errors, before it
    # asks for each that the catalog has, and does not.
    catalog = (
        "broken: {type: acme.Nowhere}\ntable: {type: pandas.CSVDataset, filepath: t}"
    )
    session = open_session(REGISTRY, catalog=catalog, parameters="number: 21")
    catalog = session.load_context().catalog
    for _ in range(2):
        with pytest.raises(DatasetError, match="acme"):
            catalog.get("broken")
    session.close()
    with pytest.raises(DatasetError, match="acme"):
        catalog.get("broken")
    assert catalog.get("broken") is None
    assert "broken" not in catalog
    assert "broken" not in list(catalog)
    assert catalog.get("table") is not None
