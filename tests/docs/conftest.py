"""Pages by their paths, and projects that leave nothing behind in the process."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kedro.framework.project import pipelines, settings
from tests.docs.page import Page
from tests.ipython.conftest import open_notebook

__all__ = ["open_notebook"]


@pytest.fixture
def open_page(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    open_notebook: Callable[..., object],
) -> Iterator[Callable[[Path], Page]]:
    """Open a page in a copy of the repository, which becomes the working folder."""
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # Streamlit sets it when it is imported, and notebooks would plot nowhere.
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    folder = tmp_path / "repository"

    def open_page(path: Path) -> Page:
        page = Page(path, folder, open_notebook)
        monkeypatch.chdir(page.cwd)
        monkeypatch.syspath_prepend(page.cwd)
        # The default would print what is logged between what a block prints.
        logging.disable(logging.ERROR)
        return page

    yield open_page
    logging.disable(logging.NOTSET)
    pipelines.configure()
    settings.configure()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]
    logging.getLogger("kedro").handlers.clear()
