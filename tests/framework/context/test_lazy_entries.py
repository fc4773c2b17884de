"""A project's catalog costs nothing until it is used, and breaks only where it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kedro.io import DatasetError

# What somebody sees who looks at the catalog: the type as far as it can be found out.
BROKEN = {
    "no_credentials": "cannot be resolved",
    "unclear": "cannot be resolved",
    "needs_a_parameter": "cannot be resolved",
    "not_installed": "acme.storage.Dataset",
    "no_such_class": "{package}.datasets.Nowhere",
    "no_type": "cannot be resolved",
    "no_entry": "cannot be resolved",
    "wrong_argument": "{package}.datasets.RecordedDataset",
    "unreachable": "{package}.remote.RemoteDataset",
}
NAMES_WHAT_IS_WRONG = {
    "no_credentials": "Unable to find credentials 'nowhere'",
    "unclear": "Interpolation key 'nowhere' not found",
    "needs_a_parameter": "Runtime parameter 'where' not found",
    "not_installed": "acme",
    "no_such_class": "Nowhere",
    "no_type": "'type' is missing",
    "no_entry": "not a valid dataset configuration",
    "wrong_argument": "must only contain arguments valid",
    "unreachable": "nobody answers",
}
FILES = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
        no_credentials:
          type: {package}.datasets.RecordedDataset
          filepath: data/a.json
          credentials: nowhere
        unclear:
          type: {package}.datasets.RecordedDataset
          filepath: ${nowhere}/a.json
        needs_a_parameter:
          type: {package}.datasets.RecordedDataset
          filepath: data/${runtime_params:where}.json
        not_installed:
          type: acme.storage.Dataset
          filepath: data/a.json
        no_such_class:
          type: {package}.datasets.Nowhere
          filepath: data/a.json
        no_type:
          filepath: data/a.json
        no_entry: 5
        wrong_argument:
          type: {package}.datasets.RecordedDataset
          filename: data/a.json
        unreachable:
          type: {package}.remote.RemoteDataset
        "{name}_lookup":
          type: {package}.datasets.RecordedDataset
          filepath: data/${runtime_params:where}/{name}.json
        "{name}_table":
          type: {package}.datasets.RecordedDataset
          filepath: data/{name}.json
    """,
    "conf/base/parameters.yml": """
        rate: 1
        unclear: ${nowhere}
    """,
    "conf/base/credentials.yml": """
        key: {secret: word}
        unclear: {secret: "${oc.env:KEDRO_TEST_NOWHERE}"}
    """,
    "{package}/remote.py": """
        from kedro.io import AbstractDataset


        class RemoteDataset(AbstractDataset):
            def __init__(self):
                raise ConnectionError("nobody answers")

            def load(self):
                raise NotImplementedError

            def save(self, data):
                raise NotImplementedError

            def _describe(self):
                return {}
    """,
    "{package}/nodes.py": """
        ran = []


        def look(data, rate):
            ran.append(data)
            return data


        def begin(model):
            ran.append("begin")
            return 1


        def both(begun, data):
            return data
    """,
    "{package}/pipeline_registry.py": f"""
        from kedro.pipeline import node, pipeline

        from {{package}} import nodes


        def register_pipelines():
            names = {[*BROKEN, "model", "eu_lookup", "eu_table"]!r}
            look = {{
                name: pipeline([node(nodes.look, [name, "params:rate"], "seen")])
                for name in names
            }}
            late = {{
                f"late_{{name}}": pipeline(
                    [
                        node(nodes.begin, "model", "begun"),
                        node(nodes.both, ["begun", name], "seen"),
                    ]
                )
                for name in names
            }}
            return {{"__default__": look["model"], **look, **late}}
    """,
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES, model={"weight": 2}, eu={"currency": "EUR"})


@pytest.fixture
def session(project: Any) -> Iterator[Any]:
    with project.session() as session:
        yield session


class TestNothingIsBuilt:
    def imported(self, project: Any) -> bool:
        return f"{project.package}.datasets" in sys.modules

    def test_by_creating_a_session(self, project, session):
        assert not self.imported(project)

    def test_by_making_context_and_catalog(self, project, session):
        assert "model" in session.context.catalog
        assert not self.imported(project)

    def test_by_listing(self, project, session):
        catalog = session.catalog
        assert "model" in list(catalog)
        assert len(catalog) > len(BROKEN)
        assert catalog.filter(name_regex="^model$") == ["model"]
        assert "eu_lookup" in catalog
        assert catalog.config_resolver.list_patterns()
        assert not self.imported(project)

    def test_by_asking_for_types(self, project, session):
        path = f"{project.package}.datasets.RecordedDataset"
        assert session.catalog.get_type("model") == path
        assert session.catalog.get_type("eu_table") == path
        assert project.events() == []

    def test_by_printing(self, project, session):
        assert f"'model': {project.package}.datasets.RecordedDataset" in str(
            session.catalog
        )
        assert project.events() == []

    def test_by_parameters_and_credentials(self, project, session):
        assert session.parameters["params:rate"] == 1
        assert session.context.credentials["key"] == {"secret": "word"}
        assert not self.imported(project)

    def test_by_a_run_but_what_it_uses(self, project, session):
        session.run()
        assert project.events() == ["build model.json", "load model.json"]


