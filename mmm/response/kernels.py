"""Numba kernels of the response curves, all in one file: numba's disk cache looks at one file only.

Within one draw, period and geo the adstock is linear in the money x of a cell: s = s0 + x * s1. So the
convolution is done twice per draw (what is there anyway, and the unit pattern) and only the Hill curve
is evaluated for every amount.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@njit(cache=True)
def hill(u: float, log_half: float, power: float) -> tuple[float, float]:
    """Hill curve S(u) = u^n / (u^n + k^n) and its derivative.

    The derivative at 0 is the one to the right: 0 for n > 1, 1 / k for n = 1 and infinite for n < 1.
    """
    if u <= 0.0:
        if power > 1.0:
            return 0.0, 0.0
        if power == 1.0:
            return 0.0, math.exp(-log_half)
        return 0.0, math.inf
    # e = (k / u)^n; clipped so that e stays finite, and 1 - S = e * S keeps its digits near saturation
    e = math.exp(min(power * (log_half - math.log(u)), 700.0))
    share = 1.0 / (1.0 + e)
    return share, power * share * (e * share) / u


@njit(cache=True)
def chord_excess(
    left: float,
    right: float,
    value_left: float,
    value_right: float,
    slope_left: float,
    slope_right: float,
    bend: float,
    value_bend: float,
    slope_bend: float,
) -> float:
    """How far, at most, one Hill curve rises above its chord on [left, right]. A bound, not a sample.

    The curve is convex up to `bend` and concave after it (`bend` = 0 for n <= 1). A convex curve lies under
    its chord. A concave one lies under both end tangents, which meet at height a * b / (a + b) * width above
    the chord, a = left slope - chord slope, b = chord slope - right slope. With the bend inside, the convex
    part lies under its own chord from `left` to the bend, which is highest above the whole chord at an end;
    so the same two tangents are drawn from the bend on, the left one from its height `lift` above the chord.
    """
    if right <= bend:
        return 0.0
    width = right - left
    chord = (value_right - value_left) / width
    b = chord - slope_right
    if b <= 0.0:
        return 0.0
    if left >= bend:
        lift = 0.0
        a = slope_left - chord
        reach = width
    else:
        lift = value_bend - value_left - chord * (bend - left)
        a = slope_bend - chord
        reach = right - bend
    if a == math.inf:
        return b * reach
    if a <= 0.0:
        return max(lift, 0.0)
    return max(b * (reach * a + lift) / (a + b), 0.0)


@njit(cache=True)
def _one_draw(
    points: Floats,
    weights: Floats,
    half: float,
    power: float,
    ceiling: Floats,
    before: Floats,
    pattern: Floats,
    beside: Floats,
    after: Floats,
    value: Floats,
    response: Floats,
    slope: Floats,
    excess: Floats,
) -> None:
    """Add one draw's curve to the last three arrays, shapes (grid,), (grid,), (grid - 1,)."""
    lags, (periods, geos) = weights.shape[0], pattern.shape
    log_half = math.log(half)
    if power > 1.0:
        bend = half * ((power - 1.0) / (power + 1.0)) ** (1.0 / power)
        value_bend = (power - 1.0) / (2.0 * power)
        slope_bend = (power * power - 1.0) / (4.0 * power * bend)
    else:
        bend, value_bend, slope_bend = 0.0, 0.0, math.inf
    for g in range(geos):
        for t in range(periods + lags - 1):
            worth = ceiling[g] * value[t, g]
            rate = 0.0
            for lag in range(max(0, t - periods + 1), min(lags - 1, t) + 1):
                rate += weights[lag] * pattern[t - lag, g]
            if worth == 0.0 or rate <= 0.0:
                continue
            base = 0.0
            for lag in range(t + 1, lags):  # bought before the window
                base += weights[lag] * before[lags - 1 + t - lag, g]
            for lag in range(
                max(0, t - periods + 1), min(lags - 1, t) + 1
            ):  # beside the plan, in cut periods
                base += weights[lag] * beside[t - lag, g]
            for lag in range(t - periods + 1):  # bought after it
                base += weights[lag] * after[t - lag - periods, g]
            start, _ = hill(base, log_half, power)
            last_u, last_s, last_slope = 0.0, 0.0, 0.0
            for j in range(points.shape[0]):
                u = base + points[j] * rate
                s, ds = hill(u, log_half, power)
                response[j] += worth * (s - start)
                slope[j] += worth * rate * ds
                if j > 0 and u > last_u:
                    excess[j - 1] += worth * chord_excess(
                        last_u, u, last_s, s, last_slope, ds, bend, value_bend, slope_bend
                    )
                last_u, last_s, last_slope = u, s, ds


@njit(cache=True)
def curve(
    points: Floats,
    weights: Floats,
    half: Floats,
    power: Floats,
    ceiling: Floats,
    before: Floats,
    pattern: Floats,
    beside: Floats,
    after: Floats,
    value: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Response of one cell to each amount of money, its derivative, and the chord errors between amounts.

    Parameters
    ----------
    points
        Money in the window, ascending, shape (grid,).
    weights, half, power, ceiling
        Draws of one cell, shapes (draw, lag), (draw,), (draw,), (draw, geo).
    before, pattern, beside, after
        Scaled exposure: carried in, bought by one unit of money, bought in the window's periods whatever the
        plan, and after the window; shapes (lag - 1, geo), (period, geo), (period, geo), (lag - 1, geo).
    value
        Money per unit of outcome, shape (period + lag - 1, geo).

    Returns
    -------
    tuple
        Response (draw, grid), derivative (draw, grid), and bound of response minus chord (draw, grid - 1).
    """
    draws, grid = weights.shape[0], points.shape[0]
    response = np.zeros((draws, grid))
    slope = np.zeros((draws, grid))
    excess = np.zeros((draws, max(grid - 1, 0)))
    for d in range(draws):
        _one_draw(
            points,
            weights[d],
            half[d],
            power[d],
            ceiling[d],
            before,
            pattern,
            beside,
            after,
            value,
            response[d],
            slope[d],
            excess[d],
        )
    return response, slope, excess


@njit(cache=True, parallel=True)
def curve_on_all_cores(
    points: Floats,
    weights: Floats,
    half: Floats,
    power: Floats,
    ceiling: Floats,
    before: Floats,
    pattern: Floats,
    beside: Floats,
    after: Floats,
    value: Floats,
) -> tuple[Floats, Floats, Floats]:
    """`curve` with the draws shared out; a function of its own, or numba's cache would mix the two up."""
    draws, grid = weights.shape[0], points.shape[0]
    response = np.zeros((draws, grid))
    slope = np.zeros((draws, grid))
    excess = np.zeros((draws, max(grid - 1, 0)))
    for d in prange(draws):
        _one_draw(
            points,
            weights[d],
            half[d],
            power[d],
            ceiling[d],
            before,
            pattern,
            beside,
            after,
            value,
            response[d],
            slope[d],
            excess[d],
        )
    return response, slope, excess
