"""Money that a test changed, and the outcome it brought for each unit of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from mmm.experiments.arms import Arms
from mmm.experiments.design import Design
from mmm.experiments.regression import error_with_memory, placebo_errors, placebo_se, time_based_regression

Floats = NDArray[np.float64]

CLEAR = 3.0
"""A change of spend this many times its noise gives a return."""
SAME = 2.0
"""Planned money within this many standard errors of what the panel shows is taken as it was planned."""
RANGE = 0.90


@dataclass(frozen=True, slots=True)
class Spend:
    """Change of the tested money in the treated regions.

    Attributes
    ----------
    planned
        As designed; nan where nothing was written down.
    seen, seen_se
        By regression on the control regions' money, as the effect is read; its error.
    used
        The planned one where the panel does not contradict it, for it has no noise; else the one seen.
    errors
        Of the same regression in windows of the history, shape (start,).
    """

    planned: float
    seen: float
    seen_se: float
    used: float
    errors: Floats

    @property
    def is_clear(self) -> bool:
        """Whether there is a change to divide by."""
        return abs(self.used) > CLEAR * self.noise

    @property
    def noise(self) -> float:
        """Error of the money used: none where it was planned and is not contradicted."""
        return 0.0 if self.used == self.planned else self.seen_se


@dataclass(frozen=True, slots=True)
class Return:
    """Outcome in money for each unit of money changed; its range may be without an end (inf)."""

    roi: float
    lo: float
    hi: float


def spend_change(design: Design, arms: Arms, rows: dict[str, int]) -> Spend:
    """Read the change of spend the way the effect is read."""
    treated = arms.spend[:, arms.is_treated].sum(axis=1)
    control = arms.spend[:, ~arms.is_treated].sum(axis=1)
    recent = slice(max(0, arms.pre - rows["history"]), None)
    found = time_based_regression(treated[recent], control[recent], min(arms.pre, rows["history"]))
    errors = placebo_errors(treated[: arms.pre], control[: arms.pre], **rows)
    se = float(placebo_se(errors)) if len(errors) >= arms.window else error_with_memory(found)[0]
    agrees = abs(found.effect - design.spend_change) <= SAME * se  # False where nothing was planned
    return Spend(
        design.spend_change, found.effect, se, design.spend_change if agrees else found.effect, errors
    )


def money_back(effect: float, se: float, df: float, spend: Spend, errors: Floats) -> Return | None:
    """Effect over spend, with Fieller's range; None where the spend change is not clear of its noise.

    Parameters
    ----------
    effect, se, df
        In money.
    errors
        Of the effect in the same windows of the history as `spend.errors`: what money and outcome miss together is not
        counted twice.
    """
    if not spend.is_clear:
        return None
    bar = float(student_t.ppf(0.5 + RANGE / 2, df))
    together = 0.0
    if spend.noise > 0 and len(errors) == len(spend.errors) and len(errors) > 1 and placebo_se(errors) > 0:
        scale = se / float(placebo_se(errors))  # the error may have been widened
        together = scale * float((errors * spend.errors).mean())
    lo, hi = fieller(effect, spend.used, se**2, spend.noise**2, together, bar)
    return Return(effect / spend.used, lo, hi)


def fieller(
    above: float, below: float, variance: float, variance_below: float, covariance: float, bar: float
) -> tuple[float, float]:
    """Range of a ratio of two normal means (Fieller 1954): all r with |above - r below| within `bar` of its error.

    Without an end where the divisor is not clear of zero.
    """
    a = below**2 - bar**2 * variance_below
    b = above * below - bar**2 * covariance
    c = above**2 - bar**2 * variance
    inside = b**2 - a * c
    if a <= 0 or inside < 0:
        return -np.inf, np.inf
    root = float(np.sqrt(inside))
    return (b - root) / a, (b + root) / a
