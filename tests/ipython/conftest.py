"""Real IPython kernels, as notebooks have them."""

from __future__ import annotations

import os
import re
from ast import literal_eval
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

SECONDS = 60
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


@dataclass
class Shown:
    """What a cell has brought up."""

    text: str = ""
    html: str = ""
    printed: str = ""
    error: str = ""
    next_cell: str = ""
    messages: list[str] = field(default_factory=list)


class Notebook:
    """Cells that are executed by one kernel, one after the other."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client

    def __call__(self, cell: str) -> Shown:
        """Execute a cell, which must not fail."""
        shown = self.attempt(cell)
        assert not shown.error, shown.error
        return shown

    def attempt(self, cell: str) -> Shown:
        return self.wait(self.start(cell))

    def value(self, expression: str) -> Any:
        """What an expression of plain Python values evaluates to."""
        return literal_eval(self(f"print(repr(({expression})))").printed)

    def start(self, cell: str) -> str:
        return self.client.execute(cell)

    def wait(self, cell_id: str) -> Shown:
        shown = Shown()
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != cell_id:
                continue
            content = message["content"]
            if content.get("execution_state") == "idle":
                break
            _note(shown, message["msg_type"], content)
        while True:
            reply = self.client.get_shell_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == cell_id:
                break
        for payload in reply["content"].get("payload", ()):
            shown.next_cell += payload.get("text", "")
        if reply["content"]["status"] == "error":
            shown.error = f"{reply['content']['ename']}: {reply['content']['evalue']}"
        return shown

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()


def _note(shown: Shown, kind: str, content: dict[str, Any]) -> None:
    if kind == "execute_result":
        shown.text = _COLOURS.sub("", content["data"]["text/plain"])
        shown.html = content["data"].get("text/html", "")
    elif kind == "stream":
        shown.printed += content["text"]
    elif kind == "display_data":
        shown.messages.append(_COLOURS.sub("", content["data"]["text/plain"]))


@pytest.fixture
def open_notebook(tmp_path: Path) -> Iterator[Callable[..., Notebook]]:
    """Start a kernel in a folder, with additions to its environment."""
    opened: list[Notebook] = []

    def start(folder: Path, **environment: str) -> Notebook:
        # Neither the user's own profile nor one kernel's history is to reach another.
        own = {"IPYTHONDIR": str(tmp_path / "ipython"), "DO_NOT_TRACK": "1"}
        manager, client = start_new_kernel(
            startup_timeout=SECONDS,
            cwd=str(folder),
            env={**os.environ, **own, **environment},
        )
        opened.append(Notebook(manager, client))
        return opened[-1]

    yield start
    for notebook in opened:
        notebook.client.stop_channels()
        notebook.manager.shutdown_kernel(now=True)
