"""Forecasts from earlier days beside what happened, where the run has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from mmm.reporting import appendix_figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.results import Results, number, records
from mmm.reporting.voice import Voice

TOTAL = "total"


def backtest_figure(results: Results, voice: Voice) -> Figure | None:
    """Every forecast with its range, and what happened; None where there was no backtest."""
    if results.backtest.empty:
        return None
    scale, unit = (1e3, "k") if results.about.has_money else (1.0, "")
    rows = [
        {
            "date": f"{row['date']:%Y-%m-%d}",
            "origin": row["origin"],
            **{
                name: float(f"{row[source] / scale:.6g}")
                for name, source in (
                    ("actual", "actual"),
                    ("expected", "expected"),
                    ("lo", "expected_lo"),
                    ("hi", "expected_hi"),
                )
            },
        }
        for row in records(results.backtest)
        if row["horizon"] != TOTAL
    ]
    label = voice.text("appendix.backtest.chart")
    return Figure(label, appendix_figures.forecast_chart(rows, unit, label))


def backtest_table(results: Results, voice: Voice) -> Table | None:
    """Error and coverage by horizon, beside two forecasts without a model."""
    if results.backtest_summary.empty:
        return None
    head = ("horizon", "forecasts", "wmape", "mape", "bias", "coverage", "last_year", "last_4")
    rows = [
        (
            voice.text("appendix.backtest.total") if row["horizon"] == TOTAL else str(row["horizon"]),
            f"{row['forecasts']:.0f}",
            _share(row, "wmape", voice),
            _share(row, "mape", voice),
            voice.figures.percent(number(row["bias"]), signed=True, decimals=1),
            voice.figures.percent(number(row["coverage_90"])),
            _share(row, "wmape_last_year", voice),
            _share(row, "wmape_last_4", voice),
        )
        for row in records(results.backtest_summary)
    ]
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def backtest_sentence(results: Results, voice: Voice) -> Markup | None:
    """How far forecasts of a period were off, in plain words."""
    if results.backtest.empty:
        return None
    rows = results.backtest[results.backtest["horizon"] != TOTAL]
    error = (rows["expected"] - rows["actual"]).abs().sum() / rows["actual"].abs().sum()
    inside = ((rows["actual"] >= rows["expected_lo"]) & (rows["actual"] <= rows["expected_hi"])).mean()
    values = {
        "origins": rows["origin"].nunique(),
        "mape": voice.figures.percent(error, decimals=1),
        "coverage": voice.figures.in_100(float(inside)),
    }
    return voice.html("limits.health.backtest", values)


def _share(row: Mapping[str, Any], name: str, voice: Voice) -> str:
    value = number(row[name])
    return NOTHING if value is None else voice.figures.percent(value, decimals=1)
