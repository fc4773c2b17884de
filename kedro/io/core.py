"""What all datasets have in common, and how one is made from its configuration.

Whatever has to do with datasets can be imported from here, wherever it is defined.
"""

from __future__ import annotations

import abc
import copy
import logging
import pprint
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from glob import iglob
from inspect import isabstract
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from kedro.io.catalog_protocol import (
    _DS,  # noqa: F401
    CatalogProtocol,
    SharedMemoryCatalogProtocol,
)
from kedro.io.dataset_errors import (
    DatasetAlreadyExistsError,
    DatasetError,
    DatasetNotFoundError,
    VersionAlreadyExistsError,
    VersionNotFoundError,
)
from kedro.io.filepaths import (
    PROTOCOL_DELIMITER,
    get_filepath_str,
    get_protocol_and_path,
    validate_on_forbidden_chars,
)
from kedro.io.init_arguments import InitArguments
from kedro.io.redaction import (  # noqa: F401
    _REDACTED,
    _URL_TOKEN_RE,
    _redact_repr_value,
    _redact_single_url,
    _redact_url_credentials,
)
from kedro.io.versions import VERSION_FORMAT, Version, generate_timestamp
from kedro.utils import (  # noqa: F401
    CLOUD_PROTOCOLS,
    HTTP_PROTOCOLS,
    _is_unsafe_version,
    _parse_filepath,
    load_obj,
)

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "CLOUD_PROTOCOLS",
    "HTTP_PROTOCOLS",
    "PROTOCOL_DELIMITER",
    "TYPE_KEY",
    "VALIDATOR_KEY",
    "VERSIONED_FLAG_KEY",
    "VERSION_FORMAT",
    "VERSION_KEY",
    "AbstractDataset",
    "AbstractVersionedDataset",
    "CatalogProtocol",
    "DatasetAlreadyExistsError",
    "DatasetError",
    "DatasetNotFoundError",
    "SharedMemoryCatalogProtocol",
    "TCopyMode",
    "Version",
    "VersionAlreadyExistsError",
    "VersionNotFoundError",
    "generate_timestamp",
    "get_filepath_str",
    "get_protocol_and_path",
    "is_parameter",
    "load_obj",
    "parse_dataset_definition",
    "validate_on_forbidden_chars",
]

VERSIONED_FLAG_KEY = "versioned"
VERSION_KEY = "version"
TYPE_KEY = "type"
VALIDATOR_KEY = "validator"

TCopyMode = Literal["deepcopy", "copy", "assign"]

_DI = TypeVar("_DI")
_DO = TypeVar("_DO")

_LOGGER = logging.getLogger(__name__)
_METADATA_KEY = "metadata"
_DEFAULT_PACKAGES = ["kedro.io.", "kedro_datasets.", ""]
_INSTALL_GUIDE = (
    "https://docs.kedro.org/en/stable/getting-started/install/"
    "#how-to-manually-install-the-project-dependencies-in-an-environment"
)
_KEDRO_DATASETS_HINT = (
    "\nHint: If you are trying to use a dataset from `kedro-datasets`, make sure that "
    "the package is installed in your current environment. You can do so by running "
    "`pip install kedro-datasets` or `pip install kedro-datasets[<dataset-group>]` to "
    "install `kedro-datasets` along with related dependencies for the specific "
    "dataset group."
)
_CONSISTENCY_WARNING = (
    "Save version '{}' did not match load version '{}' for {}. This is strongly "
    "discouraged due to inconsistencies it may cause between 'save' and 'load' "
    "operations. Please refrain from setting exact load version for intermediate "
    "datasets where possible to avoid this warning."
)


# Messages, tracebacks and pickles name these after where users import them from.
for _class in (
    CatalogProtocol,
    DatasetAlreadyExistsError,
    DatasetError,
    DatasetNotFoundError,
    SharedMemoryCatalogProtocol,
    Version,
    VersionAlreadyExistsError,
    VersionNotFoundError,
):
    _class.__module__ = __name__
del _class


