"""``run_id``: given, generated, refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from kedro.framework.session import KedroSessionError
from kedro.framework.session.run_id import generate_run_id
from kedro.io import MemoryDataset
from kedro.io.core import generate_timestamp

WHO = """
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    ran = []

    def who(first):
        ran.append(current_run().run_id)
        return current_run().run_id

    def register_pipelines():
        return {"__default__": pipeline([node(who, "params:first", "run_id")])}
"""

SAFE = [
    "order-42",
    "a",
    "2026-01-31T09.30.00.123Z",
    "with space",
    "a.b_c~d+e=f,g;h@i",
    "Größe-大きさ",
    ".hidden",
    "x" * 255,
    "é" * 127,
]

UNSAFE = {
    "": "is empty",
    "   ": "is empty",
    "a/b": "path separator",
    "/absolute": "path separator",
    "a\\b": "path separator",
    ".": "reference to a folder",
    "..": "reference to a folder",
    "a..b": "reference to a folder",
    "../up": "path separator",
    "a\0b": "control character",
    "a\nb": "control character",
    "a\tb": "control character",
    "a\x1b[31mb": "control character",
    "a\x7fb": "control character",
    "a\u2028b": "control character",
    "a\ud800b": "control character",
    "x" * 256: "longer than 255 bytes",
    "é" * 128: "longer than 255 bytes",
}


@pytest.fixture
def session(open_session):
    return open_session(WHO, parameters="first: 1")


@pytest.mark.parametrize("run_id", SAFE, ids=ascii)
def test_a_given_run_id_is_used_as_it_is(session, run_id):
    result = session.run(run_id=run_id)

    assert result.run_id == run_id
    assert result.outputs["run_id"] == run_id


@pytest.mark.parametrize(("run_id", "problem"), UNSAFE.items(), ids=ascii)
def test_an_unsafe_run_id_is_refused_before_anything_runs(
    session, module_of, run_id, problem
):
    with pytest.raises(KedroSessionError, match=problem):
        session.run(run_id=run_id)

    assert module_of(session).ran == []
    assert session.run().outputs["run_id"]


@pytest.mark.parametrize("run_id", [42, b"order", ["order"], object(), False])
def test_a_run_id_has_to_be_a_string(session, module_of, run_id):
    kind = type(run_id).__name__
    with pytest.raises(KedroSessionError, match=f"must be a string, not {kind}"):
        session.run(run_id=run_id)

    assert module_of(session).ran == []


def test_the_refusal_of_a_long_run_id_does_not_repeat_it(session):
    with pytest.raises(KedroSessionError) as caught:
        session.run(run_id="x" * 100_000)

    assert len(str(caught.value)) < 500


def test_a_run_id_can_be_used_again_when_its_run_has_ended(session):
    results = [session.run(run_id="again") for _ in range(3)]

    assert [result.run_id for result in results] == ["again"] * 3


def test_a_run_id_that_is_in_use_is_refused(open_session, at_once):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def wait(started, go_on):
            started.set()
            assert go_on.wait(30)
            return "done"

        def register_pipelines():
            return {"__default__": pipeline(
                [node(wait, ["started", "go_on"], "state")]
            )}
        """
    )
    started, go_on = threading.Event(), threading.Event()
    data = {
        "started": MemoryDataset(started, copy_mode="assign"),
        "go_on": MemoryDataset(go_on, copy_mode="assign"),
    }

    def run_again():
        assert started.wait(30)
        try:
            with pytest.raises(KedroSessionError, match="'same' is in use by another"):
                session.run(runtime_data=data, run_id="same")
        finally:
            go_on.set()

    first, refused = at_once(
        partial(session.run, runtime_data=data, run_id="same"), run_again
    )

    assert first.outputs["state"] == "done"
    assert refused is None
    again = session.run(runtime_data=data, run_id="same")
    assert again.outputs["state"] == "done"


def test_a_nested_run_cannot_have_the_id_of_its_outer_run(open_session):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def nest(session):
            session.run(run_id="same", pipeline_names=["inner"])

        def register_pipelines():
            return {
                "__default__": pipeline([node(nest, "session", None)]),
                "inner": pipeline([node(lambda: 1, None, "x", name="inner")]),
            }
        """
    )
    itself = MemoryDataset(session, copy_mode="assign")

    with pytest.raises(KedroSessionError, match="'same' is in use"):
        session.run(run_id="same", runtime_data={"session": itself})
    session.run(run_id="other", runtime_data={"session": itself})


def test_two_sessions_may_use_a_run_id_at_the_same_time(open_session, at_once):
    sessions = [
        open_session(
            """
            from kedro.pipeline import node, pipeline

            def meet(meeting):
                meeting.wait()
                return "met"

            def register_pipelines():
                return {"__default__": pipeline([node(meet, "meeting", "state")])}
            """,
            folder=folder,
        )
        for folder in ("one", "two")
    ]
    meeting = MemoryDataset(threading.Barrier(2, timeout=30), copy_mode="assign")

    results = at_once(
        *[
            partial(session.run, run_id="same", runtime_data={"meeting": meeting})
            for session in sessions
        ]
    )

    assert [result.outputs["state"] for result in results] == ["met", "met"]


def test_a_run_without_one_gets_a_new_run_id(session):
    ids = [session.run().run_id for _ in range(20)]

    assert len(set(ids)) == 20
    assert ids == sorted(ids)
    assert session.session_id not in ids
    assert session.run().outputs["run_id"] not in ids


def test_a_generated_run_id_is_a_safe_one(session):
    run_id = generate_run_id()

    assert session.run(run_id=run_id).run_id == run_id
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z-[\w-]+", run_id)


@pytest.fixture
def clock_that_stands_still(monkeypatch):
    """The worst of clocks: all run ids are made at the same time."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)


@pytest.mark.usefixtures("clock_that_stands_still")
def test_generated_run_ids_are_unique_over_threads():
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: generate_run_id(), range(10_000)))

    assert len(set(ids)) == 10_000


def test_generated_run_ids_are_unique_over_processes():
    code = (
        "import time\n"
        "time.time_ns = lambda: 1_800_000_000_000_000_000\n"
        "from kedro.framework.session.run_id import generate_run_id\n"
        "for _ in range(1000): print(generate_run_id())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ids = [
        line
        for process in processes
        for line in process.communicate()[0].splitlines()
        if re.match(r"\d{4}-", line)
    ]

    assert len(ids) == len(set(ids)) == 2000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
@pytest.mark.usefixtures("clock_that_stands_still")
def test_generated_run_ids_are_unique_over_forked_processes():
    generate_run_id()
    processes = [get_context("fork").Pool(1) for _ in range(3)]
    try:
        pending = [pool.apply_async(_generate, (500,)) for pool in processes]
        parts = [_generate(500), *[result.get(30) for result in pending]]
    finally:
        for pool in processes:
            pool.terminate()

    assert len({run_id for part in parts for run_id in part}) == 2000


def _generate(number: int) -> list[str]:
    return [generate_run_id() for _ in range(number)]


def test_generated_run_ids_sort_by_start_time_among_timestamps_of_kedro():
    made = []
    for _ in range(200):
        made += [_next_timestamp(), generate_run_id(), generate_run_id()]

    assert made == sorted(made)


def _next_timestamp() -> str:
    """A timestamp of Kedro's, of a millisecond that has just begun."""
    before = timestamp = generate_timestamp()
    while timestamp == before:
        timestamp = generate_timestamp()
    return timestamp
