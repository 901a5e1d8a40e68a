"""The plan and today's mix as a profit and loss statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mmm.reporting.decision import measure_of
from mmm.reporting.results import Estimate, Results, at_level, number, records


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the statement; `change` is plan less today's mix.

    `kind` says how its figures are written: money, outcome (money or units), ratio, or cost of one unit.
    """

    key: str
    kind: Literal["money", "outcome", "ratio", "cost"]
    plan: Estimate
    current: Estimate
    change: Estimate
    strong: bool = False


def statement(results: Results) -> tuple[Line, ...]:
    """Lines from spend to profit; lines that need a margin are left out where there is none."""
    summary, about = results.summary, results.about
    spend = Estimate(total_planned(results)), Estimate(total_current(results))
    lines = [
        Line("spend", "money", *spend, _difference(*spend)),
        Line("tests", "money", Estimate(summary.reserve), Estimate(summary.reserve), Estimate(0.0)),
    ]
    brought = outcome_of(results, "planned"), outcome_of(results, "current")
    name = "revenue" if about.has_money else "units"
    gained = summary.gain if measure_of(results) == name else Estimate()
    strong = not summary.plan.profit.known
    lines.append(Line(name, "outcome", *brought, _difference(*brought, gained), strong=strong))
    if summary.plan.profit.known:
        gross = gross_of(results, "planned"), gross_of(results, "current")
        profit = summary.plan.profit, summary.current.profit
        gained = summary.gain if measure_of(results) == "profit" else Estimate()
        lines.append(Line("margin", "money", *gross, _difference(*gross)))
        lines.append(Line("profit", "money", *profit, _difference(*profit, gained), strong=True))
    if summary.plan.npv.known:
        value = summary.plan.npv, summary.current.npv
        lines.append(Line("npv", "money", *value, _difference(*value, summary.gain)))
    return (*lines, *_returns(results))


def _returns(results: Results) -> list[Line]:
    """Average and next return, as money per money or as cost per unit."""
    summary = results.summary
    if not results.about.has_money:
        cost = average_return(results, "planned"), average_return(results, "current")
        following = next_return(results, "planned"), next_return(results, "current")
        return [
            Line("cost", "cost", *cost, _difference(*cost)),
            Line("next_cost", "cost", *following, _difference(*following)),
        ]
    pairs: list[tuple[str, Estimate, Estimate]] = [
        ("roi", summary.plan.roi, summary.current.roi),
        ("next", next_return(results, "planned"), next_return(results, "current")),
        ("romi", summary.plan.romi, summary.current.romi),
    ]
    return [
        Line(key, "ratio", plan, current, _difference(plan, current))
        for key, plan, current in pairs
        if plan.known or current.known
    ]


def outcome_of(results: Results, which: Literal["planned", "current"]) -> Estimate:
    """What a mix brings: revenue where the outcome has a money value, else units."""
    outlook = results.summary.plan if which == "planned" else results.summary.current
    return outlook.revenue if results.about.has_money else outlook.outcome


def gross_of(results: Results, which: Literal["planned", "current"]) -> Estimate:
    """Gross margin on what a mix brings; where channels have margins of their own, profit and what was spent."""
    outlook = results.summary.plan if which == "planned" else results.summary.current
    if results.one_margin is not None or not outlook.profit.known:
        return outlook.revenue.times(results.one_margin)
    spend = total_planned(results) if which == "planned" else total_current(results)
    profit = outlook.profit
    return Estimate(*(None if x is None else x + spend for x in (profit.mean, profit.lo, profit.hi)))


def average_return(results: Results, which: Literal["planned", "current"]) -> Estimate:
    """Spend per unit of the outcome, for an outcome without a money value."""
    spend = total_planned(results) if which == "planned" else total_current(results)
    brought = outcome_of(results, which).mean
    return Estimate(spend / brought if brought and brought > 0 else None)


def next_return(results: Results, which: Literal["planned", "current"]) -> Estimate:
    """What the next unit of spend returns over all media, or what the next unit of the outcome costs."""
    row = total_row(results)
    name = "mroi" if results.about.has_money else "marginal_cost_per_outcome"
    return Estimate(number(row.get(f"{name}_{which}")))


def total_row(results: Results) -> Mapping[str, Any]:
    """The row of `moves.csv` for all media; empty where there is none."""
    rows = records(at_level(results.moves, "total"))
    return rows[0] if rows else {}


def total_planned(results: Results) -> float:
    """Planned money with the tests."""
    return float(at_level(results.moves, "cell")["planned_spend"].sum()) + results.summary.reserve


def total_current(results: Results) -> float:
    """Today's mix at equal money, with the same tests."""
    return float(at_level(results.moves, "cell")["current_spend"].sum()) + results.summary.reserve


def _difference(plan: Estimate, current: Estimate, known: Estimate | None = None) -> Estimate:
    """Plan less current. A range only where the run states one: ranges cannot be subtracted."""
    if known is not None and known.known:
        return known
    if plan.mean is None or current.mean is None:
        return Estimate()
    return Estimate(plan.mean - current.mean)
