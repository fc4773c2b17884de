"""``runtime_params``: configuration < ``create`` < ``run``, at every depth."""

from __future__ import annotations

import copy
import threading
from functools import partial

import pytest

from kedro.framework.session import KedroSessionError
from kedro.io import MemoryDataset

SHOW_ALL = """
    from kedro.pipeline import node, pipeline

    def show(*values):
        return list(values)

    def register_pipelines():
        names = [
            "parameters",
            "params:model",
            "params:model.fit",
            "params:model.fit.rate",
            "params:label",
        ]
        return {"__default__": pipeline([node(show, names, "seen")])}
"""

PARAMETERS = """
    region: ${runtime_params:region,eu}
    model:
      name: base
      kind: linear
      fit:
        rate: 1
        steps: [1, 2]
        stop: {after: 10, when: loss}
    label: ${model.name}-${region}
    limits: {low: 0, high: 9}
"""

CATALOG = """
    _folder: data/${runtime_params:region,eu}
    settings:
      type: json.JSONDataset
      filepath: ${_folder}/${runtime_params:model.name,base}/settings.json
    "{name}_table":
      type: json.JSONDataset
      filepath: data/{name}/${runtime_params:model.fit.rate,none}.json
"""

HOOKS = {
    "{package}/hooks.py": """
        from kedro.framework.hooks import hook_impl

        class Paths:
            @hook_impl
            def before_pipeline_run(self, catalog):
                self.paths = [
                    str(catalog[name]._filepath).rpartition("/data/")[2]
                    for name in ("settings", "x_table")
                ]

        watch = Paths()
    """,
    "{package}/settings.py": """
        from {package}.hooks import watch
        HOOKS = (watch,)
    """,
}

# Configuration that names `limits` again, in the environment `local`.
LOCAL = {"conf/local/parameters.yml": "limits: {low: 5}"}

BASE_FIT = {"rate": 1, "steps": [1, 2], "stop": {"after": 10, "when": "loss"}}
BASE_LIMITS = {"low": 0, "high": 9}


def seen(region, model, label, limits, **more):
    everything = {
        "region": region,
        "model": model,
        "label": label,
        "limits": limits,
        **more,
    }
    return [everything, model, model["fit"], model["fit"]["rate"], label]


def model(name="base", **fit):
    return {"name": name, "kind": "linear", "fit": {**BASE_FIT, **fit}}


# What kedro 1.7.0 gave, in a session created with both dictionaries merged.
RECORDED = {
    "nothing": (
        {},
        {},
        seen("eu", model(), "base-eu", BASE_LIMITS),
        ["eu/base/settings.json", "x/none.json"],
    ),
    "create only": (
        {"model": {"name": "big"}},
        {},
        seen("eu", model("big"), "big-eu", BASE_LIMITS),
        ["eu/big/settings.json", "x/none.json"],
    ),
    "run only": (
        {},
        {"model": {"fit": {"rate": 2}}},
        seen("eu", model(rate=2), "base-eu", BASE_LIMITS),
        ["eu/base/settings.json", "x/2.json"],
    ),
    "three depths": (
        {"region": "us", "model": {"name": "big", "fit": {"rate": 2}}},
        {"model": {"fit": {"stop": {"after": 3}}}},
        seen(
            "us",
            model("big", rate=2, stop={"after": 3, "when": "loss"}),
            "big-us",
            BASE_LIMITS,
        ),
        ["us/big/settings.json", "x/2.json"],
    ),
    "run over create": (
        {"region": "us", "model": {"name": "big", "fit": {"rate": 2}}},
        {"region": "jp", "model": {"fit": {"rate": 5}}},
        seen("jp", model("big", rate=5), "big-jp", BASE_LIMITS),
        ["jp/big/settings.json", "x/5.json"],
    ),
    "lists are replaced": (
        {"model": {"fit": {"steps": [9]}}},
        {"model": {"fit": {"steps": [7, 8, 9]}}},
        seen("eu", model(steps=[7, 8, 9]), "base-eu", BASE_LIMITS),
        ["eu/base/settings.json", "x/none.json"],
    ),
    "a value gives way to a dictionary": (
        {"model": "none"},
        {"model": {"fit": {"rate": 4}}},
        seen("eu", model(rate=4), "base-eu", BASE_LIMITS),
        ["eu/base/settings.json", "x/4.json"],
    ),
    "new keys": (
        {"new": {"deep": {"a": 1}}},
        {"new": {"deep": {"b": 2}}},
        seen("eu", model(), "base-eu", BASE_LIMITS, new={"deep": {"a": 1, "b": 2}}),
        ["eu/base/settings.json", "x/none.json"],
    ),
    "in place of an interpolation": (
        {},
        {"label": "mine"},
        seen("eu", model(), "mine", BASE_LIMITS),
        ["eu/base/settings.json", "x/none.json"],
    ),
}

