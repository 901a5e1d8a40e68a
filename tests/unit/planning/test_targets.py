"""A target in place of a budget: the budget found is the one at which the target turns."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.errors import ConfigError, Infeasible
from mmm.finance.economics import Economics
from mmm.planning.outlook import halves
from mmm.planning.plan import optimize
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response, slope


@pytest.fixture
def plan(make_panel, make_media, weekly_spend):
    """A function that plans the first quarter of 2027, with its curves and the draws that plan."""
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=20)
    planning, _ = halves(20, 1)

    def build(**keys):
        chosen = PlanSettings.model_validate({"window": "2027Q1", **keys})
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        baseline = np.full((20, len(window.dates)), 500.0)
        found = optimize(curves, window, Economics(0.5), ("data",) * 4, chosen, baseline)
        cells = found.moves[found.moves.level == "cell"].planned_spend.to_numpy()
        return found, curves, cells, planning

    return build


def _roi(curves, cells, planning, budget):
    return sum(response(curves, i, [x])[0, planning].mean() for i, x in enumerate(cells)) / budget


def test_the_budget_of_a_target_roi_is_the_largest_whose_plan_has_it(plan):
    known, curves, cells, planning = plan(budget=9_000)
    target = _roi(curves, cells, planning, 9_000)
    found, curves, cells, planning = plan(target_roi=target)
    assert found.summary.budget == pytest.approx(9_000, rel=5e-3)
    assert _roi(curves, cells, planning, found.summary.budget) == pytest.approx(target, rel=5e-3)
    assert found.summary.assumptions[0].startswith("The budget of")
    assert found.gap <= 1e-3
    assert known.summary.method == found.summary.method


def test_the_last_unit_of_the_budget_of_a_target_mroi_brings_it(plan):
    found, curves, cells, planning = plan(target_mroi=1.2, change=None)
    last = np.array([slope(curves, i, [x])[0, planning].mean() for i, x in enumerate(cells)])
    free = (found.moves[found.moves.level == "cell"].binding == "").to_numpy()
    assert free.any()
    np.testing.assert_allclose(last[free], 1.2, rtol=1e-2)


def test_the_budget_of_a_target_outcome_is_the_least_whose_forecast_reaches_it(plan):
    known, *_ = plan(budget=9_000)
    found, *_ = plan(target_outcome=known.summary.forecast.mean)
    # planned on one half of the draws and printed from the other
    assert found.summary.forecast.mean == pytest.approx(known.summary.forecast.mean, rel=0.1)
    less, *_ = plan(target_outcome=0.9 * known.summary.forecast.mean)
    assert less.summary.budget < found.summary.budget


def test_a_higher_target_never_asks_for_more_money_where_returns_fall(plan):
    budgets = [plan(target_roi=target)[0].summary.budget for target in (0.4, 0.6, 0.8)]
    assert budgets == sorted(budgets, reverse=True)


def test_a_target_nobody_can_reach_is_refused_with_the_best_that_can(plan):
    with pytest.raises(Infeasible, match=r"target_roi: 1,000\.00` is out of reach: the best mean .* is \d"):
        plan(target_roi=1_000)


def test_a_budget_and_a_target_are_one_too_many():
    with pytest.raises(ValueError, match="budget and target_roi both say how much to spend"):
        PlanSettings(budget=10, target_roi=2)


def test_a_return_needs_a_money_value(make_panel, make_media, weekly_spend):
    panel = make_panel(weekly_spend[:97], unit_value=None)
    chosen = PlanSettings.model_validate({"window": "2027Q1", "target_roi": 2})
    window = plan_window(panel, chosen)
    curves = window_curves(window, panel, make_media(panel, draws=4))
    with pytest.raises(ConfigError, match="need a money value"):
        optimize(curves, window, Economics(None), ("data",) * 4, chosen)
