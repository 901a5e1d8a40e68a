"""Laws of the best plan: what must not change it, and what can only help or only hurt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.planning.problem import Group, Problem, Switch
from mmm.planning.solver import solve
from mmm.response.curves import response

BUDGET = 300.0
LIMITS = {
    "plain": ((), ()),
    "groups": ((Group("a", (0, 1), 40.0, 130.0), Group("b", (1, 2), 60.0, 200.0)), ()),
    "switches": ((), (Switch(least=60.0), None, Switch(cost=5.0), Switch(lot=25.0))),
}


@pytest.fixture(params=LIMITS)
def limits(request):
    return LIMITS[request.param]


def _problem(limits=((), ()), cells=4, **changes):
    groups, switches = limits
    lower, upper, start = np.zeros(cells), np.full(cells, 160.0), np.full(cells, BUDGET / cells)
    problem = Problem(0.7, 1.0, lower, upper, BUDGET, True, start, groups, switches)
    return replace(problem, **changes)


def _brackets(one, other):
    """Whether two proofs of one optimum can both be true."""
    slack = 1e-6 * BUDGET
    return one.objective <= other.upper_bound + slack and other.objective <= one.upper_bound + slack


def _take(curves, cells):
    media = curves.media
    return replace(
        curves,
        media=replace(
            media,
            cells=tuple(media.cells[i] for i in cells),
            weights=media.weights[:, cells],
            half=media.half[:, cells],
            slope=media.slope[:, cells],
            ceiling=media.ceiling[..., cells],
            scale=media.scale[:, cells],
            saturation=media.saturation[cells],
        ),
        carry_in=curves.carry_in[..., cells],
        unit_exposure=curves.unit_exposure[..., cells],
        after=curves.after[..., cells],
    )


@pytest.mark.parametrize("seed", range(2))
def test_wider_bounds_never_hurt(random_curves, limits, seed):
    curves = random_curves(seed, cells=4)
    narrow = solve(curves, _problem(limits, upper=np.full(4, 120.0)))
    wide = solve(curves, _problem(limits))
    assert wide.upper_bound >= narrow.objective - 1e-9
    assert wide.objective >= narrow.objective - 1e-3 * BUDGET


@pytest.mark.parametrize("seed", range(2))
def test_a_cell_that_may_have_nothing_changes_nothing(random_curves, limits, seed):
    curves = random_curves(seed, cells=5)
    groups, switches = limits
    upper = np.append(np.full(4, 160.0), 0.0)
    start = np.append(np.full(4, BUDGET / 4), 0.0)
    more = _problem((groups, (*switches, None) if switches else ()), 5, upper=upper, start=start)
    with_it, without = solve(curves, more), solve(_take(curves, [0, 1, 2, 3]), _problem(limits))
    assert with_it.spend[4] == 0
    assert _brackets(with_it, without)
    assert with_it.objective == pytest.approx(without.objective, abs=1e-3 * BUDGET)


@pytest.mark.parametrize("seed", range(2))
def test_the_unit_of_the_outcome_changes_nothing(random_curves, limits, seed):
    curves = random_curves(seed, cells=4)
    thousands = replace(curves, value=curves.value / 1000)
    one, other = solve(curves, _problem(limits)), solve(thousands, _problem(limits, worth=700.0))
    assert other.objective == pytest.approx(one.objective, rel=1e-6, abs=1e-6 * BUDGET)
    np.testing.assert_allclose(other.spend, one.spend, atol=1e-3 * BUDGET)


@pytest.mark.parametrize("seed", range(2))
def test_money_that_must_all_be_spent_costs_the_same_whatever_the_plan(random_curves, limits, seed):
    groups, switches = limits
    curves = random_curves(seed, cells=4)
    with_cost = solve(curves, _problem((groups, switches)))
    without = solve(curves, _problem((groups, switches), cost=0.0))
    assert with_cost.objective + BUDGET == pytest.approx(without.objective, abs=1e-3 * BUDGET)


@pytest.mark.parametrize("seed", range(3))
def test_on_draws_it_was_not_chosen_on_the_plan_is_worth_what_they_say_within_their_error(
    random_curves, seed
):
    curves = random_curves(seed, cells=4, draws=400)
    first, second = np.arange(0, 400, 2), np.arange(1, 400, 2)
    media = curves.media
    half = replace(
        curves,
        media=replace(
            media, weights=media.weights[first], half=media.half[first], slope=media.slope[first],
            ceiling=media.ceiling[first],
        ),
    )  # fmt: skip
    found = solve(half, _problem())
    worth = 0.7 * sum(response(curves, i, [x])[0] for i, x in enumerate(found.spend)) - found.spend.sum()
    assert worth[first].mean() == pytest.approx(found.objective)
    error = np.sqrt(worth[first].var(ddof=1) / 200 + worth[second].var(ddof=1) / 200)
    assert abs(worth[second].mean() - found.objective) <= 3 * error


def _bracketed(random_curves, seed):
    """A random problem of three cells: its optimum on a grid lies below the bound and near the plan."""
    rng = np.random.default_rng(seed)
    power = float(rng.choice([0.8, 1.0, 2.0, 4.0]))
    curves = random_curves(seed, slope=power, draws=2, geos=1, carry=bool(rng.random() < 0.5))
    lower = rng.choice([0.0, 10.0, 45.0], 3)
    problem = _problem(
        cells=3, worth=float(rng.uniform(0.05, 3.0)), budget=float(rng.choice([150.0, 300.0, 600.0])), lower=lower,
        upper=lower + rng.uniform(60.0, 700.0, 3), spend_all=bool(rng.random() < 0.5),
    )  # fmt: skip
    if problem.spend_all and problem.upper.sum() < problem.budget:
        problem = replace(problem, spend_all=False)
    money = np.linspace(0.0, problem.budget, 121)
    value = []
    for i in range(3):
        inside = (money >= problem.lower[i]) & (money <= problem.upper[i])
        gain = problem.worth * response(curves, i, money).mean(axis=1) - problem.cost * money
        value.append(np.where(inside, gain, -np.inf))
    last = value[2] if problem.spend_all else np.maximum.accumulate(value[2])
    first, second = np.meshgrid(np.arange(121), np.arange(121), indexing="ij")
    left = 120 - first - second
    brute = np.where(left >= 0, value[0][first] + value[1][second] + last[np.maximum(left, 0)], -np.inf).max()
    found = solve(curves, problem)
    assert max(brute, found.objective) <= found.upper_bound
    assert found.objective >= brute - found.gap_money - 1e-9
    assert found.gap <= 2e-3


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_is_above_and_the_plan_near_the_best_of_small_problems(random_curves, seed):
    _bracketed(random_curves, seed)


@pytest.mark.slow
def test_the_bound_is_above_and_the_plan_near_the_best_of_thousands_of_small_problems(random_curves):
    for seed in range(20, 3000):
        _bracketed(random_curves, seed)
