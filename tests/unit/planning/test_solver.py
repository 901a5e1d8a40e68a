"""The solver against brute force, against a local solver where that is exact, and against itself."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mmm.errors import Infeasible
from mmm.model.shapes import LOGISTIC, POWER
from mmm.planning.solver import Problem, solve
from mmm.response.curves import response, slope

BUDGET = 300.0


def _problem(cells=3, *, spend_all=True, worth=1.0, cost=1.0, lower=0.0, upper=BUDGET, budget=BUDGET):
    return Problem(
        worth=worth,
        cost=cost,
        lower=np.full(cells, lower),
        upper=np.full(cells, upper),
        budget=budget,
        spend_all=spend_all,
        start=np.full(cells, budget / cells),
    )


def _objective(curves, problem, spend):
    brought = sum(response(curves, i, [x]).mean() for i, x in enumerate(spend))
    return problem.worth * brought - problem.cost * np.sum(spend)


def _brute(curves, problem, steps=300):
    """Best of all plans of three cells on a grid of money."""
    money = np.linspace(0, problem.budget, steps + 1)
    gain = []
    for i in range(3):
        value = problem.worth * response(curves, i, money).mean(axis=1) - problem.cost * money
        inside = (money >= problem.lower[i] - 1e-9) & (money <= problem.upper[i] + 1e-9)
        gain.append(np.where(inside, value, -np.inf))
    last = gain[2] if problem.spend_all else np.maximum.accumulate(gain[2])
    first, second = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1), indexing="ij")
    left = steps - first - second
    total = gain[0][first] + gain[1][second] + last[np.maximum(left, 0)]
    return np.where(left >= 0, total, -np.inf).max()


@pytest.mark.parametrize("spend_all", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_no_plan_on_a_fine_grid_beats_the_plan_by_more_than_its_gap(random_curves, seed, spend_all):
    curves = random_curves(seed, carry=seed % 2 == 0)
    bounds = {"lower": 33.0, "upper": 155.5} if seed % 4 == 1 else {}
    problem = _problem(spend_all=spend_all, worth=0.6, **bounds)
    solution = solve(curves, problem)
    brute = _brute(curves, problem)
    assert solution.objective == pytest.approx(_objective(curves, problem, solution.spend), rel=1e-9)
    assert brute <= solution.upper_bound
    assert solution.objective <= solution.upper_bound
    assert brute - solution.objective <= min(solution.gap_money, 1e-4 * BUDGET) + 1e-9
    assert solution.gap <= 1e-3 or solution.gap_money <= 3e-4 * BUDGET
    assert (solution.spend >= problem.lower).all()
    assert (solution.spend <= problem.upper).all()
    if spend_all:
        assert solution.spend.sum() == pytest.approx(BUDGET, rel=1e-14)
    else:
        assert solution.spend.sum() <= BUDGET * (1 + 1e-14)


@pytest.mark.parametrize("spend_all", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_gap_is_as_honest_where_a_cell_may_hurt(random_curves, seed, spend_all):
    curves = random_curves(seed, carry=seed % 2 == 0)
    signs = np.ones(curves.media.ceiling.shape)
    signs[:: 2 if seed < 2 else 1, :, 0] = -1.0  # every second draw of the first cell, or all
    hurting = replace(curves, media=replace(curves.media, ceiling=signs * curves.media.ceiling))
    problem = _problem(spend_all=spend_all, worth=0.6)
    solution = solve(hurting, problem)
    brute = _brute(hurting, problem)
    assert solution.objective == pytest.approx(_objective(hurting, problem, solution.spend), rel=1e-9)
    assert brute <= solution.upper_bound
    assert brute - solution.objective <= min(solution.gap_money, 1e-4 * BUDGET) + 1e-9
    if seed >= 2:
        assert solution.spend[0] == 0.0  # it only hurts


@pytest.mark.parametrize("saturation", [LOGISTIC, POWER])
@pytest.mark.parametrize("spend_all", [True, False])
def test_the_gap_is_as_honest_for_every_family_of_curves(random_curves, saturation, spend_all):
    curves = random_curves(3, saturation=saturation)
    problem = _problem(spend_all=spend_all, worth=0.6)
    solution = solve(curves, problem)
    brute = _brute(curves, problem)
    assert max(brute, solution.objective) <= solution.upper_bound
    assert brute - solution.objective <= 1e-4 * BUDGET
    assert solution.gap <= 1e-3 or solution.gap_money <= 3e-4 * BUDGET


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), power=st.floats(1.5, 4), budget=st.floats(50, 900))
def test_s_shaped_curves_keep_their_certificate(random_curves, seed, power, budget):
    curves = random_curves(seed, slope=power, draws=3, geos=1, carry=False)
    problem = replace(_problem(budget=budget), upper=np.full(3, budget))
    solution = solve(curves, problem)
    brute = _brute(curves, problem, 120)
    assert brute <= solution.upper_bound
    assert brute - solution.objective <= solution.gap_money + 1e-9
    assert solution.gap <= 1.5e-3


@pytest.mark.parametrize("seed", range(3))
def test_on_concave_curves_a_local_solver_finds_nothing_better(random_curves, seed):
    curves = random_curves(seed, cells=5, slope=1.0)
    problem = _problem(5, lower=20.0, upper=140.0)
    solution = solve(curves, problem)
    local = minimize(
        lambda x: -_objective(curves, problem, x),
        problem.start,
        jac=lambda x: np.array([1 - slope(curves, i, [v]).mean() for i, v in enumerate(x)]),
        bounds=[(20.0, 140.0)] * 5,
        constraints={"type": "eq", "fun": lambda x: x.sum() - BUDGET, "jac": lambda x: np.ones(5)},
        options={"ftol": 1e-12, "maxiter": 200},
    )
    assert local.success
    assert solution.objective >= -local.fun - 1e-8 * BUDGET
    np.testing.assert_allclose(solution.spend, local.x, atol=1e-3 * BUDGET)


@pytest.mark.parametrize("seed", range(6))
def test_the_next_unit_is_worth_the_same_in_every_cell_between_its_bounds(random_curves, seed):
    curves = random_curves(seed, cells=6)
    problem = _problem(6, lower=20.0, upper=97.0)
    solution = solve(curves, problem)
    marginal = np.array([slope(curves, i, [x]).mean() - 1 for i, x in enumerate(solution.spend)])
    free = np.array([side == "" for side in solution.binding])
    at_lower = np.array([side == "lower" for side in solution.binding])
    assert free.any()
    price = marginal[free].mean()
    np.testing.assert_allclose(marginal[free], price, atol=1e-5)
    assert (marginal[at_lower] <= price + 1e-5).all()
    assert (marginal[~free & ~at_lower] >= price - 1e-5).all()
    np.testing.assert_allclose(solution.shadow_price, price, atol=2e-3)


def test_the_order_of_cells_does_not_matter(random_curves):
    curves = random_curves(3, cells=4)
    order = [2, 0, 3, 1]
    media = curves.media
    turned = replace(
        curves,
        media=replace(
            media,
            cells=tuple(media.cells[i] for i in order),
            weights=media.weights[:, order],
            half=media.half[:, order],
            slope=media.slope[:, order],
            ceiling=media.ceiling[..., order],
            scale=media.scale[:, order],
        ),
        carry_in=curves.carry_in[..., order],
        unit_exposure=curves.unit_exposure[..., order],
        after=curves.after[..., order],
    )
    problem = _problem(4, lower=10.0, upper=150.0)
    np.testing.assert_allclose(
        solve(turned, problem).spend, solve(curves, problem).spend[order], atol=1e-4 * BUDGET
    )


def test_another_currency_leaves_the_shares(random_curves):
    curves, rate = random_curves(4), 3.7
    problem = _problem(lower=10.0, upper=200.0)
    other = replace(curves, unit_exposure=curves.unit_exposure / rate, value=curves.value * rate)
    scaled = replace(
        problem,
        lower=problem.lower * rate,
        upper=problem.upper * rate,
        budget=BUDGET * rate,
        start=problem.start * rate,
    )
    one, two = solve(curves, problem), solve(other, scaled)
    np.testing.assert_allclose(two.spend / rate, one.spend, atol=1e-5 * BUDGET)
    assert two.objective == pytest.approx(one.objective * rate, rel=1e-7)
    assert two.gap == pytest.approx(one.gap, abs=1e-4)


def test_draws_given_twice_change_nothing(random_curves):
    curves = random_curves(5)
    media = curves.media
    twice = {
        name: np.concatenate([getattr(media, name)] * 2) for name in ("weights", "half", "slope", "ceiling")
    }
    problem = _problem()
    one, two = solve(curves, problem), solve(replace(curves, media=replace(media, **twice)), problem)
    np.testing.assert_allclose(two.spend, one.spend, atol=1e-5 * BUDGET)
    assert two.objective == pytest.approx(one.objective, rel=1e-9)


def test_the_same_problem_gives_the_same_plan(random_curves):
    one, two = (solve(random_curves(6), _problem()) for _ in range(2))
    assert (one.spend == two.spend).all()
    assert (one.objective, one.upper_bound, one.shadow_price) == (
        two.objective,
        two.upper_bound,
        two.shadow_price,
    )


def test_a_higher_ceiling_never_lowers_the_optimum_where_less_may_be_spent(random_curves):
    curves = random_curves(4)
    best = [
        solve(curves, _problem(spend_all=False, worth=0.8, budget=budget, upper=400.0))
        for budget in (50.0, 100.0, 200.0, 400.0)
    ]
    for smaller, larger in itertools.pairwise(best):
        assert larger.upper_bound >= smaller.objective
        assert larger.objective >= smaller.objective - 1e-6 * BUDGET


def test_money_that_does_not_pay_is_kept_where_it_may_be(random_curves):
    solution = solve(random_curves(4, slope=2.0, carry=False), _problem(spend_all=False, worth=1e-3))
    assert (solution.spend == 0).all()
    assert solution.objective == 0.0
    assert solution.binding == ("lower",) * 3


def test_a_feasible_start_is_never_left_for_something_worse(random_curves):
    curves = random_curves(7)
    best = solve(curves, _problem()).spend
    for start in (best, np.array([300.0, 0.0, 0.0]), np.array([0.0, 10.0, 290.0])):
        problem = replace(_problem(), start=start)
        assert solve(curves, problem, target_gap=1.0).objective >= _objective(curves, problem, start) - 1e-12


def test_where_bounds_leave_one_plan_it_is_that_plan(random_curves):
    curves = random_curves(8)
    for lower, upper in ((100.0, 200.0), (20.0, 100.0), (100.0, 100.0)):
        solution = solve(curves, _problem(lower=lower, upper=upper))
        np.testing.assert_allclose(solution.spend, 100.0, rtol=1e-9)
        assert solution.gap <= 1e-3


def test_a_single_cell_gets_the_budget(random_curves):
    solution = solve(random_curves(9, cells=1), _problem(1))
    np.testing.assert_allclose(solution.spend, [BUDGET])
    assert solution.gap <= 1e-3


def test_a_bound_without_end_is_allowed(random_curves):
    curves = random_curves(1)
    free = solve(curves, _problem(upper=np.inf))
    assert free.objective == pytest.approx(solve(curves, _problem()).objective, abs=1e-3 * BUDGET)


def test_bounds_that_clash_are_named_with_the_smallest_mend(random_curves):
    curves = random_curves(0)
    with pytest.raises(Infeasible, match=r"channel 1: min 50\.00 is above max 40\.00 by 10\.00"):
        solve(curves, replace(_problem(), lower=np.array([0, 50.0, 0]), upper=np.array([300, 40.0, 300])))
    with pytest.raises(Infeasible, match=r"add up to 330\.00, .* has 300\.00 .* 30\.00 too much"):
        solve(curves, _problem(lower=110.0))
    with pytest.raises(
        Infeasible, match=r"add up to 240\.00, but 300\.00 must be spent: 60\.00 has no place"
    ):
        solve(curves, _problem(upper=80.0))
    assert solve(curves, _problem(upper=80.0, spend_all=False)).spend.sum() <= 240.0
