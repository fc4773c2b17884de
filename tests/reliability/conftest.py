"""What the tests of faults have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from kedro.framework.session import KedroSession
from tests.framework.session.conftest import at_once, module_of, open_session
from tests.reliability.footprint import Footprint

__all__ = ["at_once", "module_of", "open_session"]

LeavesNothing = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def leaves_nothing() -> LeavesNothing:
    """Check that what happens in a ``with`` block leaves nothing of it behind.

    Call with the session, and with the files that it may have saved. What counts are
    runs that are active, the current run, locks that are held, threads, open file
    descriptors and files of the project.
    """

    @contextmanager
    def leaves_nothing(session: KedroSession, *saved: str) -> Iterator[None]:
        before = Footprint(session, saved)
        yield
        before.check()

    return leaves_nothing
