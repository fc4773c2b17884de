"""What a session and its context let others see."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pluggy import PluginManager

from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager, _NullPluginManager
from kedro.framework.session import KedroSession, KedroSessionError
from kedro.io import DataCatalog, DatasetNotFoundError, MemoryDataset

FILES = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
          credentials: key
        releases:
          type: {package}.datasets.RecordedDataset
          filepath: data/releases.json
          versioned: true
    """,
    "conf/base/parameters.yml": """
        rate: 1
        tree:
          depth: 3
          leaves: [1, 2]
    """,
    "conf/prod/parameters.yml": "rate: 2",
    "conf/base/credentials.yml": "key: {secret: word}",
    "{package}/nodes.py": """
        def look(added, tree, rate):
            return added, tree, rate
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            inputs = ["added", "params:tree", "params:rate"]
            look = pipeline([node(nodes.look, inputs, "seen")])
            return {"__default__": look, "look": look}
    """,
    "{package}/settings.py": """
        from kedro.framework.hooks import hook_impl


        class Record:
            def __init__(self):
                self.events = []

            @hook_impl
            def after_context_created(self, context):
                self.events.append("after_context_created")

            @hook_impl
            def after_catalog_created(self, catalog):
                self.events.append("after_catalog_created")

            @hook_impl
            def before_pipeline_run(self, run_params):
                self.events.append("before_pipeline_run")


        HOOKS = (Record(),)
    """,
}

# Names, signatures and return types on which others build.
SESSION = {
    "session_id": "str",
    "project_path": "Path",
    "package_name": "str | None",
    "env": "str | None",
    "conf_source": "str",
    "runtime_params": "dict[str, Any]",
    "config_loader": "AbstractConfigLoader",
    "context": "KedroContext",
    "catalog": "CatalogProtocol[Any, Any]",
    "pipelines": "dict[str, Pipeline]",
    "parameters": "Mapping[str, Any]",
    "hook_manager": "PluginManager",
    "store": "dict[str, Any]",
    "closed": "bool",
    "create": (
        "(project_path: 'Path | str | None' = None, save_on_close: 'bool' = True, "
        "env: 'str | None' = None, runtime_params: 'dict[str, Any] | None' = None, "
        "conf_source: 'str | None' = None, *, session_id: 'str | None' = None, "
        "hook_manager: 'PluginManager | None' = None) -> 'KedroSession'"
    ),
    "load_context": "(self) -> 'KedroContext'",
    "run": (
        "(self, pipeline_name: 'str | None' = None, "
        "pipeline_names: 'list[str] | None' = None, "
        "tags: 'Iterable[str] | None' = None, "
        "runner: 'AbstractRunner | None' = None, "
        "node_names: 'Iterable[str] | None' = None, "
        "from_nodes: 'Iterable[str] | None' = None, "
        "to_nodes: 'Iterable[str] | None' = None, "
        "from_inputs: 'Iterable[str] | None' = None, "
        "to_outputs: 'Iterable[str] | None' = None, "
        "load_versions: 'dict[str, str] | None' = None, "
        "namespaces: 'Iterable[str] | None' = None, "
        "only_missing_outputs: 'bool' = False, *, "
        "runtime_params: 'dict[str, Any] | None' = None, "
        "runtime_data: 'dict[str, Any] | None' = None, "
        "run_id: 'str | None' = None) -> 'RunResult'"
    ),
    "preload": (
        "(self, artifacts: 'Iterable[str] | None' = None, *, "
        "pipeline_names: 'list[str] | None' = None, "
        "copy_mode: 'TCopyMode' = 'assign') -> 'None'"
    ),
    "release_cache": "(self, artifacts: 'Iterable[str] | None' = None) -> 'None'",
    "cache_info": "(self) -> 'CacheInfo'",
    "reload": "(self) -> 'None'",
    "close": "(self) -> 'None'",
}
CONTEXT = {
    "package_name": "str",
    "hook_manager": "PluginManager",
    "runtime_params": "dict[str, Any]",
    "credentials": "Mapping[str, Any]",
    "parameters": "Mapping[str, Any]",
    "params": "dict[str, Any]",
    "catalog": "CatalogProtocol[Any, Any]",
    "get_catalog": (
        "(self, catalog_class: 'type | None' = None, "
        "save_version: 'str | None' = None, "
        "load_versions: 'dict[str, str] | None' = None) "
        "-> 'CatalogProtocol[Any, Any]'"
    ),
}
READ_ONLY = [
    *((KedroSession, name) for name, type_ in SESSION.items() if "(" not in type_),
    *((KedroContext, name) for name, type_ in CONTEXT.items() if "(" not in type_),
]


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 2})


