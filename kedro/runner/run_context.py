"""What code inside a run can know about the run."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, init=False)
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

    def __init__(
        self,
        run_id: str,
        session_id: str,
        runtime_params: dict[str, Any],
        pipeline_names: tuple[str, ...],
    ) -> None:
        # At once: a frozen class takes longer for each.
        self.__dict__.update(
            run_id=run_id,
            session_id=session_id,
            runtime_params=runtime_params,
            pipeline_names=pipeline_names,
            _owned={},
        )

    def own(self, thing: Any, make: Callable[[Any], Any]) -> Any:
        """What belongs to this run in place of something that runs share.

        Args:
            thing: What is shared.
            make: Makes the run's own of it, the first time.
        """
        owned: dict[int, tuple[Any, Any]] = self.__dict__["_owned"]
        if id(thing) not in owned:
            # With the original next to it, for no other to get the same id.
            owned.setdefault(id(thing), (thing, make(thing)))
        return owned[id(thing)][1]

    def owns(self, thing: Any) -> bool:
        """Whether something was made for this run by ``own``."""
        owned = list(self.__dict__["_owned"].values())
        return any(thing is mine for _, mine in owned)

    def __getstate__(self) -> dict[str, Any]:
        # Another process has hook objects of its own.
        return {**self.__dict__, "_owned": {}}


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


# Nothing of Python's, for an interrupt to come before it or when it is done.
get_current_run, set_current_run = _current.get, _current.set
