"""The rules of 1.7.0 for configuration, each with its outcome there."""

from __future__ import annotations

import inspect
import json
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from omegaconf import OmegaConf
from yaml.constructor import ConstructorError

from kedro.config import MissingConfigException, OmegaConfigLoader

WriteConf = Callable[..., Path]
LONG = {f"a_rather_long_name_{number}": 1 for number in range(9)}


def case(
    expected: Any,
    key: str = "catalog",
    *,
    resolvers: tuple[str, ...] = (),
    reads_environment: bool = False,
    runtime_params: Any = None,
    files: dict[str, str],
    **arguments: Any,
) -> Any:
    request = {
        "keys": [key],
        "arguments": arguments,
        "resolvers": list(resolvers),
        "reads_environment": reads_environment,
        "environment": {"KT_USER": "me"},
        "runtime_params": [runtime_params or {}],
    }
    return files, request, expected


# A dictionary is the value, a string a part of the error's name and message.
CASES = {
    "environment variables in credentials": case(
        {"db": {"user": "me", "host": "h"}},
        "credentials",
        files={
            "local/credentials.yml": (
                "db: {user: '${oc.env:KT_USER}', host: '${oc.env:KT_NO_HOST,h}'}"
            )
        },
    ),
    "environment variables only in credentials": case(
        "UnsupportedInterpolationType: Unsupported interpolation type oc.env",
        files={"base/catalog.yml": "a: {path: '${oc.env:KT_USER}'}"},
    ),
    "environment variables after opting in": case(
        {"a": {"path": "me"}},
        reads_environment=True,
        files={"base/catalog.yml": "a: {path: '${oc.env:KT_USER}'}"},
    ),
    "environment variables in globals after opting in": case(
        {"a": "me"},
        reads_environment=True,
        files={
            "base/globals.yml": "user: ${oc.env:KT_USER}",
            "base/catalog.yml": "a: ${globals:user}",
        },
    ),
    "a variable that is not set": case(
        "Environment variable 'KT_NO_HOST' not found",
        "credentials",
        files={"base/credentials.yml": "db: {host: '${oc.env:KT_NO_HOST}'}"},
    ),
    "credentials do not refer to other files": case(
        "InterpolationKeyError",
        "credentials",
        files={
            "base/credentials.yml": "a: ${b}",
            "base/credentials_b.yml": "b: 1",
        },
    ),
    "what a variable holds is resolved again": case(
        {"a": {"b": "u"}, "user": "u"},
        "credentials",
        files={"base/credentials.yml": "a: {b: '\\${user}'}\nuser: u"},
    ),
    "no runtime parameters in globals": case(
        "UnsupportedInterpolationType: The `runtime_params:` resolver is not supported",
        files={"base/globals.yml": "a: ${runtime_params:x, 1}"},
    ),
    "no hidden globals": case(
        "Keys starting with '_' are not supported for globals.",
        files={"base/globals.yml": "_a: 1", "base/catalog.yml": "a: ${globals:_a}"},
    ),
    "hidden globals for globals": case(
        {"a": 1},
        "globals",
        files={"base/globals.yml": "_a: 1\na: ${_a}"},
    ),
    "globals of the run environment win": case(
        {"a": 2, "b": 1},
        files={
            "base/globals.yml": "a: 1\nb: 1",
            "local/globals.yml": "a: 2",
            "base/catalog.yml": "a: ${globals:a}\nb: ${globals:b}",
        },
    ),
    "a global that is not there": case(
        "Globals key 'a.b' not found and no default value provided.",
        files={"base/globals.yml": "a: {}", "base/catalog.yml": "a: ${globals:a.b}"},
    ),
    "a runtime parameter that is not there": case(
        "Runtime parameter 'a.b' not found and no default value provided.",
        files={"base/catalog.yml": "a: ${runtime_params:a.b}"},
        runtime_params={"a": {}},
    ),
    "a falsy runtime parameter is one": case(
        {"a": 0, "b": None, "c": ""},
        files={
            "base/catalog.yml": (
                "a: ${runtime_params:a,1}\nb: ${runtime_params:b,1}\n"
                "c: ${runtime_params:c,1}"
            )
        },
        runtime_params={"a": 0, "b": None, "c": ""},
    ),
    "runtime parameters are merged into parameters": case(
        {"a": {"b": 9, "c": 2}, "d": 9, "new": {"x": 1}, "_h": 1},
        "parameters",
        files={"base/parameters.yml": "a: {b: 1, c: 2}\nd: ${a.b}\n_h: 1"},
        runtime_params={"a": {"b": 9}, "new": {"x": 1}},
    ),
    "keys with an underscore are templates": case(
        {"a": {"b": 1}},
        files={"base/catalog.yml": "_t: {b: 1}\na: ${_t}"},
    ),
    "destructive merge": case(
        {"a": {"c": 3}, "b": 1},
        files={"base/catalog.yml": "a: {b: 1}\nb: 1", "local/catalog.yml": "a: {c: 3}"},
    ),
    "soft merge": case(
        {"a": {"b": 1, "c": 3}, "b": 1},
        files={"base/catalog.yml": "a: {b: 1}\nb: 1", "local/catalog.yml": "a: {c: 3}"},
        merge_strategy={"catalog": "Soft"},
    ),
    "a strategy for another type": case(
        {"a": {"c": 3}},
        files={"base/catalog.yml": "a: {b: 1}", "local/catalog.yml": "a: {c: 3}"},
        merge_strategy={"parameters": "soft"},
    ),
    "an unknown strategy": case(
        "ValueError: Merging strategy hard not supported. The accepted merging "
        "strategies are ['soft', 'destructive'].",
        files={"base/catalog.yml": "a: 1"},
        merge_strategy={"catalog": "hard"},
    ),
    "interpolations do not reach into the other environment": case(
        "InterpolationKeyError",
        files={"base/catalog.yml": "_a: 1", "local/catalog.yml": "b: ${_a}"},
    ),
    "duplicates": case(
        "catalog_2.yml: a, b",
        files={
            "base/catalog.yml": "a: 1\nb: 1\n_t: 1",
            "base/catalog_2.yml": "b: 2\na: 2\n_t: 2",
        },
    ),
    "many duplicates": case(
        "...",
        files={
            "base/catalog.yml": json.dumps(LONG),
            "base/catalog_2.yml": json.dumps(LONG),
        },
    ),
    "duplicates inside parameters": case(
        "parameters_2.yml: a.b",
        "parameters",
        files={
            "base/parameters.yml": "a: {b: 1, c: 1}",
            "base/parameters_2.yml": "a: {b: 2, d: 2}",
        },
    ),
    "parameters of one group in two files": case(
        {"a": {"b": 1, "c": 2}},
        "parameters",
        files={
            "base/parameters.yml": "a: {b: 1}",
            "base/parameters_2.yml": "a: {c: 2}",
        },
    ),
    "the same key twice in a file": case(
        "ConstructorError",
        files={"base/catalog.yml": "a: 1\na: 2"},
    ),
    "files by suffix and pattern": case(
        {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1},
        files={
            "base/catalog.yml": "a: 1",
            "base/catalog/deep/any.yaml": "b: 1",
            "base/in/folders/catalog_x.json": '{"c": 1}',
            "base/catalog_raw/in.yml": "d: 1",
            "base/catalog.txt": "x: 1",
            "base/other.yml": "x: 1",
            "local/in/catalog.yml": "e: 1",
        },
    ),
    "hidden files": case(
        {"a": 1},
        files={
            "base/catalog.yml": "a: 1",
            "base/catalog/.ipynb_checkpoints/catalog.yml": "b: 1",
            "base/catalog/.catalog.yml": "c: 1",
        },
    ),
    "hidden files that are wanted": case(
        {"a": 1, "b": 1},
        files={
            "base/catalog.yml": "a: 1",
            "base/catalog/.hidden/catalog.yml": "b: 1",
        },
        ignore_hidden=False,
    ),
    "an environment": case(
        {"a": 1, "b": 3},
        files={
            "base/catalog.yml": "a: 1\nb: 1",
            "local/catalog.yml": "b: 2",
            "prod/catalog.yml": "b: 3",
        },
        env="prod",
    ),
    "the base environment alone": case(
        {"a": 1},
        files={"base/catalog.yml": "a: 1", "local/catalog.yml": "b: 2"},
        env="base",
    ),
    "an environment that is not there": case(
        "MissingConfigException: Given configuration path either does not exist or is "
        "not a valid directory",
        files={"base/catalog.yml": "a: 1"},
        env="prod",
    ),
    "no file": case(
        "MissingConfigException: No files of YAML or JSON format found in",
        files={"base/parameters.yml": "a: 1"},
    ),
    "no file in the base environment alone": case(
        {}, "parameters", env="base", files={}, runtime_params={"a": 1}
    ),
    "an empty file": case({}, files={"base/catalog.yml": ""}),
    "a file with a list": case("Error", files={"base/catalog.yml": "- a"}),
    "broken YAML": case(
        "unable to read line ",
        files={"base/catalog.yml": "a: [1,\nb: 2"},
    ),
    "broken in the scanner": case(
        "ParserError: Invalid YAML or JSON file",
        files={"local/catalog.yml": "a: 1\n\tb: 2"},
    ),
    "broken JSON": case(
        "ParserError: Invalid YAML or JSON file",
        files={"base/catalog.json": '{"a": 1'},
    ),
    "no pattern": case(
        "No config patterns were found for 'models' in your config loader",
        "models",
        files={},
    ),
    "a pattern of one's own": case(
        {"a": 1},
        "models",
        files={"base/models_x.yml": "a: 1", "base/models.txt": ""},
        config_patterns={"models": ["models*"]},
    ),
    "a key that is no text": case(
        "'int' object has no attribute 'startswith'",
        files={"base/catalog.yml": "1: 2"},
    ),
    "parameters whose key is no text": case(
        {1: 2, "a": {3: True}},
        "parameters",
        files={"base/parameters.yml": "1: 2\na: {3: true}"},
    ),
    "an interpolation without an end": case(
        "GrammarParseError",
        files={"base/catalog.yml": "a: ${b"},
    ),
    "an unknown resolver": case(
        "Unsupported interpolation type add",
        files={"base/catalog.yml": "a: ${add:1,2}"},
    ),
    "custom resolvers, also built-in functions": case(
        {"a": 3, "b": 9, "c": {"d": "d", "e": "d"}},
        resolvers=("add", "most", "key_of", "sibling"),
        files={
            "base/catalog.yml": (
                "a: ${add:1,2}\nb: ${most:1,9}\nc: {d: '${key_of:}', e: '${sibling:d}'}"
            )
        },
    ),
    "a custom resolver that fails": case(
        "ValueError raised while resolving interpolation: broken",
        resolvers=("fail",),
        files={"base/catalog.yml": "a: ${fail:broken}"},
    ),
    "a runtime parameter that chooses a class": case(
        "Dataset 'a' resolves a 'type' field via the 'runtime_params:' resolver to "
        "'x.Y', which is not permitted.",
        files={"base/catalog.yml": "a: {type: '${runtime_params:t}'}"},
        runtime_params={"t": "x.Y"},
        restrict_runtime_params_type_selection=True,
    ),
}


