"""Threads that know the run they work for."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class ContextThreadPoolExecutor(ThreadPoolExecutor):
    """A thread pool whose tasks see the context variables of who submits them.

    Once it is shut down, no task is under way or begins any more. Python's own does not
    know of a thread of which the start was interrupted, and so does not wait for it.
    """

    def __init__(self, max_workers: int | None = None) -> None:
        super().__init__(max_workers)
        self._under_way: set[Any] = set()
        self._is_over = False

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        """Have ``fn(*args, **kwargs)`` called in a copy of the current context."""
        return super().submit(copy_context().run, self._work, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let no task begin any more, and wait for those that are under way."""
        try:
            super().shutdown(wait, cancel_futures=cancel_futures)
        finally:
            self._is_over = wait
        for task in list(self._under_way) if wait else ():
            with task:
                pass

    def _work(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        task = Lock()
        with task:
            # In this order: either it is seen here, or the task is waited for.
            self._under_way.add(task)
            try:
                if self._is_over:
                    raise CancelledError
                return fn(*args, **kwargs)
            finally:
                self._under_way.discard(task)
