"""kedro-mlflow: one MLflow run for each run of a session."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Barrier
from typing import Any

import mlflow
from mlflow.entities import Run

from compat.report import begin, show, show_own_fault
from compat.serving import TUMOURS, RequestsAfter, serve, session_here
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.runner import ThreadRunner

PARENT = "mlflow.parentRunId"
TRAINING = ["training", "tracking"]
THRESHOLDS = (0.2, 0.8)


def main() -> None:
    begin("kedro-mlflow", "mlflow")
    check_three_runs()
    check_failing_run()
    check_thread_runner()
    check_broken_entry()
    check_default_configuration()
    check_nested_runs()
    check_untracked_pipeline()
    check_open_before_the_session()
    check_interrupted_run()
    check_overlapping_runs()


def check_three_runs() -> None:
    asked: dict[str, dict[str, Any]] = {
        "weak": {"logistic_regression": {"C": 0.01}, "threshold": 0.2},
        "middle": {"logistic_regression": {"C": 0.5}, "threshold": 0.5},
        "strong": {"logistic_regression": {"C": 50.0}, "threshold": 0.8},
    }
    before = len(logged())
    with session_here() as session:
        events = import_module("model_serving.watch").events
        events.clear()
        for run_id, params in asked.items():
            session.run(pipeline_names=TRAINING, runtime_params=params, run_id=run_id)
    show(
        "three runs of one session set it up once",
        events.count("after_context_created") == 1
        and events.count("before_pipeline_run") == len(asked),
        events,
    )
    show(
        "each of the three is one MLflow run, with its run_id as a tag",
        len(logged()) - before == len(asked),
        len(logged()) - before,
    )
    runs = {run_id: one(run_id) for run_id in asked}
    sessions = {run.data.tags["session_id"] for run in runs.values()}
    show(
        "they have the session_id as a tag", sessions == {session.session_id}, sessions
    )
    params = {run_id: runs[run_id].data.params for run_id in asked}
    show(
        "each has the parameters of its run",
        all(
            params[run_id]["threshold"] == str(own["threshold"])
            and f"'C': {own['logistic_regression']['C']}"
            in params[run_id]["logistic_regression"]
            for run_id, own in asked.items()
        ),
        params,
    )
    metrics = {run_id: runs[run_id].data.metrics for run_id in asked}
    expected = {run_id: metrics_of(own) for run_id, own in asked.items()}
    show(
        "each has the metrics that the same functions give without Kedro and MLflow",
        metrics == expected and len({str(found) for found in metrics.values()}) > 1,
        (metrics, expected),
    )
    show("none is left open", *nothing_open())


def metrics_of(params: dict[str, Any]) -> dict[str, float]:
    """What training gives with these parameters, without Kedro and MLflow."""
    nodes = import_module("model_serving.pipelines.training.nodes")
    options = {"C": 0.5, "max_iter": 500, **params["logistic_regression"]}
    train, test = nodes.split(
        nodes.load_measurements(), {"test_size": 0.25, "random_state": 7}
    )
    scaler = nodes.fit_scaler(train)
    model = nodes.fit_model(train, scaler, options)
    metrics = nodes.evaluate(test, scaler, model, params["threshold"])
    return {name: metrics[name] for name in ("accuracy", "recall")}


def check_failing_run() -> None:
    with session_here() as session:
        failure = failure_of(lambda: serve(session, "failing", threshold="high"))
        serve(session, "next")
    show("the error of a failing run is its own", isinstance(failure, TypeError))
    status = one("failing").info.status
    show("its MLflow run is closed as FAILED", status == "FAILED", status)
    following = one("next")
    show(
        "the next run of the session has an MLflow run of its own, with no parent",
        following.info.status == "FINISHED" and PARENT not in following.data.tags,
        following,
    )
    show("none is left open after a failing run", *nothing_open())


def check_thread_runner() -> None:
    with session_here() as session:
        session.run(
            pipeline_names=TRAINING, runner=ThreadRunner(max_workers=2), run_id="thread"
        )
    run = one("thread")
    show(
        "a run with a ThreadRunner is one MLflow run, with parameters and metrics",
        run.info.status == "FINISHED"
        and run.data.params.keys() == {"split", "logistic_regression", "threshold"}
        and run.data.metrics.keys() == {"accuracy", "recall"},
        run.data,
    )
    show("none is left open after it", *nothing_open())


def check_broken_entry() -> None:
    broken = Path("conf", "base", "catalog_broken.yml")
    broken.write_text("unused: {type: not_installed.TableDataset}")
    try:
        with session_here() as session:
            failure = failure_of(lambda: serve(session))
    finally:
        broken.unlink()
    show_own_fault(
        "it builds every dataset of the catalog when that is created: one that cannot "
        "be built, and that no run uses, fails all runs",
        isinstance(failure, DatasetError) and "not_installed" in str(failure),
        failure,
    )


def check_default_configuration() -> None:
    with session_here(env="defaults") as session:
        serve(session, "default-1")
        left_open = mlflow.active_run() is not None
        serve(session, "default-2")
    parent = one("default-2").data.tags.get(PARENT)
    show_own_fault(
        "with its default `nested: true`, each run is left open in its thread, and the "
        "next one becomes its child; `nested: false` in `mlflow.yml` helps",
        left_open and parent == one("default-1").info.run_id,
        (left_open, parent),
    )
    end_all()


def check_nested_runs() -> None:
    with session_here() as session:
        inner = RequestsAfter(lambda: serve(session, "inner"))
        failure = failure_of(lambda: serve(session, "outer", requests=inner))
    show_own_fault(
        "with `nested: false`, a run inside another one fails",
        "already active" in str(failure),
        failure,
    )
    end_all()
    with session_here(env="defaults") as session:
        inner = RequestsAfter(lambda: serve(session, "inner-2"))
        failure = failure_of(lambda: serve(session, "outer-2", 0.2, inner))
    show_own_fault(
        "with `nested: true`, the outer run goes on in the MLflow run of the inner "
        "one, and fails if their parameters differ",
        "Changing param values is not allowed" in str(failure),
        failure,
    )
    end_all()


def check_untracked_pipeline() -> None:
    with session_here() as session:
        serve(session, "tracked")
        run_untracked(session)
    status = one("tracked").info.status
    show_own_fault(
        "a pipeline of `disable_tracking` opens the MLflow run of the run before it "
        "again, and leaves it open",
        status == "RUNNING" and mlflow.active_run() is not None,
        status,
    )
    end_all()


def check_open_before_the_session() -> None:
    with session_here() as session:
        with mlflow.start_run():
            serve(session, "inside")
        failure = failure_of(lambda: serve(session, "outside"))
    show_own_fault(
        "an MLflow run that is open at the first run of a session is taken for all of "
        "its runs: when it is closed, they fail",
        isinstance(failure, AttributeError),
        failure,
    )
    end_all()


def check_interrupted_run() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with session_here() as session:
        failure_of(lambda: serve(session, requests=RequestsAfter(interrupt)))
        failure = failure_of(lambda: serve(session, "after-interrupt"))
        show_own_fault(
            "a run that is interrupted stays open, and the next ones of that thread "
            "fail until `mlflow.end_run()`; Kedro calls no hook for an interrupt",
            "already active" in str(failure),
            failure,
        )
        end_all()
        serve(session, "after-end-run")
    run = one("after-end-run")
    show("after `mlflow.end_run()` they are as before", run.info.status == "FINISHED")


def check_overlapping_runs() -> None:
    failures = overlap()
    end_all()
    show_own_fault(
        "it remembers one run at a time: of two runs that overlap in threads, one "
        "fails or logs to the other",
        any(failures),
        failures,
    )


def overlap(name: str = "overlap") -> list[BaseException | None]:
    """Runs in threads of one session, which all are begun before one goes on."""
    meeting = Barrier(len(THRESHOLDS), timeout=60)
    requests = RequestsAfter(meeting.wait)

    with session_here() as session, ThreadPoolExecutor(len(THRESHOLDS)) as pool:
        serve(session)

        def answer(threshold: float) -> BaseException | None:
            run_id = f"{name}-{threshold}"
            return failure_of(lambda: serve(session, run_id, threshold, requests))

        return list(pool.map(answer, THRESHOLDS))


def run_untracked(session: KedroSession) -> None:
    session.run(pipeline_names=["untracked"], runtime_data={"measurements": TUMOURS})


def failure_of(action: Callable[[], object]) -> BaseException | None:
    try:
        action()
    except BaseException as failure:
        return failure
    return None


def logged() -> list[Run]:
    """All MLflow runs in the store."""
    found: list[Run] = mlflow.search_runs(
        search_all_experiments=True, output_format="list"
    )
    return found


def one(run_id: str) -> Run:
    """The MLflow run of a run."""
    [found] = [run for run in logged() if run.data.tags.get("run_id") == run_id]
    return found


def nothing_open() -> tuple[bool, object]:
    """Whether no MLflow run is open, in the store and in this thread."""
    running = [run.info.run_id for run in logged() if run.info.status == "RUNNING"]
    return not running and mlflow.active_run() is None, running


def end_all() -> None:
    """Put right what a plugin has left open, for the next check."""
    while mlflow.active_run():
        mlflow.end_run()
    client = mlflow.MlflowClient()
    for run in logged():
        if run.info.status == "RUNNING":
            client.set_terminated(run.info.run_id)
