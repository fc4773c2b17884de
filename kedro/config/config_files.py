"""Finding, reading and parsing the files of a configuration source."""

from __future__ import annotations

import copy
import io
import mimetypes
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any

import fsspec
from omegaconf import DictConfig, OmegaConf
from yaml.parser import ParserError
from yaml.scanner import ScannerError

from kedro.config.abstract_config import MissingConfigException
from kedro.config.plain_values import has_interpolation, is_plain, plain
from kedro.utils import CLOUD_PROTOCOLS, HTTP_PROTOCOLS, _parse_filepath

_ZIP_TYPES = (
    "application/zip",
    "application/x-zip-compressed",
    "application/zip-compressed",
)
_SUFFIXES = (".yml", ".yaml", ".json")
_REPORTED_KEYS_LENGTH = 100
_LIMITS_SIZE = "max_yaml_expanded_nodes" in signature(OmegaConf.load).parameters

ABSENT = object()
NOT_PLAIN = object()


@dataclass
class Layer:
    """The parsed, unresolved files of one configuration type in one environment.

    Attributes:
        path: Folder of the environment.
        files: Content by file.
    """

    path: str
    files: dict[Path, DictConfig] = field(default_factory=dict)
    _is_literal: dict[Any, bool] = field(default_factory=dict, init=False, repr=False)
    _plain: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def merged(self) -> DictConfig:
        """The files as one; not to be changed."""
        return self.merged_with()

    @cached_property
    def names(self) -> frozenset[Any]:
        """The top-level keys of all files."""
        return frozenset(self.merged.keys())

    def is_literal(self, name: Any) -> bool:
        """Whether nothing in the value of a key has to be resolved.

        Args:
            name: A key of the files.
        """
        if name not in self._is_literal:
            self._is_literal[name] = not has_interpolation(self.merged, name)
        return self._is_literal[name]

    def plain(self, name: Any) -> Any:
        """The value of a key, where Python and OmegaConf see the same in it.

        Args:
            name: The key.

        Returns:
            Python objects, shared by all callers and not to be changed;
            ``NOT_PLAIN`` if OmegaConf is needed, ``ABSENT`` if there is no such key.
        """
        if name not in self.names:
            return ABSENT
        if name not in self._plain:
            value = plain(self.merged, name) if self.is_literal(name) else None
            found = self.is_literal(name) and is_plain(value)
            self._plain[name] = value if found else NOT_PLAIN
        return self._plain[name]

    def merged_with(self, *others: Any) -> DictConfig:
        """The files as one, with something else on top.

        Args:
            *others: Dictionaries that win over the files.

        Returns:
            A new object, which shares nothing with the files.
        """
        parts = copy.deepcopy(list(self.files.values()))
        return OmegaConf.unsafe_merge(*parts, *others)  # type: ignore[return-value]


@dataclass
class RawConfig:
    """The parsed, unresolved files of one configuration type.

    Attributes:
        base: Those of the base environment.
        env: Those of the run environment; ``None`` if it is the base one.
    """

    base: Layer
    env: Layer | None

    @cached_property
    def layers(self) -> list[Layer]:
        """The environments that have files, in the order of their precedence."""
        return [layer for layer in (self.base, self.env) if layer and layer.files]


class ParsedFiles:
    """Parsed files by configuration type.

    Args:
        kept: Whether files that were read once are not read again.
    """

    def __init__(self, kept: bool = False) -> None:
        self.kept = kept
        self._raw: dict[str, RawConfig] = {}
        self._reading = Lock()

    def __reduce__(self) -> tuple[type[ParsedFiles], tuple[bool]]:
        return ParsedFiles, (self.kept,)

    def get(self, key: str, read: Callable[[str], RawConfig]) -> RawConfig:
        """The parsed files of one configuration type.

        Args:
            key: Configuration type, such as ``"catalog"``.
            read: Reads the files of a configuration type.
        """
        if not self.kept:
            raw = self._raw[key] = read(key)
            return raw
        if key not in self._raw:
            with self._reading:
                if key not in self._raw:
                    self._raw[key] = read(key)
        return self._raw[key]


