"""Settings with and without Dynaconf."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dynaconf import LazySettings
from dynaconf.validator import Validator

from kedro.config import OmegaConfigLoader
from kedro.framework import project
from kedro.framework.project import plain_settings, settings
from kedro.framework.session import KedroSession
from kedro.framework.session.store import BaseSessionStore
from kedro.io import DataCatalog

PLAIN = """
    HOOKS = ("a",)
    CONF_SOURCE = "configuration"
    CONFIG_LOADER_ARGS = {"base_env": "base", "config_patterns": {"a": ["a*"]}}
"""

Configure = Callable[[str], Path]


@pytest.fixture
def configure(make_project: Callable[..., Path]) -> Iterator[Configure]:
    yield lambda text: make_project({"{package}/settings.py": text})
    settings.configure()


def needs_dynaconf() -> bool:
    return object.__getattribute__(settings, "_dynaconf") is not None


def test_kedro_reads_plain_ones_without_dynaconf(configure):
    configure(PLAIN)
    assert plain_settings.HOOKS == ("a",)
    assert plain_settings.CONFIG_LOADER_ARGS["config_patterns"] == {"a": ["a*"]}
    assert plain_settings.CONF_SOURCE == settings.CONF_SOURCE == "configuration"
    assert plain_settings.CONFIG_LOADER_CLASS is OmegaConfigLoader
    assert settings.SESSION_CLASS is KedroSession
    assert settings.SESSION_STORE_CLASS is BaseSessionStore
    assert settings.DATA_CATALOG_CLASS is DataCatalog
    assert settings.DATASET_VALIDATION is True
    assert plain_settings.SESSION_STORE_ARGS == {}
    assert not needs_dynaconf()


def test_others_get_its_containers(configure):
    configure(PLAIN)
    assert settings.CONFIG_LOADER_ARGS.base_env == "base"
    assert settings.CONFIG_LOADER_ARGS["BASE_ENV"] == "base"
    assert settings["CONF_SOURCE"] == settings.get("CONF_SOURCE") == "configuration"
    assert "HOOKS" in settings
    assert dict(settings.as_dict())["HOOKS"] == ["a"]
    assert needs_dynaconf()


def test_what_is_set_later_holds_for_everybody(configure):
    configure(PLAIN)
    settings.set("CONF_SOURCE", "elsewhere")
    assert settings.CONF_SOURCE == plain_settings.CONF_SOURCE == "elsewhere"
    settings.CONF_SOURCE = "here"
    assert plain_settings.CONF_SOURCE == "here"
    configure(PLAIN)
    assert settings.CONF_SOURCE == "configuration"


def test_defaults_are_not_shared(configure):
    configure("")
    plain_settings.CONFIG_LOADER_ARGS["base_env"] = "other"
    assert plain_settings.CONFIG_LOADER_ARGS["base_env"] == "base"


def test_can_be_replaced_as_tests_of_projects_do(configure, monkeypatch):
    class Mine(project._ProjectSettings):
        _CONF_SOURCE = Validator("CONF_SOURCE", default="mine")

    def conf_source():
        context = KedroSession.create(path).load_context()
        return context.config_loader.conf_source

    path = configure("")
    with monkeypatch.context() as patch:
        patch.setattr("kedro.framework.session.session.settings", Mine())
        assert conf_source() == str(path / "mine")
    assert conf_source() == str(path / "conf")


def test_are_instances_of_what_they_stand_for():
    assert isinstance(settings, project._ProjectSettings)
    assert isinstance(settings, LazySettings)


def test_names_that_are_none_are_said():
    with pytest.raises(AttributeError, match="has no attribute 'absent'"):
        project.absent  # noqa: B018
    with pytest.raises(AttributeError, match="ABSENT"):
        settings.ABSENT  # noqa: B018
    with pytest.raises(AttributeError, match="ABSENT"):
        plain_settings.ABSENT  # noqa: B018


class TestRichHandler:
    @staticmethod
    def shown(code: str) -> str:
        code = f"import sys, kedro.framework.project\n{code}"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def test_shows_tracebacks(self):
        shown = self.shown("1 / 0")
        assert "╭" in shown
        assert "ZeroDivisionError: division by zero" in shown

    def test_shows_values_at_the_prompt(self):
        values = "['a' * 30, 'b' * 30, 'c' * 30]"
        shown = self.shown(f"sys.displayhook({values}); assert len(_) == 3")
        assert f"[\n    '{'a' * 30}',\n" in shown

    def test_is_imported_for_that_and_not_before(self):
        modules = "[m in sys.modules for m in ('rich.traceback', 'rich.pretty')]"
        assert "[False, False]" in self.shown(f"print({modules})")

    @pytest.mark.parametrize("hook", ["displayhook", "excepthook"])
    def test_leaves_a_hook_that_was_put_over_it(self, hook):
        argument = "*sys.exc_info()" if hook == "excepthook" else "1"
        shown = self.shown(
            f"""
below = sys.{hook}
def over(*arguments):
    print("over")
    below(*arguments)
sys.{hook} = over
try:
    1 / 0
except ZeroDivisionError:
    sys.{hook}({argument})
print(sys.{hook} is over)
"""
        )
        assert "over\n" in shown
        assert "True\n" in shown
