"""Figures of the company with those under them by goal, and the funnel of each channel with the step that breaks."""

from __future__ import annotations

from typing import Any

from mmm.reporting.blocks import Table
from mmm.reporting.results import Results, number
from mmm.reporting.scorecard import BY_GOAL, ENOUGH, FAR, judged, judged_by, last_rows, over, written
from mmm.reporting.voice import Voice

COMPANY = ("spend_per_new_customer", "spend_per_order", "media_share_of_revenue")
"""What all goals are under, the first that is known."""
STEPS = ("click_rate", "lead_rate", "qualified_rate", "conversion_rate", "close_rate")
"""Rates from exposure to order."""
INSIDE = "\u2003"
"""Indents what is under a figure."""
PAST = ("value", "same_period_last_year", "benchmark")


def kpi_tree(results: Results, voice: Voice) -> Table | None:
    """The company's figure, under it each goal's over all channels, under that its channels; None without counts."""
    channels = judged(results)
    if not channels:
        return None
    company = {row["kpi"]: row for row in last_rows(results, "total")}
    rows = []
    if (top := next((company[name] for name in COMPANY if name in company), None)) is not None:
        rows.append(_line(voice.text("tree.company"), top, voice))
    for goal in BY_GOAL:
        mine = [row for row in channels if row["for"] == goal]
        if not mine:
            continue
        name = INSIDE + voice.text(f"goal.{goal}")
        figure = judged_by(goal, company)
        blank = (name, "", *("" for _ in PAST), "")
        rows.append(blank if figure is None else _line(name, figure, voice))
        rows += [_line(2 * INSIDE + voice.channel(row["channel"]), row, voice) for row in mine]
    head = ("part", "kpi", "now", "a_year_ago", "usual", "change")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=2)


def funnel_table(results: Results, voice: Voice) -> Table | None:
    """Every step of every channel beside its own past, and where the funnel breaks; None where no step is counted."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in last_rows(results, "channel"):
        if row["kpi"] in STEPS:
            found.setdefault(row["channel"], {})[row["kpi"]] = row
    rows = []
    for channel, steps in found.items():
        worst = max(steps.values(), key=over)
        for name in STEPS:
            if name not in steps:
                continue
            row = steps[name]
            breaks = voice.text("funnel.breaks") if row is worst and over(row) >= FAR else ""
            line = (voice.channel(channel), voice.text(f"kpi.{name}"), breaks)
            rows.append(
                (*line, *(written(row, past, voice) for past in PAST), _change(row, voice), _counted(row))
            )
    if not rows:
        return None
    head = ("channel", "step", "breaks", "now", "a_year_ago", "usual", "change", "counted")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=3)


def _line(name: str, row: dict[str, Any], voice: Voice) -> tuple[str, ...]:
    return (
        name,
        voice.text(f"kpi.{row['kpi']}"),
        *(written(row, past, voice) for past in PAST),
        _change(row, voice),
    )


def _change(row: dict[str, Any], voice: Voice) -> str:
    """Against what is usual, where enough is counted to say."""
    value, usual, n = number(row["value"]), number(row["benchmark"]), number(row["n"]) or 0.0
    if not value or not usual or n < ENOUGH:
        return ""
    return voice.figures.percent(value / usual - 1.0, signed=True)


def _counted(row: dict[str, Any]) -> str:
    n = number(row["n"])
    return "" if n is None else f"{n:,.0f}"
