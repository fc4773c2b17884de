"""A pipeline that a project does not have, where it finds them by their names."""

from __future__ import annotations

import pytest

from kedro.framework.project import find_pipelines

PIPELINE = """
    from kedro.pipeline import pipeline

    def create_pipeline():
        return pipeline([])
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("servng", r"\.servng' .* no such pipeline\. Did you mean 'serving'\?"),
        ("elsewhere", r"There is no such pipeline\.$"),
    ],
)
def test_the_nearest_are_suggested(make_project, name, message):
    make_project(
        {
            "{package}/pipelines/__init__.py": "",
            "{package}/pipelines/serving/__init__.py": PIPELINE,
            "{package}/pipelines/training/__init__.py": PIPELINE,
        }
    )

    with pytest.raises(ImportError, match=message):
        find_pipelines(raise_errors=True, pipelines_to_find=[name])
    found = find_pipelines(raise_errors=True, pipelines_to_find=["serving"])
    assert [*found] == ["serving"]
