"""No runtime parameter chooses a dataset's class, by whatever way it tries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf.errors import InterpolationResolutionError

from kedro.config import OmegaConfigLoader

WriteConf = Callable[..., Path]
EVIL = "evil.Dataset"
PARAMS = {"t": EVIL, "entry": {"type": EVIL}, "kind": "evil", "list": [EVIL]}

REFUSED = {
    "in the entry": "a: {type: '${runtime_params:t}'}",
    "with a default": "a: {type: '${runtime_params:t, pandas.CSVDataset}'}",
    "in a part of the text": "a: {type: '${runtime_params:kind}.Dataset'}",
    "in a nested dataset": "a: {type: X, dataset: {type: '${runtime_params:t}'}}",
    "in a list": "a: {type: X, datasets: [{type: '${runtime_params:t}'}]}",
    "through another key": "_t: ${runtime_params:t}\na: {type: '${_t}'}",
    "through a relative key": "a: {t: '${runtime_params:t}', type: '${.t}'}",
    "through two keys": "_s: ${_t}\n_t: ${runtime_params:t}\na: {type: '${_s}'}",
    "as a whole entry": "a: ${runtime_params:entry}",
    "as a whole dataset": "a: {type: X, dataset: '${runtime_params:entry}'}",
    "as an item": "a: {type: X, datasets: ['${runtime_params:entry}']}",
    "by a template": "_t: {type: '${runtime_params:t}'}\na: ${_t}",
    "by the choice of a template": (
        "_t: {evil: {type: evil.Dataset}}\na: ${_t.${runtime_params:kind}}"
    ),
    "by the choice of a type": (
        "_types: {evil: evil.Dataset}\na: {type: '${_types.${runtime_params:kind}}'}"
    ),
    "by a custom resolver": "a: {type: '${same:${runtime_params:t}}'}",
    "by a resolver that makes the entry": "a: ${entry:${runtime_params:t}}",
    "by the default of a global": "a: {type: '${globals:no, ${runtime_params:t}}'}",
    "by selection": (
        "_types: {evil: evil.Dataset}\n"
        "a: {type: '${oc.select:_types.${runtime_params:kind}, X}'}"
    ),
    "by creation": "a: \"${oc.create:{type: '${runtime_params:t}'}}\"",
    "by decoding": "a: {type: '${oc.decode:${runtime_params:t}}'}",
    "from a list": "_l: ${runtime_params:list}\na: {type: '${_l[0]}'}",
    "with an anchor": "_t: &t {type: '${runtime_params:t}'}\na: {<<: *t}",
    "in a pattern": "'{name}_csv': {type: '${runtime_params:t}'}",
}
ALLOWED = {
    "nothing was given": "a: {type: '${runtime_params:no, X}'}",
    "a default that is a global": "a: {type: '${runtime_params:no, ${globals:t}}'}",
    "another key": "a: {type: X, path: '${runtime_params:t}'}",
    "another key of a template": "_t: {type: X, path: '${runtime_params:t}'}\na: ${_t}",
    "a neighbour of the type": (
        "_t: {good: X, other: '${runtime_params:t}'}\na: {type: '${_t.good}'}"
    ),
    "text that looks like one": "a: {type: 'runtime_params:t'}",
}


def make_loader(conf: Path, restricted: bool = True, **more: Any) -> OmegaConfigLoader:
    return OmegaConfigLoader(
        conf,
        base_env="base",
        default_run_env="local",
        runtime_params=PARAMS,
        custom_resolvers={
            "same": lambda value: value,
            "entry": lambda chosen: {"type": chosen},
        },
        restrict_runtime_params_type_selection=restricted,
        **more,
    )


def entry_of(loader: OmegaConfigLoader) -> Any:
    entries = loader.entries("catalog")
    [name] = entries
    return entries[name]


@pytest.mark.parametrize("environment", ["base", "local"])
@pytest.mark.parametrize("catalog", REFUSED.values(), ids=REFUSED)
def test_refused(catalog: str, environment: str, write_conf: WriteConf) -> None:
    conf = write_conf(
        {"base/catalog.yml": "", f"{environment}/catalog.yml": catalog},
    )
    for loader in (make_loader(conf), make_loader(conf).with_runtime_params(PARAMS)):
        message = "'type' field .* resolver to '.*evil.*', which is not permitted"
        with pytest.raises(InterpolationResolutionError, match=message):
            loader["catalog"]
        with pytest.raises(InterpolationResolutionError, match=message):
            entry_of(loader)


@pytest.mark.parametrize("catalog", REFUSED.values(), ids=REFUSED)
def test_not_restricted(catalog: str, write_conf: WriteConf) -> None:
    loader = make_loader(write_conf({"base/catalog.yml": catalog}), restricted=False)
    assert EVIL in str(entry_of(loader))
    assert EVIL in str(loader["catalog"])


@pytest.mark.parametrize("catalog", ALLOWED.values(), ids=ALLOWED)
def test_allowed(catalog: str, write_conf: WriteConf) -> None:
    conf = write_conf({"base/catalog.yml": catalog, "base/globals.yml": "t: X"})
    loader = make_loader(conf)
    entry = entry_of(loader)
    assert loader["catalog"] == {"a": entry}
    assert entry["type"] in ("X", "runtime_params:t")


def test_a_type_that_the_run_environment_overrides(write_conf: WriteConf) -> None:
    conf = write_conf(
        {
            "base/catalog.yml": "a: {type: '${runtime_params:t}'}",
            "local/catalog.yml": "a: {type: X}",
        }
    )
    for strategy in ("soft", "destructive"):
        loader = make_loader(conf, merge_strategy={"catalog": strategy})
        with pytest.raises(InterpolationResolutionError, match="not permitted"):
            loader["catalog"]
        with pytest.raises(InterpolationResolutionError, match="not permitted"):
            entry_of(loader)


def test_only_the_entry_is_refused(write_conf: WriteConf) -> None:
    loader = make_loader(
        write_conf({"base/catalog.yml": "a: ${runtime_params:entry}\nb: {type: X}"})
    )
    assert loader.entries("catalog")["b"] == {"type": "X"}


def test_other_configuration_is_not_guarded(write_conf: WriteConf) -> None:
    conf = write_conf({"base/parameters.yml": "a: {type: '${runtime_params:t}'}"})
    loader = make_loader(conf)
    assert loader["parameters"]["a"] == {"type": EVIL}
    assert loader.entries("parameters")["a"] == {"type": EVIL}
