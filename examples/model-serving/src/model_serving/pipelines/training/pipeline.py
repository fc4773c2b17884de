"""From measurements to a persisted model."""

from kedro.pipeline import Node, Pipeline

from .nodes import evaluate, fit_model, fit_scaler, load_measurements, split


def create_pipeline() -> Pipeline:
    """The training pipeline."""
    return Pipeline(
        [
            Node(
                func=load_measurements,
                inputs=None,
                outputs="measurements",
                name="load_measurements",
            ),
            Node(
                func=split,
                inputs=["measurements", "params:split"],
                outputs=["train", "test"],
                name="split",
            ),
            Node(
                func=fit_scaler,
                inputs="train",
                outputs="scaler",
                name="fit_scaler",
            ),
            Node(
                func=fit_model,
                inputs=["train", "scaler", "params:logistic_regression"],
                outputs="model",
                name="fit_model",
            ),
            Node(
                func=evaluate,
                inputs=["test", "scaler", "model", "params:threshold"],
                outputs="metrics",
                name="evaluate",
            ),
        ]
    )
