"""The grid of money the solver works on, and what the tables say on it: values below, bounds above.

Every cell starts at its least money; one step of the grid is 1 / `steps` of what is left of the budget, so
the budget is on the grid exactly. Only a cell's greatest money may lie between two grid points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.planning.solver_dp import best_after, best_before, best_with
from mmm.response.table import CellTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORK = 4e8
"""Additions one dynamic program may take: about a fifth of a second."""

SPLIT = 5
"""Parts an interval of a table is split into at most, in one round."""

ROUNDING = 1e-12
"""Share of the objective added to every bound, for the rounding of sums."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Money of each cell in equal steps from its least money on.

    Attributes
    ----------
    lower, upper
        Least and most money, shape (cell,).
    step
        Money of one step.
    steps
        Steps of money to give out.
    size
        Whole steps between a cell's least and greatest money, shape (cell,).
    part
        What is left of its range after them, in steps, in [0, 1), shape (cell,).
    """

    lower: Floats
    upper: Floats
    step: float
    steps: int
    size: Ints
    part: Floats

    def points(self, cell: int, steps: NDArray) -> Floats:
        """Money of a cell at the given steps; the end of its range is met exactly."""
        money = self.lower[cell] + self.step * np.asarray(steps, dtype=np.float64)
        whole = self.part[cell] == 0.0
        return np.where(whole & (np.asarray(steps) == self.size[cell]), self.upper[cell], money)

    def spend(self, steps: Ints) -> Floats:
        """Money of every cell at its number of steps."""
        return np.minimum(self.lower + self.step * steps, self.upper)


def make_grid(lower: Floats, upper: Floats, budget: float, steps: int) -> Grid:
    """The grid with this number of steps between the least amounts and the budget."""
    step = max(budget - float(lower.sum()), 0.0) / steps
    wide = (upper - lower) / step if step > 0 else np.zeros_like(lower)
    size = np.floor(wide + 1e-9)
    part = np.where(wide - size > 1e-9, wide - size, 0.0)
    return Grid(lower, upper, step, steps, size.astype(np.int64), part)


def steps_for(lower: Floats, upper: Floats, budget: float) -> tuple[int, int]:
    """How many steps to begin with and how many at most, powers of two.

    To begin with, 64 to the range of a cell in the mean and at least 512; at most what the work of one
    dynamic program allows, which is the sum of the ranges times the steps.
    """
    ranges = float((upper - lower).sum()) / (budget - float(lower.sum()))
    most = 2 ** int(np.clip(np.floor(np.log2(np.sqrt(WORK / ranges))), 9, 13))
    first = 2 ** int(np.clip(np.ceil(np.log2(64 * lower.size / ranges)), 9, 13))
    return min(first, most), most


def first_points(grid: Grid, cell: int, count: int) -> Floats:
    """Where a cell's table begins: evenly, or denser near its least money where its range is very wide."""
    even = np.linspace(0.0, 1.0, count)
    wide = grid.size[cell] * grid.size.size > 4 * grid.steps
    steps = np.unique(np.rint(grid.size[cell] * (even**2 if wide else even)).astype(np.int64))
    points = grid.points(cell, steps)
    return np.append(points, grid.upper[cell]) if grid.part[cell] > 0 else points


def below(grid: Grid, table: CellTable, cell: int, worth: float, cost: float) -> Floats:
    """Value on every step of the grid, straight between the points of the table."""
    money = grid.points(cell, np.arange(grid.size[cell] + 1))
    return np.interp(money, table.points, worth * table.value - cost * table.points)


