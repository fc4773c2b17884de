"""``KedroServiceSession`` is a ``KedroSession`` with the signatures of 1.7.0."""

from __future__ import annotations

import inspect
import re
from functools import partial
from uuid import UUID

import pytest

from kedro.framework.session import (
    KedroServiceSession,
    KedroSession,
    KedroSessionError,
)
from kedro.io import DatasetError
from kedro.io.core import generate_timestamp
from kedro.runner import ThreadRunner

GREET = """
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    def greet(word, name):
        return f"{word} {name} in {current_run().run_id}"

    def register_pipelines():
        return {
            "__default__": pipeline(
                [node(greet, ["params:word", "name"], "greeting", name="greet")]
            ),
            "other": pipeline([node(lambda name: name, "name", "same", name="other")]),
        }
"""

# As `inspect.signature` gave them for kedro 1.7.0.
SIGNATURES = {
    "__init__": [
        ("session_id", inspect.Parameter.empty),
        ("package_name", None),
        ("project_path", None),
        ("conf_source", None),
        ("env", None),
    ],
    "create": [
        ("session_id", None),
        ("project_path", None),
        ("env", None),
        ("conf_source", None),
        ("serving_mode", False),
    ],
    "run": [
        ("run_id", None),
        ("pipeline_names", None),
        ("tags", None),
        ("runner", None),
        ("node_names", None),
        ("from_nodes", None),
        ("to_nodes", None),
        ("from_inputs", None),
        ("to_outputs", None),
        ("load_versions", None),
        ("namespaces", None),
        ("only_missing_outputs", False),
        ("runtime_params", None),
    ],
    "load_context": [("runtime_params", None)],
}
KEDRO_SESSION_SIGNATURES = {
    "__init__": [
        ("session_id", inspect.Parameter.empty),
        ("package_name", None),
        ("project_path", None),
        ("save_on_close", False),
        ("conf_source", None),
    ],
    "create": [
        ("project_path", None),
        ("save_on_close", True),
        ("env", None),
        ("runtime_params", None),
        ("conf_source", None),
    ],
    "run": [
        ("pipeline_name", None),
        ("pipeline_names", None),
        ("tags", None),
        ("runner", None),
        ("node_names", None),
        ("from_nodes", None),
        ("to_nodes", None),
        ("from_inputs", None),
        ("to_outputs", None),
        ("load_versions", None),
        ("namespaces", None),
        ("only_missing_outputs", False),
    ],
    "load_context": [],
}
ADDED = {"hook_manager", "session_id", "runtime_params", "runtime_data", "run_id"}


@pytest.mark.parametrize(
    ("session_class", "name", "expected"),
    [
        (session_class, name, expected)
        for session_class, signatures in (
            (KedroServiceSession, SIGNATURES),
            (KedroSession, KEDRO_SESSION_SIGNATURES),
        )
        for name, expected in signatures.items()
    ],
)
def test_positional_arguments_are_those_of_1_7_0(session_class, name, expected):
    parameters = inspect.signature(getattr(session_class, name)).parameters.values()
    positional = [
        (p.name, p.default)
        for p in parameters
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"
    ]

    assert positional == expected
    added = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert added <= ADDED | {"save_on_close"}


@pytest.fixture
def open_service(open_session):
    return partial(
        open_session,
        GREET,
        parameters="word: ${runtime_params:word,Hello}",
        session_class=KedroServiceSession,
    )


def test_it_is_a_kedro_session_with_one_implementation(open_service):
    session = open_service()

    assert isinstance(session, KedroSession)
    assert issubclass(KedroServiceSession, KedroSession)
    assert KedroServiceSession._run is KedroSession._run


def test_an_empty_run_id_stands_for_none(open_service):
    session = open_service()

    assert re.match(r"\d{4}-", session.run("", runtime_data={"name": "you"}).run_id)
    with pytest.raises(KedroSessionError, match="path separator"):
        session.run("a/b")


def test_runtime_params_of_run_lie_over_those_of_create(open_service):
    session = open_service(runtime_params={"word": "Hi"})
    given = {"name": "you"}

    def greeting(run_id, **runtime_params):
        result = session.run(
            run_id, runtime_data=given, runtime_params=runtime_params or None
        )
        return result.outputs["greeting"]

    assert greeting("a") == "Hi you in a"
    assert greeting("b", word="Bye") == "Bye you in b"
    assert greeting("c") == "Hi you in c"


