"""Profit and loss of the plan: the waterfall, months with their cash, channels."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from mmm.reporting import figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Estimate, Results, estimate, number, records
from mmm.reporting.voice import Voice

COSTS = ("returns", "goods", "media", "handling", "once")
LEVELS = ("sales", "revenue", "gross_margin", "contribution")
FURTHER = ("returns", "handling", "once")
"""Costs that the bridge from revenue to profit after media does not have."""
STEPS = (
    *("sales", "returns", "revenue", "goods", "gross_margin"),
    *("media", "handling", "once", "contribution"),
)


def pnl_lead(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """What is left after marketing, when it is earned back, and how much cash is out before that."""
    whole = lines_of(results, "plan")
    left = whole.get("contribution")
    if left is None:
        return ()
    money = voice.amounts
    values = {"left": money.money(left.mean), "range": money.money_range(left)}
    values["odds"] = voice.figures.odds(whole["probability_pays"].mean)
    values["needed"] = money.money(whole["break_even_revenue"].mean)
    said = [voice.html("pnl.lead", values)]
    back, out = whole["cash_back_months"], whole["cash_needed"]
    cash = {"needed": money.money(out.mean), "range": money.money_range(out)}
    if back.mean is None:
        said.append(voice.html("pnl.cash.never", cash))
    else:
        cash |= {"month": f"{back.mean:.0f}", "early": f"{back.lo or 1:.0f}"}
        cash["late"] = voice.text("customers.never") if back.hi is None else f"{back.hi:.0f}"
        said.append(voice.html("pnl.cash", cash))
    if (value := whole.get("npv")) is not None:
        said.append(
            voice.html("pnl.npv", {"value": money.money(value.mean), "range": money.money_range(value)})
        )
    return tuple(said)


def pnl_figure(results: Results, voice: Voice) -> Figure | None:
    """The waterfall from sales to contribution; only where it has steps that the page has not shown above already."""
    whole = lines_of(results, "plan")
    if "contribution" not in whole or not any(whole[name].mean for name in FURTHER):
        return None
    rows: list[dict[str, Any]] = []
    reached = 0.0
    for name in STEPS:
        figure = whole[name]
        mean = figure.mean or 0.0
        level = name in LEVELS
        if (not level and mean == 0) or (name == "sales" and whole["returns"].mean == 0):
            continue
        start, end = (0.0, mean) if level else (reached, reached - mean)
        kind = (
            "minus" if not level else "total" if name != "contribution" else "loss" if mean < 0 else "result"
        )
        row: dict[str, Any] = {"step": voice.text(f"pnl.line.{name}"), "kind": kind}
        row |= {"from": start / 1e3, "to": end / 1e3, "end": max(start, end) / 1e3}
        row["text"] = voice.amounts.money(end if level else end - start)
        if level and figure.lo is not None and figure.hi is not None:
            row |= {"lo": figure.lo / 1e3, "hi": figure.hi / 1e3, "end": max(row["end"], figure.hi / 1e3)}
        rows.append(row)
        reached = end
    label = voice.text("pnl.chart")
    return Figure(label, figures.bridge(rows, label))


def months_table(results: Results, voice: Voice) -> Table | None:
    """What is earned and spent in each month, and when its cash moves; None without a margin."""
    return _table(results, voice, _months(results), "column.month")


def channels_table(results: Results, voice: Voice) -> Table | None:
    """What each channel costs, brings and leaves; None where the outcome has no money value."""
    rows = _rows(results, "plan")
    if rows.empty:
        return None
    named = rows[rows["channel"] != ""]
    found = {
        voice.text("tests") if name == "tests" else voice.channel(str(name)): part
        for name, part in named.groupby("channel", sort=False)
    }
    return _table(results, voice, found, "column.channel")


def segments_table(results: Results, voice: Voice) -> Table | None:
    """What the plan brings in each segment of the outcome and what it leaves there; None without segments."""
    rows = _rows(results, "plan")
    if rows.empty or not (rows["segment"] != "").any():
        return None
    named = rows[rows["segment"] != ""]
    found = {str(name): part for name, part in named.groupby("segment", sort=False)}
    return _table(results, voice, found, "column.segment")


def lines_of(results: Results, mix: str) -> dict[str, Estimate]:
    """Every line of the whole plan, or of today's mix."""
    rows = _rows(results, mix)
    if rows.empty:
        return {}
    whole = rows[(rows["month"] == "") & (rows["channel"] == "") & (rows["segment"] == "")]
    return {row["line"]: estimate(row, "value") for row in records(whole)}


def _months(results: Results) -> dict[str, pd.DataFrame]:
    rows = _rows(results, "plan")
    if rows.empty or "contribution" not in set(rows["line"]):
        return {}
    by_month = rows[rows["month"] != ""]
    moves = by_month[(by_month["value"].abs() > 0) & (by_month["line"] != "cash_balance")]
    last = moves["month"].max()
    return {str(name): part for name, part in by_month.groupby("month", sort=True) if str(name) <= last}


def _table(results: Results, voice: Voice, found: dict[str, pd.DataFrame], first: str) -> Table | None:
    """A row for each part, a column for each line that says something, what is left and cash with their range.

    Cost of goods, which is revenue less gross margin, is left to the workbook.
    """
    if not found:
        return None
    told = pd.concat(found.values())
    shown = [
        name
        for name in ("revenue", *STEPS[4:], "cash_in", "cash_out", "cash_balance")
        if (told.loc[told["line"] == name, "value"] != 0).any()
    ]
    head, ranged = [voice.text(first)], {"contribution", "cash_balance"}
    for name in shown:
        head.append(voice.text(f"pnl.line.{name}"))
        head += [voice.text("column.range")] if name in ranged else []
    rows = []
    for part, table in found.items():
        lines = {row["line"]: row for row in records(table)}
        written = [part]
        for name in shown:
            row = lines.get(name)
            written.append(NOTHING if row is None else voice.amounts.money(number(row["value"])))
            if name in ranged:
                written.append(NOTHING if row is None else voice.amounts.money_range(estimate(row, "value")))
        rows.append(tuple(written))
    return Table(tuple(head), tuple(rows))


def _rows(results: Results, mix: str) -> pd.DataFrame:
    table = results.pnl
    return table if table.empty else table[table["mix"] == mix]
