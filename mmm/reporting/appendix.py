"""The analyst's appendix: fit, decomposition, carry-over, priors, diagnostics, checks, config and the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Any

import pandas as pd

from mmm.dims import CELL_KEYS, Cell
from mmm.reporting import appendix_figures, figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.palette import BASE, BEFORE, OWNED, WHOLE
from mmm.reporting.results import (
    About,
    Estimate,
    Results,
    at_level,
    cell_of,
    estimate,
    number,
    records,
)
from mmm.reporting.voice import Voice

SHOWN = 6
"""Significant digits of a number in a chart's data: more would only make the page heavier."""


@dataclass(frozen=True, slots=True)
class KeyColour:
    """An entry of a chart's key."""

    name: str
    colour: str


def fit_frame(results: Results) -> pd.DataFrame:
    """Fit by date: the national rows where the run wrote them, else geos summed, without a range.

    Ranges do not add, so a sum over geos has none.
    """
    frame = results.fit
    national = frame[frame["geo"] == ""] if "geo" in frame else frame
    if not national.empty:
        return national.sort_values("date").reset_index(drop=True)
    return frame.groupby("date", as_index=False)[["actual", "expected", "baseline"]].sum()


def fit_figures(results: Results, voice: Voice) -> tuple[Figure, Figure]:
    """Actual against expected over time, and what is left."""
    scale, unit = _scale(results, voice)
    frame = fit_frame(results)
    rows, left = [], []
    for row in records(frame):
        date = f"{row['date']:%Y-%m-%d}"
        point: dict[str, Any] = {"date": date}
        for name, source in (
            ("actual", "actual"),
            ("expected", "expected"),
            ("baseline", "baseline"),
            ("lo", "expected_lo"),
            ("hi", "expected_hi"),
        ):
            value = number(row.get(source))
            if value is not None:
                point[name] = _short(value / scale)
        rows.append(point)
        if "actual" in point:
            left.append({"date": date, "residual": _short((row["actual"] - row["expected"]) / scale)})
    fit_label, left_label = voice.text("appendix.fit.chart"), voice.text("appendix.residual.chart")
    return (
        Figure(fit_label, appendix_figures.fit_chart(rows, unit, fit_label)),
        Figure(left_label, appendix_figures.residual_chart(left, unit, left_label)),
    )


def fit_table(results: Results, voice: Voice) -> Table:
    """The rows of both charts."""
    write = voice.amounts.outcome
    head = ("date", "actual", "expected", "range", "residual", "baseline")
    rows = []
    for row in records(fit_frame(results)):
        low, high = number(row.get("expected_lo")), number(row.get("expected_hi"))
        span = NOTHING if low is None or high is None else voice.figures.span(write(low), write(high))
        actual = number(row["actual"])
        rows.append(
            (
                f"{row['date']:%Y-%m-%d}",
                write(actual),
                write(row["expected"]),
                span,
                write(None if actual is None else actual - row["expected"], signed=True),
                write(number(row["baseline"])),
            )
        )
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def decomposition(results: Results, voice: Voice) -> pd.DataFrame:
    """Outcome by date and group: everything else, owned media, each channel, and the residual.

    Columns are the groups' names, in the order of the stack; means add, so sums over cells and geos are
    exact.
    """
    frame = results.contributions
    group = pd.Series(voice.text("appendix.decomposition.base"), index=frame.index, dtype=object)
    group[frame["component"].str.startswith("organic:")] = voice.text("appendix.decomposition.organic")
    group[frame["component"] == "residual"] = voice.text("column.residual")
    paid = frame["component"] == "media"
    group[paid] = frame.loc[paid, "channel"].map(voice.channel)
    wide = frame.assign(group=group).pivot_table(index="date", columns="group", values="value", aggfunc="sum")
    first = [voice.text("appendix.decomposition.base"), voice.text("appendix.decomposition.organic")]
    channels = [voice.channel(name) for name in voice.colours]
    order = [name for name in (*first, *channels, voice.text("column.residual")) if name in wide]
    return wide[order]


def decomposition_figure(results: Results, voice: Voice) -> tuple[Figure, tuple[KeyColour, ...]]:
    """The stack over time, and its key."""
    scale, unit = _scale(results, voice)
    wide = decomposition(results, voice)
    residual = voice.text("column.residual")
    groups = [str(name) for name in wide.columns if name != residual]
    known = {voice.channel(name): colour for name, colour in voice.colours.items()}
    known |= {
        voice.text("appendix.decomposition.base"): BASE,
        voice.text("appendix.decomposition.organic"): OWNED,
    }
    rows = [
        {"date": f"{date:%Y-%m-%d}", "group": name, "value": _short(value / scale), "order": place}
        for place, name in enumerate(groups)
        for date, value in wide[name].items()
    ]
    label = voice.text("appendix.decomposition.chart")
    colours = [known[name] for name in groups]
    spec = appendix_figures.decomposition_chart(rows, groups, colours, unit, label)
    return Figure(label, spec), tuple(KeyColour(name, known[name]) for name in groups)


