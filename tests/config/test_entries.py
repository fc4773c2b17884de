"""Entries are resolved one by one, kept as long as they are right, and private."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from omegaconf.errors import InterpolationKeyError
from yaml.parser import ParserError

from kedro.config import MissingConfigException, OmegaConfigLoader

WriteConf = Callable[..., Path]


def make_loader(conf: Path, kept: bool = True, **options: Any) -> OmegaConfigLoader:
    loader = OmegaConfigLoader(
        conf, base_env="base", default_run_env="local", **options
    )
    if kept:
        loader.retain_files()
    return loader


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value.clear()
    elif isinstance(value, (list, tuple)):
        for inner in value:
            spoil(inner)
        if isinstance(value, list):
            value.clear()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (key, value)
        for key in ("catalog", "parameters", "credentials")
        for value in ("[1]", "${runtime_params:p}", "${tree:}", "${_t}")
        # Before OmegaConf 2.4, no resolver may return a dictionary in credentials.
        if (key, value) != ("credentials", "${tree:}")
    ],
)
def test_what_was_handed_out_is_private(
    key: str, value: str, write_conf: WriteConf
) -> None:
    text = f"_t: {{y: [1]}}\na: {{x: '{value}', z: {{list: [{{n: 1}}]}}}}"
    loader = make_loader(
        write_conf({f"base/{key}.yml": text}),
        runtime_params={"p": {"q": [1]}},
        custom_resolvers={"tree": lambda: {"leaf": [1]}},
    )
    before = deepcopy(loader.entries(key)["a"])
    for _ in range(2):
        entries = loader.entries(key)
        spoil(entries["a"])
        spoil(loader[key])
        spoil(dict(loader.with_runtime_params(loader.runtime_params).entries(key)))
        assert entries["a"] == loader.entries(key)["a"] == loader[key]["a"] == before


def test_parameters_of_a_loader_are_its_own(write_conf: WriteConf) -> None:
    conf = write_conf({"base/parameters.yml": "a: {b: 1}\nc: ${a.b}"})
    loader = make_loader(conf)
    params = {"a": {"b": 2}}
    own = loader.with_runtime_params(params)
    params["a"]["b"] = 3
    assert dict(own.entries("parameters")) == {"a": {"b": 2}, "c": 2}
    assert dict(loader.entries("parameters")) == {"a": {"b": 1}, "c": 1}
    assert loader.runtime_params == {}


@pytest.mark.parametrize("values", [(1, True, 1.0), (0.0, -0.0), ("1", 1)])
def test_equal_parameters_need_not_be_the_same(
    values: tuple[Any, ...], write_conf: WriteConf
) -> None:
    conf = write_conf(
        {"base/catalog.yml": "a: ${runtime_params:p}", "base/parameters.yml": "q: ${p}"}
    )
    loader = make_loader(conf)
    for value in values:
        loader = loader.with_runtime_params({"p": value})
        for entry in (
            loader.entries("catalog")["a"],
            loader.entries("parameters")["q"],
        ):
            assert repr(entry) == repr(value)


def test_a_broken_entry_breaks_no_other(write_conf: WriteConf) -> None:
    loader = make_loader(write_conf({"base/catalog.yml": "a: ${no}\nb: {c: 1}"}))
    entries = loader.entries("catalog")
    assert list(entries) == ["a", "b"]
    assert "a" in entries
    assert entries["b"] == {"c": 1}
    with pytest.raises(InterpolationKeyError):
        entries["a"]
    with pytest.raises(KeyError):
        entries["no"]
    assert "no" not in entries


def test_a_broken_file_breaks_them_all(write_conf: WriteConf) -> None:
    loader = make_loader(write_conf({"base/catalog.yml": "a: ["}))
    with pytest.raises(ParserError):
        loader.entries("catalog")
    with pytest.raises(MissingConfigException):
        loader.entries("parameters")
    with pytest.raises(KeyError, match="No config patterns"):
        loader.entries("models")


def test_files_are_read_again_unless_they_are_kept(write_conf: WriteConf) -> None:
    conf = write_conf({"base/catalog.yml": "a: 1", "base/parameters.yml": "a: 1"})
    fresh, kept = make_loader(conf, kept=False), make_loader(conf)
    for key in ("catalog", "parameters"):
        for loader in (fresh, kept):
            assert loader.entries(key)["a"] == loader[key]["a"] == 1
    write_conf({"base/catalog.yml": "a: 2", "base/parameters.yml": "a: 2"})
    for key in ("catalog", "parameters"):
        for loader, value in ((fresh, 2), (kept, 1)):
            other = loader.with_runtime_params({"x": 1})
            assert loader.entries(key)["a"] == loader[key]["a"] == value
            assert other.entries(key)["a"] == other[key]["a"] == value


def test_copies_read_files_of_their_own(write_conf: WriteConf) -> None:
    conf = write_conf(
        {"base/catalog.yml": "a: ${globals:g}", "base/globals.yml": "g: 1"}
    )
    loader = make_loader(conf)
    assert loader.entries("catalog")["a"] == 1
    for copied in (deepcopy(loader), pickle.loads(pickle.dumps(loader))):
        assert copied.entries("catalog")["a"] == copied["catalog"]["a"] == 1


def test_globals_are_shared_only_while_they_are_the_same(
    write_conf: WriteConf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omegaconf.resolvers import oc

    conf = write_conf(
        {
            "base/globals.yml": "user: ${oc.env:KT_USER}\nfixed: 1",
            "base/catalog.yml": "a: ${globals:user}\nb: ${globals:fixed}\nc: 1",
        }
    )
    monkeypatch.setenv("KT_USER", "one")
    loader = make_loader(conf, custom_resolvers={"oc.env": oc.env})
    first = loader.with_runtime_params({})
    assert dict(first.entries("catalog")) == {"a": "one", "b": 1, "c": 1}
    monkeypatch.setenv("KT_USER", "two")
    second = loader.with_runtime_params({})
    assert dict(second.entries("catalog")) == {"a": "two", "b": 1, "c": 1}
    assert dict(first.entries("catalog")) == {"a": "one", "b": 1, "c": 1}


def test_globals_that_one_loader_replaces_are_not_seen_by_another(
    write_conf: WriteConf,
) -> None:
    conf = write_conf(
        {"base/globals.yml": "g: 1", "base/catalog.yml": "a: ${globals:g}"}
    )
    loader = make_loader(conf)
    other = loader.with_runtime_params({})
    other["globals"] = {"g": 2}
    assert other.entries("catalog")["a"] == 2
    assert loader.entries("catalog")["a"] == 1
    assert other.entries("catalog")["a"] == 2


def test_values_that_cannot_be_copied(write_conf: WriteConf) -> None:
    lock = threading.Lock()
    conf = write_conf({"base/parameters.yml": "a: {lock: '${lock:}'}"})
    loader = make_loader(conf, custom_resolvers={"lock": lambda: lock})
    assert loader.entries("parameters")["a"] == loader["parameters"]["a"]
    assert loader.entries("parameters")["a"]["lock"] is lock


PARTS = {
    "destructive": (
        "a: {v: {x: 1}, t: 1}",
        "a: {t: 2}",
        {"catalog": "destructive"},
        None,
    ),
    "destructive with another": (
        "a: {v: {x: 1}}",
        "a: {v: {y: 2}}",
        {"catalog": "destructive"},
        {"y": 2},
    ),
    "soft": ("a: {v: {x: 1}, t: 1}", "a: {t: 2}", {"catalog": "soft"}, {"x": 1}),
    "soft with another": (
        "a: {v: {x: 1}}",
        "a: {v: {y: 2}}",
        {"catalog": "soft"},
        {"x": 1, "y": 2},
    ),
    "in a template": (
        "_t: {v: {x: '${.y}', y: 1}}\na: ${_t}",
        "",
        {},
        {"x": 1, "y": 1},
    ),
    "beside a broken value": ("a: {v: {x: 1}, path: '${no}'}", "", {}, {"x": 1}),
    "nowhere": ("a: {t: 1}", "", {}, None),
    "no mapping": ("a: 1", "a: ???", {}, None),
}


@pytest.mark.parametrize(
    ("base", "local", "strategy", "expected"), PARTS.values(), ids=PARTS
)
def test_one_value_of_an_entry(
    base: str, local: str, strategy: Any, expected: Any, write_conf: WriteConf
) -> None:
    conf = write_conf({"base/catalog.yml": base, "local/catalog.yml": local})
    loader = make_loader(conf, merge_strategy=strategy)
    assert loader.entries("catalog").part("a", "v") == expected


@pytest.mark.parametrize(
    ("text", "depends"),
    [
        ("1", False),
        ("${_x}", False),
        ("${globals:g, 1}", False),
        ("${runtime_params:p}", True),
        ("${runtime_params:no, 1}", True),
        ("{b: '${_y.z}'}", True),
        ("${no}", True),
    ],
)
def test_whether_an_entry_depends_on_runtime_params(
    text: str, depends: bool, write_conf: WriteConf
) -> None:
    catalog = f"_x: 1\n_y: {{z: '${{runtime_params:p}}'}}\na: {text}"
    loader = make_loader(
        write_conf({"base/catalog.yml": catalog}), runtime_params={"p": 1}
    )
    for _ in range(2):
        assert loader.entries("catalog").depends_on_runtime_params("a") is depends
