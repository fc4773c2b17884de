"""Lets visitors plan their savings, with one Kedro session for all of them."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import streamlit as st

from kedro.framework.session import KedroSession, KedroSessionError
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

PROJECT = Path(__file__).resolve().parent
PLAN = pd.DataFrame({"years": [10, 15], "monthly": [150.0, 300.0]})


# Streamlit runs this file anew at each click. What this returns is kept, for all
# visitors, until the server ends or the cache is cleared.
@st.cache_resource(on_release=KedroSession.close)
def open_session() -> KedroSession:
    bootstrap_project(PROJECT)
    session = KedroSession.create(PROJECT, save_on_close=False)
    session.preload(["market"])
    return session


def main() -> None:
    st.set_page_config(page_title="Savings plan")
    st.title("Savings plan")
    session = open_session()

    with st.sidebar:
        fee = st.slider("Fee, percent a year", 0.0, 3.0, 1.0, 0.1)
        confidence = st.slider("Confidence, percent", 50, 95, 80, 5)
        uploaded = st.file_uploader("Payments from a CSV file", type="csv")
        if st.button("Take the latest market"):
            take_latest_market(session)

    try:
        plan = PLAN if uploaded is None else pd.read_csv(uploaded)
        payments = st.data_editor(plan, num_rows="dynamic", width="stretch")
        result = session.run(
            pipeline_names=["forecast"],
            runtime_data={"payments": payments},
            runtime_params={"fee": fee / 100, "confidence": confidence / 100},
        )
    except (KedroSessionError, ValueError) as error:
        st.error(str(error))
        return
    show(result.outputs["forecast"])
    st.caption(f"Run {result.run_id}, {result.duration * 1000:.0f} ms")


def take_latest_market(session: KedroSession) -> None:
    try:
        session.preload(["market"])
    except DatasetError:
        # Its text has paths, which are nothing for visitors.
        logging.getLogger(__name__).exception("The market cannot be loaded.")
        st.error("The latest market cannot be loaded. The former one goes on.")


def show(forecast: pd.DataFrame) -> None:
    last = forecast.iloc[-1]
    for column, name in zip(st.columns(len(last)), last.index, strict=True):
        column.metric(name.capitalize(), f"{last[name]:,.0f}")
    st.line_chart(forecast, x_label="years", y_label="savings")


main()
