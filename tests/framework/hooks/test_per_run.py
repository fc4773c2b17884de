"""A hook object of which each run has its own copy."""

from __future__ import annotations

import copy
import gc
import inspect
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import perf_counter
from typing import Any

import pytest

from kedro.framework.hooks import hook_impl, per_run
from kedro.framework.session import KedroSession, current_run
from kedro.runner import ThreadRunner

THREADS = 8
FILES = {
    "conf/base/catalog.yml": "{}",
    "conf/base/parameters.yml": "{}",
    "{package}/pipeline_registry.py": """
        from time import perf_counter, sleep

        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline


        def work(meeting, seconds):
            meeting.wait(60)
            start = perf_counter()
            sleep(seconds)
            return perf_counter() - start


        def nest(session, seconds):
            inner = session.run(runtime_data={"meeting": Alone(), "seconds": 0})
            return inner.run_id


        class Alone:
            def wait(self, timeout):
                pass


        def register_pipelines():
            return {
                "__default__": pipeline(
                    [node(work, ["meeting", "seconds"], "took", name="work")]
                ),
                "both": pipeline([
                    node(work, ["meeting", "seconds"], f"took_{n}", name=f"work_{n}")
                    for n in range(2)
                ]),
                "outer": pipeline([node(nest, ["session", "seconds"], "inner")]),
            }
    """,
}


@per_run
class Timer:
    """Measures nodes, in the plainest way there is."""

    reports: list[tuple[str, dict[str, float]]]

    def __init__(self) -> None:
        self.reports = []
        self.seconds: dict[str, float] = {}
        self.project: str | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Timer:
        own = copy.copy(self)
        own.seconds = {}
        return own

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        self.project = context.package_name

    @hook_impl
    def before_node_run(self) -> None:
        self.start = perf_counter()

    @hook_impl
    def after_node_run(self, node: Any) -> None:
        self.seconds[node.name] = perf_counter() - self.start

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        self.reports.append((run_params["run_id"], self.seconds))


@pytest.fixture
def open_session(make_project: Callable[..., Path]) -> Callable[..., KedroSession]:
    def open_session(*hooks: Any) -> KedroSession:
        session = KedroSession.create(make_project(FILES), save_on_close=False)
        for hook in hooks:
            session.hook_manager.register(hook)
        return session

    return open_session


class Meeting(Barrier):
    def __deepcopy__(self, memo: dict[int, Any]) -> Meeting:
        return self


def test_runs_in_threads_do_not_meet_in_a_timing_hook(open_session):
    timer = Timer()
    meeting = Meeting(THREADS)

    with open_session(timer) as session, ThreadPoolExecutor(THREADS) as pool:

        def run(number: int) -> tuple[str, float]:
            result = session.run(
                runtime_data={"meeting": meeting, "seconds": number / 50},
                run_id=f"run-{number}",
            )
            return result.run_id, result.outputs["took"]

        slept = dict(pool.map(run, range(THREADS)))
    reported = {run_id: seconds["work"] for run_id, seconds in timer.reports}
    assert reported.keys() == slept.keys()
    for run_id, seconds in slept.items():
        # All wait for the last one, and from then on each sleeps for its own time.
        assert reported[run_id] >= seconds
    assert timer.seconds == {}
    assert not hasattr(timer, "start")


def test_without_it_they_do_meet(open_session):
    class Counter:
        def __init__(self) -> None:
            self.nodes: list[str] = []
            self.seen: list[int] = []

        @hook_impl
        def before_node_run(self, node: Any) -> None:
            self.nodes.append(node.name)

        @hook_impl
        def after_pipeline_run(self) -> None:
            self.seen.append(len(self.nodes))

    class Shared(list):
        def __deepcopy__(self, memo: dict[int, Any]) -> Shared:
            return self

    def seen_by(counter: Any) -> list[int]:
        counter.seen = Shared()
        meeting = Meeting(2)
        with open_session(counter) as session, ThreadPoolExecutor(2) as pool:
            data = {"meeting": meeting, "seconds": 0}
            list(pool.map(lambda _: session.run(runtime_data=data), range(2)))
        return list(counter.seen)

    assert seen_by(Counter()) == [2, 2]
    assert seen_by(per_run(Counter)()) == [1, 1]


