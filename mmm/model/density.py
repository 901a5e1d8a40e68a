"""The whole log density of the model, priors included, as one C function of the sampler's free coordinates.

What PyMC and a graph compiler make of `mmm.model.graph` is the same function (tests compare them), but costs ten
seconds of compilation in every process and minutes in the first.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import carray, cfunc, types
from numpy.typing import NDArray

from mmm.model.kernel import VERSION, call_marginal
from mmm.model.linear import FAST, inner
from mmm.model.parents import BELOW, BETWEEN, HALF_NORMAL, PARAMETER, PARENT, TANH

Floats = NDArray[np.float64]

_PARENT, _PARAMETER = len(PARENT), len(PARAMETER)
_doubles = types.CPointer(types.float64)
_size = types.int64


@inner
def _values(q, parents, value, slope, prior_slope):
    """Values of the parents, their slopes with respect to q, and the slope of the log prior; returns the log prior.

    Up to a constant; the Jacobian of q -> value is included.
    """
    total = 0.0
    for i in range(q.shape[0]):
        kind, low, high = int(parents[i, 0]), parents[i, 1], parents[i, 2]
        if kind == BELOW:
            gap = np.exp(q[i])
            value[i], slope[i] = high - gap, -gap
            total += q[i]
            prior_slope[i] = 1.0
        elif kind == BETWEEN:
            share = 1.0 / (1.0 + np.exp(-q[i]))
            value[i] = low + (high - low) * share
            slope[i] = (high - low) * share * (1.0 - share)
            total -= abs(q[i]) + 2.0 * np.log1p(np.exp(-abs(q[i])))  # log share (1 - share), no overflow
            prior_slope[i] = 1.0 - 2.0 * share
        elif kind == HALF_NORMAL:
            value[i] = np.exp(q[i])
            slope[i] = value[i]
            total += q[i]
            prior_slope[i] = 1.0
        else:
            value[i], slope[i] = q[i], 1.0
            prior_slope[i] = 0.0
        sd = high if kind == HALF_NORMAL else 1.0
        total -= 0.5 * (value[i] / sd) ** 2
        prior_slope[i] -= value[i] / (sd * sd) * slope[i]
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
