"""The project's settings as Dynaconf reads and validates them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dynaconf import LazySettings
from dynaconf.validator import ValidationError, Validator

from kedro.io import CatalogProtocol
from kedro.utils import load_obj

from .settings_file import DEFAULT_CLASSES, DEFAULTS

if TYPE_CHECKING:
    from dynaconf.base import Settings


def _get_default_class(class_import_path: str) -> Callable[[Any, Any], Any]:
    """A default that is imported when Dynaconf asks for it."""
    return lambda settings, validators: load_obj(class_import_path)


class _ClassValidator(Validator):  # type: ignore[misc]
    """Checks what a setting names as the class for something."""

    def validate(self, settings: Settings, *args: Any, **kwargs: Any) -> None:
        super().validate(settings, *args, **kwargs)
        for name in self.names:
            value = getattr(settings, name)
            problem = self._problem(value, settings)
            if problem:
                raise ValidationError(
                    f"Invalid value '{_path(value)}' received for setting '{name}'. "
                    f"It must {problem}."
                )

    def _problem(self, value: Any, settings: Settings) -> str | None:
        raise NotImplementedError


class _IsSubclassValidator(_ClassValidator):
    """The class has to be the default one, or a subclass of it."""

    def _problem(self, value: Any, settings: Settings) -> str | None:
        base = self.default(settings, self)
        return None if issubclass(value, base) else f"be a subclass of '{_path(base)}'"


class _ImplementsCatalogProtocolValidator(_ClassValidator):
    """Instances of the class have to do what a catalog does."""

    def _problem(self, value: Any, settings: Settings) -> str | None:
        if isinstance(value(), CatalogProtocol):
            return None
        return f"implement '{_path(CatalogProtocol)}'"


class _HasSharedParentClassValidator(_ClassValidator):
    """The class has to inherit from what the default one inherits from."""

    def _problem(self, value: Any, settings: Settings) -> str | None:
        parent = self.default(settings, self).__mro__[1]
        if parent in value.mro():
            return None
        return f"be a subclass of '{_path(parent)}'"


class _ProjectSettings(LazySettings):  # type: ignore[misc]
    """All that a project can set, with validation rules and defaults."""

    _CONF_SOURCE = Validator("CONF_SOURCE", default=DEFAULTS["CONF_SOURCE"])
    _HOOKS = Validator("HOOKS", default=DEFAULTS["HOOKS"])
    _CONTEXT_CLASS = _IsSubclassValidator(
        "CONTEXT_CLASS", default=_get_default_class(DEFAULT_CLASSES["CONTEXT_CLASS"])
    )
    _SESSION_CLASS = _HasSharedParentClassValidator(
        "SESSION_CLASS", default=_get_default_class(DEFAULT_CLASSES["SESSION_CLASS"])
    )
    _SESSION_STORE_CLASS = _IsSubclassValidator(
        "SESSION_STORE_CLASS",
        default=_get_default_class(DEFAULT_CLASSES["SESSION_STORE_CLASS"]),
    )
    _SESSION_STORE_ARGS = Validator(
        "SESSION_STORE_ARGS", default=dict(DEFAULTS["SESSION_STORE_ARGS"])
    )
    _DISABLE_HOOKS_FOR_PLUGINS = Validator(
        "DISABLE_HOOKS_FOR_PLUGINS", default=DEFAULTS["DISABLE_HOOKS_FOR_PLUGINS"]
    )
    _RUNNER_MODULE_ALLOWLIST = Validator(
        "RUNNER_MODULE_ALLOWLIST", default=DEFAULTS["RUNNER_MODULE_ALLOWLIST"]
    )
    _CONFIG_LOADER_CLASS = _HasSharedParentClassValidator(
        "CONFIG_LOADER_CLASS",
        default=_get_default_class(DEFAULT_CLASSES["CONFIG_LOADER_CLASS"]),
    )
    _CONFIG_LOADER_ARGS = Validator(
        "CONFIG_LOADER_ARGS", default=dict(DEFAULTS["CONFIG_LOADER_ARGS"])
    )
    _DATA_CATALOG_CLASS = _ImplementsCatalogProtocolValidator(
        "DATA_CATALOG_CLASS",
        default=_get_default_class(DEFAULT_CLASSES["DATA_CATALOG_CLASS"]),
    )
    _DATASET_VALIDATION = Validator(
        "DATASET_VALIDATION", default=DEFAULTS["DATASET_VALIDATION"]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        validators = [getattr(self, f"_{name}") for name in _VALIDATED]
        super().__init__(*args, **{**kwargs, "validators": validators})


_VALIDATED = [
    name[1:]
    for name, value in vars(_ProjectSettings).items()
    if isinstance(value, Validator)
]


def _path(cls: Any) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
