"""The arguments that a dataset was made with, by name."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getfullargspec
from typing import Any


class InitArguments:
    """Gives the arguments of a constructor's calls their names.

    The result is that of ``inspect.getcallargs``, in the same order, without the
    instance. That looks at the signature anew for each call, which takes longer than
    to make most datasets.

    Args:
        constructor: The constructor, as a function of the instance and its arguments.

    Example:
        ```python
        named = InitArguments(CSVDataset.__init__)
        named.of_call(dataset, (), {"filepath": "a.csv"})
        # {"filepath": "a.csv", "load_args": None, ...}
        ```
    """

    def __init__(self, constructor: Callable[..., None]) -> None:
        spec = getfullargspec(constructor)
        defaults = spec.defaults or ()
        optional = spec.args[len(spec.args) - len(defaults) :]
        self._positional = spec.args
        self._keywords = frozenset(spec.args + spec.kwonlyargs)
        self._more_positional = spec.varargs
        self._more_keywords = spec.varkw
        self._defaults = {
            **dict(zip(optional, defaults, strict=True)),
            **(spec.kwonlydefaults or {}),
        }

    def of_call(
        self, instance: object, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """The arguments of a call that the constructor has accepted, with defaults.

        Args:
            instance: What was constructed.
            args: Positional arguments, without the instance.
            kwargs: Arguments by name.
        """
        positional = (instance, *args)
        named = dict(zip(self._positional, positional))  # noqa: B905
        if self._more_positional:
            named[self._more_positional] = positional[len(self._positional) :]
        if self._more_keywords:
            known = self._keywords
            named[self._more_keywords] = {
                name: value for name, value in kwargs.items() if name not in known
            }
            kwargs = {name: value for name, value in kwargs.items() if name in known}
        named.update(kwargs)
        for name, default in self._defaults.items():
            named.setdefault(name, default)
        # Whoever describes or compares the arguments would meet the dataset again.
        named.pop("self", None)
        return named