# With a file in the run environment, runtime parameters are merged into each
# environment, and the later one replaces top-level keys of the earlier one.
ONLY_RATE_4 = {"fit": {"rate": 4}}
RECORDED_WITH_LOCAL = {
    "nothing": ({}, {}, seen("eu", model(), "base-eu", {"low": 5})),
    "a key of the local file": (
        {},
        {"limits": {"high": 7}},
        seen("eu", model(), "base-eu", {"low": 5, "high": 7}),
    ),
    "a key of the base file": (
        {},
        {"model": {"fit": {"rate": 4}}},
        seen("eu", ONLY_RATE_4, "base-eu", {"low": 5}),
    ),
}


@pytest.fixture
def open_show_all(open_session):
    return partial(
        open_session, SHOW_ALL, parameters=PARAMETERS, catalog=CATALOG, files=HOOKS
    )


@pytest.mark.parametrize("case", RECORDED)
def test_layers_are_merged_as_a_session_of_1_7_0_with_all_of_them(
    open_show_all, module_of, case
):
    create, run, expected, paths = RECORDED[case]
    session = open_show_all(runtime_params=create)

    result = session.run(runtime_params=run)

    assert result.outputs["seen"] == expected
    assert module_of(session, "hooks").watch.paths == paths


@pytest.mark.parametrize("case", RECORDED_WITH_LOCAL)
def test_environments_are_merged_as_in_1_7_0(open_session, case):
    create, run, expected = RECORDED_WITH_LOCAL[case]
    session = open_session(
        SHOW_ALL, parameters=PARAMETERS, files=LOCAL, runtime_params=create
    )

    assert session.run(runtime_params=run).outputs["seen"] == expected


def test_each_run_gets_its_own_layers_in_any_order_of_runs(open_show_all, module_of):
    cases = [case for case in RECORDED.values() if case[0] == {}]
    session = open_show_all()

    for _, run, expected, paths in [*cases, *reversed(cases)]:
        assert session.run(runtime_params=run).outputs["seen"] == expected
        assert module_of(session, "hooks").watch.paths == paths
    assert len(cases) == 3


def test_layers_of_overlapping_runs_are_kept_apart(open_session, at_once):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def show(meeting, rate, everything, table):
            meeting.wait()
            return rate, everything["model"]["fit"]["rate"], table

        def register_pipelines():
            inputs = ["meeting", "params:model.fit.rate", "parameters", "x_table"]
            return {"__default__": pipeline([node(show, inputs, "seen")])}
        """,
        parameters=PARAMETERS,
        catalog=CATALOG,
        files={f"data/x/{n}.json": f'"table {n}"' for n in range(8)},
    )
    meeting = MemoryDataset(threading.Barrier(8, timeout=30), copy_mode="assign")

    results = at_once(
        *[
            partial(
                session.run,
                runtime_params={"model": {"fit": {"rate": n}}},
                runtime_data={"meeting": meeting},
            )
            for n in range(8)
        ]
    )

    assert [result.outputs["seen"] for result in results] == [
        (n, n, f"table {n}") for n in range(8)
    ]


@pytest.mark.parametrize(
    ("run", "error"),
    [
        ({"model": {"fit": None}}, r"\{'params:model.fit.rate'\} not found"),
        ({"model": {"fit": "none"}}, r"\{'params:model.fit.rate'\} not found"),
        ({"model": "none"}, "'params:model.fit'.* not found"),
    ],
)
def test_a_parameter_that_runtime_params_replace_is_missing_as_in_1_7_0(
    open_show_all, run, error
):
    session = open_show_all(runtime_params={"model": {"fit": {"rate": 2}}})

    with pytest.raises(Exception, match=error):
        session.run(runtime_params=run)

    assert session.run().outputs["seen"][3] == 2


def test_none_is_a_value(open_show_all):
    session = open_show_all()

    result = session.run(runtime_params={"model": {"fit": {"rate": None}}})

    assert result.outputs["seen"][3] is None


def test_a_runtime_param_without_default_fails_only_runs_that_use_it(open_session):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def show(value):
            return value

        def register_pipelines():
            return {
                "__default__": pipeline([node(show, "params:plain", "seen")]),
                "needs": pipeline([node(show, "params:given", "seen")]),
                "reads": pipeline([node(show, "table", "seen")]),
            }
        """,
        parameters="""
            plain: 1
            given: ${runtime_params:customer.id}
        """,
        catalog="""
            table:
              type: json.JSONDataset
              filepath: data/${runtime_params:customer.id}.json
        """,
        files={"data/7.json": '"table of 7"'},
    )

    assert session.run().outputs["seen"] == 1
    for name in ("needs", "reads"):
        with pytest.raises(Exception, match=r"customer\.id.* not found"):
            session.run(pipeline_names=[name])
    params = {"customer": {"id": 7}}
    given = session.run(pipeline_names=["needs"], runtime_params=params)
    assert given.outputs["seen"] == 7
    read = session.run(pipeline_names=["reads"], runtime_params=params)
    assert read.outputs["seen"] == "table of 7"
    assert session.run().outputs["seen"] == 1


