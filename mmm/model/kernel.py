"""The marginal density of the panel and its gradient, in one numba kernel.

    y[g,t] = Z[g,t] b + sum_m M_m[g,t] + u[g,t]          b ~ N(0, S),  Cov(u) = R (x) Q(rho)
    M_m[g,t] = demand[g,t] beta_m exp(dev[m,g]) share(adstock(x[m,g,:])[t])         families: `mmm.model.shapes`
    beta_m = exp(log_roi_m) spend_m / sum_gt exp(dev[m,g]) (share(actual) - share(carry-in only)) money[g,t]

`money` is that of a unit of media effect: demand, an outside index over its mean (1 where there is none), is in it.
What a medium's first parameter measures is its own choice (`mmm.model.shapes`): log ROI; log of marginal ROI, with
(share(spend x 1.01) - share(actual)) / 0.01 in the sum; or ROI itself, which may be negative, over its unit.

`b` and `u` are integrated out exactly (`mmm.model.linear`). Everything arrives as two flat vectors, the parameters
`phi` and the packed data (`mmm.model.pack`): a compiled function never carries a data set in a closure, so a cached one
cannot serve the wrong company. Only the outermost function is cached on disk, under the hash of all sources it is made
of, because numba's disk cache does not see edits in another file.

Order of `phi`: log_roi[M] (or what is measured), logit_theta[M], log_a[M], log_kappa[M], log_n[M], dev[M, G],
log_sigma, rho, log_sqrt_lambda, log_scale[K], log_weight[T] (Student-t noise only), gap[tested media]. theta is per
week; exp(log_a) is the family's timing; kappa is relative to the mean adstocked exposure; the gaps play a part in the
experiments' term only (`mmm.model.lift`).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding
from numba import carray, cfunc, njit, types
from numpy.typing import NDArray

from mmm.model.algebra import FAST, cube, inner, matrix
from mmm.model.lift import lift_term
from mmm.model.linear import integrate_linear
from mmm.model.shapes import DARK, GEOMETRIC, MARGINAL, SIGNED, STEP, carry_over, share_slopes, shares
from mmm.model.vectormath import SMALLEST, log

Floats = NDArray[np.float64]

HEADER = 16
"""Leading numbers of the packed data: G, T, M, L, p, dense columns, F's columns, scales, live periods, segments,
weeks per period, sum of log iv, sum of iv, experiments, length of their data, weights of periods (T or 0)."""

TINY = 1e-100
"""A signed return of exactly 0 counts as this, so that the gradient can be divided by it."""

CORES = int(os.environ.get("NUMBA_NUM_THREADS") or os.cpu_count() or 1)

_SOURCES = [
    Path(__file__).with_name(f"{name}.py")
    for name in ("kernel", "algebra", "lift", "linear", "weights", "shapes", "vectormath", "density")
]
VERSION = int(hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:12], 16)


@inner
def _adstock_weights(kind, logit_theta, log_a, weeks, w, by_theta, by_timing):
    """Normalized weights into w, the slopes of their logarithms by logit theta and log a into the last two; (lag,)."""
    log_theta = min(logit_theta, 0.0) - np.log1p(np.exp(-abs(logit_theta)))  # log sigmoid, no overflow
    timing = np.exp(log_a) if kind != GEOMETRIC else 0.0
    remains = 1.0 - np.exp(log_theta)
    top = -np.inf
    n = w.shape[0]
    for lag in range(n):
        w[lag], on_theta, on_timing = carry_over(kind, lag, weeks, log_theta, timing)
        by_theta[lag], by_timing[lag] = on_theta * remains, on_timing * timing
        top = max(top, w[lag])
    total = 0.0
    for lag in range(n):
        w[lag] = np.exp(w[lag] - top)
        total += w[lag]
    mean_theta = 0.0
    mean_timing = 0.0
    for lag in range(n):
        w[lag] /= total
        mean_theta += w[lag] * by_theta[lag]
        mean_timing += w[lag] * by_timing[lag]
    for lag in range(n):
        by_theta[lag] -= mean_theta
        by_timing[lag] -= mean_timing


@inner
def _curve_pass(kind, x, w, log_kappa, n, first, s, z, h):
    """Adstock and saturation of one series. x has L leading periods; s, z, h (T,); periods from `first` are zeroed.

    z = n (log s - log kappa), h the share of the ceiling, 0 where s is 0.
    """
    T = s.shape[0]
    L = w.shape[0] - 1
    s[:] = 0.0
    for lag in range(L + 1):
        weight = w[lag]
        shifted = x[L - lag :]  # a slice: computed indices may be negative, and such loops do not vectorize
        for t in range(min(T, first + lag)):
            s[t] += weight * shifted[t]
    for t in range(T):
        u = s[t] if s[t] > SMALLEST else SMALLEST
        y = n * (log(u) - log_kappa)
        y = y if y < 699.0 else 699.0
        y = y if y > -699.0 else -699.0
        z[t] = y if s[t] > SMALLEST else DARK
    shares(kind, z, h)


@inner
def _curve_adjoint(kind, x, gh, s, z, h, n, first, gs, grad_w):
    """Back through saturation and adstock; adds to grad_w, returns (d log_kappa, d log_n); gs is scratch (T,)."""
    T = s.shape[0]
    L = grad_w.shape[0] - 1
    d_kappa = 0.0
    d_n = 0.0
    share_slopes(kind, z, h, gs)
    for t in range(T):
        gz = gh[t] * gs[t]
        u = s[t] if s[t] > SMALLEST else 1.0
        gs[t] = gz * n / u
        d_kappa -= gz * n
        d_n += gz * z[t]
    for lag in range(L + 1):
        acc = 0.0
        shifted = x[L - lag :]
        for t in range(min(T, first + lag)):
            acc += gs[t] * shifted[t]
        grad_w[lag] += acc
    return d_kappa, d_n


@inner
def _media_forward(curve, dev, x, u_lag, kinds, money, weeks, w, s, z, h, s0, z0, h0, one_geo, usual):
    """Curves of all media into w, s, z, h (actual), s0, z0, h0 (carry-in only) and one_geo.

    curve holds logit theta, log a, log kappa and log n, shape (4, medium); kinds the codes of carry-over, saturation
    and of what is measured, shape (3, medium). Of marginal returns s0, z0, h0 are at the raised spend instead.
    w holds the weights and the slopes of their logarithms, shape (3, medium, lag);
    one_geo the money by geo at a ceiling of one; usual the mean adstocked exposure, shape (medium,).
    """
    M, G, T = h.shape
    L = w.shape[2] - 1
    for m in range(M):
        saturation = int(kinds[1, m])
        _adstock_weights(int(kinds[0, m]), curve[0, m], curve[1, m], weeks, w[0, m], w[1, m], w[2, m])
        for lag in range(L + 1):
            usual[m] += w[0, m, lag] * u_lag[m, lag]
        log_kappa = curve[2, m] + np.log(usual[m])
        n = np.exp(curve[3, m])
        for g in range(G):
            _curve_pass(saturation, x[m, g], w[0, m], log_kappa, n, T + L, s[m, g], z[m, g], h[m, g])
            acc = 0.0
            if int(kinds[2, m]) == MARGINAL:
                more = _raised(x[m, g], L)
                _curve_pass(saturation, more, w[0, m], log_kappa, n, T + L, s0[m, g], z0[m, g], h0[m, g])
                for t in range(T):
                    acc += (h0[m, g, t] - h[m, g, t]) * money[g, t]
                acc /= STEP
            else:
                end = min(L, T)
                none, before, share = s0[m, g, :end], z0[m, g, :end], h0[m, g, :end]
                _curve_pass(saturation, x[m, g], w[0, m], log_kappa, n, 0, none, before, share)
                for t in range(T):
                    acc += h[m, g, t] * money[g, t]
                for t in range(end):
                    acc -= share[t] * money[g, t]
            one_geo[m, g] = acc * np.exp(dev[m, g])


@inner
def _raised(x, L):
    """A series whose first L periods are as they were and the rest is raised by a step."""
    more = x.copy()
    for t in range(L, x.shape[0]):
        more[t] *= 1.0 + STEP
    return more


@inner
def _media_adjoint(
    q,
    curve,
    dev,
    value,
    beta,
    x,
    u_lag,
    kinds,
    money,
    w,
    s,
    z,
    h,
    s0,
    z0,
    h0,
    one_geo,
    usual,
    grad,
    grad_dev,
    grad_w,
    pull,
):
    """Gradient of the media parameters from q = d log density / d (media / demand), into grad (5, medium), grad_dev.

    Both and grad_w, that of the weights, shape (medium, lag + 1), hold what the experiments added; pull that of the
    logarithm of the ceilings, shape (medium,).
    """
    M, G, T = h.shape
    L = w.shape[2] - 1
    gh = np.empty(T)
    gs = np.empty(T)
    for m in range(M):
        kind = int(kinds[1, m])
        n = np.exp(curve[3, m])
        one = one_geo[m].sum()
        measure = int(kinds[2, m])
        head = T if measure == MARGINAL else min(L, T)
        size = -1.0 / STEP if measure == MARGINAL else 1.0
        W = 0.0
        gw = grad_w[m]
        for g in range(G):
            acc = 0.0
            for t in range(T):
                acc += q[g, t] * h[m, g, t]
            acc *= beta[m] * np.exp(dev[m, g])
            W += acc
            grad_dev[m, g] += acc
        grad[0, m] += W / value[m] if measure == SIGNED else W
        W += pull[m]
        for g in range(G):
            grad_dev[m, g] -= W * one_geo[m, g] / one
            E = np.exp(dev[m, g])
            ratio = W * E / one * size
            for t in range(T):
                gh[t] = beta[m] * E * q[g, t] - ratio * money[g, t]
            d_kappa, d_n = _curve_adjoint(kind, x[m, g], gh, s[m, g], z[m, g], h[m, g], n, T + L, gs, gw)
            grad[3, m] += d_kappa
            grad[4, m] += d_n
            for t in range(head):
                gh[t] = ratio * money[g, t]
            s1, z1, h1 = s0[m, g, :head], z0[m, g, :head], h0[m, g, :head]
            if measure == MARGINAL:
                more = _raised(x[m, g], L)
                d_kappa, d_n = _curve_adjoint(kind, more, gh, s1, z1, h1, n, T + L, gs, gw)
            else:
                d_kappa, d_n = _curve_adjoint(kind, x[m, g], gh, s1, z1, h1, n, 0, gs, gw)
            grad[3, m] += d_kappa
            grad[4, m] += d_n
        for lag in range(L + 1):
            gw[lag] += grad[3, m] * u_lag[m, lag] / usual[m]
            grad[1, m] += gw[lag] * w[0, m, lag] * w[1, m, lag]
            grad[2, m] += gw[lag] * w[0, m, lag] * w[2, m, lag]


@njit(inline="always")
def _marginal(phi, data, b_noise, grad, b):
    """Log density of the panel with b and u integrated out, its gradient, and a draw of b.

    Parameters
    ----------
    phi
        Parameters, flat; order as in the module's docstring.
    data
        Packed data, flat; see `mmm.model.pack`.
    b_noise
        Empty for density and gradient only. Standard normal, as long as b: then b | phi, y is drawn,
        and density and gradient are left at zero.
    grad
        Receives the gradient, shape of phi; zeros before.
    b
        Receives the draw, as many as columns of the design, or empty.

    Returns
    -------
    log_density : float
        -inf where the linear system is not positive definite.
    """
    G, T, M, L = int(data[0]), int(data[1]), int(data[2]), int(data[3])
    columns = (int(data[4]), int(data[5]), int(data[6]), int(data[7]), int(data[15]))
    counts = (data[8], data[9], data[11], data[12])
    at = HEADER
    y = matrix(data, at, G, T)
    at += G * T
    x = cube(data, at, M, G, T + L)
    at += M * G * (T + L)
    u_lag = matrix(data, at, M, L + 1)
    at += M * (L + 1)
    spend = data[at : at + M]
    at += M
    kinds = matrix(data, at, 3, M)
    at += 3 * M
    money = matrix(data, at, G, T)
    at += G * T
    demand = matrix(data, at, G, T)
    at += G * T
    experiments = data[at : at + int(data[14])]
    at += int(data[14])
    curve = matrix(phi, M, 4, M)
    dev = matrix(phi, 5 * M, M, G)
    scales = phi[5 * M + M * G :]
    head = min(L, T)
    for m in range(M):
        head = T if int(kinds[2, m]) == MARGINAL else head
    w = np.zeros((3, M, L + 1))
    s, z, h = np.zeros((M, G, T)), np.zeros((M, G, T)), np.zeros((M, G, T))
    s0, z0, h0 = np.zeros((M, G, head)), np.zeros((M, G, head)), np.zeros((M, G, head))
    one_geo = np.zeros((M, G))
    usual = np.zeros(M)
    unit, roi, beta = np.zeros(M), np.zeros(M), np.zeros(M)
    pull = np.zeros(M)
    if not np.isfinite(phi.sum()):  # a curve of nan would count as dark
        return -np.inf
    _media_forward(curve, dev, x, u_lag, kinds, money, data[10], w, s, z, h, s0, z0, h0, one_geo, usual)
    r = y.copy()
    for m in range(M):
        one = one_geo[m].sum()
        if not one > 0.0:
            return -np.inf
        roi[m] = np.exp(phi[m])
        if int(kinds[2, m]) == SIGNED:
            roi[m] = phi[m] if abs(phi[m]) > TINY else TINY
        unit[m] = spend[m] / one
        beta[m] = roi[m] * unit[m]
        for g in range(G):
            scale = beta[m] * np.exp(dev[m, g])
            for t in range(T):
                r[g, t] -= scale * h[m, g, t] * demand[g, t]
    value = integrate_linear(r, scales, columns, counts, data[at:], b_noise, grad[5 * M + M * G :], b)
    if b_noise.shape[0] > 0 or not value > -np.inf:
        return value
    grad_curve = matrix(grad, 0, 5, M)
    grad_dev = matrix(grad, 5 * M, M, G)
    grad_w = np.zeros((M, L + 1))
    value += lift_term(
        int(data[13]),
        experiments,
        phi,
        curve,
        dev,
        unit,
        x,
        demand,
        kinds,
        w,
        usual,
        s,
        z,
        h,
        _curve_pass,
        _curve_adjoint,
        grad,
        grad_curve,
        grad_dev,
        grad_w,
        pull,
    )
    for g in range(G):
        for t in range(T):
            r[g, t] *= demand[g, t]
    _media_adjoint(
        r,
        curve,
        dev,
        roi,
        beta,
        x,
        u_lag,
        kinds,
        money,
        w,
        s,
        z,
        h,
        s0,
        z0,
        h0,
        one_geo,
        usual,
        grad_curve,
        grad_dev,
        grad_w,
        pull,
    )
    return value


_doubles = types.CPointer(types.float64)
_size = types.int64


def _compiled(version: int) -> Any:
    """The C function; `version` stands in its closure, so that numba's cache sees edits in any source."""

    @cfunc(
        types.float64(_doubles, _size, _doubles, _size, _doubles, _size, _doubles, _doubles),
        fastmath=FAST,
        cache=True,
    )
    def marginal_pointer(phi, n_phi, data, n_data, noise, n_noise, gradient, b):
        if version == 0:
            return np.nan
        return _marginal(
            carray(phi, (n_phi,)),
            carray(data, (n_data,)),
            carray(noise, (n_noise,)),
            carray(gradient, (n_phi,)),
            carray(b, (n_noise,)),
        )

    return marginal_pointer


