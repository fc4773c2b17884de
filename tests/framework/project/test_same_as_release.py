"""What ``kedro.framework.project`` does, kedro 1.7.0 does too, live."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLASSES = """
    from kedro.config import AbstractConfigLoader, OmegaConfigLoader
    from kedro.framework.context import KedroContext
    from kedro.framework.session import KedroSession
    from kedro.framework.session.store import BaseSessionStore
    from kedro.io import DataCatalog

    class Context(KedroContext): pass
    class Session(KedroSession): pass
    class Store(BaseSessionStore): pass
    class Loader(AbstractConfigLoader): pass
    class Catalog(DataCatalog): pass
    class Other: pass
"""


def case(settings: str | None, *, more: Any = None, **environment: str) -> Any:
    files = {} if settings is None else {"settings.py": settings}
    files.update(more or {})
    return {"kind": "settings", "files": files, "environment": environment}


SETTINGS = {
    "none": case(""),
    "no module": case(None),
    "all defaults said": case("""
        from kedro.config import OmegaConfigLoader
        from kedro.framework.context import KedroContext
        from kedro.framework.session import KedroSession
        from kedro.framework.session.store import BaseSessionStore
        from kedro.io import DataCatalog

        CONF_SOURCE = "conf"
        CONFIG_LOADER_CLASS = OmegaConfigLoader
        CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
        CONTEXT_CLASS = KedroContext
        SESSION_CLASS = KedroSession
        SESSION_STORE_CLASS = BaseSessionStore
        DATA_CATALOG_CLASS = DataCatalog
        DATASET_VALIDATION = False
    """),
    "containers": case("""
        HOOKS = (object(), "text", 1)
        DISABLE_HOOKS_FOR_PLUGINS = ("kedro-viz",)
        RUNNER_MODULE_ALLOWLIST = ("a", ("b", ["c"]))
        CONFIG_LOADER_ARGS = {
            "base_env": "base",
            "config_patterns": {"spark": ["spark*", ("a",)]},
            "custom_resolvers": {"add": lambda *terms: sum(terms)},
        }
        SESSION_STORE_ARGS = {"path": "here"}
        OWN = {"a": 1}
    """),
    "lists": case("HOOKS = ['a']\nDISABLE_HOOKS_FOR_PLUGINS = ['b']"),
    "source in a marker": case(
        'CONF_SOURCE = "@format {env[KT_FOLDER]}"', KT_FOLDER="x"
    ),
    "marker inside": case('CONFIG_LOADER_ARGS = {"base_env": "@int 3"}'),
    "nested name": case('CONFIG_LOADER_ARGS__base_env = "other"'),
    "merge": case('CONFIG_LOADER_ARGS = {"dynaconf_merge": True, "base_env": "other"}'),
    "option": case("dynaconf_merge = True"),
    "hook of its own": case(
        "def _dynaconf_hook(settings): return {'CONF_SOURCE': 'h'}"
    ),
    "hooks beside": case(
        "", more={"dynaconf_hooks.py": "def post(s): return {'CONF_SOURCE': 'hooked'}"}
    ),
    "environment beside": case(
        "CONF_SOURCE = 'a'", more={"development_settings.py": "CONF_SOURCE = 'b'"}
    ),
    "global beside": case("", more={"global_settings.py": "CONF_SOURCE = 'global'"}),
    "variable": case("CONF_SOURCE = 'a'", DYNACONF_CONF_SOURCE="from_environment"),
    "variable for a container": case(
        "", DYNACONF_CONFIG_LOADER_ARGS='{base_env="other"}'
    ),
    "null": case("CONF_SOURCE = None"),
    "other type": case("DATASET_VALIDATION = 'no'"),
    "lower case": case("conf_source = 'a'\nOWN = 'mine'"),
    "own classes": case(
        CLASSES
        + """
    CONTEXT_CLASS = Context
    SESSION_CLASS = Session
    SESSION_STORE_CLASS = Store
    CONFIG_LOADER_CLASS = Loader
    DATA_CATALOG_CLASS = Catalog
    """
    ),
    **{
        f"wrong {name}": case(f"{CLASSES}\n    {name} = Other")
        for name in (
            "CONTEXT_CLASS",
            "SESSION_CLASS",
            "SESSION_STORE_CLASS",
            "CONFIG_LOADER_CLASS",
            "DATA_CATALOG_CLASS",
        )
    },
    "import error": case("import not_there_at_all"),
    "syntax error": case("this is no Python"),
    "another error": case("1 / 0"),
}

CREATE = """
    from kedro.pipeline import node, pipeline
    def create_pipeline(**kwargs):
        return pipeline([node(len, "a", "b")])
