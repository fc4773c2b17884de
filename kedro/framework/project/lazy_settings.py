"""The project's settings, read by Dynaconf when somebody needs Dynaconf for them."""

from __future__ import annotations

from collections.abc import Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any

from .settings_file import SETTINGS, default, plain_values

if TYPE_CHECKING:
    from .dynaconf_settings import _ProjectSettings

_OWN = frozenset({"_dynaconf", "_lock", "_module", "_plain"})
# Dynaconf hands these over as they are; containers become containers of its own.
_UNCHANGED = (str, bool, type)


class LazyProjectSettings:
    """Stands for the ``_ProjectSettings`` of the configured project.

    What Dynaconf would neither change nor find elsewhere comes straight from
    ``settings.py``. Anything else that is done to this object is done to the
    ``_ProjectSettings``, which is made then, and has the say from then on.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._dynaconf: _ProjectSettings | None = None
        self._module: str | None = None
        self._plain: dict[str, Any] | None = None

    def configure(self, settings_module: str | None = None, **kwargs: Any) -> None:
        """Read the settings of a project, and forget those of another one.

        Args:
            settings_module: Full name of the module that has them.
            **kwargs: Options for Dynaconf.

        Raises:
            Exception: What importing the module raised, or what is wrong with a
                setting.
        """
        with self._lock:
            plain = dynaconf = None
            if settings_module and not kwargs:
                plain = plain_values(settings_module)
            if plain is None:
                # What is there stays if that fails.
                dynaconf = _read(settings_module, **kwargs)
            self._module, self._plain, self._dynaconf = settings_module, plain, dynaconf

    def plain(self, name: str) -> Any:
        """The value of a setting, as it is written in ``settings.py`` if possible.

        Args:
            name: Name of the setting.

        Raises:
            AttributeError: If there is no such setting.
        """
        plain = self._plain
        if plain is None or name not in SETTINGS:
            return getattr(self._settings(), name)
        if name not in plain:
            return default(name)
        return plain[name]

    def _settings(self) -> _ProjectSettings:
        settings = self._dynaconf
        if settings is None:
            with self._lock:
                settings = self._dynaconf or _read(self._module)
                self._dynaconf, self._plain = settings, None
        return settings

    # `isinstance` is to hold as if this were the object that it stands for.
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._settings())

    def __getattr__(self, name: str) -> Any:
        if self._plain is not None and name in SETTINGS:
            value = self.plain(name)
            if isinstance(value, _UNCHANGED):
                return value
        return getattr(self._settings(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._settings(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._settings(), name)

    def __getitem__(self, name: str) -> Any:
        return self._settings()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._settings()[name] = value

    def __delitem__(self, name: str) -> None:
        del self._settings()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._settings()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._settings())

    def __len__(self) -> int:
        return len(self._settings())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of a setting, as from ``get``."""
        return self._settings()(*args, **kwargs)

    def __dir__(self) -> list[str]:
        return dir(self._settings())

    def __repr__(self) -> str:
        return repr(self._settings())

    def __str__(self) -> str:
        return str(self._settings())

    def __eq__(self, other: object) -> bool:
        return self is other or self._settings() == other

    def __hash__(self) -> int:
        return hash(self._settings())

    def __reduce__(self) -> Any:
        return self._settings().__reduce__()


class PlainSettings:
    """The settings as Kedro itself reads them, which waits for no Dynaconf.

    Args:
        settings: The settings that everybody else reads.
    """

    def __init__(self, settings: LazyProjectSettings) -> None:
        object.__setattr__(self, "_of", settings)

    def __getattr__(self, name: str) -> Any:
        return self._of.plain(name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._of, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._of, name)


def _read(settings_module: str | None, **options: Any) -> _ProjectSettings:
    from .dynaconf_settings import _ProjectSettings

    settings = _ProjectSettings()
    if settings_module or options:
        settings.configure(settings_module, **options)
    return settings
