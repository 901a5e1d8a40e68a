"""Families of carry-over and saturation: their codes, and each formula with its slopes as the density needs them.

    carry-over     log w_l = ... of theta (what is left after a week) and of one more number, t = lag in weeks
        gamma             timing log(l + 1) + t log theta        timing delays the peak, 0 is geometric
        geometric         t log theta                            timing plays no part
        delayed           (t - timing)^2 log theta               the peak stands at `timing` weeks
        weibull_survival  t^timing log theta                     1 is geometric, more holds on first, less has a tail
        weibull_density   (timing - 1) log t + t^timing log theta, t at the middle of a period
    saturation     share of the ceiling, z = n (log s - log kappa)
        hill              1 / (1 + e^-z);  michaelis_menten is n = 1
        logistic          tanh(c e^z) = (1 - 3^-r) / (1 + 3^-r), r = s / kappa: n = 1, one half at kappa
        power             e^z: no ceiling; it is 1 at the usual exposure, kappa = 1, and 0 < n <= 1

A parameter that a family does not have is pinned by its prior (`mmm.model.priors`). `mmm.model.forward` (NumPy and
numba) and `mmm.response.kernels` (with the derivative by money) state the same formulas for their own loops.
Weibull: Robyn's two adstocks (Zhou et al. 2024); delayed: Jin et al. 2017, eq. 5.
"""

from __future__ import annotations

import numpy as np

from mmm.model.algebra import inner
from mmm.model.vectormath import exp, log

GAMMA, GEOMETRIC, DELAYED, SURVIVAL, DENSITY = range(5)
HILL, LOGISTIC, POWER = range(3)

RETURN, MARGINAL, SIGNED = range(3)
"""What the first parameter of a medium is: log ROI; log marginal ROI; ROI over its unit, which may be negative."""

STEP = 0.01
"""Relative increase of a window's spend by which a marginal return is measured."""

ADSTOCKS = {
    "gamma": GAMMA,
    "geometric": GEOMETRIC,
    "delayed": DELAYED,
    "weibull_survival": SURVIVAL,
    "weibull_density": DENSITY,
}
SATURATIONS = {"hill": HILL, "michaelis_menten": HILL, "logistic": LOGISTIC, "power": POWER}
"""Names in a config to codes."""

HALF_WAY = float(np.arctanh(0.5))
"""The logistic curve is tanh of this times s / kappa: one half at kappa."""

DARK = -700.0
"""z of a period without exposure; every other z lies above it."""


@inner
def carry_over(kind, lag, weeks, log_theta, timing):
    """log weight of one lag, and its slopes by log theta and by timing."""
    at = lag * weeks
    if kind == GAMMA:
        log_lag = log(lag + 1.0)
        return timing * log_lag + at * log_theta, at, log_lag
    if kind == DELAYED:
        gap = at - timing
        return gap * gap * log_theta, gap * gap, -2.0 * gap * log_theta
    if kind == SURVIVAL and lag > 0:
        log_at = log(at)
        reach = np.exp(min(timing * log_at, 300.0))
        return reach * log_theta, reach, reach * log_at * log_theta
    if kind == DENSITY:
        log_at = log(at + 0.5 * weeks)
        reach = np.exp(min(timing * log_at, 300.0))
        return (timing - 1.0) * log_at + reach * log_theta, reach, log_at + reach * log_at * log_theta
    return at * log_theta, at, 0.0


@inner
def shares(kind, z, h):
    """Share of the ceiling at each z into h, exactly 0 where it is dark. Shapes (T,)."""
    if kind == LOGISTIC:
        for t in range(z.shape[0]):
            v = HALF_WAY * exp(z[t])
            e = exp(-2.0 * (v if v < 300.0 else 300.0))
            h[t] = (1.0 - e) / (1.0 + e) if z[t] > DARK else 0.0
    elif kind == POWER:
        for t in range(z.shape[0]):
            h[t] = exp(z[t]) if z[t] > DARK else 0.0
    else:
        for t in range(z.shape[0]):
            h[t] = 1.0 / (1.0 + exp(-z[t])) if z[t] > DARK else 0.0


@inner
def share_slopes(kind, z, h, slope):
    """Derivative of the share by z into the last, from z and the share. Shapes (T,)."""
    if kind == LOGISTIC:
        for t in range(z.shape[0]):
            v = HALF_WAY * exp(z[t])
            slope[t] = (v if v < 300.0 else 300.0) * (1.0 - h[t] * h[t])
    elif kind == POWER:
        for t in range(z.shape[0]):
            slope[t] = h[t]
    else:
        for t in range(z.shape[0]):
            slope[t] = h[t] * (1.0 - h[t])
