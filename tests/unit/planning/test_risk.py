"""Plans for bad cases and for a target: bounds that hold, brute force, and what the measure means."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from mmm.finance.economics import Economics
from mmm.planning.allocation import Aim, Allocation
from mmm.planning.bounds import CellBounds
from mmm.planning.plan import Plan, optimize
from mmm.planning.problem import Problem
from mmm.planning.risk import plan_for_a_target, plan_for_bad_cases, worst_mean
from mmm.planning.settings import PlanSettings, RiskSettings
from mmm.planning.solver import solve
from mmm.planning.window import plan_window, window_curves
from mmm.response.bank import make_bank
from mmm.response.curves import response

BUDGET = 300.0


def test_the_worst_mean_of_all_is_the_mean_and_of_almost_none_the_worst():
    values = np.random.default_rng(1).normal(size=37)
    assert worst_mean(values, 1.0) == pytest.approx(values.mean())
    assert worst_mean(values, 1e-6) == values.min()
    assert worst_mean(np.arange(10.0), 0.25) == pytest.approx((0 + 1 + 0.5 * 2) / 2.5)


def test_the_worst_mean_is_the_least_mean_over_weights():
    from scipy.optimize import linprog

    values = np.random.default_rng(2).normal(size=23)
    most = 1 / (0.3 * 23)
    found = linprog(values, A_eq=np.ones((1, 23)), b_eq=[1.0], bounds=[(0, most)] * 23)
    assert worst_mean(values, 0.3) == pytest.approx(found.fun)


def game(curves):
    """A problem of three cells: its bank, what is sought, and how plans are placed."""
    bank = make_bank(curves, np.full(3, BUDGET / 2), np.full(3, 1.2 * BUDGET))
    problem = Problem(1.0, 1.0, np.zeros(3), np.full(3, BUDGET), BUDGET, True, np.full(3, BUDGET / 3))
    limits = CellBounds(problem.lower, problem.upper, ("",) * 3, ("",) * 3, ())

    def place(sketch):
        solution = solve(sketch, problem)
        return Allocation(solution.spend, limits, solution, problem)

    return SimpleNamespace(bank=bank, aim=Aim("profit", 1.0, 1.0, curves), place=place)


def brute(found, score):
    """Best score of all splits of the budget over three cells, in steps of a fortieth."""
    steps = np.linspace(0, BUDGET, 41)
    parts = np.stack([found.bank.response(np.full(3, x)) for x in steps])  # (step, cell, draw)
    best = -np.inf
    for i in range(41):
        for j in range(41 - i):
            value = parts[i, 0] + parts[j, 1] + parts[40 - i - j, 2] - BUDGET
            best = max(best, score(value))
    return best


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("level", [0.1, 0.5])
def test_on_concave_curves_bound_and_plan_meet(random_curves, seed, level):
    found = game(random_curves(seed, draws=30, slope=0.9))
    careful = plan_for_bad_cases(found.bank, found.aim, found.place, level, np.zeros(30))
    solution = careful.allocation.solution
    assert solution.gap <= 2e-3
    reached = brute(found, lambda value: worst_mean(value, level))
    assert solution.upper_bound >= reached - 1e-6
    assert solution.objective >= reached - 2e-3 * abs(solution.upper_bound + BUDGET)


@pytest.mark.parametrize("seed", range(3))
def test_on_any_curves_the_bound_is_never_below_what_can_be_reached(random_curves, seed):
    found = game(random_curves(seed, draws=30, slope=3.0))
    careful = plan_for_bad_cases(found.bank, found.aim, found.place, 0.2, np.zeros(30))
    solution = careful.allocation.solution
    reached = brute(found, lambda value: worst_mean(value, 0.2))
    assert solution.upper_bound >= reached - 1e-6
    assert solution.upper_bound >= solution.objective
    value = found.bank.response(careful.allocation.spend).sum(axis=0) - careful.allocation.spend.sum()
    assert solution.objective == pytest.approx(worst_mean(value, 0.2))
    assert solution.gap_money == pytest.approx(solution.upper_bound - solution.objective)


def test_the_whole_of_the_draws_is_the_mean(random_curves):
    found = game(random_curves(3, draws=30))
    careful = plan_for_bad_cases(found.bank, found.aim, found.place, 1.0, np.zeros(30))
    mean = found.place(found.bank.sketch()).solution
    assert careful.allocation.solution.objective == pytest.approx(mean.objective, rel=1e-6)


def test_what_moves_beside_the_plan_changes_which_draws_are_bad(random_curves):
    found = game(random_curves(4, draws=30, slope=0.9))
    beside = np.linspace(-1e5, 1e5, 30)  # the first three draws are the worst whatever is planned
    careful = plan_for_bad_cases(found.bank, found.aim, found.place, 0.1, beside)
    alone = np.zeros(30)
    alone[:3] = 1 / 3
    assert careful.allocation.solution.objective == pytest.approx(
        found.place(found.bank.sketch(alone)).solution.objective + beside[:3].mean(), rel=1e-5
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_odds_of_a_target_are_near_the_best_there_are_and_claim_no_bound(random_curves, seed):
    found = game(random_curves(seed, draws=30))
    even = found.bank.response(np.full(3, BUDGET / 3)).sum(axis=0) - BUDGET
    target = float(np.quantile(even, 0.6))
    careful = plan_for_a_target(found.bank, found.aim, found.place, target, np.zeros(30))
    odds = careful.allocation.solution.objective
    assert np.isnan(careful.allocation.solution.gap)
    assert odds >= np.mean(even >= target) - 1 / 30
    assert odds >= brute(found, lambda value: float(np.mean(value >= target))) - 0.15


# --- in a plan -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def company(make_panel, make_media):
    """A function that plans a small company; the first thirty draws print."""
    panel = make_panel(np.random.default_rng(7).uniform(50, 150, (97, 4)) * np.array([8, 4, 2, 1]))
    media = make_media(panel, draws=60, spread=0.8)

    def plan(baseline=None, **risk):
        chosen = PlanSettings.model_validate({"window": "2027Q1", "risk": risk})
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        found = optimize(curves, window, Economics(2.0), ("data",) * 4, chosen, baseline)
        spend = found.moves[found.moves.level == "cell"].planned_spend.to_numpy()
        return SimpleNamespace(plan=found, summary=found.summary, curves=curves, spend=spend)

    return plan


def profit(found, draws):
    brought = sum(response(found.curves, i, [x])[0, draws] for i, x in enumerate(found.spend))
    return 2.0 * brought - found.summary.budget


def test_a_plan_for_bad_cases_has_better_ones_on_the_draws_that_plan(company):
    careful, mean = company(measure="cvar", level=0.2), company(measure="mean")
    planning = slice(30, 60)
    assert worst_mean(profit(careful, planning), 0.2) >= worst_mean(profit(mean, planning), 0.2) - 1.0
    assert profit(careful, planning).mean() <= profit(mean, planning).mean() + 1.0
    assert careful.summary.risk_value == pytest.approx(worst_mean(profit(careful, slice(0, 30)), 0.2))
    assert mean.summary.risk_value is None


def test_a_plan_for_a_target_prints_its_odds_on_the_other_draws(company, tmp_path):
    found = company(measure="probability", target=10_000)
    assert found.summary.risk_value == np.mean(profit(found, slice(0, 30)) >= 10_000)
    assert "no bound" in found.summary.method
    found.plan.save(tmp_path)
    assert Plan.load(tmp_path).summary.gap is None


def test_the_total_counts_what_moves_it_besides(company):
    baseline = np.random.default_rng(5).normal(1000, 400, (60, 14))
    total = company(baseline, measure="cvar", level=0.1, of="total")
    media = company(baseline, measure="cvar", level=0.1)
    share = plan_window_share(total)
    added = 2.0 * (baseline[:30] @ share)
    assert total.summary.risk_value > media.summary.risk_value + 0.3 * added.mean()


def plan_window_share(found):
    """All weeks count whole but the first and the last."""
    return np.r_[3 / 7, np.ones(12), 3 / 7]


def test_probability_needs_a_target():
    with pytest.raises(ValueError, match="target"):
        RiskSettings(measure="probability")
