"""From parcels that a caller asks about to promises."""

from kedro.pipeline import Node, Pipeline

from .nodes import estimate, promise


def create_pipeline() -> Pipeline:
    """The serving pipeline; who runs it brings the parcels."""
    return Pipeline(
        [
            Node(
                func=estimate,
                inputs=["parcels", "model"],
                outputs="expected",
                name="estimate",
            ),
            Node(
                func=promise,
                inputs=["expected", "params:buffer"],
                outputs="promised",
                name="promise",
            ),
        ]
    )
