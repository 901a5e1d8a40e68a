"""From the grid to exact money: one price for the next unit, found on smooth curves around a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mmm.response.table import CellTable

Floats = NDArray[np.float64]

REACH = 6
"""Intervals of the table on either side of the plan in which the polish may move a cell."""


def _segments(tables: Sequence[CellTable], spend: Floats, worth: float, cost: float) -> Floats:
    """Cubic pieces around a plan: left, width, value, coefficients of the slope 1, q, q^2; (6, cell, piece).

    Pieces a cell does not have have width 0. Slopes are cut at three times the chord's, below which a cubic
    piece does not overshoot (Fritsch & Carlson 1980); that also takes care of an infinite slope at 0.
    """
    pieces = np.zeros((6, len(tables), 2 * REACH + 1))
    for i, table in enumerate(tables):
        x = table.points
        if x.size == 1:
            pieces[0, i], pieces[2, i] = x[0], worth * table.value[0] - cost * x[0]
            continue
        here = int(np.clip(np.searchsorted(x, spend[i], side="right") - 1, 0, x.size - 2))
        first, last = max(here - REACH, 0), min(here + REACH, x.size - 2)
        j = np.clip(np.arange(first, first + 2 * REACH + 1), first, last)
        width = np.where(np.arange(first, first + 2 * REACH + 1) <= last, x[j + 1] - x[j], 0.0)
        value = worth * table.value - cost * x
        chord = (value[j + 1] - value[j]) / (x[j + 1] - x[j])
        steepest = 3 * (chord + cost)
        left, right = (
            np.clip(worth * table.slope[k], np.minimum(steepest, 0.0), np.maximum(steepest, 0.0)) - cost
            for k in (j, j + 1)
        )
        pieces[:, i] = (
            np.where(width > 0, x[j], x[j + 1]),
            width,
            np.where(width > 0, value[j], value[j + 1]),
            left,
            6 * chord - 4 * left - 2 * right,
            3 * (left + right - 2 * chord),
        )
    return pieces


@njit(cache=True)
def _best_at(price: float, pieces: Floats) -> Floats:
    """Money of each cell that maximizes its value less price times money on its pieces, shape (cell,)."""
    cells, count = pieces.shape[1:]
    best = np.empty(cells)
    for i in range(cells):
        top = -np.inf
        for j in range(count):
            left, width, value = pieces[0, i, j], pieces[1, i, j], pieces[2, i, j]
            c0, c1, c2 = pieces[3, i, j], pieces[4, i, j], pieces[5, i, j]
            # the stable form of both roots of c0 + c1 q + c2 q^2 = price
            root = math.sqrt(max(c1 * c1 - 4 * c2 * (c0 - price), 0.0))
            half = -0.5 * (c1 + (root if c1 >= 0 else -root))
            first = half / c2 if c2 != 0 else 0.0
            second = (c0 - price) / half if half != 0 else 0.0
            for q in (0.0, 1.0, min(max(first, 0.0), 1.0), min(max(second, 0.0), 1.0)):
                money = left + width * q
                net = value + width * q * (c0 + q * (c1 / 2 + q * c2 / 3)) - price * money
                if net > top:
                    top = net
                    best[i] = money
    return best


def polish(
    tables: Sequence[CellTable], spend: Floats, budget: float, *, worth: float, cost: float, spend_all: bool
) -> tuple[Floats, float]:
    """Improve a plan near where it is, by bisection on the price of money.

    Returns
    -------
    tuple
        The plan, shape (cell,), with exactly the budget spent (or at most it), and the price: value of the
        next unit of money. On curves that are concave around the plan it is the best plan there; otherwise
        it is a proposal, to be taken only if it is better.
    """
    pieces = _segments(tables, spend, worth, cost)
    slopes = np.concatenate([pieces[3].ravel(), pieces[3:].sum(axis=0).ravel()])
    span = 10 * float(np.ptp(slopes)) + 1e-9 + abs(cost)
    low, high = float(slopes.min()) - span, float(slopes.max()) + span
    if not spend_all:
        free = _best_at(0.0, pieces)
        if free.sum() <= budget:
            return free, 0.0
        low = 0.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if _best_at(middle, pieces).sum() > budget:
            low = middle
        else:
            high = middle
    more, less = _best_at(low, pieces), _best_at(high, pieces)
    gap = float((more - less).sum())
    share = np.clip((budget - less.sum()) / gap, 0.0, 1.0) if gap > 0 else 0.0
    return less + share * (more - less), 0.5 * (low + high)


def newton_step(
    spend: Floats,
    slope: Floats,
    curvature: Floats,
    lower: Floats,
    upper: Floats,
    budget: float,
    *,
    spend_all: bool,
) -> Floats:
    """One Newton step towards equal marginal values, within [lower, upper] and the budget.

    Parameters
    ----------
    spend, slope, curvature
        The plan, and the first and second derivative of each cell's value there, shape (cell,).
    lower, upper
        Where each cell may go, shape (cell,); a cell whose value is not concave stays where it is.
    budget, spend_all
        Money to spend; where it need not all be spent, its price is not below 0.
    """
    free = (spend > lower) & (spend < upper) & np.isfinite(slope)
    if (
        curvature[free] > 0
    ).any():  # one cell may rest on the convex part of its curve, and then no price does
        return _free_step(spend, slope, curvature, lower, upper, free)
    bend = np.where(curvature < 0, -curvature, np.inf)
    steep = np.where(
        np.isfinite(slope), slope, 1e6 * (1 + np.abs(slope[np.isfinite(slope)]).max(initial=0.0))
    )

    def moved(price: float) -> Floats:
        return np.clip(spend + (steep - price) / bend, lower, upper)

    low, high = float(steep.min()) - 1, float(steep.max()) + 1
    if not spend_all:
        low = max(low, 0.0)
        if moved(low).sum() <= budget:
            return moved(low)
    for _ in range(100):
        middle = 0.5 * (low + high)
        if moved(middle).sum() > budget:
            low = middle
        else:
            high = middle
    return moved(high)


def _free_step(
    spend: Floats, slope: Floats, curvature: Floats, lower: Floats, upper: Floats, free: NDArray
) -> Floats:
    """The Newton step of cells between their bounds, shortened to stay there; the total unchanged."""
    step = np.zeros_like(spend)
    if free.sum() < 2 or (curvature[free] == 0).any():
        return spend
    give = 1 / curvature[free]
    if give.sum() == 0:
        return spend
    step[free] = (float((slope[free] * give).sum() / give.sum()) - slope[free]) * give
    room = np.where(step > 0, upper - spend, spend - lower)[free]
    moves = np.abs(step[free])
    share = float(np.min(np.where(moves > room, room / np.maximum(moves, 1e-300), 1.0)))
    return spend + share * step


def settle(
    spend: Floats,
    lower: Floats,
    upper: Floats,
    budget: float,
    *,
    spend_all: bool,
    last: Floats | None = None,
) -> Floats:
    """The plan with exactly the budget: what is over or missing goes where there is room.

    Cells take it in the ascending order of `last`; without it, the widest range first.
    """
    spend = np.clip(spend, lower, upper)
    for i in np.argsort(lower - upper if last is None else last, kind="stable"):
        over = budget - float(spend.sum())
        if over == 0.0 or (over > 0 and not spend_all):
            break
        spend[i] = np.clip(spend[i] + over, lower[i], upper[i])
    return spend
