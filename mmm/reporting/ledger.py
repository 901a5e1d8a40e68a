"""Campaigns and ads, and leads by the month they came in, with what is still to come of them."""

from __future__ import annotations

from typing import Any

from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Table
from mmm.reporting.results import Results, estimate, number, records
from mmm.reporting.voice import Voice

SHOWN, MONTHS = 15, 6
"""Lines with the most money, and last months, on the page; the tables of the run have all."""


def creatives_table(results: Results, voice: Voice) -> Table | None:
    """The lines of the ledger with the most money in the last quarter; None where nobody names campaigns or ads."""
    if results.creatives.empty:
        return None
    rows = sorted(records(results.creatives), key=lambda row: -(number(row["spend"]) or 0.0))
    optional = [
        name for name in ("qualified", "won_revenue", "wear") if results.creatives[name].notna().any()
    ]
    written = []
    for row in rows[:SHOWN]:
        caused = estimate(row, "contribution")
        line = [voice.channel(row["channel"]), _named(row, voice), voice.amounts.money(number(row["spend"]))]
        line.append(_whole(row["age_days"]))
        line += [voice.amounts.money(caused.mean), voice.amounts.money_range(caused)]
        told = {
            "qualified": _whole(row["qualified"]),
            "wear": voice.figures.percent(number(row["wear"]), signed=True),
        }
        told["won_revenue"] = voice.amounts.money(number(row["won_revenue"]))
        written.append((*line, *(told[name] for name in optional)))
    head = ("channel", "ad", "spend", "age_days", "allocated", "range", *optional)
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(written), words=2)


def leads_table(results: Results, voice: Voice) -> Table | None:
    """Leads of the last months: won so far, the share of orders that has come, and what they become in the end."""
    if results.leads.empty:
        return None
    rows = [row for row in records(results.leads) if row["level"] == "total"]
    written = []
    for row in rows[-MONTHS:]:
        line = [
            row["month"],
            voice.text(f"leads.{str(row['is_ripe']).replace(' ', '_')}"),
            _whole(row["leads"]),
        ]
        line += [_whole(row["won"]), voice.figures.percent(number(row["ripe"])), _whole(row["won_expected"])]
        line += [voice.figures.percent(number(row["close_rate"]), decimals=1)]
        written.append((*line, voice.figures.percent(number(row["close_rate_expected"]), decimals=1)))
    head = ("month", "ripeness", "leads", "won", "ripe", "won_expected", "close_rate", "close_rate_expected")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(written), words=2)


def quality_table(results: Results, voice: Voice) -> Table | None:
    """What a lead of each channel is worth beside all leads, in the last month with leads of it."""
    if results.leads.empty:
        return None
    last: dict[str, dict[str, Any]] = {}
    for row in records(results.leads):
        if row["level"] == "channel" or (row["level"] == "cell" and not row.get("audience")):
            last[row["channel"]] = row
    if len(last) < 2:
        return None
    written = [
        (voice.channel(name), row["month"], voice.figures.ratio(number(row["lead_quality"])),
         voice.figures.percent(number(row["close_rate_expected"]), decimals=1))
        for name, row in last.items()
    ]  # fmt: skip
    head = ("channel", "month", "lead_quality", "close_rate_expected")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(written), words=2)


def _named(row: dict[str, Any], voice: Voice) -> str:
    names = [str(row[name]) for name in ("campaign", "creative") if row[name]]
    return " / ".join(names) if names else voice.text("creatives.unnamed")


def _whole(value: Any) -> str:
    found = number(value)
    return NOTHING if found is None else f"{found:,.0f}"
