"""What holds the plan back, what it takes for granted, and how healthy the model is."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mmm.reporting.backtest import backtest_sentence
from mmm.reporting.decision import measure_of
from mmm.reporting.results import Results, at_level, cell_of, number, records
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class LimitGroup:
    """Sentences under one small heading."""

    title: str
    sentences: tuple[Markup | str, ...]


def limits(results: Results, voice: Voice) -> tuple[LimitGroup, ...]:
    """The groups of the limits section; those with nothing to say are left out."""
    summary = results.summary
    groups = [
        ("binding", _binding(results, voice)),
        ("extrapolated", _extrapolated(results, voice)),
        ("reverses", _reverses(results, voice)),
        ("gave_way", summary.gave_way),
        ("assumed", summary.assumptions),
        ("proof", _proof(results, voice)),
        ("health", _health(results, voice)),
    ]
    return tuple(
        LimitGroup(voice.text(f"limits.{key}"), tuple(sentences)) for key, sentences in groups if sentences
    )


def _binding(results: Results, voice: Voice) -> list[Markup]:
    """Cells at a limit, the dearest limit first, then the price of the reserve and of the budget."""
    rows = [row for row in records(at_level(results.moves, "cell")) if row.get("binding")]
    rows.sort(key=lambda row: -abs(number(row.get("binding_price")) or 0.0))
    said = []
    for row in rows:
        which = str(row["binding"])
        values = {
            "cell": voice.cell(cell_of(row)),
            "which": voice.text(f"limits.which.{which}"),
        }
        price = number(row.get("binding_price"))
        if price is None or which == "fixed":
            said.append(voice.html("limits.binding.row.free", values))
        else:
            said.append(
                voice.html("limits.binding.row", {**values, "price": _per_thousand(price, results, voice)})
            )
    if not said:
        said.append(voice.html("limits.binding.none"))
    for key, value in (
        ("reserve", results.summary.reserve_price),
        ("shadow", results.summary.shadow_price),
    ):
        if value is not None:
            said.append(voice.html(f"limits.{key}", {"price": _per_thousand(value, results, voice)}))
    return said


def _per_thousand(price: float, results: Results, voice: Voice) -> str:
    """A price per unit of money, said for a thousand: `1.24 k`, or units of the outcome."""
    if measure_of(results) == "units":
        return voice.amounts.units(price * 1e3)
    return voice.amounts.per_thousand(price)


def _extrapolated(results: Results, voice: Voice) -> list[Markup]:
    beyond = [row for row in records(at_level(results.moves, "cell")) if row.get("extrapolated")]
    if not beyond:
        return [voice.html("limits.extrapolated.none")]
    names = [voice.cell(cell_of(row)) for row in beyond]
    return [voice.html("limits.extrapolated.row", {"cells": voice.figures.listed(names)})]


def _reverses(results: Results, voice: Voice) -> list[Markup]:
    """Moves that turn at the middle of the range; the plan names them by the cells' own names."""
    known = {cell.name: voice.cell(cell) for cell in results.cells}
    names = [known.get(name, name) for name in results.summary.reverses]
    if not names:
        return []
    return [voice.html("limits.reverses.row", {"cells": voice.figures.listed(names)})]


def _proof(results: Results, voice: Voice) -> list[Markup]:
    summary = results.summary
    if summary.gap is None or summary.gap_money is None:
        return []
    write = voice.amounts.units if measure_of(results) == "units" else voice.amounts.money
    values = {"money": write(summary.gap_money), "share": voice.figures.percent(summary.gap, decimals=2)}
    return [voice.html("limits.proof.row", values)]


def _health(results: Results, voice: Voice) -> list[Markup]:
    said = []
    mape, coverage = number(results.diagnostics.get("mape")), number(results.diagnostics.get("coverage_90"))
    if mape is not None and coverage is not None:
        values = {"mape": voice.figures.percent(mape, decimals=1), "coverage": voice.figures.in_100(coverage)}
        said.append(voice.html("limits.health.fit", values))
    if (forecasts := backtest_sentence(results, voice)) is not None:
        said.append(forecasts)
    severities = [str(value).lower() for value in results.checks.get("severity", [])]
    if severities:
        counts = {name: severities.count(name) for name in ("pass", "review", "fail")}
        found = {"passed": counts["pass"], "review": counts["review"], "failed": counts["fail"]}
        said.append(voice.html("limits.health.checks", found))
    reviews = sum(str(value).lower() == "review" for value in results.reviews.get("severity", []))
    if reviews:
        said.append(voice.html("limits.health.reviews", {"n": reviews}))
    said.append(voice.html("limits.health.model"))
    if drivers := records(results.hidden_driver):
        frailest = min(drivers, key=lambda row: float(row["robustness"]))
        values = {
            "cell": voice.cell(cell_of(frailest)),
            "share": voice.figures.percent(number(frailest["robustness"])),
        }
        said.append(voice.html("limits.health.hidden", values))
    return said
