"""The best spend per cell for one budget, with a proof of how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mmm.planning.problem import Problem, Solution
from mmm.planning.solver_bounds import CLOSE, check_feasible, tighten
from mmm.planning.solver_dp import best_before, trace
from mmm.planning.solver_grid import (
    Grid,
    below,
    ceiling,
    dual_bound,
    first_points,
    make_grid,
    points_at_price,
    points_wanted,
    stack,
    steps_for,
)
from mmm.planning.solver_polish import newton_step, polish, settle
from mmm.planning.solver_structured import StructuredSearch
from mmm.response.table import CellTable, Curves, refine, tabulate

Floats = NDArray[np.float64]

FIRST_POINTS = 17
"""Points of each curve before anything is refined."""

DUAL_ROUNDS = 6
"""Refinements for the dual bound at most, in one round."""

ROUNDS = 8
"""Refinements at most; three are usual."""

NEWTON_STEPS = 3


def solve(curves: Curves, problem: Problem, *, target_gap: float = 1e-3) -> Solution:
    """Find the best spend per cell for one budget and bounds, and prove how good it is.

    A table of each curve, coarse at first, gives a plan (dynamic program on straight lines between points,
    then a polish to exact money) and a bound (the same on upper bounds of the curves, and a dual). The
    tables are refined only where a better plan may still lie, until the gap is closed. The certificate holds
    for the mean over the draws that are given.

    Parameters
    ----------
    curves
        The window.
    problem
        What is maximized, and within which bounds.
    target_gap
        Gap at which the search stops; it also stops, with the gap it has, after `ROUNDS` rounds.

    Raises
    ------
    Infeasible
        When no plan meets the bounds and the budget.
    """
    begun = perf_counter()
    names = [cell.name for cell in curves.cells]
    problem = _as_arrays(problem)
    if not problem.is_plain:
        return _structured(curves, problem, target_gap, begun)
    check_feasible(problem.lower, problem.upper, problem.budget, problem.spend_all, names)
    lower, upper = tighten(problem.lower, problem.upper, problem.budget)
    search = _Search(curves, problem, lower, upper)
    if problem.budget - float(lower.sum()) <= CLOSE * problem.budget:
        search.offer(settle(lower, lower, upper, problem.budget, spend_all=False))
        search.bound = search.objective
    else:
        search.run(target_gap)
    gap_money = max(search.bound - search.objective, 0.0)
    return Solution(
        spend=search.spend,
        objective=search.objective,
        upper_bound=max(search.bound, search.objective),
        gap=gap_money / search.yardstick(),
        gap_money=gap_money,
        shadow_price=search.shadow_price(),
        method=f"dynamic program on {search.steps} steps, polished; certified on {curves.draws} draws",
        seconds=perf_counter() - begun,
        binding=_binding(problem, search.spend),
    )


def _structured(curves: Curves, problem: Problem, target_gap: float, begun: float) -> Solution:
    """The best plan under groups and switches."""
    search = StructuredSearch(curves, problem)
    search.run(target_gap)
    bound = max(search.bound, search.objective)
    price, groups = search.prices()
    return Solution(
        spend=search.spend,
        objective=search.objective,
        upper_bound=bound,
        gap=(bound - search.objective) / search.yardstick(),
        gap_money=bound - search.objective,
        shadow_price=price,
        method=f"{search.method}, polished; certified on {curves.draws} draws",
        seconds=perf_counter() - begun,
        binding=search.binding(groups),
        groups=groups,
    )


def _as_arrays(problem: Problem) -> Problem:
    """The problem with its amounts as arrays of floats."""
    lower, upper, start = (
        np.asarray(a, dtype=np.float64) for a in (problem.lower, problem.upper, problem.start)
    )
    return replace(problem, lower=lower, upper=upper, start=start)


def _binding(problem: Problem, spend: Floats) -> tuple[str, ...]:
    """Which of its own bounds each cell stands at."""
    close = CLOSE * problem.budget
    return tuple(
        "lower" if x <= low + close else "upper" if x >= high - close else ""
        for x, low, high in zip(spend, problem.lower, problem.upper, strict=True)
    )


class _Search:
    """The state of one search: tables, the best plan so far, the lowest bound so far."""

    def __init__(self, curves: Curves, problem: Problem, lower: Floats, upper: Floats) -> None:
        self.curves, self.problem, self.lower, self.upper = curves, problem, lower, upper
        self.cells = range(lower.size)
        self.steps = 0
        self.tables: list[CellTable] = []
        self.fine: list[CellTable] = []
        self.known: dict[tuple[int, float], tuple[float, float]] = {}
        self.spend, self.objective, self.slope = lower, -np.inf, np.zeros_like(lower)
        self.bound, self.price = np.inf, 0.0

    def yardstick(self) -> float:
        """Money the gap is measured against: the bound's gross margin, at least 1 % of the budget."""
        gross = self.bound + self.problem.cost * float(self.spend.sum())
        return max(gross, 0.01 * self.problem.budget, np.finfo(float).tiny)

    def value(self, spend: Floats) -> tuple[float, Floats]:
        """Exact mean objective of a plan, and the derivative of each cell's value."""
        parts = [self._exact(i, float(spend[i])) for i in self.cells]
        worth, cost = self.problem.worth, self.problem.cost
        total = worth * sum(value for value, _ in parts) - cost * float(spend.sum())
        return total, np.array([worth * slope - cost for _, slope in parts])

    def _exact(self, cell: int, money: float) -> tuple[float, float]:
        """Mean response of a cell and its derivative, evaluated only if that was never done."""
        key = (cell, money)
        if key not in self.known and self.tables:
            table = self.tables[cell]
            j = min(int(np.searchsorted(table.points, money)), table.points.size - 1)
            if table.points[j] == money:
                self.known[key] = float(table.value[j]), float(table.slope[j])
        if key not in self.known:
            point = tabulate(self.curves, cell, np.array([money]))
            self.known[key] = float(point.value[0]), float(point.slope[0])
        return self.known[key]

    def offer(self, spend: Floats) -> bool:
        """Take a feasible plan if it is the best so far."""
        objective, slope = self.value(spend)
        if objective <= self.objective:
            return False
        self.spend, self.objective, self.slope = spend, objective, slope
        return True

    def _offer_moves(self, plan: Floats, price: float) -> None:
        """Offer a plan; if it is no better, offer those of its moves that pay for their money at this price.

        One cell whose curve the table draws badly must not spoil the moves of the others. What is then over
        or missing goes to the cell whose next unit is worth the price.
        """
        if self.offer(plan):
            return
        worth, cost = self.problem.worth, self.problem.cost + price
        gain = np.array(
            [
                worth * (self._exact(i, new)[0] - self._exact(i, old)[0]) - cost * (new - old)
                for i, (new, old) in enumerate(zip(plan.tolist(), self.spend.tolist(), strict=True))
            ]
        )
        some = settle(
            np.where(gain > 0, plan, self.spend),
            self.lower,
            self.upper,
            self.problem.budget,
            spend_all=self.problem.spend_all,
            last=np.abs(self.slope - price),
        )
        self.offer(some)

    def run(self, target_gap: float) -> None:
        """Refine tables and grid until the gap is closed, or the rounds are used up."""
        budget = self.problem.budget
        self.steps, most = steps_for(self.lower, self.upper, budget)
        grid = make_grid(self.lower, self.upper, budget, self.steps)
        self.tables = [tabulate(self.curves, i, first_points(grid, i, FIRST_POINTS)) for i in self.cells]
        self.fine = list(self.tables)
        self._offer_start()
        for last in [False] * (ROUNDS - 1) + [True]:
            self._propose(grid)
            if self._close_dual(target_gap):
                self.tables = self.fine
                break
            heights = self._lower_bound(grid)
            allowed = target_gap * self.yardstick()
            if self.bound - self.objective <= allowed or last:
                break
            if not self._refine(grid, heights, allowed):
                if self.steps == most:
                    break
                self.steps *= 2
                grid = make_grid(self.lower, self.upper, budget, self.steps)
        self._zoom(grid)
        self._sharpen(grid)

    def _offer_start(self) -> None:
        """The current mix, where it is feasible, is the first plan to beat."""
        start, problem = self.problem.start, self.problem
        close = CLOSE * problem.budget
        inside = (start >= problem.lower - close).all() and (start <= problem.upper + close).all()
        over = float(start.sum()) - problem.budget
        if inside and over <= close and (not problem.spend_all or over >= -close):
            self.offer(settle(start, self.lower, self.upper, problem.budget, spend_all=problem.spend_all))

    def _grid_plans(self, grid: Grid, totals: Sequence[int]) -> list[Floats]:
        """Best plans on straight lines between the points of the tables, one for each total of steps."""
        problem = self.problem
        values = [below(grid, self.tables[i], i, problem.worth, problem.cost) for i in self.cells]
        if not problem.spend_all:
            values.append(np.zeros(grid.steps + 1))
        flat, offsets = stack(values)
        before = best_before(flat, offsets, max(totals))
        reachable = [total for total in totals if np.isfinite(before[-1, total])]
        return [grid.spend(trace(flat, offsets, before, total)[: len(self.tables)]) for total in reachable]

    def _polished(self, plan: Floats, budget: float) -> tuple[Floats, float]:
        """The plan moved to equal marginal values, exactly within the budget, and their price."""
        problem = self.problem
        better, price = polish(
            self.tables, plan, budget, worth=problem.worth, cost=problem.cost, spend_all=problem.spend_all
        )
        return settle(better, self.lower, self.upper, budget, spend_all=problem.spend_all), price

    def _propose(self, grid: Grid) -> None:
        """Offer the plan of the dynamic program, as it is and polished."""
        budget, spend_all = self.problem.budget, self.problem.spend_all
        plans = self._grid_plans(grid, [grid.steps])
        if not plans:  # greatest amounts between grid points: the nearest plan that is on the grid
            plans = [self._fill(grid)]
        for plan in plans:
            exact = settle(plan, self.lower, self.upper, budget, spend_all=spend_all)
            polished, self.price = self._polished(exact, budget)
            self.offer(exact)
            self._offer_moves(polished, self.price)

    def _fill(self, grid: Grid) -> Floats:
        """A feasible plan where all cells are next to their greatest amounts."""
        return settle(self.upper, self.lower, self.upper, self.problem.budget, spend_all=True)

    def _lower_bound(self, grid: Grid) -> tuple[Floats, ...]:
        """Lower the bound by the dynamic program and by the dual; returns the bounds by cell and step."""
        problem = self.problem
        terms = {"worth": problem.worth, "cost": problem.cost}
        found = ceiling(grid, self.tables, self.price, spend_all=problem.spend_all, **terms)
        dual, _ = dual_bound(self.tables, problem.budget, spend_all=problem.spend_all, **terms)
        self.bound = min(self.bound, found.bound, dual)
        return found.by_step

    def _close_dual(self, target_gap: float) -> bool:
        """Lower the bound by the dual alone, refining only where its optimum lies; whether the gap is closed.

        Where no curve's convex part matters that is all there is to do, with few points. They are kept apart from
        the tables of the dynamic program, whose points must lie on its grid.
        """
        problem = self.problem
        terms = {"worth": problem.worth, "cost": problem.cost}
        for _ in range(DUAL_ROUNDS):
            dual, price = dual_bound(self.fine, problem.budget, spend_all=problem.spend_all, **terms)
            self.bound = min(self.bound, dual)
            plan, worth = polish(self.fine, self.spend, problem.budget, spend_all=problem.spend_all, **terms)
            exact = settle(plan, self.lower, self.upper, problem.budget, spend_all=problem.spend_all)
            self._offer_moves(exact, worth)
            allowed = target_gap * self.yardstick()
            if self.bound - self.objective <= allowed:
                return True
            fair, narrow = allowed / (4 * len(self.fine)), CLOSE * problem.budget
            before = list(self.fine)
            for i, table in enumerate(before):
                extra = points_at_price(table, price, fair=fair, narrow=narrow, **terms)
                self.fine[i] = refine(self.curves, i, table, extra)
            if all(new is old for new, old in zip(self.fine, before, strict=True)):
                return False
        return False

    def _refine(self, grid: Grid, heights: tuple[Floats, ...], allowed: float) -> bool:
        """Add points where a plan may still be better by more than allowed; False if none is left."""
        fair = allowed / (4 * len(self.tables))
        added = False
        for i in self.cells:
            table = self.tables[i]
            extra = points_wanted(
                grid,
                i,
                table,
                heights[i] > self.objective + allowed,
                self.problem.worth * table.excess / fair,
            )
            finer = refine(self.curves, i, table, np.append(extra, self._beside(grid, i)))
            added |= finer is not table
            self.tables[i] = finer
        return added

    def _beside(self, grid: Grid, cell: int) -> Floats:
        """The grid points on either side of the best plan."""
        at = (self.spend[cell] - self.lower[cell]) / grid.step
        return grid.points(cell, np.clip([np.floor(at), np.ceil(at)], 0, grid.size[cell]))

    def _zoom(self, grid: Grid) -> None:
        """Look closer and closer around the best plan; the tables are for plans only from here on."""
        problem = self.problem
        for width in (4 * grid.step, grid.step, grid.step / 4):
            for i in self.cells:
                if self._rests(i):
                    continue
                points = self.spend[i] + width * np.arange(-2, 3)
                points = points[(points >= self.lower[i]) & (points <= self.upper[i])]
                self.tables[i] = refine(self.curves, i, self.tables[i], points)
            self._offer_moves(*self._polished(self.spend, problem.budget))

    def _rests(self, cell: int) -> bool:
        """Whether a cell stands at a bound, and the price of money holds it there."""
        at, slope = self.spend[cell], self.slope[cell]
        low = at == self.lower[cell] and slope < self.price
        return bool(low or (at == self.upper[cell] and slope > self.price))

    def _sharpen(self, grid: Grid) -> None:
        """Newton steps on the exact curves, kept while they help."""
        for _ in range(NEWTON_STEPS):
            if not self.offer(self._stepped(grid, self.problem.budget)):
                break

    def _stepped(self, grid: Grid, budget: float) -> Floats:
        """The best plan after one Newton step of at most one step of the grid, for a budget near its own."""
        spend_all = self.problem.spend_all
        low = np.maximum(self.lower, self.spend - grid.step)
        high = np.minimum(self.upper, self.spend + grid.step)
        curvature = self._curvature()
        plan = newton_step(self.spend, self.slope, curvature, low, high, budget, spend_all=spend_all)
        order = np.abs(self.slope - self.price)
        return settle(plan, self.lower, self.upper, budget, spend_all=spend_all, last=order)

    def _curvature(self) -> Floats:
        """Second derivative of each cell's value, from the slopes of the table on either side of the plan."""
        bend = np.zeros_like(self.spend)
        for i in self.cells:
            table = self.tables[i]
            if table.points.size > 1:
                j = np.clip(
                    np.searchsorted(table.points, self.spend[i], side="right") - 1, 0, table.points.size - 2
                )
                rise = table.slope[j + 1] - table.slope[j]
                bend[i] = self.problem.worth * rise / (table.points[j + 1] - table.points[j])
        return bend

    def shadow_price(self) -> tuple[float, float]:
        """Difference quotients of the best objective, for one step of the grid less and one more."""
        problem = self.problem
        if not self.tables:
            room = self.slope[self.upper > self.lower]
            return np.nan, float(room.max()) if room.size else (np.nan if problem.spend_all else 0.0)
        grid = make_grid(self.lower, self.upper, problem.budget, self.steps)
        less, more = (self._best_with(grid, steps) for steps in (-1, 1))
        left = (self.objective - less) / grid.step if np.isfinite(less) else np.nan
        right = (more - self.objective) / grid.step if np.isfinite(more) else np.nan
        if not problem.spend_all:
            left, right = max(left, 0.0), 0.0 if np.isnan(right) else max(right, 0.0)
        return float(left), float(right)

    def _best_with(self, grid: Grid, steps: int) -> float:
        """Best objective known with a few steps more or less money; -inf where no plan spends it."""
        budget = self.problem.budget + steps * grid.step
        if self.problem.spend_all and not self.lower.sum() <= budget <= self.upper.sum():
            return -np.inf
        feasible = not self.problem.spend_all and float(self.spend.sum()) <= budget
        best = self.objective if feasible else -np.inf
        for plan in self._grid_plans(grid, [grid.steps + steps]):
            exact = settle(plan, self.lower, self.upper, budget, spend_all=self.problem.spend_all)
            best = max(best, self.value(self._polished(exact, budget)[0])[0])
        return max(best, self.value(self._stepped(grid, budget))[0])