@pytest.mark.parametrize(("files", "request_", "expected"), CASES.values(), ids=CASES)
def test_rule(
    files: dict[str, str],
    request_: dict[str, Any],
    expected: Any,
    write_conf: WriteConf,
    release: Any,
    here: Any,
) -> None:
    conf = write_conf(files)
    request_["arguments"]["conf_source"] = str(conf)
    [key] = request_["keys"]
    [ours] = here.outcomes(request_)
    if isinstance(expected, str):
        assert ours[key][0] == "error"
        assert expected in f"{ours[key][1]}: {ours[key][2]}"
    else:
        assert ours[key] == ["value", here.encode(expected)]
    assert [ours] == release.outcomes(request_)


FILES = {
    "base/catalog.yml": "a: {path: data, user: '${globals:user}'}",
    "base/globals.yml": "user: me",
    "base/parameters.yml": "a: 1",
    "base/parameters/.hidden.yml": "a: 2",
    "local/parameters/inside.yml": "b: ${runtime_params:b}",
}


def pack_zip(conf: Path) -> Path:
    archive = conf.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted(conf.rglob("*")):
            target.write(path, path.relative_to(conf.parent))
    return archive


def pack_tar(conf: Path) -> Path:
    archive = conf.with_suffix(".tar.gz")
    with tarfile.open(archive, "w:gz") as target:
        target.add(conf, conf.name)
    return archive


