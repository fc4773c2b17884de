"""The project's pipelines."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Find the requested pipelines; an application never imports estimation."""
    pipelines = find_pipelines(raise_errors=True)
    # Payments come from outside, so a bare `kedro run` can only estimate.
    pipelines["__default__"] = pipelines.get("estimation", Pipeline([]))
    return pipelines
