"""Datasets that a catalog knows and has not built yet."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from kedro.io.core import AbstractDataset, generate_timestamp, is_parameter
from kedro.io.memory_dataset import MemoryDataset
from kedro.io.recipe import Recipe

UNKNOWN = object()
_PARAMETER_CONFIG = {"type": "kedro.io.memory_dataset.MemoryDataset"}
_PARAMETER_RECIPE = Recipe("parameters", MemoryDataset, _PARAMETER_CONFIG)


class _LazyDataset:
    """What it takes to build one dataset.

    Args:
        name: Name of the dataset.
        config: Its configuration, with ``type`` and the arguments of the class.
        load_version: Version to load, for versioned datasets.
        save_version: Version to save, for versioned datasets.

    Attributes:
        is_transient: Whether it becomes a dataset in memory without any arguments.
    """

    is_transient = False

    def __init__(
        self,
        name: str,
        config: dict[str, Any],
        load_version: str | None = None,
        save_version: str | None = None,
    ) -> None:
        self.name = name
        self.config = config
        self.load_version = load_version
        self.save_version = save_version

    def __repr__(self) -> str:
        """The class of the dataset, as it is declared where it cannot be imported."""
        try:
            cls = self.recipe().cls
        except Exception:
            return self._declared_type()
        return f"{cls.__module__}.{cls.__qualname__}"

    def recipe(self) -> Recipe:
        """How the dataset is built; builds nothing.

        Raises:
            DatasetError: If its configuration cannot be resolved, or its class
                cannot be imported, is abstract, or does not accept the arguments.
        """
        return Recipe.of(self.name, self.config)

    def materialize(self) -> AbstractDataset[Any, Any]:
        """Build the dataset.

        Raises:
            DatasetError: If the class cannot be imported or refuses its arguments.
        """
        return self.recipe().build(self.load_version, self.save_version)

    def _declared_type(self) -> str:
        try:
            return str(self.config["type"])
        except Exception as exc:
            return f"<cannot be resolved: {type(exc).__name__}>"


class ConfiguredDataset(_LazyDataset):
    """A lazy dataset whose configuration is resolved when it is looked at.

    Args:
        name: Name of the dataset.
        resolve: Finds the configuration for a name; what it returns is not shared.
        load_version: Version to load, for versioned datasets.
        save_version: Version to save, for versioned datasets.
    """

    def __init__(
        self,
        name: str,
        resolve: Callable[[str], dict[str, Any]],
        load_version: str | None,
        save_version: str | None,
    ) -> None:
        self._resolve: Callable[[str], dict[str, Any]] | None = resolve
        self._config: dict[str, Any] | None = None
        self.name = name
        self.load_version = load_version
        self.save_version = save_version

    @property
    def config(self) -> dict[str, Any]:  # type: ignore[override]
        """The configuration; a copy that belongs to this dataset."""
        if self._config is None and self._resolve is not None:
            self._config = self._resolve(self.name)
        return self._config  # type: ignore[return-value]

    def __getstate__(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "_resolve": None,
            "_config": self.config,
            "load_version": self.load_version,
            "save_version": self.save_version,
        }


class _ParameterDataset(_LazyDataset):
    """A parameter, which becomes a dataset in memory."""

    is_transient = True
    config = _PARAMETER_CONFIG
    load_version = save_version = None

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        self.name = name
        self._parameters = parameters
        self._value: Any = UNKNOWN

    def exists(self) -> bool:
        """Whether there is such a parameter, be it one that cannot be resolved."""
        try:
            self.value()
        except KeyError:
            return False
        except Exception:
            return True
        return True

    def value(self) -> Any:
        """The parameter's value; not to be changed.

        Raises:
            KeyError: If there is no such parameter.
        """
        if self._value is UNKNOWN:
            self._value = _shared(self._parameters, self.name)
        return self._value

    def materialize(self) -> AbstractDataset[Any, Any]:
        """Make the dataset; the value is copied when it is loaded."""
        return MemoryDataset.around(self.value())

    def recipe(self) -> Recipe:
        """How the dataset is built; fails if the parameter cannot be resolved."""
        if self._value is UNKNOWN:
            self.value()
        return _PARAMETER_RECIPE

    def __getstate__(self) -> dict[str, Any]:
        value = self.value()
        return {**self.__dict__, "_parameters": {}, "_value": value}


class LazyDatasets(MutableMapping[str, _LazyDataset]):
    """The datasets of a catalog that are not built yet.

    Those that come from configuration are made when they are looked up, so that the
    mapping costs the same for ten entries as for ten thousand.

    Args:
        configs: Configuration by dataset name.
        parameters: Values of parameters by dataset name, such as ``params:alpha``.
        load_versions: Versions to load by dataset name.
        save_version: Version for all versioned datasets to save.

    Attributes:
        made: Those that were put in, or made because they were looked up, by name.
        put_in: Those that somebody has put in, by name.
    """

    def __init__(
        self,
        configs: Mapping[str, dict[str, Any]],
        load_versions: Mapping[str, str] | None = None,
        save_version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self._configs = configs
        # Asked for its length, a view of parameters would resolve all of them.
        self.parameters = {} if parameters is None else parameters
        self._load_versions = load_versions or {}
        self._save_version = save_version or generate_timestamp()
        self.made: dict[str, _LazyDataset] = {}
        self.put_in: dict[str, _LazyDataset] = {}
        self._built: set[str] = set()

    def parameter(self, name: str) -> Any:
        """The value of a parameter, not to be changed.

        Args:
            name: Name of the dataset.

        Returns:
            The value; ``UNKNOWN`` if somebody has taken it out.

        Raises:
            KeyError: If there is no such parameter.
        """
        return UNKNOWN if name in self._built else _shared(self.parameters, name)

    def make(self, name: str) -> bool:
        """Make a lazy dataset, for later looks to be cheap.

        Args:
            name: Name of the dataset.

        Returns:
            Whether there is one of that name.
        """
        if name in self.made:
            return True
        if name in self._built:
            return False
        lazy: _LazyDataset
        if is_parameter(name):
            lazy = parameter = _ParameterDataset(name, self.parameters)
            if not parameter.exists():
                return False
        elif name not in self._configs:
            return False
        else:
            lazy = ConfiguredDataset(
                name,
                self._configs.__getitem__,
                self._load_versions.get(name),
                self._save_version,
            )
        self.made.setdefault(name, lazy)
        return True

    def __getitem__(self, name: str) -> _LazyDataset:
        if not self.make(name):
            raise KeyError(name)
        return self.made[name]

    def present(self) -> dict[str, _LazyDataset]:
        """All of them by name, whatever another thread builds meanwhile."""
        found = {name: self.get(name) for name in self}
        return {name: lazy for name, lazy in found.items() if lazy is not None}

    def __setitem__(self, name: str, lazy: _LazyDataset) -> None:
        self.made[name] = self.put_in[name] = lazy
        self._built.discard(name)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.discard(name)

    def discard(self, name: str) -> None:
        """Take a dataset out, if it is there, without looking at it."""
        self.made.pop(name, None)
        self.put_in.pop(name, None)
        self._built.add(name)

    def __contains__(self, name: object) -> bool:
        if name in self.made:
            return True
        if name in self._built:
            return False
        return name in self._configs or name in self.parameters

    def __iter__(self) -> Iterator[str]:
        known = itertools.chain(self._configs, self.parameters)
        configured = [name for name in known if name not in self._built]
        yield from configured
        seen = set(configured)
        yield from (name for name in list(self.made) if name not in seen)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other}


def _shared(parameters: Mapping[str, Any], name: str) -> Any:
    """The value of a parameter, without a copy where that is possible."""
    shared = getattr(parameters, "shared", None)
    return parameters[name] if shared is None else shared(name)
