"""Other budgets and other splits beside the plan, and where the next unit of budget stops paying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mmm.reporting import figures
from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Figure, Table
from mmm.reporting.decision import measure_of
from mmm.reporting.results import Estimate, Results, estimate, number, records
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class Step:
    """A budget in thousands, what is said of it, and whether it is the plan's."""

    budget: float
    said: str
    is_plan: bool


def scenarios_lead(results: Results, voice: Voice) -> Markup | None:
    """Where the next unit of budget stops paying, beside the plan's budget; None without scenarios."""
    if results.scenarios.empty:
        return None
    budget = results.summary.budget
    turn = _turn(results)
    if turn is None:
        known = results.summary.plan.profit.known
        return voice.html("scenarios.lead.none" if known else "scenarios.lead.plain")
    values = {
        "turn": voice.amounts.money(turn),
        "budget": voice.amounts.money(budget),
        "rest": voice.amounts.money(abs(budget - turn)),
    }
    if abs(budget - turn) < 0.02 * budget:
        return voice.html("scenarios.lead.at", values)
    return voice.html("scenarios.lead.beyond" if budget > turn else "scenarios.lead.below", values)


def frontier_figure(results: Results, voice: Voice) -> Figure | None:
    """Budget against what its best mix brings, with every scenario as a point; None without a frontier."""
    if results.frontier.empty:
        return None
    name, scale = _column(results), 1.0 if _shown(results) == "units" else 1e3
    line = [
        {"budget": row["budget"] / 1e3, **_scaled(estimate(row, name), scale)}
        for row in records(results.frontier)
    ]
    points = []
    for row in records(results.scenarios):
        figure = estimate(row, name)
        if not figure.known:
            continue
        points.append(
            {
                "budget": row["budget"] / 1e3,
                "value": _scaled(figure, scale)["value"],
                "name": str(row["scenario"]),
                "which": "today" if row["note"] else "scenario",
                "label": voice.text("moves.before") if row["note"] else "",
            }
        )
    marked = [row for row in records(results.frontier) if row["point"] == "plan"]
    points += [
        {
            "budget": row["budget"] / 1e3,
            "value": _scaled(estimate(row, name), scale)["value"],
            "name": voice.text("curves.plan"),
            "which": "plan",
            "label": voice.text("moves.after"),
        }
        for row in marked
    ]
    turn = _turn(results)
    titles = voice.text("scenarios.x"), voice.text(f"scenarios.y.{_shown(results)}")
    label = voice.text("scenarios.chart")
    spec = figures.frontier(line, points, None if turn is None else turn / 1e3, titles, label)
    return Figure(label, spec)


def walk(results: Results, voice: Voice) -> tuple[Step, ...]:
    """The budgets of the frontier one after the other, each with what its best mix brings; empty without a frontier."""
    told = frontier_table(results, voice)
    if told is None:
        return ()
    budget, _, measure, _, _, following = told.head
    steps = []
    for row, line in zip(records(results.frontier), told.rows, strict=True):
        money, name, value, span, _, next_unit = line
        values = {"budget": budget, "money": money, "measure": measure, "value": value, "range": span}
        values |= {"next": following, "return": next_unit, "name": f" ({name})" if name else ""}
        steps.append(
            Step(row["budget"] / 1e3, voice.text("scenarios.walk.step", values), row["point"] == "plan")
        )
    return tuple(steps)


def scenarios_table(results: Results, voice: Voice) -> Table | None:
    """Every scenario in a line."""
    if results.scenarios.empty:
        return None
    measure, name = _shown(results), _column(results)
    write = voice.amounts.units if measure == "units" else voice.amounts.money
    span = voice.amounts.units_range if measure == "units" else voice.amounts.money_range
    rows = []
    for row in records(results.scenarios):
        figure = estimate(row, name)
        if not figure.known:
            rows.append((str(row["scenario"]), *[NOTHING] * 6))
            continue
        better = number(row["probability_better"])
        rows.append(
            (
                str(row["scenario"]),
                voice.amounts.money(number(row["spend"])),
                write(figure.mean),
                span(figure),
                _return(row, results, voice),
                NOTHING if better is None else voice.figures.odds(better),
                write(number(row["expected_regret"])),
            )
        )
    keys = ("scenario", "spend", f"measure.{measure}", "range", _return_head(results), "better", "regret")
    return Table(tuple(voice.text(f"column.{key}") for key in keys), tuple(rows), words=1)


def pairs_table(results: Results, voice: Voice) -> Table | None:
    """How many times in a hundred the scenario of a line is worth more than that of a column."""
    if results.scenario_pairs.empty:
        return None
    names = [str(name) for name in dict.fromkeys(results.scenario_pairs["scenario"])]
    found = {(row["scenario"], row["against"]): row for row in records(results.scenario_pairs)}
    rows = []
    for name in names:
        told = [
            NOTHING if name == other else f"{100 * found[name, other]['probability_better']:.0f}"
            for other in names
        ]
        rows.append((name, *told))
    return Table((voice.text("column.beats"), *names), tuple(rows), words=1)


def frontier_table(results: Results, voice: Voice) -> Table | None:
    """The frontier in figures."""
    if results.frontier.empty:
        return None
    measure, name = _shown(results), _column(results)
    write = voice.amounts.units if measure == "units" else voice.amounts.money
    span = voice.amounts.units_range if measure == "units" else voice.amounts.money_range
    rows = []
    for row in records(results.frontier):
        figure = estimate(row, name)
        point = str(row["point"])
        rows.append(
            (
                voice.amounts.money(number(row["budget"])),
                voice.text(f"scenarios.point.{point}") if point else "",
                write(figure.mean),
                span(figure),
                _return(row, results, voice),
                voice.figures.ratio(number(row["next_unit"])),
            )
        )
    keys = ("budget", "point", f"measure.{measure}", "range", _return_head(results), "next_unit")
    return Table(tuple(voice.text(f"column.{key}") for key in keys), tuple(rows), words=2)


def without_plan(results: Results, voice: Voice) -> tuple[str, ...]:
    """Scenarios that the limits leave no plan, each with its reason."""
    return tuple(
        voice.text("scenarios.without", {"scenario": row["scenario"], "reason": row["note"]})
        for row in records(results.scenarios)
        if number(row.get("spend")) is None
    )


def _turn(results: Results) -> float | None:
    """The budget at which the next unit brings what it costs."""
    for row in records(results.frontier):
        if row["point"] == "break_even":
            return number(row["budget"])
    return None


def _column(results: Results) -> str:
    """Column of what is compared."""
    return {"units": "outcome"}.get(_shown(results), _shown(results))


def _shown(results: Results) -> str:
    """What is compared: units only where the tables have them."""
    measure = measure_of(results)
    return "revenue" if measure == "units" and "outcome" not in results.scenarios else measure


def _return_head(results: Results) -> str:
    return "return" if results.about.has_money else "cost"


def _return(row: Mapping[str, Any], results: Results, voice: Voice) -> str:
    return voice.figures.ratio(number(row.get("roi" if results.about.has_money else "cost_per_outcome")))


def _scaled(figure: Estimate, scale: float) -> dict[str, float | None]:
    values = (None if x is None else x / scale for x in (figure.mean, figure.lo, figure.hi))
    return dict(zip(("value", "lo", "hi"), values, strict=True))
