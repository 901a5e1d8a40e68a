"""The plan's calendar: how much money each channel gets in each period."""

from __future__ import annotations

import pandas as pd

from mmm.data.calendar import period_days
from mmm.data.settings import Grain
from mmm.reporting import figures
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.palette import BASE
from mmm.reporting.results import Results
from mmm.reporting.voice import Voice

DAYS: dict[str, Grain] = {"day": "day", "week": "week", "month": "month"}


def calendar_sentence(results: Results, voice: Voice) -> str:
    """What the shades mean, and where the plan begins in a window that has begun."""
    said = voice.text("calendar.lead", {"grain": voice.text(f"grain.{results.about.grain}")})
    return f"{said} {voice.text('calendar.begun')}" if results.summary.spent else said


def calendar_figure(results: Results, voice: Voice) -> Figure | None:
    """A heat map of planned money by channel and period; none for a plan of one period."""
    table = by_channel(results)
    if len(table) < 2:
        return None
    days = period_days(table.index.to_numpy("datetime64[D]"), DAYS[results.about.grain])
    channels = [str(channel) for channel in table]
    names = {channel: voice.channel(channel) if channel else voice.text("tests") for channel in channels}
    colours = {channel: voice.colours.get(channel, BASE) for channel in channels}
    dates = [pd.Timestamp(date) for date in table.index.to_numpy("datetime64[s]")]
    rows = [
        {
            "name": names[channel],
            "start": f"{date:%Y-%m-%d}",
            "end": f"{date + pd.Timedelta(days=int(count)):%Y-%m-%d}",
            "share": round(float(money) / max(float(table.to_numpy().max()), 1e-9), 4),
            "colour": colours[channel],
            "text": voice.amounts.money(float(money)),
        }
        for channel in channels
        for date, money, count in zip(dates, table[channel], days, strict=True)
    ]
    past = (
        results.plan.loc[results.plan["purpose"] != "spent", "date"].min() if results.summary.spent else None
    )
    label = voice.text("calendar.chart")
    begins = None if past is None else f"{past:%Y-%m-%d}"
    return Figure(label, figures.calendar(rows, list(names.values()), begins, label))


def calendar_table(results: Results, voice: Voice) -> Table:
    """The money of the heat map, a row per period, and totals."""
    table = by_channel(results)
    money = voice.amounts.money
    names = [voice.channel(str(channel)) if channel else voice.text("tests") for channel in table]
    head = (voice.text("column.date"), *names, voice.text("column.total"))
    rows = [
        (f"{date:%Y-%m-%d}", *(money(float(x)) for x in line), money(float(sum(line))))
        for date, line in zip(table.index, table.to_numpy(), strict=True)
    ]
    total = table.sum()
    rows.append((voice.text("column.total"), *(money(float(x)) for x in total), money(float(total.sum()))))
    return Table(head, tuple(rows))


def by_channel(results: Results) -> pd.DataFrame:
    """Planned money by period (rows) and channel; money for tests last, under the empty name."""
    wide = results.plan.pivot_table(
        index="date", columns="channel", values="planned_spend", aggfunc="sum", fill_value=0.0
    ).sort_index()
    order = list(dict.fromkeys(cell.channel for cell in results.cells))
    return wide.reindex(
        columns=[*order, *(name for name in wide.columns if name not in order)], fill_value=0.0
    )
