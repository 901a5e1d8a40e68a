"""Plans by weeks: projections, gradients and bounds against brute force and against other solvers."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from mmm.planning.flighting_projection import Limits, Projection
from mmm.planning.flighting_solver import (
    best_on_plane,
    bound_at,
    climb,
    nearest,
    objective,
)
from mmm.planning.problem import Problem
from mmm.planning.solver import solve
from mmm.response.weeks import brought, concave_above, week_cells


def limits_of(cells, weeks, budget, *, cap=None, week_cap=None, ramp=None):
    """The whole budget, most money of a cell in a week, of all cells in a week, and of a change."""
    n = cells * weeks
    rows, low, high = [np.ones(n)], [budget], [budget]
    for week in range(weeks if week_cap is not None else 0):
        rows.append((np.arange(n) % weeks == week).astype(float))
        low.append(-np.inf)
        high.append(week_cap)
    for i, week in itertools.product(range(cells), range(weeks - 1) if ramp is not None else ()):
        for here, there in ((-(1 + ramp), 1.0), (1 - ramp, -1.0)):
            row = np.zeros(n)
            row[i * weeks + week], row[i * weeks + week + 1] = here, there
            rows.append(row)
            low.append(-np.inf)
            high.append(0.0)
    upper = np.full((cells, weeks), budget if cap is None else cap)
    return Limits(upper, sparse.csr_array(np.array(rows)), np.array(low), np.array(high))


def made(random_curves, seed, **choices):
    curves = random_curves(seed, **choices)
    return week_cells(curves, 0, curves.unit_exposure.sum(axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_a_projection_is_the_nearest_plan_within_the_limits(seed):
    rng = np.random.default_rng(seed)
    limits = limits_of(2, 4, 100.0, cap=40.0, week_cap=45.0, ramp=0.5)
    wanted = rng.normal(12, 40, (2, 4))
    ours = Projection(limits)(wanted)
    assert limits.broken(ours) < 1e-5
    dense = limits.rows.toarray()
    found = minimize(
        lambda x: 0.5 * ((x - wanted.ravel()) ** 2).sum(),
        np.full(8, 12.5),
        jac=lambda x: x - wanted.ravel(),
        bounds=[(0, 40)] * 8,
        constraints=[
            {"type": "eq", "fun": lambda x: dense[0] @ x - 100, "jac": lambda _: dense[0]},
            {"type": "ineq", "fun": lambda x: limits.high[1:] - dense[1:] @ x, "jac": lambda _: -dense[1:]},
        ],
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    np.testing.assert_allclose(ours.ravel(), found.x, atol=2e-3)


def test_a_projection_can_be_asked_again_and_leaves_what_is_within_the_limits():
    limits = limits_of(3, 5, 60.0, cap=20.0)
    project = Projection(limits)
    rng = np.random.default_rng(0)
    for _ in range(5):
        inside = project(rng.uniform(0, 20, (3, 5)))
        np.testing.assert_allclose(project(inside), inside, atol=1e-6)


def test_the_nearest_plan_within_the_limits_is_exact_and_keeps_what_is_within_them():
    limits = limits_of(2, 4, 100.0, cap=40.0, week_cap=45.0, ramp=0.5)
    wanted = np.random.default_rng(3).uniform(0, 40, (2, 4))
    found = nearest(limits, wanted)
    assert limits.broken(found) < 1e-9
    np.testing.assert_allclose(nearest(limits, found), found, atol=1e-9)
    assert np.abs(found - wanted).sum() <= np.abs(Projection(limits)(wanted) - wanted).sum() + 1e-4


def test_the_best_plan_of_a_plane_and_its_prices_are_those_of_a_small_change():
    limits = limits_of(2, 3, 90.0, cap=35.0, week_cap=50.0)
    slope = np.array([[3.0, 1.0, 2.0], [2.5, 4.0, 0.5]])
    plan, prices = best_on_plane(limits, slope)
    assert limits.broken(plan) < 1e-9
    for row in range(len(limits.low)):
        more = limits.high + 0.01 * (np.arange(len(limits.high)) == row)
        low = np.where(limits.equal, more, limits.low)
        gain = (slope * (best_on_plane(replace(limits, low=low, high=more), slope)[0] - plan)).sum() / 0.01
        assert prices[row] == pytest.approx(gain, abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_on_a_grid_beats_the_bound_and_the_climb_is_among_the_best(random_curves, seed):
    """Brute force on two cells and three weeks: the best of each cell's weeks for every share of the budget."""
    steps, most, grid = 12, 8, 20.0
    cells = made(random_curves, seed, cells=2, periods=3, lags=3, geos=1)
    limits = limits_of(2, 3, steps * grid, cap=most * grid)
    value = objective(cells, 0.6, 1.0)
    best: list[dict[int, tuple[float, tuple[int, ...]]]] = [{}, {}]
    for split in itertools.product(range(most + 1), repeat=3):
        worth = 0.6 * brought(cells, grid * np.array([split, split], dtype=float))[0] - grid * sum(split)
        for i in range(2):
            best[i][sum(split)] = max(best[i].get(sum(split), (-np.inf, ())), (float(worth[i]), split))
    brute, plan = max(
        (best[0][k][0] + best[1][steps - k][0], (best[0][k][1], best[1][steps - k][1]))
        for k in range(steps + 1)
    )
    assert value(grid * np.array(plan, dtype=float))[0] == pytest.approx(brute)
    above = objective(concave_above(cells, limits.upper), 0.6, 1.0)
    project = Projection(limits)
    top = climb(above, project, project(np.full((2, 3), 40.0)), 100)
    bound = bound_at(above, limits, top)
    assert brute <= bound + 1e-9
    starts = [top, grid * np.array(plan, dtype=float), project(np.full((2, 3), 40.0))]
    found = max(value(climb(value, project, start, 100))[0] for start in starts)
    assert brute - 1e-6 <= found <= bound + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_is_above_whatever_is_found(random_curves, seed):
    rng = np.random.default_rng(seed)
    cells = made(random_curves, seed, cells=3, periods=6, lags=4, geos=1, draws=6)
    ramp, week_cap = (0.6, None) if seed % 3 == 0 else (None, 130.0)
    limits = limits_of(3, 6, 500.0, cap=120.0, week_cap=week_cap, ramp=ramp)
    value = objective(cells, 1.0, 1.0)
    above = objective(concave_above(cells, limits.upper), 1.0, 1.0)
    project = Projection(limits)
    somewhere = project(rng.uniform(0, 120, (3, 6)))
    bound = bound_at(above, limits, climb(above, project, somewhere, 20))
    for start in (somewhere, project(rng.uniform(0, 120, (3, 6)))):
        found = climb(value, project, start, 40)
        assert value(start)[0] - 1e-9 <= value(found)[0] <= bound + 1e-9
        assert limits.broken(found) < 1e-4


