"""From activity to result on the page: each channel by what it is for, against its past, and what moved its cost."""

from __future__ import annotations

from datetime import date as Date
from typing import Any

import pandas as pd
from markupsafe import Markup

from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Table
from mmm.reporting.results import Results, estimate, number, records
from mmm.reporting.voice import Voice

BY_GOAL = {
    "awareness": ("cost_per_1000_exposures", "click_rate", "cost_per_click"),
    "leads": ("cost_per_qualified_lead", "cost_per_lead", "cost_per_click"),
    "sales": ("full_cost_per_customer", "cost_per_customer", "cost_per_order", "claimed_cost_per_order"),
    "new_market": ("cost_per_lead", "cost_per_click", "cost_per_1000_exposures"),
}
"""What a channel is judged by, the first figure that is counted."""
ABOVE = {"sales": "leads", "leads": "awareness", "new_market": "awareness", "awareness": "spend"}
"""What stands in where nothing of a goal is counted."""
COMPANY = (
    *("revenue", "revenue_per_spend", "media_share_of_revenue", "new_customers", "spend_per_new_customer"),
    *("paid_share", "owned_share", "base_share"),
)
YOUNG, RIPE_SHARE, RIPE = "cost_per_expected_customer", "ripe_share", 0.95
"""What stands in for the cost of a customer while orders of the window's leads are still to come."""
ENOUGH, FAR = 30, 0.1
"""Things counted behind a figure that is called out, and how far from usual it must be."""


def scorecard_lead(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """The window, the verdict, and where the funnel of the worst channel breaks; empty without counts."""
    rows = judged(results)
    if not rows:
        return ()
    first, last = (voice.figures.day(Date.fromisoformat(end)) for end in str(rows[0]["period"]).split("/"))
    values: dict[str, Any] = {"first": first, "last": last, "all": len(rows)}
    worse = sorted((row for row in rows if over(row) >= FAR), key=over, reverse=True)
    values["worse"] = len(worse)
    said = [voice.html("scorecard.lead" if worse else "scorecard.lead.fine", values)]
    for row in worse[:1]:
        told = {"channel": voice.channel(row["channel"]), "kpi": voice.text(f"kpi.{row['kpi']}")}
        told |= {"value": written(row, "value", voice), "usual": written(row, "benchmark", voice)}
        told["change"] = voice.figures.percent(over(row), signed=True)
        said.append(voice.html("scorecard.worst", told))
        said += _broken(results, voice, row)
    return tuple(said)


def company_table(results: Results, voice: Voice) -> Table | None:
    """Figures of the company: now, before, a year ago, usual; and by whom the outcome came, quarter by quarter."""
    if results.scorecard.empty:
        return None
    rows = [row for row in last_rows(results, "total") if row["kpi"] in COMPANY]
    rows.sort(key=lambda row: COMPANY.index(row["kpi"]))
    return _table([(voice.text(f"kpi.{row['kpi']}"), row) for row in rows], voice, ("kpi",))


def channels_table(results: Results, voice: Voice) -> Table | None:
    """Every channel by what it is for: its figure now, before, a year ago and usual."""
    rows = judged(results)
    told = [
        (
            voice.channel(row["channel"]),
            voice.text(f"goal.{row['for']}"),
            voice.text(f"kpi.{row['kpi']}"),
            row,
        )
        for row in rows
    ]
    return _table(told, voice, ("channel", "goal", "kpi"), counted=True)


def drivers_table(results: Results, voice: Voice) -> Table | None:
    """What each rate added to the cost of a customer against a year ago (or the window before); None without counts."""
    rows = []
    for row in records(_moves(results)):
        rows.append(
            (
                voice.channel(row["channel"]),
                voice.text(f"kpi.{row['kpi']}"),
                voice.text(f"driver.{row['factor']}"),
                _rate(row["before"]),
                _rate(row["value"]),
                voice.figures.number(row["effect"], 2, signed=True),
            )
        )
    if not rows:
        return None
    head = ("channel", "kpi", "driver", "before", "now", "added")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=3)