def open_source(conf_source: str) -> tuple[Any, str]:
    """Open the file system that holds a configuration source.

    Args:
        conf_source: A folder, a zip or tar archive, or a remote URL.

    Returns:
        The fsspec file system and the name of its protocol.
    """
    file_type, _ = mimetypes.guess_type(conf_source)
    if file_type == "application/x-tar":
        return _open_archive("tar", conf_source), "tar"
    if file_type in _ZIP_TYPES:
        return _open_archive("zip", conf_source), "zip"
    protocol = _parse_filepath(conf_source)["protocol"]
    if is_remote(protocol):
        filesystem = fsspec.filesystem(protocol=protocol)
        filesystem.invalidate_cache()
        return filesystem, protocol
    return fsspec.filesystem(protocol="file", fo=conf_source), "file"


def _open_archive(protocol: str, path: str) -> Any:
    # A file system that fsspec has kept would show an archive that is no longer there.
    return fsspec.filesystem(protocol=protocol, fo=path, skip_instance_cache=True)


def is_remote(protocol: str) -> bool:
    """Whether ``protocol`` names a cloud storage or a web server."""
    return protocol in CLOUD_PROTOCOLS or protocol in HTTP_PROTOCOLS


def check_folder(filesystem: Any, protocol: str, folder: str) -> None:
    """Check that a configuration folder is there.

    Raises:
        MissingConfigException: If it is not, or cannot be listed.
    """
    problem = (
        f"Given configuration path either does not exist "
        f"or is not a valid directory: {folder}"
    )
    if is_remote(protocol):
        try:
            filesystem.ls(folder)
        except Exception as exc:
            raise MissingConfigException(f"{problem}. Error: {exc!s}") from exc
    elif not filesystem.isdir(Path(folder).as_posix()):
        raise MissingConfigException(problem)


def has_config_suffix(path: Path) -> bool:
    """Whether ``path`` ends like a YAML or JSON file."""
    return path.suffix in _SUFFIXES


def parse_file(filesystem: Any, path: Path) -> DictConfig:
    """Parse one YAML or JSON file, with its interpolations left as they are.

    Raises:
        ParserError: If the file is not valid YAML or JSON; names file and position.
    """
    with filesystem.open(path.as_posix()) as file:
        text = file.read().decode("utf8")
    try:
        config: DictConfig = OmegaConf.load(io.StringIO(text), **_size_limit())  # type: ignore[assignment]
    except (ParserError, ScannerError) as exc:
        mark = exc.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        raise ParserError(
            f"Invalid YAML or JSON file {path.as_posix()},"
            f" unable to read line {line}, position {column}."
        ) from exc
    return config


def _size_limit() -> dict[str, Any]:
    # OmegaConf 2.4 refuses files of more than 10,000 nodes, which are some 1,500
    # datasets, unless the environment says otherwise. It fears files that come from
    # anywhere; those of a project name the code to run.
    if not _LIMITS_SIZE or "OMEGACONF_MAX_YAML_EXPANDED_NODES" in os.environ:
        return {}
    return {"max_yaml_expanded_nodes": None}


def check_duplicates(keys_per_file: dict[Path, set[str]]) -> None:
    """Check that no two files of an environment define the same key.

    Keys that start with an underscore are templates and may repeat.

    Args:
        keys_per_file: The keys that each file defines.

    Raises:
        ValueError: If files share keys; names each pair and what it shares.
    """
    problems = []
    files = list(keys_per_file)
    for number, first in enumerate(files, 1):
        for second in files[number:]:
            shared = sorted(
                key
                for key in keys_per_file[first] & keys_per_file[second]
                if not key.startswith("_")
            )
            if shared:
                problems.append(
                    f"Duplicate keys found in {first} and {second}: {_listed(shared)}"
                )
    if problems:
        raise ValueError("\n".join(problems))


def leaf_keys(config: dict[str, Any], parent: str = "") -> set[str]:
    """Dotted names of all values in a nested dictionary that are no dictionaries."""
    keys: set[str] = set()
    for key, value in config.items():
        name = f"{parent}.{key}" if parent else key
        keys |= leaf_keys(value, name) if isinstance(value, dict) else {name}
    return keys


def _listed(names: Iterable[str]) -> str:
    text = ", ".join(names)
    if len(text) > _REPORTED_KEYS_LENGTH:
        text = text[:_REPORTED_KEYS_LENGTH] + "..."
    return text
