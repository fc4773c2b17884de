"""What a caller of a served session cannot do, whatever values it gives.

Each test is a promise of ``docs/security.md``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from kedro.config.plain_values import literal
from kedro.framework.session import (
    KedroServiceSession,
    KedroSession,
    KedroSessionError,
)
from kedro.io import DatasetError

SECRET = "KEDRO_TEST_SECRET"
HIDDEN = "known to nobody"
MANY = settings(
    deadline=None,
    max_examples=40 * int(os.environ.get("KEDRO_SOAK") or 1),
    suppress_health_check=list(HealthCheck),
)

# Each dataset takes something from a runtime parameter, in a way of its own.
CATALOG = """
    _from_globals:
      good: {type: json.JSONDataset, filepath: data/word.json}
    direct:
      type: ${runtime_params:kind, json.JSONDataset}
      filepath: data/word.json
    part:
      type: ${runtime_params:package, json}.${runtime_params:name, JSONDataset}
      filepath: data/word.json
    through_globals:
      type: ${globals:kinds.${runtime_params:key, good}}
      filepath: data/word.json
    whole: ${_from_globals.${runtime_params:key, good}}
    given: "${runtime_params:entry, {type: json.JSONDataset, filepath: data/word.json}}"
    cached:
      type: CachedDataset
      dataset:
        "${runtime_params:entry,
        {type: json.JSONDataset, filepath: data/word.json}}"
    cached_kind:
      type: CachedDataset
      dataset:
        type: ${runtime_params:kind, json.JSONDataset}
        filepath: data/word.json
    partitions:
      type: partitions.PartitionedDataset
      path: data
      filename_suffix: word.json
      dataset: ${runtime_params:kind, json.JSONDataset}
    validated:
      type: json.JSONDataset
      filepath: data/word.json
      validator: ${runtime_params:kind, {package}.datasets.checked}
    validated_by_class:
      type: json.JSONDataset
      filepath: data/word.json
      validator: {class: "${runtime_params:kind, {package}.datasets.checked}"}
    partitions_in_depth:
      type: partitions.PartitionedDataset
      path: data
      filename_suffix: word.json
      dataset:
        type: ${runtime_params:kind, json.JSONDataset}
    arguments:
      type: {package}.datasets.Spy
      path: {_target_: "${runtime_params:kind, none}"}
    "{name}_word":
      type: ${runtime_params:kind, json.JSONDataset}
      filepath: data/word.json
    with_credentials:
      type: {package}.datasets.Spy
      credentials: service
    path:
      type: {package}.datasets.Spy
      path: data/${runtime_params:text, none}
    versions: {type: json.JSONDataset, filepath: data/versions.json, versioned: true}
"""
DATASETS = """
    from kedro.io import AbstractDataset

    built = []

    class Spy(AbstractDataset):
        def __init__(self, path=None, credentials=None):
            self.seen = {"path": path, "credentials": credentials}

        def load(self):
            return self.seen

        def save(self, data):
            pass

        def _describe(self):
            return {}

    def checked(data):
        return data

    class Evil(Spy):
        def __init__(self, **arguments):
            built.append(arguments)
            super().__init__()
"""
REGISTRY = """
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    NAMES = [
        "direct", "part", "through_globals", "whole", "given", "cached", "cached_kind",
        "partitions", "partitions_in_depth", "arguments", "any_word", "validated",
        "validated_by_class",
        "with_credentials", "path", "versions",
    ]

    def told(parameters):
        return parameters, current_run().runtime_params

    def register_pipelines():
        return {
            "parameters": pipeline([node(told, "parameters", ["all", "told"])]),
            "text": pipeline([node(lambda text: text, "params:text", "read")]),
            "derived": pipeline([node(lambda text: text, "params:derived", "read")]),
            "release": pipeline([node(lambda data: data, "data", "versions")]),
            **{
                name: pipeline([node(lambda data: data, name, "read")])
                for name in NAMES
            },
        }
