"""What each line of spend returns in each segment of the outcome, and in further outcomes beside it."""

from __future__ import annotations

from markupsafe import Markup

from mmm.reporting import figures
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


def segments_lead(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """What the section is about, then what all media bring in each segment; empty without segments."""
    if results.segments.empty:
        return ()
    totals = records(at_level(results.segments, "total"))
    whole = sum(number(row["contribution"]) or 0.0 for row in totals)
    said = [voice.html("segments.lead")]
    for row in totals:
        brought = estimate(row, "contribution")
        values = {
            "segment": row["segment"],
            "brought": voice.amounts.outcome(brought.mean),
            "range": voice.amounts.outcome_range(brought),
            "share": voice.figures.percent((brought.mean or 0.0) / whole) if whole > 0 else "",
        }
        said.append(voice.html("segments.total" if whole > 0 else "segments.total.plain", values))
    return tuple(said)


def segments_figure(results: Results, voice: Voice) -> Figure | None:
    """Return per line and segment with its range."""
    name = "roi" if results.about.has_money else "cost_per_outcome"
    rows = []
    for cell in results.cells:
        for row in records(at_level(results.segments, "cell")) if not results.segments.empty else ():
            figure = estimate(row, name)
            if cell_of(row) != cell or figure.mean is None or figure.lo is None or figure.hi is None:
                continue
            rows.append(
                {
                    "cell": f"{voice.cell(cell)}: {row['segment']}",
                    "colour": voice.colour(cell),
                    "value": figure.mean,
                    "lo": figure.lo,
                    "hi": figure.hi,
                }
            )
    if not rows:
        return None
    title = voice.text("evidence.x" if results.about.has_money else "evidence.x.cost")
    label = voice.text("segments.chart")
    return Figure(label, figures.intervals(rows, None, title, label))


def segments_table(results: Results, voice: Voice) -> Table | None:
    """Contribution, return, next unit and grade by segment and line."""
    if results.segments.empty:
        return None
    money = results.about.has_money
    now, following = ("roi", "mroi") if money else ("cost_per_outcome", "marginal_cost_per_outcome")
    rows = []
    for row in records(results.segments):
        if row["level"] not in ("cell", "total") or (
            row["level"] == "cell" and cell_of(row) not in results.cells
        ):
            continue
        brought, average, next_unit = (estimate(row, name) for name in ("contribution", now, following))
        line = voice.cell(cell_of(row)) if row["level"] == "cell" else voice.text("column.total")
        rows.append(
            (
                str(row["segment"]),
                line,
                voice.text(f"evidence.grade.{row.get('evidence') or 'prior'}"),
                voice.amounts.outcome(brought.mean),
                voice.amounts.outcome_range(brought),
                voice.figures.ratio(average.mean),
                voice.figures.ratio_range(average),
                voice.figures.ratio(next_unit.mean),
            )
        )
    names = (
        "segment",
        "cell",
        "evidence",
        "contribution",
        "range",
        "return" if money else "cost",
        "range",
        "next",
    )
    return Table(tuple(voice.text(f"column.{name}") for name in names), tuple(rows), words=3)


def others_table(results: Results, voice: Voice) -> Table | None:
    """What each line brings of every further outcome, and at what cost; None where there are none."""
    rows = []
    for row in records(results.other_roi):
        if row["level"] not in ("cell", "total") or (
            row["level"] == "cell" and cell_of(row) not in results.cells
        ):
            continue
        brought, per_unit = estimate(row, "contribution"), estimate(row, "cost_per_outcome")
        each = per_unit if per_unit.known else estimate(row, "roi")
        line = voice.cell(cell_of(row)) if row["level"] == "cell" else voice.text("column.total")
        rows.append(
            (
                str(row["outcome_name"]),
                line,
                voice.text(f"evidence.grade.{row.get('evidence') or 'prior'}"),
                voice.amounts.units(brought.mean) if per_unit.known else voice.amounts.money(brought.mean),
                voice.figures.ratio(each.mean),
                voice.figures.ratio_range(each),
            )
        )
    if not rows:
        return None
    names = ("outcome_name", "cell", "evidence", "contribution", "per_unit", "range")
    return Table(tuple(voice.text(f"column.{name}") for name in names), tuple(rows), words=3)