def test_hooks_outside_of_runs_are_called_on_the_registered_object(open_session):
    timer = Timer()
    with open_session(timer) as session:
        session.run(runtime_data={"meeting": Meeting(1), "seconds": 0})
        assert timer.project == session.package_name


def test_what_is_made_once_for_a_session_is_told_the_registered_object(open_session):
    @per_run
    class Hooks:
        made: str | None = None

        @hook_impl
        def after_catalog_created(self, catalog: Any) -> None:
            self.catalog = weakref.ref(catalog)

        @hook_impl(specname="after_context_created")
        def remember(self) -> None:
            self.made = "context"

        @hook_impl
        def before_pipeline_run(self) -> None:
            seen.append((self.made, self.catalog()))

    hooks = Hooks()
    seen: list[Any] = []
    data = {"meeting": Meeting(1), "seconds": 0}
    with open_session(hooks) as session:
        # The first run makes the catalog, and is the current one when it does.
        for _ in range(2):
            session.run(runtime_data=data)
        assert seen == [("context", session.catalog)] * 2
        assert hooks.catalog() is session.catalog


def test_all_threads_of_a_run_see_the_same_copy(open_session):
    timer = Timer()
    data = {"meeting": Meeting(2), "seconds": 0}
    with open_session(timer) as session:
        session.run(pipeline_names=["both"], runner=ThreadRunner(), runtime_data=data)
    [(_, seconds)] = timer.reports
    assert seconds.keys() == {"work_0", "work_1"}


def test_a_nested_run_has_a_copy_of_its_own(open_session):
    timer = Timer()

    class Handle:
        def __init__(self, session: KedroSession) -> None:
            self.run = session.run

        def __deepcopy__(self, memo: dict[int, Any]) -> Handle:
            return self

    with open_session(timer) as session:
        outer = session.run(
            pipeline_names=["outer"],
            runtime_data={"session": Handle(session), "seconds": 0},
        )
        inner = outer.outputs["inner"]
    assert [run_id for run_id, _ in timer.reports] == [inner, outer.run_id]
    (_, inside), (_, around) = timer.reports
    assert list(inside) == ["work"]
    assert len(around) == 1
    assert "work" not in around


def test_the_copy_is_gone_with_the_run(open_session):
    copies: list[weakref.ref[Any]] = []

    @per_run
    class Hooks:
        @hook_impl
        def before_node_run(self) -> None:
            copies.append(weakref.ref(self))

    hooks = Hooks()
    with open_session(hooks) as session:
        session.run(runtime_data={"meeting": Meeting(1), "seconds": 0})
        gc.collect()
        assert copies[0]() is None


def test_a_run_that_fails_leaves_nothing_in_the_next_one(open_session):
    seen: list[bool] = []

    @per_run
    class Hooks:
        failed = False

        @hook_impl
        def on_node_error(self) -> None:
            self.failed = True

        @hook_impl
        def on_pipeline_error(self) -> None:
            seen.append(self.failed)

        @hook_impl
        def after_pipeline_run(self) -> None:
            seen.append(self.failed)

    with open_session(Hooks()) as session:
        with pytest.raises(TypeError):
            session.run(runtime_data={"meeting": Meeting(1), "seconds": "many"})
        session.run(runtime_data={"meeting": Meeting(1), "seconds": 0})
    assert seen == [True, False]


def test_hooks_that_wrap_others_are_wrapped(open_session):
    seen: list[Any] = []

    @per_run
    class Hooks:
        @hook_impl(wrapper=True)
        def before_node_run(self):
            self.run = current_run()
            results = yield
            seen.append(self.run)
            return results

    hooks = Hooks()
    with open_session(hooks) as session:
        result = session.run(runtime_data={"meeting": Meeting(1), "seconds": 0})
    assert [run.run_id for run in seen] == [result.run_id]
    assert not hasattr(hooks, "run")


def test_the_methods_keep_their_signatures():
    parameters = inspect.signature(Timer.after_node_run).parameters
    assert list(parameters) == ["self", "node"]


def test_is_for_classes_and_not_for_their_objects():
    with pytest.raises(TypeError, match="before the class of a hook object, and not"):
        per_run(Timer())
