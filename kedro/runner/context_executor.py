"""Threads that know the run they work for."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class ContextThreadPoolExecutor(ThreadPoolExecutor):
    """A thread pool whose tasks see the context variables of who submits them."""

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        """Have ``fn(*args, **kwargs)`` called in a copy of the current context."""
        return super().submit(copy_context().run, fn, *args, **kwargs)
