"""What the first run of a process does without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kedro.framework.session.store import BaseSessionStore

# Each takes long to import, and a run has no use for it.
NEEDLESS = {
    "IPython",
    "build",
    "cookiecutter",
    "dynaconf",
    "git",
    "ibis",
    "jinja2",
    "numpy",
    "pandas",
    "pydantic",
    "pygments",
    "rich.pretty",
    "rich.traceback",
    "sqlalchemy",
    "unittest.mock",
}

FILES = {
    "conf/base/catalog.yml": """
        x: {type: "{package}.nodes.Echo", word: "${runtime_params:word, hello}"}
    """,
    "conf/base/parameters.yml": "times: 2",
    "{package}/settings.py": """
        from kedro.config import OmegaConfigLoader
        from kedro.framework.session.store import BaseSessionStore

        class Store(BaseSessionStore):
            def save(self):
                import json, pathlib
                path = pathlib.Path(self._path).with_name("store.json")
                path.write_text(json.dumps(self.data, default=str))

        SESSION_STORE_CLASS = {store}
        CONFIG_LOADER_CLASS = OmegaConfigLoader
        CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
        HOOKS = ()
    """,
    "{package}/nodes.py": """
        from kedro.io import AbstractDataset

        class Echo(AbstractDataset):
            def __init__(self, word):
                self.word = word
            def load(self):
                return self.word
            def save(self, data):
                raise NotImplementedError
            def _describe(self):
                return {}

        def repeat(word, times):
            return word * times
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline
        from {package}.nodes import repeat

        def register_pipelines():
            return {"__default__": pipeline(
                [node(repeat, ["x", "params:times"], "y"), node(len, "y", "z")]
            )}
    """,
}

FIRST_RUN = """
import json, sys
from collections import Counter

path = sys.argv[1]
opened, started = Counter(), []

def watch(event, arguments):
    if event == "open":
        opened[str(arguments[0])] += 1
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"):
        started.append(event)

sys.addaudithook(watch)

from kedro.framework.startup import bootstrap_project
from kedro.framework.session import KedroSession

bootstrap_project(path)
session = KedroSession.create(path)
result = session.run()
facts = {
    "outputs": dict(result.outputs),
    "modules": list(sys.modules),
    "started": list(started),
    "opened": dict(opened),
}
{more}
print(json.dumps(facts, default=str), file=sys.__stdout__)
"""

RunFirst = Callable[..., Any]


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Callable[[str], Path]:
    def make(store: str = "BaseSessionStore") -> Path:
        settings = FILES["{package}/settings.py"].replace("{store}", store)
        return make_project({**FILES, "{package}/settings.py": settings})

    return make


def first_run(project: Path, more: str = "", **environment: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_RUN.replace("{more}", more), project],
        env={**os.environ, **environment},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_imports_nothing_needless(project):
    facts = first_run(project())
    assert facts["outputs"] == {"z": 10}
    assert NEEDLESS.intersection(facts["modules"]) == set()


def test_imports_no_rich_where_the_project_logs_without(project):
    root = project()
    config = root / "logging.yml"
    config.write_text("{version: 1, root: {level: WARNING}}")
    facts = first_run(root, KEDRO_LOGGING_CONFIG=str(config))
    assert facts["outputs"] == {"z": 10}
    assert "rich" not in facts["modules"]


def test_starts_no_process(project):
    assert first_run(project())["started"] == []


def test_reads_each_file_of_configuration_once(project):
    root = project()
    opened = Counter(first_run(root)["opened"])
    configuration = {
        path: times
        for path, times in opened.items()
        if path.startswith(str(root / "conf")) and not Path(path).is_dir()
    }
    assert configuration == {
        str(root / "conf" / "base" / name): 1
        for name in ("catalog.yml", "parameters.yml")
    }


@pytest.mark.parametrize(
    "look",
    [
        "facts['git'] = session.store['git']",
        "facts['git'] = session._store['git']",
        "facts['git'] = session._store.get('git')",
        "facts['git'] = session._store.data['git']",
        "facts['git'] = 'git' in session._store and {**session._store}['git']",
    ],
)
def test_the_store_has_facts_of_git_for_who_looks(project, look):
    root = project()
    commit = in_git(root)
    assert first_run(root, look)["git"] == {"commit_sha": commit, "dirty": True}


def test_a_store_that_saves_has_them(project):
    root = project("Store")
    commit = in_git(root)
    facts = first_run(root, "session.close(); facts['started'] = list(started)")
    saved = json.loads((root / "store.json").read_text())
    assert saved["git"] == {"commit_sha": commit, "dirty": True}
    assert {"session_id", "project_path", "username"} <= saved.keys()
    assert "subprocess.Popen" in facts["started"]


def test_closing_a_store_that_does_not_save_starts_no_process(project):
    more = "session.close(); facts['started'] = list(started)"
    assert first_run(project(), more)["started"] == []


def test_without_git_the_store_has_no_facts_of_it(project):
    facts = first_run(project(), "facts['store'] = list(session.store)", PATH="")
    assert "session_id" in facts["store"]
    assert "git" not in facts["store"]


class TestFactsThatAreFoundLater:
    @pytest.fixture
    def calls(self) -> list[str]:
        return []

    @pytest.fixture
    def store(self, calls: list[str]) -> BaseSessionStore:
        store = BaseSessionStore("path", "id")
        store["a"] = 1
        store.find_later(["b"], lambda: calls.append("find") or {"b": 2})
        return store

    def test_are_not_needed_for_others(self, store, calls):
        store["c"] = 3
        assert store["a"] == 1
        assert store.get("absent") is None
        assert "absent" not in store
        assert calls == []

    @pytest.mark.parametrize(
        "look",
        [
            dict,
            len,
            list,
            repr,
            lambda store: store["b"],
            lambda store: store.get("b"),
            lambda store: "b" in store,
            lambda store: store.data,
            lambda store: store.copy(),
            lambda store: store == {},
            lambda store: store.pop("a"),
        ],
    )
    def test_are_found_once(self, store, calls, look):
        look(store)
        look(store) if look is not None and "a" in store else None
        assert store["b"] == 2
        assert calls == ["find"]

    def test_are_replaced_by_what_is_set(self, store):
        store["b"] = 5
        assert dict(store) == {"a": 1, "b": 5}

    def test_are_in_copies(self, store):
        import copy
        import pickle

        for copied in (copy.copy(store), copy.deepcopy(store.copy())):
            assert dict(copied) == {"a": 1, "b": 2}
        assert dict(pickle.loads(pickle.dumps(store))) == {"a": 1, "b": 2}

    def test_may_not_be_there(self):
        store = BaseSessionStore("path", "id")
        store.find_later(["b"], dict)
        assert "b" not in store
        with pytest.raises(KeyError, match="b"):
            store["b"]


def in_git(root: Path) -> str:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=root, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init")
    git("add", "conf")
    git("commit", "-m", "all")
    return git("rev-parse", "--short", "HEAD")
