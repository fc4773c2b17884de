"""What code inside a run can know about the run."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class RunContext:
    """The run that code is executed by.

    Attributes:
        run_id: Identifier of the run.
        session_id: Identifier of the session that it belongs to.
        runtime_params: All runtime parameters of the run.
        pipeline_names: The pipelines that were asked for.
    """

    run_id: str
    session_id: str
    runtime_params: dict[str, Any]
    pipeline_names: tuple[str, ...]


_current: ContextVar[RunContext | None] = ContextVar("kedro_current_run", default=None)


def current_run() -> RunContext | None:
    """The run that the calling code is executed by.

    Works in nodes, hooks and datasets.

    Returns:
        The innermost active run, or ``None`` outside of one.

    Example:
        ```python
        from kedro.framework.session import current_run


        def tag(orders):
            return orders.assign(run_id=current_run().run_id)
        ```
    """
    return _current.get()


@contextmanager
def running(run: RunContext) -> Iterator[RunContext]:
    """Make ``run`` the current one inside the ``with`` block."""
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)
