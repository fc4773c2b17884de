"""Nodes of the shop: the scenarios' projects have a copy of this module."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kedro.framework.session import KedroSession, current_run


def price_orders(
    orders: pd.DataFrame, prices: pd.DataFrame, vat: float = 0
) -> pd.DataFrame:
    """What each order costs, with a VAT given in percent."""
    unknown = sorted(set(orders["item"]) - set(prices["item"]))
    if unknown:
        raise ValueError(f"There is no price for {', '.join(unknown)}.")
    invoices = orders.merge(prices, on="item")
    net = invoices["quantity"] * invoices["price"]
    return invoices.assign(amount=net * (100 + vat) / 100)


def sum_up(invoices: pd.DataFrame) -> float:
    """The turnover."""
    return float(invoices["amount"].sum())


def sign_receipt(invoices: pd.DataFrame) -> str:
    """The turnover, under the name of the run that computes it."""
    run = current_run()
    assert run, "Nodes are executed by a run."
    return f"{run.run_id}: {sum_up(invoices):g}"


def count_and_price_orders(
    orders: pd.DataFrame, prices: pd.DataFrame
) -> tuple[int, pd.DataFrame]:
    """How many orders there are, and what each costs."""
    return len(orders), price_orders(orders, prices)


def bill_each_customer(session: KedroSession, orders: pd.DataFrame) -> dict[str, float]:
    """The turnover by customer, from a run of ``billing`` for each of them."""
    return {
        str(customer): session.run(
            pipeline_names=["billing"], runtime_data={"orders": theirs}
        ).outputs["turnover"]
        for customer, theirs in orders.groupby("customer")
    }


def double_prices(prices: pd.DataFrame) -> int:
    """The price of one of each, doubled; changes the table that it is given."""
    prices["price"] *= 2
    return int(prices["price"].sum())


def add_a_line(lines: list[Any]) -> int:
    """How many lines there are; changes the list that it is given."""
    lines.append("thank you")
    return len(lines)


def import_prices(price_list: pd.DataFrame) -> pd.DataFrame:
    """The price list, as it is."""
    return price_list


def read_note(note: str | None) -> str:
    """What the customer wrote."""
    return "no note" if note is None else f"note: {note}"


def press_ctrl_c(orders: pd.DataFrame) -> None:
    """Stop the run as somebody at the keyboard would."""
    raise KeyboardInterrupt


def show(value: Any) -> Any:
    """What is given."""
    return value
