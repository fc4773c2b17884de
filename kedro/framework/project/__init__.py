"""The project that this process works with: its settings, pipelines and logging."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from typing import TYPE_CHECKING, Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline, pipeline

from .lazy_settings import LazyProjectSettings, PlainSettings
from .project_logging import _ProjectLogging
from .project_pipelines import _ProjectPipelines

if TYPE_CHECKING:
    from .discovery import find_pipelines

__all__ = [
    "LOGGING",
    "PACKAGE_NAME",
    "CatalogProtocol",
    "Pipeline",
    "configure_logging",
    "configure_project",
    "find_pipelines",
    "pipeline",
    "pipelines",
    "settings",
    "validate_settings",
]

PACKAGE_NAME: str | None = None
LOGGING = _ProjectLogging()
settings = LazyProjectSettings()
plain_settings = PlainSettings(settings)
pipelines = _ProjectPipelines()

_NOT_CONFIGURED = (
    "Package name not found. Make sure you have configured the project using "
    "'bootstrap_project'. This should happen automatically if you are using "
    "Kedro command line interface."
)

# Importing these takes long, or they are needed by few.
_LAZY = {
    **dict.fromkeys(
        (
            "LazySettings",
            "ValidationError",
            "Validator",
            "_HasSharedParentClassValidator",
            "_ImplementsCatalogProtocolValidator",
            "_IsSubclassValidator",
            "_ProjectSettings",
            "_get_default_class",
        ),
        "dynaconf_settings",
    ),
    **dict.fromkeys(
        ("IMPORT_ERROR_MESSAGE", "_create_pipeline", "find_pipelines"), "discovery"
    ),
}


def configure_project(package_name: str, preserve_logging: bool = False) -> None:
    """Have this process work with a project.

    Args:
        package_name: The project's package, with its ``settings`` and
            ``pipeline_registry``.
        preserve_logging: Leave handlers for logging as they are, as servers want it
            that have added theirs.
    """
    global PACKAGE_NAME  # noqa: PLW0603
    settings.configure(f"{package_name}.settings")
    pipelines.configure(f"{package_name}.pipeline_registry")
    PACKAGE_NAME = package_name
    if package_name:
        LOGGING.set_project_logging(package_name, preserve_logging=preserve_logging)


def configure_logging(logging_config: dict[str, Any]) -> None:
    """Put a logging configuration in force.

    Args:
        logging_config: As ``logging.config.dictConfig`` has it.
    """
    LOGGING.configure(logging_config)


def validate_settings() -> None:
    """Import the project's settings, for their errors to be seen.

    Dynaconf keeps those to itself, and leaves users with what follows from them
    (dynaconf/dynaconf#460).

    Raises:
        ValueError: If no project is configured.
        Exception: What importing the settings raised.
    """
    if PACKAGE_NAME is None:
        raise ValueError(_NOT_CONFIGURED)
    name = f"{PACKAGE_NAME}.settings"
    if importlib.util.find_spec(name) is None:
        logger = logging.getLogger(__name__)
        logger.warning("No 'settings.py' found, defaults will be used.")
    else:
        importlib.import_module(name)


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
