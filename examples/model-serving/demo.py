"""Train a model with `kedro run`, then answer many requests from one session."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

# Kedro and its plugins read these when they are imported.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["KEDRO_LOGGING_CONFIG"] = str(
    Path(__file__).resolve().with_name("conf") / "serving_logging.yml"
)

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.datasets import load_breast_cancer

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

REQUESTS = 200
NEW_SESSIONS = 10
SHOWN = 8
THRESHOLDS = (0.2, 0.5, 0.8)
TRAIN = ["kedro", "run", "--pipelines", "training"]

console = Console(highlight=False)


@dataclass(frozen=True)
class Request:
    """Tumours that a caller sends, and how sure the caller wants to be."""

    run_id: str
    tumours: pd.DataFrame
    threshold: float


@dataclass(frozen=True)
class Reply:
    """What the caller gets, and after how many seconds."""

    request: Request
    predictions: pd.DataFrame
    seconds: float


def main() -> None:
    """Train, serve, check and compare, in a copy that is thrown away."""
    with TemporaryDirectory() as folder:
        project = Path(folder, "model-serving")
        ignored = shutil.ignore_patterns("data", "__pycache__")
        shutil.copytree(Path(__file__).parent, project, ignore=ignored)

        train(project)
        bootstrap_project(project)
        requests = some_requests()
        replies = serve(project, requests)
        show(replies)
        check(project, replies)
        compare(project, replies)


def train(project: Path) -> None:
    """Train as one does by hand: the command is Kedro's own."""
    console.rule("Train", align="left")
    console.print("$", " ".join(TRAIN))
    done = subprocess.run(
        [sys.executable, "-m", *TRAIN],
        cwd=project,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stdout)
    metrics = json.loads((project / "data" / "metrics.json").read_text())
    scores = ", ".join(f"{name} {value:.3f}" for name, value in metrics.items())
    console.print(f"On tumours held back from training: {scores}\n")


def some_requests() -> list[Request]:
    """Requests of one to five tumours each, the same ones every time."""
    random = np.random.default_rng(seed=7)
    tumours = load_breast_cancer(as_frame=True).data
    return [
        Request(
            run_id=f"request-{number:03}",
            tumours=tumours.sample(random.integers(1, 6), random_state=random),
            threshold=float(random.choice(THRESHOLDS)),
        )
        for number in range(REQUESTS)
    ]


def serve(project: Path, requests: list[Request]) -> list[Reply]:
    """Answer all requests from one session, which reads the model once."""
    console.rule(f"Serve {len(requests)} requests from one session", align="left")
    with KedroSession.create(project) as session:
        session.preload(["model", "scaler"])
        replies = [
            answer(session, request)
            for request in track(requests, "Serving", console=console)
        ]
        for artifact in session.cache_info():
            console.print(f"{artifact.name}: loaded once, read {artifact.hits} times")
    return replies


def answer(session: KedroSession, request: Request) -> Reply:
    """Run the serving pipeline for one request."""
    start = perf_counter()
    result = session.run(
        pipeline_names=["serving"],
        runtime_data={"requests": request.tumours},
        runtime_params={"threshold": request.threshold},
        run_id=request.run_id,
    )
    predictions = result.outputs["predictions"]
    return Reply(request, predictions, perf_counter() - start)


def show(replies: list[Reply]) -> None:
    """Print a few of the replies."""
    table = Table("run_id")
    for heading in ("tumours", "threshold", "malignant", "latency"):
        table.add_column(heading, justify="right")
    for reply in replies[:: len(replies) // SHOWN]:
        table.add_row(
            reply.request.run_id,
            str(len(reply.predictions)),
            str(reply.request.threshold),
            str(reply.predictions["malignant"].sum()),
            f"{reply.seconds * 1000:.1f} ms",
        )
    console.print(table)


def check(project: Path, replies: list[Reply]) -> None:
    """Compare each prediction with what scikit-learn says without Kedro."""
    model, scaler = (
        pickle.loads((project / "data" / f"{name}.pkl").read_bytes())
        for name in ("model", "scaler")
    )
    for reply in replies:
        tumours = reply.request.tumours
        probability = model.predict_proba(scaler.transform(tumours))[:, 1]
        malignant = probability >= reply.request.threshold
        expected = pd.DataFrame(
            {"probability": probability, "malignant": malignant}, tumours.index
        )
        if not reply.predictions.equals(expected):
            sys.exit(f"{reply.request.run_id}: scikit-learn predicts\n{expected}")
    console.print(f"All {len(replies)} replies equal those of scikit-learn alone.\n")


def compare(project: Path, replies: list[Reply]) -> None:
    """Answer a few requests the other way: from a new session each."""
    console.rule("Compare with a new session for each request", align="left")
    seconds = []
    for reply in replies[:NEW_SESSIONS]:
        start = perf_counter()
        with KedroSession.create(project) as session:
            answer(session, reply.request)
        seconds.append(perf_counter() - start)
    kept, new = median(reply.seconds for reply in replies), median(seconds)
    console.print(
        f"Median: {kept * 1000:.1f} ms from one session, "
        f"{new * 1000:.1f} ms from a new session each.\n"
        f"Keeping the session makes serving {new / kept:.0f} times as fast."
    )


if __name__ == "__main__":
    main()
