"""The plan by geo: what each gets, and which cells move where; only where money is placed by geo."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from mmm.reporting import figures
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.moves import return_columns
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


def in_geos(results: Results) -> pd.DataFrame:
    """The rows of `moves.csv` of cells in single geos; none where money is placed by cell."""
    moves = results.moves
    if "geo" not in moves:
        return moves.iloc[:0]
    return moves[(moves["level"] == "cell") & (moves["geo"] != "")].reset_index(drop=True)


def geos_table(results: Results, voice: Voice) -> Table | None:
    """Money before and after in each geo, with what it brings; None where money is placed by cell."""
    rows = records(at_level(results.moves, "geo"))
    if not rows:
        return None
    money = voice.amounts.money
    _, average, now, planned = return_columns(results)
    tail = ("return" if results.about.has_money else "cost", "next_now", "next_planned")
    heads = ("geo", "before", "after", "change", "change_share", "brings", "range", *tail)
    found = []
    for row in rows:
        before, after = float(row["current_spend"]), float(row["planned_spend"])
        brings = estimate(row, "response")
        found.append(
            (
                str(row["geo"]),
                money(before),
                money(after),
                money(after - before, signed=True),
                voice.figures.percent((after - before) / before, signed=True) if before > 0 else "",
                voice.amounts.outcome(brings.mean),
                voice.amounts.outcome_range(brings),
                *(voice.figures.ratio(number(row.get(name))) for name in (average, now, planned)),
            )
        )
    return Table(tuple(voice.text(f"column.{head}") for head in heads), tuple(found))


def geos_lead(results: Results, voice: Voice) -> Markup | None:
    """The cells that are bought for all geos at once; None where there are none."""
    placed = {cell_of(row) for row in records(in_geos(results))}
    whole = [voice.cell(cell) for cell in results.cells if cell not in placed]
    if not placed or not whole:
        return None
    return voice.html("geos.lead", {"cells": voice.figures.listed(whole)})


def geos_figure(results: Results, voice: Voice) -> Figure | None:
    """The change of every cell in every geo, as a share of its money today."""
    rows: list[dict[str, Any]] = []
    for row in records(in_geos(results)):
        before, after = float(row["current_spend"]), float(row["planned_spend"])
        share = (after - before) / before if before > 0 else None
        rows.append(
            {
                "geo": str(row["geo"]),
                "cell": voice.cell(cell_of(row)),
                "change": None if share is None else 100 * share,
                "text": voice.text("geos.new")
                if share is None and after > 0
                else voice.figures.percent(share, signed=True),
                "money": f"{voice.amounts.money(before)} → {voice.amounts.money(after)}",
            }
        )
    if not rows:
        return None
    label = voice.text("geos.chart")
    return Figure(label, figures.changes(rows, label))