def above(grid: Grid, table: CellTable, cell: int, worth: float, cost: float) -> Floats:
    """Bound of the value on every step of the grid, such that straight lines between them are bounds too.

    The greatest money, where it lies between two steps, is counted as if it took only the whole steps.
    """
    money = grid.points(cell, np.arange(grid.size[cell] + 1))
    value = worth * table.value - cost * table.points
    bound = np.interp(money, table.points, value)
    if table.excess.size:
        last = table.excess.size - 1
        right = np.clip(np.searchsorted(table.points, money, side="right") - 1, 0, last)
        left = np.clip(np.searchsorted(table.points, money, side="left") - 1, 0, last)
        bound += worth * np.maximum(table.excess[left], table.excess[right])
    if grid.part[cell] > 0:
        bound[-1] = max(bound[-1], value[-1] + worth * table.excess[-1])
    return bound


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What no plan can exceed, and what none can exceed that gives a cell a certain number of steps.

    Attributes
    ----------
    bound
        No feasible plan is worth more.
    by_step
        For each cell, the same for plans with this cell near each step, shape (size + 1,).
    """

    bound: float
    by_step: tuple[Floats, ...]


def ceiling(
    grid: Grid, tables: Sequence[CellTable], price: float, *, worth: float, cost: float, spend_all: bool
) -> Ceiling:
    """Bound of the objective by dynamic programming over the upper bounds of the curves.

    The bounds are straight between breakpoints, and a sum of such pieces is greatest, under one budget, where
    all cells but one are at breakpoints. Breakpoints are grid points or ends of ranges, of which only the
    whole steps are counted; so the steps used lie between `steps` less what was not counted and
    `steps` + 1. Money carries the price of the next unit while values are compared, so that this play of a
    few steps costs nothing to first order; any price gives a bound.
    """
    values = [above(grid, table, i, worth, cost + price) for i, table in enumerate(tables)]
    if not spend_all:  # money that is kept
        values.append(-price * grid.step * np.arange(grid.steps + 1.0))
    flat, offsets = stack(values)
    least = grid.steps - int(grid.part.sum()) - 1
    before = best_before(flat, offsets, grid.steps + 1)
    after = best_after(flat, offsets, grid.steps + 1, least)
    budget = float(grid.lower.sum()) + grid.step * grid.steps
    shift = price * budget
    bound = float(after[0, 0]) + shift
    by_step = np.split(best_with(flat, offsets, before, after) + shift, offsets[1:-1])
    slack = ROUNDING * max(abs(bound), budget)
    return Ceiling(bound + slack, tuple(by_step[: len(tables)]))


def points_wanted(grid: Grid, cell: int, table: CellTable, alive: NDArray, excess: Floats) -> Floats:
    """Points that split the intervals in which a better plan may lie and whose bound is still too loose.

    Parameters
    ----------
    alive
        Whether a better plan may have the cell at each step, shape (size + 1,).
    excess
        Excess of each interval of the table in units of what is allowed; it falls as the width squared.
    """
    at = np.rint((table.points - grid.lower[cell]) / grid.step).astype(np.int64)
    at = np.minimum(at, grid.size[cell])
    seen = np.concatenate([[0], np.cumsum(alive)])
    wanted: list[NDArray] = []
    for j in np.flatnonzero((excess > 1) & (np.diff(at) > 1)):
        if seen[at[j + 1] + 1] > seen[at[j]]:
            pieces = int(min(np.ceil(np.sqrt(excess[j])), SPLIT, at[j + 1] - at[j]))
            wanted.append(np.round(np.linspace(at[j], at[j + 1], pieces + 1))[1:-1])
    return grid.points(cell, np.concatenate(wanted)) if wanted else np.empty(0)


def points_at_price(
    table: CellTable, price: float, *, worth: float, cost: float, fair: float, narrow: float
) -> Floats:
    """Points that split the intervals in which a cell's bound less price times money is greatest, and too loose.

    Parameters
    ----------
    fair
        Excess, in the unit of the objective, that is not worth a split.
    narrow
        Width below which nothing is split.
    """
    if not table.excess.size:
        return np.empty(0)
    net = worth * table.value - (cost + price) * table.points
    excess, width = worth * table.excess, np.diff(table.points)
    top = np.maximum(net[:-1], net[1:]) + excess
    wanted = np.flatnonzero((top >= top.max() - fair) & (excess > fair) & (width > narrow))
    parts = np.minimum(np.ceil(np.sqrt(excess[wanted] / fair)), SPLIT).astype(np.int64)
    ends = zip(table.points[wanted], table.points[wanted + 1], parts, strict=True)
    return np.concatenate([np.empty(0), *(np.linspace(low, high, n + 1)[1:-1] for low, high, n in ends)])


def stack(values: Sequence[Floats]) -> tuple[Floats, Ints]:
    """Values of all cells in one array, and where each begins."""
    return np.concatenate(values), np.concatenate([[0], np.cumsum([v.size for v in values])]).astype(np.int64)


def dual_bound(
    tables: Sequence[CellTable], budget: float, *, worth: float, cost: float, spend_all: bool
) -> tuple[float, float]:
    """Bound of the objective from a price on money, and the best such price.

    For any price p (at least 0 where less may be spent) it is p * budget + sum of max_x (bound - p * x).
    It does not see the grid, and is close where no curve's convex part matters.
    """
    width = max(max(table.excess.size, 1) for table in tables)
    money: NDArray = np.zeros((2, len(tables), width))
    value: NDArray = np.full((2, len(tables), width), -np.inf)
    for i, table in enumerate(tables):
        net = worth * table.value - cost * table.points
        n = table.excess.size
        if n == 0:
            money[:, i, 0], value[:, i, 0] = table.points[0], net[0]
            continue
        for side in (0, 1):
            money[side, i, :n] = table.points[side : n + side]
            value[side, i, :n] = net[side : n + side] + worth * table.excess
    money, value = np.hstack([money[0], money[1]]), np.hstack([value[0], value[1]])
    rows = np.arange(len(tables))

    def bound(price: float) -> tuple[float, float]:
        net = value - price * money
        best = net.argmax(axis=1)
        return price * budget + float(net[rows, best].sum()), float(money[rows, best].sum())

    finite = np.isfinite(value)
    steepest = float(np.ptp(value[finite])) / max(
        min(_least_gap(table) for table in tables), 1e-12 * (budget + 1)
    )
    low, high = (-steepest if spend_all else 0.0), steepest
    best, at = min((bound(p)[0], p) for p in (low, high, 0.0))
    for _ in range(80):
        middle = 0.5 * (low + high)
        height, spent = bound(middle)
        if height < best:
            best, at = height, middle
        if spent > budget:
            low = middle
        else:
            high = middle
    return best + ROUNDING * max(abs(best), budget), at


def _least_gap(table: CellTable) -> float:
    """Smallest distance between points of a table; infinite where it has only one."""
    return float(np.diff(table.points).min()) if table.points.size > 1 else np.inf
