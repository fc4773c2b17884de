"""What the steps of one scenario share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from kedro.framework.session import KedroSession, RunResult
from kedro.framework.startup import bootstrap_project
from support.file_reads import FileReads
from support.project import Project
from support.witness import Pause, Witness


class World:
    """The shop of one scenario.

    Args:
        root: Folder of the project.
        file_reads: How often files are read.

    Attributes:
        results: What runs returned, in the order in which they ended.
        errors: What overlapping runs have raised, by run id.
        error: What the last call that was tried has raised.
        arguments: What the last run was given.
        timestamp: A timestamp of kedro's.
        command: The last command that was called.
    """

    def __init__(self, root: Path, file_reads: FileReads) -> None:
        self.project = Project(root)
        self.file_reads = file_reads
        self.witness = Witness()
        self.results: list[RunResult] = []
        self.errors: dict[str, BaseException | None] = {}
        self.error: BaseException | None = None
        self.arguments: dict[str, Any] = {}
        self.timestamp = ""
        self.command: CompletedProcess[str] | None = None
        self._session: KedroSession | None = None
        self._threads = ThreadPoolExecutor(max_workers=16)
        self._pauses: dict[str, Pause] = {}
        self._paused: dict[str, Future[RunResult]] = {}

    @property
    def session(self) -> KedroSession:
        """The session of the scenario."""
        assert self._session, "The scenario has created no session."
        return self._session

    def open_session(self, **arguments: Any) -> None:
        """Create the session, and have the witness look on."""
        bootstrap_project(self.project.root)
        self._session = KedroSession.create(self.project.root, **arguments)
        self._session.hook_manager.register(self.witness)

    def run(self, pipeline: str, **arguments: Any) -> RunResult:
        """Run a pipeline, and keep the result."""
        self.arguments = arguments
        result = self.session.run(pipeline_names=[pipeline], **arguments)
        self.results.append(result)
        return result

    def forget_runs(self) -> None:
        """Keep neither what runs were given nor what they returned."""
        self.arguments = {}
        self.results.clear()

    def attempt(self, call: Callable[[], object]) -> None:
        """Call something that may fail, and keep the error."""
        self.error = None
        try:
            call()
        # An interrupted run raises what is no `Exception`.
        except BaseException as error:
            self.error = error

    def overlap(
        self, pipeline: str, requests: list[dict[str, Any]]
    ) -> list[Future[RunResult]]:
        """Run a pipeline in one thread for each request, all under way at once."""
        self.witness.overlap(len(requests))
        runs = [
            self._threads.submit(self.run, pipeline, **request) for request in requests
        ]
        wait(runs)
        return runs

    def begin(self, pipeline: str, run_id: str) -> None:
        """Have a run under way whose first node has not begun yet."""
        pause = self._pauses[run_id] = Pause()
        self.witness.waits.append(pause)
        run = self._threads.submit(self.run, pipeline, run_id=run_id)
        self._paused[run_id] = run
        while not pause.reached.wait(0.01):
            if run.done():
                run.result()

    def go_on(self, run_id: str) -> None:
        """Let a run that is under way end."""
        self._pauses.pop(run_id).over.set()
        self._paused.pop(run_id).result()

    def result(self, run_id: str | None = None) -> RunResult:
        """What a run returned; the last one where not named."""
        if run_id is None:
            return self.results[-1]
        (result,) = (found for found in self.results if found.run_id == run_id)
        return result

    def end(self) -> None:
        """Let go of everything."""
        for pause in self._pauses.values():
            pause.over.set()
        self._threads.shutdown()
        if self._session:
            self._session.close()
