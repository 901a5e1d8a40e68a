"""Money to the cent: parts that add up exactly, and a reserve that is never rounded down."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

import numpy as np

from mmm.data.panel import Floats


def in_cents(amount: float) -> int:
    """An amount of money as whole cents."""
    return int((Decimal(repr(float(amount))) * 100).to_integral_value(rounding=ROUND_HALF_EVEN))


def split_reserve(budget: float, share: float) -> tuple[float, float]:
    """Core money and reserve of a budget, both in whole cents; together they are the budget.

    The reserve is `share` of the budget rounded up to the cent: a floor, never rounded down.
    """
    cents = in_cents(budget)
    exact = Decimal(cents) * Decimal(repr(float(share)))
    reserve = min(cents, int(exact.to_integral_value(rounding=ROUND_CEILING)))
    return (cents - reserve) / 100, reserve / 100


def spread(total: float, weights: Floats) -> Floats:
    """Spread an amount by weights into whole cents that add up to it exactly.

    The cents left over by rounding down go to the largest remainders (Hamilton's method); where several are
    equal, to the first. Weights of zero get nothing.

    Parameters
    ----------
    total
        Money; taken to the cent.
    weights
        Shares, any shape, at least one above zero unless `total` is zero.
    """
    cents = in_cents(total)
    flat = np.asarray(weights, dtype=np.float64).ravel()
    if cents == 0:
        return np.zeros(np.shape(weights))
    exact = flat / flat.sum() * cents
    parts = np.floor(exact)
    remainder = np.where(flat > 0, exact - parts, -1.0)
    left = cents - int(parts.sum())
    order = np.argsort(-remainder, kind="stable")
    if left > 0:
        parts[order[:left]] += 1
    elif left < 0:  # floats that came out just above a whole number of cents
        parts[np.argsort(-parts, kind="stable")[:-left]] -= 1
    return parts.reshape(np.shape(weights)) / 100
