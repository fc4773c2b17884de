"""Timestamps that versions and runs are named by."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from threading import Barrier

import pytest

from kedro.io import versions
from kedro.io.versions import VERSION_FORMAT, generate_timestamp

THREADS = 8


def test_threads_that_ask_together_are_told_different_ones():
    together = Barrier(THREADS, timeout=30)

    def ask(_: int) -> str:
        together.wait()
        return generate_timestamp()

    with ThreadPoolExecutor(THREADS) as pool:
        told = list(pool.map(ask, range(20 * THREADS)))
    assert len(set(told)) == len(told)


def test_they_are_the_time_and_sort_by_it():
    before = datetime.now(tz=timezone.utc)
    told = [generate_timestamp() for _ in range(50)]
    after = datetime.now(tz=timezone.utc)
    assert told == sorted(told)
    for timestamp in told:
        moment = datetime.strptime(timestamp, VERSION_FORMAT)
        # To the millisecond: what is less is cut off.
        late = before.replace(microsecond=before.microsecond // 1000 * 1000)
        assert late <= moment.replace(tzinfo=timezone.utc) <= after


def test_a_clock_that_stands_still_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(versions, "_now", lambda: "2026-01-31T23.59.59.999Z")
    told = {generate_timestamp() for _ in range(3)}
    assert told == {"2026-01-31T23.59.59.999Z"}


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(),
    reason="There are no forked processes on this system.",
)
def test_a_process_that_was_forked_while_somebody_asked_can_ask():
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    with versions._clock._asking:
        child = context.Process(target=lambda: sender.send(generate_timestamp()))
        child.start()
    assert receiver.poll(30)
    assert datetime.strptime(receiver.recv(), VERSION_FORMAT)
    child.join(30)
    assert child.exitcode == 0
