"""What a session keeps on record about itself."""

from __future__ import annotations

import logging
from collections import UserDict
from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Any

_finding = RLock()


# Upstream's class is no more generic than this one.
class BaseSessionStore(UserDict):  # type: ignore[type-arg]
    """Facts about a session, by name; kept as long as the session is.

    Other stores inherit from this one to read and save them elsewhere.

    Args:
        path: Where stores that save do that.
        session_id: The session.
    """

    _later: Mapping[str, Callable[[], Mapping[str, Any]]] = {}

    def __init__(self, path: str, session_id: str) -> None:
        self._path = path
        self._session_id = session_id
        super().__init__(self.read())

    @property
    def data(self) -> dict[str, Any]:
        """All facts."""
        if self._later:
            with _finding:
                for find in dict.fromkeys(self._later.values()):
                    self.__dict__["data"].update(find())
                self._later = {}
        return self.__dict__["data"]  # type: ignore[no-any-return]

    @data.setter
    def data(self, facts: dict[str, Any]) -> None:
        # Where `UserDict` has it, which copies what is there.
        self.__dict__["data"] = facts

    def read(self) -> dict[str, Any]:
        """The facts to begin with."""
        self._debug("read", "Assuming empty store.")
        return {}

    def save(self) -> None:
        """Keep the facts for longer than the session."""
        self._debug("save", "Skipping the step.")

    def find_later(
        self, names: Iterable[str], find: Callable[[], Mapping[str, Any]]
    ) -> None:
        """Add facts that take time to find, when somebody wants to see them.

        Args:
            names: What the facts are called.
            find: Returns those of them that there are.
        """
        self._later = {**self._later, **dict.fromkeys(names, find)}

    def __getitem__(self, name: str) -> Any:
        return (self.data if name in self._later else self.__dict__["data"])[name]

    def __setitem__(self, name: str, value: Any) -> None:
        (self.data if name in self._later else self.__dict__["data"])[name] = value

    def __contains__(self, name: object) -> bool:
        return name in (self.data if name in self._later else self.__dict__["data"])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "data": self.data, "_later": {}}

    @property
    def _logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    def _debug(self, method: str, consequence: str) -> None:
        self._logger.debug(
            "'%s()' not implemented for '%s'. %s",
            method,
            type(self).__name__,
            consequence,
        )
