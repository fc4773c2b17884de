"""Hooks that fail: as in kedro 1.7.0, and without a trace in the session."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kedro.framework.session import KedroSession, current_run
from kedro.io import MemoryDataset

OUTCOMES = Path(__file__).with_name("hook_outcomes.py")
here = SimpleNamespace(**runpy.run_path(str(OUTCOMES)))


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    return make_project(here.FILES)


@pytest.fixture
def session(project: Path) -> Iterator[KedroSession]:
    with KedroSession.create(project, save_on_close=False) as session:
        yield session


def run_release(installed: Callable[..., Path], project: Path) -> Any:
    """What kedro 1.7.0 does in each case, in a process of its own."""
    folder = installed("kedro==1.7.0", "--no-deps")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, OUTCOMES, project],
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((project / "outcomes.json").read_text())


def test_a_run_fails_as_in_the_release(project, installed):
    theirs = run_release(installed, project)
    for case, their in zip(here.CASES, theirs, strict=True):
        with KedroSession.create(project, save_on_close=False) as session:
            assert here.outcome(session, *case) == their, case
        last = case[0].split()[-1:]
        failure = f"OSError('failed in {last[0]}')" if last else "ValueError('no 21')"
        assert their["got"][:2] == ["error", failure]


def test_later_runs_of_the_session_fail_as_in_the_release(project, session, installed):
    theirs = run_release(installed, project)
    session.run(pipeline_names=["double"])
    for case, their in zip(here.CASES, theirs, strict=True):
        if case[0] not in here.PER_SESSION:
            assert here.outcome(session, *case) == their, case


@pytest.mark.parametrize(("hook", "pipeline", "runner"), here.CASES)
def test_nothing_stays_of_a_run_whose_hook_fails(session, hook, pipeline, runner):
    hooks = here.hooks_of(session)
    run = partial(session.run, run_id="same", runner=here.RUNNERS[runner]())

    for _ in range(2):
        hooks.failing = hook.split()
        with pytest.raises((OSError, ValueError)):
            run(pipeline_names=[pipeline])
        assert current_run() is None
        hooks.failing = ()
        result = run(pipeline_names=["double"])
        assert result.outputs["result"] == 42
        assert result.run_id == "same"
        assert current_run() is None
        session.reload()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("hook", here.OF_A_RUN)
def test_nothing_stays_of_a_run_that_a_hook_stops(session, hook, stop):
    hooks = here.hooks_of(session)
    hooks.failing, hooks.error = (hook,), stop
    with pytest.raises(stop):
        session.run(pipeline_names=["double"], run_id="same")
    assert current_run() is None
    hooks.failing = ()
    result = session.run(pipeline_names=["double"], run_id="same")
    assert result.outputs["result"] == 42


@pytest.mark.parametrize(
    ("hook", "use"),
    [
        *product(
            ["after_context_created"], ["context", "catalog", "parameters", "preload"]
        ),
        *product(["after_catalog_created"], ["catalog", "preload"]),
    ],
)
def test_what_is_made_once_is_made_at_the_next_use(session, hook, use):
    hooks = here.hooks_of(session)

    def use_it() -> None:
        session.preload([]) if use == "preload" else getattr(session, use)

    hooks.failing = (hook,)
    for _ in range(2):
        with pytest.raises(OSError, match=hook):
            use_it()
    hooks.failing = ()
    hooks.called.clear()
    use_it()
    session.run(pipeline_names=["double"])
    made = [name for name in hooks.called if name in here.PER_SESSION]
    assert made == list(here.PER_SESSION[here.PER_SESSION.index(hook) :])


@pytest.mark.parametrize("hook", here.OF_A_RUN)
def test_runs_at_the_same_time_are_left_alone(session, at_once, hook):
    hooks = here.hooks_of(session)
    session.run(pipeline_names=["double"])
    hooks.failing, hooks.failing_run = (hook,), "order-3"

    def run(number: int) -> Any:
        result = session.run(pipeline_names=["double"], run_id=f"order-{number}")
        return result.run_id, result.outputs["result"], current_run()

    results = at_once(*[partial(run, number) for number in range(8)])
    assert repr(results.pop(3)) == repr(OSError(f"failed in {hook}"))
    assert results == [(f"order-{n}", 42, None) for n in (0, 1, 2, 4, 5, 6, 7)]


@pytest.mark.parametrize("hook", [*here.OF_A_RUN, *here.OF_AN_ERROR])
def test_a_run_goes_on_if_a_hook_of_one_inside_it_fails(session, hook):
    hooks = here.hooks_of(session)
    hooks.failing, hooks.failing_run = (hook,), "inner"
    inner = "fail" if hook in here.OF_AN_ERROR else "double"

    class Nesting(MemoryDataset):
        def load(self) -> Any:
            before = current_run()
            with pytest.raises(OSError, match=f"failed in {hook}"):
                session.run(pipeline_names=[inner], run_id="inner")
            assert current_run() is before
            return before.run_id

    session.catalog["who"] = Nesting()
    result = session.run(pipeline_names=["tell"], run_id="outer")
    assert result.outputs["told"] == ["outer", "outer"]
    assert current_run() is None