"""
MODULES = {
    "pipelines/__init__.py": "",
    "pipelines/good/__init__.py": CREATE,
    "pipelines/other/__init__.py": CREATE,
    "pipelines/broken/__init__.py": "import not_there_at_all",
    "pipelines/without/__init__.py": "",
    "pipelines/wrong/__init__.py": "def create_pipeline(): return 1",
    "pipelines/.hidden/__init__.py": "1 / 0",
    "pipelines/module.py": "1 / 0",
}
GOOD = {name: MODULES[name] for name in list(MODULES)[:3]}


def find(files: dict[str, str], requested: Any = None, **arguments: Any) -> Any:
    return {
        "kind": "discovery",
        "files": files,
        "requested": requested,
        "arguments": arguments,
    }


DISCOVERY = {
    "nothing": find({}),
    "one module": find({"pipeline.py": CREATE}),
    "broken module": find({"pipeline.py": "import not_there_at_all"}),
    "broken module raises": find({"pipeline.py": "1 / 0"}, raise_errors=True),
    "module that fails": find({"pipeline.py": "def create_pipeline(): 1 / 0"}),
    "several": find(MODULES),
    "several and one": find({**GOOD, "pipeline.py": CREATE}),
    "some": find(MODULES, pipelines_to_find=["good"]),
    "some of the command line": find(MODULES, ["other"], pipelines_to_find=["good"]),
    "default among them": find(GOOD, pipelines_to_find=["good", "__default__"]),
    "not there": find(GOOD, pipelines_to_find=["good", "absent"]),
    "not there raises": find(GOOD, pipelines_to_find=["absent"], raise_errors=True),
    "no folder": find({}, pipelines_to_find=["absent", "b"]),
    "no folder raises": find({}, pipelines_to_find=["absent"], raise_errors=True),
    "empty selection": find(GOOD, pipelines_to_find=[]),
    **{
        f"{name} raises": find(MODULES, pipelines_to_find=[name], raise_errors=True)
        for name in ("good", "broken", "without", "wrong")
    },
}

HANDLER = {"class": "logging.StreamHandler"}


def log(config: dict[str, Any], **files: str) -> Any:
    return {"kind": "logs", "config": {"version": 1, **config}, "files": files}


LOGS = {
    "minimal": log({}),
    "handler": log({"handlers": {"h": HANDLER}, "root": {"handlers": ["h"]}}),
    "of kedro": log(
        {
            "handlers": {"h": {"class": "kedro.logging.RichHandler"}},
            "root": {"handlers": ["h"]},
        }
    ),
    "project is there": log({"loggers": {"a_project": {"level": "ERROR"}}}),
    "factory": log({"handlers": {"h": {"()": "os.system"}}}),
    "deep factory": log({"a": [{"b": {"()": 1}}]}),
    "not allowed": log({"handlers": {"h": {"class": "os.path.Handler"}}}),
    "no module": log({"handlers": {"h": {"class": "logging.absent.Handler"}}}),
    "no class": log({"handlers": {"h": {"class": "logging.Absent"}}}),
    "other class": log({"handlers": {"h": {"class": "logging.Logger"}}}),
    "function": log({"handlers": {"h": {"class": "logging.getLogger"}}}),
    "bare name": log({"filters": {"f": {"class": "Filter"}}}),
    "filter": log(
        {
            "filters": {"f": {"class": "logging.Filter", "name": "kedro"}},
            "handlers": {"h": {**HANDLER, "filters": ["f"]}},
            "root": {"handlers": ["h"]},
        }
    ),
    "filter that is none": log({"filters": {"f": {"class": "logging.Handler"}}}),
}


def exported(module: str, *names: str) -> Any:
    return {"kind": "exports", "module": module, "names": names}


EXPORTS = {
    "project": exported(
        "kedro.framework.project",
        "CatalogProtocol",
        "IMPORT_ERROR_MESSAGE",
        "LOGGING",
        "Pipeline",
        "_ProjectLogging",
        "_ProjectPipelines",
        "_ProjectSettings",
        "_create_pipeline",
        "configure_logging",
        "configure_project",
        "find_pipelines",
        "pipeline",
        "pipelines",
        "settings",
        "validate_settings",
    ),
    "store": exported("kedro.framework.session.store"),
    "validation": exported(
        "kedro.validation.utils",
        "get_typed_fields",
        "is_pydantic_class",
        "is_pydantic_model",
        "resolve_nested_dict_path",
        "set_nested_dict_value",
    ),
    "logging": exported("kedro.logging"),
}
CASES = {
    f"{kind}: {name}": some
    for kind, cases in {
        "settings": SETTINGS,
        "discovery": DISCOVERY,
        "logs": LOGS,
        "exports": EXPORTS,
    }.items()
    for name, some in cases.items()
}


@pytest.fixture(scope="module")
def outcomes(
    installed: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Any]:
    release = str(installed("kedro==1.7.0", "--no-deps"))
    return tuple(
        _outcomes(tmp_path_factory.mktemp("here"), path) for path in ("", release)
    )


@pytest.mark.parametrize("name", [name for name in CASES if "exports" not in name])
def test_does_the_same(outcomes: tuple[Any, Any], name: str) -> None:
    ours, theirs = outcomes
    assert ours[name] == theirs[name]


@pytest.mark.parametrize("name", [name for name in CASES if "exports" in name])
def test_has_the_same_names_with_the_same_signatures(
    outcomes: tuple[Any, Any], name: str
) -> None:
    ours, theirs = (side[name] for side in outcomes)
    assert theirs
    for export, members in theirs.items():
        if export == "_ProjectPipelines":
            # There some methods take any arguments, by how they are made.
            assert members.keys() <= ours[export].keys()
        elif isinstance(members, dict):
            assert {m: ours[export].get(m) for m in members} == members, export
        else:
            assert ours[export] == members, export


def _outcomes(folder: Path, path: str) -> Any:
    source, target = folder / "cases.json", folder / "outcomes.json"
    source.write_text(json.dumps(CASES))
    search = os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("outcomes.py"), source, target],
        env={**os.environ, "PYTHONPATH": search, "KEDRO_LOGGING_CONFIG": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(target.read_text())
