"""Where the money moves: a line per cell with its reason, and what more money would bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from mmm.dims import CELL_KEYS, Cell
from mmm.reporting import figures
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.decision import Decision
from mmm.reporting.results import Estimate, Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class Move:
    """One cell: its money before and after as bars (per cent of the longest) and in figures, and why."""

    cell: str
    colour: str
    before: str
    after: str
    before_width: float
    after_width: float
    change: str
    change_share: str
    direction: str
    returns: str
    why: str
    flip: str
    label: str


def moves(results: Results, voice: Voice) -> tuple[Move, ...]:
    """The cells, the largest planned spend first within their channel's place in the plan."""
    rows = records(at_level(results.moves, "cell"))
    longest = max((max(row["current_spend"], row["planned_spend"]) for row in rows), default=0.0) or 1.0
    return tuple(_move(row, longest, results, voice) for row in rows)


def moves_lead(decision: Decision, voice: Voice) -> Markup:
    """How to read the lines, and what they share beside the tests."""
    kept = {
        "reserve": voice.amounts.money(decision.reserve),
        "core": voice.amounts.rest(decision.budget - decision.unspent, decision.reserve),
    }
    return Markup(" ").join((voice.html("moves.lead"), voice.html("moves.lead.tests", kept)))


def _move(row: dict[str, Any], longest: float, results: Results, voice: Voice) -> Move:
    before, after = float(row["current_spend"]), float(row["planned_spend"])
    money, name = voice.amounts.money, voice.cell(cell_of(row))
    key, average, now, planned = return_columns(results)
    returns = {
        "roi": voice.figures.ratio(number(row.get(average))),
        "now": voice.figures.ratio(number(row.get(now))),
        "planned": voice.figures.ratio(number(row.get(planned))),
    }
    steady = abs(after - before) < 0.005 * max(before, after, 1.0)
    return Move(
        cell=name,
        colour=voice.colour(cell_of(row)),
        before=money(before),
        after=money(after),
        before_width=round(100 * before / longest, 2),
        after_width=round(100 * after / longest, 2),
        change=money(after - before, signed=True),
        change_share=voice.figures.percent((after - before) / before, signed=True)
        if before > 0 and not steady
        else "",
        direction="same" if steady else "up" if after > before else "down",
        returns=voice.text(f"moves.{key}", returns),
        why=str(row.get("why") or ""),
        flip=str(row.get("flip") or ""),
        label=voice.text("moves.bar", {"cell": name, "before": money(before), "after": money(after)}),
    )


def return_columns(results: Results) -> tuple[str, str, str, str]:
    """Sentence and columns for returns: money per money, or cost per unit."""
    if results.about.has_money:
        return "returns", "roi", "mroi_current", "mroi_planned"
    return (
        "costs",
        "cost_per_outcome",
        "marginal_cost_per_outcome_current",
        "marginal_cost_per_outcome_planned",
    )


def moves_table(results: Results, voice: Voice) -> Table:
    """Money before and after per cell, with what it brings; the last row is all media."""
    money = voice.amounts.money
    _, average, now, planned = return_columns(results)
    names = ("cell", "reference", "before", "after", "change", "brings", "range")
    tail = ("return" if results.about.has_money else "cost", "next_now", "next_planned")
    rows = []
    for row in (*records(at_level(results.moves, "cell")), *records(at_level(results.moves, "total"))):
        before, after = float(row["current_spend"]), float(row["planned_spend"])
        brings = estimate(row, "response")
        rows.append(
            (
                voice.text("moves.total") if row["level"] == "total" else voice.cell(cell_of(row)),
                money(number(row["reference_spend"])),
                money(before),
                money(after),
                money(after - before, signed=True),
                voice.amounts.outcome(brings.mean),
                voice.amounts.outcome_range(brings),
                *(voice.figures.ratio(number(row.get(name))) for name in (average, now, planned)),
            )
        )
    return Table(tuple(voice.text(f"column.{name}") for name in (*names, *tail)), tuple(rows))


def curve_figures(results: Results, voice: Voice) -> tuple[Figure, ...]:
    """A response curve per cell with today's and the planned point."""
    found = []
    spends = {cell_of(row): row for row in records(at_level(results.moves, "cell"))}
    for cell in results.cells:
        frame = curve_of(results, cell)
        if frame.empty:
            continue
        move = spends[cell]
        before, after = float(move["current_spend"]), float(move["planned_spend"])
        values = {
            "cell": voice.cell(cell),
            "before": voice.amounts.money(before),
            "after": voice.amounts.money(after),
        }
        label = voice.text("curves.chart", values)
        unit = 1e3 if results.about.has_money else 1.0
        titles = voice.text("curves.x"), voice.text(f"curves.y.{'money' if unit > 1 else 'units'}")
        points = [
            {
                "spend": spend / 1e3,
                "brings": _interpolated(frame, spend) / unit,
                "which": which,
                "name": voice.text(name),
            }
            for spend, which, name in (
                (before, "current", "curves.today"),
                (after, "plan", "curves.plan"),
            )
        ]
        spec = figures.curve(_parts(frame, unit), points, voice.colour(cell), titles, label)
        found.append(Figure(label, spec, voice.cell(cell), voice.colour(cell)))
    return tuple(found)


def curve_of(results: Results, cell: Cell) -> pd.DataFrame:
    """The curve of one cell, by rising spend."""
    frame = results.curves
    mine = pd.Series(True, index=frame.index)
    for key in CELL_KEYS:
        if key in frame:
            mine &= frame[key] == getattr(cell, key)
    if "geo" in frame:
        mine &= frame["geo"] == ""
    return frame[mine].sort_values("spend").reset_index(drop=True)


def _parts(frame: pd.DataFrame, unit: float) -> list[dict[str, Any]]:
    """Points of the line; the last one seen begins the dashed part too, so that nothing gapes."""
    rows: list[dict[str, Any]] = []
    seen_before = False
    for row in records(frame):
        point = {
            "spend": row["spend"] / 1e3,
            "brings": row["response"] / unit,
            "lo": row["response_lo"] / unit,
            "hi": row["response_hi"] / unit,
        }
        if not row["observed"] and seen_before:
            rows.append({**rows[-1], "part": "beyond"})
        rows.append({**point, "part": "seen" if row["observed"] else "beyond"})
        seen_before = bool(row["observed"])
    return rows


def _interpolated(frame: pd.DataFrame, spend: float) -> float:
    """The curve's height at a spend between its points."""
    return float(np.interp(spend, frame["spend"], frame["response"]))


def curves_table(results: Results, voice: Voice) -> Table:
    """The points of all curves."""
    names = ("cell", "spend", "brings", "range", "next", "inside")
    rows = []
    for cell in results.cells:
        for row in records(curve_of(results, cell)):
            brings: Estimate = estimate(row, "response")
            rows.append(
                (
                    voice.cell(cell),
                    voice.amounts.money(number(row["spend"])),
                    voice.amounts.outcome(brings.mean),
                    voice.amounts.outcome_range(brings),
                    voice.figures.ratio(number(row.get("mroi", row.get("marginal_cost_per_outcome")))),
                    voice.text("yes" if row["observed"] else "no"),
                )
            )
    return Table(tuple(voice.text(f"column.{name}") for name in names), tuple(rows))
