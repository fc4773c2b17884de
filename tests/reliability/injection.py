"""Exceptions that come at a chosen moment: the n-th at which one can come at all.

CPython looks for signals where a function begins, after each call and at each turn of
a loop, and nowhere else (``CHECK_EVAL_BREAKER`` in its ``ceval.c``). Memory runs out
there, too: a call needs a frame, and what is called allocates. So these are the
moments, as the bytecode tells them, counted by ``sys.settrace``.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import kedro.framework.session

PACKAGE = str(Path(kedro.framework.session.__file__).parents[2])
# What ``__exit__`` is called with.
_NOTHING_RAISED = (None, None, None)
_LOOPS = ("JUMP_BACKWARD", "JUMP_ABSOLUTE")


@cache
def _moments(code: CodeType) -> frozenset[int]:
    """Offsets of the instructions before which an exception can come from outside.

    What follows a call may be outside of the ``try`` block that the call is in. Then it
    has to come before the call, for the block to notice it. The call that ends a
    ``with`` block is made whatever comes: nothing can come before it.
    """
    bytecode = dis.Bytecode(code)
    found = set()
    ends_with = 0
    for instruction, following in pairwise(bytecode):
        name, offset = instruction.opname, instruction.offset
        if name in _LOOPS:
            found.add(offset)
        elif name.startswith("CALL") and "INTRINSIC" not in name:
            same = _handler(bytecode, offset) == _handler(bytecode, following.offset)
            is_after = same or ends_with == len(_NOTHING_RAISED)
            found.add(following.offset if is_after else offset)
        if name != "PRECALL":
            is_none = name == "LOAD_CONST" and instruction.argval is None
            ends_with = ends_with + 1 if is_none else 0
    return frozenset(found)


def _handler(bytecode: dis.Bytecode, offset: int) -> int | None:
    # Before Python 3.11 leaving a block takes an instruction, which is inside of it.
    entries = getattr(bytecode, "exception_entries", ())
    targets = (entry.target for entry in entries if entry.start <= offset < entry.end)
    return next(targets, None)


class Injection:
    """Raises an exception at one moment of what the main thread does in a package.

    Args:
        error: The exception's class.
        number: The moment, counted from 0; ``None`` for none, just to count them.
        folder: Only moments in code below this folder count.
        function: Only moments in functions of this name count; in all where not given.

    Attributes:
        moments: How many there were so far.
        place: File and line where the exception was raised.
    """

    def __init__(
        self,
        error: type[BaseException],
        number: int | None = None,
        folder: str = PACKAGE,
        function: str | None = None,
    ) -> None:
        self._error = error
        self._number = number
        self._folder = folder
        self._function = function
        self.moments = 0
        self.place = ""

    def during(self, call: Callable[[], Any]) -> Any:
        """Call something, with the exception in it."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return call()
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(self._folder):
            return None
        if self._function not in (None, code.co_name):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self._come(frame)
        return self._step

    def _step(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "opcode" and frame.f_lasti in _moments(frame.f_code):
            self._come(frame)
        return self._step

    def _come(self, frame: FrameType) -> None:
        self.moments += 1
        if self.moments - 1 == self._number:
            file = Path(frame.f_code.co_filename)
            self.place = f"{file.name}:{frame.f_lineno} {frame.f_code.co_name}"
            self._happen()

    def _happen(self) -> None:
        raise self._error(f"at moment {self._number}: {self.place}")
