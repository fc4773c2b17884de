"""Logging with rich, in forked processes too."""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
import threading

from rich.console import Console

from kedro.logging import RichHandler


def test_a_process_that_is_forked_while_another_thread_logs_can_log():
    logging_now, go_on = threading.Event(), threading.Event()
    parent = os.getpid()

    class Terminal(io.StringIO):
        def write(self, text: str) -> int:
            if os.getpid() == parent:
                logging_now.set()
                assert go_on.wait(60)
            return super().write(text)

    logger = logging.getLogger("forked-while-logging")
    logger.propagate = False
    handler = RichHandler(console=Console(file=Terminal()))
    logger.addHandler(handler)
    thread = threading.Thread(target=logger.error, args=("from the parent",))
    thread.start()
    try:
        assert logging_now.wait(60)
        forked = multiprocessing.get_context("fork").Process(
            target=logger.error, args=("from the child",)
        )
        forked.start()
        forked.join(20)
        exit_code = forked.exitcode
        forked.kill()
        forked.join()
    finally:
        go_on.set()
        thread.join()
        logger.removeHandler(handler)
    assert exit_code == 0
