"""Loaders and sessions at work at the same time do not read each other's values."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError

from kedro.config import OmegaConfigLoader
from kedro.framework.session import KedroServiceSession, KedroSession
from kedro.io import DatasetError

WriteConf = Callable[..., Path]
MakeProject = Callable[..., Path]
THREADS = TASKS = 16
RUNS = 5024

CONF = {
    "base/globals.yml": "root: data\nfrom_env: 1",
    "base/catalog.yml": """
        seen:
          type: ${runtime_params:kind, "{package}.nodes.Seen"}
          filepath: ${globals:root}/${runtime_params:user}/in.csv
          credentials: store
          sign: ${sign:${runtime_params:user}}
          label: ${runtime_params:label, none}
        """,
    "base/parameters.yml": """
        user: nobody
        greeting: hello ${user}
        nested: {user: "${runtime_params:user}", sign: "${sign:${..user}}"}
        """,
    "local/credentials.yml": """
        store: {key: "${oc.env:KT_KEY}", user: "${runtime_params:user}"}
        """,
}
NODES = """
    from kedro.io import AbstractDataset

    class Seen(AbstractDataset):
        def __init__(self, **config):
            self.config = config
        def load(self):
            return self.config
        def save(self, data):
            pass
        def _describe(self):
            return {}

    def collect(*seen):
        return seen
    """
PIPELINES = """
    from kedro.pipeline import node, pipeline
    from {package}.nodes import collect

    def register_pipelines():
        inputs = ["seen", "params:greeting", "params:nested", "parameters"]
        return {"__default__": pipeline([node(collect, inputs, "out", name="n")])}
    """
SETTINGS = """
    CONFIG_LOADER_ARGS = {
        "base_env": "base",
        "default_run_env": "local",
        "custom_resolvers": {"sign": lambda value: f"SIGN-{value}"},
    }
    """


@pytest.fixture(autouse=True)
def many_switches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KT_KEY", "secret")
    OmegaConf.clear_resolvers()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(interval)
    OmegaConf.clear_resolvers()


def make_session(
    make_project: MakeProject, sign: str = "SIGN", **options: Any
) -> KedroSession:
    files = {f"conf/{name}": text for name, text in CONF.items()}
    project = make_project(
        {
            **files,
            "{package}/nodes.py": NODES,
            "{package}/pipeline_registry.py": PIPELINES,
            "{package}/settings.py": SETTINGS.replace("SIGN", sign),
        },
        folder=sign,
    )
    kind = options.pop("kind", KedroSession)
    session = kind.create(project_path=project, **options)
    session.run(runtime_params={"user": "first"})
    # Writing messages takes longer than the runs.
    logging.getLogger("kedro").setLevel(logging.ERROR)
    return session


def expected(session: KedroSession, user: str, sign: str = "SIGN") -> tuple[Any, ...]:
    seen = {
        "filepath": (session.project_path / f"data/{user}/in.csv").as_posix(),
        "credentials": {"key": "secret", "user": user},
        "sign": f"{sign}-{user}",
        "label": f"of {user}",
    }
    nested = {"user": user, "sign": f"{sign}-{user}"}
    greeting = f"hello {user}"
    parameters = {"user": user, "greeting": greeting, "nested": nested}
    return seen, greeting, nested, {**parameters, "label": seen["label"]}


def run(session: KedroSession, user: str) -> Any:
    params = {"user": user, "label": f"of {user}"}
    return session.run(runtime_params=params).outputs["out"]


def test_runs_in_threads_and_tasks_see_their_own(make_project: MakeProject) -> None:
    session = make_session(make_project)
    each = RUNS // (THREADS + TASKS)

    def repeat(worker: str) -> None:
        for number in range(each):
            user = f"{worker}-{number}"
            assert run(session, user) == expected(session, user)

    async def repeat_in_tasks() -> None:
        async def task(worker: int) -> None:
            for number in range(each):
                user = f"task-{worker}-{number}"
                seen = await asyncio.to_thread(run, session, user)
                assert seen == expected(session, user)

        await asyncio.gather(*map(task, range(TASKS)))

    with ThreadPoolExecutor(THREADS) as pool:
        threads = [pool.submit(repeat, f"thread-{n}") for n in range(THREADS)]
        asyncio.run(repeat_in_tasks())
        for thread in threads:
            thread.result()


def test_two_projects_give_one_resolver_two_meanings(
    make_project: MakeProject,
) -> None:
    sessions = {sign: make_session(make_project, sign) for sign in ("ONE", "TWO")}

    def repeat(worker: int) -> None:
        for number in range(10):
            for sign, session in sessions.items():
                user = f"{worker}-{number}"
                assert run(session, user) == expected(session, user, sign)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(repeat, range(8)))


class Crossing:
    """Where threads stop, once each, until all are in the middle of resolving."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties, timeout=30)
        self.passed = threading.local()

    def __call__(self) -> str:
        if not hasattr(self.passed, "once"):
            self.passed.once = True
            self.barrier.wait()
        return "met"

    def all_of(self, *actions: Callable[[], Any]) -> list[Any]:
        with ThreadPoolExecutor(len(actions)) as pool:
            futures = [pool.submit(action) for action in actions]
            return [future.result() for future in futures]


