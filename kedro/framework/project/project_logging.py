"""Logging as the project, or Kedro, configures it."""

from __future__ import annotations

import importlib
import logging
import logging.config
import os
from collections import UserDict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from kedro.utils import _is_module_allowed, find_config_file

_LOGGING_BASE_CLASSES = (logging.Handler, logging.Formatter, logging.Filter)
_DEFAULT_LOGGING_MODULE_ALLOWLIST = ("logging", "kedro.logging")

_logger = logging.getLogger(__package__)


# Upstream's class is no more generic than this one.
class _ProjectLogging(UserDict):  # type: ignore[type-arg]
    """The logging configuration that is in force.

    It is read from the file that ``KEDRO_LOGGING_CONFIG`` names, else from
    ``conf/logging.yml``, else from the file that comes with Kedro.
    """

    def __init__(self) -> None:
        allowed = os.environ.get("KEDRO_LOGGING_MODULE_ALLOWLIST", "").split(",")
        self._logging_module_allowlist = (
            *_DEFAULT_LOGGING_MODULE_ALLOWLIST,
            *filter(None, map(str.strip, allowed)),
        )
        path, hint = _config_file()
        self.configure(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
        _logger.info(f"Using '{path!s}' as logging configuration. " + hint)

    def configure(self, logging_config: dict[str, Any]) -> None:
        """Put a logging configuration in force.

        Args:
            logging_config: As ``logging.config.dictConfig`` has it. Factories
                (``()``) are not allowed, and classes only from trusted modules;
                filters may name a ``class`` like handlers do.

        Raises:
            ValueError: If something is not allowed, or no class for logging.
        """
        for part in _dictionaries_in(logging_config):
            if "()" in part:
                raise ValueError(
                    "The '()' key is not allowed in logging configuration as it "
                    "poses a security risk."
                )
            if "class" in part:
                self._resolve_logging_class(part["class"])
        logging.config.dictConfig(self._with_filter_classes(logging_config))
        self.data = _copied(logging_config)

    def set_project_logging(
        self, package_name: str, preserve_logging: bool = False
    ) -> None:
        """Have the project's own messages logged from ``INFO`` on, unless it says else.

        Args:
            package_name: The project's package.
            preserve_logging: Leave the handlers as they are, as servers want it that
                have added theirs in the meantime.
        """
        if not self.data.get("loggers"):
            self.data["loggers"] = {}
        if package_name in self.data["loggers"]:
            return
        self.data["loggers"][package_name] = {"level": "INFO"}
        if not preserve_logging:
            self.configure(self.data)

    def _resolve_logging_class(self, class_path: str) -> type[Any] | None:
        """The class of this path; ``None`` if it is for ``logging`` to find."""
        module_path, _, class_name = class_path.rpartition(".")
        if not module_path:
            return None
        # Importing a module runs it, so that comes only after this.
        if not _is_module_allowed(module_path, self._logging_module_allowlist):
            raise ValueError(
                f"Module '{module_path}' specified as a logging class is not "
                "permitted. Only 'logging', 'kedro.logging', and modules listed "
                "in the KEDRO_LOGGING_MODULE_ALLOWLIST environment variable are "
                "allowed."
            )
        try:
            found = getattr(importlib.import_module(module_path), class_name, None)
        except ImportError as exc:
            raise ValueError(
                f"Cannot import module '{module_path}' specified as a logging class: "
                f"{exc}"
            ) from exc
        if found is None:
            raise ValueError(
                f"Class '{class_name}' not found in module '{module_path}' "
                f"as specified in logging configuration."
            )
        if not (isinstance(found, type) and issubclass(found, _LOGGING_BASE_CLASSES)):
            raise ValueError(
                f"Invalid logging class '{class_path}'. Must be a subclass of "
                f"logging.Handler, logging.Formatter, or logging.Filter. "
                f"Got {type(found).__name__!r}."
            )
        return found

    def _with_filter_classes(self, config: dict[str, Any]) -> dict[str, Any]:
        # `dictConfig` knows filters of other classes only by their factory.
        filters = config.get("filters")
        if not isinstance(filters, dict):
            return config
        made = {name: self._with_factory(name, of) for name, of in filters.items()}
        return {**config, "filters": made}

    def _with_factory(self, name: str, config: Any) -> Any:
        if not isinstance(config, dict) or "class" not in config:
            return config
        class_path = config["class"]
        found = self._resolve_logging_class(class_path)
        if found is None:
            return config
        if not issubclass(found, logging.Filter):
            raise ValueError(
                f"Invalid logging filter class '{class_path}' for filter '{name}'. "
                "Must be a subclass of logging.Filter."
            )
        others = {key: value for key, value in config.items() if key != "class"}
        return {**others, "()": found}


def _config_file() -> tuple[str | Path, str]:
    """The file that applies, and what to tell users about it."""
    if named := os.environ.get("KEDRO_LOGGING_CONFIG"):
        return named, ""
    if (of_project := find_config_file("conf/logging")) is not None:
        return of_project, (
            "You can change this by setting the KEDRO_LOGGING_CONFIG environment "
            "variable accordingly."
        )
    name = "rich_logging.yml" if find_spec("rich") else "default_logging.yml"
    return Path(__file__).parent / name, ""


def _dictionaries_in(value: Any) -> Iterator[dict[Any, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _dictionaries_in(item)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
