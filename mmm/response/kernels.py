"""Numba kernels of the response curves, all in one file: numba's disk cache looks at one file only.

Within one draw, period and geo the adstock is linear in the money x of a cell: s = s0 + x * s1. So the
convolution is done once per draw (what is there anyway, and the unit pattern) and only the saturation (Hill,
logistic or power: `mmm.model.shapes`) is evaluated for every amount, in vector instructions (`mmm.model.vectormath`).
What others call is inlined: see `mmm.model.linear.inner`.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mmm.model.shapes import HALF_WAY, HILL, LOGISTIC, POWER
from mmm.model.vectormath import SMALLEST, exp, log

Floats = NDArray[np.float64]


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def saturate(
    kind: int,
    money: float,
    base: Floats,
    rate: Floats,
    half: float,
    power: float,
    share: Floats,
    steep: Floats,
) -> None:
    """Saturation S(u) and its derivative at u = base + money * rate, into the last two.

    The derivative at u = 0 is the one to the right: 0 for a power n > 1, infinite for n < 1, and for n = 1 that
    of the straight line every family begins as.
    """
    log_half = log(half)
    for i in range(base.shape[0]):
        u = base[i] + money * rate[i]
        u = u if u > SMALLEST else SMALLEST
        # log (k / u)^n, clipped so that its exponential and that of its negative stay finite
        y = power * (log_half - log(u))
        y = y if y < 700.0 else 700.0
        share[i] = y if y > -700.0 else -700.0
        steep[i] = power / u
    if kind == LOGISTIC:
        for i in range(base.shape[0]):
            v = HALF_WAY * exp(-share[i])
            v = v if v < 300.0 else 300.0
            e = exp(-2.0 * v)
            share[i] = (1.0 - e) / (1.0 + e)
            steep[i] *= 4.0 * v * e / ((1.0 + e) * (1.0 + e))
    elif kind == POWER:
        for i in range(base.shape[0]):
            share[i] = exp(-share[i])
            steep[i] *= share[i]
    else:
        for i in range(base.shape[0]):
            e = exp(share[i])  # 1 - S = e * S keeps its digits near saturation
            share[i] = 1.0 / (1.0 + e)
            steep[i] = steep[i] * share[i] * (e * share[i])
    if money > 0.0:
        return
    line = (HALF_WAY if kind == LOGISTIC else 1.0) / half
    at_zero = np.inf if power < 1.0 else (line if power == 1.0 else 0.0)
    for i in range(base.shape[0]):
        if base[i] <= 0.0:
            share[i], steep[i] = 0.0, at_zero


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
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
    """How far, at most, one saturation curve rises above its chord on [left, right]. A bound, not a sample.

    The curve is convex up to `bend` and concave after it (`bend` is 0 but for Hill with n > 1). A convex curve
    lies under its chord. A concave one lies under both end tangents, which meet at height a * b / (a + b) * width
    above the chord, a = left slope - chord slope, b = chord slope - right slope. With the bend inside, the convex
    part lies under its own chord from `left` to the bend, which is highest above the whole chord at an end;
    so the same two tangents are drawn from the bend on, the left one from its height `lift` above the chord.
    """
    width = right - left
    chord = (value_right - value_left) / width
    inside = left < bend
    lift = value_bend - value_left - chord * (bend - left) if inside else 0.0
    a = (slope_bend if inside else slope_left) - chord
    a = a if a < 1e150 else 1e150  # an infinite slope: then the bound is b * reach
    b = chord - slope_right
    reach = right - (bend if inside else left)
    meet = b * (reach * a + lift) / (a + b)
    bound = meet if a > 0.0 else lift
    return bound if width > 0.0 and right > bend and b > 0.0 and bound > 0.0 else 0.0


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"}, forceinline=True)
def _weighted(weight: Floats, value: Floats, start: Floats) -> float:
    """Sum of weight * (value - start), in the order that is quickest."""
    total = 0.0
    for i in range(weight.shape[0]):
        total += weight[i] * (value[i] - start[i])
    return total


@njit(cache=True, error_model="numpy", fastmath={"contract"}, forceinline=True)
def _excesses(
    kind: int,
    moneys: tuple[float, float],
    base: Floats,
    rate: Floats,
    half: float,
    power: float,
    left: tuple[Floats, Floats],
    right: tuple[Floats, Floats],
    hurts: bool,
    excess: Floats,
) -> None:
    """`chord_excess` of every term between two amounts, given (share, steep) at both, into the last.

    With `hurts` it is how far the chord rises above the curve: that curve turned by half a circle, so the bend and the
    ends change sides.
    """
    bend, value_bend, slope_bend = 0.0, 0.0, np.inf
    if kind == HILL and power > 1.0:
        bend = half * ((power - 1.0) / (power + 1.0)) ** (1.0 / power)
        value_bend = (power - 1.0) / (2.0 * power)
        slope_bend = (power * power - 1.0) / (4.0 * power * bend)
    first, last, turn = (right, left, -1.0) if hurts else (left, right, 1.0)
    money_first, money_last = (moneys[1], moneys[0]) if hurts else moneys
    for i in range(base.shape[0]):
        excess[i] = chord_excess(
            turn * (base[i] + money_first * rate[i]),
            turn * (base[i] + money_last * rate[i]),
            turn * first[0][i],
            turn * last[0][i],
            first[1][i],
            last[1][i],
            turn * bend,
            turn * value_bend,
            slope_bend,
        )


@njit(cache=True, error_model="numpy", forceinline=True)
def _one_draw(
    kind: int,
    points: Floats,
    terms: tuple[Floats, Floats, Floats],
    half: float,
    power: float,
    room: Floats,
    response: Floats,
    slope: Floats,
    excess: Floats,
) -> None:
    """One draw's curve into the last three arrays, shapes (grid,), (grid,), (grid - 1,).

    `room` is scratch of shape (11, term): a draw allocates nothing, which took longer than the curve itself.
    Terms that money does not reach, or that are worth nothing, are left out.
    """
    n = 0
    for i in range(terms[0].shape[0]):
        if terms[1][i] > 0.0 and terms[2][i] != 0.0:
            room[0, n], room[1, n], room[2, n] = terms[0][i], terms[1][i], terms[2][i]
            n += 1
    base, rate, worth = room[0, :n], room[1, :n], room[2, :n]
    steepness, none, start, above = room[3, :n], room[4, :n], room[5, :n], room[6, :n]
    share, steep, last_share, last_steep = room[7, :n], room[8, :n], room[9, :n], room[10, :n]
    for i in range(n):
        steepness[i] = worth[i] * rate[i]
        none[i] = 0.0
    hurts = n > 0 and worth[0] < 0.0  # all terms of a draw have the sign of its ceiling
    for j in range(-1, points.shape[0]):  # first without money: in the same place, or it is compiled twice
        saturate(kind, points[j] if j >= 0 else 0.0, base, rate, half, power, share, steep)
        if j < 0:
            share, start = start, share
            continue
        response[j] = _weighted(worth, share, start)
        slope[j] = _weighted(steepness, steep, none)
        if j > 0:
            moneys = (points[j - 1], points[j])
            ends = (last_share, last_steep), (share, steep)
            _excesses(kind, moneys, base, rate, half, power, ends[0], ends[1], hurts, above)
            excess[j - 1] = abs(_weighted(worth, above, none))
        share, last_share = last_share, share
        steep, last_steep = last_steep, steep


@njit(cache=True, nogil=True)
def curve(
    kind: int,
    points: Floats,
    base: Floats,
    rate: Floats,
    worth: Floats,
    half: Floats,
    power: Floats,
    response: Floats,
    slope: Floats,
    excess: Floats,
) -> None:
    """Response of one cell to each amount of money, its derivative, and the chord errors between amounts.

    Parameters
    ----------
    kind
        Code of the cell's saturation.
    points
        Money in the window, ascending, shape (grid,).
    base, rate, worth
        Of each period and geo that the cell's exposure reaches: adstock without its money, adstock of one unit of
        it, and the worth of a full saturation, shape (draw, term).
    half, power
        Draws of one cell, shape (draw,).
    response, slope, excess
        Receive the response (draw, grid), its derivative (draw, grid), and the bound of response minus chord
        (draw, grid - 1).
    """
    room = np.empty((11, base.shape[1]))
    for d in range(base.shape[0]):
        terms = (base[d], rate[d], worth[d])
        _one_draw(kind, points, terms, half[d], power[d], room, response[d], slope[d], excess[d])


@njit(cache=True, error_model="numpy", fastmath={"contract"}, nogil=True)
def week_values(
    kind: int,
    money: Floats,
    base: Floats,
    unit: Floats,
    worth: Floats,
    weights: Floats,
    half: Floats,
    power: Floats,
    lines: Floats,
    value: Floats,
    slope: Floats,
) -> None:
    """What money week by week brings through one cell, and its derivative by each week's money, per draw.

    The derivative goes the way of the carry-over backwards (its adjoint): what a week's money is worth is the sum over
    lags of weight times what a unit of stock is worth then.

    Parameters
    ----------
    kind
        Code of the cell's saturation.
    money
        Money of each week, shape (week,).
    base, worth
        Adstock without the money, above 0, and worth of a full saturation, shape (draw, geo, week + lag - 1).
    unit
        Scaled exposure that one unit of money buys, shape (geo,).
    weights
        Carry-over, shape (draw, lag).
    half, power
        Draws of the cell, shape (draw,).
    lines
        Where a curve is replaced by a straight line: from, to, height at its beginning, and slope, shape
        (4, draw, geo, week + lag - 1); nowhere where `from` is above `to`.
    value, slope
        Receive the sum of worth times share, shape (draw,), and its derivative, shape (draw, week).
    """
    weeks, periods, lags = money.shape[0], base.shape[2], weights.shape[1]
    room = np.empty((5, periods))
    carried, rate, share, steep, pull = room[0], room[1], room[2], room[3], room[4]
    for d in range(base.shape[0]):
        for t in range(periods):
            carried[t] = 0.0
            pull[t] = 0.0
        for lag in range(lags):
            weight = weights[d, lag]
            for t in range(weeks):
                carried[t + lag] += weight * money[t]
        total = 0.0
        for g in range(unit.shape[0]):
            for t in range(periods):
                rate[t] = unit[g] * carried[t]
            saturate(kind, 1.0, base[d, g], rate, half[d], power[d], share, steep)
            for t in range(periods):
                stock = base[d, g, t] + rate[t]
                straight = stock >= lines[0, d, g, t] and stock <= lines[1, d, g, t]
                height = lines[2, d, g, t] + lines[3, d, g, t] * (stock - lines[0, d, g, t])
                total += worth[d, g, t] * (height if straight else share[t])
                pull[t] += worth[d, g, t] * unit[g] * (lines[3, d, g, t] if straight else steep[t])
        value[d] = total
        for t in range(weeks):
            back = 0.0
            for lag in range(lags):
                back += weights[d, lag] * pull[t + lag]
            slope[d, t] = back


@njit(cache=True, error_model="numpy", forceinline=True)
def _share_at(kind: int, u: float, half: float, power: float) -> float:
    """Saturation at one stock above 0."""
    z = np.exp(power * np.log(u / half))
    if kind == LOGISTIC:
        return float(np.tanh(HALF_WAY * z))
    return float(z) if kind == POWER else float(z / (1.0 + z))


@njit(cache=True, error_model="numpy", nogil=True)
def week_lines(
    kind: int,
    most: Floats,
    base: Floats,
    unit: Floats,
    worth: Floats,
    weights: Floats,
    half: Floats,
    power: Floats,
    lines: Floats,
) -> None:
    """The lines that make each curve its concave envelope between its base and the most stock it can have.

    A curve that is worth something is convex up to its bend (Hill with n > 1) and concave after it: its envelope is
    the straight line from the base to the point where that line touches, and then the curve. A curve that hurts is
    turned round: the curve up to a point, and from there the straight line to its end.

    Parameters
    ----------
    most
        Most money of each week, shape (week,).
    lines
        Receives the lines, as `week_values` takes them; the other parameters are its own.
    """
    weeks, periods, lags = most.shape[0], base.shape[2], weights.shape[1]
    carried = np.empty(periods)
    for d in range(base.shape[0]):
        carried[:] = 0.0
        for lag in range(lags):
            for t in range(weeks):
                carried[t + lag] += weights[d, lag] * most[t]
        k, n = half[d], power[d]
        bend = k * ((n - 1.0) / (n + 1.0)) ** (1.0 / n) if kind == HILL and n > 1.0 else 0.0
        for g in range(unit.shape[0]):
            for t in range(periods):
                low = base[d, g, t]
                high = low + unit[g] * carried[t]
                lines[0, d, g, t], lines[1, d, g, t] = 1.0, 0.0
                lines[2, d, g, t] = lines[3, d, g, t] = 0.0
                hurts = worth[d, g, t] < 0.0
                if high <= low or (not hurts and low >= bend) or (hurts and high <= bend):
                    continue
                # the end of the line that is fixed, and the stretch in which the other one lies
                fixed = high if hurts else low
                left = low if hurts else max(bend, low)
                right = min(bend, high) if hurts else high
                end = left if hurts else right
                height = _share_at(kind, fixed, k, n)
                if right > left:
                    for _ in range(60):
                        middle = 0.5 * (left + right)
                        s = _share_at(kind, middle, k, n)
                        touch = n * s * (1.0 - s) / middle * (middle - fixed) - (s - height)
                        if touch > 0.0:
                            left = middle
                        else:
                            right = middle
                    end = left if hurts else right
                s = _share_at(kind, end, k, n)
                lines[0, d, g, t], lines[1, d, g, t] = min(fixed, end), max(fixed, end)
                lines[2, d, g, t] = min(s, height)
                lines[3, d, g, t] = (height - s) / (fixed - end) if fixed != end else 0.0
