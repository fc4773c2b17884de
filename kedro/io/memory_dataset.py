"""``MemoryDataset`` keeps data in memory, and hands out copies of it."""

from __future__ import annotations

import copy
import sys
from typing import Any, ClassVar

from kedro.io.core import AbstractDataset, DatasetError, TCopyMode

_EMPTY = object()
# Types whose values `deepcopy` gives back as they are.
_IMMUTABLE = frozenset({bool, bytes, complex, float, int, str, type(None)})


class MemoryDataset(AbstractDataset[Any, Any]):
    """A dataset in memory.

    What is saved and what is loaded are copies, so that a node cannot change what
    another one sees. How they are made depends on the type of the data: DataFrames
    and arrays of pandas and NumPy with their own ``copy``, DataFrames of other
    libraries and Ibis tables not at all, everything else with ``deepcopy``.

    Args:
        data: The data; nothing where not given.
        copy_mode: How copies are made: ``"deepcopy"``, ``"copy"`` or ``"assign"``.
        metadata: Ignored by Kedro, for users and plugins.

    Example:
        ```python
        from kedro.io import MemoryDataset

        dataset = MemoryDataset([1, 2, 3])
        dataset.load()  # [1, 2, 3]
        ```
    """

    _EPHEMERAL = True
    _data: Any = _EMPTY
    _copy_mode: TCopyMode | None = None
    metadata: dict[str, Any] | None = None
    _init_args: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        data: Any = _EMPTY,
        copy_mode: TCopyMode | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._copy_mode = copy_mode
        self.metadata = metadata
        if data is not _EMPTY:
            # The decorated `save` refuses `None`, which is data here.
            self.save.__wrapped__(self, data)  # type: ignore[attr-defined]

    @classmethod
    def around(cls, data: Any, copy_mode: TCopyMode | None = None) -> MemoryDataset:
        """A dataset around data that stays its owner's.

        The data is copied when it is loaded, and not on the way in.

        Args:
            data: The data; ``None`` is data.
            copy_mode: How it is copied; found by its type where not given.
        """
        dataset = cls.__new__(cls)
        dataset._data = data
        if copy_mode is not None:
            dataset._copy_mode = copy_mode
        return dataset

    @classmethod
    def empty(cls) -> MemoryDataset:
        """A dataset without data, made without the recording of its arguments."""
        return cls.__new__(cls)

    def __repr__(self) -> str:
        if type(self) is not MemoryDataset:
            return super().__repr__()
        # Every load and save asks for it.
        described = (
            "" if self._data is _EMPTY else f"data='<{type(self._data).__name__}>'"
        )
        return f"{type(self).__module__}.{type(self).__name__}({described})"

    def load(self) -> Any:
        """A copy of the data.

        Raises:
            DatasetError: If there is none yet.
        """
        data = self._data
        if type(data) in _IMMUTABLE and self._copy_mode is None:
            return data
        if data is _EMPTY:
            raise DatasetError("Data for MemoryDataset has not been saved yet.")
        return self._copy_of(data)

    def save(self, data: Any) -> None:
        """Keep a copy of ``data``."""
        if type(data) in _IMMUTABLE and self._copy_mode is None:
            self._data = data
        else:
            self._data = self._copy_of(data)

    def _copy_of(self, data: Any) -> Any:
        return _copy_with_mode(data, self._copy_mode or _infer_copy_mode(data))

    def _exists(self) -> bool:
        return self._data is not _EMPTY

    def _release(self) -> None:
        self._data = _EMPTY

    def _describe(self) -> dict[str, Any]:
        if self._data is _EMPTY:
            return {"data": None}
        return {"data": f"<{type(self._data).__name__}>"}


def _infer_copy_mode(data: Any) -> TCopyMode:
    # Data of a library that nobody has imported cannot be there: looking at what is
    # imported spares the search for libraries that are not installed.
    pandas = sys.modules.get("pandas")
    numpy = sys.modules.get("numpy")
    ibis = sys.modules.get("ibis")
    if isinstance(data, getattr(pandas, "DataFrame", ())):
        return "copy"
    if isinstance(data, getattr(numpy, "ndarray", ())):
        return "copy"
    if type(data).__name__ == "DataFrame" or isinstance(
        data, getattr(ibis, "Table", ())
    ):
        return "assign"
    return "deepcopy"


def _copy_with_mode(data: Any, copy_mode: TCopyMode) -> Any:
    if copy_mode == "deepcopy":
        return copy.deepcopy(data)
    if copy_mode == "copy":
        return data.copy()
    if copy_mode == "assign":
        return data
    raise DatasetError(
        f"Invalid copy mode: {copy_mode}. Possible values are: deepcopy, copy, assign."
    )


def _is_memory_dataset(ds_or_type: AbstractDataset[Any, Any] | str) -> bool:
    """Whether a dataset, or the name of a type, is that of a ``MemoryDataset``."""
    if isinstance(ds_or_type, str):
        return ds_or_type in ("MemoryDataset", "kedro.io.memory_dataset.MemoryDataset")
    return isinstance(ds_or_type, MemoryDataset)
