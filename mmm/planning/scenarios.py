"""Scenarios: budgets and splits side by side, all on the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import cell_columns, cell_row
from mmm.errors import Infeasible
from mmm.planning import sentences
from mmm.planning.budgets import Desk, Mix, Valued, current_mix, value_all
from mmm.planning.frontier import break_even_mix, figures_of, frontier_mixes, frontier_table
from mmm.planning.outlook import spread_of
from mmm.planning.places import lines
from mmm.planning.settings import ScenarioSettings
from mmm.planning.sweep import best_mixes
from mmm.runs.engines import HERE, Workers

OPTIMUM = "optimum"
BREAK_EVEN = "break-even mROI"

DEFAULTS = tuple(
    ScenarioSettings.model_validate(entry)
    for entry in (
        {"name": "keep", "allocation": "current"},
        {"name": "-20 %", "budget": "0.8x"},
        {"name": "-10 %", "budget": "0.9x"},
        {"name": "+10 %", "budget": "1.1x"},
        {"name": "+20 %", "budget": "1.2x"},
        {"name": OPTIMUM},
    )
)
"""Without a config; the budget at which the next unit stops paying comes last, where there is one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Scenarios beside each other, and the frontier of budgets.

    Attributes
    ----------
    scenarios
        `scenarios.csv`: a row each.
    plans
        `scenario_plans.csv`: its split.
    pairs
        `scenario_pairs.csv`: each against each.
    frontier
        `frontier.csv`: the best mix of every budget.
    points
        The same mixes with what they bring per draw, by name; the plan's is `plan`.
    today
        Today's mix of the plan's budget.
    shown
        Every scenario that has a plan, by name.
    """

    scenarios: pd.DataFrame
    plans: pd.DataFrame
    pairs: pd.DataFrame
    frontier: pd.DataFrame
    points: Mapping[str, Valued]
    today: Valued
    shown: Mapping[str, Valued]


def compare(
    desk: Desk, wanted: Sequence[ScenarioSettings], planned: Floats, workers: Workers = HERE
) -> Comparison:
    """Plan every scenario and the frontier, and value all of them on the draws that print.

    Parameters
    ----------
    desk
        The window, its limits and curves, `mmm.planning.budgets.set_up`.
    wanted
        The scenarios; none: the default ones, and the budget at which the next unit stops paying.
    planned
        The plan's own money by cell, shape (cell,): it is what the optimum of the plan's budget is.
    workers
        Who shares the budgets; the tables are the same for all.
    """
    plan = Mix(desk.money.budget, desk.money.reserve, planned)
    line = frontier_mixes(desk, workers)
    steps = {f"{step:g}x": mix for step, mix in line.items()} | {"plan": plan}
    pays = break_even_mix(desk, list(steps.values()))
    if pays is not None:
        steps["break_even"] = pays
    asked, notes = _mixes_of(desk, wanted or DEFAULTS, list(steps.values()), workers)
    if not wanted and pays is not None:
        asked[BREAK_EVEN] = pays
    mixes = {f"frontier {name}": mix for name, mix in steps.items()}
    mixes |= {f"scenario {name}": mix for name, mix in asked.items()}
    mixes["today"] = current_mix(desk, desk.money.budget)
    valued = _value_once(desk, mixes)
    shown = {name: valued[f"scenario {name}"] for name in asked}
    points = {name: valued[f"frontier {name}"] for name in steps}
    return Comparison(
        scenario_table(desk, shown, valued["today"], notes),
        plans_table(desk, shown, valued["today"]),
        pairs_table(shown),
        frontier_table(desk, points, {"plan": "plan", "break_even": "break_even"}),
        points,
        valued["today"],
        shown,
    )


def _mixes_of(
    desk: Desk, entries: Sequence[ScenarioSettings], known: Sequence[Mix], workers: Workers
) -> tuple[dict[str, Mix], dict[str, str]]:
    """The mix of each scenario, and why others have none; a budget whose best mix is known is not planned again."""
    mixes: dict[str, Mix] = {}
    new: dict[str, float] = {}
    for entry in entries:
        budget = desk.money.budget
        if entry.budget is not None:
            budget = round(entry.budget.resolve(budget, float(desk.money.reference.sum())), 2)
        if entry.allocation == "current":
            mixes[entry.name] = current_mix(desk, budget)
        elif (same := next((mix for mix in known if abs(mix.budget - budget) < 0.005), None)) is not None:
            mixes[entry.name] = same
        else:
            new[entry.name] = budget
    found = best_mixes(desk, [(budget, desk.sketch) for budget in new.values()], workers)
    every = mixes | dict(zip(new, found, strict=True))
    planned = {entry.name: every[entry.name] for entry in entries}
    notes = {name: str(mix) for name, mix in planned.items() if isinstance(mix, Infeasible)}
    return {name: mix for name, mix in planned.items() if isinstance(mix, Mix)}, notes


def _value_once(desk: Desk, mixes: Mapping[str, Mix]) -> dict[str, Valued]:
    """Value every mix, those that are one object only once."""
    one = {id(mix): mix for mix in mixes.values()}
    found = value_all(desk, {str(key): mix for key, mix in one.items()})
    return {name: found[str(id(mix))] for name, mix in mixes.items()}


def scenario_table(
    desk: Desk, shown: Mapping[str, Valued], today: Valued, notes: Mapping[str, str]
) -> pd.DataFrame:
    """The table `scenarios.csv`.

    `probability_better` is the share of draws in which a scenario is worth more than today's mix at the plan's budget,
    `expected_regret` the mean distance to the best scenario of each draw. A scenario without a plan has a row with its
    reason in `note`.
    """
    rows = []
    best = np.max([found.value for found in shown.values()], axis=0) if shown else np.zeros(1)
    for name, found in shown.items():
        same = found.mix.total == today.mix.total and np.array_equal(found.mix.spend, today.mix.spend)
        row: dict[str, object] = {
            "scenario": name,
            "budget": found.mix.budget,
            "spend": found.mix.total,
            "reserve": found.mix.reserve,
            **figures_of(found, has_money=desk.window.has_money),
            "probability_better": None if same else float(np.mean(found.value > today.value)),
            "expected_regret": float((best - found.value).mean()),
            "note": sentences.scenario_is_today() if same else "",
        }
        rows.append(row)
    rows += [{"scenario": name, "note": note} for name, note in notes.items()]
    return pd.DataFrame(rows)


def plans_table(desk: Desk, shown: Mapping[str, Valued], today: Valued) -> pd.DataFrame:
    """The table `scenario_plans.csv`: rows by level cell, reserve and total.

    `current_spend` is today's mix at the plan's budget. Where money is placed by geo, cells have rows as in
    `moves.csv`.
    """
    keys = cell_columns(desk.window.cells)
    rows = []
    for name, found in shown.items():
        for cell, members in lines(desk.window.cells):
            brought = spread_of(found.brought[members].sum(axis=0))
            rows.append(
                {
                    "scenario": name,
                    "level": "cell",
                    **cell_row(cell, keys),
                    "current_spend": float(today.mix.spend[members].sum()),
                    "planned_spend": float(found.mix.spend[members].sum()),
                    **{
                        f"response{end}": value
                        for end, value in (("", brought.mean), ("_lo", brought.lo), ("_hi", brought.hi))
                    },
                }
            )
        for level, now, then in (
            ("reserve", today.mix.reserve, found.mix.reserve),
            ("total", today.mix.total, found.mix.total),
        ):
            rows.append({"scenario": name, "level": level, "current_spend": now, "planned_spend": then})
    table = pd.DataFrame(rows)
    table[list(keys)] = table[list(keys)].fillna("")
    return table


def pairs_table(shown: Mapping[str, Valued]) -> pd.DataFrame:
    """The table `scenario_pairs.csv`: how often, and by how much, one scenario is worth more than another.

    `difference` is the scenario less the other, per draw; `expected_regret` the mean of what is lost in the draws in
    which the other is better.
    """
    columns = ["scenario", "against", "probability_better", "difference", "difference_lo", "difference_hi"]
    rows = []
    for name, found in shown.items():
        for other, against in shown.items():
            if name == other:
                continue
            gain = found.value - against.value
            shown_gain = spread_of(gain)
            figures = (shown_gain.mean, shown_gain.lo, shown_gain.hi, float(np.maximum(-gain, 0).mean()))
            rows.append((name, other, float(np.mean(gain > 0)), *figures))
    return pd.DataFrame(rows, columns=[*columns, "expected_regret"])