class AbstractDataset(abc.ABC, Generic[_DI, _DO]):
    """The base class of datasets, which know how to load and save one piece of data.

    A subclass defines ``load``, ``save`` and ``_describe``; ``_exists`` and
    ``_release`` where there is something to tell or to release. Its ``load`` and
    ``save`` are wrapped, so that whoever calls them gets a ``DatasetError`` that names
    the dataset, and finds a line in the log. The undecorated ones are their
    ``__wrapped__``.

    Two attributes of a subclass speak to runners: ``_SINGLE_PROCESS = True`` keeps
    ``ParallelRunner`` from using it, and ``_EPHEMERAL = True`` says that its data ends
    with the process.

    Example:
        ```python
        from pathlib import Path

        from kedro.io import AbstractDataset


        class NoteDataset(AbstractDataset[str, str]):
            def __init__(self, filepath: str, encoding: str = "utf-8") -> None:
                self._path = Path(filepath)
                self._encoding = encoding

            def load(self) -> str:
                return self._path.read_text(self._encoding)

            def save(self, data: str) -> None:
                self._path.write_text(data, self._encoding)

            def _exists(self) -> bool:
                return self._path.exists()

            def _describe(self) -> dict[str, object]:
                return {"filepath": self._path, "encoding": self._encoding}
        ```

        ```yaml
        # catalog.yml
        diary:
          type: my_package.datasets.NoteDataset
          filepath: data/diary.txt
        ```
    """

    _EPHEMERAL = False
    _logger = _LOGGER

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the subclass remember its arguments, and wrap its ``load`` and ``save``.

        Datasets may also define ``_load`` and ``_save``, which then go before.
        """
        cls.__init__ = _remember_arguments(cls.__init__)  # type: ignore[method-assign]
        super().__init_subclass__(**kwargs)
        for name in ("load", "save"):
            if _is_implemented(cls, f"_{name}"):
                setattr(cls, name, getattr(cls, f"_{name}"))
            if _is_implemented(cls, name):
                function = getattr(cls, name)
                if getattr(function, f"__{name}wrapped__", False):
                    function = function.__wrapped__
                wrap = getattr(cls, f"_{name}_wrapper")
                setattr(cls, name, wrap(function))

    @classmethod
    def from_config(
        cls: type,
        name: str,
        config: dict[str, Any],
        load_version: str | None = None,
        save_version: str | None = None,
    ) -> AbstractDataset[Any, Any]:
        """Make a dataset from its configuration.

        Args:
            name: Name of the dataset, for messages.
            config: What the catalog says of it: ``type``, and the arguments of that
                class.
            load_version: Version to load, for versioned datasets; the latest where not
                given.
            save_version: Version to save, for versioned datasets; the time where not
                given.

        Raises:
            DatasetError: If the class cannot be found, or cannot be made an instance
                of with these arguments.

        Example:
            ```python
            config = {"type": "pickle.PickleDataset", "filepath": "model.pkl"}
            AbstractDataset.from_config("model", config)
            ```
        """
        try:
            class_obj, arguments = parse_dataset_definition(
                config, load_version, save_version
            )
        except Exception as exc:
            raise DatasetError(
                f"An exception occurred when parsing config for dataset "
                f"'{name}':\n{exc!s}"
            ) from exc
        try:
            return class_obj(**arguments)
        except Exception as exc:
            problem = _explain_failed_construction(name, class_obj, exc)
            raise DatasetError(f"\n{exc}.\n{problem}") from exc

    def _init_config(self) -> dict[str, Any]:
        """The configuration from which an equal dataset can be made.

        It knows the arguments that the constructor was called with, and nothing of
        what was changed since. A ``version`` becomes ``versioned: True``, and
        ``metadata`` is left out.
        """
        config: dict[str, Any] = {
            TYPE_KEY: f"{type(self).__module__}.{type(self).__name__}"
        }
        config.update(self._init_args or {})  # type: ignore[attr-defined]
        # The class itself cannot be imported here: its module imports this one.
        if type(self).__name__ == "CachedDataset":
            inner = _config_of_cached(config.pop("dataset"))
            if VERSIONED_FLAG_KEY in inner:
                config[VERSIONED_FLAG_KEY] = inner.pop(VERSIONED_FLAG_KEY)
            inner.pop(_METADATA_KEY, None)
            config["dataset"] = inner
        if config.pop(VERSION_KEY, None):
            config[VERSIONED_FLAG_KEY] = True
        config.pop(_METADATA_KEY, None)
        return config

    @classmethod
    def _load_wrapper(cls, load_func: Callable[[Self], _DO]) -> Callable[[Self], _DO]:
        """Give a ``load`` its line in the log, and its errors the dataset's name."""

        @wraps(load_func)
        def load(self: Self) -> _DO:
            # To format a dataset takes longer than to load many a one.
            logger = self._logger
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("Loading %s", str(self))
            try:
                return load_func(self)
            except DatasetError:
                # It says already what failed.
                raise
            except Exception as exc:
                raise DatasetError(
                    f"Failed while loading data from dataset {self!s}.\n{exc!s}"
                ) from exc

        load.__annotations__["return"] = load_func.__annotations__.get("return")
        load.__loadwrapped__ = True  # type: ignore[attr-defined]
        return load

    @classmethod
    def _save_wrapper(
        cls, save_func: Callable[[Self, _DI], None]
    ) -> Callable[[Self, _DI], None]:
        """Give a ``save`` its line in the log, and its errors the dataset's name."""

        @wraps(save_func)
        def save(self: Self, data: _DI) -> None:
            if data is None:
                raise DatasetError("Saving 'None' to a 'Dataset' is not allowed")
            try:
                logger = self._logger
                if logger.isEnabledFor(logging.DEBUG):
                    logger.debug("Saving %s", str(self))
                save_func(self, data)
            except (DatasetError, FileNotFoundError, NotADirectoryError):
                raise
            except Exception as exc:
                raise DatasetError(
                    f"Failed while saving data to dataset {self!s}.\n{exc!s}"
                ) from exc

        annotations = save_func.__annotations__
        save.__annotations__["data"] = annotations.get("data", Any)
        save.__annotations__["return"] = annotations.get("return")
        save.__savewrapped__ = True  # type: ignore[attr-defined]
        return save

    def __repr__(self) -> str:
        description = self._describe()
        if isinstance(description, dict) and all(
            isinstance(key, str) for key in description
        ):
            return self._pretty_repr(description)
        path = f"{type(self).__module__}.{type(self).__name__}"
        self._logger.warning(
            f"'{path}' is a subclass of AbstractDataset and it must implement the "
            "'_describe' method following the signature of AbstractDataset's "
            "'_describe'."
        )
        return f"{path}()"

    def _pretty_repr(self, object_description: dict[str, Any]) -> str:
        """Show the dataset like a call of its class, without the secrets of URLs."""
        shown = ", ".join(
            f"{name}={_format_value(value)}"
            for name, value in object_description.items()
            if value is not None
        )
        return f"{type(self).__module__}.{type(self).__name__}({shown})"

    @abc.abstractmethod
    def load(self) -> _DO:
        """Load the data.

        Raises:
            DatasetError: If it cannot be loaded.
        """
        raise NotImplementedError(_must_implement(self, "load"))

    @abc.abstractmethod
    def save(self, data: _DI) -> None:
        """Save data.

        Args:
            data: The data; anything but ``None``.

        Raises:
            DatasetError: If it cannot be saved.
            FileNotFoundError: If there is a file where a folder has to be, on Windows.
            NotADirectoryError: Likewise, on Unix.
        """
        raise NotImplementedError(_must_implement(self, "save"))

    @abc.abstractmethod
    def _describe(self) -> dict[str, Any]:
        """What to show of the dataset, by name."""
        raise NotImplementedError(_must_implement(self, "_describe"))

    def exists(self) -> bool:
        """Whether there is data to load.

        Raises:
            DatasetError: If that cannot be found out.
        """
        try:
            _log_existence_check(self)
            return self._exists()
        except Exception as exc:
            raise _existence_error(self, exc) from exc

    def _exists(self) -> bool:
        self._logger.warning(
            "'exists()' not implemented for '%s'. Assuming output does not exist.",
            type(self).__name__,
        )
        return False

    def release(self) -> None:
        """Let go of what the dataset keeps in memory.

        Raises:
            DatasetError: If that fails.
        """
        try:
            logger = self._logger
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("Releasing %s", str(self))
            self._release()
        except Exception as exc:
            raise DatasetError(
                f"Failed during release for dataset {self!s}.\n{exc!s}"
            ) from exc

    def _release(self) -> None:
        """Override this where there is something to let go of."""

    def _copy(self, **overwrite_params: Any) -> AbstractDataset[Any, Any]:
        """A deep copy that has other values for some attributes."""
        copied = copy.deepcopy(self)
        for name, value in overwrite_params.items():
            setattr(copied, name, value)
        return copied


