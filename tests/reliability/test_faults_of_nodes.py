"""Nodes that raise, stop, are interrupted, or use up all memory."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from typing import Any

import pytest

from kedro.io import DatasetError
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner
from tests.reliability.injection import Injection

SOAK = int(os.environ.get("KEDRO_SOAK") or 1)
REGISTRY = """
    import _thread
    import signal
    import sys
    import threading
    import time

    from kedro.pipeline import node, pipeline

    def prepare(number):
        return number + 1

    def leave(ready):
        sys.exit(3)

    def fail(ready):
        raise ArithmeticError("no such number")

    def stop(ready):
        raise StopIteration("early")

    def interrupt(ready):
        signal.raise_signal(signal.SIGINT)
        time.sleep(60)

    def be_interrupted(ready):
        main = threading.main_thread().ident
        threading.Thread(
            target=signal.pthread_kill, args=(main, signal.SIGINT)
        ).start()
        # In steps: a signal that comes as a sleep begins does not end it.
        for _ in range(6000):
            time.sleep(0.01)

    def interrupt_main(ready):
        _thread.interrupt_main()
        return ready

    def recurse(ready):
        return recurse(ready)

    def exhaust(ready):
        return bytearray(sys.maxsize // 2)

    def add(ready):
        return ready + 1

    BAD = [leave, fail, stop, interrupt, be_interrupted, interrupt_main, recurse]
    BAD += [exhaust]

    def register_pipelines():
        first = node(prepare, "number", "ready", name="prepare")
        return {
            "good": pipeline([first, node(add, "ready", "total", name="add")]),
            **{
                function.__name__: pipeline([
                    first, node(function, "ready", "never"), node(add, "never", "total")
                ])
                for function in BAD
            },
        }
"""
CATALOG = "ready: {type: json.JSONDataset, filepath: data/ready.json}"
STOPS = {
    "leave": SystemExit,
    "fail": ArithmeticError,
    "stop": Exception,
    "interrupt": KeyboardInterrupt,
    "be_interrupted": KeyboardInterrupt,
    "interrupt_main": KeyboardInterrupt,
    "recurse": RecursionError,
    "exhaust": MemoryError,
}
RUNNERS = {
    "sequential": SequentialRunner,
    "async": lambda: SequentialRunner(is_async=True),
    "threads": ThreadRunner,
}


@pytest.fixture
def session(open_session):
    return open_session(REGISTRY, catalog=CATALOG)


@pytest.fixture
def ctrl_c():
    """Python's handler for it, which programs in the background do not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("name", STOPS)
def test_a_node_that_ends_its_run(session, leaves_nothing, name, runner):
    if runner == "threads" and name in ("interrupt", "be_interrupted"):
        # Signals come to the main thread, and these nodes would wait in another.
        name = "interrupt_main"
    for number in range(2):
        with (
            leaves_nothing(session, "data"),
            pytest.raises(STOPS[name]) as caught,
        ):
            session.run(
                pipeline_names=[name],
                run_id="same",
                runtime_data={"number": number},
                runner=RUNNERS[runner](),
            )
        # What was saved before stays, and the id is free while the error is kept.
        assert session.catalog.load("ready") == number + 1
        result = session.run(
            pipeline_names=["good"], run_id="same", runtime_data={"number": 5}
        )
        assert result.outputs["total"] == 7
        assert caught.value is not None


@pytest.mark.parametrize("runner", [*RUNNERS, "parallel"])
@pytest.mark.parametrize(
    ("pipeline", "orders", "message"),
    [
        ("fail", "1", r"stop at 1\nIn node 'fail' of run 'night'\.$"),
        ("fail", "{", r"'?orders'?[\s\S]*\(run id: night\)\nIn node 'fail' of run 'n"),
        ("keep", "1", r"'?kept'?[\s\S]*\(run id: night\)\nIn node 'keep' of run 'n"),
    ],
    ids=["node", "load", "save"],
)
def test_an_error_names_the_dataset_the_node_and_the_run(
    open_session, runner, pipeline, orders, message
):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def fail(orders):
            raise ArithmeticError(f"stop at {orders}")

        def keep(orders):
            return {orders}

        def register_pipelines():
            return {
                "fail": pipeline([node(fail, "orders", "never", name="fail")]),
                "keep": pipeline([node(keep, "orders", "kept", name="keep")]),
            }
        """,
        catalog="""
        orders: {type: json.JSONDataset, filepath: data/orders.json}
        kept: {type: json.JSONDataset, filepath: data/kept.json}
        """,
        files={"data/orders.json": orders},
    )
    runners = {**RUNNERS, "parallel": lambda: ParallelRunner(max_workers=2)}
    with pytest.raises((ArithmeticError, DatasetError), match=message):
        session.run(pipeline_names=[pipeline], run_id="night", runner=runners[runner]())


SUMS = {
    "conf/base/catalog.yml": """
        kept: {type: json.JSONDataset, filepath: data/kept.json}
        limit: {type: json.JSONDataset, filepath: data/limit.json}
    """,
    "conf/base/parameters.yml": "plus: 0",
    "data/limit.json": "100",
    "{package}/pipeline_registry.py": """
        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline

        def add(number, plus, limit):
            assert current_run().runtime_params["plus"] == plus
            return number + plus, number

        def register_pipelines():
            return {"__default__": pipeline([
                node(add, ["number", "params:plus", "limit"], ["sum", "kept"]),
            ])}
    """,
}


@pytest.mark.parametrize("runner", ["async", "threads"])
def test_no_thread_works_for_a_run_that_was_interrupted(
    open_session, module_of, leaves_nothing, runner
):
    session = open_session(
        """
        import time

        from kedro.pipeline import node, pipeline

        running = set()

        def work(number):
            running.add(number)
            time.sleep(0.02)
            running.discard(number)
            return number

        def register_pipelines():
            return {"__default__": pipeline([
                node(work, f"number_{n}", f"result_{n}", name=f"work_{n}")
                for n in range(3)
            ])}
        """
    )
    running = module_of(session).running
    run = partial(
        session.run,
        run_id="same",
        runtime_data={f"number_{n}": n for n in range(3)},
        runner=RUNNERS[runner](),
    )
    run()
    # There, a thread begins that a pool does not know yet.
    in_starts = partial(Injection, KeyboardInterrupt, function="start")
    counting = in_starts(folder=threading.__file__)
    counting.during(run)
    assert counting.moments > 5
    for number in range(counting.moments):
        injection = in_starts(number, threading.__file__)
        with leaves_nothing(session):
            with pytest.raises(KeyboardInterrupt):
                injection.during(run)
            assert running == set(), injection.place
        assert len(run().outputs) == 3


def test_signals_at_random_moments(make_project, in_process):
    signals = 200 * SOAK
    counts = in_process("interrupted.py", make_project(SUMS), signals, SOAK)

    assert counts["right"] == signals
    assert counts["in time"] > signals / 10
    assert counts.get("dropped", 0) < signals / 20


def test_memory_that_is_used_up(make_project, in_process):
    runs = 20 * SOAK
    counts = in_process("out_of_memory.py", make_project(SUMS), runs)

    assert counts.pop("right") == runs
    assert counts.keys() <= {"ended", "MemoryError", "DatasetError"}
    assert counts["MemoryError"] > 0


STREAMS = """
    from kedro.pipeline import node, pipeline

    state = {}

    def stream(chunks, stop):
        state["open"] = True
        try:
            for number in range(chunks):
                if number == stop:
                    raise ValueError(f"no chunk {number}")
                yield [number]
        finally:
            state["open"] = False

    def pairs(chunks, stop):
        for chunk in stream(chunks, stop):
            yield chunk, chunk

    def nothing():
        return
        yield

    def register_pipelines():
        arguments = ["params:chunks", "params:stop"]
        return {
            "stream": pipeline([node(stream, arguments, "chunk")]),
            "pairs": pipeline([node(pairs, arguments, ["first", "second"])]),
            "nothing": pipeline([node(nothing, None, "chunk")]),
        }
"""
APPENDING = """
    import json
    from pathlib import Path

    from kedro.io import AbstractDataset

    class Appending(AbstractDataset):
        def __init__(self, filepath, limit=None):
            self._path = Path(filepath)
            self._limit = limit

        def load(self):
            return json.loads(self._path.read_text())

        def save(self, data):
            before = self.load() if self._path.exists() else []
            if self._limit is not None and len(before) >= self._limit:
                raise OSError("No room for another chunk")
            self._path.parent.mkdir(exist_ok=True)
            self._path.write_text(json.dumps(before + data))

        def _describe(self):
            return {"path": self._path}
"""
CHUNKS = """
    _chunks: &chunks
      type: {package}.datasets.Appending
      limit: ${runtime_params:limit, null}
    chunk: {<<: *chunks, filepath: data/chunk.json}
    first: {<<: *chunks, filepath: data/first.json}
    second: {<<: *chunks, filepath: data/second.json}
"""


@pytest.fixture
def streaming(open_session):
    return open_session(
        STREAMS,
        catalog=CHUNKS,
        parameters="chunks: 4\nstop: -1",
        files={"{package}/datasets.py": APPENDING, "data/.gitkeep": ""},
    )


@pytest.mark.parametrize(
    ("pipeline", "names"), [("stream", ["chunk"]), ("pairs", ["first", "second"])]
)
def test_a_generator_that_stops_midway(
    streaming, module_of, leaves_nothing, pipeline, names
):
    def run(**params: int) -> Any:
        return streaming.run(
            pipeline_names=[pipeline], run_id="same", runtime_params=params
        )

    with (
        leaves_nothing(streaming, "data"),
        pytest.raises(ValueError, match="no chunk 2"),
    ):
        run(stop=2)
    assert [streaming.catalog.load(name) for name in names] == [[0, 1]] * len(names)
    message = rf"{names[0]}: [\s\S]*No room[\s\S]*run id: same"
    with leaves_nothing(streaming, "data"), pytest.raises(DatasetError, match=message):
        run(limit=3)
    assert not module_of(streaming).state["open"]
    assert streaming.catalog.load(names[0]) == [0, 1, 0]
    for name in names:
        (streaming.project_path / "data" / f"{name}.json").unlink()
    assert dict(run().outputs) == {name: [0, 1, 2, 3] for name in names}


def test_a_generator_without_a_chunk(streaming, leaves_nothing):
    with leaves_nothing(streaming):
        result = streaming.run(pipeline_names=["nothing"], run_id="same")
    assert list(result) == ["chunk"]
    with pytest.raises(DatasetError, match="chunk"):
        result.outputs["chunk"]
