"""What a catalog has to offer for sessions and runners to use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, List, Protocol, TypeVar, runtime_checkable  # noqa: UP035

if TYPE_CHECKING:
    from multiprocessing.managers import SyncManager

_C_co = TypeVar("_C_co", covariant=True)
_DS = TypeVar("_DS")


@runtime_checkable
class CatalogProtocol(Protocol[_C_co, _DS]):
    """A mapping of names to datasets that also loads and saves them.

    A project may name any class that has these methods as its ``DATA_CATALOG_CLASS``.

    Example:
        ```python
        isinstance(catalog, CatalogProtocol)
        ```
    """

    _datasets: dict[str, _DS]

    def __repr__(self) -> str: ...

    def __contains__(self, ds_name: str) -> bool: ...

    # In this class `list` would do; in those that have a method of that name it is no
    # type any more.
    def keys(self) -> List[str]:  # noqa: UP006
        """Names of all datasets."""
        ...

    def values(self) -> List[_DS]:  # noqa: UP006
        """All datasets."""
        ...

    def items(self) -> List[tuple[str, _DS]]:  # noqa: UP006
        """All datasets with their names."""
        ...

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, ds_name: str) -> _DS: ...

    def __setitem__(self, key: str, value: Any) -> None: ...

    @classmethod
    def from_config(cls, catalog: dict[str, dict[str, Any]] | None) -> _C_co:
        """Make a catalog from the configuration of its datasets."""
        ...

    def get(self, key: str, fallback_to_runtime_pattern: bool = False) -> _DS | None:
        """The dataset of that name, if there is one."""
        ...

    def save(self, name: str, data: Any) -> None:
        """Save data to the dataset of that name."""
        ...

    def load(self, name: str, version: str | None = None) -> Any:
        """Load the data of the dataset of that name."""
        ...

    def release(self, name: str) -> None:
        """Let go of what the dataset of that name keeps in memory."""
        ...

    def confirm(self, name: str) -> None:
        """Tell the dataset of that name that what it has loaded was worked on."""
        ...

    def exists(self, name: str) -> bool:
        """Whether the dataset of that name has data."""
        ...


@runtime_checkable
class SharedMemoryCatalogProtocol(CatalogProtocol[_C_co, _DS], Protocol[_C_co, _DS]):
    """A catalog whose datasets in memory several processes share."""

    def set_manager_datasets(self, manager: SyncManager) -> None:
        """Give the datasets in memory the manager that holds their data."""
        ...

    def validate_catalog(self) -> None:
        """Check that other processes can use all datasets."""
        ...
