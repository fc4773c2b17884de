"""One call made in the middle of another, at each moment at which threads can switch.

``make test`` tries all moments where artifacts are kept and some elsewhere, ``make
soak`` all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from kedro.framework.session import KedroSession, KedroSessionError, artifacts
from tests.reliability.conditions import quiet
from tests.reliability.injection import PACKAGE, Injection
from tests.reliability.test_concurrent import FILES as OF_ALL

COMPLETE = int(os.environ.get("KEDRO_SOAK") or 1) > 1
# What sessions share and replace while they run is in here.
ARTIFACTS = artifacts.__file__
SAMPLES = 8
# For a call that has to wait until the one that it came into goes on.
PATIENCE = 0.05

FILES = {
    "conf/base/catalog.yml": """
        _whole: &whole
          type: {package}.files.WholeFileDataset
        model: {<<: *whole, filepath: data/model.json}
        scaler: {<<: *whole, filepath: data/scaler.json}
    """,
    "conf/base/parameters.yml": "factor: 1",
    "{package}/files.py": OF_ALL["{package}/files.py"],
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline


        def predict(model, factor):
            return model["weight"] * factor


        def train(weight):
            return {"weight": weight}


        def register_pipelines():
            return {
                "serve": pipeline([node(predict, ["model", "params:factor"], "told")]),
                "train": pipeline([node(train, "weight", "model")]),
            }
    """,
}


class Meanwhile(Injection):
    """Has another thread make a call at one moment of what the main thread does."""

    def __init__(
        self,
        call: Callable[[], Any],
        number: int | None,
        folder: str,
        function: str | None = None,
    ) -> None:
        super().__init__(RuntimeError, number, folder, function)
        self._call = call
        self._pool = ThreadPoolExecutor(1)
        self._called: Future[Any] | None = None

    def during(self, call: Callable[[], Any]) -> Any:
        with self._pool:
            found = super().during(call)
            if self._called is not None:
                self._called.result(timeout=60)
        return found

    def _happen(self) -> None:
        self._called = self._pool.submit(self._call)
        wait([self._called], PATIENCE)


class Server:
    """A session that serves a model, whose weight is 1 at first."""

    def __init__(self, project: Any, session: KedroSession) -> None:
        self.project, self.session = project, session
        self.begin()

    def begin(self) -> None:
        self.begin_with_nothing_loaded()
        self.session.preload(["model", "scaler"])
        self.serve()

    def begin_with_nothing_loaded(self) -> None:
        self.write(1)
        self.session.reload()
        self.released = False

    def write(self, weight: int) -> None:
        self.project.write("new.json", {"weight": weight})
        folder = self.project.path / "data"
        os.replace(folder / "new.json", folder / "model.json")

    def stored(self) -> int:
        weight: int = self.project.read("model.json")["weight"]
        return weight

    def serve(self, factor: int = 1) -> Any:
        params = {"factor": factor}
        run = self.session.run(pipeline_names=["serve"], runtime_params=params)
        return run.outputs["told"] / factor

    def train(self, weight: int) -> None:
        given = {"weight": weight}
        self.session.run(pipeline_names=["train"], runtime_data=given)

    def save(self, weight: int) -> None:
        self.session.catalog.save("model", {"weight": weight})

    def preload(self, name: str = "model") -> None:
        self.session.preload([name])

    def swap(self) -> None:
        self.write(2)
        self.preload()

    def release(self) -> None:
        self.session.release_cache()
        self.released = True

    def release_another(self) -> None:
        # Somebody may have been faster.
        with suppress(KedroSessionError):
            self.session.release_cache(["scaler"])


ACTS: dict[str, Callable[[Server], Any]] = {
    "run": partial(Server.serve, factor=3),
    "run that saves": partial(Server.train, weight=3),
    "save to the catalog": partial(Server.save, weight=3),
    "preload": Server.preload,
    "preload of another": partial(Server.preload, name="scaler"),
    "release of another": Server.release_another,
    "reload": lambda server: server.session.reload(),
}
BESIDE: dict[str, Callable[[Server], Any]] = {
    "hot swap": Server.swap,
    "release": Server.release,
    "reload": lambda server: server.session.reload(),
    "run": partial(Server.serve, factor=5),
    "run that saves": partial(Server.train, weight=2),
    "save to the catalog": partial(Server.save, weight=2),
}


@pytest.fixture
def server(recorded_project: Callable[..., Any]) -> Iterator[Server]:
    project = recorded_project(FILES, model={"weight": 1}, scaler=[1])
    with quiet(), project.session(save_on_close=False) as session:
        yield Server(project, session)


@pytest.mark.parametrize("folder", [ARTIFACTS, PACKAGE], ids=["artifacts", "kedro"])
@pytest.mark.parametrize("begin", [Server.begin, Server.begin_with_nothing_loaded])
@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("act", ACTS)
def test_a_call_in_the_middle_of_another(
    server, leaves_nothing, act, beside, begin, folder
):
    def meet(number: int | None) -> Meanwhile:
        begin(server)
        meanwhile = Meanwhile(partial(BESIDE[beside], server), number, folder)
        with leaves_nothing(server.session, "data"):
            found = meanwhile.during(partial(ACTS[act], server))
        assert found in (None, 1, 2), meanwhile.place
        if server.released and "preload" not in act:
            assert server.session.cache_info() == [], meanwhile.place
        # Whatever came first, nothing old is served from then on.
        assert server.serve() == server.stored(), meanwhile.place
        return meanwhile

    meet(None)
    moments = meet(None).moments
    everywhere = COMPLETE or folder == ARTIFACTS
    samples = moments if everywhere else min(moments, SAMPLES)
    for sample in range(samples):
        meet(moments * sample // samples)


def test_two_reloads_at_the_same_time_leave_no_cache_out(server):
    session = server.session

    def meet(number: int | None) -> int:
        server.begin()
        before = session.catalog
        meanwhile = Meanwhile(session.reload, number, PACKAGE, "reload")
        meanwhile.during(session.reload)
        server.preload()
        # As a run does that has been in flight since then.
        before.save("model", {"weight": 4})
        assert server.serve() == 4, meanwhile.place
        return meanwhile.moments

    for number in range(meet(None)):
        meet(number)
