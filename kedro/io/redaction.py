"""Text without the secrets that URLs may carry."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_REDACTED = "<redacted>"
# Errors of other libraries quote URLs: they stand in the middle of a text, in quotes
# or in brackets.
_URL_TOKEN_RE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>)\]]+")
_END_OF_AUTHORITY = re.compile("[/?#]")


def _redact_url_credentials(value: Any) -> Any:
    """Hide user names, passwords, queries and fragments of the URLs in a text.

    Which part of a URL is secret is told by its place, and not by its name: signatures
    and tokens are called otherwise by each provider.

    Args:
        value: A URL, a path from which Kedro has taken the scheme, or a text with URLs
            in it. What is no string is given back as it is.

    Example:
        ```python
        _redact_url_credentials("s3://me:secret@host/a.csv?token=1")
        # "s3://<redacted>@host/a.csv?<redacted>"
        ```
    """
    if not isinstance(value, str):
        return value
    if "://" in value:
        return _URL_TOKEN_RE.sub(lambda url: _redact_single_url(url[0]), value)
    if " " in value:
        return value
    return _redact_path(value)


def _redact_repr_value(value: Any) -> Any:
    """Hide the secrets in a value that is to be shown, at any depth.

    Args:
        value: What a dataset says of itself.

    Returns:
        The value; a string in the place of a path that had to be changed.
    """
    if isinstance(value, PurePath):
        path = value.as_posix()
        redacted = _redact_url_credentials(path)
        return value if redacted == path else redacted
    if isinstance(value, dict):
        return {key: _redact_repr_value(inner) for key, inner in value.items()}
    # A named tuple, as versions are, could not be made from one list of its values.
    if type(value) in (list, tuple):
        return type(value)(map(_redact_repr_value, value))
    return _redact_url_credentials(value)


def _redact_single_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    _, user, host = parts.netloc.rpartition("@")
    if not (user or parts.query or parts.fragment):
        return url
    redacted = parts._replace(
        netloc=f"{_REDACTED}@{host}" if user else parts.netloc,
        query=parts.query and _REDACTED,
        fragment=parts.fragment and _REDACTED,
    )
    return urlunsplit(redacted)


def _redact_path(path: str) -> str:
    authority, *rest = _END_OF_AUTHORITY.split(path, maxsplit=1)
    # A file may be called `report@2024.csv`: only what a slash follows is a host.
    if rest and "@" in authority:
        return _redact_single_url(f"//{path}").removeprefix("//")
    if "?" in path or "#" in path:
        return _redact_single_url(path)
    return path
