"""``kedro run`` is as before, and knows ``--run-id``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from kedro.framework.cli.project import run as run_command

PROJECT = {
    "{package}/pipeline_registry.py": """
        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline

        def clean(raw, everything):
            return {"raw": raw, "params": everything}

        def report(clean, alpha):
            if alpha == "broken":
                raise ValueError("alpha is broken")
            return {"clean": clean, "alpha": alpha, "run": current_run().run_id}

        def other():
            return "other"

        def read(report):
            return report["run"]

        def register_pipelines():
            main = pipeline([
                node(clean, ["raw", "parameters"], "clean", name="clean", tags="a"),
                node(report, ["clean", "params:model.alpha"], "report", name="report"),
            ])
            spaced = pipeline([node(other, None, "x", name="other")], namespace="north")
            return {
                "__default__": main + spaced,
                "main": main,
                "spaced": spaced,
                "again": pipeline([node(read, "report", "clean", name="again")]),
            }
    """,
    "conf/base/catalog.yml": """
        raw:
          type: json.JSONDataset
          filepath: data/${runtime_params:input, raw}.json
        clean: {type: json.JSONDataset, filepath: data/clean.json}
        report: {type: json.JSONDataset, filepath: data/report.json, versioned: true}
        north.x: {type: json.JSONDataset, filepath: data/x.json}
    """,
    "conf/base/parameters.yml": "model: {alpha: 1, beta: 2}",
    "conf/test/parameters.yml": "model: {alpha: test, beta: 2}",
    "data/raw.json": '"raw data"',
    "data/more.json": '"more data"',
}


class Project:
    """A project and what is in its folder ``data``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str) -> Result:
        """The command, in this process."""
        metadata = SimpleNamespace(project_path=self.path)
        return CliRunner().invoke(run_command, arguments, obj=metadata)

    def kedro(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``kedro``, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "kedro", *arguments],
            cwd=self.path,
            env={**os.environ, "COLUMNS": "200", "KEDRO_LOGGING_CONFIG": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def files(self) -> set[str]:
        found = {path.name for path in (self.path / "data").iterdir()}
        return found - {"raw.json", "more.json"}

    @property
    def versions(self) -> list[str]:
        return sorted(p.name for p in (self.path / "data" / "report.json").iterdir())

    def report(self, version: str | None = None) -> dict[str, object]:
        folder = self.path / "data" / "report.json" / (version or self.versions[-1])
        return json.loads((folder / "report.json").read_text())


@pytest.fixture
def make(make_project, monkeypatch) -> Callable[..., Project]:
    def make(**files: str) -> Project:
        path = make_project({**PROJECT, **files})
        monkeypatch.chdir(path)
        return Project(path)

    return make


@pytest.fixture
def project(make) -> Project:
    return make()


def test_kedro_run_runs_the_default_pipeline(project):
    done = project.kedro("run")

    assert done.returncode == 0, done.stdout + done.stderr
    assert project.files == {"clean.json", "report.json", "x.json"}
    [version] = project.versions
    assert project.report() == {
        "clean": {"raw": "raw data", "params": {"model": {"alpha": 1, "beta": 2}}},
        "alpha": 1,
        "run": version,
    }
    assert f"Run ID: {version}" in done.stdout
    assert "Pipeline execution completed successfully" in done.stdout


def test_kedro_run_saves_under_the_given_run_id(project):
    done = project.kedro("run", "--run-id", "order-42")

    assert done.returncode == 0, done.stdout + done.stderr
    assert project.versions == ["order-42"]
    assert project.report()["run"] == "order-42"
    assert "Run ID: order-42" in done.stdout


def test_an_unsafe_run_id_is_a_clear_error_of_the_command(project):
    done = project.kedro("run", "--run-id", "../up")

    assert done.returncode == 2
    assert "Invalid value for '--run-id'" in done.stderr
    assert "contains a path separator" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stdout + done.stderr
    assert project.files == set()


def test_a_failing_node_fails_the_command(project):
    done = project.kedro("run", "--params", "model.alpha=broken")

    assert done.returncode == 1
    assert "ValueError: alpha is broken" in done.stdout + done.stderr
    assert project.files == {"clean.json", "x.json"}


@pytest.mark.parametrize("run_id", ["", "  ", "a/b", "a\\b", "..", "a\nb", "x" * 256])
def test_unsafe_run_ids_are_refused(project, run_id):
    result = project.run("--run-id", run_id)

    assert result.exit_code == 2
    assert "Invalid value for '--run-id': `run_id`" in result.output
    assert project.files == set()


def test_the_help_names_the_option(project):
    result = project.run("--help")

    assert result.exit_code == 0
    assert "--run-id" in result.output


def test_runs_without_run_id_get_new_ones(project):
    assert project.run().exit_code == 0
    assert project.run().exit_code == 0

    assert len(project.versions) == 2


# For each set of options, the files that kedro 1.7.0 left in an empty `data`.
SELECTIONS = {
    "nothing": ([], {"clean.json", "report.json", "x.json"}),
    "pipelines": (["--pipelines", "main"], {"clean.json", "report.json"}),
    "several pipelines": (
        ["--pipelines=main,spaced"],
        {"clean.json", "report.json", "x.json"},
    ),
    "tags": (["--tags", "a"], {"clean.json"}),
    "nodes": (["--nodes", "clean,north.other"], {"clean.json", "x.json"}),
    "from nodes": (["--from-nodes", "clean"], {"clean.json", "report.json"}),
    "to nodes": (["--to-nodes", "clean"], {"clean.json"}),
    "from inputs": (["--from-inputs", "raw"], {"clean.json", "report.json"}),
    "to outputs": (["--to-outputs", "clean"], {"clean.json"}),
    "namespaces": (["--namespaces", "north"], {"x.json"}),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_options_select_nodes_as_in_1_7_0(project, name):
    options, files = SELECTIONS[name]

    result = project.run(*options)

    assert result.exit_code == 0, result.output
    assert project.files == files


# For each set of options, the report that kedro 1.7.0 saved, without the run.
REPORTS = {
    "params": (
        ["--params", "model.alpha=0.5,extra=word"],
        "raw data",
        {"model": {"alpha": 0.5, "beta": 2}, "extra": "word"},
    ),
    "params of the catalog": (
        ["--params=input=more"],
        "more data",
        {"model": {"alpha": 1, "beta": 2}, "input": "more"},
    ),
    "environment": (
        ["--env", "test"],
        "raw data",
        {"model": {"alpha": "test", "beta": 2}},
    ),
    "configuration source": (
        ["--conf-source", "conf"],
        "raw data",
        {"model": {"alpha": 1, "beta": 2}},
    ),
    "runner": (
        ["--runner", "ThreadRunner", "--runner-params", "max_workers=2"],
        "raw data",
        {"model": {"alpha": 1, "beta": 2}},
    ),
    "asynchronous": (
        ["--runner-params", "is_async=True"],
        "raw data",
        {"model": {"alpha": 1, "beta": 2}},
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_options_set_what_a_run_sees_as_in_1_7_0(project, name):
    options, raw, params = REPORTS[name]

    result = project.run(*options, "--run-id", "given")

    assert result.exit_code == 0, result.output
    assert project.report() == {
        "clean": {"raw": raw, "params": params},
        "alpha": params["model"]["alpha"],
        "run": "given",
    }


def test_load_versions_are_passed_on(project):
    for run_id in ("a", "b"):
        assert project.run("--run-id", run_id).exit_code == 0

    result = project.run("--pipelines=again", "--load-versions=report:a")

    assert result.exit_code == 0, result.output
    assert json.loads((project.path / "data" / "clean.json").read_text()) == "a"


def test_only_missing_outputs_are_made(project):
    assert project.run("--run-id=first").exit_code == 0
    (project.path / "data" / "clean.json").unlink()

    result = project.run("--run-id=second", "--only-missing-outputs")

    assert result.exit_code == 0, result.output
    assert "clean.json" in project.files
    assert project.versions == ["first"]


def test_a_config_file_can_give_the_run_id(make):
    project = make(**{"run.yml": "run: {pipelines: main, run_id: from-file, tags: a}"})

    result = project.run("--config", "run.yml", "--to-nodes", "clean")
    assert result.exit_code == 0, result.output
    assert project.files == {"clean.json"}

    (project.path / "run.yml").write_text("run: {run_id: from-file}")
    assert project.run("--config", "run.yml").exit_code == 0
    assert project.versions == ["from-file"]

    assert project.run("--config", "run.yml", "--run-id", "mine").exit_code == 0
    assert project.versions == ["from-file", "mine"]


def test_a_config_file_with_an_unsafe_run_id_is_refused(make):
    project = make(**{"run.yml": "run: {run_id: a/b}"})

    result = project.run("--config", "run.yml")

    assert result.exit_code == 2
    assert "Invalid value for '--run-id'" in result.output
    assert project.files == set()


def test_a_project_may_have_a_service_session(make):
    project = make(
        **{
            "{package}/settings.py": """
                from kedro.framework.session import KedroServiceSession
                SESSION_CLASS = KedroServiceSession
            """
        }
    )

    result = project.run("--params", "model.alpha=7", "--run-id", "served")

    assert result.exit_code == 0, result.output
    assert project.report("served")["alpha"] == 7


def test_a_session_class_with_the_signature_of_1_7_0_works(make):
    project = make(
        **{
            "{package}/session.py": """
                from kedro.framework.session import KedroSession

                class OwnSession(KedroSession):
                    @classmethod
                    def create(
                        cls, project_path=None, save_on_close=True, env=None,
                        runtime_params=None, conf_source=None,
                    ):
                        return super().create(
                            project_path, save_on_close, env,
                            {**(runtime_params or {}), "own": True}, conf_source,
                        )

                    def run(
                        self, pipeline_name=None, pipeline_names=None, tags=None,
                        runner=None, node_names=None, from_nodes=None, to_nodes=None,
                        from_inputs=None, to_outputs=None, load_versions=None,
                        namespaces=None, only_missing_outputs=False,
                    ):
                        return super().run(
                            pipeline_name, pipeline_names, tags, runner, node_names,
                            from_nodes, to_nodes, from_inputs, to_outputs,
                            load_versions, namespaces, only_missing_outputs,
                        )
            """,
            "{package}/settings.py": """
                from {package}.session import OwnSession
                SESSION_CLASS = OwnSession
            """,
        }
    )

    result = project.run("--params", "model.alpha=7")

    assert result.exit_code == 0, result.output
    assert project.report()["clean"]["params"] == {
        "model": {"alpha": 7, "beta": 2},
        "own": True,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pipelines", "mian"], "Failed to find the pipeline named 'mian'"),
        (["--nodes", "nope"], "nope"),
        (["--load-versions", "nope:v1"], "nope"),
    ],
)
def test_what_a_session_refuses_fails_the_command(project, options, message):
    result = project.run(*options)

    assert result.exit_code == 1
    assert message in str(result.exception)
    assert project.files == set()