def _remember_arguments(constructor: Callable[..., None]) -> Callable[..., None]:
    named: InitArguments | None = None

    @wraps(constructor)
    def remembering(self: Any, *args: Any, **kwargs: Any) -> None:
        nonlocal named
        constructor(self, *args, **kwargs)
        if named is None:
            named = InitArguments(constructor)
        self._init_args = named.of_call(self, args, kwargs)

    return remembering


def _is_implemented(cls: type, name: str) -> bool:
    function = getattr(cls, name, None)
    return function is not None and not function.__qualname__.startswith("Abstract")


def _log_existence_check(dataset: AbstractDataset[Any, Any]) -> None:
    logger = dataset._logger
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("Checking whether target of %s exists", str(dataset), stacklevel=2)


def _existence_error(
    dataset: AbstractDataset[Any, Any], exc: Exception
) -> DatasetError:
    return DatasetError(f"Failed during exists check for dataset {dataset!s}.\n{exc!s}")


def _config_of_cached(dataset: Any) -> dict[str, Any]:
    if isinstance(dataset, AbstractDataset):
        return dataset._init_config()
    return dict(dataset) if isinstance(dataset, dict) else {}


def _must_implement(dataset: AbstractDataset[Any, Any], method: str) -> str:
    return (
        f"'{type(dataset).__name__}' is a subclass of AbstractDataset and "
        f"it must implement the '{method}' method"
    )


