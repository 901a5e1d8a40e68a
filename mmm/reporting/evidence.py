"""What is known of each line of spend, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmm.dims import Cell
from mmm.reporting import figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class EvidenceCell:
    """What is known of one cell: its grade, in a word and a sign, what was learned, and a warning where one is due."""

    name: str
    colour: str
    grade: str
    word: str
    returns: str
    learned: str
    warning: str


def evidence_grid(results: Results, voice: Voice) -> tuple[tuple[str, str, tuple[EvidenceCell, ...]], ...]:
    """Channels with their colour and their audiences, each with its grade."""
    grid: dict[str, list[EvidenceCell]] = {}
    for row in _roi_rows(results):
        cell = cell_of(row)
        grid.setdefault(cell.channel, []).append(_evidence_cell(row, cell, results, voice))
    return tuple(
        (voice.channel(channel), voice.colours[channel], tuple(cells)) for channel, cells in grid.items()
    )


def _evidence_cell(row: Mapping[str, Any], cell: Cell, results: Results, voice: Voice) -> EvidenceCell:
    grade = str(row.get("evidence") or "prior")
    before, after = number(row.get("p_pays_prior")), number(row.get("p_pays"))
    learned = ""
    if before is not None and after is not None:
        learned = voice.text(
            "evidence.learned", {"before": voice.figures.odds(before), "after": voice.figures.odds(after)}
        )
    average, span = _average(row, results, voice)
    key = "evidence.returns" if results.about.has_money else "evidence.costs"
    return EvidenceCell(
        name=" / ".join(part for part in (cell.audience, cell.message) if part),
        colour=voice.colour(cell),
        grade=grade,
        word=voice.text(f"evidence.grade.{grade}"),
        returns=voice.text(key, {"roi": average, "range": span}),
        learned=learned,
        warning=voice.text("evidence.capture") if cell.channel in results.about.demand_capture else "",
    )


def _average(row: Mapping[str, Any], results: Results, voice: Voice) -> tuple[str, str]:
    figure = estimate(row, "roi" if results.about.has_money else "cost_per_outcome")
    return voice.figures.ratio(figure.mean), voice.figures.ratio_range(figure)


def _roi_rows(results: Results) -> list[dict[str, Any]]:
    """Rows of `roi.csv` by cell, in the order of the plan."""
    place = {cell: i for i, cell in enumerate(results.cells)}
    found = records(at_level(results.roi, "cell"))
    return sorted((row for row in found if cell_of(row) in place), key=lambda row: place[cell_of(row)])


def returns_figure(results: Results, voice: Voice) -> Figure | None:
    """Return per cell with its range and the break-even line."""
    name = "roi" if results.about.has_money else "cost_per_outcome"
    rows = []
    for row in _roi_rows(results):
        figure, cell = estimate(row, name), cell_of(row)
        if figure.mean is None or figure.lo is None or figure.hi is None:
            continue
        rows.append(
            {
                "cell": voice.cell(cell),
                "colour": voice.colour(cell),
                "value": figure.mean,
                "lo": figure.lo,
                "hi": figure.hi,
            }
        )
    if not rows:
        return None
    margin = results.one_margin
    title = voice.text("evidence.x" if results.about.has_money else "evidence.x.cost")
    label = voice.text("evidence.chart" if margin else "evidence.chart.plain")
    return Figure(label, figures.intervals(rows, 1 / margin if margin else None, title, label))


def returns_table(results: Results, voice: Voice) -> Table:
    """Spend, return, next unit, odds and grade per cell."""
    money = results.about.has_money
    next_name = "mroi" if money else "marginal_cost_per_outcome"
    columns = ("cell", "spend", "return" if money else "cost", "range", "next", "range")
    odds_of = {"p_pays_prior": "pays_before", "p_pays": "pays_after"}
    told = [name for name in odds_of if name in results.roi]
    head = [
        voice.text(f"column.{name}") for name in (*columns, *(odds_of[name] for name in told), "evidence")
    ]
    rows = []
    for row in _roi_rows(results):
        following = estimate(row, next_name)
        rows.append(
            (
                voice.cell(cell_of(row)),
                voice.amounts.money(number(row["spend"])),
                *_average(row, results, voice),
                voice.figures.ratio(following.mean),
                voice.figures.ratio_range(following),
                *(voice.figures.odds(number(row[name])) for name in told),
                voice.text(f"evidence.grade.{row.get('evidence') or 'prior'}"),
            )
        )
    return Table(tuple(head), tuple(rows))


def conditions_table(results: Results, voice: Voice) -> Table:
    """Every condition of each cell's grade."""
    head = ("cell", "evidence", "sd_ratio", "vif", "sensitivity", "follows", "narrowed", "tests_alone")
    rows = []
    for row in records(results.evidence):
        vif = number(row["vif"])
        rows.append(
            (
                voice.cell(cell_of(row)),
                voice.text(f"evidence.grade.{row['evidence']}"),
                voice.figures.percent(number(row["sd_ratio"])),
                NOTHING if vif is None else f"{vif:.1f}",
                f"{row['prior_sensitivity']:.3f}",
                voice.text("yes" if row["follows_demand"] else "no"),
                voice.text("amount.times", {"n": f"{row['narrowed']:.2f}"}),
                voice.figures.percent(number(row["tests_alone"])),
            )
        )
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=2)