@pytest.fixture
def session(project: Any) -> Iterator[Any]:
    with project.session() as session:
        yield session


def surface(cls: type, name: str) -> str:
    member = inspect.getattr_static(cls, name)
    if isinstance(member, property):
        return member.fget.__annotations__["return"]
    return str(inspect.signature(getattr(member, "__func__", member))).replace(
        "(cls, ", "("
    )


class TestSurface:
    @pytest.mark.parametrize("name", SESSION)
    def test_of_the_session(self, name):
        assert surface(KedroSession, name) == SESSION[name]

    @pytest.mark.parametrize("name", CONTEXT)
    def test_of_the_context(self, name):
        assert surface(KedroContext, name) == CONTEXT[name]

    def test_of_the_session_is_nothing_else(self):
        own = {name for name in dir(KedroSession) if not name.startswith("_")}
        assert own == set(SESSION)

    @pytest.mark.parametrize(("cls", "name"), READ_ONLY)
    def test_accessors_are_documented(self, cls, name):
        assert inspect.getdoc(inspect.getattr_static(cls, name))

    @pytest.mark.parametrize(("cls", "name"), READ_ONLY)
    def test_accessors_cannot_be_set(self, session, cls, name):
        owner = session if cls is KedroSession else session.context
        before = getattr(owner, name)
        with pytest.raises(AttributeError):
            setattr(owner, name, "other")
        assert getattr(owner, name) == before


class TestSessionValues:
    def test_identify_the_project(self, project, session):
        assert session.project_path == project.path.resolve()
        assert session.package_name == project.package
        assert session.conf_source == str(project.path.resolve() / "conf")

    def test_env_is_none_if_not_given(self, session):
        assert session.env is None
        assert session.parameters["params:rate"] == 1

    def test_env(self, project, monkeypatch):
        with project.session(env="prod") as session:
            assert session.env == session.context.env == "prod"
            assert session.parameters["params:rate"] == 2
        monkeypatch.setenv("KEDRO_ENV", "prod")
        with project.session() as session:
            assert session.env == "prod"

    def test_conf_source(self, project, tmp_path):
        other = tmp_path / "elsewhere"
        for env in ("base", "local"):
            (other / env).mkdir(parents=True)
        (other / "base" / "parameters.yml").write_text("rate: 5")
        with project.session(conf_source=str(other)) as session:
            assert session.conf_source == str(other)
            assert session.parameters["params:rate"] == 5

    def test_runtime_params_are_a_copy_both_ways(self, project):
        given = {"tree": {"depth": 9}}
        with project.session(runtime_params=given) as session:
            given["tree"]["depth"] = 10
            session.runtime_params["tree"]["depth"] = 11
            session.context.runtime_params["tree"]["depth"] = 12
            assert session.runtime_params == {"tree": {"depth": 9}}
            assert session.context.runtime_params == {"tree": {"depth": 9}}
            assert session.parameters["params:tree.depth"] == 9

    def test_runtime_params_are_empty_if_not_given(self, session):
        assert session.runtime_params == session.context.runtime_params == {}

    def test_config_loader(self, session):
        assert isinstance(session.config_loader, OmegaConfigLoader)
        assert session.config_loader is session.context.config_loader
        assert session.config_loader["parameters"]["rate"] == 1

    def test_pipelines(self, session):
        assert sorted(session.pipelines) == ["__default__", "look"]
        assert session.pipelines["look"].outputs() == {"seen"}

    def test_pipelines_are_a_copy(self, session):
        session.pipelines.clear()
        assert sorted(session.pipelines) == ["__default__", "look"]

    def test_store_is_a_copy(self, session):
        session.store["session_id"] = "other"
        assert session.store["session_id"] == session.session_id
        assert session.store["project_path"] == session.project_path

    def test_closed(self, session):
        assert session.closed is False