def _format_value(value: Any) -> str:
    return pprint.pformat(
        _redact_repr_value(value),
        sort_dicts=False,
        compact=True,
        depth=2,
        width=sys.maxsize,
    )


def _explain_failed_construction(name: str, class_obj: type, exc: Exception) -> str:
    path = f"{class_obj.__module__}.{class_obj.__qualname__}"
    if not isinstance(exc, TypeError):
        return f"Failed to instantiate dataset '{name}' of type '{path}'."
    if isabstract(class_obj):
        return (
            f"Dataset '{name}' cannot be instantiated. Please implement the missing "
            f"abstract methods in '{path}'."
        )
    return (
        f"Dataset '{name}' must only contain arguments valid for the constructor of "
        f"'{path}'."
    )


def parse_dataset_definition(
    config: dict[str, Any],
    load_version: str | None = None,
    save_version: str | None = None,
) -> tuple[type[AbstractDataset[Any, Any]], dict[str, Any]]:
    """Find the class of a dataset, and the arguments to make it with.

    Args:
        config: What the catalog says of the dataset; stays as it is. Its ``type`` is a
            class or the path of one, which may be relative to ``kedro.io`` or
            ``kedro_datasets``.
        load_version: Version to load, for versioned datasets.
        save_version: Version to save, for versioned datasets; the time where not
            given.

    Returns:
        The class, and its arguments by name.

    Raises:
        DatasetError: If the class cannot be found or is no dataset's.

    Example:
        ```python
        parse_dataset_definition({"type": "MemoryDataset", "data": 1})
        # (kedro.io.memory_dataset.MemoryDataset, {"data": 1})
        ```
    """
    save_version = save_version or generate_timestamp()
    arguments = copy.deepcopy(config)
    class_obj = arguments.pop(TYPE_KEY)
    if VALIDATOR_KEY in arguments:
        del arguments[VALIDATOR_KEY]
        _LOGGER.warning(
            "'%s' attribute removed from dataset configuration since it is handled by "
            "the DataCatalog and cannot be passed to the dataset constructor.",
            VALIDATOR_KEY,
        )
    if isinstance(class_obj, str):
        class_obj = _find_class(class_obj)
    if not issubclass(class_obj, AbstractDataset):
        raise DatasetError(
            f"Dataset type '{class_obj.__module__}.{class_obj.__qualname__}' "
            f"is invalid: all dataset types must extend 'AbstractDataset'."
        )
    if VERSION_KEY in arguments:
        del arguments[VERSION_KEY]
        _LOGGER.warning(
            "'%s' attribute removed from dataset configuration since it is a reserved "
            "word and cannot be directly specified",
            VERSION_KEY,
        )
    versioned = arguments.pop(VERSIONED_FLAG_KEY, False)
    if versioned or getattr(class_obj, VERSIONED_FLAG_KEY, False):
        arguments[VERSION_KEY] = Version(load_version, save_version)
    return class_obj, arguments


def _find_class(path: str) -> Any:
    if path.endswith("Set"):
        warnings.warn(
            "Since kedro-datasets 2.0, 'Dataset' is spelled with a lowercase 's'. "
            f"Got '{path}'.",
            UserWarning,
            stacklevel=2,
        )
    if path != path.strip("."):
        raise DatasetError(
            "'type' class path does not support relative paths or paths ending with a "
            "dot."
        )
    problem = None
    for package in _DEFAULT_PACKAGES:
        class_obj, problem = _load_obj(package + path)
        if class_obj is not None:
            return class_obj
    problem = problem or f"Class '{path}' not found, is this a typo?"
    raise DatasetError(f"{problem}{_KEDRO_DATASETS_HINT}")