marginal_pointer = _compiled(VERSION)
"""`_marginal` behind a C address: value returned, gradient and b written to the last arguments."""

_SYMBOL = f"mmm_marginal_{VERSION:x}"
binding.add_symbol(_SYMBOL, marginal_pointer.address)
call_marginal = types.ExternalFunction(_SYMBOL, marginal_pointer._sig)
"""The same for compiled code, by symbol: inlined, it would be optimized again by every caller (10 s)."""


def marginal(phi: Floats, data: Floats, b_noise: Floats) -> tuple[float, Floats, Floats]:
    """`_marginal` from Python, with its arguments and results; the interpreter lock is released meanwhile."""
    phi, data, noise = (np.ascontiguousarray(part, dtype=np.float64) for part in (phi, data, b_noise))
    gradient, b = np.zeros(phi.size), np.full(noise.size, np.nan)
    at = [part.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for part in (phi, data, noise, gradient, b)]
    value = marginal_pointer.ctypes(at[0], phi.size, at[1], data.size, at[2], noise.size, at[3], at[4])
    return value, gradient, b


def draw_linear(phi: Floats, data: Floats, noise: Floats) -> Floats:
    """Exact draws of the linear coefficients.

    Parameters
    ----------
    phi : (draw, n)
    data
        Packed data.
    noise : (draw, p)
        Standard normal.

    Returns
    -------
    b : (draw, p)
    """
    with ThreadPoolExecutor(CORES) as pool:
        return np.stack(list(pool.map(lambda d: marginal(phi[d], data, noise[d])[2], range(len(phi)))))