def test_run_takes_its_arguments_in_the_order_of_1_7_0(open_service):
    session = open_service()
    session.catalog["name"] = "Ann"

    result = session.run(
        "order-1",
        ["__default__"],
        None,
        ThreadRunner(),
        ["greet"],
        None,
        None,
        None,
        ["greeting"],
        None,
        None,
        False,
        {"word": "Bye"},
    )

    assert result.run_id == "order-1"
    assert dict(result.outputs) == {"greeting": "Bye Ann in order-1"}


def test_create_takes_its_arguments_in_the_order_of_1_7_0(open_service):
    project_path = open_service(
        files={"conf/test/parameters.yml": "word: Test"}
    ).project_path
    source = str(project_path / "conf")

    with KedroServiceSession.create("mine", project_path, "test", source) as session:
        result = session.run("order-1", runtime_data={"name": "Ann"})

    assert session.session_id == result.session_id == "mine"
    assert session.env == "test"
    assert session.conf_source == source
    assert result.outputs["greeting"] == "Test Ann in order-1"


def test_a_session_without_an_id_gets_a_uuid(open_service):
    session = open_service()

    assert str(UUID(session.session_id)) == session.session_id


def test_it_runs_many_times_with_all_that_is_new(open_service):
    session = open_service(parameters="word: Hello")

    greetings = [
        session.run(
            runtime_params=params, runtime_data={"name": name}, run_id=f"for-{name}"
        ).outputs["greeting"]
        for name, params in (("Ann", None), ("Bob", {"word": "Bye"}), ("Cid", {}))
    ]

    assert greetings == [
        "Hello Ann in for-Ann",
        "Bye Bob in for-Bob",
        "Hello Cid in for-Cid",
    ]


def test_its_store_is_not_saved_unless_asked_for(open_service, make_project):
    session = open_service()
    session.run(runtime_data={"name": "Ann"})
    session.close()

    assert not (session.project_path / "sessions").exists()


def test_a_session_made_without_create_works_as_in_1_7_0(open_service):
    made = open_service()
    session = KedroServiceSession(
        "mine", made.package_name, made.project_path, None, "local"
    )

    result = session.run("order-1", runtime_data={"name": "Ann"})

    assert session.env == "local"
    assert result.outputs["greeting"] == "Hello Ann in order-1"


def test_load_context_takes_runtime_params(open_service):
    session = open_service(runtime_params={"deep": {"a": 1}})
    session.context.config_loader["globals"] = {}

    other = session.load_context({"word": "Bye", "deep": {"b": 2}})

    assert other.params == {"word": "Bye", "deep": {"a": 1, "b": 2}}
    assert other.catalog.load("params:word") == "Bye"
    assert session.load_context() is session.context
    assert session.context.params == {"word": "Hello", "deep": {"a": 1}}
    assert session.run("a", runtime_data={"name": "Ann"}).outputs["greeting"] == (
        "Hello Ann in a"
    )


SELECTIVE = """
    from kedro.framework.project import find_pipelines

    def register_pipelines():
        return find_pipelines()
"""


def pipeline_file(name: str) -> str:
    return f"""
        from kedro.pipeline import node, pipeline

        def create_pipeline():
            return pipeline([node(lambda: "{name}", None, "{name}", name="{name}")])
    """


SELECTIVE_FILES = {
    "{package}/pipelines/__init__.py": "",
    **{
        f"{{package}}/pipelines/{name}/__init__.py": pipeline_file(name)
        for name in ("one", "two")
    },
}


def test_serving_mode_loads_all_pipelines_when_the_session_is_created(open_session):
    import sys

    session = open_session(
        SELECTIVE,
        files=SELECTIVE_FILES,
        session_class=KedroServiceSession,
        serving_mode=True,
    )

    package = f"{session.package_name}.pipelines"
    assert {f"{package}.one", f"{package}.two"} <= sys.modules.keys()
    assert session.pipelines.keys() == {"__default__", "one", "two"}
    for name in ("two", "one", "two"):
        result = session.run(pipeline_names=[name])
        assert dict(result.outputs) == {name: name}


def test_without_serving_mode_a_pipeline_is_loaded_when_it_is_named(open_session):
    import sys

    session = open_session(
        SELECTIVE, files=SELECTIVE_FILES, session_class=KedroServiceSession
    )
    package = f"{session.package_name}.pipelines"

    session.run(pipeline_names=["one"])
    assert f"{package}.one" in sys.modules
    assert f"{package}.two" not in sys.modules
    session.run(pipeline_names=["two"])
    assert f"{package}.two" in sys.modules


def test_serving_mode_fails_at_once_where_a_pipeline_cannot_be_loaded(open_session):
    with pytest.raises(ZeroDivisionError):
        open_session(
            "def register_pipelines(): return 1 / 0",
            session_class=KedroServiceSession,
            serving_mode=True,
        )