SOURCES = {"folder": lambda conf: conf, "zip": pack_zip, "tar": pack_tar}


@pytest.mark.parametrize("pack", SOURCES.values(), ids=SOURCES)
def test_sources(
    pack: Callable[[Path], Path], write_conf: WriteConf, release: Any, here: Any
) -> None:
    request = {
        "keys": ["catalog", "parameters"],
        "arguments": {"conf_source": str(pack(write_conf(FILES)))},
        "resolvers": [],
        "runtime_params": [{"b": 2}],
    }
    expected = {
        "catalog": {"a": {"path": "data", "user": "me"}},
        "parameters": {"a": 1, "b": 2},
    }
    [ours] = here.outcomes(request)
    assert ours == {k: ["value", here.encode(v)] for k, v in expected.items()}
    assert [ours] == release.outcomes(request)


@pytest.mark.parametrize("pack", [pack_zip, pack_tar])
def test_a_replaced_archive_is_read_again(
    pack: Callable[[Path], Path], write_conf: WriteConf
) -> None:
    for number in (1, 2):
        conf = write_conf({"base/parameters.yml": f"a: {number}"})
        archive = pack(conf)
        loader = OmegaConfigLoader(archive, base_env="base", default_run_env="local")
        assert loader["parameters"] == {"a": number}


