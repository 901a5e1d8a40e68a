"""The whole log density of the model, priors included, as one C function of the sampler's free coordinates.

What PyMC and a graph compiler make of `mmm.model.graph` is the same function (tests compare them), but costs ten
seconds of compilation in every process and minutes in the first.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
from numba import carray, cfunc, types
from numpy.typing import NDArray

from mmm.model.algebra import FAST, inner
from mmm.model.kernel import VERSION, call_marginal
from mmm.model.parents import PARAMETER, PARENT, TANH

Floats = NDArray[np.float64]

_PARENT, _PARAMETER = len(PARENT), len(PARAMETER)
_doubles = types.CPointer(types.float64)
_size = types.int64


@inner
def _lower_tail(z):
    """Chance of a unit normal below z, with all its digits where it is small."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


@inner
def _quantile(chance):
    """z below which a unit normal has this chance, at most 1/2: a rational start, then two steps of Halley.

    The start is good to 5e-4 (Abramowitz & Stegun 26.2.23), and each step cubes the error.
    """
    t = np.sqrt(-2.0 * np.log(chance))
    z = (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    ) - t
    for _ in range(2):
        step = (_lower_tail(z) - chance) * math.sqrt(2.0 * math.pi) * np.exp(0.5 * z * z)
        z -= step / (1.0 + 0.5 * z * step)
    return z


@inner
def _log_weight(q):
    """log w at which Gamma(2, 2) has the chance that a unit normal has at q, and its slope; w = x / 2.

    Newton's steps on the logarithm of the nearer tail, which is concave: 1 - e^-x (1 + x) below, e^-x (1 + x) above.
    """
    chance = max(_lower_tail(-abs(q)), 1e-300)
    wanted = np.log(chance)
    y = 0.5 * (wanted + np.log(2.0)) if q < 0.0 else np.log(1.678 + q * (1.4 + 0.5 * q))  # y = log x
    step = 1.0
    while abs(step) > 1e-8:  # the next one would be its square
        x = np.exp(y)
        above = np.log1p(x) - x
        if q < 0.0:
            # 1 - e^above loses its digits where x is small: three terms of its series
            below = -np.expm1(above) if x > 2e-4 else x * x * (0.5 - x * (1.0 / 3.0 - 0.125 * x))
            step = (wanted - np.log(below)) * below / (x * x * np.exp(-x))
        else:
            step = (above - wanted) * (1.0 + x) / (x * x)
        y += step
    x = np.exp(y)
    slope = np.exp(-0.5 * q * q - 2.0 * y + x) / math.sqrt(2.0 * math.pi)
    return y - math.log(2.0), slope


@inner
def _values(q, parents, value, slope, prior_slope):
    """Values of the parents, their slopes with respect to q, and the slope of the log prior; returns the log prior.

    Up to a constant; q is unit normal, whatever the parent.
    """
    total = 0.0
    for i in range(q.shape[0]):
        below, within, above, sd = parents[i, 0], parents[i, 1], parents[i, 2], parents[i, 3]
        total -= 0.5 * q[i] * q[i]
        prior_slope[i] = -q[i]
        if parents[i, 4] == 1.0:
            value[i], slope[i] = _log_weight(q[i])
            continue
        if within == 1.0:
            value[i], slope[i] = sd * q[i], sd
            continue
        lower, upper = below + within * _lower_tail(q[i]), above + within * _lower_tail(-q[i])
        z = _quantile(lower) if lower < upper else -_quantile(upper)
        value[i], slope[i] = sd * z, sd * within * np.exp(0.5 * (z * z - q[i] * q[i]))
    return total


@inner
def _parameters(value, parameters, phi, spread):
    """phi from the values of the parents, and the spread of each."""
    for j in range(phi.shape[0]):
        own, scale, common = int(parameters[j, 2]), int(parameters[j, 3]), int(parameters[j, 5])
        gap = int(parameters[j, 7])
        variance = parameters[j, 1]
        if scale >= 0:
            variance += value[scale] * value[scale]
        spread[j] = np.sqrt(variance)
        phi[j] = parameters[j, 0]
        if own >= 0:
            phi[j] += spread[j] * value[own]
        if common >= 0:
            phi[j] += parameters[j, 4] * value[common]
        if gap >= 0:
            phi[j] += parameters[j, 6] * value[gap]
        if int(parameters[j, 8]) == TANH:
            phi[j] = np.tanh(phi[j])


