"""Runs at the same time keep their configuration to themselves.

kedro-org/kedro#5392, #5660: with kedro 1.7.0, 187 of 200 runs in eight threads saw
the parameters of another run.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from kedro.config.config_entries import OmegaConfigEntries
from kedro.framework.session import KedroServiceSession, KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

WORKERS = 16
RUNS_EACH = 10

PROJECT = {
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import Pipeline, node

        def tell(told, who, deep):
            return [told["path"], told["stamp"], told["login"], who, deep]

        def register_pipelines():
            inputs = ["echo", "params:who", "params:deep.er.who"]
            return {"__default__": Pipeline([node(tell, inputs, "told", name="tell")])}
        """,
    "{package}/datasets.py": """
        from kedro.io import AbstractDataset

        class Echo(AbstractDataset):
            def __init__(self, path, stamp, credentials):
                self.told = {"path": path, "stamp": stamp, **credentials}

            def load(self):
                return self.told

            def save(self, data):
                raise NotImplementedError

            def _describe(self):
                return {}

        class Tame(Echo):
            pass
        """,
    "{package}/resolvers.py": """
        import threading

        barrier = threading.Barrier(1)

        def wait(value):
            barrier.wait(timeout=60)
            return value
        """,
    "{package}/settings.py": """
        from {package} import resolvers

        CONFIG_LOADER_ARGS = {
            "base_env": "base",
            "default_run_env": "local",
            "custom_resolvers": {
                "stamp": lambda value: f"{PLACE}-{value}",
                "wait": lambda value: resolvers.wait(value),
            },
        }
        """,
    "conf/base/catalog.yml": """
        echo:
          type: {package}.datasets.Echo
          path: data/${runtime_params:who}/${globals:suffix}
          stamp: ${stamp:${runtime_params:who}}
          credentials: mine
        """,
    "conf/base/globals.yml": "suffix: end",
    "conf/base/parameters.yml": """
        who: nobody
        deep: {er: {who: "${who}"}}
        """,
    "conf/local/credentials.yml": """
        mine: {login: "${runtime_params:who}@${oc.env:PLACE_OF_TESTS}"}
        """,
}


@pytest.fixture(autouse=True)
def place(monkeypatch):
    monkeypatch.setenv("PLACE_OF_TESTS", "here")


@pytest.fixture
def open_project(make_project):
    def open_(place: str = "a", **changes: str) -> Path:
        files = {**PROJECT, **changes}
        settings = files["{package}/settings.py"].replace("{PLACE}", place)
        return make_project({**files, "{package}/settings.py": settings}, folder=place)

    return open_


def expected(root: Path, place: str, who: str) -> list[str]:
    path = (root / "data" / who / "end").as_posix()
    return [path, f"{place}-{who}", f"{who}@here", who, who]


def run_as(session: KedroSession, who: str) -> list[str]:
    return session.run(runtime_params={"who": who}).outputs["told"]


def test_16_threads_and_16_tasks_never_see_each_other(open_project):
    root = open_project()
    with KedroSession.create(root) as session:

        def work(worker: str) -> None:
            for n in range(RUNS_EACH):
                who = f"{worker}-{n}"
                assert run_as(session, who) == expected(root, "a", who)

        async def tasks() -> None:
            workers = [f"task{n}" for n in range(WORKERS)]
            await asyncio.gather(*(asyncio.to_thread(work, name) for name in workers))

        with ThreadPoolExecutor(WORKERS) as pool:
            futures = [pool.submit(work, f"thread{n}") for n in range(WORKERS)]
            asyncio.run(tasks())
            for future in futures:
                future.result()


def test_runs_that_are_all_in_the_middle_of_resolving_stay_apart(open_project):
    waiting = PROJECT["conf/base/catalog.yml"].replace(
        "path: data/${runtime_params:who}",
        "path: data/${wait:${runtime_params:who}}",
    )
    root = open_project(**{"conf/base/catalog.yml": waiting})
    with KedroSession.create(root) as session:
        # Once alone, for the shared parts to be built.
        assert run_as(session, "first") == expected(root, "a", "first")
        resolvers = sys.modules[f"{session.package_name}.resolvers"]
        resolvers.barrier = type(resolvers.barrier)(WORKERS)
        with ThreadPoolExecutor(WORKERS) as pool:
            names = [f"w{n}" for n in range(WORKERS)]
            told = list(pool.map(lambda who: run_as(session, who), names))
        assert told == [expected(root, "a", who) for who in names]


