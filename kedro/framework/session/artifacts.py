"""Where a session keeps the datasets that were preloaded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import takewhile
from threading import Lock
from typing import Any, ClassVar

from kedro.io.core import AbstractDataset, TCopyMode
from kedro.io.lazy_datasets import _LazyDataset
from kedro.io.memory_dataset import _copy_with_mode
from kedro.pipeline.transcoding import _strip_transcoding

from .abstract_session import KedroSessionError
from .plan import suggestion
from .tables import Cell, html_table, seconds, text_table

_COLUMNS = ("artifact", "type", "load seconds", "hits", "loaded at (UTC)")
_EMPTY = object()


@dataclass(frozen=True)
class ArtifactInfo:
    """What is known about one cached artifact.

    Attributes:
        name: Name of the dataset.
        type: Class path of the loaded object; ``None`` while it waits to be read
            again.
        load_seconds: How long loading took, in seconds.
        hits: How often runs have read the cached object.
        loaded_at: When it was loaded, in UTC.
    """

    name: str
    type: str | None
    load_seconds: float | None
    hits: int
    loaded_at: datetime | None


class CacheInfo(list[ArtifactInfo]):
    """What a session keeps in memory, one row for each artifact."""

    def __repr__(self) -> str:
        if not self:
            return "No artifacts"
        return text_table([_cells(info) for info in self], head=_COLUMNS)

    def _repr_html_(self) -> str:
        return html_table([_cells(info) for info in self], head=_COLUMNS)


def _cells(info: ArtifactInfo) -> list[Cell]:
    path = info.type or ""
    loaded_at = f"{info.loaded_at:%Y-%m-%d %H:%M:%S}" if info.loaded_at else "-"
    load_seconds = "-" if info.load_seconds is None else seconds(info.load_seconds)
    return [
        Cell(info.name),
        Cell(path.rpartition(".")[2] or "-", title=path),
        Cell(load_seconds),
        Cell(str(info.hits)),
        Cell(loaded_at),
    ]


class Artifact:
    """A dataset's data, kept in memory.

    Args:
        name: Name of the dataset.
        load: Loads the data from storage.
        copy_mode: What a reader gets: the object itself, or a copy.
        recipe: What decided how the dataset was built. A run for which it is another
            does not use the artifact.
        is_static: Whether configuration gives the same recipe for all runs.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Any],
        copy_mode: TCopyMode,
        recipe: Any,
        is_static: bool = False,
    ) -> None:
        self.name = name
        self.recipe = recipe
        self.is_static = is_static
        self._load = load
        self._copy_mode = copy_mode
        self._data: Any = _EMPTY
        self._load_seconds: float | None = None
        self._loaded_at: datetime | None = None
        self._hits = 0
        self._loading = Lock()
        self._counting = Lock()

    def load(self) -> None:
        """Load the data, unless that has been done; once for all who ask."""
        if self._data is not _EMPTY:
            return
        with self._loading:
            if self._data is _EMPTY:
                start = time.perf_counter()
                data = self._load()
                self._load_seconds = time.perf_counter() - start
                self._loaded_at = datetime.now(tz=timezone.utc)
                self._data = data

    def read(self) -> Any:
        """The data for one reader."""
        if self._data is _EMPTY:
            self.load()
        with self._counting:
            self._hits += 1
        if self._copy_mode == "assign":
            return self._data
        return _copy_with_mode(self._data, self._copy_mode)

    def fresh(self) -> Artifact:
        """The same artifact before it is loaded."""
        return Artifact(
            self.name, self._load, self._copy_mode, self.recipe, self.is_static
        )

    def __getstate__(self) -> dict[str, Any]:
        # Another process gets the data, and neither locks nor the way to storage.
        self.load()
        state = self.__dict__.copy()
        for name in ("_load", "_loading", "_counting"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._loading = Lock()
        self._counting = Lock()

    def info(self) -> ArtifactInfo:
        """What is known about the artifact."""
        type_name = None
        if self._data is not _EMPTY:
            cls = type(self._data)
            type_name = f"{cls.__module__}.{cls.__qualname__}"
        return ArtifactInfo(
            self.name, type_name, self._load_seconds, self._hits, self._loaded_at
        )


class ArtifactCache:
    """The artifacts of a session by name.

    The mapping is replaced and never changed: a run sees it as it was when it began.
    """

    def __init__(self) -> None:
        self.artifacts: Mapping[str, Artifact] = {}
        self._stems: frozenset[str] = frozenset()
        self._arriving: list[dict[str, Artifact]] = []
        self._replacing = Lock()
        self._successor: ArtifactCache | None = None

    def fill(self, artifacts: Iterable[Artifact]) -> None:
        """Load artifacts and put them in, in place of those of the same name.

        All are put in at once, or none if one cannot be loaded. One that was called
        later has read what is newer: what it has put in stays.
        """
        new = {artifact.name: artifact for artifact in artifacts}
        try:
            # In here, for an interrupt not to leave it there.
            self._arriving.append(new)
            for artifact in list(new.values()):
                artifact.load()
            with self._replacing:
                self._replace({**self.artifacts, **new})
                arriving = tuple(self._arriving)
                for earlier in takewhile(lambda other: other is not new, arriving):
                    for name in new:
                        earlier.pop(name, None)
        finally:
            if new in self._arriving:
                self._arriving.remove(new)

    def release(self, names: Iterable[str] | None = None) -> None:
        """Drop artifacts.

        Args:
            names: Their names; all where ``None``.

        Raises:
            KedroSessionError: If one is not cached; nothing is dropped then.
        """
        check_names(names)
        with self._replacing:
            dropped = set(self.artifacts if names is None else names)
            for name in sorted(dropped - self.artifacts.keys()):
                raise KedroSessionError(
                    f"'{name}' is not a cached artifact."
                    + suggestion(name, self.artifacts)
                )
            self._replace(_without(dropped, self.artifacts))

    def saved(self, name: str) -> None:
        """Have the artifacts of a dataset that was saved to read again when needed."""
        stem = _strip_transcoding(name) if "@" in name else name
        cache: ArtifactCache | None = self
        while cache is not None:
            # In this order: what has arrived by now is among the stems.
            if cache._arriving or stem in cache._stems:
                cache._read_again(stem)
            cache = cache._successor

    def give_way_to(self, successor: ArtifactCache) -> None:
        """Have another cache know of saves too, in runs that began with this one."""
        self._successor = successor

    def _read_again(self, stem: str) -> None:
        with self._replacing:
            # What arrives may have been loaded before the save.
            for arriving in tuple(self._arriving):
                arriving.update(_to_read_again(arriving, stem))
            again = _to_read_again(self.artifacts, stem)
            self._replace({**self.artifacts, **again})

    def _replace(self, artifacts: Mapping[str, Artifact]) -> None:
        stems = frozenset(map(_strip_transcoding, artifacts))
        # A save that comes in between has to find what it concerns.
        self._stems |= stems
        self.artifacts = artifacts
        self._stems = stems

    def info(self) -> CacheInfo:
        """What is known about each artifact."""
        return CacheInfo(artifact.info() for artifact in self.artifacts.values())


def check_names(names: object, argument: str = "artifacts") -> None:
    """Check that the names of an argument were not given as one string.

    Raises:
        KedroSessionError: If they were.
    """
    if isinstance(names, str):
        raise KedroSessionError(
            f"`{argument}` must be a list of names: write [{names!r}]."
        )


def _without(names: set[str], artifacts: Mapping[str, Artifact]) -> dict[str, Artifact]:
    # A function: CPython 3.13 would let an interrupt out of a `with` block from the
    # middle of a comprehension in it, without leaving the block.
    return {name: artifact for name, artifact in artifacts.items() if name not in names}


def _to_read_again(artifacts: Mapping[str, Artifact], stem: str) -> dict[str, Artifact]:
    return {
        name: artifact.fresh()
        for name, artifact in artifacts.items()
        if _strip_transcoding(name) == stem
    }


class ArtifactDataset(AbstractDataset[Any, Any]):
    """A run's view of an artifact.

    A run that saves to it writes to storage, and reads what it wrote from there.
    """

    _init_args: ClassVar[dict[str, Any]] = {}
    _saved = False
    _artifact: Artifact
    _storage: AbstractDataset[Any, Any] | _LazyDataset

    @classmethod
    def of(
        cls, artifact: Artifact, storage: AbstractDataset[Any, Any] | _LazyDataset
    ) -> ArtifactDataset:
        """A view, made without the recording of its arguments.

        Args:
            artifact: The artifact, as it was when the run began.
            storage: The dataset in storage, or what builds it.
        """
        dataset = cls.__new__(cls)
        dataset._artifact = artifact
        dataset._storage = storage
        return dataset

    def __getattr__(self, name: str) -> Any:
        # What hooks and `confirm` ask of the dataset besides its data.
        if name.startswith("__") or "_storage" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._in_storage(), name)

    def load(self) -> Any:
        """The cached data, or what this run has saved."""
        return self._in_storage().load() if self._saved else self._artifact.read()

    def save(self, data: Any) -> None:
        """Save to storage."""
        self._in_storage().save(data)
        self._saved = True

    def _in_storage(self) -> AbstractDataset[Any, Any]:
        if isinstance(self._storage, _LazyDataset):
            self._storage = self._storage.materialize()
        return self._storage

    def _exists(self) -> bool:
        return self._in_storage().exists() if self._saved else True

    def _describe(self) -> dict[str, Any]:
        return {"artifact": self._artifact.name}
