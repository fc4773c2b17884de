"""What a run costs in files, parsing and resolving: what it uses, and once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import omegaconf.base
import pytest
from omegaconf import OmegaConf

from kedro.config import OmegaConfigLoader
from kedro.framework.session import KedroSession

MakeProject = Callable[..., Path]
ENTRIES = 1000

SETTINGS = """
    from collections import Counter
    from omegaconf.resolvers import oc

    CALLS = Counter()

    def count(name, value=None):
        CALLS[name] += 1
        return value or name

    CONFIG_LOADER_ARGS = {
        "base_env": "base",
        "default_run_env": "local",
        "custom_resolvers": {"count": count, "oc.env": oc.env},
    }
    """
PIPELINES = """
    from kedro.io import AbstractDataset
    from kedro.pipeline import node, pipeline

    class Echo(AbstractDataset):
        def __init__(self, **config):
            self.config = config
        def load(self):
            return self.config
        def save(self, data):
            raise NotImplementedError
        def _describe(self):
            return {}

    def see(*values):
        return values

    def register_pipelines():
        datasets = ["counted_1", "static_1", "param_1"]
        inputs = [*datasets, "params:alpha", "params:counted_1"]
        return {"__default__": pipeline([node(see, inputs, "seen")])}
    """


def repeated(line: str) -> str:
    return "".join(line.replace("#", str(number)) for number in range(ENTRIES))


FILES = {
    "{package}/settings.py": SETTINGS,
    "{package}/pipeline_registry.py": PIPELINES,
    "conf/base/globals.yml": "root: data",
    "conf/base/catalog.yml": "_root: ${globals:root}\n_class: '{package}.Echo'\n"
    + repeated(
        "static_#: {type: '{package}.pipeline_registry.Echo', path: '${_root}/#'}\n"
    ),
    "conf/base/catalog_more.yml": repeated(
        "counted_#: {type: '{package}.pipeline_registry.Echo', "
        "x: '${count:entry_#}', credentials: secret_#}\n"
        "param_#: {type: '{package}.pipeline_registry.Echo', "
        "x: '${runtime_params:x, ${count:default_#}}'}\n"
    ),
    "conf/local/credentials.yml": repeated(
        "secret_#: {user: '${count:secret_#,me}', home: '${oc.env:KT_USER}'}\n"
    ),
    "conf/base/parameters.yml": "alpha: ${beta}\nbeta: 1\n"
    + repeated("counted_#: ${count:parameter_#}\n"),
}


class Opened:
    """The files that Python opens below a folder, while somebody wants to know."""

    def __init__(self) -> None:
        self.folder: str | None = None
        self.files: Counter[str] = Counter()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and self.folder and isinstance(arguments[0], str):
            path = arguments[0].replace("\\", "/")
            if path.startswith(self.folder) and Path(path).suffix:
                self.files[Path(path).relative_to(self.folder).as_posix()] += 1


@pytest.fixture(scope="module")
def audited() -> Opened:
    opened = Opened()
    sys.addaudithook(opened)
    return opened


@pytest.fixture
def opened(audited: Opened) -> Iterator[Opened]:
    audited.files = Counter()
    yield audited
    audited.folder = None


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Calls of OmegaConf: files parsed, interpolations parsed."""
    counted: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            counted[name] += 1
            return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    count(OmegaConf, "load")
    count(omegaconf.base, "parse")
    return counted


@pytest.fixture
def session(
    make_project: MakeProject, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> KedroSession:
    monkeypatch.setenv("KT_USER", "me")
    project = make_project(FILES)
    opened.folder = f"{project.as_posix()}/conf"
    return KedroSession.create(project)


@pytest.fixture
def resolved(session: KedroSession) -> Counter[str]:
    """Calls of the project's custom resolver."""
    [package] = session.project_path.joinpath("src").iterdir()
    counted: Counter[str] = sys.modules[f"{package.name}.settings"].CALLS
    return counted


USED = {"entry_1": 1, "secret_1": 1, "default_1": 1, "parameter_1": 1}


def test_each_file_is_read_once(
    session: KedroSession, opened: Opened, calls: Counter[str]
) -> None:
    for params in ({}, {}, {"x": 1}, {"beta": 2}):
        session.run(runtime_params=params)
    every = {name.removeprefix("conf/"): 1 for name in FILES if "conf/" in name}
    assert opened.files == every
    assert calls["load"] == len(every)

    session.reload()
    session.run()
    assert opened.files == dict.fromkeys(every, 2)


def test_globals_that_depend_on_the_environment_are_read_once(
    make_project: MakeProject, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KT_USER", "me")
    project = make_project(
        {**FILES, "conf/base/globals.yml": "root: ${oc.env:KT_USER}"}
    )
    opened.folder = f"{project.as_posix()}/conf"
    session = KedroSession.create(project)
    for user in ("one", "two"):
        monkeypatch.setenv("KT_USER", user)
        seen = session.run().outputs["seen"]
        assert seen[0]["credentials"]["home"] == user
        assert seen[1]["path"] == f"{project.as_posix()}/{user}/1"
    assert opened.files["base/globals.yml"] == 1


def test_a_run_resolves_what_it_uses(
    session: KedroSession, resolved: Counter[str]
) -> None:
    assert not resolved
    assert "counted_1" in session.catalog
    assert not resolved
    session.run()
    assert resolved == USED


def test_what_a_custom_resolver_gives_is_asked_for_by_each_run(
    session: KedroSession, resolved: Counter[str]
) -> None:
    for number in (1, 2, 3):
        session.run(runtime_params={"x": number})
        assert resolved == dict.fromkeys(USED, number)


def test_static_entries_are_resolved_once(
    session: KedroSession, calls: Counter[str]
) -> None:
    entries = []
    for number in (1, 2):
        loader = session.config_loader.with_runtime_params({"x": number})
        entries.append(loader.entries("catalog"))
    before = calls["parse"]
    assert entries[0].shared("static_5")["path"] == "data/5"
    assert calls["parse"] > before

    before = calls["parse"]
    assert entries[1].shared("static_5") is entries[0].shared("static_5")
    assert entries[1].is_static("static_5")
    assert not entries[1].is_static("param_5")
    assert calls["parse"] == before


def test_the_number_of_entries_does_not_matter(
    make_project: MakeProject, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KT_USER", "me")
    parsed = []
    for entries in (3, ENTRIES):
        files = {
            name: "".join(
                line
                for line in text.splitlines(keepends=True)
                if not (number := line.partition(":")[0].rpartition("_")[2]).isdigit()
                or int(number) < entries
            )
            for name, text in FILES.items()
        }
        session = KedroSession.create(make_project(files, folder=f"of_{entries}"))
        session.run()
        first = calls["parse"]
        for params in ({}, {"x": 1}):
            session.run(runtime_params=params)
        parsed.append((first, calls["parse"] - first))
        calls.clear()
    assert parsed[0] == parsed[1]
    assert parsed[0][1] > 0


def test_a_loader_on_its_own_reads_at_each_access(
    session: KedroSession, opened: Opened
) -> None:
    loader = OmegaConfigLoader(
        f"{session.project_path}/conf", base_env="base", default_run_env="local"
    )
    opened.files.clear()
    for _ in range(2):
        assert loader["globals"] == {"root": "data"}
    assert opened.files == {"base/globals.yml": 2}
