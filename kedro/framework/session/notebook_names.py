"""The names that a notebook has for what belongs to a session."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from .session import KedroSession


def follow_reload(session: KedroSession, before: KedroContext | None) -> None:
    """Have a notebook's ``context`` and ``catalog`` be those of a reloaded session.

    A name that stands for anything else by now is left alone.

    Args:
        session: The session, reloaded.
        before: Its context until then.
    """
    # Without the extension nobody has been given these names.
    if before is None or "kedro.ipython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    names = {} if shell is None else shell.user_ns
    catalog = before._catalog
    had_catalog = catalog is not None and names.get("catalog") is catalog
    if names.get("context") is before:
        names["context"] = session.context
    if had_catalog:
        names["catalog"] = session.catalog
