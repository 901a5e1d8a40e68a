"""Four ways to the best plan on ground they share: dynamic program, mixed-integer program, and a conic solver.

Curves are concave (Hill with exponent 1), so that the problem is a convex one, which CVXPY states in words of its own
and Clarabel solves to eight digits. Nothing of the package is used to state it: sums over draws, periods and lags are
written out.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from mmm.dims import Cell
from mmm.model.forward import MediaDraws
from mmm.model.shapes import HILL
from mmm.planning.problem import Group, Problem
from mmm.planning.solver import solve
from mmm.planning.solver_structured import StructuredSearch
from mmm.response.curves import WindowCurves

DRAWS, PERIODS, LAGS = 3, 3, 3
BUDGET = 600.0
WORTH = 0.8
NESTED = (
    Group("a", (0, 1), 0.0, 120.0),
    Group("b", (0, 1, 2), 200.0, 260.0),
    Group("c", (3, 4), 0.0, 200.0),
)
CROSSED = (
    Group("a", (0, 2, 4), 0.0, 240.0),
    Group("b", (1, 3, 5), 300.0, 420.0),
    Group("c", (0, 1), 0.0, 150.0),
)


def _curves(seed: int, cells: int) -> WindowCurves:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.2, 1.0, (DRAWS, cells, LAGS))
    return WindowCurves(
        media=MediaDraws(
            cells=tuple(Cell(f"channel {i}") for i in range(cells)),
            geos=("",),
            weights=weights / weights.sum(axis=-1, keepdims=True),
            half=np.exp(rng.normal(0, 0.5, (DRAWS, cells))),
            slope=np.ones((DRAWS, cells)),
            ceiling=100 * np.exp(rng.normal(0, 0.6, (DRAWS, 1, cells))),
            scale=np.ones((1, cells)),
            saturation=np.full(cells, HILL),
        ),
        carry_in=rng.uniform(0, 1, (LAGS - 1, 1, cells)),
        unit_exposure=rng.uniform(0.5, 1.5, (PERIODS, 1, cells)) / 100,
        after=rng.uniform(0, 1, (LAGS - 1, 1, cells)),
        value=rng.uniform(0.5, 1.5, (PERIODS + LAGS - 1, 1)),
    )


def _problem(cells: int, groups: tuple[Group, ...] = (), *, spend_all: bool = True) -> Problem:
    lower, upper, start = np.full(cells, 20.0), np.full(cells, 260.0), np.full(cells, BUDGET / cells)
    return Problem(WORTH, 1.0, lower, upper, BUDGET, spend_all, start, groups)


def _adstock(curves: WindowCurves, draw: int, cell: int) -> tuple[np.ndarray, np.ndarray]:
    """Carried exposure in each period and after it: what is there anyway, and that of one unit of money."""
    sunk, unit = np.zeros((2, PERIODS + LAGS - 1))
    for period in range(PERIODS + LAGS - 1):
        for lag in range(LAGS):
            at, weight = period - lag, curves.media.weights[draw, cell, lag]
            if at < 0:
                sunk[period] += weight * curves.carry_in[at, 0, cell]
            elif at >= PERIODS:
                sunk[period] += weight * curves.after[at - PERIODS, 0, cell]
            else:
                unit[period] += weight * curves.unit_exposure[at, 0, cell]
    return sunk, unit


def _conic(curves: WindowCurves, problem: Problem) -> tuple[float, np.ndarray]:
    """The optimum and its plan by CVXPY and Clarabel."""
    media, cells = curves.media, problem.lower.size
    money = cp.Variable(cells)
    total = -problem.cost * cp.sum(money)
    for cell in range(cells):
        for draw in range(DRAWS):
            sunk, unit = _adstock(curves, draw, cell)
            half = media.half[draw, cell]
            worth = problem.worth * curves.value[:, 0] * media.ceiling[draw, 0, cell] / DRAWS
            share = 1 - half * cp.inv_pos(half + sunk + unit * money[cell])
            total += worth @ (share - sunk / (half + sunk))
    spent = cp.sum(money)
    limits = [money >= problem.lower, money <= problem.upper]
    limits += [spent == problem.budget] if problem.spend_all else [spent <= problem.budget]
    for group in problem.groups:
        inside = cp.sum(money[list(group.members)])
        limits += [inside >= group.lower, inside <= group.upper]
    program = cp.Problem(cp.Maximize(total), limits)
    return float(program.solve(solver=cp.CLARABEL)), money.value


def _agree(found: float, bound: float, spend: np.ndarray, best: float, plan: np.ndarray) -> None:
    close = 1e-6 * BUDGET
    assert found <= best + close
    assert best <= bound + close
    assert found == pytest.approx(best, abs=1e-4 * BUDGET)
    np.testing.assert_allclose(spend, plan, atol=0.02 * BUDGET)


@pytest.mark.parametrize("spend_all", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_dynamic_program_mixed_integer_program_and_conic_solver_find_one_optimum(seed, spend_all):
    curves, problem = _curves(seed, 8), _problem(8, spend_all=spend_all)
    best, plan = _conic(curves, problem)
    by_steps = solve(curves, problem)
    _agree(by_steps.objective, by_steps.upper_bound, by_steps.spend, best, plan)
    by_program = StructuredSearch(curves, problem)
    by_program.run(1e-3)
    _agree(by_program.objective, by_program.bound, by_program.spend, best, plan)


@pytest.mark.parametrize("groups", [NESTED, CROSSED])
@pytest.mark.parametrize("seed", range(2))
def test_groups_cost_what_the_conic_solver_says(seed, groups):
    curves = _curves(seed, 6)
    problem = _problem(6, groups)
    best, plan = _conic(curves, problem)
    found = solve(curves, problem)
    assert best < _conic(curves, _problem(6))[0] - 1e-3
    _agree(found.objective, found.upper_bound, found.spend, best, plan)
