"""From returns of the past to a persisted estimate."""

from kedro.pipeline import Node, Pipeline

from .nodes import estimate, observe


def create_pipeline() -> Pipeline:
    """The estimation pipeline."""
    return Pipeline(
        [
            Node(
                func=observe,
                inputs="params:history",
                outputs="returns",
                name="observe",
            ),
            Node(func=estimate, inputs="returns", outputs="market", name="estimate"),
        ]
    )