TYPED_CATALOG = """
    direct:
      type: ${runtime_params:kind, json.JSONDataset}
      filepath: data/word.json
    _hidden: ${runtime_params:kind, json.JSONDataset}
    indirect:
      type: ${_hidden}
      filepath: data/word.json
    whole: "${runtime_params:entry, {type: json.JSONDataset, filepath: data/word.json}}"
    plain:
      type: json.JSONDataset
      filepath: data/${runtime_params:file, word}.json
"""
TYPED = """
    from kedro.pipeline import node, pipeline

    def register_pipelines():
        return {
            name: pipeline([node(lambda word: word, name, "read", name="read")])
            for name in ("direct", "indirect", "whole", "plain")
        }
"""
WORDS = {"data/word.json": '"word"', "data/other.json": '"other"'}


@pytest.fixture
def open_typed(open_session):
    return partial(
        open_session,
        TYPED,
        catalog=TYPED_CATALOG,
        files=WORDS,
        session_class=KedroServiceSession,
    )


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("direct", {"kind": "pickle.PickleDataset"}),
        ("indirect", {"kind": "pickle.PickleDataset"}),
        ("direct", {"kind": "json.JSONDataset"}),
    ],
)
def test_in_serving_mode_runtime_params_cannot_choose_a_class(open_typed, name, params):
    session = open_typed(serving_mode=True)

    for _ in range(2):
        with pytest.raises(DatasetError, match="not permitted"):
            session.run(pipeline_names=[name], runtime_params=params)
        result = session.run(pipeline_names=[name])
        assert result.outputs["read"] == "word"


def test_in_serving_mode_runtime_params_cannot_be_a_whole_entry(open_typed):
    session = open_typed(serving_mode=True)
    entry = {"type": "pickle.PickleDataset", "filepath": "data/word.json"}

    with pytest.raises(DatasetError, match="not permitted"):
        session.run(pipeline_names=["whole"], runtime_params={"entry": entry})


def test_in_serving_mode_other_values_of_an_entry_may_depend_on_them(open_typed):
    session = open_typed(serving_mode=True)

    words = [
        session.run(pipeline_names=["plain"], runtime_params=params).outputs["read"]
        for params in ({}, {"file": "other"}, {"file": "word"})
    ]

    assert words == ["word", "other", "word"]


def test_in_serving_mode_settings_cannot_allow_it(open_typed):
    session = open_typed(
        serving_mode=True,
        files={
            **WORDS,
            "{package}/settings.py": """
                CONFIG_LOADER_ARGS = {
                    "base_env": "base",
                    "default_run_env": "local",
                    "restrict_runtime_params_type_selection": False,
                }
            """,
        },
    )

    with pytest.raises(DatasetError, match="not permitted"):
        session.run(
            pipeline_names=["direct"], runtime_params={"kind": "pickle.PickleDataset"}
        )


def test_serving_mode_holds_after_reload(open_typed):
    session = open_typed(serving_mode=True)
    session.run(pipeline_names=["direct"])
    session.reload()

    with pytest.raises(DatasetError, match="not permitted"):
        session.run(
            pipeline_names=["direct"], runtime_params={"kind": "pickle.PickleDataset"}
        )


def test_without_serving_mode_runtime_params_may_choose_a_class(open_typed):
    session = open_typed(
        files={
            **WORDS,
            "{package}/text.py": """
                from pathlib import Path
                from kedro.io import AbstractDataset

                class Text(AbstractDataset):
                    def __init__(self, filepath):
                        self.filepath = filepath

                    def load(self):
                        return Path(self.filepath).read_text()

                    def save(self, data):
                        raise NotImplementedError

                    def _describe(self):
                        return {}
            """,
        }
    )
    kind = f"{session.package_name}.text.Text"

    result = session.run(pipeline_names=["direct"], runtime_params={"kind": kind})

    assert result.outputs["read"] == '"word"'
    assert session.run(pipeline_names=["direct"]).outputs["read"] == "word"


def test_runs_that_a_server_names_by_the_time_can_begin_together(open_session, at_once):
    session = open_session(
        GREET, parameters="word: Hello", session_class=KedroServiceSession
    )

    def answer(name):
        # As kedro's own server does for each request.
        run_id = generate_timestamp()
        result = session.run(run_id, runtime_data={"name": name})
        return result.outputs["greeting"] == f"Hello {name} in {run_id}"

    names = [f"caller {number}" for number in range(8)]
    for _ in range(10):
        assert at_once(*(partial(answer, name) for name in names)) == [True] * 8