def test_concave_curves_are_planned_to_the_bound(random_curves):
    cells = made(random_curves, 2, slope=0.9, cells=3, periods=6, geos=1)
    limits = limits_of(3, 6, 500.0, week_cap=120.0)
    value, project = objective(cells, 1.0, 0.0), Projection(limits)
    found = climb(value, project, project(np.full((3, 6), 500 / 18)), 300)
    height, slope = value(found)
    bound = bound_at(value, limits, found)
    assert bound - height < 1e-4 * height
    # no money can move to a week of a higher slope: where there is room, slopes are alike
    free = (found > 0.1).all(axis=0) & (found.sum(axis=0) < 119)
    assert np.ptp(slope[:, free][found[:, free] > 0.1]) < 0.02 * slope[:, free].max()


def test_without_carry_over_the_plan_is_that_of_weeks_as_separate_cells(random_curves):
    """The dynamic program with every week as a cell of its own proves the same optimum."""
    curves = random_curves(7, cells=2, periods=3, lags=1, geos=1)
    bought = curves.unit_exposure.sum(axis=0)
    media = curves.media
    twice = np.repeat(np.arange(2), 3)
    separate = replace(
        media,
        cells=tuple(replace(media.cells[i], audience=f"week {t}") for i in range(2) for t in range(3)),
        weights=media.weights[:, twice],
        half=media.half[:, twice],
        slope=media.slope[:, twice],
        ceiling=media.ceiling[:, :, twice],
        scale=media.scale[:, twice],
        saturation=media.saturation[twice],
    )
    unit = np.zeros((3, 1, 6))
    for k, i in enumerate(twice):
        unit[k % 3, 0, k] = bought[0, i]
    by_week = replace(
        curves,
        media=separate,
        carry_in=np.zeros((0, 1, 6)),
        unit_exposure=unit,
        after=np.zeros((0, 1, 6)),
    )
    budget = 260.0
    problem = Problem(0.7, 1.0, np.zeros(6), np.full(6, budget), budget, True, np.full(6, budget / 6))
    proven = solve(by_week, problem)
    cells = week_cells(curves, 0, bought)
    limits = limits_of(2, 3, budget)
    value, project = objective(cells, 0.7, 1.0), Projection(limits)
    at_it = proven.spend.reshape(2, 3)
    assert value(at_it)[0] == pytest.approx(proven.objective, rel=1e-5)
    found = value(climb(value, project, at_it, 100))[0]
    assert found <= proven.upper_bound + 1e-6
    above = objective(concave_above(cells, limits.upper), 0.7, 1.0)
    assert bound_at(above, limits, at_it) >= proven.objective - 1e-9
    assert brought(cells, at_it)[0].shape == (2,)
