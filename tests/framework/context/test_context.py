"""``KedroContext`` as plugins and tests use it, without a session."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from kedro.config import OmegaConfigLoader
from kedro.framework.context import CatalogCommandsMixin, KedroContext, compose_classes
from kedro.framework.context.context import _convert_paths_to_absolute_posix
from kedro.framework.hooks.manager import _create_hook_manager, _NullPluginManager
from kedro.io import DataCatalog

FILES = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
    """,
    "conf/base/parameters.yml": """
        rate: 1
        tree: {depth: 3, leaves: [1, 2]}
        dotted.name: 5
    """,
    "{package}/pipeline_registry.py": """
        def register_pipelines():
            return {}
    """,
}


def make_context(project: Any, **arguments: Any) -> KedroContext:
    runtime_params = deepcopy(arguments.get("runtime_params"))
    return KedroContext(
        **{
            "package_name": project.package,
            "project_path": project.path,
            "config_loader": OmegaConfigLoader(
                str(project.path / "conf"),
                base_env="base",
                default_run_env="local",
                runtime_params=runtime_params,
            ),
            "env": None,
            "hook_manager": _create_hook_manager(),
            **arguments,
        }
    )


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 2})


class TestWithoutSession:
    def test_has_a_catalog_that_is_retained(self, project):
        context = make_context(project)
        assert context.catalog is context.catalog
        assert context.catalog.load("model") == {"weight": 2}
        assert context.catalog.load("params:tree.depth") == 3

    def test_has_parameters(self, project):
        context = make_context(project)
        assert context.params["tree"] == {"depth": 3, "leaves": [1, 2]}
        assert context.parameters["params:dotted.name"] == 5

    def test_shows_its_parameters_and_nothing_that_it_keeps(self, project):
        path = project.path / "conf/base/parameters.yml"
        path.write_text("rate: 1\nbroken: ${no_such_key}\n")
        context = make_context(project)
        assert repr(context.parameters) == "ParametersView({'rate': 1})"
        shown = repr(context)
        assert context.catalog.load("params:rate") == 1
        assert repr(context) == shown
        assert str(project.path) in shown

    def test_has_runtime_params_on_top(self, project):
        given = {"tree": {"depth": 4}}
        context = make_context(project, runtime_params=given)
        given["tree"]["depth"] = 5
        assert context.runtime_params == {"tree": {"depth": 4}}
        assert context.params["tree"] == {"depth": 4, "leaves": [1, 2]}

    def test_project_path_is_absolute(self, project, monkeypatch):
        monkeypatch.chdir(project.path.parent)
        context = make_context(project, project_path="project")
        assert context.project_path == project.path.resolve()

    def test_calls_no_hooks_with_a_null_manager(self, project):
        context = make_context(project, hook_manager=_NullPluginManager())
        assert "model" in context.catalog

    def test_datasets_are_found_from_any_folder(self, project, monkeypatch, tmp_path):
        context = make_context(project)
        monkeypatch.chdir(tmp_path)
        assert context.catalog.load("model") == {"weight": 2}

    def test_without_parameter_files_warns_and_has_the_runtime_params(self, project):
        (project.path / "conf/base/parameters.yml").unlink()
        context = make_context(project, runtime_params={"rate": 9})
        with pytest.warns(UserWarning, match="Parameters not found"):
            assert context.params == {"rate": 9}

    def test_has_the_commands_of_kedro_catalog(self, project):
        catalog = make_context(project).catalog
        assert isinstance(catalog, CatalogCommandsMixin)
        assert type(catalog).__name__ == "DataCatalogWithCatalogCommandsMixin"
        assert catalog.list_patterns() == ["{default}"]


TYPED = {
    **FILES,
    "{package}/nodes.py": """
        from pydantic import BaseModel


        class Tree(BaseModel):
            depth: int
            leaves: list[int] = []


        def look(tree: Tree):
            return type(tree).__name__, tree.depth
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            look = node(nodes.look, "params:tree", "seen")
            return {"__default__": pipeline([look])}
    """,
}


class TestTypedParameters:
    @pytest.fixture
    def project(self, recorded_project: Callable[..., Any]) -> Any:
        return recorded_project(TYPED)

    def test_are_what_nodes_ask_for(self, project):
        context = make_context(project)
        assert type(context.params["tree"]).__name__ == "Tree"
        assert context.parameters["params:tree"].depth == 3
        assert context.parameters["params:tree.depth"] == 3


class TestComposeClasses:
    def test_puts_the_class_first(self):
        class Mixin:
            def load(self) -> str:
                return "mixin"

            def more(self) -> str:
                return "more"

        composed = compose_classes(DataCatalog, Mixin)
        assert composed.__name__ == "DataCatalogWithMixin"
        assert composed.load is DataCatalog.load
        assert composed().more() == "more"


class TestConvertPaths:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("data/model.json", "/home/me/data/model.json"),
            ("/srv/model.json", "/srv/model.json"),
            ("s3://bucket/model.json", "s3://bucket/model.json"),
            ("C:\\data\\model.json", "C:/data/model.json"),
        ],
    )
    @pytest.mark.parametrize("key", ["filepath", "path", "filename"])
    def test_makes_relative_ones_absolute(self, path, expected, key):
        conf = {"model": {"nested": {key: path}}, "other": path}
        converted = _convert_paths_to_absolute_posix(Path("/home/me"), conf)
        assert converted == {"model": {"nested": {key: expected}}, "other": path}

    def test_refuses_a_relative_project_path(self):
        with pytest.raises(ValueError, match="must be an absolute path"):
            _convert_paths_to_absolute_posix(Path("me"), {})
