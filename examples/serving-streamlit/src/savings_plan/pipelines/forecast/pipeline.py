"""From payments that a visitor plans to what they may come to."""

from kedro.pipeline import Node, Pipeline

from .nodes import expand, simulate, summarise


def create_pipeline() -> Pipeline:
    """The forecast pipeline; who runs it brings the payments."""
    return Pipeline(
        [
            Node(func=expand, inputs="payments", outputs="monthly", name="expand"),
            Node(
                func=simulate,
                inputs=["monthly", "market", "params:fee", "params:simulation"],
                outputs="savings",
                name="simulate",
            ),
            Node(
                func=summarise,
                inputs=["savings", "monthly", "params:confidence"],
                outputs="forecast",
                name="summarise",
            ),
        ]
    )
