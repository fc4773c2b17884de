"""From deliveries of the past to a persisted model."""

from kedro.pipeline import Node, Pipeline

from .nodes import fit, observe


def create_pipeline() -> Pipeline:
    """The training pipeline."""
    return Pipeline(
        [
            Node(
                func=observe,
                inputs="params:deliveries",
                outputs="deliveries",
                name="observe",
            ),
            Node(func=fit, inputs="deliveries", outputs="model", name="fit"),
        ]
    )
