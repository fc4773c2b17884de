"""Workers that die, runs that are interrupted, and what is left of either."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

NODES = 12

FILES = {
    "conf/base/catalog.yml": """
        kept:
          type: {package}.datasets.RecordedDataset
          filepath: data/kept.json
          versioned: true
    """,
    "conf/base/parameters.yml": "{act: nothing, number: 1}",
    "{package}/nodes.py": """
        import os
        import signal
        import time
        from pathlib import Path

        from kedro.framework.session import current_run

        MARKS = Path(__file__).with_name("marks")


        def double(number):
            return 2 * number


        def act(number, what):
            MARKS.mkdir(exist_ok=True)
            if what == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if what == "exit":
                os._exit(3)
            if what == "raise":
                raise RuntimeError("stop here")
            if what == "wait":
                (MARKS / f"{os.getpid()}-{time.time_ns()}").touch()
                while not (MARKS / "go on").exists():
                    time.sleep(0.01)
            return number


        def tell(number, act):
            return [number, current_run().run_id]
    """,
    "{package}/pipeline_registry.py": f"""
        from kedro.pipeline import node, pipeline

        from {{package}} import nodes


        def register_pipelines():
            acted = ["number", "params:act"]
            many = [
                node(nodes.act, ["params:number", "params:act"], f"out_{{n}}",
                     name=f"act_{{n}}")
                for n in range({NODES})
            ]
            default = [
                node(nodes.double, "params:number", "number", name="double"),
                node(nodes.act, acted, "acted", name="act"),
                node(nodes.double, "number", "other", name="beside"),
                node(nodes.tell, ["acted", "other"], "kept", name="tell"),
            ]
            return {{"__default__": pipeline(default), "many": pipeline(many)}}
    """.replace("{{package}}", "{package}"),
}


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(FILES)


@pytest.fixture
def session(project: Any) -> Iterator[KedroSession]:
    with project.session(save_on_close=False) as session:
        yield session


@pytest.fixture
def marks(project: Any) -> Path:
    """Where nodes leave a file when they begin to wait, and wait for ``go on``."""
    folder: Path = project.path / "src" / project.package / "marks"
    folder.mkdir()
    return folder


def parallel() -> ParallelRunner:
    return ParallelRunner(max_workers=2)


def value_of(
    session: KedroSession, number: int, *, act: str = "nothing", **arguments: Any
) -> Any:
    params = {"number": number, "act": act}
    result = session.run(runtime_params=params, **arguments)
    return result.outputs["kept"]


def wait_for(happened: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := happened()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def children() -> list[psutil.Process]:
    gc.collect()
    # Processes that are started anew have one that tracks what they share.
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if "resource_tracker" not in " ".join(process.cmdline())
    ]


class Listener:
    def __init__(self) -> None:
        self.errors: list[tuple[str, Exception]] = []

    @hook_impl
    def on_pipeline_error(self, error, run_params):
        self.errors.append((run_params["run_id"], error))


@pytest.mark.parametrize(
    ("method", "act"), [("fork", "kill"), ("fork", "exit"), ("spawn", "kill")]
)
def test_a_worker_that_dies_is_named_with_its_run_and_harms_no_later_one(
    session, monkeypatch, method, act
):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", method)
    before = set(children())
    listener = Listener()
    session.hook_manager.register(listener)
    runner = parallel()

    with pytest.raises(BrokenProcessPool) as caught:
        session.run(runner=runner, runtime_params={"act": act}, run_id="night-1")

    assert "in run 'night-1'" in str(caught.value)
    assert "'act'" in str(caught.value)
    assert "'double'" not in str(caught.value)
    assert listener.errors == [("night-1", caught.value)]
    assert value_of(session, 3, runner=runner, run_id="night-1") == [6, "night-1"]
    del runner, caught
    listener.errors.clear()
    assert set(children()) <= before


def test_a_worker_that_dies_does_not_disturb_runs_beside_it(session, marks):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            value_of,
            session,
            5,
            act="wait",
            runner=parallel(),
            run_id="beside",
        )
        wait_for(lambda: list(marks.iterdir()))
        with pytest.raises(BrokenProcessPool):
            value_of(session, 5, act="kill", runner=parallel())
        (marks / "go on").touch()
        assert waiting.result() == [10, "beside"]


def test_a_worker_that_is_killed_from_outside(session, marks):
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(
            session.run,
            runner=parallel(),
            runtime_params={"act": "wait"},
            run_id="night-1",
        )
        [mark] = wait_for(lambda: list(marks.iterdir()))
        os.kill(int(mark.name.partition("-")[0]), signal.SIGKILL)
        with pytest.raises(BrokenProcessPool, match=r"in run 'night-1'.*'act'"):
            run.result()
    (marks / "go on").touch()
    assert value_of(session, 2, runner=parallel())[0] == 4


def test_the_process_that_has_the_data_is_killed(session, marks):
    with ThreadPoolExecutor(1) as pool:
        runner = parallel()
        run = pool.submit(
            value_of, session, 1, act="wait", runner=runner, run_id="night-1"
        )
        wait_for(lambda: list(marks.iterdir()))
        runner._manager._process.kill()
        (marks / "go on").touch()
        with pytest.raises(DatasetError, match=r"\(run id: night-1\)"):
            run.result()
    assert value_of(session, 2, runner=parallel())[0] == 4


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_runs_with_all_runners_overlap(session, project, at_once, monkeypatch, method):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", method)
    before = set(children())
    makes = [parallel, ThreadRunner, SequentialRunner, parallel, ThreadRunner]
    results = at_once(
        *[
            partial(value_of, session, n, runner=make(), run_id=f"run-{n}")
            for n, make in enumerate(makes)
        ]
    )

    assert results == [[2 * n, f"run-{n}"] for n in range(len(makes))]
    for n in range(len(makes)):
        assert project.read(f"kept.json/run-{n}/kept.json") == [2 * n, f"run-{n}"]
    assert set(children()) <= before


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    def at_once(*functions: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(functions), timeout=60)

        def call(function: Callable[[], Any]) -> Any:
            start.wait()
            return function()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return at_once


@pytest.fixture
def temporary():
    """A folder for temporary files, with a name short enough for sockets in it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