class TestBrokenEntries:
    def test_leave_other_runs_working(self, session):
        assert session.run().outputs["seen"] == {"weight": 2}
        assert session.run(pipeline_names=["eu_table"]).outputs["seen"] == {
            "currency": "EUR"
        }

    @pytest.mark.parametrize("name", BROKEN)
    def test_fail_runs_that_use_them_and_say_why(self, project, session, name):
        with pytest.raises(DatasetError, match=name) as caught:
            session.run(pipeline_names=[name])
        assert NAMES_WHAT_IS_WRONG[name] in str(caught.value)
        assert project.module("nodes").ran == []
        assert session.run().outputs["seen"] == {"weight": 2}

    @pytest.mark.parametrize("name", [name for name in BROKEN if name != "unreachable"])
    def test_fail_before_the_first_node(self, project, session, name):
        with pytest.raises(DatasetError, match=name):
            session.run(pipeline_names=[f"late_{name}"])
        assert project.module("nodes").ran == []
        assert project.happened("load model.json") == 0

    @pytest.mark.parametrize("name", BROKEN)
    def test_do_not_matter_to_a_run_that_injects_them(self, session, name):
        result = session.run(pipeline_names=[name], runtime_data={name: "injected"})
        assert result.outputs["seen"] == "injected"

    @pytest.mark.parametrize("name", BROKEN)
    def test_can_be_replaced(self, session, name):
        session.catalog[name] = "replaced"
        result = session.run(pipeline_names=[name])
        assert result.outputs["seen"] == "replaced"

    @pytest.mark.parametrize("name", BROKEN)
    def test_cannot_be_preloaded(self, session, name):
        with pytest.raises(DatasetError, match=name):
            session.preload(["model", name])
        assert session.cache_info() == []

    @pytest.mark.parametrize("name", BROKEN)
    def test_cannot_be_loaded_from_the_catalog(self, session, name):
        with pytest.raises(DatasetError, match=name):
            session.catalog.load(name)
        assert session.catalog.load("model") == {"weight": 2}

    def test_one_that_lacks_a_parameter_works_for_runs_that_give_it(
        self, project, session
    ):
        result = session.run(
            pipeline_names=["needs_a_parameter"], runtime_params={"where": "model"}
        )
        assert result.outputs["seen"] == {"weight": 2}

    def test_a_pattern_that_lacks_a_parameter_fails_only_its_runs(
        self, project, session
    ):
        with pytest.raises(DatasetError, match=r"\{name\}_lookup"):
            session.run(pipeline_names=["eu_lookup"])
        project.write("here/eu.json", {"currency": "EUR"})
        result = session.run(
            pipeline_names=["eu_lookup"], runtime_params={"where": "here"}
        )
        assert result.outputs["seen"] == {"currency": "EUR"}

    @pytest.mark.parametrize("name", BROKEN)
    def test_are_listed(self, session, name):
        catalog = session.catalog
        assert name in catalog
        assert name in list(catalog)
        assert catalog.filter(name_regex=f"^{name}$") == [name]

    @pytest.mark.parametrize(("name", "shown"), BROKEN.items())
    def test_are_printed_with_what_is_known_of_their_type(
        self, project, session, name, shown
    ):
        shown = shown.replace("{package}", project.package)
        (line,) = [
            line
            for line in str(session.catalog).splitlines()
            if line.startswith(f"'{name}': ")
        ]
        assert shown in line
        assert shown in session.catalog.get_type(name)

    def test_do_not_stop_filtering_by_type(self, project, session):
        names = session.catalog.filter(type_regex="RecordedDataset$")
        assert names == ["model", "wrong_argument"]

    def test_a_broken_parameter_fails_only_runs_that_use_it(self, session):
        assert session.run().outputs["seen"] == {"weight": 2}
        assert session.parameters["params:rate"] == 1
        with pytest.raises(Exception, match="nowhere"):
            session.parameters["params:unclear"]

    def test_broken_credentials_fail_only_what_uses_them(self, session):
        assert session.context.credentials["key"] == {"secret": "word"}
        with pytest.raises(Exception, match="KEDRO_TEST_NOWHERE"):
            session.context.credentials["unclear"]
