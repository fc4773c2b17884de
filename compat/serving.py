"""Runs of the example's pipelines, which several checks make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import load_breast_cancer

from kedro.framework.session import KedroSession, RunResult
from kedro.framework.startup import bootstrap_project
from kedro.io import AbstractDataset

TUMOURS: pd.DataFrame = load_breast_cancer(as_frame=True).data.head(20)


@contextmanager
def session_here(env: str | None = None) -> Iterator[KedroSession]:
    """A session of the project in the working folder."""
    bootstrap_project(Path.cwd())
    session = KedroSession.create(Path.cwd(), save_on_close=False, env=env)
    with session:
        yield session


def serve(
    session: KedroSession,
    run_id: str | None = None,
    threshold: object = 0.5,
    requests: object = TUMOURS,
) -> RunResult:
    """Answer one request."""
    return session.run(
        pipeline_names=["serving"],
        runtime_data={"requests": requests},
        runtime_params={"threshold": threshold},
        run_id=run_id,
    )


class RequestsAfter(AbstractDataset[Any, pd.DataFrame]):
    """Requests that are there once something else has happened inside the run."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action

    def load(self) -> pd.DataFrame:
        self._action()
        return TUMOURS

    def save(self, data: Any) -> None:
        raise NotImplementedError

    def _describe(self) -> dict[str, Any]:
        return {}
