"""Runs of one session see what a new session of kedro 1.7.0 would have shown them.

1.7.0 runs the same projects, in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kedro.framework.session import KedroSession

PROJECT = {
    "{package}/nodes.py": """
        from kedro.io import AbstractDataset

        class Echo(AbstractDataset):
            "Has its own configuration as its data."
            def __init__(self, **config):
                self.config = config
            def load(self):
                return self.config
            def save(self, data):
                raise NotImplementedError
            def _describe(self):
                return {}

        def see(*values):
            return list(values)
        """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline
        from {package}.nodes import see

        INPUTS = ["parameters", "table", "x_file"]

        def register_pipelines():
            from {package} import more
            return {"__default__": pipeline([node(see, INPUTS + more.INPUTS, "seen")])}
        """,
}
LAYERS = {
    "{package}/settings.py": """
        CONFIG_LOADER_ARGS = {
            "base_env": "base",
            "default_run_env": "local",
            "merge_strategy": {"parameters": "soft", "catalog": "soft"},
        }
        """,
    "{package}/more.py": "INPUTS = ['params:model.fit', 'params:model.fit.rate']",
    "conf/base/globals.yml": "root: data\nsizes: {small: 1, large: 2}",
    "conf/local/globals.yml": "root: local-data",
    "conf/base/catalog.yml": """
        _default: &default
          type: "{package}.nodes.Echo"
          credentials: store
        table:
          <<: *default
          filepath: ${globals:root}/${runtime_params:region, eu}/t.csv
          size: ${globals:sizes.large}
          options: {deep: {limit: "${runtime_params:model.fit.rate, 0}"}}
        "{name}_file":
          type: "{package}.nodes.Echo"
          filepath: ${globals:root}/{name}/${runtime_params:model.name, m}.bin
          credentials: {nested: store}
        """,
    "conf/local/catalog.yml": """
        table: {options: {deep: {more: [1, 2]}}}
        """,
    "conf/base/parameters.yml": """
        region: ${runtime_params:region, eu}
        model: {name: base, fit: {rate: 1, steps: [1, 2], stop: null}}
        label: ${model.name}-${region}-${globals:sizes.small}
        copy: ${model.fit}
        """,
    "conf/base/parameters_more.yml": "more: {rate: '${model.fit.rate}'}",
    "conf/local/parameters.yml": "model: {name: local, fit: {rate: 2}}",
    "conf/local/credentials.yml": """
        store: {user: "${oc.env:KT_USER}", key: "${runtime_params:key, none}"}
        """,
}
RESOLVERS = {
    "{package}/settings.py": """
        from omegaconf.resolvers import oc

        CONFIG_LOADER_ARGS = {
            "base_env": "base",
            "default_run_env": "local",
            "custom_resolvers": {
                "oc.env": oc.env,
                "add": lambda *numbers: sum(numbers),
                "split": lambda text: text.split("-"),
                "most": max,
            },
        }
        """,
    "{package}/more.py": "INPUTS = ['params:sum']",
    "conf/base/globals.yml": "user: ${oc.env:KT_USER}\nten: ${add:4,6}",
    "conf/base/catalog.yml": """
        table:
          type: "{package}.nodes.Echo"
          sum: ${add:${globals:ten},${runtime_params:n, 1}}
          user: ${oc.env:KT_USER}
        x_file:
          type: "{package}.nodes.Echo"
          parts: ${split:${runtime_params:parts, a-b}}
        """,
    "conf/base/parameters.yml": """
        n: 5
        sum: ${add:${n},${globals:ten}}
        most: ${most:${n},3}
        user: ${globals:user}
        """,
    "conf/local/parameters.yml": "own: ${add:1,2}",
}
ODD = {
    "{package}/settings.py": "",
    "{package}/more.py": (
        "INPUTS = ['params:1', 'params:a.b', 'params:group.2', 'params:none']"
    ),
    "conf/base/catalog.yml": """
        table: {type: "{package}.nodes.Echo", list: "${runtime_params:list, [1]}"}
        x_file: {type: "{package}.nodes.Echo", text: "\\\\${not_one}"}
        """,
    "conf/base/parameters.yml": """
        1: one
        a.b: dotted
        group: {2: two, x: "${none}"}
        none: null
        list: [1, {a: 1}]
        day: 2024-01-01
        """,
}
PROJECTS: dict[str, tuple[dict[str, str], list[dict[str, Any]]]] = {
    "layers": (
        LAYERS,
        [
            {},
            {"region": "us"},
            {"model": {"fit": {"rate": True}}},
            {"model": {"fit": {"rate": 1}}},
            {"model": {"name": "${region}", "fit": {"stop": {"after": 3}}}, "key": "k"},
            {"new": {"deep": [1]}, "copy": 1},
            {"model": None},
            {"model": {"fit": "none"}, "region": None},
            {},
        ],
    ),
    "resolvers": (
        RESOLVERS,
        [{}, {"n": 7}, {"n": 7.0, "parts": "x-y-z"}, {"sum": "${add:${n},1}"}, {}],
    ),
    "odd": (
        ODD,
        [
            {},
            {"list": []},
            {"list": [{"b": 2}], "none": 0},
            {"a.b": 1, "group": {"x": "???"}},
            {"none": {"n": 1}},
        ],
    ),
}


@pytest.mark.parametrize(("files", "params"), PROJECTS.values(), ids=PROJECTS)
def test_runs(
    files: dict[str, str],
    params: list[dict[str, Any]],
    make_project: Callable[..., Path],
    installed: Callable[..., Path],
    here: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KT_USER", "me")
    project = make_project({**PROJECT, **files})
    session = KedroSession.create(project)
    ours = [seen_by(here, session, some) for some in params]
    theirs = run_release(installed, project, params)
    assert [outcome for outcome in theirs if outcome[0] == "value"]
    for some, our, their in zip(params, ours, theirs, strict=True):
        assert our[0] == their[0], (some, our, their)
        if our[0] == "value":
            assert our == their, some


def test_parameters_of_session_and_run_together(
    make_project: Callable[..., Path],
    installed: Callable[..., Path],
    here: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KT_USER", "me")
    project = make_project({**PROJECT, **LAYERS})
    of_session = {"model": {"name": "session", "fit": {"rate": 5}}, "region": "asia"}
    of_runs = [{"model": {"fit": {"steps": []}}}, {"region": "us"}, {}]
    merged = [
        {
            "model": {"name": "session", "fit": {"rate": 5, "steps": []}},
            "region": "asia",
        },
        {**of_session, "region": "us"},
        of_session,
    ]
    session = KedroSession.create(project, runtime_params=of_session)
    ours = [seen_by(here, session, some) for some in of_runs]
    assert ours == run_release(installed, project, merged)


def seen_by(here: Any, session: KedroSession, params: dict[str, Any]) -> list[Any]:
    try:
        outputs = session.run(runtime_params=params).outputs
        return ["value", here.encode(outputs["seen"])]
    except Exception as error:
        return ["error", repr(error)]


def run_release(
    installed: Callable[..., Path], project: Path, params: list[dict[str, Any]]
) -> Any:
    folder = installed("kedro==1.7.0", "--no-deps")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    exchange = project / "exchange.json"
    exchange.write_text(json.dumps(params))
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("runs.py"), project, exchange],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(exchange.read_text())
