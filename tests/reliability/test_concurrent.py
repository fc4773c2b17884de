"""All that a session can do, done by many threads and tasks at the same time.

Every value says who has written it, so that each run can be looked at by itself:
whatever others do meanwhile, it has to see its own data and parameters, and of what is
shared nothing older than what was there when it began.

``KEDRO_SOAK=20`` does twenty times as much as usual.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from copy import deepcopy
from typing import Any

import pytest

from kedro.framework.hooks import hook_impl, per_run
from kedro.framework.session import KedroSession, KedroSessionError, current_run
from kedro.runner import ThreadRunner
from tests.reliability.conditions import hectic, quiet

SOAK = int(os.environ.get("KEDRO_SOAK") or 1)
THREADS = 16
TASKS = 200
CALLS_OF_A_THREAD = 100 * SOAK
CALLS_OF_A_TASK = 5 * SOAK

# Of a deadlock, the stacks of all threads are shown.
pytestmark = pytest.mark.timeout(120 + 30 * SOAK, method="thread")

FILES = {
    "conf/base/catalog.yml": """
        _whole: &whole
          type: {package}.files.WholeFileDataset
        model: {<<: *whole, filepath: data/model.json}
        report: {<<: *whole, filepath: data/report.json}
        tuned:
          <<: *whole
          filepath: data/tuned-${runtime_params:variant, a}.json
        releases:
          type: {package}.datasets.RecordedDataset
          filepath: data/releases.json
          versioned: true
    """,
    "conf/base/parameters.yml": """
        who: nobody
        deep: {who: "${who}", kept: 1}
    """,
    "{package}/files.py": """
        import json
        import os
        import threading
        from pathlib import Path

        from {package}.datasets import RecordedDataset


        class WholeFileDataset(RecordedDataset):
            "Readers see what one writer has written."

            def _note(self, what):
                pass

            def save(self, data):
                path = Path(self._get_save_path())
                own = path.with_name(f"{path.name}-{threading.get_ident()}")
                own.write_text(json.dumps(data))
                os.replace(own, path)
    """,
    "{package}/nodes.py": """
        from kedro.framework.session import current_run

        session = task = None


        def see(model, requests, who, deep):
            run = current_run()
            return {
                "model": model,
                "requests": requests,
                "who": [who, deep["who"], run.runtime_params["who"], task.get()],
                "run_id": run.run_id,
            }


        def spoil(seen, requests):
            requests.append("spoilt")
            return {**seen, "again": requests}


        def fail(model, who):
            raise RuntimeError(f"{who} stops here")


        def identity(data):
            return data


        def nest(requests, who):
            arguments = {
                "pipeline_names": ["serve"],
                "runtime_data": {"requests": [who, "inner"]},
                "runtime_params": {"who": f"{who}-inner"},
            }
            inner = session.run(**arguments)
            return [inner.run_id, inner.outputs["told"], current_run().run_id]


        def pair(left, right):
            return [left, right]
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def one(func, inputs, output):
            return pipeline([node(func, inputs, output, name=func.__name__)])


        def register_pipelines():
            seen = ["model", "requests", "params:who", "params:deep"]
            release = one(nodes.identity, "requests", "releases")
            return {
                "serve": one(nodes.see, seen, "seen")
                + one(nodes.spoil, ["seen", "requests"], "told"),
                "fail": one(nodes.fail, ["model", "params:who"], "nothing"),
                "train": one(nodes.identity, "requests", "model"),
                "nest": one(nodes.nest, ["requests", "params:who"], "nested"),
                "report": one(nodes.identity, "requests", "report"),
                "release": release
                + pipeline([node(nodes.identity, "releases", "published")]),
                "past": pipeline([node(nodes.identity, "releases", "published")]),
                "tune": pipeline([node(nodes.pair, ["tuned", "model"], "both")]),
                "added": one(nodes.identity, "added", "shown"),
            }
    """,
}
TASK: ContextVar[str | None] = ContextVar("task", default=None)


@per_run
class Watcher:
    """Has a copy for each run, in which nothing of another run may turn up."""

    def __init__(self) -> None:
        self.runs: set[str] = set()
        self.mixed: list[set[str]] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Watcher:
        copied = Watcher()
        copied.mixed = self.mixed
        return copied

    def look(self) -> None:
        self.runs.add(current_run().run_id)  # type: ignore[union-attr]
        if len(self.runs) > 1:
            self.mixed.append(self.runs)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        self.runs.add(run_params["run_id"])

    @hook_impl
    def before_node_run(self) -> None:
        self.look()

    @hook_impl
    def after_dataset_saved(self) -> None:
        self.look()

    @hook_impl
    def after_pipeline_run(self) -> None:
        self.look()

    @hook_impl
    def on_pipeline_error(self) -> None:
        self.look()


class Users:
    """What threads and tasks do with the session, and what has to come of it."""

    def __init__(self, project: Any, session: KedroSession) -> None:
        self.project, self.session = project, session
        self.done: Counter[str] = Counter()
        self.numbers = itertools.count(1)
        # Of the model and of what is added: the number that was last written.
        self.model = self.added = 0
        self.writing = threading.Lock()
        self.adding = threading.Lock()
        self.released: list[str] = []
        self.reloads = 0
        self.operations: list[Callable[[str, random.Random], None]] = [
            *[self.serve] * 8,
            *[self.nest, self.fail, self.tune, self.report] * 2,
            *[self.refused, self.release, self.past, self.look],
            *[self.preload, self.release_cache],
            *[self.train, self.swap, self.save_through_the_catalog],
            *[self.add, self.use_added] * 2,
        ]

    def use(self, who: str, calls: int) -> None:
        # The same each time, as far as one thread can tell.
        dice = random.Random(who)
        TASK.set(who)
        for number in range(calls):
            operation = dice.choice(self.operations)
            operation(f"{who}-{number}", dice)
            assert current_run() is None
            self.done[operation.__name__] += 1

    def run(self, pipeline: str, who: str, **arguments: Any) -> Any:
        given = {"requests": [who], **arguments.pop("runtime_data", {})}
        if pipeline in ("fail", "past", "tune", "added"):
            del given["requests"]
        before = deepcopy(given)
        params = {"who": who, **arguments.pop("runtime_params", {})}
        try:
            return self.session.run(
                pipeline_names=[pipeline],
                runtime_data=given,
                runtime_params=params,
                **arguments,
            )
        finally:
            assert given == before

    # Runs

    def serve(self, who: str, dice: random.Random) -> None:
        oldest = self.model
        run_id = who if dice.random() < 0.5 else None
        runner = ThreadRunner(max_workers=2) if dice.random() < 0.2 else None
        result = self.run("serve", who, run_id=run_id, runner=runner)
        told = result.outputs["told"]
        self.check_told(told, who, result.run_id, TASK.get(), oldest)
        assert run_id in (None, result.run_id)

    def check_told(
        self, told: Any, who: str, run_id: str, task: str | None, oldest: int
    ) -> None:
        model = told.pop("model")
        assert oldest <= model["number"]
        assert model["text"] == text_of(model["number"])
        assert told == {
            "requests": [who],
            "again": [who, "spoilt"],
            "who": [who, who, who, task],
            "run_id": run_id,
        }

    def nest(self, who: str, dice: random.Random) -> None:
        oldest = self.model
        result = self.run("nest", who, run_id=who)
        inner_id, told, outer_id = result.outputs["nested"]
        assert outer_id == result.run_id == who != inner_id
        told["requests"].remove("inner")
        told["again"].remove("inner")
        told["requests"] = [f"{one}-inner" for one in told["requests"]]
        told["again"][0] += "-inner"
        self.check_told(told, f"{who}-inner", inner_id, TASK.get(), oldest)

    def fail(self, who: str, dice: random.Random) -> None:
        told = f"^{who} stops here\nIn node 'fail' of run '{who}-fails'\\.$"
        with pytest.raises(RuntimeError, match=told):
            self.run("fail", who, run_id=f"{who}-fails")

    def refused(self, who: str, dice: random.Random) -> None:
        with pytest.raises(KedroSessionError, match=r"'requsts'.*'requests'"):
            self.run("serve", who, runtime_data={"requsts": []})

    def tune(self, who: str, dice: random.Random) -> None:
        oldest, variant = self.model, dice.choice("ab")
        result = self.run("tune", who, runtime_params={"variant": variant})
        tuned, model = result.outputs["both"]
        assert tuned == {"variant": variant}
        assert oldest <= model["number"]

    def report(self, who: str, dice: random.Random) -> None:
        content = [who] * dice.randint(1, 2000)
        self.run("report", who, runtime_data={"requests": content})
        found = self.project.read("report.json")
        assert len(set(found)) == 1

    def release(self, who: str, dice: random.Random) -> None:
        run_id = f"{who}-releases"
        result = self.run("release", who, run_id=run_id)
        assert result.outputs["published"] == [who]
        assert self.project.read(f"releases.json/{run_id}/releases.json") == [who]
        self.released.append(run_id)

    def past(self, who: str, dice: random.Random) -> None:
        if self.released:
            run_id = dice.choice(self.released)
            result = self.run("past", who, load_versions={"releases": run_id})
            assert f"{result.outputs['published'][0]}-releases" == run_id

    # Artifacts

    def preload(self, who: str, dice: random.Random) -> None:
        names = dice.sample(["model", "tuned", "added"], dice.randint(1, 3))
        added = self.added
        try:
            self.session.preload(names, copy_mode=dice.choice(["assign", "deepcopy"]))
        except KedroSessionError as error:
            assert "'added' is not in the catalog" in str(error)  # noqa: PT017
            assert not added or self.reloads

    def release_cache(self, who: str, dice: random.Random) -> None:
        if dice.random() < 0.5:
            self.session.release_cache()
            return
        try:
            self.session.release_cache(["model"])
        except KedroSessionError as error:
            # Somebody else was faster.
            assert "not a cached artifact" in str(error)  # noqa: PT017

    def written(self, write: Callable[[dict[str, Any]], None]) -> None:
        """Write a new model; one writer at a time, for the last to be known."""
        with self.writing:
            number = next(self.numbers)
            write({"number": number, "text": text_of(number)})
            self.model = number

    def swap(self, who: str, dice: random.Random) -> None:
        def write(model: dict[str, Any]) -> None:
            new = self.project.path / "data" / "new-model.json"
            self.project.write(new.name, model)
            os.replace(new, new.with_name("model.json"))
            self.session.preload(["model"])

        self.written(write)

    def train(self, who: str, dice: random.Random) -> None:
        def write(model: dict[str, Any]) -> None:
            self.run("train", who, runtime_data={"requests": model})

        self.written(write)

    def save_through_the_catalog(self, who: str, dice: random.Random) -> None:
        self.written(lambda model: self.session.catalog.save("model", model))

    # The session

    def add(self, who: str, dice: random.Random) -> None:
        with self.adding:
            number = next(self.numbers)
            self.session.catalog["added"] = [number]
            self.added = number

    def use_added(self, who: str, dice: random.Random) -> None:
        oldest, reloads = self.added, self.reloads
        try:
            [number] = self.run("added", who).outputs["shown"]
        except ValueError as error:
            assert "{'added'} not found" in str(error)  # noqa: PT017
            assert not oldest or self.reloads
        else:
            assert oldest <= number or self.reloads > reloads

    def look(self, who: str, dice: random.Random) -> None:
        cached = {row.name for row in self.session.cache_info()}
        assert cached <= {"model", "tuned", "added"}
        assert self.session.session_id in repr(self.session)
        assert self.session.parameters["params:deep.who"] == "nobody"
        catalog = self.session.catalog
        assert {"model", "tuned"} <= set(catalog)
        assert {"model", "tuned"} <= set(catalog.filter(type_regex="WholeFile"))
        assert {"model", "tuned"} <= catalog.to_config()[0].keys()
        assert "'model': " in repr(catalog)
        assert "serve" in self.session.pipelines

    def reload(self, who: str, dice: random.Random) -> None:
        self.reloads += 1
        self.session.reload()


def text_of(number: int) -> str:
    return f"{number} " * (number % 500)


@pytest.fixture
def project(recorded_project: Callable[..., Any]) -> Any:
    return recorded_project(
        FILES,
        model={"number": 0, "text": ""},
        **{"tuned-a": {"variant": "a"}, "tuned-b": {"variant": "b"}},
    )


@pytest.fixture
def session(project: Any) -> Iterator[KedroSession]:
    with project.session(save_on_close=False) as session:
        nodes = project.module("nodes")
        nodes.session, nodes.task = session, TASK
        yield session


@pytest.fixture
def users(project: Any, session: KedroSession) -> Iterator[Users]:
    users = Users(project, session)
    watcher = Watcher()
    session.hook_manager.register(watcher)
    threads = set(threading.enumerate())
    with quiet(), hectic():
        yield users
        assert watcher.mixed == []
        assert set(threading.enumerate()) <= threads
        assert not session._active_run_ids
        # What others have left does no harm.
        users.serve("last", random.Random(0))


def in_threads(users: Users, threads: int = THREADS) -> None:
    with ThreadPoolExecutor(threads) as pool:
        calls = [
            pool.submit(users.use, f"thread{n}", CALLS_OF_A_THREAD)
            for n in range(threads)
        ]
        for call in calls:
            call.result()


def in_tasks(users: Users) -> None:
    async def use(number: int) -> None:
        await asyncio.to_thread(users.use, f"task{number}", CALLS_OF_A_TASK)
        assert current_run() is None
        assert TASK.get() is None

    async def use_all() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS))
        await asyncio.gather(*(use(number) for number in range(TASKS)))

    asyncio.run(use_all())


def test_threads_do_everything_at_once(users):
    in_threads(users)
    assert users.done.total() == THREADS * CALLS_OF_A_THREAD
    assert len(users.done) == len(set(users.operations))


def test_tasks_do_everything_at_once(users):
    in_tasks(users)
    assert users.done.total() == TASKS * CALLS_OF_A_TASK


def test_threads_and_tasks_do_everything_while_the_session_reloads(users):
    users.operations.append(users.reload)
    with ThreadPoolExecutor(1) as pool:
        tasks = pool.submit(in_tasks, users)
        in_threads(users)
        tasks.result()
    assert users.done.total() == (THREADS * CALLS_OF_A_THREAD + TASKS * CALLS_OF_A_TASK)
    assert users.done["reload"] == users.reloads > 0
