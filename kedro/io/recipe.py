"""How a dataset is built, found out once."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from kedro.io.cached_dataset import CachedDataset
from kedro.io.core import (
    TYPE_KEY,
    VALIDATOR_KEY,
    AbstractDataset,
    DatasetError,
    parse_dataset_definition,
)
from kedro.io.memory_dataset import MemoryDataset

# Stands for a version where only the class and the arguments matter.
_ANY_VERSION = "-"


@dataclass(frozen=True)
class Recipe:
    """A dataset's class, imported, and the arguments that it accepts.

    Attributes:
        name: Name of the dataset.
        cls: Its class.
        config: Its configuration, with the class itself for ``type``.
    """

    name: str
    cls: type[AbstractDataset[Any, Any]]
    config: dict[str, Any]

    @classmethod
    def of(cls, name: str, config: Any) -> Recipe:
        """Find out how a dataset is built, without building it.

        Args:
            name: Name of the dataset.
            config: Its configuration.

        Raises:
            DatasetError: If the configuration is no dataset's, or its class cannot be
                imported, is abstract, or does not accept the arguments.
        """
        check_config(name, config)
        config = {key: value for key, value in config.items() if key != VALIDATOR_KEY}
        try:
            dataset_class, arguments = parse_dataset_definition(
                config, _ANY_VERSION, _ANY_VERSION
            )
        except Exception as exc:
            raise DatasetError(
                f"An exception occurred when parsing config "
                f"for dataset '{name}':\n{exc!s}"
            ) from exc
        _check_arguments(name, dataset_class, arguments)
        return cls(name, dataset_class, {**config, TYPE_KEY: dataset_class})

    @property
    def is_ephemeral(self) -> bool:
        """Whether the dataset's data ends with the process."""
        # A `CachedDataset` says so only once it is built.
        return bool(self.cls._EPHEMERAL) or issubclass(self.cls, CachedDataset)

    @property
    def is_transient(self) -> bool:
        """Whether the dataset is in memory, and made without any arguments."""
        return self.cls is MemoryDataset and len(self.config) == 1

    def build(
        self, load_version: str | None, save_version: str | None
    ) -> AbstractDataset[Any, Any]:
        """Build the dataset.

        Args:
            load_version: Version to load, for versioned datasets.
            save_version: Version to save, for versioned datasets.

        Raises:
            DatasetError: If its constructor fails.
        """
        if self.is_transient:
            return MemoryDataset.empty()
        return AbstractDataset.from_config(
            self.name, self.config, load_version, save_version
        )


def check_config(name: str, config: Any) -> None:
    """Check that a catalog entry has the form of a dataset's configuration.

    Args:
        name: Name of the entry.
        config: The entry.

    Raises:
        DatasetError: If it is no dictionary, or has no ``type``.
    """
    hint = (
        "\nHint: If this catalog entry is intended for variable interpolation, "
        "make sure that the {}key is preceded by an underscore."
    )
    if not isinstance(config, dict):
        raise DatasetError(
            f"Catalog entry '{name}' is not a valid dataset configuration. "
            + hint.format("")
        )
    if TYPE_KEY not in config:
        raise DatasetError(
            f"An exception occurred when parsing config for dataset '{name}':\n"
            "'type' is missing from dataset catalog configuration."
            + hint.format("top level ")
        )


def _check_arguments(
    name: str, cls: type[AbstractDataset[Any, Any]], arguments: dict[str, Any]
) -> None:
    path = f"{cls.__module__}.{cls.__qualname__}"
    if inspect.isabstract(cls):
        raise DatasetError(
            f"Dataset '{name}' cannot be instantiated. Please implement the "
            f"missing abstract methods in '{path}'."
        )
    try:
        inspect.signature(cls).bind(**arguments)
    except TypeError as exc:
        raise DatasetError(
            f"\n{exc}.\nDataset '{name}' must only contain arguments valid "
            f"for the constructor of '{path}'."
        ) from exc
