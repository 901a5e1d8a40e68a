"""Trimmed match: return of pairs of regions, without those few pairs that something else has hit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

Floats = NDArray[np.float64]

MOST_TRIMMED = 0.25
"""Share of pairs at either end that may be trimmed."""
LEAST_PAIRS = 4
MOST_GROUPS = 12
"""Parts that are left out one at a time, for the error."""


@dataclass(frozen=True, slots=True)
class TrimmedMatch:
    """Return of the changed spend from pairs.

    Attributes
    ----------
    roi, roi_se, df
        Outcome (in the unit given) per unit of money, and its Student t.
    trimmed
        Pairs left out at either end.
    """

    roi: float
    roi_se: float
    df: int
    trimmed: int


def trimmed_match(outcome: Floats, spend: Floats) -> TrimmedMatch | None:
    """Return per unit of spend from differences within pairs (Chen & Au 2022).

    A return theta is wanted for which what it leaves of the outcome differences, outcome - theta spend, has a trimmed
    mean of zero. How many pairs are trimmed is what makes the error smallest; as that choice makes it look smaller than
    it is, the error given is no less than the jackknife's, which chooses anew each time.

    Parameters
    ----------
    outcome, spend
        Treated less control of each pair, shape (pair,).

    Returns
    -------
    None where there are fewer than four pairs, or spend did not change.
    """
    n = len(outcome)
    if n < LEAST_PAIRS or not np.any(spend):
        return None
    if (best := _narrowest(outcome, spend)) is None:
        return None
    return replace(best, roi_se=max(best.roi_se, _left_out(outcome, spend)))


def _narrowest(outcome: Floats, spend: Floats) -> TrimmedMatch | None:
    """The trimming with the smallest error."""
    orders = _orders(outcome, spend)
    found = [
        match
        for trimmed in range(int(MOST_TRIMMED * len(outcome)) + 1)
        if (match := _match(outcome, spend, trimmed, orders)) is not None
    ]
    return min(found, key=lambda m: m.roi_se * float(student_t.ppf(0.95, m.df)), default=None)


def _left_out(outcome: Floats, spend: Floats) -> float:
    """Jackknife error of the return, pair by pair or in a dozen groups: the choice of the trimming is part of it."""
    groups = np.arange(len(outcome)) % min(len(outcome), MOST_GROUPS)
    without = [_narrowest(outcome[groups != g], spend[groups != g]) for g in range(groups.max() + 1)]
    roi = np.array([match.roi for match in without if match is not None])
    return float(np.sqrt((len(roi) - 1) * roi.var())) if len(roi) else 0.0


def _match(outcome: Floats, spend: Floats, trimmed: int, orders: _Orders) -> TrimmedMatch | None:
    n = len(outcome)
    kept = n - 2 * trimmed
    roots = orders.roots(outcome, spend, trimmed)
    if not roots.size or kept < 3:
        return None
    theta = float(min(roots, key=lambda root: _asymmetry(outcome - root * spend, trimmed)))
    left = outcome - theta * spend
    order = np.argsort(left, kind="stable")
    inner = order[trimmed : n - trimmed]
    moved = float(spend[inner].mean())
    if moved == 0:
        return None
    lows = np.clip(
        left, left[inner].min(), left[inner].max()
    )  # the winsorized sample of Tukey & McLaughlin 1963
    variance = float(((lows - lows.mean()) ** 2).sum()) / (kept - 1)
    return TrimmedMatch(theta, float(np.sqrt(variance / kept) / abs(moved)), kept - 1, trimmed)


@dataclass(frozen=True, slots=True)
class _Orders:
    """The order of pairs by what a return leaves of them, which changes only where two pairs cross.

    Attributes
    ----------
    edges
        Returns at which it changes, shape (order + 1,), with the infinite ones.
    pairs
        Shape (order, pair).
    """

    edges: Floats
    pairs: NDArray[np.int64]

    def roots(self, outcome: Floats, spend: Floats, trimmed: int) -> Floats:
        """Returns with a trimmed mean of zero: where the order is fixed, it is a ratio."""
        inner = self.pairs[:, trimmed : self.pairs.shape[1] - trimmed]
        moved = spend[inner].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            root = outcome[inner].sum(axis=1) / moved
        here = (moved != 0) & (self.edges[:-1] <= root) & (root <= self.edges[1:])
        return np.unique(root[here])


def _orders(outcome: Floats, spend: Floats) -> _Orders:
    i, j = np.triu_indices(len(outcome), 1)
    apart = spend[i] != spend[j]
    crossings = np.unique((outcome[i] - outcome[j])[apart] / (spend[i] - spend[j])[apart])
    if not crossings.size:
        inside = np.zeros(1)
    else:
        inside = np.concatenate(
            [[crossings[0] - 1.0], (crossings[:-1] + crossings[1:]) / 2.0, [crossings[-1] + 1.0]]
        )
    pairs = np.argsort(outcome - inside[:, None] * spend, axis=1, kind="stable")
    return _Orders(np.concatenate([[-np.inf], crossings, [np.inf]]), pairs)


def _asymmetry(left: Floats, trimmed: int) -> float:
    """How far the kept residuals are from lying alike on both sides of zero: least at the right root."""
    kept = np.sort(left)[trimmed : len(left) - trimmed]
    return float(np.abs(kept + kept[::-1]).mean())
