"""Other users of OmegaConf in the process are left alone, and cannot break a loader."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer
from omegaconf.errors import UnsupportedInterpolationType

from kedro.config import OmegaConfigLoader

WriteConf = Callable[..., Path]

CONF = {
    "base/globals.yml": "g: 1",
    "base/catalog.yml": """
        a: {c: "${meet:}", g: "${globals:g}", p: "${runtime_params:p}", z: "${meet:}"}
        """,
    "base/credentials.yml": "a: {user: '${oc.env:KT_USER}', c: '${meet:}'}",
}


REVERSED = """
    a: {c: "${meet:}", user: "${oc.env:KT_USER}", g: "${globals:g}"}
    """


@pytest.fixture(autouse=True)
def untouched_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KT_USER", "me")
    OmegaConf.clear_resolvers()
    yield
    OmegaConf.clear_resolvers()


def make_loader(conf: Path, meet: Callable[..., Any] = str, **more: Any) -> Any:
    resolvers = {"meet": meet, **more.pop("custom_resolvers", {})}
    return OmegaConfigLoader(
        conf,
        base_env="base",
        default_run_env="local",
        runtime_params={"p": 2},
        custom_resolvers=resolvers,
        **more,
    )


def read_environment() -> Any:
    return OmegaConf.create({"user": "${oc.env:KT_USER}"}).user


def register(name: str, resolver: Callable[..., Any]) -> Any:
    with warnings.catch_warnings():
        # OmegaConf 2.4 has another name for it.
        warnings.simplefilter("ignore")
        OmegaConf.register_new_resolver(name, resolver, replace=True)
    return BaseContainer._resolvers[name]


def test_the_environment_before_while_and_after_a_loader_works(
    write_conf: WriteConf,
) -> None:
    conf = write_conf(CONF)
    assert read_environment() == "me"
    inside, done = threading.Event(), threading.Event()

    def meet() -> str:
        inside.set()
        assert done.wait(30)
        return "met"

    loader = make_loader(conf, meet)
    assert read_environment() == "me"
    for key in ("catalog", "credentials"):
        inside.clear()
        done.clear()
        with ThreadPoolExecutor(1) as pool:
            resolving = pool.submit(loader.entries(key).__getitem__, "a")
            try:
                assert inside.wait(30)
                assert read_environment() == "me"
            finally:
                done.set()
            assert resolving.result()["c"] == "met"
    assert read_environment() == "me"


def test_an_environment_resolver_of_somebody_else_stays_theirs(
    write_conf: WriteConf,
) -> None:
    register("oc.env", lambda name: f"their {name}")
    loader = make_loader(write_conf(CONF), lambda: "met")
    assert loader["credentials"]["a"]["user"] == "me"
    assert read_environment() == "their KT_USER"


def test_an_environment_resolver_that_was_taken_away_stays_away(
    write_conf: WriteConf,
) -> None:
    del BaseContainer._resolvers["oc.env"]
    loader = make_loader(write_conf(CONF), lambda: "met")
    assert loader["credentials"]["a"]["user"] == "me"
    with pytest.raises(UnsupportedInterpolationType, match=r"oc\.env"):
        read_environment()


def test_names_are_registered_once(write_conf: WriteConf) -> None:
    conf = write_conf(CONF)
    start = threading.Barrier(8, timeout=30)

    def load(_: int) -> list[int]:
        start.wait()
        loaders = [make_loader(conf, lambda: "met") for _ in range(5)]
        for loader in loaders:
            assert loader["catalog"]["a"]["p"] == 2
        return list(map(id, BaseContainer._resolvers.values()))

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(load, range(8)))
    assert all(resolvers == seen[0] for resolvers in seen)


def test_resolvers_of_others_stay_theirs(write_conf: WriteConf) -> None:
    theirs = register("theirs", lambda: "theirs")
    conf = write_conf({"base/catalog.yml": "a: ${theirs:}"})
    loader = make_loader(conf, custom_resolvers={"theirs": lambda: "mine"})
    assert loader["catalog"] == {"a": "theirs"}
    assert BaseContainer._resolvers["theirs"] is theirs


def test_kedro_resolvers_mean_nothing_outside_of_a_loader(
    write_conf: WriteConf,
) -> None:
    assert make_loader(write_conf(CONF), lambda: "met")["catalog"]
    for text in ("${globals:g}", "${runtime_params:p}", "${meet:}"):
        with pytest.raises(UnsupportedInterpolationType):
            OmegaConf.to_container(OmegaConf.create({"a": text}), resolve=True)


def test_globals_of_somebody_else_stay_theirs(write_conf: WriteConf) -> None:
    register("globals", lambda name: f"their {name}")
    assert make_loader(write_conf(CONF), lambda: "met")["catalog"]["a"]["g"] == 1
    assert OmegaConf.create({"a": "${globals:g}"}).a == "their g"


@pytest.mark.parametrize("by_entry", [True, False])
def test_resolvers_are_cleared_between_two_accesses(
    by_entry: bool, write_conf: WriteConf
) -> None:
    loader = make_loader(write_conf(CONF), lambda: "met")
    for _ in range(2):
        OmegaConf.clear_resolvers()
        entry = loader.entries("catalog")["a"] if by_entry else loader["catalog"]["a"]
        assert entry == {"g": 1, "p": 2, "c": "met", "z": "met"}


@pytest.mark.parametrize("key", ["catalog", "credentials"])
@pytest.mark.parametrize("by_entry", [True, False])
def test_resolvers_are_cleared_in_the_middle_of_resolving(
    by_entry: bool, key: str, write_conf: WriteConf
) -> None:
    clear = [OmegaConf.clear_resolvers]

    def meet() -> str:
        if clear:
            clear.pop()()
        return "met"

    loader = make_loader(write_conf({**CONF, "base/credentials.yml": REVERSED}), meet)
    entry = loader.entries(key)["a"] if by_entry else loader[key]["a"]
    assert entry["c"] == "met"
    assert not clear


def test_a_resolver_that_is_unknown_stays_so(write_conf: WriteConf) -> None:
    called = []
    loader = make_loader(
        write_conf({"base/catalog.yml": "a: {b: '${meet:}', c: '${unknown:}'}"}),
        lambda: called.append(1),
    )
    with pytest.raises(UnsupportedInterpolationType, match="unknown"):
        loader["catalog"]
    assert called == [1]


# Whether a resolver that is not Kedro's is called cannot be seen: what may have called
# one is resolved again by each run.
@pytest.mark.parametrize(
    "files",
    [
        {"base/catalog.yml": "a: ${now:}"},
        {"base/catalog.yml": "_n: ${now:}\na: {b: '${_n}'}"},
        {"base/catalog.yml": "_n: now\na: ${${_n}:}"},
        {"base/catalog.yml": "a: '${ now : }'"},
        {"base/catalog.yml": "a: ${globals:n}", "base/globals.yml": "n: ${now:}"},
        {"base/parameters.yml": "a: ${now:}"},
        {"base/parameters.yml": "a: ${runtime_params:a}"},
        {"base/credentials.yml": "a: {b: '${now:}'}"},
    ],
)
def test_what_calls_resolvers_of_others_is_resolved_again(
    files: dict[str, str], write_conf: WriteConf
) -> None:
    calls = iter(range(100))
    register("now", lambda: next(calls))
    params = {"a": "${now:}"}
    loader = make_loader(write_conf(files)).with_runtime_params(params)
    loader.retain_files()
    key = next(iter(files)).removeprefix("base/").removesuffix(".yml")
    seen = {str(loader.with_runtime_params(params).entries(key)["a"]) for _ in range(3)}
    assert len(seen) == 3


def test_no_warning(write_conf: WriteConf) -> None:
    def typed(number: int) -> str:
        return number  # type: ignore[return-value]

    conf = write_conf(
        {**CONF, "base/parameters.yml": "a: ${typed:x}\nb: ${plus:1,2}\nc: ${max:1,2}"}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loader = make_loader(
            conf,
            lambda: "met",
            custom_resolvers={"typed": typed, "plus": lambda a, b: a + b, "max": max},
        )
        for key in ("catalog", "parameters", "credentials", "globals"):
            assert loader[key]
            assert dict(loader.entries(key)) == loader[key]
            assert dict(loader.with_runtime_params({"p": 3}).entries(key))