def test_nothing_is_written_into_the_dicts_of_the_caller(open_session):
    session_params = {"model": {"fit": {"rate": 2}}}
    run_params = {"model": {"name": "mine"}, "list": [{"a": 1}]}
    before = copy.deepcopy((session_params, run_params))
    session = open_session(
        """
        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline

        def spoil(everything, model, items):
            run = current_run()
            for params in (everything, run.runtime_params):
                params["model"]["fit"]["rate"] = "spoilt"
                params["model"]["name"] = "spoilt"
                params["list"][0]["a"] = "spoilt"
            model["fit"]["rate"] = "spoilt"
            items[0]["a"] = "spoilt"
            return "spoilt"

        def show(everything):
            return everything

        def register_pipelines():
            return {
                "__default__": pipeline([
                    node(spoil, ["parameters", "params:model", "params:list"], "x"),
                ]),
                "show": pipeline([node(show, "parameters", "seen")]),
            }
        """,
        parameters=PARAMETERS,
        runtime_params=session_params,
    )

    session.run(runtime_params=run_params)

    assert (session_params, run_params) == before
    result = session.run(pipeline_names=["show"], runtime_params=run_params)
    assert result.outputs["seen"]["model"] == model("mine", rate=2)
    assert result.outputs["seen"]["list"] == [{"a": 1}]
    plain = session.run(pipeline_names=["show"])
    assert plain.outputs["seen"]["model"] == model(rate=2)
    assert "list" not in plain.outputs["seen"]
    assert session.runtime_params == session_params


def test_a_hook_that_changes_the_params_it_is_told_changes_no_run(
    open_session, module_of
):
    session = open_session(
        SHOW_ALL,
        parameters=PARAMETERS,
        files={
            "{package}/hooks.py": """
                from kedro.framework.hooks import hook_impl

                seen = []

                class Spoil:
                    @hook_impl
                    def before_pipeline_run(self, run_params):
                        params = run_params["runtime_params"]
                        seen.append(params["model"]["fit"]["rate"])
                        params["model"]["fit"]["rate"] = "spoilt"
            """,
            "{package}/settings.py": """
                from {package}.hooks import Spoil
                HOOKS = (Spoil(),)
            """,
        },
        runtime_params={"model": {"fit": {"rate": 2}}},
    )

    results = [
        session.run(runtime_params=params)
        for params in (None, None, {"model": {"fit": {"rate": 3}}}, None)
    ]

    assert module_of(session, "hooks").seen == [2, 2, 3, 2]
    assert [result.outputs["seen"][3] for result in results] == [2, 2, 3, 2]


def test_the_caller_may_change_the_dict_while_the_run_goes_on(open_session):
    given = {"model": {"name": "mine"}}
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def change(given):
            given["model"]["name"] = "changed"
            return True

        def show(changed, name):
            return name

        def register_pipelines():
            return {"__default__": pipeline([
                node(change, "given", "changed"),
                node(show, ["changed", "params:model.name"], "seen"),
            ])}
        """,
        parameters=PARAMETERS,
    )

    result = session.run(
        runtime_params=given,
        runtime_data={"given": MemoryDataset(given, copy_mode="assign")},
    )

    assert given == {"model": {"name": "changed"}}
    assert result.outputs["seen"] == "mine"


def test_runtime_params_and_globals_stand_side_by_side(open_session):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def show(value):
            return value

        def register_pipelines():
            return {"__default__": pipeline([node(show, "params:place", "seen")])}
        """,
        parameters="place: ${globals:root}/${runtime_params:name,${globals:name}}",
        files={"conf/base/globals.yml": "{root: data, name: nobody}"},
    )

    assert session.run().outputs["seen"] == "data/nobody"
    named = session.run(runtime_params={"name": "ann"})
    assert named.outputs["seen"] == "data/ann"
    assert session.run().outputs["seen"] == "data/nobody"


def test_custom_resolvers_are_called_for_each_run(open_session):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def show(value):
            return value

        def register_pipelines():
            return {"__default__": pipeline([node(show, "params:shout", "seen")])}
        """,
        parameters="shout: ${upper:${runtime_params:word, quiet}}",
        files={
            "{package}/settings.py": """
                CONFIG_LOADER_ARGS = {
                    "base_env": "base",
                    "default_run_env": "local",
                    "custom_resolvers": {"upper": str.upper},
                }
            """
        },
    )

    words = [
        session.run(runtime_params=params).outputs["seen"]
        for params in ({}, {"word": "hey"}, {"word": "you"}, {})
    ]

    assert words == ["QUIET", "HEY", "YOU", "QUIET"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (["region"], "`runtime_params` must be a dictionary, not list"),
        ("region=eu", "`runtime_params` must be a dictionary, not str"),
        ({1: "eu"}, r"keys of `runtime_params` must be strings, not int \(1\)"),
    ],
)
def test_runtime_params_of_a_wrong_type_are_refused(open_show_all, given, error):
    session = open_show_all()

    with pytest.raises(KedroSessionError, match=error):
        session.run(runtime_params=given)
    with pytest.raises(KedroSessionError, match=error):
        type(session).create(session.project_path, runtime_params=given)
