"""Contexts, configuration loaders and hooks that a project has of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

CATALOG = """
    model:
      type: {package}.datasets.RecordedDataset
      filepath: data/${runtime_params:name, model}.json
      credentials: key
"""
PROJECT = {
    "conf/base/catalog.yml": CATALOG,
    "conf/base/parameters.yml": """
        rate: 1
        tree: {depth: 3}
    """,
    "conf/base/credentials.yml": "key: {secret: from a file}",
    "{package}/nodes.py": """
        from kedro.framework.hooks import hook_impl

        secrets = []


        def look(model, rate):
            return model["weight"], rate


        class TakeSecrets:
            @hook_impl
            def before_pipeline_run(self, catalog):
                secrets.append(catalog["model"].credentials)
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            inputs = ["model", "params:rate"]
            return {"__default__": pipeline([node(nodes.look, inputs, "seen")])}
    """,
}


@pytest.fixture
def make(recorded_project: Callable[..., Any]) -> Callable[..., Any]:
    """A project with one more module, and settings that use it."""

    def make(settings: str, **modules: str) -> Any:
        files = {
            **PROJECT,
            **{f"{{package}}/{name}.py": text for name, text in modules.items()},
            "{package}/settings.py": settings,
        }
        return recorded_project(files, model={"weight": 2}, other={"weight": 9})

    return make


def seen(session: Any, **arguments: Any) -> Any:
    return session.run(**arguments).outputs["seen"]


class TestContextClass:
    SETTINGS = """
        from {package}.context import OwnContext

        CONTEXT_CLASS = OwnContext
    """

    def project(self, make: Callable[..., Any], body: str) -> Any:
        head = "from kedro.framework.context import KedroContext\n\n\n"
        return make(self.SETTINGS, context=head + body)

    def test_is_the_context_s_class(self, make):
        project = self.project(make, "class OwnContext(KedroContext):\n    pass\n")
        with project.session() as session:
            assert type(session.context) is project.module("context").OwnContext
            assert seen(session) == (2, 1)

    @pytest.mark.parametrize("runtime_params", [None, {"tree": {"depth": 4}}])
    def test_params_decides_about_parameters(self, make, runtime_params):
        project = self.project(
            make,
            """class OwnContext(KedroContext):
    @property
    def params(self):
        return {**super().params, "rate": 100 * super().params["rate"]}
""",
        )
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params) == (2, 100)
            assert session.catalog.load("params:rate") == 100

    def test_params_sees_the_runtime_params_of_each_run(self, make):
        project = self.project(
            make,
            """class OwnContext(KedroContext):
    @property
    def params(self):
        return {**super().params, "rate": 100 * super().params["rate"]}
""",
        )
        with project.session() as session:
            for rate in (2, 3):
                result = seen(session, runtime_params={"rate": rate})
                assert result == (2, 100 * rate)
            assert seen(session) == (2, 100)

    @pytest.mark.parametrize(
        ("runtime_params", "rate"), [(None, 11), ({"rate": 5}, 15)]
    )
    def test_get_parameters_decides_about_parameters(self, make, runtime_params, rate):
        project = self.project(
            make,
            """class OwnContext(KedroContext):
    def _get_parameters(self):
        parameters = super()._get_parameters()
        return {**parameters, "params:rate": parameters["params:rate"] + 10}
""",
        )
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params) == (2, rate)

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 5}])
    def test_get_config_credentials_decides_about_credentials(
        self, make, runtime_params
    ):
        project = self.project(
            make,
            """class OwnContext(KedroContext):
    def _get_config_credentials(self):
        return {"key": {"secret": "from a vault"}}
""",
        )
        with project.session() as session:
            session.hook_manager.register(project.module("nodes").TakeSecrets())
            seen(session, runtime_params=runtime_params)
            assert session.catalog["model"].credentials == {"secret": "from a vault"}
        assert project.module("nodes").secrets == [{"secret": "from a vault"}]

    GET_CATALOG = """from kedro.io import MemoryDataset


class OwnContext(KedroContext):
    def _get_catalog(self, *args, **kwargs):
        catalog = super()._get_catalog(*args, **kwargs)
        catalog["model"] = MemoryDataset({"weight": 7})
        return catalog
