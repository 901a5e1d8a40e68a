"""Goals with odds, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from mmm.errors import ConfigError
from mmm.finance.economics import Economics
from mmm.planning.best_splits import best_splits
from mmm.planning.budgets import best_mix, current_mix, set_up, with_draw
from mmm.planning.forecast import window_outcome
from mmm.planning.goals import budget_at, check_goals, goals_table
from mmm.planning.scenarios import compare
from mmm.planning.settings import GoalsSettings, PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

GRADES = ("data",) * 4
MARGIN = 2.0


@pytest.fixture(scope="module")
def found(make_panel, make_media):
    """A small company whose scenarios are compared; its printing draws are the first thirty."""
    panel = make_panel(np.random.default_rng(7).uniform(50, 150, (97, 4)) * np.array([8, 4, 2, 1]))
    media = make_media(panel, draws=60)
    chosen = PlanSettings.model_validate({"window": "2027Q1"})
    window = plan_window(panel, chosen)
    curves = window_curves(window, panel, media)
    desk = set_up(curves, window, Economics(MARGIN), GRADES, chosen, seed=1)
    planned = best_mix(desk, desk.money.budget).spend
    baseline = np.random.default_rng(3).normal(500.0, 60.0, (60, 14))
    return SimpleNamespace(
        desk=desk,
        planned=planned,
        curves=curves,
        window=window,
        baseline=baseline,
        compared=compare(desk, (), planned),
    )


def goals(found, *targets):
    settings = GoalsSettings.model_validate({"question": "can it?", "targets": list(targets)})
    return goals_table(found.desk, settings, found.compared.points, found.baseline)


def by_hand(found, spend):
    """Total of the window on the draws that print."""
    whole = window_outcome(found.curves, spend, found.baseline, found.window.share)
    return whole[:30]


def test_the_odds_of_a_total_are_those_of_baseline_and_media_together(found):
    total = by_hand(found, found.planned)
    target = float(np.quantile(total, 0.45))
    row = goals(found, {"name": "Q1", "target": target}).iloc[0]
    assert row.probability == np.mean(total >= target)
    assert row.expected == pytest.approx(total.mean())
    assert row.reached_80 == pytest.approx(np.quantile(total, 0.2))
    assert np.mean(total >= row.reached_80) >= 0.8 - 1e-9
    assert row.question == "can it?"


def test_the_budget_with_eighty_in_a_hundred_has_them_on_the_frontier(found):
    middle = float(by_hand(found, found.planned).mean())
    row = goals(found, {"name": "Q1", "target": middle}).iloc[0]
    points = sorted(found.compared.points.values(), key=lambda point: point.mix.budget)
    odds = [np.mean(by_hand(found, point.mix.spend) >= middle) for point in points]
    budgets = [point.mix.budget for point in points]
    assert row.best_probability == max(odds)
    first = next(i for i, value in enumerate(odds) if value >= 0.8)
    assert budgets[first - 1] <= row.budget_80 <= budgets[first]


def test_a_target_out_of_reach_has_no_budget_and_says_how_far_one_gets(found):
    row = goals(found, {"name": "moon", "target": 1e12}).iloc[0]
    assert row.probability == 0
    assert np.isnan(row.budget_80)
    assert row.best_probability == 0


def test_profit_of_media_is_margin_times_what_they_bring_less_all_money(found):
    brought = sum(response(found.curves, i, [x])[0, :30] for i, x in enumerate(found.planned))
    profit = MARGIN * brought - found.desk.money.budget
    row = goals(found, {"name": "p", "kpi": "profit", "of": "media", "target": 1}).iloc[0]
    assert row.expected == pytest.approx(profit.mean())
    assert row.probability == np.mean(profit >= 1)


@pytest.mark.parametrize(
    ("odds", "expected"),
    [
        ([0.2, 0.6, 1.0], 250.0),
        ([0.9, 1.0, 1.0], 100.0),
        ([0.1, 0.2, 0.3], np.nan),
        ([0.0, 0.9, 0.5], 188.888888),
    ],
)
def test_the_least_budget_is_straight_between_its_neighbours(odds, expected):
    found = budget_at(np.array([100.0, 200.0, 300.0]), np.array(odds), 0.8)
    assert found == pytest.approx(expected, nan_ok=True)


def test_targets_that_cannot_be_looked_at_are_refused_together():
    wanted = GoalsSettings.model_validate(
        {
            "targets": [
                {"name": "a", "kpi": "profit", "target": 1},
                {"name": "b", "kpi": "outcome", "target": 1},
            ]
        }
    )
    with pytest.raises(ConfigError) as error:
        check_goals(wanted, Economics(None), has_money=True)
    assert [part.split(":")[0] for part in error.value.faults] == [
        "`goals.targets[1].kpi",
        "`goals.targets[2].kpi",
    ]
    with pytest.raises(ConfigError, match="value_per_unit"):
        check_goals(
            wanted.model_copy(update={"targets": wanted.targets[:1]}), Economics(None), has_money=False
        )


# --- how sure the best split is ------------------------------------------------------------------------


def test_the_split_of_a_draw_is_the_best_if_that_draw_is_the_truth(found):
    desk = found.desk
    budget = desk.money.budget
    rng = np.random.default_rng(2)
    for draw in (0, 7):
        alone = best_mix(with_draw(desk, draw), budget).spend
        value = desk.bank.response(alone)[:, draw].sum()
        for _ in range(200):  # no mix inside the limits (half around today's, equal money) is better
            now = current_mix(desk, budget).spend
            mix = now * rng.uniform(0.6, 1.4, 4)
            mix *= now.sum() / mix.sum()
            if (np.abs(mix / now - 1) <= 0.5).all():
                assert desk.bank.response(mix)[:, draw].sum() <= value * (1 + 2e-3)


def test_knowing_the_truth_is_worth_something_and_moves_money(found):
    now = current_mix(found.desk, found.desk.money.budget).spend
    splits = best_splits(found.desk, found.planned, now)
    total, table = splits[splits.level == "total"].iloc[0], splits[splits.level == "cell"]
    assert total.worth_knowing > 0
    assert 0 < total.moved <= found.planned.sum()
    assert (table.best_spend_lo <= table.best_spend).all()
    assert (table.best_spend <= table.best_spend_hi).all()
    assert table.probability_more.between(0, 1).all()
    np.testing.assert_allclose(table.planned_spend, found.planned)


def test_where_all_draws_are_one_the_best_split_is_the_plan(make_panel, make_media):
    panel = make_panel(np.random.default_rng(7).uniform(50, 150, (97, 4)))
    media = make_media(panel, draws=1)
    chosen = PlanSettings.model_validate({"window": "2027Q1"})
    window = plan_window(panel, chosen)
    desk = set_up(window_curves(window, panel, media), window, Economics(MARGIN), GRADES, chosen, seed=1)
    planned = best_mix(desk, desk.money.budget).spend
    splits = best_splits(desk, planned, planned)
    assert splits.worth_knowing.max() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(splits.best_spend[:4], planned, atol=0.02)