def test_sessions_of_two_projects_stay_apart(open_project):
    roots = {place: open_project(place) for place in ("a", "b")}
    sessions = {}
    for place, root in roots.items():
        bootstrap_project(root)
        sessions[place] = KedroSession.create(root)

    def work(number: int) -> None:
        place = "ab"[number % 2]
        for n in range(20):
            who = f"{number}-{n}"
            told = run_as(sessions[place], who)
            assert told == expected(roots[place], place, who)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))


def test_no_attack_gets_past_the_guard_of_types_beside_honest_runs(open_project):
    chosen = PROJECT["conf/base/catalog.yml"].replace(
        "type: {package}.datasets.Echo",
        'type: "${runtime_params:kind, {package}.datasets.Tame}"',
    )
    root = open_project(**{"conf/base/catalog.yml": chosen})
    with KedroServiceSession.create(project_path=root, serving_mode=True) as session:

        def attack(n: int) -> str:
            with pytest.raises(DatasetError, match="'type' field via"):
                session.run(runtime_params={"who": "x", "kind": "pickle.PickleDataset"})
            return "refused"

        def honest(n: int) -> str:
            assert run_as(session, f"h{n}") == expected(root, "a", f"h{n}")
            return "run"

        with ThreadPoolExecutor(WORKERS) as pool:
            jobs = [
                pool.submit(honest if n % 2 else attack, n) for n in range(20 * WORKERS)
            ]
            results = [job.result() for job in jobs]
        assert results.count("refused") == results.count("run") == 10 * WORKERS


def test_other_users_of_omegaconf_read_the_environment_all_the_time(open_project):
    def read() -> str:
        return OmegaConf.create({"place": "${oc.env:PLACE_OF_TESTS}"}).place

    assert read() == "here"
    root = open_project()
    with KedroSession.create(root) as session:
        with ThreadPoolExecutor(2) as pool:
            runs = pool.submit(lambda: [run_as(session, f"{n}") for n in range(50)])
            reads = {read() for _ in range(50)}
            runs.result()
        assert reads == {"here"}
    assert read() == "here"


@pytest.fixture
def opened_files():
    """Paths of the files that are opened, once it is told to watch."""
    watching: list[bool] = []
    opened: list[str] = []

    def audit(event: str, arguments: tuple) -> None:
        if watching and event == "open":
            opened.append(str(arguments[0]))

    sys.addaudithook(audit)
    yield watching, opened
    # An audit hook stays: it is to have nothing to do.
    watching.clear()


def test_later_runs_open_no_configuration_file(open_project, opened_files):
    watching, opened = opened_files
    root = open_project()
    with KedroSession.create(root) as session:
        run_as(session, "first")
        watching.append(True)
        run_as(session, "first")
        run_as(session, "other")
        session.run(runtime_params={"who": "third", "new": {"nested": [1]}})
        watching.clear()
    assert [path for path in opened if str(root) in path] == []


def test_a_run_resolves_no_entry_that_it_does_not_use(open_project, monkeypatch):
    others = "".join(
        f"other_{n}: {{type: pickle.PickleDataset, filepath: 'data/{n}'}}\n"
        for n in range(1000)
    )
    resolved: list[str] = []
    resolve = OmegaConfigEntries._resolve

    def counting(entries: OmegaConfigEntries, name: str, *others):
        resolved.append(name)
        return resolve(entries, name, *others)

    monkeypatch.setattr(OmegaConfigEntries, "_resolve", counting)
    root = open_project(**{"conf/base/catalog_others.yml": others})
    with KedroSession.create(root) as session:
        run_as(session, "first")
        run_as(session, "second")
    # Plain values, such as that of "who", are overlaid without OmegaConf.
    assert set(resolved) == {"echo", "mine", "deep"}
    assert len(resolved) == 2 * 3
