"""An interrupt, or the end of memory, at each moment at which there can be one.

``make test`` tries most of those in the code of sessions and some of those in the rest
of kedro, ``make soak`` all.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

import pytest

from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.runner import SequentialRunner, ThreadRunner
from tests.conftest import RecordedProject
from tests.reliability.injection import PACKAGE, Injection

COMPLETE = int(os.environ.get("KEDRO_SOAK") or 1) > 1
SESSIONS = str(Path(PACKAGE, "framework", "session"))
# How many moments there is time for otherwise.
SAMPLES = {SESSIONS: 30, PACKAGE: 8}

FILES = {
    "conf/base/catalog.yml": """
        _record: &record
          type: {package}.datasets.RecordedDataset
        model: {<<: *record, filepath: data/model.json}
        orders:
          <<: *record
          filepath: data/${runtime_params:file, orders}.json
        total: {<<: *record, filepath: data/total.json}
        report: {<<: *record, filepath: data/report.json, versioned: true}
    """,
    "conf/base/parameters.yml": """
        fee: 1
        options: {alpha: 2, beta: "${runtime_params:beta, 3}"}
    """,
    "{package}/settings.py": """
        from {package}.hooks import Seen, SeenByRun
        from {package}.store import Store

        HOOKS = (Seen(), SeenByRun())
        SESSION_STORE_CLASS = Store
    """,
    "{package}/store.py": """
        from kedro.framework.session.store import BaseSessionStore

        saved = []

        class Store(BaseSessionStore):
            def save(self):
                saved.append(self["session_id"])
    """,
    "{package}/hooks.py": """
        from kedro.framework.hooks import hook_impl, per_run

        class Seen:
            @hook_impl
            def before_pipeline_run(self, run_params):
                self.run_id = run_params["run_id"]

            @hook_impl
            def after_node_run(self, node):
                self.node = node.name

            @hook_impl
            def on_pipeline_error(self, error):
                self.error = repr(error)

        @per_run
        class SeenByRun(Seen):
            pass
    """,
    "{package}/pipeline_registry.py": """
        from kedro.io import MemoryDataset
        from kedro.pipeline import node, pipeline

        session = None

        def add(orders, extra, model, fee):
            return sum(orders) + extra + model["bias"] + fee

        def tell(total, options):
            return [total, options]

        def stream(total):
            yield total + 1

        def fail(total):
            raise ZeroDivisionError("as ever")

        def nest(extra):
            run = session.run(pipeline_names=["inner"], runtime_data={"extra": extra})
            return run.outputs["doubled"]

        def register_pipelines():
            add_up = node(
                add, ["orders", "extra", "model", "params:fee"], "total", name="add"
            )
            return {
                "__default__": pipeline([
                    add_up,
                    node(tell, ["total", "params:options"], "report", name="tell"),
                    node(stream, "total", "streamed", name="stream"),
                ]),
                "failing": pipeline([add_up, node(fail, "total", "never")]),
                "inner": pipeline([node(lambda extra: extra * 2, "extra", "doubled")]),
                "outer": pipeline([node(nest, "extra", "nested")]),
            }
    """,
}
EXPECTED = {"report": [21, {"alpha": 2, "beta": 4}]}
SAVED = ("data",)


class Shop:
    """The project, a session on it, and a run whose result is known."""

    def __init__(self, project: RecordedProject) -> None:
        self.project = project
        self.session = self.opened()

    def opened(self, *, save_on_close: bool = False) -> KedroSession:
        session = self.project.session(save_on_close=save_on_close)
        self.project.module("pipeline_registry").session = session
        return session

    def run(self, **arguments: Any) -> Any:
        return self.session.run(
            **{
                "runtime_data": {"extra": 10},
                "runtime_params": {"fee": 2, "file": "other", "beta": 4},
                "run_id": "same",
                **arguments,
            }
        )

    def clear(self) -> None:
        """What was saved is in the way of another run of the same id."""
        shutil.rmtree(self.project.path / "data" / "report.json", ignore_errors=True)

    def warm(self) -> None:
        self.session.preload(["model"])
        self.clear()
        self.run()
        self.clear()


class Scenario(NamedTuple):
    """Something that is interrupted, and what is done before and after each time."""

    act: Callable[[Shop], Any]
    prepare: Callable[[Shop], Any] = Shop.clear
    mend: Callable[[Shop], Any] = Shop.clear


def start_anew(shop: Shop) -> None:
    shop.session.close()
    shop.session = shop.opened()
    shop.clear()


def fail(shop: Shop) -> None:
    with suppress(ZeroDivisionError):
        shop.run(pipeline_names=["failing"])


def save_the_model(shop: Shop) -> None:
    shop.clear()
    shop.session.preload(["model"])
    shop.session.catalog.save("model", {"bias": 5})


def prepare_to_close(shop: Shop) -> None:
    shop.session.close()
    shop.session = shop.opened(save_on_close=True)
    shop.session.preload(["model"])
    shop.project.module("store").saved.clear()


def leave(shop: Shop) -> None:
    with suppress(ZeroDivisionError), shop.session:
        raise ZeroDivisionError


def close_again(shop: Shop) -> None:
    """What an interrupt has left undone, the next call does."""
    shop.session.close()
    assert shop.session.closed
    assert shop.session.cache_info() == []
    assert {*shop.project.module("store").saved} == {shop.session.session_id}
    start_anew(shop)


SCENARIOS = {
    "run": Scenario(Shop.run),
    "first run": Scenario(Shop.run, start_anew),
    "run in threads": Scenario(lambda shop: shop.run(runner=ThreadRunner())),
    "run with loads in threads": Scenario(
        lambda shop: shop.run(
            runner=SequentialRunner(is_async=True), to_nodes=["add", "tell"]
        )
    ),
    "run that fails": Scenario(fail),
    "nested run": Scenario(lambda shop: shop.run(pipeline_names=["outer"])),
    "run that reads a saved artifact anew": Scenario(Shop.run, save_the_model),
    "preload": Scenario(lambda shop: shop.session.preload(["model"])),
    "preload of all": Scenario(lambda shop: shop.session.preload(), start_anew),
    "release": Scenario(
        lambda shop: shop.session.release_cache(), lambda shop: shop.warm()
    ),
    "save to the catalog": Scenario(
        lambda shop: shop.session.catalog.save("model", {"bias": 5}), start_anew
    ),
    "load from the catalog": Scenario(
        lambda shop: shop.session.catalog.load("model"), start_anew
    ),
    "reload": Scenario(lambda shop: shop.session.reload()),
    "create": Scenario(lambda shop: shop.project.session(save_on_close=False).close()),
    "close": Scenario(lambda shop: shop.session.close(), prepare_to_close, close_again),
    "leave the block": Scenario(leave, prepare_to_close, close_again),
}


@pytest.fixture
def shop(recorded_project: Callable[..., RecordedProject]) -> Iterator[Shop]:
    # What is said to a terminal takes the most moments, and is nothing of a session.
    logging.disable(logging.CRITICAL)
    project = recorded_project(FILES, model={"bias": 5}, orders=[1], other=[1, 3])
    shop = Shop(project)
    shop.warm()
    yield shop
    shop.session.close()
    logging.disable(logging.NOTSET)


def moments(shop: Shop, scenario: Scenario, folder: str) -> int:
    """How many moments there are, once all is imported and known."""
    for _ in range(2):
        scenario.prepare(shop)
        counting = Injection(KeyboardInterrupt, folder=folder)
        counting.during(lambda: scenario.act(shop))
    return counting.moments


def chosen(number: int, folder: str) -> list[int]:
    """All moments, or as many of them as there is time for, evenly spread."""
    samples = number if COMPLETE else min(number, SAMPLES[folder])
    return [number * sample // samples for sample in range(samples)]


def failure_of(call: Callable[[], Any]) -> BaseException | None:
    """What a call raised, with all that is in its frames."""
    try:
        call()
    except (Exception, KeyboardInterrupt) as error:
        return error
    return None


@pytest.mark.parametrize("folder", [SESSIONS, PACKAGE], ids=["sessions", "kedro"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_session_goes_on_after(
    shop, leaves_nothing, name: str, error: type[BaseException], folder: str
):
    scenario = SCENARIOS[name]
    numbers = chosen(moments(shop, scenario, folder), folder)
    outcomes: Counter[type[BaseException]] = Counter()
    for number in numbers:
        scenario.prepare(shop)
        injection = Injection(error, number, folder)
        with leaves_nothing(shop.session, *SAVED):
            failure = failure_of(partial(injection.during, partial(scenario.act, shop)))
        outcomes[type(failure)] += 1
        scenario.mend(shop)
        result = shop.run()
        assert dict(result.outputs).items() >= EXPECTED.items(), injection.place
        assert shop.session.catalog.load("model") == {"bias": 5}, injection.place
        assert shop.session.catalog.keys().count("model") == 1, injection.place

    # Where memory ends on the way to a message, nobody is told.
    # A dataset's or a store's error takes the place of what was raised in making it.
    wrapped = {DatasetError, ValueError} if error is MemoryError else set()
    allowed = {error, NoneType, *wrapped}
    assert outcomes.keys() <= allowed
    assert outcomes[error] >= len(numbers) / 8