def owned_table(results: Results, voice: Voice) -> Table | None:
    """What owned media brought in the periods of the fit, and the paid spend that they saved; None without any."""
    rows = []
    for row in records(results.owned):
        brought, saved, back = (
            estimate(row, name) for name in ("contribution", "paid_spend_saved", "return")
        )
        line = [row["medium"], voice.amounts.outcome(brought.mean), voice.amounts.outcome_range(brought)]
        line += [voice.amounts.money(saved.mean), voice.amounts.money_range(saved)]
        line += [
            voice.amounts.money(number(row["cost"])),
            voice.figures.ratio(back.mean),
            voice.figures.ratio_range(back),
        ]
        rows.append(tuple(line))
    if not rows:
        return None
    head = ("owned", "contribution", "range", "saved", "range", "cost_of_it", "return", "range")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def judged(results: Results) -> list[dict[str, Any]]:
    """The figure that each channel is judged by, with what it is for."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in last_rows(results, "channel"):
        found.setdefault(row["channel"], {})[row["kpi"]] = row
    goals = results.about.channel_goals
    told = []
    for channel, kpis in found.items():
        goal = goals.get(channel, goals.get("default", "sales"))
        if (chosen := judged_by(goal, kpis)) is not None:
            told.append(chosen | {"for": goal})
    return told


def judged_by(goal: str, kpis: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The first figure of a goal that is counted, or of the goal that stands in for it; None where none is."""
    while goal in BY_GOAL:
        names = (YOUNG, *BY_GOAL[goal]) if goal == "sales" and not is_ripe(kpis) else BY_GOAL[goal]
        if (row := next((kpis[name] for name in names if name in kpis), None)) is not None:
            return row
        goal = ABOVE[goal]
    return None


def is_ripe(kpis: dict[str, dict[str, Any]]) -> bool:
    """Whether most orders of a window's leads have come; where leads are not known one by one, taken to be so."""
    share = number(kpis[RIPE_SHARE]["value"]) if RIPE_SHARE in kpis else None
    return share is None or share >= RIPE


def last_rows(results: Results, level: str) -> list[dict[str, Any]]:
    table = results.scorecard
    if table.empty:
        return []
    return records(table[(table["period"] == table["period"].max()) & (table["level"] == level)])


def over(row: dict[str, Any]) -> float:
    """By how much a cost is above what is usual (a rate below it); 0 where too little is counted to say."""
    value, usual, n = number(row["value"]), number(row["benchmark"]), number(row["n"]) or 0.0
    if not value or not usual or n < ENOUGH:
        return 0.0
    return usual / value - 1.0 if row["kpi"].endswith("_rate") else value / usual - 1.0


def _broken(results: Results, voice: Voice, row: dict[str, Any]) -> list[Markup]:
    """The rate that made the channel dearer most."""
    moves = _moves(results)
    mine = [move for move in records(moves) if move["channel"] == row["channel"] and move["effect"] > 0]
    if not mine:
        return []
    most = max(mine, key=lambda move: move["effect"])
    values = {
        "driver": voice.text(f"driver.{most['factor']}"),
        "added": voice.figures.number(most["effect"], 2, signed=True),
    }
    values |= {"before": _rate(most["before"]), "now": _rate(most["value"])}
    return [voice.html(f"scorecard.broken.{most['against']}", values)]


def _moves(results: Results) -> pd.DataFrame:
    """Drivers of channels in the last window, against a year ago where that is known."""
    table = results.drivers
    if table.empty:
        return table
    last = table[table["period"] == table["period"].max()]
    last = last[last["level"] == "channel"]
    year = last[last["against"] == "same_period_last_year"]
    return (year if not year.empty else last).reset_index(drop=True)


def _table(rows: list[Any], voice: Voice, first: tuple[str, ...], *, counted: bool = False) -> Table | None:
    if not rows:
        return None
    past = ("value", "previous", "same_period_last_year", "benchmark")
    told = []
    for *names, row in rows:
        line = [*names, *(written(row, name, voice) for name in past)]
        n = number(row["n"])
        line += [NOTHING if n is None else f"{n:,.0f}"] if counted else []
        told.append(tuple(line))
    head = [*first, "now", "previous", "a_year_ago", "usual", *(["counted"] if counted else [])]
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(told), words=len(first))


def written(row: dict[str, Any], name: str, voice: Voice) -> str:
    value = number(row[name])
    if row["kpi"].endswith(("_rate", "_share")) or row["kpi"] == "media_share_of_revenue":
        return voice.figures.percent(value, decimals=1)
    if value is not None and abs(value) >= 1000:
        return f"{value:,.0f}"
    return voice.figures.ratio(value)


def _rate(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
