"""Weeks as decisions: how much money each cell gets in each week, and how far that is from the best.

Two levels in turn. For weeks as they stand, each cell's money is placed by the dynamic program, which sees all of an
S-shaped curve (`mmm.planning.solver`); a projected gradient then moves weeks and money together. It begins from several
plans, the best of a concave function above all curves among them, which is the bound too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Floats
from mmm.errors import Infeasible
from mmm.planning.allocation import Aim, Allocation, allocate, limits_of, take_draws, window_money
from mmm.planning.bounds import CellBounds
from mmm.planning.careful import some_of
from mmm.planning.flighting_limits import WeekLimits, week_limits
from mmm.planning.flighting_projection import Limits, Projection
from mmm.planning.flighting_solver import (
    best_on_plane,
    bound_at,
    climb,
    nearest,
    objective,
)
from mmm.planning.limits import in_whole_cents
from mmm.planning.problem import Group, GroupState, Problem, Solution
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves, bought_as, response
from mmm.response.weeks import WeekCell, concave_above, week_cells

Indices = NDArray[np.int64]

DRAWS, FEW, BY_GEO = 300, 60, 3000
"""Draws that plan and certify; those on which starts are tried; most draws times geos, down to a third of the first."""

TRIED, BEST, LAST = 40, 100, 60
"""Steps for a start, for the bound and for the best starts, and after money was placed anew."""

PULSES = ((1, 1), (2, 4), (1, 4), (3, 6))
"""Weeks with money in every so many."""

MET = 1e-3
"""Money by which a plan may break a limit before it is mended."""

CLOSE = 1e-6
"""Share of the money within which a limit is met."""


@dataclass(frozen=True, slots=True)
class Flights:
    """A plan by weeks.

    Attributes
    ----------
    allocation
        Money by cell over the whole window, and the solver's word on it.
    pattern
        Share of each cell's money still to be spent in each period and geo, shape (period, geo, cell); sums to 1.
    tests
        Share of the reserve in each period, shape (period,).
    """

    allocation: Allocation
    pattern: Floats
    tests: Floats


@dataclass(frozen=True, slots=True)
class _Task:
    """What is sought, within which limits, and on which draws."""

    aim: Aim
    window: PlanWindow
    settings: PlanSettings
    core: float
    grades: Sequence[str]
    bounds: CellBounds
    groups: tuple[Group, ...]
    found: WeekLimits
    curves: WindowCurves
    project: Projection

    @property
    def free(self) -> float:
        """Money that is not spent yet."""
        return max(self.core - float(self.window.spent.sum()), 0.0)

    @property
    def limits(self) -> Limits:
        """Of money by cell and week."""
        return self.found.limits

    def cells(self, count: int) -> tuple[WeekCell, ...]:
        """The cells on so many of the draws."""
        bought = self.window.pattern.sum(axis=0) * self.window.exposure_per_money
        some = some_of(np.arange(self.curves.media.draws), count)
        return week_cells(take_draws(self.curves, some), self.window.past, bought)


def in_its_weeks(curves: WindowCurves, window: PlanWindow) -> WindowCurves:
    """The curves with money spread over weeks and regions as the window's pattern says."""
    return bought_as(curves, window.pattern * window.exposure_per_money)


def check_weeks(window: PlanWindow, settings: PlanSettings) -> None:
    """Refuse limits of weeks that leave no plan, before anything is fitted.

    Raises
    ------
    Infeasible
        With the smallest change that mends it.
    """
    money, grades = window_money(window, settings), ("data",) * len(window.cells)
    limits = limits_of(window, settings, money.core, money.current, grades, counts_cost=True)
    if money.core > 0:
        week_limits(window, settings, limits[0], limits[1], money.core)


