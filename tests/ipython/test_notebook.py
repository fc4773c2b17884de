"""What ``%load_ext kedro.ipython`` gives to a notebook, in a real kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/model.json
    """,
    "conf/base/parameters.yml": "rate: 2",
    "conf/prod/parameters.yml": "rate: 7",
    "{package}/nodes.py": '''
        """Steps of the tests' pipelines."""

        import time
        from pathlib import Path

        UNIT = 1


        def scaled(value):
            return value * UNIT


        def weigh(model, rate):
            return scaled(model["weight"]) * rate


        def greet(name):
            return f"Hello {name}"


        def wait(started):
            Path(started).touch()
            # In steps: a signal that comes as a sleep begins does not end it.
            for _ in range(6000):
                time.sleep(0.01)
    ''',
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            weigh = node(nodes.weigh, ["model", "params:rate"], "weight", name="weigh")
            return {
                "__default__": pipeline([weigh]),
                "weigh": pipeline([weigh]),
                "greet": pipeline([node(nodes.greet, "name", "greeting")]),
                "wait": pipeline([node(nodes.wait, "started", "never")]),
            }
    """,
}
NAMES = "session, context, catalog, pipelines"
WEIGHT = 'session.run().outputs["weight"]'


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(PROJECT, model={"weight": 3})


@pytest.fixture
def notebook(open_notebook: Callable[..., Any], project: Any) -> Any:
    notebook = open_notebook(project.path)
    notebook("%load_ext kedro.ipython")
    return notebook


class TestNames:
    def test_are_those_of_one_session(self, notebook):
        notebook("from kedro.framework import project")
        notebook("from kedro.framework.context import KedroContext")
        notebook("from kedro.framework.session import KedroSession")
        notebook("from kedro.io import DataCatalog")

        assert notebook.value("type(session) is KedroSession")
        assert notebook.value("type(context) is KedroContext")
        assert notebook.value("isinstance(catalog, DataCatalog)")
        assert notebook.value("context is session.context is session.load_context()")
        assert notebook.value("catalog is session.catalog is context.catalog")
        assert notebook.value("pipelines is project.pipelines")
        assert notebook.value("sorted(pipelines) == sorted(session.pipelines)")
        assert notebook.value("sorted(pipelines)") == [
            "__default__",
            "greet",
            "wait",
            "weigh",
        ]

    def test_show_the_project(self, notebook, project):
        assert notebook.value("str(session.project_path)") == str(project.path)
        assert notebook.value('catalog.load("model")') == {"weight": 3}
        assert notebook.value('context.params["rate"]') == 2
        assert notebook.value("catalog.filter(name_regex='mod')") == ["model"]

    def test_have_the_commands_of_the_catalog(self, notebook):
        described = notebook.value('catalog.describe_datasets(["weigh"])')
        assert "weigh" in described
        assert "model" in notebook.value("catalog.resolve_patterns()")

    def test_come_with_reloading_outside_of_a_project(
        self, open_notebook, project, tmp_path
    ):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        notebook = open_notebook(elsewhere)

        told = " ".join(notebook("%load_ext kedro.ipython").messages)
        assert "couldn't find a Kedro project" in " ".join(told.split())
        assert notebook.attempt("session").error.startswith("NameError")

        notebook(f"%reload_kedro {project.path}")
        assert notebook.value(WEIGHT) == 6


class TestRuns:
    def test_again_and_again(self, notebook):
        notebook("results = [session.run() for _ in range(3)]")
        notebook('results.append(session.run(pipeline_names=["weigh"]))')

        assert notebook.value('[r.outputs["weight"] for r in results]') == [6] * 4
        assert notebook.value("len({r.run_id for r in results})") == 4
        assert notebook.value("{r.session_id for r in results} == {session.session_id}")

    def test_see_a_dataset_that_was_added(self, notebook):
        greet = 'session.run(pipeline_names=["greet"]).outputs["greeting"]'
        assert "name" in notebook.attempt(greet).error

        notebook('catalog["name"] = "Ada"')
        assert notebook.value(greet) == "Hello Ada"
        notebook('catalog["name"] = "Grace"')
        assert notebook.value(greet) == "Hello Grace"

    def test_see_a_dataset_in_place_of_a_configured_one(self, notebook):
        assert notebook.value(WEIGHT) == 6
        notebook('catalog["model"] = {"weight": 5}')
        assert notebook.value(WEIGHT) == 10

    def test_go_on_after_one_that_failed(self, notebook):
        failed = notebook.attempt('session.run(runtime_data={"model": None})')
        assert "TypeError" in failed.error
        assert notebook.value(WEIGHT) == 6

    def test_go_on_after_one_that_was_interrupted(self, notebook, tmp_path):
        started = tmp_path / "started"
        arguments = f'pipeline_names=["wait"], runtime_data={{"started": "{started}"}}'
        cell = notebook.start(f"session.run({arguments}, run_id='mine')")
        while not started.exists():
            time.sleep(0.01)

        notebook.interrupt()

        assert notebook.wait(cell).error.startswith("KeyboardInterrupt")
        assert notebook.value('session.run(run_id="mine").outputs["weight"]') == 6


class TestEdits:
    def test_of_parameters_are_seen_after_session_reload(self, notebook, project):
        assert notebook.value(WEIGHT) == 6
        project.edit("conf/base/parameters.yml", "rate: 4")
        assert notebook.value(WEIGHT) == 6

        notebook("session.reload()")

        assert notebook.value(WEIGHT) == 12
        assert notebook.value('session.context.params["rate"]') == 4
        assert notebook.value('session.catalog.load("params:rate")') == 4
        notebook('session.catalog["model"] = {"weight": 5}')
        assert notebook.value(WEIGHT) == 20

    def test_are_seen_by_the_names_after_session_reload(self, notebook, project):
        assert notebook.value(WEIGHT) == 6
        project.edit("conf/base/parameters.yml", "rate: 4")
        notebook("mine = catalog")

        notebook('session.reload(); catalog["model"] = {"weight": 5}')

        assert notebook.value("context is session.context")
        assert notebook.value("catalog is session.catalog")
        assert notebook.value("mine is not catalog")
        assert notebook.value('context.params["rate"]') == 4
        assert notebook.value(WEIGHT) == 20

    def test_leave_names_alone_that_stand_for_something_else(self, notebook):
        notebook("catalog = 'mine'; session.reload()")
        assert notebook.value("catalog") == "mine"
        assert notebook.value("context is session.context")

    def test_of_parameters_are_seen_after_reload_kedro(self, notebook, project):
        assert notebook.value(WEIGHT) == 6
        project.edit("conf/base/parameters.yml", "rate: 4")

        notebook("%reload_kedro")

        assert notebook.value(WEIGHT) == 12
        assert notebook.value('context.params["rate"]') == 4

    def test_of_python_modules_are_seen_after_reload_kedro(self, notebook, project):
        assert notebook.value(WEIGHT) == 6
        nodes = PROJECT["{package}/nodes.py"].replace("UNIT = 1", "UNIT = 1000")
        project.edit(f"src/{project.package}/nodes.py", nodes)

        notebook("session.reload()")
        assert notebook.value(WEIGHT) == 6
        notebook("%reload_kedro")
        assert notebook.value(WEIGHT) == 6000


class TestReloadKedro:
    def test_sets_all_names_anew(self, notebook):
        notebook("before = session, context, catalog")
        notebook("%reload_kedro")

        after = "(session, context, catalog)"
        assert (
            notebook.value(f"[a is b for a, b in zip(before, {after})]") == [False] * 3
        )
        assert notebook.value("context is session.context")
        assert notebook.value("catalog is session.catalog is context.catalog")

    def test_takes_path_environment_and_parameters(self, notebook, project):
        notebook(f"%reload_kedro {project.path} --env=prod")
        assert notebook.value("session.env, context.env") == ("prod", "prod")
        assert notebook.value(WEIGHT) == 21

        notebook('%reload_kedro --params="rate=9"')
        assert notebook.value("session.runtime_params") == {"rate": 9}
        assert notebook.value("session.env") is None
        assert notebook.value(WEIGHT) == 27

    def test_does_not_disturb_a_session_that_was_kept(self, notebook):
        notebook("kept = session")
        notebook('catalog["model"] = {"weight": 50}')
        notebook("%reload_kedro")

        assert notebook.value(WEIGHT) == 6
        assert notebook.value('kept.run().outputs["weight"]') == 100

    def test_lets_go_of_what_the_session_before_had_preloaded(self, notebook):
        notebook("import gc, weakref")
        notebook('session.preload(["model"])')
        notebook(WEIGHT)
        notebook(
            "model = weakref.ref(session._state.artifacts.artifacts['model']._data)"
        )
        assert notebook.value("model() is not None")

        notebook("%reload_kedro")
        notebook("gc.collect();")

        assert notebook.value("model() is None")


class TestServiceSession:
    @pytest.fixture
    def project(self, recorded_project: Callable[..., Any]) -> Any:
        settings = """
            from kedro.framework.session import KedroServiceSession

            SESSION_CLASS = KedroServiceSession
        """
        files = {**PROJECT, "{package}/settings.py": settings}
        return recorded_project(files, model={"weight": 3})

    def test_is_as_good(self, notebook):
        assert notebook.value("type(session).__name__") == "KedroServiceSession"
        assert notebook.value("catalog is session.catalog is context.catalog")
        assert notebook.value(WEIGHT) == 6
        assert notebook.value(WEIGHT) == 6

        notebook('%reload_kedro --params="rate=9"')

        assert notebook.value("session.runtime_params") == {"rate": 9}
        assert notebook.value('context.params["rate"]') == 9
        assert notebook.value(WEIGHT) == 27
        assert "KedroServiceSession" in notebook("session").html


class TestOtherMagics:
    def test_load_node_writes_the_next_cell(self, notebook):
        notebook(WEIGHT)
        cell = notebook("%load_node weigh").next_cell

        assert 'model = catalog.load("model")' in cell
        assert 'rate = catalog.load("params:rate")' in cell
        assert "def scaled(value):" in cell
        assert "def weigh(model, rate):" in cell
        assert notebook(cell).text.strip() == "6"

    def test_load_node_says_which_name_it_does_not_know(self, notebook):
        error = notebook.attempt("%load_node nobody").error
        assert "Node with name='nobody' not found" in error

    def test_of_plugins_are_registered_and_get_the_names(
        self, open_notebook, project, tmp_path
    ):
        # As kedro-viz brings `%run_viz`.
        plugins = tmp_path / "plugins"
        install_magic(plugins)
        notebook = open_notebook(project.path, PYTHONPATH=str(plugins))
        notebook("%load_ext kedro.ipython")

        assert notebook.value("session is get_ipython().user_ns['session']")
        assert notebook("%look at this").printed == f"at this: {project.path}, 6\n"
        notebook("%reload_kedro --env=prod")
        assert notebook("%look again").printed == f"again: {project.path}, 21\n"


def install_magic(folder: Path) -> None:
    described = folder / "looking-1.0.dist-info"
    described.mkdir(parents=True)
    described.joinpath("METADATA").write_text("Name: looking\nVersion: 1.0\n")
    described.joinpath("entry_points.txt").write_text(
        "[kedro.line_magic]\nlook = looking:look\n"
    )
    folder.joinpath("looking.py").write_text(
        "def look(line, local_ns=None):\n"
        "    weight = local_ns['session'].run().outputs['weight']\n"
        "    print(f\"{line}: {local_ns['context'].project_path}, {weight}\")\n"
    )


class TestTables:
    def test_of_session_result_and_cache(self, notebook):
        new = notebook("session")
        assert new.html.startswith("<table><caption>KedroSession</caption>")
        assert "<th>pipelines loaded</th><td>0</td>" in new.html
        assert new.text.startswith("KedroSession(project, session_id='")

        result = notebook('session.run(run_id="order-42")')
        assert result.html.startswith("<table><caption>run order-42, ")
        assert ">weight</td>" in result.html
        assert result.text.startswith("RunResult(run_id='order-42', duration=")

        assert notebook("session.cache_info()").text == "No artifacts"
        cache = notebook(
            'session.preload(["model"]); session.run(); session.cache_info()'
        )
        assert cache.html.count("<tr>") == 2
        assert ">Record</td>" in cache.html
        rows = [line.split(" | ") for line in cache.text.strip().splitlines()]
        assert [len(row) for row in rows] == [5, 5]
        assert [cell.strip() for cell in rows[1][:2]] == ["model", "Record"]

        used = notebook("session")
        assert "weigh" in used.html
        assert "<th>artifacts</th><td>1: model</td>" in used.html
