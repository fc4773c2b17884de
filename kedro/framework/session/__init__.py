"""Sessions: a Kedro project, open for runs."""

from kedro.runner.run_context import RunContext, current_run

from .abstract_session import AbstractSession, KedroSessionError
from .run_result import RunResult
from .service_session import KedroServiceSession
from .session import KedroSession

__all__ = [
    "AbstractSession",
    "KedroServiceSession",
    "KedroSession",
    "KedroSessionError",
    "RunContext",
    "RunResult",
    "current_run",
]
