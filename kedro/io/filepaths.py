"""The paths of datasets, as file systems and as users write them."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kedro.io.dataset_errors import DatasetError
from kedro.utils import HTTP_PROTOCOLS, _parse_filepath

if TYPE_CHECKING:
    import os

    from kedro.io.versions import Version

PROTOCOL_DELIMITER = "://"


def get_protocol_and_path(
    filepath: str | os.PathLike[str], version: Version | None = None
) -> tuple[str, str]:
    """Split a path into the protocol of its file system and the path there.

    Args:
        filepath: Path or URL of a file.
        version: Versions of the dataset; only to check that it has none on the web.

    Returns:
        The protocol, ``"file"`` where the path names none, and the rest.

    Raises:
        DatasetError: If a dataset on the web is to have versions.

    Example:
        ```python
        get_protocol_and_path("s3://bucket/a.csv")  # ("s3", "bucket/a.csv")
        ```
    """
    parts = _parse_filepath(str(filepath))
    protocol, path = parts["protocol"], parts["path"]
    if protocol not in HTTP_PROTOCOLS:
        return protocol, path
    if version is not None:
        raise DatasetError(
            "Versioning is not supported for HTTP protocols. "
            "Please remove the `versioned` flag from the dataset configuration."
        )
    return protocol, path.split(PROTOCOL_DELIMITER, 1)[-1]


def get_filepath_str(raw_path: PurePath, protocol: str) -> str:
    """Join what ``get_protocol_and_path`` has split, as file systems expect it.

    Args:
        raw_path: Path without its protocol.
        protocol: The protocol; only those of the web are part of the result.

    Example:
        ```python
        get_filepath_str(PurePosixPath("example.com/a.csv"), "https")
        # "https://example.com/a.csv"
        ```
    """
    path = raw_path.as_posix()
    if protocol in HTTP_PROTOCOLS:
        return f"{protocol}{PROTOCOL_DELIMITER}{path}"
    return path


def validate_on_forbidden_chars(**kwargs: Any) -> None:
    """Check that texts have neither spaces nor semicolons in them.

    Args:
        **kwargs: The texts, by the names to call them in the message.

    Raises:
        DatasetError: If one of them has.

    Example:
        ```python
        validate_on_forbidden_chars(table="users; drop")  # raises
        ```
    """
    for name, text in kwargs.items():
        if " " in text or ";" in text:
            raise DatasetError(
                f"Neither white-space nor semicolon are allowed in '{name}'."
            )
