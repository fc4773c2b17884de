"""Logging with rich: what Kedro's default logging configuration uses."""

from __future__ import annotations

import builtins
import copy
import logging
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from logging import LogRecord
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any
from weakref import WeakSet

import rich.logging

from kedro.utils import _format_rich, _is_databricks

_TRACEBACKS = "tracebacks_"


class RichHandler(rich.logging.RichHandler):
    """Logs with rich, and has rich show what Python itself prints.

    Markup in messages is on unless said otherwise. Warnings are logged, values at the
    prompt are shown by rich, and so are tracebacks where ``rich_tracebacks`` is set,
    with the options for tracebacks that the handler was given.

    Args:
        *args: As ``rich.logging.RichHandler`` has them.
        **kwargs: Likewise.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"markup": True, **kwargs})
        _handlers.add(self)
        logging.captureWarnings(True)
        _use_rich("displayhook", _install_pretty)
        # On Databricks they do not come out right (Textualize/rich#2455).
        if self.rich_tracebacks and not _is_databricks():
            _use_rich("excepthook", partial(_install_traceback, kwargs))

    def emit(self, record: LogRecord) -> None:
        """Log a message, with those of its arguments in colour that ask for it.

        Args:
            record: What is logged. ``rich_format``, if it has that, lists markup for
                its first arguments.

        Raises:
            TypeError: If ``rich_format`` is anything else.
        """
        if not record.args or not hasattr(record, "rich_format"):
            return super().emit(record)
        markup = record.rich_format
        if not markup or not isinstance(markup, list):
            raise TypeError("rich_format only accept non-empty list as an argument")
        arguments = list(record.args)
        for number, colour in enumerate(markup):
            arguments[number] = _format_rich(str(arguments[number]), colour)
        # Other handlers get the same record.
        record = copy.copy(record)
        record.args = tuple(arguments)
        return super().emit(record)


_handlers: WeakSet[RichHandler] = WeakSet()


def _unlock_consoles() -> None:
    """Have a forked process log, whatever other threads were doing when it was made.

    Python does this for the locks of logging itself. One of them may have been just
    printing: the lock of its console would stay taken for ever.
    """
    for handler in _handlers:
        handler.console._lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_consoles)


def _use_rich(hook: str, install: Callable[[], Any]) -> None:
    """Have rich take over one of the hooks of ``sys``, not before it is called.

    What rich shows tracebacks with takes as long to import as rich itself, and most
    processes end without one.
    """
    if hasattr(builtins, "get_ipython"):
        # There rich installs itself in several places.
        install()
        return

    def call(*args: Any) -> None:
        current = getattr(sys, hook)
        install()
        by_rich = getattr(sys, hook)
        if current is not call:
            # Somebody has put another one over this one.
            setattr(sys, hook, current)
        by_rich(*args)

    setattr(sys, hook, call)


def _install_pretty() -> None:
    from rich import pretty

    pretty.install()


def _install_traceback(handler_options: Mapping[str, Any]) -> None:
    import click
    from rich import traceback

    options = {
        key.removeprefix(_TRACEBACKS): value
        for key, value in handler_options.items()
        if key.startswith(_TRACEBACKS)
    }
    # Frames of the command line and of what starts it tell users nothing.
    suppressed: list[str | ModuleType] = [click, str(Path(sys.executable).parent)]
    options["suppress"] = [*suppressed, *options.get("suppress", ())]
    traceback.install(**options)
