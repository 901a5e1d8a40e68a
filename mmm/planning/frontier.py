"""The budget frontier: what the best mix of every budget brings, and where the next unit of budget stops paying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from mmm.errors import Infeasible
from mmm.planning.budgets import Desk, Mix, Valued, best_mix, mean_value
from mmm.planning.careful import REACH
from mmm.planning.outlook import spread_of
from mmm.planning.summary import Range
from mmm.planning.sweep import best_mixes
from mmm.runs.engines import HERE, Workers

STEPS = tuple(round(0.4 + 0.1 * step, 1) for step in range(13))
"""Budgets looked at, as multiples of the plan's."""

LEAST = 0.2
"""Smallest budget at which the next unit is looked at, as a multiple of the plan's."""

CLOSE = 0.005
"""Share of the plan's budget to which the best budget is found: profit is flat around it."""


def frontier_mixes(desk: Desk, workers: Workers = HERE) -> dict[float, Mix]:
    """The best mix at each step of the budget that leaves a plan, by its multiple; the plan's own is not among them."""
    steps = [step for step in STEPS if step != 1.0]
    found = best_mixes(desk, [(step * desk.money.budget, desk.sketch) for step in steps], workers)
    return {step: mix for step, mix in zip(steps, found, strict=True) if isinstance(mix, Mix)}


def break_even_mix(desk: Desk, known: Sequence[Mix]) -> Mix | None:
    """The best mix of the budget from which on the next unit brings less than it costs.

    A tenth of the next unit goes to tests like a tenth of every other. The budget is sought where the planning draws
    have their greatest profit, from the best of the budgets that are known already.

    Returns
    -------
    None where spend is not counted against what it brings (no margin, an outcome in units), or where profit still
    rises at three times the plan's budget, or falls already at a fifth of it.
    """
    if desk.aim.cost == 0 or not known:
        return None
    budget = desk.money.budget
    line = sorted(known, key=lambda mix: mix.budget)
    top = int(np.argmax([mean_value(desk, mix) for mix in line]))
    low = line[top - 1].budget if top > 0 else LEAST * budget
    high = line[top + 1].budget if top + 1 < len(line) else REACH * budget
    tried: dict[float, Mix] = {}

    def loss(asked: float) -> float:
        try:
            tried[asked] = best_mix(desk, asked)
        except Infeasible:
            return np.inf
        return -mean_value(desk, tried[asked])

    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": CLOSE * budget})
    edges = [edge for edge, end in ((low, LEAST), (high, REACH)) if np.isclose(edge, end * budget)]
    if not tried or any(abs(found.x - edge) < 2 * CLOSE * budget for edge in edges):
        return None
    return tried[min(tried, key=lambda asked: abs(asked - found.x))]


def frontier_table(desk: Desk, points: Mapping[str, Valued], marks: Mapping[str, str]) -> pd.DataFrame:
    """The table `frontier.csv`: the best mix of each budget, ascending.

    `next_unit` is what one more unit of budget brings there (in gross margin where profit is sought, else in the unit
    of the objective): the slope between the neighbouring budgets.

    Parameters
    ----------
    points
        Mixes by name.
    marks
        What a name stands for in the column `point`: plan, break_even.
    """
    order = sorted(points, key=lambda name: points[name].mix.budget)
    budgets = np.array([points[name].mix.budget for name in order])
    gross = [float(points[name].value.mean()) + desk.aim.cost * points[name].mix.total for name in order]
    slope = np.gradient(gross, budgets) if len(order) > 1 else np.full(len(order), np.nan)
    rows = []
    for name, following in zip(order, slope, strict=True):
        found = points[name]
        row: dict[str, object] = {
            "point": marks.get(name, ""),
            "budget": found.mix.budget,
            "spend": found.mix.total,
            "reserve": found.mix.reserve,
        }
        row |= figures_of(found, has_money=desk.window.has_money)
        rows.append(row | {"next_unit": float(following)})
    return pd.DataFrame(rows)


def figures_of(found: Valued, *, has_money: bool) -> dict[str, float | None]:
    """Revenue, profit, roi and romi of a mix with their ranges; outcomes and their cost where they have no value."""
    row: dict[str, float | None] = {}
    names = ["revenue", "profit", "roi", "romi", *([] if has_money else ["outcome"])]
    names += ["npv"] if np.isfinite(found.outlook.npv).all() else []
    for name in names:
        shown: Range = spread_of(getattr(found.outlook, name))
        row |= {name: shown.mean, f"{name}_lo": shown.lo, f"{name}_hi": shown.hi}
    if not has_money:
        row["cost_per_outcome"] = found.outlook.cost_per_outcome
    return row
