"""``kedro catalog ...`` on a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kedro.framework.cli.cli import KedroCLI

HEALTHY = """
    model:
      type: {package}.datasets.RecordedDataset
      filepath: data/model.json
      credentials: key
    memory:
      type: MemoryDataset
    "{name}_table":
      type: {package}.datasets.RecordedDataset
      filepath: data/{name}.json
      credentials: key
    "{fallback}":
      type: {package}.datasets.RecordedDataset
      filepath: data/{fallback}.json
"""
BROKEN = """
    no_credentials:
      type: {package}.datasets.RecordedDataset
      filepath: data/a.json
      credentials: nowhere
    unclear:
      type: {package}.datasets.RecordedDataset
      filepath: ${nowhere}
    not_installed:
      type: acme.storage.Dataset
    no_type:
      filepath: data/a.json
    no_entry: 5
    wrong_argument:
      type: {package}.datasets.RecordedDataset
      filename: data/a.json
"""
FILES = {
    "conf/base/credentials.yml": "key: {secret: word}",
    "conf/base/parameters.yml": "rate: 1",
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline


        def use(*data):
            return 1


        def register_pipelines():
            inputs = ["model", "memory", "eu_table", "params:rate"]
            return {
                "__default__": pipeline([node(use, inputs, "report")]),
                "small": pipeline([node(use, "model", "report")]),
            }
    """,
}


@pytest.fixture(params=[HEALTHY, HEALTHY + BROKEN], ids=["healthy", "beside broken"])
def project(
    request: Any,
    recorded_project: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    project = recorded_project({**FILES, "conf/base/catalog.yml": request.param})
    monkeypatch.chdir(project.path)
    return project


def printed(project: Any, *arguments: str) -> Any:
    result = CliRunner().invoke(
        KedroCLI(project_path=project.path), ["catalog", *arguments]
    )
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    # Above it is what was logged.
    start = next(
        n
        for n, line in enumerate(lines)
        if line[:1].isalnum() or line[:2] in ("__", "- ")
    )
    return yaml.safe_load("\n".join(lines[start:]))


def test_list_patterns(project):
    assert printed(project, "list-patterns") == [
        "{name}_table",
        "{fallback}",
        "{default}",
    ]


def test_describe_datasets(project):
    recorded = f"{project.package}.datasets.RecordedDataset"
    described = printed(project, "describe-datasets")
    assert described["__default__"] == {
        "datasets": {
            recorded: ["model"],
            "kedro.io.memory_dataset.MemoryDataset": ["memory"],
        },
        "factories": {recorded: ["eu_table"]},
        "defaults": {recorded: ["report"]},
    }
    assert sorted(described) == ["__default__", "small"]


def test_describe_datasets_of_a_pipeline(project):
    recorded = f"{project.package}.datasets.RecordedDataset"
    assert printed(project, "describe-datasets", "--pipeline", "small") == {
        "small": {
            "datasets": {recorded: ["model"]},
            "factories": {},
            "defaults": {recorded: ["report"]},
        }
    }


def test_resolve_patterns(project):
    recorded = f"{project.package}.datasets.RecordedDataset"
    data = (project.path / "data").as_posix()
    assert printed(project, "resolve-patterns") == {
        "model": {
            "type": recorded,
            "filepath": f"{data}/model.json",
            "credentials": "model_credentials",
        },
        "memory": {"type": "kedro.io.memory_dataset.MemoryDataset"},
        "eu_table": {
            "type": recorded,
            "filepath": f"{data}/eu.json",
            "credentials": "eu_table_credentials",
        },
        "report": {"type": recorded, "filepath": f"{data}/report.json"},
    }
