"""What stands behind a scenario: its money by period, and what is expected of the window with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from mmm.data.panel import Floats
from mmm.planning.allocation import current_spend, take_draws
from mmm.planning.budgets import Desk, Mix, Valued
from mmm.planning.forecast import forecast_table
from mmm.planning.tables import plan_table
from mmm.planning.window import PlanWindow
from mmm.response.curves import bought_as


def weeks_and_forecasts(
    desk: Desk, shown: Mapping[str, Valued], todays: PlanWindow, baseline: Floats
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `scenario_weeks.csv` and `scenario_forecast.csv`: `plan.csv` and `forecast.csv` of every scenario.

    Parameters
    ----------
    shown
        Scenarios by name.
    todays
        The window with today's weeks, where the plan has weeks of its own.
    baseline
        Outcome without paid media, all draws, shape (draw, period).
    """
    weeks, forecasts = [pd.DataFrame()], [pd.DataFrame()]
    curves = take_draws(desk.curves, desk.printing)
    for name, found in shown.items():
        table = _weeks_of(desk, found.mix, todays)
        older = desk.todays_weeks if found.mix.todays_weeks else None
        bought = curves if older is None else bought_as(curves, older)
        expected = forecast_table(bought, desk.window, found.mix.spend, baseline[desk.printing], table)
        for made, kept in ((table, weeks), (expected, forecasts)):
            made.insert(0, "scenario", name)
            kept.append(made)
    return pd.concat(weeks, ignore_index=True), pd.concat(forecasts, ignore_index=True)


def _weeks_of(desk: Desk, mix: Mix, todays: PlanWindow) -> pd.DataFrame:
    """Money of a scenario by period, in whole cents."""
    window = todays if mix.todays_weeks else desk.window
    core = round(mix.budget - mix.reserve, 2)
    current = current_spend(desk.window, core)
    money = replace(desk.money, budget=mix.budget, core=core, reserve=mix.reserve, current=current)
    return plan_table(window, money, mix.spend)