class TestContextValues:
    def test_are_the_session_s(self, session):
        context = session.context
        assert context.package_name == session.package_name
        assert context.hook_manager is session.hook_manager
        assert context.project_path == session.project_path
        assert dict(context.parameters) == dict(session.parameters)

    def test_credentials(self, session):
        assert dict(session.context.credentials) == {"key": {"secret": "word"}}

    def test_no_credentials_are_empty(self, recorded_project):
        project = recorded_project(FILES)
        (project.path / "conf/base/credentials.yml").unlink()
        with project.session() as session:
            assert dict(session.context.credentials) == {}

    def test_credentials_cannot_be_changed_through_them(self, session):
        session.context.credentials["key"]["secret"] = "other"
        assert session.context.credentials["key"] == {"secret": "word"}
        assert session.catalog["model"].credentials == {"secret": "word"}

    def test_parameters_have_every_nested_name(self, session):
        assert dict(session.parameters) == {
            "parameters": {"rate": 1, "tree": {"depth": 3, "leaves": [1, 2]}},
            "params:rate": 1,
            "params:tree": {"depth": 3, "leaves": [1, 2]},
            "params:tree.depth": 3,
            "params:tree.leaves": [1, 2],
        }

    def test_parameters_say_what_is_in_them(self, session):
        assert "params:tree.depth" in session.parameters
        assert "params:tree.height" not in session.parameters
        assert "tree" not in session.parameters
        with pytest.raises(KeyError, match=r"params:tree\.height"):
            session.parameters["params:tree.height"]

    def test_parameters_cannot_be_set(self, session):
        with pytest.raises(TypeError):
            session.parameters["params:rate"] = 5

    @pytest.mark.parametrize(
        "change",
        [
            lambda session: session.parameters["params:tree"].update(depth=99),
            lambda session: session.parameters["params:tree.leaves"].append(99),
            lambda session: session.parameters["parameters"]["tree"].clear(),
            lambda session: session.parameters["parameters"].clear(),
            lambda session: dict(session.parameters)["params:tree"].clear(),
        ],
    )
    def test_runs_do_not_see_what_is_changed_in_a_parameter(self, session, change):
        change(session)
        tree = session.run(runtime_data={"added": 1}).outputs["seen"][1]
        assert tree == {"depth": 3, "leaves": [1, 2]}
        assert session.parameters["params:tree"] == {"depth": 3, "leaves": [1, 2]}


class TestRetained:
    def test_the_context_is_the_same_object_each_time(self, session):
        context = session.context
        assert session.load_context() is context
        session.run(runtime_data={"added": 1}, runtime_params={"rate": 7})
        assert session.context is session.load_context() is context

    def test_the_catalog_is_the_same_object_each_time(self, session):
        catalog = session.catalog
        session.run(runtime_data={"added": 1}, runtime_params={"rate": 7})
        assert session.catalog is session.context.catalog is catalog

    def test_threads_get_the_same_context_and_catalog(self, project, session):
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        meeting = Barrier(8)

        def ask(_: int) -> tuple[int, int]:
            meeting.wait(30)
            return id(session.context), id(session.catalog)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(ask, range(8)))) == 1
        (record,) = project.module("settings").HOOKS
        assert record.events == ["after_context_created", "after_catalog_created"]

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 7}])
    def test_datasets_added_to_the_catalog_are_there_for_later_runs(
        self, session, runtime_params
    ):
        session.catalog["added"] = MemoryDataset("mine")
        for _ in range(2):
            result = session.run(runtime_params=runtime_params)
            assert result.outputs["seen"][0] == "mine"

    def test_data_added_to_the_catalog_is_there_for_later_runs(self, session):
        session.run(runtime_data={"added": 1})
        session.catalog["added"] = "mine"
        assert session.run().outputs["seen"][0] == "mine"

    def test_a_parameter_replaced_in_the_catalog_is_there_for_later_runs(self, session):
        session.catalog["params:rate"] = 8
        result = session.run(runtime_data={"added": 1})
        assert result.outputs["seen"][2] == 8


