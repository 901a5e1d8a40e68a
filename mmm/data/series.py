"""Small numerical questions about one series: what stands out, where its unit jumps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FAR = 5.0
"""Robust standard deviations beyond which a value stands out."""


def unusual(series: Floats) -> Flags:
    """Values far from the rest: robust z above 5, on logs where every value is positive.

    Parameters
    ----------
    series
        Shape (period,); nan is left alone.

    Returns
    -------
    Shape (period,). Nothing stands out among fewer than eight values, or where most are equal.
    """
    known = ~np.isnan(series)
    values = series[known]
    flags = np.zeros(series.shape, bool)
    if values.size < 8:
        return flags
    values = np.log(values) if (values > 0).all() else values
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    if spread > 0:
        flags[known] = np.abs(values - middle) > FAR * spread
    return flags


def unit_jump(series: Floats) -> tuple[int, float] | None:
    """Where the level changes for good by about 100 or 1000 times, up or down.

    Parameters
    ----------
    series
        Shape (period,); nan and values that are not positive are left alone.

    Returns
    -------
    Index of the first value on the new level, and the ratio of the medians after and before; None where
    there is no such jump. Both sides hold at least four values.
    """
    place = np.flatnonzero(np.nan_to_num(series) > 0)
    logs = np.log10(series[place])
    best: tuple[int, float] | None = None
    for cut in range(4, logs.size - 3):
        if abs(logs[cut] - logs[cut - 1]) < 1.3:  # a change of unit is sudden
            continue
        before, after = logs[:cut], logs[cut:]
        step = float(np.median(after) - np.median(before))
        apart = before.max() < after.min() if step > 0 else before.min() > after.max()
        near = min(abs(abs(step) - 2), abs(abs(step) - 3))
        if apart and near < 0.3 and (best is None or abs(step) > abs(np.log10(best[1]))):
            best = int(place[cut]), 10.0**step
    return best


def runs_of(flags: Flags) -> list[tuple[int, int]]:
    """Start and stop (not included) of every run of true values."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
