"""kedro-telemetry: posts once for a session, however often that runs.

Nothing is sent. The plugin is as it is, but for two things that it calls: what asks
whether the user consents, and what posts over the network.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from kedro_telemetry import plugin

from compat.report import begin, show, show_own_fault
from compat.serving import serve, session_here
from kedro.framework.hooks import per_run

STATISTICS = "Kedro Project Statistics"

posted: list[str] = []


def main() -> None:
    begin("kedro-telemetry")
    real = plugin.requests
    plugin.requests = SimpleNamespace(post=count, exceptions=real.exceptions)
    check_without_consent()
    plugin._check_for_telemetry_consent = lambda project_path: True
    check_runs()
    check_threads()
    check_further_catalogs()


def count(url: str, data: str, **options: Any) -> SimpleNamespace:
    """Stands in for ``requests.post``."""
    posted.append(json.loads(data)["event"])
    return SimpleNamespace(status_code=200)


def check_without_consent() -> None:
    with session_here() as session:
        serve(session)
        serve(session)
    show("with DO_NOT_TRACK set, it posts nothing", posted == [], posted)


def check_runs() -> None:
    with session_here() as session:
        session.preload(["model", "scaler"])
        for threshold in (0.2, 0.5, 0.8):
            serve(session, threshold=threshold)
        session.run(pipeline_names=["training"])
    show(
        "with consent, it posts once for a session that preloads and runs four times",
        posted == [STATISTICS],
        posted,
    )


def check_threads() -> None:
    posted.clear()
    # kedro-mlflow would fail runs that overlap.
    per_run(MlflowHook)
    with session_here() as session, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: serve(session, f"run-{number}"), range(8)))
    show(
        "it posts once for a session whose first eight runs overlap",
        posted == [STATISTICS],
        posted,
    )


def check_further_catalogs() -> None:
    posted.clear()
    with session_here() as session:
        serve(session)
        session.reload()
        serve(session)
        session.context.get_catalog()
    show_own_fault(
        "it posts for every catalog that is created: once more after `reload()`, and "
        "for each `context.get_catalog()`",
        posted == [STATISTICS] * 3,
        posted,
    )
