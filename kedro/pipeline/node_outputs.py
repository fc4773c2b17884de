"""How the result of a node's function is divided among the node's datasets.

A generator yields results chunk by chunk. Only its first chunk is looked at here: the
datasets are given iterators that go on from there.
"""

from __future__ import annotations

from types import GeneratorType
from typing import TYPE_CHECKING, Any

from more_itertools import spy, unzip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def divide_by_position(node: object, names: list[str], result: Any) -> dict[str, Any]:
    """Give each dataset of a list the item of the result at its position.

    Args:
        node: The node, for errors.
        names: Names of the datasets.
        result: A list or tuple, or a generator of these.

    Returns:
        Items by name of the dataset; of a generator, iterators over them.

    Raises:
        ValueError: If the result is something else, or has another length.

    Example:
        ```python
        divide_by_position(node, ["train", "test"], (1, 2))  # {"train": 1, "test": 2}
        ```
    """
    first, chunks = _look_into(result)
    if not isinstance(first, (list, tuple)):
        raise _failure(
            node,
            f"The node definition contains a list of outputs {names}, "
            f"whereas the node function returned a '{type(first).__name__}'.",
        )
    if len(first) != len(names):
        raise _failure(
            node,
            f"The node function returned {len(first)} output(s), whereas the "
            f"node definition contains {len(names)} output(s).",
        )
    return _paired(names, first if chunks is None else unzip(chunks))


def divide_by_key(node: object, names: dict[str, str], result: Any) -> dict[str, Any]:
    """Give each dataset of a mapping the item of the result under its key.

    Args:
        node: The node, for errors.
        names: Names of the datasets by the key of their item.
        result: A dictionary, or a generator of these.

    Returns:
        Items by name of the dataset; of a generator, iterators over them.

    Raises:
        ValueError: If the result is something else, or has other keys.

    Example:
        ```python
        divide_by_key(node, {"loss": "metrics"}, {"loss": 0.1})  # {"metrics": 0.1}
        ```
    """
    first, chunks = _look_into(result)
    if not isinstance(first, dict):
        raise _failure(
            node,
            f"The node output is a dictionary, whereas the function output is "
            f"{type(first)}.",
        )
    found, expected = set(first.keys()), set(names)
    if found != expected:
        # The two sets stand the wrong way round, as in the release.
        raise _failure(
            node,
            f"The node's output keys {found} do not match with the returned "
            f"output's keys {expected}.",
        )
    if chunks is None:
        return {name: first[key] for key, name in names.items()}
    keys = tuple(names)
    columns = unzip(tuple(chunk[key] for key in keys) for chunk in chunks)
    return _paired(names.values(), columns)


def _look_into(result: Any) -> tuple[Any, Iterator[Any] | None]:
    """The result, or the first chunk of a generator and an iterator over all chunks."""
    if not isinstance(result, GeneratorType):
        return result, None
    [first], chunks = spy(result)
    return first, chunks


def _paired(names: Iterable[str], items: Iterable[Any]) -> dict[str, Any]:
    # To name `strict` takes as long as the pairing itself.
    return dict(zip(names, items))  # noqa: B905


def _failure(node: object, reason: str) -> ValueError:
    return ValueError(f"Failed to save outputs of node {node!s}.\n{reason}")
