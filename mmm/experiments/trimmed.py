"""Trimmed match: return of pairs of regions, without those few pairs that something else has hit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

Floats = NDArray[np.float64]

MOST_TRIMMED = 0.25
"""Share of pairs at either end that may be trimmed."""
LEAST_PAIRS = 4


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
    mean of zero. How many pairs are trimmed is what makes the error smallest.

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
    found = [
        match
        for trimmed in range(int(MOST_TRIMMED * n) + 1)
        if (match := _match(outcome, spend, trimmed)) is not None
    ]
    return min(found, key=lambda m: m.roi_se * float(student_t.ppf(0.95, m.df)), default=None)


def _match(outcome: Floats, spend: Floats, trimmed: int) -> TrimmedMatch | None:
    n = len(outcome)
    kept = n - 2 * trimmed
    roots = _roots(outcome, spend, trimmed)
    if not roots or kept < 3:
        return None
    theta = min(roots, key=lambda root: _asymmetry(outcome - root * spend, trimmed))
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


def _roots(outcome: Floats, spend: Floats, trimmed: int) -> list[float]:
    """Returns with a trimmed mean of zero: between two crossings of pairs their order is fixed, and it is a ratio."""
    n = len(outcome)
    i, j = np.triu_indices(n, 1)
    apart = spend[i] != spend[j]
    crossings = np.unique((outcome[i] - outcome[j])[apart] / (spend[i] - spend[j])[apart])
    edges = np.concatenate([[-np.inf], crossings if trimmed else [], [np.inf]])
    roots = []
    for low, high in pairwise(edges):
        inside = _between(low, high)
        inner = np.argsort(outcome - inside * spend, kind="stable")[trimmed : n - trimmed]
        moved = float(spend[inner].sum())
        if moved == 0:
            continue
        root = float(outcome[inner].sum()) / moved
        if low <= root <= high:
            roots.append(root)
    return roots


def _between(low: float, high: float) -> float:
    if np.isinf(low) and np.isinf(high):
        return 0.0
    if np.isinf(low) or np.isinf(high):
        edge = high if np.isinf(low) else low
        return float(edge + (-1.0 if np.isinf(low) else 1.0) * (1.0 + abs(edge)))
    return float(0.5 * (low + high))


def _asymmetry(left: Floats, trimmed: int) -> float:
    """How far the kept residuals are from lying alike on both sides of zero: least at the right root."""
    kept = np.sort(left)[trimmed : len(left) - trimmed]
    return float(np.abs(kept + kept[::-1]).mean())