# Python's pool of processes hands out some more nodes than it has workers. A terminal
# interrupts all processes, a notebook's server or an application only one.
@pytest.mark.parametrize(
    ("runner", "method", "whom", "most_begun"),
    [
        ("sequential", "fork", "the program", 1),
        ("thread", "fork", "the program", 2),
        ("parallel", "fork", "the program", 5),
        ("parallel", "fork", "all its processes", 5),
        ("parallel", "spawn", "all its processes", 5),
    ],
)
def test_an_interrupt_leaves_nothing(
    project, marks, temporary, runner, method, whom, most_begun
):
    program = Path(__file__).with_name("interrupted_program.py")
    process = subprocess.Popen(
        [sys.executable, program, project.path, runner],
        env={**os.environ, "KEDRO_MP_CONTEXT": method, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        wait_for(lambda: list(marks.iterdir()) or process.poll() is not None)
        if whom == "the program":
            process.send_signal(signal.SIGINT)
        else:
            os.killpg(process.pid, signal.SIGINT)
        wait_for((project.path / "noticed").exists)
        # For the nodes that have not begun to be called off.
        time.sleep(0.2)
        (marks / "go on").touch()
        output, errors = process.communicate(timeout=120)

    assert process.returncode == 0, errors
    found = json.loads(output.splitlines()[-1])
    assert found["interrupted"]
    assert found["after"] == found["before"]
    assert found["before"]["processes"] == []
    assert found["again"] == [1] * NODES
    assert 0 < len(list(marks.iterdir())) - 1 <= most_begun
    assert list(temporary.iterdir()) == []
    assert "leaked" not in errors
