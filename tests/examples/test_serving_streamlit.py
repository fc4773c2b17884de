"""The Streamlit example, used as visitors do, and behind its real server."""

from __future__ import annotations

import configparser
import gc
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pandas as pd
import pytest

from kedro.framework.project import pipelines, settings
from kedro.framework.session import KedroSession

# Importing it changes the environment of a process, and of all that it starts.
if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

PLAN = pd.DataFrame({"years": [10, 15], "monthly": [150.0, 300.0]})
SECONDS = 60


@pytest.fixture(scope="module")
def project(copy_example, kedro_run):
    project = copy_example("serving-streamlit")
    kedro_run(project)
    return project


@pytest.fixture
def open_app(project, monkeypatch):
    """Open the app as a new visitor; all of a test's visitors share its session."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    # What Streamlit sets for the whole process is taken back here.
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    def open_app() -> AppTest:
        app = AppTest.from_file(project / "app.py", default_timeout=SECONDS).run()
        assert not app.exception
        return app

    yield open_app
    st.cache_resource.clear()
    pipelines.configure()
    settings.configure()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(project):
            del sys.modules[name]


def shown(app: AppTest) -> dict[str, int]:
    return {metric.label: int(metric.value.replace(",", "")) for metric in app.metric}


def expected(project, plan, fee=0.01, confidence=0.8) -> dict[str, int]:
    """The same forecast without Kedro."""
    market = json.loads((project / "data" / "market.json").read_text())
    monthly = [
        amount for years, amount in plan.to_numpy() for _ in range(int(years) * 12)
    ]
    returns = np.random.default_rng(7).normal(
        market["mean"] - fee / 12, market["spread"], (len(monthly), 500)
    )
    savings = np.zeros(500)
    for payment, change in zip(monthly, returns, strict=True):
        savings = (savings + payment) * (1 + change)
    rest = (1 - confidence) / 2
    low, median, high = np.quantile(savings, [rest, 0.5, 1 - rest])
    values = {"Paid in": sum(monthly), "Low": low, "Median": median, "High": high}
    return {name: round(value) for name, value in values.items()}


def upload(app: AppTest, text: str) -> AppTest:
    [uploader] = app.sidebar.file_uploader
    return uploader.set_value(("plan.csv", text.encode(), "text/csv")).run()


def test_forecasts_what_numpy_does(project, open_app):
    assert shown(open_app()) == expected(project, PLAN)


def test_sliders_are_parameters_of_the_run(project, open_app):
    app = open_app()
    fee, confidence = app.sidebar.slider

    fee.set_value(2.5).run()
    assert shown(app) == expected(project, PLAN, fee=0.025)
    confidence.set_value(95).run()
    assert shown(app) == expected(project, PLAN, fee=0.025, confidence=0.95)


def test_each_click_is_a_run_of_its_own(open_app):
    app = open_app()
    first = app.caption[0].value
    app.sidebar.slider[0].set_value(0.0).run()

    assert first.startswith("Run 2")
    assert app.caption[0].value.split(",")[0] > first.split(",")[0]


def test_an_uploaded_file_is_the_data_of_the_run(project, open_app):
    app = upload(open_app(), "years,monthly\n3,50\n2,75\n")

    plan = pd.DataFrame({"years": [3, 2], "monthly": [50, 75]})
    assert shown(app) == expected(project, plan)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("years,amount\n3,50\n", "The payments have no column 'monthly'."),
        ("years,monthly\n3,\n", "Each row of the payments needs years and an amount."),
        ("years,monthly\n", "Each row of the payments needs years and an amount."),
        ("years,monthly\n3,-5\n", "Each row of the payments needs years and"),
        ("years,monthly\n3,many\n", "Unable to parse string"),
        ("years,monthly\n1000000,5\n", "Plan for one month to 100 years."),
        ("", "No columns to parse from file"),
    ],
)
def test_a_bad_file_is_told_and_the_session_goes_on(open_app, text, message):
    app = upload(open_app(), text)

    assert not app.exception
    assert message in app.error[0].value
    assert not app.metric
    assert shown(open_app())


def test_visitors_at_once_do_not_see_each_other(project, open_app):
    apps = [open_app() for _ in range(6)]

    def visit(number: int) -> dict[str, int]:
        apps[number].sidebar.slider[0].set_value(number / 2).run()
        return shown(apps[number])

    with ThreadPoolExecutor(len(apps)) as pool:
        answers = list(pool.map(visit, range(len(apps))))

    for number, answer in enumerate(answers):
        assert answer == expected(project, PLAN, fee=number / 200)


def test_visitors_share_one_session_that_has_loaded_the_market_once(project, open_app):
    first = open_app()
    before = expected(project, PLAN)
    path = project / "data" / "market.json"
    market = path.read_text()
    path.write_text(json.dumps({"mean": 0.01, "spread": 0.02}))
    try:
        after = expected(project, PLAN)
        assert shown(open_app()) == before != after
        first.sidebar.button[0].click().run()
        assert shown(first) == after
        assert shown(open_app()) == after
    finally:
        path.write_text(market)


def test_a_broken_market_is_told_and_the_former_one_goes_on(project, open_app):
    app = open_app()
    path = project / "data" / "market.json"
    market = path.read_text()
    path.write_text("{")
    try:
        app.sidebar.button[0].click().run()
    finally:
        path.write_text(market)

    assert not app.exception
    [error] = app.sidebar.error
    assert error.value.endswith("The former one goes on.")
    assert shown(app) == expected(project, PLAN)


def test_sends_no_usage_statistics(project):
    config = configparser.ConfigParser()
    config.read(project / ".streamlit" / "config.toml")

    assert not config.getboolean("browser", "gatherUsageStats")


def test_the_server_serves_the_page(project, start_server):
    server = start_server(
        project,
        "/_stcore/health",
        "streamlit",
        *("run", "app.py", "--server.headless", "true"),
        *("--server.address", "127.0.0.1", "--server.port", "PORT"),
    )

    assert httpx.get(f"{server.url}/_stcore/health").text == "ok"
    page = httpx.get(server.url)
    assert page.headers["content-type"].startswith("text/html")
    assert "<title>Streamlit</title>" in page.text
    assert "usage statistics" not in server.printed()


def test_clearing_the_cache_closes_the_session_and_the_next_click_opens_another(
    project, open_app
):
    import streamlit as st

    app = open_app()
    sessions = [thing for thing in gc.get_objects() if type(thing) is KedroSession]
    [session] = [
        session
        for session in sessions
        if session.project_path == project and not session.closed
    ]

    st.cache_resource.clear()

    assert session.closed
    assert not app.run().exception
    assert app.metric
