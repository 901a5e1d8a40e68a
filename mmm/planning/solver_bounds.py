"""Can the bounds be met at all, and what do they leave of each cell's range?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.errors import Infeasible, InternalFault

Floats = NDArray[np.float64]

CLOSE = 1e-9
"""Amounts that differ by less than this share of the budget are the same money."""


def _largest(names: Sequence[str], amounts: Floats, count: int = 5) -> str:
    """The largest amounts with their names, and how many more there are."""
    order = [i for i in np.argsort(-amounts, kind="stable") if amounts[i] > 0]
    listed = ", ".join(f"{names[i]} {amounts[i]:,.2f}" for i in order[:count])
    return listed + (f" and {len(order) - count} more" if len(order) > count else "")


def check_feasible(
    lower: Floats, upper: Floats, budget: float, spend_all: bool, names: Sequence[str]
) -> None:
    """Raise where no plan meets the bounds, naming those that clash and the smallest change that mends it.

    Raises
    ------
    Infeasible
        When a least amount is above the greatest, the least amounts exceed the budget, or, where all must be
        spent, the greatest amounts do not reach it.
    InternalFault
        When an amount is not a number, or negative.
    """
    amounts = np.concatenate([lower, upper, [budget]])
    if (
        np.isnan(amounts).any()
        or (amounts < 0).any()
        or not np.isfinite(lower).all()
        or not np.isfinite(budget)
    ):
        raise InternalFault("The solver got a bound or a budget that is negative or not a number.")
    slack = CLOSE * max(budget, float(lower.max(initial=0.0)))
    crossed = np.flatnonzero(lower > upper + slack)
    if crossed.size:
        faults = "; ".join(
            f"{names[i]}: min {lower[i]:,.2f} is above max {upper[i]:,.2f} by {lower[i] - upper[i]:,.2f}"
            for i in crossed.tolist()
        )
        raise Infeasible(f"No plan meets the bounds: {faults}. Lower the min or raise the max by that much.")
    least, most = float(lower.sum()), float(upper.sum())
    if least > budget + slack:
        raise Infeasible(
            f"The least amounts add up to {least:,.2f}, but the plan has {budget:,.2f} for these cells: "
            f"{least - budget:,.2f} too much. They are: {_largest(names, lower)}. Lower them by "
            f"{least - budget:,.2f} in total, or raise the budget by as much."
        )
    if spend_all and most < budget - slack:
        raise Infeasible(
            f"The greatest amounts add up to {most:,.2f}, but {budget:,.2f} must be spent: "
            f"{budget - most:,.2f} has no place. They are: {_largest(names, upper)}. Raise them by "
            f"{budget - most:,.2f} in total, lower the budget by as much, or set `spend: at_most`."
        )


def tighten(lower: Floats, upper: Floats, budget: float) -> tuple[Floats, Floats]:
    """Bounds without amounts that no plan of about this budget has.

    A cell gets at most what the least amounts of the others leave, and 1 % of that more, so that a slightly
    larger budget can still be looked at.
    """
    room = max(budget - float(lower.sum()), 0.0)
    return lower, np.clip(upper, lower, lower + 1.01 * room)