"""

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 5}])
    def test_get_catalog_decides_about_the_catalog(self, make, runtime_params):
        project = self.project(make, self.GET_CATALOG)
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params)[0] == 7
            assert seen(session, runtime_params=runtime_params)[0] == 7
            assert session.catalog.load("model") == {"weight": 7}
        assert project.events() == []


class TestConfigLoaderClass:
    def test_that_reads_no_files(self, make):
        project = make(
            """
            from {package}.loader import DictLoader

            CONFIG_LOADER_CLASS = DictLoader
            """,
            loader="""
            from kedro.config import AbstractConfigLoader


            class DictLoader(AbstractConfigLoader):
                def __init__(self, conf_source, env=None, runtime_params=None, **_):
                    super().__init__(conf_source, env, runtime_params)
                    name = self.runtime_params.get("name", "model")
                    self["catalog"] = {
                        "model": {
                            "type": "{package}.datasets.RecordedDataset",
                            "filepath": f"data/{name}.json",
                            "credentials": "key",
                        }
                    }
                    self["parameters"] = {"rate": 6, **self.runtime_params}
                    self["credentials"] = {"key": {"secret": "from a dict"}}
            """,
        )
        with project.session() as session:
            assert type(session.config_loader).__name__ == "DictLoader"
            assert seen(session) == (2, 6)
            assert seen(session, runtime_params={"rate": 8}) == (2, 8)
            assert seen(session, runtime_params={"name": "other"}) == (9, 6)
            assert seen(session) == (2, 6)
            assert session.catalog["model"].credentials == {"secret": "from a dict"}

    @pytest.mark.parametrize("base", ["AbstractConfigLoader", "OmegaConfigLoader"])
    def test_that_overrides_lookup(self, make, base):
        project = make(
            """
            from {package}.loader import OwnLoader

            CONFIG_LOADER_CLASS = OwnLoader
            CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
            """,
            loader=f"""
            from kedro.config import OmegaConfigLoader


            class OwnLoader(OmegaConfigLoader):
                def __getitem__(self, key):
                    config = super().__getitem__(key)
                    if key == "catalog" and {base == "OmegaConfigLoader"}:
                        config["model"]["filepath"] = "data/other.json"
                    if key == "parameters":
                        config["rate"] *= 10
                    return config
            """,
        )
        weight = 9 if base == "OmegaConfigLoader" else 2
        with project.session() as session:
            assert seen(session) == (weight, 10)
            assert seen(session, runtime_params={"rate": 2}) == (weight, 20)
            assert seen(session) == (weight, 10)
            assert session.parameters["params:rate"] == 10

    def test_arguments_that_are_set_for_it(self, make):
        project = make(
            """
            CONFIG_LOADER_ARGS = {
                "base_env": "base",
                "default_run_env": "local",
                "merge_strategy": {"parameters": "soft"},
                "config_patterns": {"parameters": ["params*", "parameters*"]},
            }
            """
        )
        (project.path / "conf/local/params.yml").write_text(
            "tree: {height: 5}\nrate: 4"
        )
        with project.session() as session:
            assert session.parameters["params:tree"] == {"depth": 3, "height": 5}
            assert seen(session) == (2, 4)

    def test_concurrent_runs_have_loaders_of_their_own(self, make):
        project = make(
            """
            from {package}.loader import OwnLoader

            CONFIG_LOADER_CLASS = OwnLoader
            CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
            """,
            loader="""
            from kedro.config import OmegaConfigLoader


            class OwnLoader(OmegaConfigLoader):
                def __getitem__(self, key):
                    return super().__getitem__(key)
            """,
        )
        with project.session() as session, ThreadPoolExecutor(4) as pool:
            runs = pool.map(
                lambda rate: seen(session, runtime_params={"rate": rate}), range(16)
            )
            assert list(runs) == [(2, rate) for rate in range(16)]


class TestHooksThatSetConfiguration:
    SETTINGS = """
        from kedro.framework.hooks import hook_impl


        class SetConfiguration:
            @hook_impl
            def after_context_created(self, context):
                {body}


        HOOKS = (SetConfiguration(),)
    """

    def project(self, make: Callable[..., Any], body: str) -> Any:
        return make(self.SETTINGS.replace("{body}", body))

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 5}, {"name": "other"}])
    def test_credentials_are_those_of_all_runs(self, make, runtime_params):
        project = self.project(
            make,
            'context.config_loader["credentials"] = {"key": {"secret": "from a hook"}}',
        )
        with project.session() as session:
            session.hook_manager.register(project.module("nodes").TakeSecrets())
            seen(session, runtime_params=runtime_params)
            assert session.context.credentials["key"] == {"secret": "from a hook"}
        assert project.module("nodes").secrets == [{"secret": "from a hook"}]

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 5}])
    def test_credentials_are_merged_into_what_there_was(self, make, runtime_params):
        project = self.project(
            make,
            'context.config_loader["credentials"] = '
            '{**context.config_loader["credentials"], "more": {"secret": 1}}',
        )
        with project.session() as session:
            seen(session, runtime_params=runtime_params)
            assert dict(session.context.credentials) == {
                "key": {"secret": "from a file"},
                "more": {"secret": 1},
            }

    def test_credentials_are_in_force_after_reload(self, make):
        project = self.project(
            make,
            'context.config_loader["credentials"] = {"key": {"secret": "from a hook"}}',
        )
        with project.session() as session:
            session.reload()
            assert session.catalog["model"].credentials == {"secret": "from a hook"}

    @pytest.mark.parametrize("runtime_params", [None, {"tree": {"depth": 5}}])
    def test_parameters_are_those_of_all_runs(self, make, runtime_params):
        project = self.project(
            make, 'context.config_loader["parameters"] = {"rate": 55}'
        )
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params) == (2, 55)

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 1}])
    def test_the_catalog_is_that_of_all_runs(self, make, runtime_params):
        project = self.project(
            make,
            'context.config_loader["catalog"] = '
            '{"model": {"type": "MemoryDataset", "data": {"weight": 3}}}',
        )
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params) == (3, 1)

    def test_what_is_set_on_a_loader_that_reads_no_files(self, make):
        project = make(
            """
            from kedro.framework.hooks import hook_impl

            from {package}.loader import DictLoader

            CONFIG_LOADER_CLASS = DictLoader


            class SetConfiguration:
                @hook_impl
                def after_context_created(self, context):
                    context.config_loader["credentials"] = {
                        "key": {"secret": "from a hook"}
                    }


            HOOKS = (SetConfiguration(),)
            """,
            loader="""
            from kedro.config import AbstractConfigLoader


            class DictLoader(AbstractConfigLoader):
                def __init__(self, conf_source, env=None, runtime_params=None, **_):
                    super().__init__(conf_source, env, runtime_params)
                    self["catalog"] = {
                        "model": {
                            "type": "{package}.datasets.RecordedDataset",
                            "filepath": "data/model.json",
                            "credentials": "key",
                        }
                    }
                    self["parameters"] = {"rate": 6, **self.runtime_params}
                    self["credentials"] = {}
            """,
        )
        with project.session() as session:
            session.hook_manager.register(project.module("nodes").TakeSecrets())
            assert seen(session) == (2, 6)
            assert seen(session, runtime_params={"rate": 8}) == (2, 8)
        assert project.module("nodes").secrets == [{"secret": "from a hook"}] * 2


class TestHooksThatChangeTheCatalog:
    SETTINGS = """
        from kedro.framework.hooks import hook_impl
        from kedro.io import MemoryDataset


        class ChangeCatalog:
            @hook_impl
            def after_catalog_created(self, catalog):
                catalog["model"] = MemoryDataset({"weight": 4})
                catalog["params:rate"] = 44


        HOOKS = (ChangeCatalog(),)
    """
    OWN_CATALOG = """
        from {package}.catalog import OwnCatalog

        DATA_CATALOG_CLASS = OwnCatalog
    """

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 5}, {"name": "other"}])
    def test_hold_for_all_runs(self, make, runtime_params):
        project = make(self.SETTINGS)
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params) == (4, 44)
            assert seen(session, runtime_params=runtime_params) == (4, 44)

    @pytest.mark.parametrize("runtime_params", [None, {"rate": 5}, {"name": "other"}])
    def test_hold_for_all_runs_of_a_catalog_class_that_reads_all_entries(
        self, make, runtime_params
    ):
        project = make(
            self.SETTINGS + self.OWN_CATALOG,
            catalog="""
            from kedro.io import DataCatalog


            class OwnCatalog(DataCatalog):
                @classmethod
                def from_config(cls, catalog, *args, **kwargs):
                    return super().from_config(dict(catalog), *args, **kwargs)
            """,
        )
        with project.session() as session:
            assert seen(session, runtime_params=runtime_params) == (4, 44)
            assert seen(session, runtime_params=runtime_params) == (4, 44)
