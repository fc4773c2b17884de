"""kedro-mlflow with a copy of its hook object for each run.

That takes two lines in the project's settings, and leaves the plugin as it is.
"""

from __future__ import annotations

from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

from compat.mlflow_runs import THRESHOLDS, nothing_open, one, overlap, run_untracked
from compat.report import begin, show
from compat.serving import serve, session_here
from kedro.framework.hooks import per_run


def main() -> None:
    begin("kedro-mlflow", "mlflow")
    # The two lines: this one, and the import above.
    per_run(MlflowHook)
    check_overlapping_runs()
    check_untracked_pipeline()


def check_overlapping_runs() -> None:
    failures = overlap("of-its-own")
    runs = {threshold: one(f"of-its-own-{threshold}") for threshold in THRESHOLDS}
    show(
        "with `per_run(MlflowHook)` in settings.py, runs that overlap in threads have "
        "an MLflow run each, with the right parameter",
        failures == [None] * len(THRESHOLDS)
        and all(
            run.data.params == {"threshold": str(threshold)}
            for threshold, run in runs.items()
        ),
        (failures, runs),
    )
    show("none is left open after them", *nothing_open())


def check_untracked_pipeline() -> None:
    with session_here() as session:
        serve(session, "before-untracked")
        run_untracked(session)
    show("a pipeline of `disable_tracking` opens none", *nothing_open())
