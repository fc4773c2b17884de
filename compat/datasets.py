"""kedro-datasets: loaded once for many runs, saved under each run's own version."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from compat.report import begin, show
from compat.serving import serve, session_here
from kedro.framework.session import KedroSession, RunResult

THRESHOLDS = {"order-1": 0.2, "order-2": 0.5, "order-3": 0.8}


def main() -> None:
    begin("kedro-datasets", "pandas", "scikit-learn")
    with session_here(env="versioned") as session:
        session.preload(["model", "scaler"])
        results = {
            run_id: serve(session, run_id, threshold)
            for run_id, threshold in THRESHOLDS.items()
        }
        check_artifacts(session)
        check_versions(session, results)
    check_files()


def check_artifacts(session: KedroSession) -> None:
    hits = {artifact.name: artifact.hits for artifact in session.cache_info()}
    show(
        "PickleDataset: loaded once, and read from memory by each of three runs",
        hits == {"model": 3, "scaler": 3},
        hits,
    )


def check_versions(session: KedroSession, results: dict[str, RunResult]) -> None:
    folder = Path("data", "predictions.csv")
    saved = sorted(path.name for path in folder.iterdir())
    show(
        "CSVDataset: each run saves its version under its own run_id",
        saved == list(THRESHOLDS),
        saved,
    )
    malignant = {
        run_id: int(pd.read_csv(folder / run_id / folder.name)["malignant"].sum())
        for run_id in saved
    }
    returned = {
        run_id: int(result.outputs["predictions"]["malignant"].sum())
        for run_id, result in results.items()
    }
    show(
        "CSVDataset: what a run returns is what it saved, also after later runs",
        malignant == returned and len(set(malignant.values())) > 1,
        (malignant, returned),
    )
    catalog = session.context.get_catalog(load_versions={"predictions": "order-1"})
    frame = catalog.load("predictions")
    show(
        "CSVDataset: an earlier version can be asked for by its run_id",
        int(frame["malignant"].sum()) == malignant["order-1"],
        frame,
    )


def check_files() -> None:
    with session_here() as session:
        metrics = session.catalog.load("metrics")
        result = session.run(
            pipeline_names=["training"], to_outputs=["metrics"], run_id="again"
        )
        show(
            "JSONDataset: a training run of the session writes what `kedro run` wrote",
            result.outputs["metrics"] == metrics,
            (result.outputs["metrics"], metrics),
        )