class Bucket(MemoryFileSystem):
    """A cloud storage, as far as Kedro can tell: it goes by the protocol."""

    protocol = "s3"
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012


def test_a_remote_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, "s3", Bucket)
    bucket = fsspec.filesystem("s3")
    for name, text in FILES.items():
        bucket.pipe(f"bucket/conf/{name}", text.encode())
    loader = OmegaConfigLoader(
        "s3://bucket/conf",
        base_env="base",
        default_run_env="local",
        runtime_params={"b": 2},
    )
    assert loader["catalog"] == {"a": {"path": "data", "user": "me"}}
    assert loader["parameters"]["b"] == 2
    assert loader.entries("parameters")["b"] == 2

    bucket.rm("bucket/conf/local", recursive=True)
    with pytest.raises(MissingConfigException, match=r"not a valid directory: .*local"):
        loader["catalog"]


def test_a_large_file(write_conf: WriteConf, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {f"entry_{number}": {"a": 1, "b": [2]} for number in range(2000)}
    conf = write_conf({"base/catalog.yml": json.dumps(entries)})
    loader = OmegaConfigLoader(conf, base_env="base", default_run_env="local")
    assert loader["catalog"] == entries

    monkeypatch.setenv("OMEGACONF_MAX_YAML_EXPANDED_NODES", "100")
    if "max_yaml_expanded_nodes" in inspect.signature(OmegaConf.load).parameters:
        with pytest.raises(ConstructorError, match="limit of 100"):
            loader["catalog"]


def test_a_path_and_a_string_are_the_same_source(write_conf: WriteConf) -> None:
    conf = write_conf({"base/parameters.yml": "a: 1"})
    for source in (conf, str(conf), f"{conf}{os.sep}"):
        loader = OmegaConfigLoader(source, base_env="base", default_run_env="local")
        assert loader["parameters"] == {"a": 1}


def test_configuration_that_was_set_is_not_read(write_conf: WriteConf) -> None:
    conf = write_conf(
        {
            "base/catalog.yml": "a: ${globals:x}",
            "base/globals.yml": "x: 1",
            "base/parameters.yml": "[",
        }
    )
    loader = OmegaConfigLoader(conf, base_env="base", default_run_env="local")
    loader.retain_files()
    loader["parameters"] = {"b": 2}
    assert loader["parameters"] == {"b": 2}
    assert dict(loader.entries("parameters")) == {"b": 2}

    assert loader.entries("catalog")["a"] == 1
    loader["globals"] = {"x": 3}
    assert loader["catalog"] == dict(loader.entries("catalog")) == {"a": 3}


def test_a_folder_is_loaded_by_hand(write_conf: WriteConf) -> None:
    conf = write_conf({"base/catalog.yml": "_t: 1\na: ${_t}", "base/other.yml": "b: 1"})
    loader = OmegaConfigLoader(conf, base_env="base", default_run_env="local")
    files: set[Path] = set()
    found = loader.load_and_merge_dir_config(
        str(conf / "base"), ["catalog*"], "catalog", files
    )
    assert found == {"a": 1}
    assert files == {conf / "base" / "catalog.yml"}


@pytest.mark.parametrize("resolver", ["text", None, 5])
def test_a_resolver_that_is_no_function(resolver: Any, write_conf: WriteConf) -> None:
    with pytest.raises(TypeError, match="resolver must be callable"):
        OmegaConfigLoader(write_conf({}), custom_resolvers={"x": resolver})