"""
FILES = {
    "data/word.json": '"word"',
    "conf/base/globals.yml": """
        kinds: {good: json.JSONDataset}
        evil: {package}.datasets.Evil
    """,
    "conf/local/credentials.yml": f"""
        service: {{password: "${{runtime_params:text, none}}", own: known}}
        other: {{password: "{HIDDEN}", env: "${{oc.env:{SECRET}, none}}"}}
    """,
    "{package}/datasets.py": DATASETS,
}
PARAMETERS = """
    text: none
    derived: ${runtime_params:text, none}
    private: not for callers
"""


@pytest.fixture
def serve(open_session, monkeypatch) -> KedroSession:
    monkeypatch.setenv(SECRET, HIDDEN)
    return open_session(
        REGISTRY,
        catalog=CATALOG,
        parameters=PARAMETERS,
        files=FILES,
        session_class=KedroServiceSession,
        serving_mode=True,
    )


def evil_params(session: KedroSession) -> list[dict[str, Any]]:
    """What a caller tries, to have a class of its own choice imported."""
    evil = f"{session.package_name}.datasets.Evil"
    entry = {"type": evil, "path": "x"}
    return [
        {"kind": evil},
        {"kind": entry},
        {"kind": "${globals:evil}"},
        {"kind": "${_evil}", "_evil": evil},
        {"kind": ["type", evil]},
        {"package": f"{session.package_name}.datasets", "name": "Evil"},
        {"package": evil.rpartition(".")[0], "name": "${oc.decode:Evil}"},
        {"entry": entry},
        {"entry": {"type": "CachedDataset", "dataset": entry}},
        {"entry": {"type": "json.JSONDataset", "filepath": "x", "_target_": evil}},
        {"entry": f"${{oc.create:{{type: {evil}, path: x}}}}"},
        {"key": "evil"},
        {"key": f"good}}${{oc.decode:{evil}"},
        {"kinds": {"good": evil}, "key": "good"},
        {"_from_globals": {"good": entry}, "key": "good"},
        {"type": evil, "catalog": {"direct": entry}, "globals": {"evil": evil}},
        {"restrict_runtime_params_type_selection": False, "kind": evil},
    ]


READERS = [
    "direct",
    "part",
    "through_globals",
    "whole",
    "given",
    "cached",
    "cached_kind",
    "partitions",
    "partitions_in_depth",
    "validated",
    "validated_by_class",
    "arguments",
    "any_word",
]


@pytest.mark.parametrize("name", READERS)
def test_no_caller_chooses_a_class(serve, module_of, name):
    built = module_of(serve, "datasets").built

    def read(**arguments: Any) -> Any:
        found = serve.run(pipeline_names=[name], **arguments).outputs["read"]
        return found if isinstance(found, str) else {*found}

    usual = read()
    for params in evil_params(serve):
        try:
            found = read(runtime_params=params)
        except (DatasetError, KedroSessionError):
            found = usual
        # Refused, or without a say in this dataset.
        assert found == usual, params
        assert built == []


def test_without_serving_mode_a_caller_can(open_session, module_of):
    session = open_session(
        REGISTRY, catalog=CATALOG, parameters=PARAMETERS, files=FILES
    )
    evil = f"{session.package_name}.datasets.Evil"
    session.run(pipeline_names=["direct"], runtime_params={"kind": evil})
    assert module_of(session, "datasets").built == [
        {"filepath": (session.project_path / "data" / "word.json").as_posix()}
    ]


texts = st.one_of(
    st.sampled_from(
        [
            f"${{oc.env:{SECRET}}}",
            f"a ${{oc.env:{SECRET}}} b",
            f"${{oc.decode:'${{oc.env:{SECRET}}}'}}",
            f"${{oc.create:{{a: ${{oc.env:{SECRET}}}}}}}",
            f"\\${{oc.env:{SECRET}}}",
            f"\\\\${{oc.env:{SECRET}}}",
            "${runtime_params:text}",
            "${runtime_params:other}",
            "${globals:evil}",
            "${private}",
            "${text}",
            "${credentials:other.password}",
            "${other.password}",
            "${.own}",
            "${..other.password}",
            "${",
            "${}",
            "}",
            "{text}",
            "%(private)s",
        ]
    ),
    st.lists(
        st.sampled_from([*"\\${}:.,'[]", "oc.env", "oc.decode", SECRET, "private"]),
        max_size=12,
    ).map("".join),
    st.text(max_size=20),
).filter(lambda text: text.lstrip("\\") != "???")
values = st.recursive(
    texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=6
)


@MANY
@given(values)
def test_a_literal_is_what_it_was(value):
    made = OmegaConf.create({"value": literal(value)})
    assert OmegaConf.to_container(made, resolve=True) == {"value": value}


@pytest.fixture
def run(serve) -> Callable[..., Any]:
    def run(name: str, text: Any, **arguments: Any) -> Any:
        params = {"text": text, "other": f"${{oc.env:{SECRET}}}"}
        return serve.run(
            pipeline_names=[name], runtime_params=params, **arguments
        ).outputs

    return run


def test_text_of_a_caller_stays_text_in_parameters(run):
    @MANY
    @given(values)
    def stays(value: Any) -> None:
        assert run("text", value)["read"] == value
        assert run("derived", value)["read"] == value
        outputs = run("parameters", value)
        assert outputs["all"]["text"] == value
        assert outputs["told"]["text"] == value

    stays()


def test_text_of_a_caller_stays_text_in_paths_and_credentials(run, serve):
    folder = (serve.project_path / "data").as_posix()

    @MANY
    @given(texts)
    def stays(text: str) -> None:
        assert Path(run("path", text)["read"]["path"]) == Path(f"{folder}/{text}")
        credentials = run("with_credentials", text)["read"]["credentials"]
        assert credentials == {"password": text, "own": "known"}

    stays()


def test_text_of_a_caller_stays_text_among_its_keys(serve):
    @MANY
    @given(st.dictionaries(texts, texts))
    def stays(params: dict[str, str]) -> None:
        found = serve.run(pipeline_names=["parameters"], runtime_params=params)
        expected = {"text": "none", "derived": "none", "private": "not for callers"}
        expected |= {"derived": params.get("text", "none")} | params
        assert found.outputs["all"] == expected

    stays()


def test_injected_text_stays_text(serve, run):
    outputs = run("release", "none", runtime_data={"data": f"${{oc.env:{SECRET}}}"})
    assert outputs["versions"] == f"${{oc.env:{SECRET}}}"


names = st.one_of(
    st.sampled_from(
        [
            "..",
            ".",
            "../../etc",
            "/etc/passwd",
            "..\\up",
            "a/../../b",
            "~",
            "*",
            "a\0/../b",
            "\u2025",
            "%2e%2e%2f",
            "file:///etc",
            "C:\\temp",
        ]
    ),
    st.text(max_size=300),
    st.lists(st.sampled_from(["..", "/", "\\", "a", "\0", "~", "."])).map("".join),
)


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_a_run_id_and_a_version_stay_in_the_project(serve, tmp_path):
    release = partial(serve.run, pipeline_names=["release"])
    versions = serve.project_path / "data" / "versions.json"
    release(runtime_data={"data": "first"}, run_id="first")
    (tmp_path / "versions.json").write_text('"outside"')
    (serve.project_path / "data" / "up").mkdir()
    before = files_below(tmp_path) - files_below(versions)

    @MANY
    @given(names)
    def stays(name: str) -> None:
        with suppress(KedroSessionError, DatasetError):
            release(runtime_data={"data": "mine"}, run_id=name)
        try:
            found = serve.run(
                pipeline_names=["versions"], load_versions={"versions": name}
            )
        except (KedroSessionError, DatasetError):
            pass
        else:
            assert found.outputs["read"] in ("first", "mine")
        assert files_below(tmp_path) - files_below(versions) == before

    stays()
    assert {path.parent.parent for path in versions.glob("*/*")} == {versions}


@pytest.mark.parametrize(
    "version", ["../../etc", "..", "/etc", "a\\b", "a\0b", 7, ["a"]]
)
def test_a_version_elsewhere_is_refused_before_anything_runs(serve, version):
    with pytest.raises(KedroSessionError, match="'versions' in `load_versions`"):
        serve.run(pipeline_names=["versions"], load_versions={"versions": version})


def test_a_configured_path_lets_callers_choose_it(run, serve):
    # No promise: this is what the configuration says.
    found = run("path", "../../elsewhere")["read"]["path"]
    assert found == (serve.project_path / "data").as_posix() + "/../../elsewhere"
