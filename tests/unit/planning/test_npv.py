"""Present value and margins by channel: against money discounted week by week, and sums by hand."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ruamel.yaml import YAML

from mmm.errors import ConfigError
from mmm.finance.economics import Economics, unit_economics
from mmm.finance.settings import FinanceSettings
from mmm.model.forward import saturate
from mmm.planning.allocation import aim_of, allocate, check_objective, window_money
from mmm.planning.budgets import set_up
from mmm.planning.goals import goals_table
from mmm.planning.plan import optimize
from mmm.planning.scenarios import compare
from mmm.planning.settings import GoalsSettings, PlanSettings, ScenarioSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

GRADES = ("data",) * 4
MARGIN, RATE = 0.6, 0.5


@pytest.fixture
def plan(make_panel, make_media, weekly_spend):
    """Data until 15 November 2026, and a function that plans."""
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=20)

    def make(economics, **keys):
        settings = PlanSettings.model_validate({"window": "2027Q1", "budget": 9_000, **keys})
        window = plan_window(panel, settings)
        curves = window_curves(window, panel, media)
        found = optimize(curves, window, economics, GRADES, settings, np.full((20, 14), 1000.0))
        return SimpleNamespace(
            plan=found, summary=found.summary, window=window, curves=curves, settings=settings
        )

    return make


def week_by_week(curves, spend, draw):
    """Outcome of every week of window and tail in one draw, by the forward formula and plain loops."""
    media, lags = curves.media, curves.media.lags
    total = np.zeros(curves.periods + lags - 1)
    for i, money in enumerate(spend):
        bought = curves.unit_exposure[:, 0, i] * money
        if curves.beside is not None:
            bought = bought + curves.beside[:, 0, i]
        x = np.concatenate([curves.carry_in[:, 0, i], bought, curves.after[:, 0, i]]) / media.scale[0, i]
        for t in range(len(total)):
            stock = sum(media.weights[draw, i, lag] * x[t + lags - 1 - lag] for lag in range(lags))
            share = saturate(media.saturation[i], np.array(stock), media.half[draw, i], media.slope[draw, i])
            total[t] += curves.value[t, 0] * media.ceiling[draw, 0, i] * float(share)
    return total


def test_the_present_value_is_that_of_the_schedule_discounted_week_by_week(plan):
    found = plan(Economics(MARGIN, discount_rate=RATE), objective="npv")
    table = found.plan.plan
    spend = found.plan.spend
    weeks = np.arange(found.curves.periods + found.curves.media.lags - 1)
    factor = (1 + RATE) ** (-7 * weeks / 365.25)
    paid = table.groupby("date").planned_spend.sum().to_numpy() @ factor[: found.curves.periods]
    printed = range(10)  # seed 1 plans on the second half of the draws
    values = [
        MARGIN * factor @ (week_by_week(found.curves, spend, d) - week_by_week(found.curves, np.zeros(4), d))
        - paid
        for d in printed
    ]
    assert found.summary.npv.mean == pytest.approx(np.mean(values), rel=1e-6)
    np.testing.assert_allclose(
        [found.summary.npv.lo, found.summary.npv.hi], np.quantile(values, [0.05, 0.95]), rtol=1e-6
    )
    gain = found.summary.npv.mean - found.summary.current_npv.mean
    assert found.summary.gain.mean == pytest.approx(gain)
    assert found.summary.gap <= 1e-3
    assert "present value" in found.summary.assumptions[0]
    assert found.plan.moves.why.str.contains("of present value").any()


def test_at_a_rate_of_nothing_present_value_is_profit(plan):
    economics = Economics(MARGIN, discount_rate=0.0)
    value, profit = plan(economics, objective="npv"), plan(economics, objective="profit")
    np.testing.assert_allclose(value.plan.spend, profit.plan.spend, atol=0.02)
    assert value.summary.npv.mean == pytest.approx(profit.summary.profit.mean, rel=1e-6)
    assert value.summary.gain.mean == pytest.approx(profit.summary.gain.mean, rel=1e-4)
    assert value.summary.reserve_price == pytest.approx(profit.summary.reserve_price, rel=1e-3)
    assert profit.summary.npv.mean is None


def test_no_mix_has_more_present_value_than_the_bound_of_the_plan(make_panel, make_media, weekly_spend):
    panel = make_panel(weekly_spend[:97])
    settings = PlanSettings.model_validate(
        {"window": "2027-01", "budget": 9_000, "objective": "npv", "change": None}
    )
    window = plan_window(panel, settings)
    curves = window_curves(window, panel, make_media(panel, draws=3))
    aim = aim_of(curves, window, Economics(MARGIN, discount_rate=RATE), settings)
    core = window_money(window, settings).core
    found = allocate(aim, window, settings, core, GRADES, aim.curves)
    factor = (1 + RATE) ** (-7 * np.arange(curves.periods + curves.media.lags - 1) / 365.25)
    nothing = np.mean([week_by_week(curves, np.zeros(4), d) for d in range(3)], axis=0)

    def value(spend):
        brought = np.mean([week_by_week(curves, spend, d) for d in range(3)], axis=0) - nothing
        paid = (window.pattern * spend).sum(axis=(1, 2))
        return MARGIN * brought @ factor - paid @ factor[: curves.periods]

    assert value(found.spend) == pytest.approx(found.solution.objective, abs=0.1)
    low, high = found.problem.lower, np.minimum(found.problem.upper, core)
    mixes = low + np.random.default_rng(1).dirichlet(np.ones(4), 500) * (core - low.sum())
    inside = [mix for mix in mixes if (mix <= high).all()][:20]
    assert len(inside) == 20
    assert max(map(value, inside)) <= found.solution.upper_bound


def test_what_a_present_value_needs_is_asked_for_by_name():
    settings = PlanSettings(objective="npv")
    with pytest.raises(ConfigError, match=r"needs `finance.gross_margin` and `finance.discount_rate`"):
        check_objective(settings, Economics(None), has_money=True)
    with pytest.raises(ConfigError, match=r"needs `data.outcome.value_per_unit`"):
        check_objective(settings, Economics(0.5, discount_rate=0.1), has_money=False)
    check_objective(settings, Economics(0.5, discount_rate=0.0), has_money=True)


# --- margins by channel -----------------------------------------------------------------------------

OWN = {"tv": 0.9, "social": 0.3}
WORTH = np.array([0.9, 0.6, 0.3, 0.3])


def brought_by_hand(found, spend):
    """Response of each cell, shape (cell, draw), on the draws that print."""
    return np.stack([response(found.curves, i, [x])[0, :10] for i, x in enumerate(spend)])


def test_profit_is_each_channels_revenue_at_its_own_margin_less_all_money(plan):
    found = plan(Economics(MARGIN, OWN), bounds=[{"channel": "tv", "cost_if_on": 50}])
    spend = found.plan.spend
    brought = brought_by_hand(found, spend)
    profit = WORTH @ brought - found.summary.budget - 50
    assert found.summary.profit.mean == pytest.approx(profit.mean())
    assert found.summary.profit.lo == pytest.approx(np.quantile(profit, 0.05))
    assert found.summary.revenue.mean == pytest.approx(brought.sum(axis=0).mean())
    romi = profit / found.summary.budget
    assert found.summary.romi.mean == pytest.approx(romi.mean())
    now = spend_now(found)
    gain = profit - (WORTH @ brought_by_hand(found, now) - found.summary.budget - 50)
    assert found.summary.gain.mean == pytest.approx(gain.mean())
    assert found.summary.probability_better == np.mean(gain > 0)
    assert found.summary.gap <= 1e-3
    assert found.plan.moves.why.str.contains("of gross margin").any()


def spend_now(found):
    cells = found.plan.moves[found.plan.moves.level == "cell"]
    return cells.current_spend.to_numpy()


def test_margins_that_are_all_alike_change_nothing(plan):
    one, own = plan(Economics(MARGIN)), plan(Economics(MARGIN, dict.fromkeys(("tv", "social"), MARGIN)))
    np.testing.assert_allclose(own.plan.spend, one.plan.spend, atol=0.02)
    assert own.plan.moves.why.tolist() == one.plan.moves.why.tolist()


def test_a_channel_with_more_margin_gets_more_money(plan):
    less, more = (plan(Economics(MARGIN, {"search": margin})).plan.spend for margin in (0.4, 0.9))
    assert more[1] > less[1]


def test_scenarios_and_goals_count_margins_too(plan):
    found = plan(Economics(MARGIN, OWN))
    desk = set_up(found.curves, found.window, Economics(MARGIN, OWN), GRADES, found.settings, seed=1)
    shown = compare(desk, [ScenarioSettings(name="optimum")], found.plan.spend)
    assert shown.scenarios.profit[0] == pytest.approx(found.summary.profit.mean)
    assert shown.points["plan"].value.mean() == pytest.approx(found.summary.profit.mean)
    goals = GoalsSettings.model_validate(
        {
            "targets": [
                {"name": "media", "kpi": "profit", "of": "media", "target": 1},
                {"name": "all", "kpi": "profit", "of": "total", "target": 1},
            ]
        }
    )
    table = goals_table(desk, goals, shown.points, np.full((20, 14), 1000.0))
    assert table.expected[0] == pytest.approx(found.summary.profit.mean)
    sales = np.array(
        [
            1000.0 * found.window.share.sum() * MARGIN
            + sum(
                worth
                * week_by_week(only(found.curves, i), found.plan.spend[i : i + 1], d)[:14]
                @ found.window.share
                for i, worth in enumerate(WORTH)
            )
            for d in range(10)
        ]
    )
    assert table.expected[1] == pytest.approx(sales.mean() - found.summary.budget)


def only(curves, cell):
    """What `week_by_week` reads of one cell."""
    at = slice(cell, cell + 1)
    media = SimpleNamespace(
        lags=curves.media.lags,
        scale=curves.media.scale[:, at],
        weights=curves.media.weights[:, at],
        half=curves.media.half[:, at],
        slope=curves.media.slope[:, at],
        ceiling=curves.media.ceiling[:, :, at],
        saturation=curves.media.saturation[at],
    )
    parts = {
        name: getattr(curves, name)[:, :, at] for name in ("unit_exposure", "carry_in", "after", "beside")
    }
    return SimpleNamespace(media=media, periods=curves.periods, value=curves.value, **parts)


def test_the_examples_of_the_page_are_read():
    page = (Path(__file__).parents[3] / "docs" / "objective.md").read_text("utf-8")
    blocks = [YAML(typ="safe").load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    finance = [FinanceSettings.model_validate(block["finance"]) for block in blocks]
    plans = [PlanSettings.model_validate(block.get("plan", {})) for block in blocks]
    own, npv = finance
    assert (own.margin, own.margins) == (0.55, {"tv": 0.6, "outdoor": 0.4})
    check_objective(plans[1], unit_economics(npv), has_money=True)
    assert plans[1].objective == "npv"