def _load_obj(class_path: str) -> tuple[Any | None, str | None]:
    """Import a class by its full path.

    Returns:
        The class and ``None``, or ``None`` and why it cannot be imported.

    Raises:
        DatasetError: If its module offers the class, and cannot import it: then
            something is not installed, and other paths need not be tried.
    """
    module, _, class_name = class_path.rpartition(".")
    try:
        return load_obj(class_path), None
    except ValueError as exc:
        return None, (
            f"{exc}. Invalid dataset path: '{class_path}'. "
            "Please check if it's correct."
        )
    except AttributeError as exc:
        if class_name in _offered_names(module):
            raise DatasetError(
                f"{exc}. Please see the documentation on how to install relevant "
                f"dependencies for {class_path}:\n{_INSTALL_GUIDE}"
            ) from exc
        return None, (
            f"Dataset '{class_name}' not found in '{module}'. "
            "Make sure the dataset name is correct."
        )
    except ModuleNotFoundError as exc:
        return None, (
            f"{exc}. Please install the missing dependencies for {class_path}:\n"
            f"{_INSTALL_GUIDE}"
        )


def _offered_names(module: str) -> list[str]:
    try:
        return load_obj(f"{module}.__all__") or []
    except (ModuleNotFoundError, AttributeError, ValueError):
        return []


def _local_exists(filepath: str) -> bool:
    return Path(filepath).exists()


