"""Goals with odds: how likely a target is, what can be promised, and which budget would make it safe."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.errors import ConfigError
from mmm.finance.economics import Economics, profit
from mmm.planning.allocation import at_margins, take_draws
from mmm.planning.budgets import Desk, Valued, switch_costs
from mmm.planning.forecast import window_outcome
from mmm.planning.outlook import spread_of
from mmm.planning.settings import GoalsSettings, Target
from mmm.response.curves import WindowCurves

SAFE = 0.8
"""Odds at which a figure can be promised."""


def check_goals(goals: GoalsSettings, economics: Economics, *, has_money: bool) -> None:
    """Refuse targets that cannot be looked at, before anything is fitted.

    Raises
    ------
    ConfigError
        Money asked of an outcome without a value, profit without a margin, units of an outcome in money.
    """
    faults = []
    for number, target in enumerate(goals.targets, start=1):
        where = f"`goals.targets[{number}].kpi: {target.kpi}`"
        if target.kpi == "outcome" and has_money:
            faults.append(f"{where}: the outcome has a money value here; give the target as revenue")
        elif target.kpi != "outcome" and not has_money:
            faults.append(
                f"{where}: an outcome has no money value; give the target as outcome, or set "
                "`data.outcome.value_per_unit`"
            )
        elif target.kpi == "profit" and economics.margin is None:
            faults.append(f"{where}: needs `finance.gross_margin`")
    if faults:
        raise ConfigError(faults)


def goals_table(
    desk: Desk, goals: GoalsSettings, points: Mapping[str, Valued], baseline: Floats
) -> pd.DataFrame:
    """The table `goals.csv`: each target with the plan's odds, and the budgets that would change them.

    `reached_80` is the figure that the plan reaches with 80 in 100. `budget_80` is the least budget of the frontier
    with these odds, straight between its points; empty where none has them, and then `best_probability` and
    `best_budget` say how far one can get.

    Parameters
    ----------
    points
        The frontier by name, with the plan as `plan`.
    baseline
        Outcome without paid media by period of the window, all draws, shape (draw, period).
    """
    order = sorted(points, key=lambda name: points[name].mix.budget)
    budgets = np.array([points[name].mix.budget for name in order])
    totals: dict[str, Floats] = {}
    counted: dict[str, Floats] = {}
    if any(target.of == "total" and target.kpi == "profit" for target in goals.targets):
        counted = _totals(desk, at_margins(desk.curves, desk.economics), points, baseline)
    if any(target.of == "total" for target in goals.targets):
        totals = _totals(desk, desk.curves, points, baseline)
    rows = []
    for target in goals.targets:
        of_all = counted if target.kpi == "profit" else totals
        reached = {name: _figure(desk, target, points[name], of_all.get(name)) for name in order}
        odds = np.array([np.mean(reached[name] >= target.target) for name in order])
        plan, best = reached["plan"], int(np.argmax(odds))
        expected = spread_of(plan)
        rows.append(
            {
                "goal": target.name,
                "kpi": target.kpi,
                "of": target.of,
                "target": target.target,
                "owner": target.owner,
                "under": target.under,
                "budget": points["plan"].mix.budget,
                "expected": expected.mean,
                "expected_lo": expected.lo,
                "expected_hi": expected.hi,
                "probability": float(np.mean(plan >= target.target)),
                "reached_80": float(np.quantile(plan, 1 - SAFE)),
                "budget_80": budget_at(budgets, odds, SAFE),
                "best_probability": float(odds[best]),
                "best_budget": float(budgets[best]),
                "question": goals.question,
            }
        )
    return pd.DataFrame(rows)


def budget_at(budgets: Floats, odds: Floats, wanted: float) -> float:
    """The least budget with the odds that are wanted, straight between the points; nan where none has them.

    Parameters
    ----------
    budgets, odds
        Ascending budgets and their odds, shape (point,).
    """
    enough = np.flatnonzero(odds >= wanted)
    if not enough.size:
        return float("nan")
    first = int(enough[0])
    if first == 0:
        return float(budgets[0])
    below, above = odds[first - 1], odds[first]
    share = (wanted - below) / (above - below)
    return float(budgets[first - 1] + share * (budgets[first] - budgets[first - 1]))


def _totals(
    desk: Desk, curves: WindowCurves, points: Mapping[str, Valued], baseline: Floats
) -> dict[str, Floats]:
    """The whole outcome of the window with each mix, per draw."""
    shown = take_draws(curves, desk.printing)
    return {
        name: window_outcome(shown, found.mix.spend, baseline[desk.printing], desk.window.share)
        for name, found in points.items()
    }


def _figure(desk: Desk, target: Target, found: Valued, total: Floats | None) -> Floats:
    """The figure a target is about, per draw; `total` has revenue as profit counts it."""
    if target.of == "total" and total is not None:
        if target.kpi == "profit":
            return profit(total, found.mix.total, desk.economics) - switch_costs(desk, found.mix.spend)
        return np.asarray(total)
    return found.outlook.profit if target.kpi == "profit" else np.asarray(found.brought.sum(axis=0))
