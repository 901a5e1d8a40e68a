"""Past tests beside the model: a sentence each, and the analyst's table. A contradiction is said first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mmm.dims import Cell
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Table
from mmm.reporting.results import Results, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test says beside the model, and whether the two contradict each other and nobody has settled it."""

    text: Markup
    conflict: bool


def verdicts(results: Results, voice: Voice) -> tuple[Verdict, ...]:
    """A sentence per past test, contradictions first."""
    rows = sorted(records(results.experiments), key=lambda row: (not _open(row), not row["conflict"]))
    return tuple(_sentence(row, results, voice) for row in rows)


def _open(row: Mapping[str, Any]) -> bool:
    """Whether the row is a contradiction about which nothing was decided."""
    return bool(row["conflict"]) and not row["settled"]


def _sentence(row: Mapping[str, Any], results: Results, voice: Voice) -> Verdict:
    values = {
        "id": str(row["id"]),
        "cell": _name(row, voice),
        "measured": voice.html(f"tested.said.{row['kind']}", {"figure": _said(row, "", results, voice)}),
        "without": _said(row, "without_", results, voice),
        "both": _said(row, "model_", results, voice),
        "odds": voice.figures.odds(number(row["tail_adjusted"])),
        "reason": str(row["reason"]) or voice.text("tested.no_reason"),
    }
    if not row["conflict"]:
        return Verdict(voice.html("tested.agree", values), False)
    key = f"tested.{row['settled']}" if row["settled"] else "tested.conflict"
    return Verdict(voice.html(key, values), _open(row))


def _said(row: Mapping[str, Any], whose: str, results: Results, voice: Voice) -> str:
    """Return of the money changed with its range; the lift where the outcome has no money value."""
    if results.about.has_money:
        figure = estimate(row, f"{whose}roi")
        return f"{voice.figures.ratio(figure.mean)} ({voice.figures.ratio_range(figure)})"
    figure = estimate(row, f"{whose}lift")
    return f"{voice.amounts.outcome(figure.mean)} ({voice.amounts.outcome_range(figure)})"


def changes(results: Results, voice: Voice) -> list[Markup]:
    """What the tests changed: a sentence per tested cell, then the money of the plan. Nothing where none was tested."""
    rows = records(results.learned)
    said = [_change(row, results, voice) for row in rows if row["level"] == "cell" and row["tests"]]
    total = next((row for row in rows if row["level"] == "total"), None)
    if total is None or not said:
        return said
    values = {
        "moved": voice.amounts.money(number(total["moved"])),
        "worth": voice.amounts.outcome(number(total["worth"]), signed=True),
        "objective": voice.text(f"readout.preview.{results.summary.objective}"),
    }
    return [*said, voice.html("learned.moved", values)]


def _change(row: Mapping[str, Any], results: Results, voice: Voice) -> Markup:
    before, after = (estimate(row, f"roi_{when}") for when in ("without", "with"))
    spend = [number(row[f"spend_{when}"]) or 0.0 for when in ("without", "with")]
    grades = [voice.text(f"evidence.grade.{row[f'evidence_{when}']}") for when in ("without", "with")]
    values = {
        "cell": _name(row, voice),
        "before": f"{voice.figures.ratio(before.mean)} ({voice.figures.ratio_range(before)})",
        "after": f"{voice.figures.ratio(after.mean)} ({voice.figures.ratio_range(after)})",
        "grade_before": grades[0],
        "grade_after": grades[1],
        "planned_before": voice.amounts.money(spend[0]),
        "planned_after": voice.amounts.money(spend[1]),
        "change": voice.amounts.money(spend[1] - spend[0], signed=True),
    }
    pays = [number(row[f"p_pays_{when}"]) for when in ("without", "with")]
    first = voice.html("learned.cell", values)
    if None in pays:
        return first
    told = {"before": voice.figures.odds(pays[0]), "after": voice.figures.odds(pays[1])}
    return Markup(" ").join((first, voice.html("learned.pays", told)))


def experiments_table(results: Results, voice: Voice) -> Table | None:
    """Every past test: what was changed, what it measured, what the model says without it and with it."""
    rows = []
    for row in records(results.experiments):
        measured, both, rest = (estimate(row, f"{whose}lift") for whose in ("", "model_", "without_"))
        write, span = voice.amounts.outcome, voice.amounts.outcome_range
        rows.append(
            (
                str(row["id"]),
                _name(row, voice),
                str(row["geos"]).replace(";", ", ") or NOTHING,
                voice.figures.span(str(row["start"]), str(row["end"])),
                voice.amounts.money(number(row["spend_change"]), signed=True),
                *(f"{write(found.mean)} ({span(found)})" for found in (measured, rest, both)),
                *(voice.figures.ratio(number(row[f"{whose}roi"])) for whose in ("", "without_", "model_")),
                voice.figures.odds(number(row["tail_probability"])),
                voice.figures.percent(number(row["weight"])),
                _decided(row, voice),
            )
        )
    if not rows:
        return None
    names = ("test", "cell", "geos", "when", "spend_change")
    lifts = ("measured_lift", "without_lift", "model_lift")
    head = (*names, *lifts, "measured_roi", "without_roi", "model_roi", "tail", "test_weight", "conflict")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=4, prose=True)


def _decided(row: Mapping[str, Any], voice: Voice) -> str:
    """Whether the test contradicts the rest, and what was decided about it."""
    if not row["conflict"]:
        return voice.text("tested.no")
    return voice.text(f"tested.settled.{row['settled']}" if row["settled"] else "tested.yes")


def _name(row: Mapping[str, Any], voice: Voice) -> str:
    cell: Cell = cell_of(row)
    return voice.cell(cell) or NOTHING
