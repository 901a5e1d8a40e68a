"""Counterfactuals of weighted regions: synthetic control and synthetic difference in differences.

Regions differ in size, so each is taken relative to its own mean before the test, and weights say which of the others
moved like the treated ones together.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from mmm.experiments.regression import placebo_starts, time_based_regression

Floats = NDArray[np.float64]

Counterfactual = Callable[[Floats, Floats, int], Floats]
"""Treated (period, geo), control (period, geo), periods of history -> expected treated total (period,)."""


def simplex_weights(target: Floats, donors: Floats, ridge: float = 0.0) -> Floats:
    """Weights w, none below zero and one in sum, that minimize |target - donors w|^2 + ridge |w|^2.

    As w sums to one, target - donors w is (target 1' - donors) w, and the least of that plus (1'w - 1)^2 over w at or
    above zero points where the least on the simplex lies: a plain non-negative least squares, exact.

    Parameters
    ----------
    target, donors
        Shape (row,) and (row, donor).
    ridge
        In the squared unit of the target.
    """
    n = donors.shape[1]
    away = target[:, None] - donors
    if ridge > 0:
        away = np.vstack([away, np.sqrt(ridge) * np.eye(n)])
    size = float(np.sqrt((away**2).mean() * len(away))) or 1.0
    weights, _ = nnls(
        np.vstack([away / size, np.ones(n)]), np.append(np.zeros(len(away)), 1.0), maxiter=50 * n
    )
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def regression_counterfactual(treated: Floats, control: Floats, pre: int) -> Floats:
    """Time-based regression of the totals."""
    return time_based_regression(treated.sum(axis=1), control.sum(axis=1), pre).counterfactual


def synthetic_control(treated: Floats, control: Floats, pre: int) -> Floats:
    """Weighted mean of the other regions' indices (Abadie, Diamond & Hainmueller 2010), in the treated total's size."""
    index, size, others = _indices(treated, control, pre)
    return size * (others @ simplex_weights(index[:pre], others[:pre]))


def synthetic_did(treated: Floats, control: Floats, pre: int) -> Floats:
    """Synthetic difference in differences (Arkhangelsky et al. 2021, algorithm 1), as a counterfactual.

    Regions are weighted up to a level that may differ, periods of history by how like the window they are; what the
    treated were above the weighted others in the weighted history is added to the others' window.
    """
    index, size, others = _indices(treated, control, pre)
    window = len(index) - pre
    noise = float(np.diff(others[:pre], axis=0).std(ddof=1)) if pre > 2 else 0.0
    ridge = np.sqrt(treated.shape[1] * window) * noise**2 * pre
    regions = simplex_weights(
        index[:pre] - index[:pre].mean(), others[:pre] - others[:pre].mean(axis=0), ridge
    )
    after = others[pre:].mean(axis=0)
    times = simplex_weights(after - after.mean(), (others[:pre] - others[:pre].mean(axis=1, keepdims=True)).T)
    weighted = others @ regions
    return size * (weighted + times @ (index[:pre] - weighted[:pre]))


def method_errors(
    counterfactual: Counterfactual, treated: Floats, control: Floats, *, window: int, history: int, least: int
) -> Floats:
    """What a method finds in windows of the history where nothing was tested, shape (start,).

    Parameters
    ----------
    treated, control
        Before the test, shape (period, geo).
    window, history, least
        As in `regression.placebo_errors`. Every second or later start is taken where there are many: errors of windows
        that overlap say nearly the same.
    """
    starts = placebo_starts(len(treated), window, least)
    starts = starts[:: max(1, min(window // 2, len(starts) // 12))]
    errors = []
    for start in starts:
        rows = slice(max(0, start - history), start + window)
        pre = int(start - max(0, start - history))
        expected = counterfactual(treated[rows], control[rows], pre)
        errors.append(float((treated[rows].sum(axis=1) - expected)[pre:].sum()))
    return np.asarray(errors, dtype=np.float64)


def _indices(treated: Floats, control: Floats, pre: int) -> tuple[Floats, float, Floats]:
    """The treated total and the other regions over their means before the test, and the treated mean."""
    total = treated.sum(axis=1)
    size = float(total[:pre].mean())
    means = control[:pre].mean(axis=0)
    kept = np.abs(means) > 1e-9 * np.abs(means).max()
    return total / size, size, control[:, kept] / means[kept]