def make_loader(conf: Path, **options: Any) -> OmegaConfigLoader:
    loader = OmegaConfigLoader(
        conf, base_env="base", default_run_env="local", **options
    )
    loader.retain_files()
    return loader


MEETING = {
    "base/globals.yml": "g: ${own:}",
    "base/catalog.yml": """
        a:
          before: ${runtime_params:user}-${globals:g}-${own:}
          stop: ${meet:}
          after: ${runtime_params:user}-${globals:g}-${own:}
        """,
    "base/parameters.yml": """
        user: nobody
        a: {before: "${user}-${own:}", stop: "${meet:}", after: "${user}-${own:}"}
        """,
    "base/credentials.yml": """
        a:
          before: ${runtime_params:user}-${oc.env:KT_KEY}
          stop: ${meet:}
          after: ${runtime_params:user}-${oc.env:KT_KEY}
        """,
}


@pytest.mark.parametrize("key", ["catalog", "parameters", "credentials"])
@pytest.mark.parametrize("by_entry", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_loaders_meet_in_the_middle_of_resolving(
    key: str, by_entry: bool, shared: bool, write_conf: WriteConf
) -> None:
    conf = write_conf(MEETING)
    crossing = Crossing(THREADS)
    base = make_loader(conf, custom_resolvers={"meet": crossing, "own": lambda: "own"})

    def resolve(number: int) -> Any:
        params = {"user": f"user-{number}"}
        own = f"own-{number}"
        loader = base.with_runtime_params(params)
        if not shared:
            own_resolvers = {"meet": crossing, "own": lambda: own}
            loader = make_loader(
                conf, custom_resolvers=own_resolvers, runtime_params=params
            )
        return loader.entries(key)["a"] if by_entry else loader[key]["a"]

    found = crossing.all_of(*[lambda n=n: resolve(n) for n in range(THREADS)])
    for number, entry in enumerate(found):
        own = "own" if shared else f"own-{number}"
        value = {
            "catalog": f"user-{number}-{own}-{own}",
            "parameters": f"user-{number}-{own}",
            "credentials": f"user-{number}-secret",
        }[key]
        assert entry == {"before": value, "stop": "met", "after": value}


@pytest.mark.parametrize("by_entry", [True, False])
@pytest.mark.parametrize("where", ["stop: ${meet:}\n  ", ""])
def test_the_type_guard_is_not_passed_in_a_crowd(
    where: str, by_entry: bool, write_conf: WriteConf
) -> None:
    catalog = f"a:\n  {where}type: ${{runtime_params:kind, good.X}}\n  at: ${{meet:}}"
    crossing = Crossing(THREADS)
    base = make_loader(
        write_conf({"base/catalog.yml": catalog}),
        custom_resolvers={"meet": crossing},
        restrict_runtime_params_type_selection=True,
    )

    def attack(number: int) -> Any:
        loader = base.with_runtime_params({"kind": "evil.X"} if number % 2 else {})
        try:
            return (loader.entries("catalog") if by_entry else loader["catalog"])["a"]
        except InterpolationResolutionError as error:
            return str(error)

    found = crossing.all_of(*[lambda n=n: attack(n) for n in range(THREADS)])
    assert [entry["type"] for entry in found[::2]] == ["good.X"] * (THREADS // 2)
    assert ["to 'evil.X', which is not permitted" in e for e in found[1::2]] == (
        [True] * (THREADS // 2)
    )


def test_a_served_session_refuses_each_attack(make_project: MakeProject) -> None:
    session = make_session(make_project, kind=KedroServiceSession, serving_mode=True)

    def attack(number: int) -> list[str]:
        refused = []
        for turn in range(20):
            user = f"{number}-{turn}"
            assert run(session, user) == expected(session, user)
            with pytest.raises(DatasetError, match="is not permitted") as error:
                session.run(runtime_params={"user": user, "kind": "evil.X"})
            refused.append(str(error.value))
        return refused

    with ThreadPoolExecutor(THREADS) as pool:
        for refused in pool.map(attack, range(THREADS)):
            assert len(refused) == 20


def test_files_are_read_once_by_all_who_ask_together(write_conf: WriteConf) -> None:
    crossing = Crossing(THREADS)
    loader = make_loader(write_conf({"base/catalog.yml": "a: 1"}))
    read = loader._read
    reads = []

    def slowly(key: str) -> Any:
        reads.append(key)
        return read(key)

    loader._read = slowly  # type: ignore[method-assign]

    def ask() -> Any:
        crossing()
        return loader.raw("catalog")

    found = crossing.all_of(*[ask] * THREADS)
    assert reads == ["catalog"]
    assert all(raw is found[0] for raw in found)
