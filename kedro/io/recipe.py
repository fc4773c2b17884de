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

# Where `CachedDataset` and `PartitionedDataset` have the dataset that they use.
_INNER_KEY = "dataset"


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
                imported, is abstract, or does not accept the arguments; likewise for
                the dataset that it has inside.
        """
        check_config(name, config)
        config = {key: value for key, value in config.items() if key != VALIDATOR_KEY}
        dataset_class = _checked_class(name, config)
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


def _checked_class(
    name: str, config: dict[str, Any], *, is_complete: bool = True
) -> type[AbstractDataset[Any, Any]]:
    try:
        cls, arguments = parse_dataset_definition(config, _ANY_VERSION, _ANY_VERSION)
    except Exception as exc:
        raise DatasetError(
            f"An exception occurred when parsing config for dataset '{name}':\n{exc!s}"
        ) from exc
    path = f"{cls.__module__}.{cls.__qualname__}"
    if inspect.isabstract(cls):
        raise DatasetError(
            f"Dataset '{name}' cannot be instantiated. Please implement the "
            f"missing abstract methods in '{path}'."
        )
    signature = inspect.signature(cls)
    try:
        (signature.bind if is_complete else signature.bind_partial)(**arguments)
    except TypeError as exc:
        raise DatasetError(
            f"\n{exc}.\nDataset '{name}' must only contain arguments valid "
            f"for the constructor of '{path}'."
        ) from exc
    inner = arguments.get(_INNER_KEY)
    if isinstance(inner, str):
        inner = {TYPE_KEY: inner}
    if isinstance(inner, dict) and _takes_dataset(signature):
        # What it lacks comes from the one around it, such as the path of a partition.
        _checked_class(f"{name}.{_INNER_KEY}", inner, is_complete=False)
    return cls


def _takes_dataset(signature: inspect.Signature) -> bool:
    """Whether ``dataset`` is a dataset, and not what a database calls one."""
    parameter = signature.parameters.get(_INNER_KEY)
    return parameter is not None and "AbstractDataset" in str(parameter.annotation)