class AbstractVersionedDataset(AbstractDataset[_DI, _DO], abc.ABC):
    """The base class of datasets that keep what was saved before.

    Each save goes to a path of its own, which a subclass asks for with
    ``_get_save_path``; ``_get_load_path`` gives the one to load. Both look for the
    version only once, until the next save or ``release``.

    Args:
        filepath: Where the data is; the folder of its versions if there are any.
        version: Versions to load and to save; ``None`` for a dataset without versions.
        exists_function: Tells whether there is something at a path; looks at local
            files where not given.
        glob_function: Finds the paths that match a pattern; likewise.

    Example:
        ```python
        from pathlib import Path, PurePosixPath

        from kedro.io import AbstractVersionedDataset
        from kedro.io.core import Version


        class NoteDataset(AbstractVersionedDataset[str, str]):
            def __init__(self, filepath: str, version: Version | None = None) -> None:
                super().__init__(PurePosixPath(filepath), version)

            def load(self) -> str:
                return Path(self._get_load_path()).read_text()

            def save(self, data: str) -> None:
                path = Path(self._get_save_path())
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(data)

            def _exists(self) -> bool:
                return Path(self._get_load_path()).exists()

            def _describe(self) -> dict[str, object]:
                return {"filepath": self._filepath, "version": self._version}
        ```

        ```yaml
        # catalog.yml
        diary:
          type: my_package.datasets.NoteDataset
          filepath: data/diary.txt
          versioned: true
        ```
    """

    def __init__(
        self,
        filepath: PurePosixPath,
        version: Version | None,
        exists_function: Callable[[str], bool] | None = None,
        glob_function: Callable[[str], list[str]] | None = None,
    ) -> None:
        self._filepath = filepath
        self._version = version
        self._exists_function = exists_function or _local_exists
        self._glob_function = glob_function or iglob
        # Storage is asked for the latest version once for all loads of a run.
        self._cached_load_version: str | None = None
        self._cached_save_version: str | None = None

    def resolve_load_version(self) -> str | None:
        """The version that is loaded; ``None`` if the dataset has no versions.

        Raises:
            VersionNotFoundError: If it is the latest, and there is none.
        """
        if not self._version:
            return None
        return self._version.load or self._fetch_latest_load_version()

    def resolve_save_version(self) -> str | None:
        """The version that is saved; ``None`` if the dataset has no versions."""
        if not self._version:
            return None
        return self._version.save or self._fetch_latest_save_version()

    def list_versions(self, full_path: bool = True) -> list[str]:
        """All versions that were saved, the latest first.

        Args:
            full_path: Whether to give the path of each, or just its name.

        Raises:
            VersionNotFoundError: If the folder cannot be looked into.

        Example:
            ```python
            dataset.list_versions(full_path=False)
            # ["2026-01-02T09.00.00.000Z", "2026-01-01T09.00.00.000Z"]
            ```
        """
        paths = self._get_versions()
        if full_path:
            return paths
        return [self._get_version_from_path(path) for path in paths]

    def exists(self) -> bool:
        """Whether there is a version to load.

        Raises:
            DatasetError: If that cannot be found out.
        """
        _log_existence_check(self)
        try:
            return self._exists()
        except VersionNotFoundError:
            return False
        except Exception as exc:
            raise _existence_error(self, exc) from exc

    @classmethod
    def _save_wrapper(
        cls, save_func: Callable[[Self, _DI], None]
    ) -> Callable[[Self, _DI], None]:
        """Let each save find its version, and tell if another one would be loaded."""
        save_as_unversioned = super()._save_wrapper(save_func)

        @wraps(save_func)
        def save(self: Self, data: _DI) -> None:
            self._clear_version_cache()
            save_version = self.resolve_save_version()
            try:
                save_as_unversioned(self, data)
            except (FileNotFoundError, NotADirectoryError) as exc:
                raise DatasetError(_explain_file_in_the_way(self._filepath)) from exc
            load_version = self.resolve_load_version()
            if load_version != save_version:
                warnings.warn(
                    _CONSISTENCY_WARNING.format(save_version, load_version, str(self)),
                    stacklevel=1,
                )
                self._clear_version_cache()

        return save

    def _release(self) -> None:
        super()._release()
        self._clear_version_cache()

    def _clear_version_cache(self) -> None:
        self._cached_load_version = None
        self._cached_save_version = None

    def _fetch_latest_load_version(self) -> str:
        if self._cached_load_version is None:
            latest = next(iter(self._get_versions()), None)
            if not latest:
                raise VersionNotFoundError(f"Did not find any versions for {self}")
            self._cached_load_version = PurePath(latest).parent.name
        return self._cached_load_version

    def _fetch_latest_save_version(self) -> str:
        if self._cached_save_version is None:
            self._cached_save_version = generate_timestamp()
        return self._cached_save_version

    def _get_versions(self) -> list[str]:
        """Paths of all versions, the latest first."""
        pattern = str(self._get_versioned_path("*"))
        try:
            paths = sorted(self._glob_function(pattern), reverse=True)
        except Exception as exc:
            raise VersionNotFoundError(
                f"Did not find any versions for {self}. This could be due to "
                f"insufficient permission. Exception: {exc}"
            ) from exc
        return [path for path in paths if self._exists_function(path)]

    def _get_load_path(self) -> PurePosixPath:
        """The path to load from."""
        if not self._version:
            return self._filepath
        version: Any = self.resolve_load_version()
        return self._get_versioned_path(version)

    def _get_save_path(self) -> PurePosixPath:
        """The path to save to.

        Raises:
            DatasetError: If the version was saved before.
        """
        if not self._version:
            return self._filepath
        version: Any = self.resolve_save_version()
        path = self._get_versioned_path(version)
        if self._exists_function(str(path)):
            raise DatasetError(
                f"Save path '{_redact_url_credentials(str(path))}' for {self!s} must "
                "not exist if versioning is enabled."
            )
        return path

    def _get_versioned_path(self, version: str) -> PurePosixPath:
        if _is_unsafe_version(version):
            raise DatasetError(
                f"Version string '{version}' is not allowed. Version strings must be "
                "a single non-empty path component with no path separators ('/' or "
                "'\\') and must not be '.' or '..'."
            )
        return self._filepath / version / self._filepath.name

    def _get_version_from_path(self, path: str) -> str:
        return PurePath(path).parent.name


def _explain_file_in_the_way(filepath: PurePosixPath) -> str:
    name = _redact_url_credentials(filepath.name)
    folder = _redact_url_credentials(filepath.parent.as_posix())
    path = _redact_url_credentials(filepath.as_posix())
    return (
        f"Cannot save versioned dataset '{name}' to '{folder}' because a file with the "
        "same name already exists in the directory. This is likely because versioning "
        "was enabled on a dataset already saved previously. Either remove "
        f"'{name}' from the directory or manually convert it into a versioned dataset "
        "by placing it in a versioned directory (e.g. with default versioning format "
        f"'{path}/YYYY-MM-DDThh.mm.ss.sssZ/{name}')."
    )


def is_parameter(dataset_name: str) -> bool:
    """Whether a dataset's name is that of parameters.

    Args:
        dataset_name: Name of the dataset.

    Example:
        ```python
        is_parameter("params:alpha")  # True
        ```
    """
    return dataset_name == "parameters" or dataset_name.startswith("params:")