def allocate_weeks(
    aim: Aim,
    window: PlanWindow,
    settings: PlanSettings,
    core: float,
    grades: Sequence[str],
    planning: Indices,
) -> Flights:
    """The best money of each cell in each week for some core money.

    Parameters
    ----------
    planning
        Draws that plan; at most `DRAWS` of them are used.

    Raises
    ------
    Infeasible
        When the user's limits leave no plan.
    """
    begun = perf_counter()
    current = window_money(window, settings).current
    bounds, groups, _ = limits_of(window, settings, core, current, grades, counts_cost=False)
    found = week_limits(window, settings, bounds, groups, core)
    bounds = replace(bounds, gave_way=(*bounds.gave_way, *found.gave_way))
    count = min(DRAWS, max(DRAWS // 3, BY_GEO // len(window.geos)))
    curves = take_draws(aim.curves, some_of(planning, count))
    task = _Task(aim, window, settings, core, grades, bounds, groups, found, curves, Projection(found.limits))
    cells = task.cells(count)
    above = objective(concave_above(cells, found.limits.upper), aim.worth, aim.cost)
    top = climb(above, task.project, _even(task), BEST)
    bound = bound_at(above, found.limits, top) + aim.worth * sum(cell.slack for cell in cells)
    money = _search(task, cells, top)
    return _as_flights(task, cells, money, bound, begun)


def _even(task: _Task) -> Floats:
    """All free money evenly over the weeks that may have any."""
    open_weeks = task.limits.upper > 0
    return task.project(task.free * open_weeks / max(int(open_weeks.sum()), 1))


def _search(task: _Task, cells: Sequence[WeekCell], top: Floats) -> Floats:
    """The best plan met, shape (cell, week)."""
    value = objective(cells, task.aim.worth, task.aim.cost)
    quick = objective(task.cells(FEW), task.aim.worth, task.aim.cost)
    pace = task.window.pattern[task.window.past :].sum(axis=1).T
    usual = task.window.pace / task.window.pace.sum()
    starts = [top, task.project(task.free * usual[:, None] * pace), _placed(task, pace)]
    most = starts[-1].sum(axis=1, keepdims=True)
    for on, cycle in PULSES:
        flown = (np.arange(pace.shape[1]) % cycle < on) & (task.limits.upper > 0)
        starts.append(task.project(most * flown / np.maximum(flown.sum(axis=1, keepdims=True), 1)))
    tried = sorted((climb(quick, task.project, x, TRIED) for x in starts), key=lambda x: -value(x)[0])
    better = [climb(value, task.project, x, BEST) for x in tried[:2]]
    best = max([*starts, *better], key=lambda x: value(x)[0])
    again = climb(value, task.project, _placed(task, best), LAST)
    best = max(best, again, key=lambda x: value(x)[0])
    return best if task.limits.broken(best) < MET else nearest(task.limits, best)


def _placed(task: _Task, weeks: Floats) -> Floats:
    """Money placed by the dynamic program for the weeks of a plan, shape (cell, week), in those weeks.

    Where limits of weeks made a default give way, the dynamic program does not know of it: the nearest plan within
    the limits is taken.
    """
    pattern = _pattern(task.window, weeks)
    ahead = pattern[task.window.past :].sum(axis=1).T
    curves = in_its_weeks(task.curves, replace(task.window, pattern=pattern))
    settings = task.settings
    try:
        found = allocate(task.aim, task.window, settings, task.core, task.grades, curves).spend
    except Infeasible:
        found = task.window.spent + weeks.sum(axis=1)
    return task.project((found - task.window.spent)[:, None] * ahead)


def _pattern(window: PlanWindow, weeks: Floats) -> Floats:
    """Money by week as shares of each cell, split between geos as in the reference; a dark cell keeps its pattern."""
    total = weeks.sum(axis=1)
    alive = total > 0
    split = window.pattern.sum(axis=0)
    pattern = window.pattern.copy()
    share = weeks[alive] / total[alive, None]
    pattern[:, :, alive] = 0.0
    pattern[window.past :][:, :, alive] = share.T[:, None, :] * split[None, :, alive]
    return pattern


def _as_flights(task: _Task, cells: Sequence[WeekCell], money: Floats, bound: float, begun: float) -> Flights:
    """The plan in whole cents, with its gap and its prices."""
    aim, window = task.aim, task.window
    value = objective(cells, aim.worth, aim.cost)
    total = window.spent + money.sum(axis=1)
    lower, upper = np.minimum(task.bounds.lower, total), np.maximum(task.bounds.upper, total)
    bounds = replace(task.bounds, lower=lower, upper=upper)
    all_of_it = task.settings.spend == "all"
    current = window_money(window, task.settings).current
    problem = Problem(aim.worth, aim.cost, lower, upper, task.core, all_of_it, current, task.groups)
    whole = task.core if all_of_it else min(task.core, float(total.sum()))
    spend = in_whole_cents(total, whole, problem, window.spent) if task.core > 0 else total
    height, slope = value(money)
    bound = max(bound, height)
    sunk = sum(
        aim.worth * float(response(task.curves, i, [x])[0].mean()) - aim.cost * x
        for i, x in enumerate(window.spent.tolist())
        if x > 0
    )
    yardstick = max(bound + aim.cost * float(money.sum()), 0.01 * task.core, np.finfo(float).tiny)
    _, prices = best_on_plane(task.limits, slope)
    groups = _group_states(task, total, prices)
    solution = Solution(
        spend=spend,
        objective=height + sunk,
        upper_bound=bound + sunk,
        gap=(bound - height) / yardstick,
        gap_money=bound - height,
        shadow_price=(float(prices[0]), float(prices[0])),
        method=(
            "weeks by spectral projected gradient and money by dynamic program, in turn; bounded by concave envelopes "
            f"on {task.curves.media.draws} draws"
        ),
        seconds=perf_counter() - begun,
        binding=_binding(task, money, groups),
        groups=groups,
    )
    return Flights(Allocation(spend, bounds, solution, problem), _pattern(window, money), task.found.tests)


def _group_states(task: _Task, total: Floats, prices: Floats) -> tuple[GroupState, ...]:
    """Where each group stands; its price is that of its row at the plan."""
    found = []
    for group in task.groups:
        money = float(total[list(group.members)].sum())
        near = CLOSE * task.core
        side = "lower" if money <= group.lower + near else "upper" if money >= group.upper - near else ""
        rows = [k for k, name in enumerate(task.found.names) if k and name == group.name]
        price = max((abs(float(prices[k])) for k in rows), default=0.0) if side else 0.0
        found.append(GroupState(group.name, money, group.lower, group.upper, side, price))
    return tuple(found)


def _binding(task: _Task, money: Floats, groups: Sequence[GroupState]) -> tuple[str, ...]:
    """What holds each cell: its own limits, a group, or the limits of its weeks."""
    near = CLOSE * task.core
    total = task.window.spent + money.sum(axis=1)
    held = []
    for i, x in enumerate(total.tolist()):
        in_groups = [k for k, group in enumerate(task.groups) if i in group.members and groups[k].price > 0]
        if x <= task.bounds.lower[i] + near:
            held.append("lower")
        elif x >= task.bounds.upper[i] - near:
            held.append("upper")
        elif in_groups:
            held.append("group")
        else:
            full = (money[i] >= task.limits.upper[i] - near).all() and task.limits.upper[i].any()
            held.append("weeks" if full else "")
    return tuple(held)
