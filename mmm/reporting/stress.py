"""What returns survive: other settings and priors, channels that do nothing, drivers nobody measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmm.reporting import appendix_figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Results, cell_of, number, records
from mmm.reporting.voice import Voice


def stress_figure(results: Results, voice: Voice) -> Figure | None:
    """Every cell's return in the fit with its range, and in every other fit; None where `mmm stress` has not run."""
    if results.stress.empty:
        return None
    name, title = _measure(results, voice)
    known = set(results.cells)
    rows, marks = [], []
    for row in records(results.stress):
        cell, value = cell_of(row), number(row[name])
        if cell not in known or value is None:
            continue
        shown = {"cell": voice.cell(cell), "colour": voice.colour(cell), "value": value}
        if row["kind"] == "fit":
            rows.append({**shown, "lo": row[f"{name}_lo"], "hi": row[f"{name}_hi"]})
        else:
            marks.append({**shown, "spec": row["spec"]})
    margin = results.one_margin if name == "roi" else None
    label = voice.text("appendix.stress.chart")
    spec = appendix_figures.survival_chart(rows, marks, 1 / margin if margin else None, title, label)
    return Figure(label, spec)


def survival_table(results: Results, voice: Voice) -> Table | None:
    """Per cell: the fit, the lowest and the highest of all fits, the verdict, and whether it survives."""
    if results.stress_summary.empty:
        return None
    rows = []
    for row in records(results.stress_summary):
        told = [voice.text(f"stress.{row[key]}") if row[key] else NOTHING for key in ("verdict", "survives")]
        rows.append(
            (
                voice.cell(cell_of(row)),
                *told,
                *(str(row["lowest_spec"]), str(row["highest_spec"])),
                *(
                    voice.figures.ratio(number(row["value"])),
                    voice.figures.ratio(number(row["lowest"])),
                    voice.figures.ratio(number(row["highest"])),
                ),
            )
        )
    head = ("cell", "verdict", "survives", "lowest_spec", "highest_spec", "value", "lowest", "highest")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=5)


def fits_table(results: Results, voice: Voice) -> Table | None:
    """Every cell in every fit."""
    if results.stress.empty:
        return None
    name, title = _measure(results, voice)
    rows = []
    for row in records(results.stress):
        if row["refused"]:
            rows.append(
                (str(row["spec"]), voice.retold_or_file(row["refused"], "stress.csv"), *[NOTHING] * 5)
            )
            continue
        low, high = (
            voice.figures.ratio(number(row[f"{name}_lo"])),
            voice.figures.ratio(number(row[f"{name}_hi"])),
        )
        rows.append(
            (
                str(row["spec"]),
                _name(row, results, voice),
                voice.figures.ratio(number(row[name])),
                voice.figures.span(low, high),
                voice.figures.odds(number(row["p_pays"])),
                voice.text(f"stress.{row['verdict']}") if row["verdict"] else NOTHING,
                voice.text("yes" if row["changes"] else "no"),
            )
        )
    names = ("spec", "cell", "", "range", "pays_after", "verdict", "changes")
    head = tuple(voice.text(f"column.{key}") if key else title for key in names)
    return Table(head, tuple(rows), words=2)


def placebo_sentences(results: Results, voice: Voice) -> tuple[str, ...]:
    """What the model gives each channel that does nothing."""
    if results.stress.empty:
        return ()
    name, _ = _measure(results, voice)
    sentences = []
    for row in records(results.stress):
        if row["kind"] != "placebo" or row["refused"] or cell_of(row) in results.cells:
            continue
        values = {
            "spec": row["spec"],
            "value": voice.figures.ratio(number(row[name])),
            "range": voice.figures.span(
                voice.figures.ratio(number(row[f"{name}_lo"])), voice.figures.ratio(number(row[f"{name}_hi"]))
            ),
            "share": voice.figures.percent(number(row["share_of_outcome"]), decimals=1),
            "prior": voice.figures.percent(number(row["share_of_outcome_prior"]), decimals=1),
        }
        told = voice.text(f"appendix.stress.placebo.{name}", values)
        if (after := number(row["p_pays"])) is not None:
            odds_of = {
                "before": voice.figures.odds(number(row["p_pays_prior"])),
                "after": voice.figures.odds(after),
            }
            told = f"{told} {voice.text('evidence.learned', odds_of)}"
        sentences.append(told)
    return tuple(sentences)


def hidden_driver_table(results: Results, voice: Voice) -> Table:
    """How strong a hidden driver would halve each cell's return, in words."""
    rows = []
    for row in records(results.hidden_driver):
        share = voice.figures.percent(number(row["robustness"]), decimals=0)
        times = number(row["times_benchmark"])
        told = voice.text("appendix.hidden.row", {"share": share})
        if times is not None:
            values = {"times": f"{times:,.1f}" if times < 100 else "100", "control": row["benchmark"]}
            key = "appendix.hidden.benchmark" if times < 100 else "appendix.hidden.benchmark.more"
            told = f"{told} {voice.text(key, values)}"
        rows.append((voice.cell(cell_of(row)), told))
    head = (voice.text("column.cell"), voice.text("column.hidden"))
    return Table(head, tuple(rows), words=2, prose=True)


def _measure(results: Results, voice: Voice) -> tuple[str, str]:
    """The column that holds returns, and what it is called."""
    if results.about.has_money:
        return "roi", voice.text("appendix.priors.parameter.roi")
    return "cost_per_outcome", voice.text("column.cost")


def _name(row: Mapping[str, Any], results: Results, voice: Voice) -> str:
    cell = cell_of(row)
    return voice.cell(cell) if cell in results.cells else cell.name