@inner
def _back(phi, on_phi, value, parameters, spread, on_value):
    """From the gradient with respect to phi to the one with respect to the values of the parents."""
    for j in range(phi.shape[0]):
        own, scale, common = int(parameters[j, 2]), int(parameters[j, 3]), int(parameters[j, 5])
        gap = int(parameters[j, 7])
        pull = on_phi[j]
        if int(parameters[j, 8]) == TANH:
            pull *= 1.0 - phi[j] * phi[j]
        if own >= 0:
            on_value[own] += pull * spread[j]
            if scale >= 0 and spread[j] > 0.0:
                on_value[scale] += pull * value[own] * value[scale] / spread[j]
        if common >= 0:
            on_value[common] += pull * parameters[j, 4]
        if gap >= 0:
            on_value[gap] += pull * parameters[j, 6]


def _compiled(version: int) -> Any:
    """The C function; `version` stands in its closure, so that numba's cache sees edits in any source."""

    @cfunc(
        types.float64(_doubles, _doubles, _doubles, _size, _doubles, _doubles),
        fastmath=FAST,
        cache=True,
    )
    def density_pointer(q_at, prior_at, data_at, n_data, phi_at, gradient_at):
        if version == 0:
            return np.nan
        n_q, n_phi = int(prior_at[0]), int(prior_at[1])
        prior = carray(prior_at, (2 + n_q * _PARENT + n_phi * _PARAMETER,))
        parents = prior[2 : 2 + n_q * _PARENT].reshape(n_q, _PARENT)
        parameters = prior[2 + n_q * _PARENT :].reshape(n_phi, _PARAMETER)
        q = carray(q_at, (n_q,))
        phi = carray(phi_at, (n_phi,))
        gradient = carray(gradient_at, (n_q,))
        value, slope, on_value = np.zeros(n_q), np.zeros(n_q), np.zeros(n_q)
        spread, on_phi = np.zeros(n_phi), np.zeros(n_phi)
        log_prior = _values(q, parents, value, slope, gradient)
        _parameters(value, parameters, phi, spread)
        if n_data == 0:
            return log_prior
        nothing = np.zeros(0)
        log_panel = call_marginal(
            phi_at, n_phi, data_at, n_data, nothing.ctypes, 0, on_phi.ctypes, nothing.ctypes
        )
        _back(phi, on_phi, value, parameters, spread, on_value)
        for i in range(n_q):
            gradient[i] += on_value[i] * slope[i]
        return log_prior + log_panel

    return density_pointer


density_pointer = _compiled(VERSION)

_density = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 3, ctypes.c_int64, *[ctypes.c_void_p] * 2)(
    density_pointer.address
)
"""Called with addresses as integers; the interpreter lock is released meanwhile."""


class Density:
    """Log density of one model at its free coordinates, up to a constant; safe in threads, one object per thread.

    Parameters
    ----------
    prior
        `mmm.model.parents.Parents.packed()`.
    data
        `mmm.model.pack.pack()`; empty for the priors alone.
    """

    def __init__(self, prior: Floats, data: Floats) -> None:
        self._prior, self._data = np.ascontiguousarray(prior), np.ascontiguousarray(data)
        self._n_q, n_phi = int(prior[0]), int(prior[1])
        self._phi = np.zeros(n_phi)
        self._at = (self._prior.ctypes.data, self._data.ctypes.data, data.size, self._phi.ctypes.data)

    def __call__(self, q: Floats) -> tuple[float, Floats]:
        """Log density and its gradient, at free coordinates of shape (free coordinate,)."""
        q = np.ascontiguousarray(q, dtype=np.float64)
        gradient = np.zeros(self._n_q)
        prior, data, size, phi = self._at
        return _density(q.ctypes.data, prior, data, size, phi, gradient.ctypes.data), gradient

    def phi(self, q: Floats) -> Floats:
        """Parameters of the kernel at free coordinates."""
        q = np.ascontiguousarray(q, dtype=np.float64)
        gradient = np.zeros(self._n_q)
        prior, data, _, phi = self._at
        _density(q.ctypes.data, prior, data, 0, phi, gradient.ctypes.data)
        return self._phi.copy()
