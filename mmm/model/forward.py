"""The forward map: from exposure to outcome, per draw. NumPy and numba only; nothing here knows PyMC.

effect[d, t, g, c] = ceiling[d, g, c] * S( sum_l weights[d, c, l] * exposure[t - l, g, c] / scale[g, c] )
S(s) = s^slope / (s^slope + half^slope),  S(0) = 0; other families: `mmm.model.shapes`
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mmm.dims import Cell
from mmm.model.algebra import FAST, inner
from mmm.model.shapes import DELAYED, DENSITY, GAMMA, HALF_WAY, LOGISTIC, POWER, SURVIVAL
from mmm.model.threads import share_out
from mmm.model.vectormath import SMALLEST, exp, log

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MediaDraws:
    """Posterior draws of the media curves of paid cells, causal (structural error taken out).

    Attributes
    ----------
    cells, geos
        Names of the axes.
    weights
        Adstock weights, shape (draw, cell, lag), each row sums to 1; lag 0 is the same period.
    half, slope
        Half-saturation (in scaled adstocked exposure) and exponent, shape (draw, cell).
    ceiling
        Outcome units per period at full saturation, shape (draw, geo, cell); of a power curve, which has none,
        those at half-saturation.
    scale
        Exposure that counts as one, shape (geo, cell).
    saturation
        Code of each cell's family of curves (`mmm.model.shapes`), shape (cell,).
    """

    cells: tuple[Cell, ...]
    geos: tuple[str, ...]
    weights: Floats
    half: Floats
    slope: Floats
    ceiling: Floats
    scale: Floats
    saturation: Codes

    @property
    def draws(self) -> int:
        """Number of posterior draws."""
        return int(self.half.shape[0])

    @property
    def lags(self) -> int:
        """Number of lags, the same period included: carry-over reaches `lags - 1` periods."""
        return int(self.weights.shape[2])

    def thin(self, count: int) -> MediaDraws:
        """At most `count` draws, evenly spaced."""
        if count >= self.draws:
            return self
        keep = np.linspace(0, self.draws - 1, count).round().astype(int)
        return replace(
            self,
            weights=self.weights[keep],
            half=self.half[keep],
            slope=self.slope[keep],
            ceiling=self.ceiling[keep],
        )


def adstock_weights(kind: int, theta: Floats, timing: Floats, lags: int, weeks: float) -> Floats:
    """Normalized adstock weights of lags 0 .. lags.

    Parameters
    ----------
    kind
        Code of the family (`mmm.model.shapes`).
    theta
        What is left after a week, any shape.
    timing
        Exponent, delay in weeks or Weibull's shape, as the family has it; same shape.
    lags, weeks
        Largest lag in periods, and weeks per period.

    Returns
    -------
    array
        Shape (..., lags + 1); each row sums to 1.
    """
    lag = np.arange(lags + 1)
    at = lag * weeks
    log_theta, timing = np.log(theta)[..., None], timing[..., None]
    if kind == GAMMA:
        log_weight = timing * np.log1p(lag) + at * log_theta
    elif kind == DELAYED:
        log_weight = (at - timing) ** 2 * log_theta
    elif kind == SURVIVAL:
        log_weight = at**timing * log_theta
    elif kind == DENSITY:
        middle = at + 0.5 * weeks
        log_weight = (timing - 1.0) * np.log(middle) + middle**timing * log_theta
    else:
        log_weight = at * log_theta
    weight = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def media_weights(kinds: Codes, theta: Floats, timing: Floats, lags: int, weeks: float) -> Floats:
    """`adstock_weights` of several media: kinds (medium,), theta and timing (..., medium) to (..., medium, lag + 1)."""
    each = [
        adstock_weights(int(kind), theta[..., m], timing[..., m], lags, weeks) for m, kind in enumerate(kinds)
    ]
    return np.stack(each, axis=-2)


def saturate(kind: int, s: Floats, half: Floats | float, slope: Floats | float) -> Floats:
    """Share of the ceiling reached at adstocked exposure `s`; 0 at 0. Broadcasts.

    Parameters
    ----------
    kind
        Code of the family (`mmm.model.shapes`).
    """
    with np.errstate(divide="ignore", over="ignore"):
        z = slope * (np.log(s) - np.log(half))
        if kind == LOGISTIC:
            return np.tanh(HALF_WAY * np.exp(z))
        if kind == POWER:
            return np.exp(z)
        return 1.0 / (1.0 + np.exp(-z))


@inner
def _shares(kind, out):
    """From z = slope (log s - log half) to the share of the ceiling, in place; -700 is dark."""
    if kind == LOGISTIC:
        for t in range(out.shape[0]):
            v = HALF_WAY * exp(out[t])
            e = exp(-2.0 * (v if v < 300.0 else 300.0))
            out[t] = (1.0 - e) / (1.0 + e) if out[t] > -700.0 else 0.0
    elif kind == POWER:
        for t in range(out.shape[0]):
            out[t] = exp(out[t]) if out[t] > -700.0 else 0.0
    else:
        for t in range(out.shape[0]):
            out[t] = 1.0 / (1.0 + exp(-out[t])) if out[t] > -700.0 else 0.0


@inner
def _share_sum(kind, x, w, log_half, slope, factor, money, out):
    """Share of the ceiling by period into out; the window's exposure is times `factor`. Returns money's sum."""
    T = out.shape[0]
    L = w.shape[0] - 1
    out[:] = 0.0
    for lag in range(L + 1):
        weight, shifted, head = w[lag], x[L - lag :], min(lag, T)
        for t in range(head):  # from before the window
            out[t] += weight * shifted[t]
        weight *= factor
        inside, bought = out[head:], shifted[head:]
        for t in range(T - head):
            inside[t] += weight * bought[t]
    for t in range(T):
        u = out[t] if out[t] > SMALLEST else SMALLEST
        z = slope * (log(u) - log_half)
        z = z if z < 699.0 else 699.0
        z = z if z > -699.0 else -699.0
        out[t] = z if out[t] > SMALLEST else -700.0
    _shares(kind, out)
    total = 0.0
    for t in range(T):
        total += out[t] * money[t]
    return total


@njit(cache=True, error_model="numpy", fastmath=FAST, nogil=True)
def _sums(x, weights, kinds, half, slope, effect, money, factors, by_geo, by_period):
    """Money at a ceiling of one with the window's spend times each factor, into the last two.

    by_geo has shape (draw, factor, geo, medium); by_period (draw, factor, period, medium), or no periods.
    """
    M, (G, T), L = kinds.shape[0], money.shape, weights.shape[2] - 1
    scratch = np.empty(T)
    whole = by_period.shape[2] > 0
    for d in range(half.shape[0]):
        for m in range(M):
            log_half = np.log(half[d, m])
            for g in range(G):
                for f in range(factors.shape[0]):
                    last = T if factors[f] != 0.0 else min(L, T)  # what is carried in is gone after L periods
                    row, w, n, worth = x[m, g], weights[d, m], slope[d, m], money[g, :last]
                    total = _share_sum(kinds[m], row, w, log_half, n, factors[f], worth, scratch[:last])
                    by_geo[d, f, g, m] = effect[d, m, g] * total
                    for t in range(last if whole else 0):
                        by_period[d, f, t, m] += effect[d, m, g] * scratch[t] * worth[t]


def _sums_of_all(
    x: Floats, draws: tuple[Floats, ...], kinds: Codes, money: Floats, factors: list[float], periods: int
) -> tuple[Floats, Floats]:
    """`_sums` of all draws, on all cores; `draws` are weights, half, slope and effect."""
    # one layout of every array, or numba would compile one function for each
    x, money, *own = (np.ascontiguousarray(part, dtype=np.float64) for part in (x, money, *draws))
    by_geo = np.zeros((len(own[0]), len(factors), len(money), len(x)))
    by_period = np.zeros((len(own[0]), len(factors), periods, len(x)))

    def work(start: int, stop: int) -> None:
        weights, half, slope, effect = (part[start:stop] for part in own)
        out = by_geo[start:stop], by_period[start:stop]
        _sums(x, weights, kinds, half, slope, effect, money, np.array(factors), *out)

    share_out(len(by_geo), work)
    return by_geo, by_period


def window_sums(
    x: Floats,
    weights: Floats,
    kinds: Codes,
    half: Floats,
    slope: Floats,
    effect: Floats,
    money: Floats,
    step: float,
) -> tuple[Floats, Floats]:
    """Money that each medium's curve brings at a ceiling of one, per draw.

    Parameters
    ----------
    x : (medium, geo, lag + period)
        Scaled exposure, `lag` leading periods of history.
    weights : (draw, medium, lag + 1)
    kinds : (medium,)
        Codes of saturation.
    half, slope : (draw, medium)
    effect : (draw, medium, geo)
        Factor of each geo.
    money : (geo, period)
        Money per model unit.
    step : float
        Relative increase of the window's spend, 0.01.

    Returns
    -------
    contribution : (draw, geo, medium)
        Actual minus the window's spend zeroed, history kept.
    increase : (draw, medium)
        The window's spend times (1 + step) minus actual, over all geos.
    """
    draws, factors = (weights, half, slope, effect), [1.0, 1.0 + step, 0.0]
    actual, more, none = _sums_of_all(x, draws, kinds, money, factors, 0)[0].swapaxes(0, 1)
    return actual - none, (more - actual).sum(axis=1)


def period_sums(
    x: Floats, weights: Floats, kinds: Codes, half: Floats, slope: Floats, effect: Floats, money: Floats
) -> tuple[Floats, Floats]:
    """Money by period at a ceiling of one, summed over geos: (actual, with the window's spend zeroed).

    Arguments as in `window_sums`; both results have shape (draw, period, medium).
    """
    draws = weights, half, slope, effect
    actual, carried = _sums_of_all(x, draws, kinds, money, [1.0, 0.0], money.shape[1])[1].swapaxes(0, 1)
    return actual, carried
