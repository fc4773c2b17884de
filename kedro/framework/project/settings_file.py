"""What a project's settings are where nothing but ``settings.py`` has a say.

Dynaconf can take settings from much more: environment variables, further modules,
hooks, markers in strings. Reading all that takes longer than everything else that a
first run does. Here is found out whether there is any of it, and if not, the values
are taken as they stand in ``settings.py``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from copy import copy
from importlib.util import find_spec
from typing import Any

from kedro.utils import load_obj

DEFAULTS: Mapping[str, Any] = {
    "CONF_SOURCE": "conf",
    "HOOKS": (),
    "SESSION_STORE_ARGS": {},
    "DISABLE_HOOKS_FOR_PLUGINS": (),
    "RUNNER_MODULE_ALLOWLIST": (),
    "CONFIG_LOADER_ARGS": {"base_env": "base", "default_run_env": "local"},
    "DATASET_VALIDATION": True,
}
DEFAULT_CLASSES: Mapping[str, str] = {
    "CONTEXT_CLASS": "kedro.framework.context.KedroContext",
    "SESSION_CLASS": "kedro.framework.session.KedroSession",
    "SESSION_STORE_CLASS": "kedro.framework.session.store.BaseSessionStore",
    "CONFIG_LOADER_CLASS": "kedro.config.OmegaConfigLoader",
    "DATA_CATALOG_CLASS": "kedro.io.DataCatalog",
}
SETTINGS = frozenset({*DEFAULTS, *DEFAULT_CLASSES})

# Environment variables that Dynaconf reads although its name is not in theirs.
_OLD_VARIABLES = frozenset({"SETTINGS_MODULE", "PROJECT_ROOT"})
# Modules that Dynaconf reads, or calls, if they are next to `settings.py`.
_SIBLINGS = ("development_settings", "global_settings", "dynaconf_hooks")
_OPTIONS = ("DYNA", "dyna", "_dyna")
_CONTAINERS = (dict, list, tuple)


def plain_values(settings_module: str) -> dict[str, Any] | None:
    """The settings that a project makes.

    Args:
        settings_module: Full name of the module.

    Returns:
        Values by name, without defaults; ``None`` if only Dynaconf can tell.
    """
    if _environment_has_a_say():
        return None
    package = settings_module.rpartition(".")[0]
    try:
        module = importlib.import_module(settings_module)
        if any(find_spec(f"{package}.{name}") for name in _SIBLINGS):
            return None
    except Exception:
        # Dynaconf decides which of these errors users see.
        return None
    if any(name.startswith(_OPTIONS) or _is_odd(name) for name in dir(module)):
        return None
    values = {name: getattr(module, name) for name in SETTINGS if hasattr(module, name)}
    return values if all(_is_plain(*item) for item in values.items()) else None


def default(name: str) -> Any:
    """The value of a setting that the project does not make.

    Args:
        name: Name of the setting.
    """
    if name in DEFAULT_CLASSES:
        return load_obj(DEFAULT_CLASSES[name])
    return copy(DEFAULTS[name])


def _environment_has_a_say() -> bool:
    return any("DYNACONF" in name.upper() for name in os.environ) or any(
        name in os.environ for name in _OLD_VARIABLES
    )


def _is_odd(name: str) -> bool:
    """Whether Dynaconf takes the name of a setting for more than a name."""
    head, nested, _ = name.partition("__")
    return "DYNACONF" in name or bool(nested and head.isupper())


def _is_plain(name: str, value: Any) -> bool:
    if name in DEFAULT_CLASSES:
        # One that is not upstream's has to be validated.
        return value is default(name)
    return type(value) is type(DEFAULTS[name]) and _holds_no_markers(value)


def _holds_no_markers(value: Any) -> bool:
    """Whether Dynaconf would leave a value, and all that is in it, as it is."""
    kind = type(value)
    if kind is str:
        return not value.startswith("@")
    if kind is dict:
        names = [key for key in value if isinstance(key, str)]
        if any("dynaconf" in key.lower() for key in names):
            return False
        return all(map(_holds_no_markers, value.values()))
    if kind in _CONTAINERS:
        return all(map(_holds_no_markers, value))
    return not isinstance(value, (str, *_CONTAINERS))