def drivers_figure(results: Results, voice: Voice) -> Figure:
    """What the outcome of all modelled periods is made of, as bars that add up to it.

    The range of a channel is that of what its own money brought, as `roi.csv` has it.
    """
    scale, _ = _scale(results, voice)
    sums = decomposition(results, voice).sum()
    brought = {voice.channel(str(row["channel"])): row for row in records(at_level(results.roi, "channel"))}
    _, key = decomposition_figure(results, voice)
    colours = {entry.name: entry.colour for entry in key}
    colours |= {voice.text("column.residual"): BEFORE, voice.text("drivers.outcome"): WHOLE}
    rows: list[dict[str, Any]] = []
    reached = 0.0
    for name, value in sums.items():
        start, reached = reached, reached + float(value)
        row = _driver(str(name), start / scale, reached / scale, voice.amounts.outcome(float(value)))
        span = estimate(brought[str(name)], "contribution") if str(name) in brought else Estimate()
        if span.lo is not None and span.hi is not None and span.mean is not None:
            ends = {
                end: (reached + one - span.mean) / scale for end, one in (("lo", span.lo), ("hi", span.hi))
            }
            row |= ends | {"end": max(row["end"], ends["hi"])}
        rows.append(row)
    rows.append(_driver(voice.text("drivers.outcome"), 0.0, reached / scale, voice.amounts.outcome(reached)))
    label = voice.text("drivers.chart")
    return Figure(label, figures.bridge(rows, label, colours))


def _driver(name: str, start: float, end: float, text: str) -> dict[str, Any]:
    ends = {"from": _short(start), "to": _short(end), "end": max(start, end)}
    return {"step": name, "kind": name, "text": text} | ends


def decomposition_table(results: Results, voice: Voice) -> Table:
    """The stack by date, with the residual."""
    wide = decomposition(results, voice)
    rows = tuple(
        (f"{date:%Y-%m-%d}", *(voice.amounts.outcome(number(value)) for value in values))
        for date, values in zip(wide.index, wide.to_numpy(), strict=True)
    )
    return Table((voice.text("column.date"), *map(str, wide.columns)), rows)


def adstock_figures(results: Results, voice: Voice) -> tuple[Figure, ...]:
    """Carry-over per cell."""
    found = []
    for cell in results.cells:
        rows = [
            {
                "lag": row["lag"],
                "weight": _short(row["weight"]),
                "lo": _short(row["weight_lo"]),
                "hi": _short(row["weight_hi"]),
            }
            for row in _rows_of(results.adstock, cell)
        ]
        if rows:
            label = voice.text("appendix.adstock.chart", {"cell": voice.cell(cell)})
            spec = appendix_figures.lag_chart(rows, voice.colour(cell), label)
            found.append(Figure(label, spec, voice.cell(cell), voice.colour(cell)))
    return tuple(found)


def adstock_table(results: Results, voice: Voice) -> Table:
    """Shares of the effect by lag; a row per cell."""
    lags = sorted({int(lag) for lag in results.adstock["lag"]})
    rows = []
    for cell in results.cells:
        by_lag = {int(row["lag"]): row["weight"] for row in _rows_of(results.adstock, cell)}
        rows.append((voice.cell(cell), *(voice.figures.percent(by_lag.get(lag), decimals=1) for lag in lags)))
    return Table((voice.text("column.cell"), *map(str, lags)), tuple(rows))


def priors_figure(results: Results, voice: Voice) -> Figure | None:
    """ROI before and after the data, per cell."""
    rows: list[dict[str, Any]] = []
    for cell in results.cells:
        for row in _rows_of(results.priors, cell):
            if row["parameter"] != "roi":
                continue
            shared = {"cell": voice.cell(cell)}
            rows.append(
                {
                    **shared,
                    "offset": "0",
                    "colour": BEFORE,
                    "value": row["prior_median"],
                    "lo": row["prior_lo"],
                    "hi": row["prior_hi"],
                }
            )
            rows.append(
                {
                    **shared,
                    "offset": "1",
                    "colour": voice.colour(cell),
                    "value": row["median"],
                    "lo": row["lo"],
                    "hi": row["hi"],
                }
            )
    if not rows:
        return None
    label = voice.text("appendix.priors.chart")
    title = voice.text("appendix.priors.parameter.roi")
    above = all(float(row["lo"]) > 0.0 for row in rows)  # a return that may be negative has no logarithm
    return Figure(label, figures.intervals(rows, None, title, label, log=above))


