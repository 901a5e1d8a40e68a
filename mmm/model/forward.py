"""The forward map: from exposure to outcome, per draw. NumPy and numba only; nothing here knows PyMC.

effect[d, t, g, c] = ceiling[d, g, c] * S( sum_l weights[d, c, l] * exposure[t - l, g, c] / scale[g, c] )
S(s) = s^slope / (s^slope + half^slope),  S(0) = 0
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from mmm.dims import Cell
from mmm.model.vectormath import SMALLEST, exp, log

Floats = NDArray[np.float64]
FAST = {"reassoc", "contract", "arcp", "nsz"}


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
        Hill half-saturation (in scaled adstocked exposure) and exponent, shape (draw, cell).
    ceiling
        Outcome units per period at full saturation, shape (draw, geo, cell).
    scale
        Exposure that counts as one, shape (geo, cell).
    """

    cells: tuple[Cell, ...]
    geos: tuple[str, ...]
    weights: Floats
    half: Floats
    slope: Floats
    ceiling: Floats
    scale: Floats

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
        return MediaDraws(
            self.cells,
            self.geos,
            self.weights[keep],
            self.half[keep],
            self.slope[keep],
            self.ceiling[keep],
            self.scale,
        )


def adstock_weights(theta: Floats, exponent: Floats, lags: int, weeks: float) -> Floats:
    """Normalized adstock weights (l + 1)^exponent theta^(l weeks), l = 0 .. lags.

    Parameters
    ----------
    theta
        Retention per week, any shape.
    exponent
        0 is geometric; larger ones delay the peak. Same shape.
    lags, weeks
        Largest lag in periods, and weeks per period.

    Returns
    -------
    array
        Shape (..., lags + 1); each row sums to 1.
    """
    lag = np.arange(lags + 1)
    log_weight = exponent[..., None] * np.log1p(lag) + (lag * weeks) * np.log(theta)[..., None]
    weight = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def hill(s: Floats, half: Floats | float, slope: Floats | float) -> Floats:
    """Share of the ceiling reached at adstocked exposure `s`; 0 at 0. Broadcasts."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(s > 0, 1.0 / (1.0 + np.exp(-slope * (np.log(s) - np.log(half)))), 0.0)


@njit(cache=True, error_model="numpy", fastmath=FAST)
def _hill_sum(x, w, log_half, slope, factor, first, money, out):
    """Hill of the adstocked series into out; the series from `first` on is times `factor`. Returns money's sum."""
    T = out.shape[0]
    L = w.shape[0] - 1
    out[:] = 0.0
    for lag in range(L + 1):
        for t in range(T):
            value = x[t + L - lag]
            out[t] += w[lag] * (value * factor if t - lag >= first else value)
    total = 0.0
    for t in range(T):
        u = out[t] if out[t] > SMALLEST else SMALLEST
        y = slope * (log_half - log(u))
        y = y if y < 700.0 else 700.0
        share = 1.0 / (1.0 + exp(y if y > -700.0 else -700.0))
        out[t] = share if out[t] > SMALLEST else 0.0
        total += out[t] * money[t]
    return total


@njit(cache=True, error_model="numpy", parallel=True, fastmath=FAST)
def window_sums(x, weights, half, slope, effect, money, step):
    """Money that each medium's curve brings at a ceiling of one, per draw.

    Parameters
    ----------
    x : (medium, geo, lag + period)
        Scaled exposure, `lag` leading periods of history.
    weights : (draw, medium, lag + 1)
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
    D, M = half.shape
    G, T = money.shape
    contribution = np.zeros((D, G, M))
    increase = np.zeros((D, M))
    for d in prange(D):
        scratch = np.empty(T)
        for m in range(M):
            log_half = np.log(half[d, m])
            for g in range(G):
                a = _hill_sum(x[m, g], weights[d, m], log_half, slope[d, m], 1.0, 0, money[g], scratch)
                more = _hill_sum(
                    x[m, g], weights[d, m], log_half, slope[d, m], 1.0 + step, 0, money[g], scratch
                )
                none = _hill_sum(x[m, g], weights[d, m], log_half, slope[d, m], 0.0, 0, money[g], scratch)
                contribution[d, g, m] = effect[d, m, g] * (a - none)
                increase[d, m] += effect[d, m, g] * (more - a)
    return contribution, increase


@njit(cache=True, error_model="numpy", parallel=True, fastmath=FAST)
def period_sums(x, weights, half, slope, effect, money):
    """Money by period at a ceiling of one, summed over geos: (actual, with the window's spend zeroed).

    Arguments as in `window_sums`; both results have shape (draw, period, medium).
    """
    D, M = half.shape
    G, T = money.shape
    actual = np.zeros((D, T, M))
    carried = np.zeros((D, T, M))
    for d in prange(D):
        scratch = np.empty(T)
        for m in range(M):
            log_half = np.log(half[d, m])
            for g in range(G):
                _hill_sum(x[m, g], weights[d, m], log_half, slope[d, m], 1.0, 0, money[g], scratch)
                for t in range(T):
                    actual[d, t, m] += effect[d, m, g] * scratch[t] * money[g, t]
                _hill_sum(x[m, g], weights[d, m], log_half, slope[d, m], 0.0, 0, money[g], scratch)
                for t in range(T):
                    carried[d, t, m] += effect[d, m, g] * scratch[t] * money[g, t]
    return actual, carried