class TestNamesThatPluginsReachFor:
    def test_hook_manager(self, session):
        assert session._hook_manager is session.hook_manager
        assert session.context._hook_manager is session.hook_manager

    def test_package_name(self, session):
        assert session.context._package_name == session.package_name
        assert session._package_name == session.package_name

    def test_project_path(self, session):
        assert session._project_path == session.project_path

    def test_get_config_loader(self, session):
        loader = session._get_config_loader()
        assert loader["parameters"]["rate"] == 1

    def test_get_parameters(self, session):
        parameters = session.context._get_parameters()
        assert type(parameters) is dict
        assert parameters == dict(session.parameters)

    def test_get_config_credentials(self, session):
        credentials = session.context._get_config_credentials()
        assert type(credentials) is dict
        assert credentials == {"key": {"secret": "word"}}

    def test_get_catalog(self, session):
        catalog = session.context._get_catalog(
            DataCatalog, save_version="v1", load_versions={"releases": "v0"}
        )
        assert isinstance(catalog, DataCatalog)
        assert catalog is not session.catalog
        assert catalog["releases"]._version == ("v0", "v1")

    def test_store(self, session):
        assert session._store["session_id"] == session.session_id


class TestGetCatalog:
    def test_gives_a_catalog_of_one_s_own(self, session):
        catalog = session.context.get_catalog()
        assert catalog is not session.catalog
        catalog["added"] = 1
        assert "added" not in session.catalog
        assert catalog.load("model") == {"weight": 2}
        assert catalog.load("params:tree.depth") == 3

    def test_takes_versions(self, session):
        catalog = session.context.get_catalog(
            save_version="v1", load_versions={"releases": "v0"}
        )
        assert catalog["releases"]._version == ("v0", "v1")

    def test_takes_a_class(self, session):
        class Other(DataCatalog):
            pass

        catalog = session.context.get_catalog(Other)
        assert isinstance(catalog, Other)
        assert catalog.load("model") == {"weight": 2}

    def test_refuses_versions_of_unknown_datasets(self, session):
        with pytest.raises(DatasetNotFoundError, match=r"\[nowhere\]"):
            session.context.get_catalog(load_versions={"nowhere": "v0"})

    def test_fires_the_hook_each_time(self, project, session):
        (record,) = project.module("settings").HOOKS
        session.context.get_catalog()
        session.context.get_catalog()
        assert record.events.count("after_catalog_created") == 2


class TestCreate:
    def test_takes_a_session_id(self, project):
        with project.session(session_id="mine") as session:
            assert session.session_id == session.store["session_id"] == "mine"
            result = session.run(runtime_data={"added": 1})
            assert result.session_id == "mine"
            assert result.run_id != "mine"

    @pytest.mark.parametrize("session_id", ["", 5])
    def test_refuses_a_session_id_that_is_none(self, project, session_id):
        with pytest.raises(KedroSessionError, match="`session_id`"):
            project.session(session_id=session_id)

    def test_fires_the_project_s_hooks_if_no_manager_is_given(self, project, session):
        (record,) = project.module("settings").HOOKS
        session.run(runtime_data={"added": 1})
        assert record.events == [
            "after_context_created",
            "after_catalog_created",
            "before_pipeline_run",
        ]

    @pytest.mark.parametrize(
        "manager",
        [
            _create_hook_manager,
            _NullPluginManager,
            lambda: PluginManager("kedro"),
        ],
    )
    def test_fires_no_hook_with_an_empty_manager(self, project, manager):
        (record,) = project.module("settings").HOOKS
        with project.session(hook_manager=manager()) as session:
            assert "model" in session.catalog
            session.run(runtime_data={"added": 1})
        assert record.events == []

    def test_fires_the_hooks_of_the_given_manager(self, project):
        class Count:
            events = 0

            @hook_impl
            def before_node_run(self):
                self.events += 1

        count = Count()
        manager = _create_hook_manager()
        manager.register(count)
        with project.session(hook_manager=manager) as session:
            assert session.hook_manager is manager
            session.run(runtime_data={"added": 1})
        assert count.events == 1

    def test_takes_the_path_as_text(self, project):
        with KedroSession.create(str(project.path)) as session:
            assert session.project_path == project.path.resolve()
            assert isinstance(session.project_path, Path)
