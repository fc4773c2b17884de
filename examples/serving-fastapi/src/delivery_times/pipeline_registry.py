"""The project's pipelines."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Find the requested pipelines; a process that serves never imports training."""
    pipelines = find_pipelines(raise_errors=True)
    # Parcels come from outside, so a bare `kedro run` can only train.
    pipelines["__default__"] = pipelines.get("training", Pipeline([]))
    return pipelines
