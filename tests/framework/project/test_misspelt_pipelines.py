"""A pipeline that a project does not have, in a project of `kedro new`."""

from __future__ import annotations

import pytest

from kedro.framework.session import KedroSession

PIPELINE = """
    from kedro.pipeline import node, pipeline

    def create_pipeline():
        return pipeline([node(lambda: 1, None, "answer")])
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "servng",
            r"pipelines\.servng' .* no such pipeline\. Did you mean 'serving'\?",
        ),
        ("elsewhere", r"There is no such pipeline\.$"),
    ],
)
def test_the_nearest_are_suggested(make_project, name, message):
    project = make_project(
        {
            "conf/base/catalog.yml": "{}",
            "conf/base/parameters.yml": "{}",
            "{package}/pipelines/__init__.py": "",
            "{package}/pipelines/serving/__init__.py": PIPELINE,
            "{package}/pipelines/training/__init__.py": PIPELINE,
            "{package}/pipeline_registry.py": """
                from kedro.framework.project import find_pipelines

                def register_pipelines():
                    pipelines = find_pipelines(raise_errors=True)
                    pipelines["__default__"] = sum(pipelines.values())
                    return pipelines
            """,
        }
    )

    with KedroSession.create(project, save_on_close=False) as session:
        with pytest.raises(ImportError, match=message):
            session.run(pipeline_names=[name])
        assert session.run(pipeline_names=["serving"]).outputs["answer"] == 1
