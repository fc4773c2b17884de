"""Pages of documentation, whose code blocks are executed as their readers would."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Any

from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
_FILE = re.compile(r"# ((?:[\w.-]+/)+[\w.-]+|[\w-]+\.\w+)\n")
_SERVERS = ("uvicorn ", "streamlit run ")
_ADDRESS = "127.0.0.1:8000"
_MATCHES = ELLIPSIS | NORMALIZE_WHITESPACE


class Page:
    """A page, and the copy of the repository in which its blocks are executed.

    - A block whose first line is a comment with a path is written to that file.
    - ``python`` blocks share one namespace, ``ipython`` blocks one kernel.
    - ``bash`` blocks are run by a shell. So are the lines of ``console`` blocks that
      begin with ``$``; the servers that they start are stopped at the end. ``make``
      only says what it would do.
    - A ``text`` block is what the block before it prints. An error that is not shown
      in such a block makes the page fail.

    Args:
        path: Of the page, in the repository.
        folder: For the copy.
        open_notebook: Starts a kernel in a folder.
    """

    def __init__(
        self, path: Path, folder: Path, open_notebook: Callable[..., Any]
    ) -> None:
        self.folder = folder
        copy_of_repository(folder)
        # Readers of an example are in its folder, and all others in the root.
        inside = path.parent if path.is_relative_to(ROOT / "examples") else ROOT
        self.cwd = folder / inside.relative_to(ROOT)
        evaluators = {
            "python": self._python,
            "yaml": self._file,
            "toml": self._file,
            "ipython": self._ipython,
            "bash": self._bash,
            "console": self._console,
            "text": self._text,
        }
        parsers = [CodeBlockParser(*pair) for pair in evaluators.items()]
        self.document = Document.parse(str(path), *parsers)
        self.namespace: dict[str, Any] = self.document.namespace
        self._run_python = PythonEvaluator()
        self._open_notebook = open_notebook
        self._kernel: Any = None
        self._servers: list[subprocess.Popen[str]] = []
        self._port = free_port()
        self._printed = ""
        self._error: Exception | None = None

    def execute(self) -> None:
        try:
            for example in self.document.examples():
                example.evaluate()
            self._raise_what_is_not_shown()
        finally:
            for server in self._servers:
                server.terminate()
                server.communicate(timeout=SECONDS)

    def _python(self, example: Example) -> None:
        if self._write(example):
            return
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                self._run_python(example)
            except Exception as error:
                self._error = error
        self._printed = printed.getvalue()
        if self._error:
            self._printed += f"{type(self._error).__name__}: {self._error}"

    def _ipython(self, example: Example) -> None:
        if self._kernel is None:
            self._kernel = self._open_notebook(self.cwd)
        shown = self._kernel(example.parsed)
        self._printed = shown.printed + shown.text

    def _file(self, example: Example) -> None:
        named = self._write(example)
        assert named, f"line {example.line} does not begin with the path of a file"

    def _write(self, example: Example) -> bool:
        self._raise_what_is_not_shown()
        named = _FILE.match(example.parsed)
        if named is None:
            return False
        file = (self.folder / named[1]).resolve()
        # Not through a link, into the repository itself.
        assert file.is_relative_to(self.folder), file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(example.parsed[named.end() :])
        return True

    def _bash(self, example: Example) -> None:
        self._raise_what_is_not_shown()
        self._printed = self._shell(str(example.parsed))

    def _console(self, example: Example) -> None:
        self._raise_what_is_not_shown()
        for line in example.parsed.splitlines():
            prompt, _, command = line.partition(" ")
            assert prompt == "$", f"line {example.line}: {line}"
            if any(server in command for server in _SERVERS):
                self._serve(command)
            else:
                self._printed = self._shell(command)

    def _shell(self, command: str) -> str:
        command = command.replace(_ADDRESS, f"127.0.0.1:{self._port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.cwd,
            env=self._environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _serve(self, command: str) -> None:
        server = subprocess.Popen(
            f"exec {command}",
            shell=True,
            cwd=self.cwd,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._servers.append(server)
        wait_until_served(self._port, server)

    def _environment(self) -> dict[str, str]:
        commands = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "DO_NOT_TRACK": "1",
            # What is logged is left out of the pages.
            "KEDRO_LOGGING_CONFIG": str(
                ROOT / "examples" / "model-serving" / "conf" / "serving_logging.yml"
            ),
            "MAKEFLAGS": "n",
            "UVICORN_PORT": str(self._port),
            "STREAMLIT_SERVER_PORT": str(self._port),
            "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
            "STREAMLIT_SERVER_HEADLESS": "true",
        }

    def _text(self, example: Example) -> str | None:
        printed, self._printed, self._error = self._printed, "", None
        if OutputChecker().check_output(example.parsed, printed, _MATCHES):
            return None
        return f"The page shows:\n{example.parsed}\nThis is what came:\n{printed}"

    def _raise_what_is_not_shown(self) -> None:
        if self._error:
            raise self._error


def copy_of_repository(folder: Path) -> None:
    """Copy the examples, for pages to write to, and link to all else."""
    ignored = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=ignored)
    for path in ROOT.iterdir():
        if path.name != "examples":
            (folder / path.name).symlink_to(path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def wait_until_served(port: int, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    server.kill()
    raise AssertionError(f"The server does not answer:\n{server.communicate()[0]}")
