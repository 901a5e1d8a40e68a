"""The best spend per cell for one budget, with a proof of how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mmm.response.curves import WindowCurves, evaluate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Problem:
    """Maximize the mean over draws of the sum over cells of worth * response(x) - cost * x.

    Attributes
    ----------
    worth
        Money per unit of response: the margin, or 1 for revenue.
    cost
        1 when spend is subtracted (profit), 0 otherwise.
    lower, upper
        Least and most money of each cell, shape (cell,).
    budget
        Money of the whole window for these cells, without the reserve.
    spend_all
        Whether all of the budget must be spent.
    start
        The current mix, feasible or not, shape (cell,): no result is worse than it where it is feasible.
    """

    worth: float
    cost: float
    lower: Floats
    upper: Floats
    budget: float
    spend_all: bool
    start: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan and how far, at most, it is from the best one.

    Attributes
    ----------
    spend
        Money by cell, shape (cell,).
    objective, upper_bound
        Mean objective of the plan, and a bound that no plan exceeds.
    gap, gap_money
        (upper bound - objective) relative to the gross margin (at least 1 % of the budget), and in money.
    shadow_price
        Change of the best objective by one unit of budget less (left) and more (right); nan where the bounds
        leave no room for it.
    method
        How the plan was found, in words.
    seconds
        Wall time.
    binding
        "lower", "upper" or "" by cell.
    """

    spend: Floats
    objective: float
    upper_bound: float
    gap: float
    gap_money: float
    shadow_price: tuple[float, float]
    method: str
    seconds: float
    binding: tuple[str, ...]


def solve(curves: WindowCurves, problem: Problem, *, target_gap: float = 1e-3) -> Solution:
    """Find the best spend per cell. First version: in proportion to the room."""
    begun = perf_counter()
    room = problem.upper - problem.lower
    share = (problem.budget - problem.lower.sum()) / max(room.sum(), 1e-12)
    spend = problem.lower + room * min(max(share, 0.0), 1.0)
    total = sum(evaluate(curves, i, [x])[0].mean() for i, x in enumerate(spend))
    objective = float(problem.worth * total - problem.cost * spend.sum())
    return Solution(
        spend,
        objective,
        np.inf,
        np.inf,
        np.inf,
        (np.nan, np.nan),
        "proportional",
        perf_counter() - begun,
        ("",) * spend.size,
    )
