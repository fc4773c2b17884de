"""From measurements that a caller sends to predictions."""

from kedro.pipeline import Node, Pipeline

from .nodes import decide, score


def create_pipeline() -> Pipeline:
    """The serving pipeline; who runs it brings the requests."""
    return Pipeline(
        [
            Node(
                func=score,
                inputs=["requests", "scaler", "model"],
                outputs="probability",
                name="score",
            ),
            Node(
                func=decide,
                inputs=["probability", "params:threshold"],
                outputs="predictions",
                name="decide",
            ),
        ]
    )