def priors_table(results: Results, voice: Voice) -> Table:
    """Every parameter of every cell, before and after the data."""
    head = ("cell", "parameter", "prior", "prior_range", "posterior", "posterior_range")
    rows = []
    for cell in results.cells:
        for row in _rows_of(results.priors, cell):
            key = f"appendix.priors.parameter.{row['parameter']}"
            known = key in voice.catalogue.sentences
            rows.append(
                (
                    voice.cell(cell),
                    voice.text(key) if known else str(row["parameter"]),
                    f"{row['prior_median']:.3g}",
                    voice.figures.span(f"{row['prior_lo']:.3g}", f"{row['prior_hi']:.3g}"),
                    f"{row['median']:.3g}",
                    voice.figures.span(f"{row['lo']:.3g}", f"{row['hi']:.3g}"),
                )
            )
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows), words=2)


def diagnostics_table(results: Results, voice: Voice) -> Table:
    """What the sampler and the fit say of themselves."""
    rows = []
    for key, value in results.diagnostics.items():
        name = f"diagnostic.{key}"
        shown = value.get("fit") if isinstance(value, Mapping) else value
        written = NOTHING if shown is None else str(shown)
        if isinstance(shown, int | float):
            written = f"{shown:,.4g}"
        rows.append((voice.text(name) if name in voice.catalogue.sentences else key, written))
    return Table((voice.text("column.figure"), voice.text("column.value")), tuple(rows))


def checks_table(results: Results, voice: Voice) -> Table:
    """Every check of the data with its remedy; what needs a look first."""
    return _findings(results.checks, voice)


def sources_table(results: Results, voice: Voice) -> Table | None:
    """Until when each source has rows, how old that was when the run was made, and whom to ask."""
    if results.sources.empty:
        return None
    made = Date.fromisoformat(results.about.created[:10])
    rows = []
    for row in records(results.sources):
        until = Date.fromisoformat(str(row["data_until"]))
        age = voice.text("sources.days", {"n": max((made - until).days, 0)})
        file = str(row["file"]).rpartition("/")[2]
        rows.append(
            (str(row["source"]), str(row.get("owner") or NOTHING), voice.figures.day(until), age, file)
        )
    head = tuple(voice.text(f"column.{name}") for name in ("source", "owner", "data_until", "age", "file"))
    return Table(head, tuple(rows), words=5, prose=True)


def reviews_table(results: Results, voice: Voice) -> Table | None:
    """Every check of the fit with its remedy; what needs a look first."""
    return None if results.reviews.empty else _findings(results.reviews, voice)


def _findings(found: pd.DataFrame, voice: Voice) -> Table:
    names = ("check", "severity", "where", "rows", "value", "remedy")
    rank = {"fail": 0, "review": 1}
    rows = sorted(records(found), key=lambda row: rank.get(str(row["severity"]).lower(), 2))
    shown = [row | {"severity": voice.retold(row["severity"])} for row in rows]
    written = tuple(tuple(str(row.get(name, "")) for name in names) for row in shown)
    return Table(tuple(voice.text(f"column.{name}") for name in names), written, words=6, prose=True)


def _margins(about: About, voice: Voice) -> str:
    """The gross margin, and those of channels that have their own."""
    own = [
        f"{name} {voice.figures.percent(margin, decimals=1)}" for name, margin in about.gross_margins.items()
    ]
    return "; ".join([voice.figures.percent(about.gross_margin, decimals=1), *own])


def run_table(results: Results, voice: Voice) -> Table:
    """Where the figures come from, traceable to the run."""
    about, summary = results.about, results.summary
    none = voice.text("run.none")
    days = voice.figures.span(voice.figures.day(summary.start), voice.figures.day(summary.end))
    size = {"periods": about.n_periods, "grain": voice.text(f"grain.{about.grain}"), "geos": about.n_geos}
    values = {
        "name": about.name,
        "currency": about.currency or none,
        "gross_margin": none if about.gross_margin is None else _margins(about, voice),
        "data": voice.figures.span(voice.figures.day(about.data_from), voice.figures.day(about.data_until)),
        "modelled": voice.figures.day(about.modelled_from),
        "size": voice.text("run.size.value", size),
        "window": f"{voice.figures.window(summary.start, summary.end)} ({days})",
        "objective": voice.retold(summary.objective),
        "method": summary.method or none,
        "config_hash": about.config_hash,
        "version": about.version,
        "seed": str(about.seed),
        "created": about.created,
    }
    hidden = ("gross_margin", "objective") if about.withheld else ()
    rows = tuple((voice.text(f"run.{key}"), value) for key, value in values.items() if key not in hidden)
    return Table((voice.text("column.figure"), voice.text("column.value")), rows, words=2)


def _rows_of(frame: pd.DataFrame, cell: Cell) -> list[dict[str, Any]]:
    keys = [key for key in (*CELL_KEYS, "geo") if key in frame]
    return [row for row in records(frame) if cell_of(row) == cell and ("geo" not in keys or row["geo"] == "")]


def _scale(results: Results, voice: Voice) -> tuple[float, str]:
    """What amounts of the outcome are divided by in a chart, and the axis title."""
    if not results.about.has_money:
        return 1.0, ""
    return 1e3, "k"


def _short(value: float) -> float:
    return float(f"{float(value):.{SHOWN}g}")
