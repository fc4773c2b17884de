"""The examples in the docstrings of what is public, executed."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from sybil import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from kedro.framework.hooks import per_run
from kedro.framework.session import (
    KedroServiceSession,
    KedroSession,
    RunResult,
    current_run,
)
from kedro.framework.session.run_id import generate_run_id
from kedro.io import MemoryDataset

EXPLAINED = [
    KedroSession,
    KedroSession.run,
    KedroSession.preload,
    KedroSession.release_cache,
    KedroServiceSession,
    RunResult,
    current_run,
    generate_run_id,
    per_run,
]

# The project that the examples have in mind.
PROJECT = {
    "conf/base/catalog.yml": """
        model: {type: json.JSONDataset, filepath: data/model.json}
        scaler: {type: json.JSONDataset, filepath: data/scaler.json}
    """,
    "conf/base/parameters.yml": "customer_id: 0",
    "data/model.json": "2",
    "data/scaler.json": "10",
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        def predict(requests, model, scaler):
            return [request * model / scaler for request in requests]

        def report(requests, customer_id):
            return f"{len(requests)} requests of {customer_id}"

        def count(customer_id):
            return customer_id

        def register_pipelines():
            return {
                "serve": pipeline([
                    node(predict, ["requests", "model", "scaler"], "predictions"),
                    node(report, ["requests", "params:customer_id"], "report"),
                ]),
                "__default__": pipeline([node(count, "params:customer_id", "counted")]),
            }
    """,
}


@pytest.mark.parametrize("explained", EXPLAINED, ids=lambda thing: thing.__qualname__)
def test_example_runs(explained: Any, make_project, monkeypatch):
    project = make_project(PROJECT)
    (project / "my-project").symlink_to(project)
    monkeypatch.chdir(project)
    document = Document(inspect.getdoc(explained) or "", inspect.getfile(explained))
    for region in CodeBlockParser("python", PythonEvaluator())(document):
        document.add(region)
    examples = list(document.examples())
    assert len(examples) == 1

    with KedroSession.create(project, save_on_close=False) as session:
        session.preload(["model"])
        session.catalog["requests"] = MemoryDataset([1, 2])
        document.namespace.update(
            session=session,
            requests=[5],
            batches=[[1], [2, 3]],
            generate_run_id=generate_run_id,
        )
        examples[0].evaluate()
