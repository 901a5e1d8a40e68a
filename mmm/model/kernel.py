"""The marginal density of the panel and its gradient, in one numba kernel.

    y[g,t] = Z[g,t] b + sum_m M_m[g,t] + u[g,t]          b ~ N(0, S),  Cov(u) = R (x) Q(rho)
    M_m[g,t] = beta_m exp(dev[m,g]) hill(adstock(x[m,g,:])[t])
    beta_m = exp(log_roi_m) spend_m / sum_gt exp(dev[m,g]) (hill(actual) - hill(carry-in only)) money[g,t]

`b` and `u` are integrated out exactly. Over geos the rows are scaled by the root of their precision iv and rotated so
that the first one carries the week shock and everything geos have in common; the others, the contrasts, are
independent of it and of each other, and each geo's own level, line and season become one small design F that all
contrasts share (their prior sd is in units of the geo's noise). That makes the cost of a geo panel close to that of a
national one. Everything arrives as two flat vectors, the parameters `phi` and the
packed data (`mmm.model.pack`): a compiled function then never carries a data set in a closure, so a cached one
cannot serve the wrong company. njit functions that call each other live in this file, because numba's disk cache
does not see edits elsewhere.

Order of `phi`: log_roi[M], logit_theta[M], log_a[M], log_kappa[M], log_n[M], dev[M, G], log_sigma, rho,
log_sqrt_lambda, log_scale[K]. theta is per week; kappa is relative to the mean adstocked exposure.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numba import carray, cfunc, njit, types
from numpy.typing import NDArray

from mmm.model.vectormath import SMALLEST, exp, log

Floats = NDArray[np.float64]

HEADER = 13
"""Leading numbers of the packed data: G, T, M, L, p, dense columns, F's columns, scales, live periods, segments,
weeks per period, sum of log iv, sum of iv."""

CORES = os.cpu_count() or 1

FAST = {"reassoc", "contract", "arcp", "nsz"}  # nan must survive: the sampler's divergence check needs it
_SOURCES = (Path(__file__), Path(__file__).with_name("vectormath.py"))
VERSION = int(hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:12], 16)


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _cholesky(A, L):
    """Lower Cholesky factor of A into L; False when A is not positive definite. Shapes (p, p)."""
    p = A.shape[0]
    for i in range(p):
        for j in range(i):
            acc = A[i, j]
            for k in range(j):
                acc -= L[i, k] * L[j, k]
            L[i, j] = acc / L[j, j]
        acc = A[i, i]
        for k in range(i):
            acc -= L[i, k] * L[i, k]
        if not acc > 0.0:
            return False
        L[i, i] = np.sqrt(acc)
    return True


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _inverse_from_cholesky(L, W, A_inv):
    """(L L')^-1 into A_inv (full, symmetric); W is scratch for L^-1. Rows only, so inner loops vectorize."""
    p = L.shape[0]
    W[:, :] = 0.0
    A_inv[:, :] = 0.0
    for i in range(p):
        scale = 1.0 / L[i, i]
        for k in range(i):
            factor = -L[i, k] * scale
            for j in range(k + 1):
                W[i, j] += factor * W[k, j]
        W[i, i] = scale
    for k in range(p):
        for i in range(k + 1):
            factor = W[k, i]
            for j in range(i + 1):
                A_inv[i, j] += factor * W[k, j]
    for i in range(p):
        for j in range(i):
            A_inv[j, i] = A_inv[i, j]


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _ar_product(x, live, interior, link, rho, out):
    """Q(rho) x for one series: AR(1) precision over the live periods, independent segments. Shapes (T,)."""
    T = x.shape[0]
    scale = 1.0 / (1.0 - rho * rho)
    for t in range(T):
        out[t] = scale * (live[t] + rho * rho * interior[t]) * x[t]
    for t in range(T - 1):
        out[t] -= scale * rho * link[t] * x[t + 1]
        out[t + 1] -= scale * rho * link[t] * x[t]


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _solve_transposed(L, b):
    """Solve L' x = b in place; L lower triangular."""
    for i in range(L.shape[0] - 1, -1, -1):
        acc = b[i] / L[i, i]
        b[i] = acc
        for k in range(i):
            b[k] -= L[i, k] * acc


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _multiply(A, B, out):
    """A B into out, for small matrices."""
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            acc = 0.0
            for k in range(A.shape[1]):
                acc += A[i, k] * B[k, j]
            out[i, j] = acc


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _prior_precision(base, group, log_scale):
    """Prior precision of each column at the sampled scales, and log|S| of those that are not flat."""
    precision = np.zeros(base.shape[0])
    log_det = 0.0
    for j in range(base.shape[0]):
        if base[j] > 0.0:
            precision[j] = base[j]
            log_det -= np.log(base[j])
            k = int(group[j])
            if k >= 0:
                precision[j] *= np.exp(-2.0 * log_scale[k])
                log_det += 2.0 * log_scale[k]
    return precision, log_det


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _adstock_weights(gamma, logit_theta, log_a, weeks, w, log_lag):
    """Normalized weights (l + 1)^a theta^l into w; returns (1 - theta) * weeks, the slope of log theta."""
    log_theta = min(logit_theta, 0.0) - np.log1p(np.exp(-abs(logit_theta)))  # log sigmoid, no overflow
    theta = np.exp(log_theta)
    a = np.exp(log_a) if gamma else 0.0
    top = -np.inf
    n = w.shape[0]
    for lag in range(n):
        w[lag] = a * log_lag[lag] + lag * weeks * log_theta
        top = max(top, w[lag])
    total = 0.0
    for lag in range(n):
        w[lag] = np.exp(w[lag] - top)
        total += w[lag]
    for lag in range(n):
        w[lag] /= total
    return (1.0 - theta) * weeks


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _hill_pass(x, w, log_kappa, n, first, s, z, h):
    """Adstock and Hill of one series. x has L leading periods; s, z, h (T,); periods from `first` are zeroed.

    z = n (log s - log kappa), h = sigmoid(z); both are 0 where s is 0.
    """
    T = s.shape[0]
    L = w.shape[0] - 1
    s[:] = 0.0
    for lag in range(L + 1):
        weight = w[lag]
        for t in range(min(T, first + lag)):
            s[t] += weight * x[t + L - lag]
    for t in range(T):
        u = s[t] if s[t] > SMALLEST else SMALLEST
        y = n * (log(u) - log_kappa)
        y = y if y < 700.0 else 700.0
        y = y if y > -700.0 else -700.0
        z[t] = y
        h[t] = 1.0 / (1.0 + exp(-y))
    for t in range(T):
        if s[t] <= SMALLEST:
            z[t] = 0.0
            h[t] = 0.0


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _hill_adjoint(x, gh, s, z, h, n, first, gs, grad_w):
    """Back through Hill and adstock; adds to grad_w, returns (d log_kappa, d log_n); gs is scratch (T,)."""
    T = s.shape[0]
    L = grad_w.shape[0] - 1
    d_kappa = 0.0
    d_n = 0.0
    for t in range(T):
        gz = gh[t] * h[t] * (1.0 - h[t])
        u = s[t] if s[t] > SMALLEST else 1.0
        gs[t] = gz * n / u
        d_kappa -= gz * n
        d_n += gz * z[t]
    for lag in range(L + 1):
        acc = 0.0
        for t in range(min(T, first + lag)):
            acc += gs[t] * x[t + L - lag]
        grad_w[lag] += acc
    return d_kappa, d_n


@njit(fastmath=FAST, error_model="numpy", cache=True)
def _marginal(phi, data, b_noise):
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

    Returns
    -------
    log_density : float
        -inf where the linear system is not positive definite.
    gradient : array
        Shape of phi.
    b : array
        As many as columns of the design, or empty.
    """
    G, T, M, L = int(data[0]), int(data[1]), int(data[2]), int(data[3])
    p, n_dense, Q, K = int(data[4]), int(data[5]), int(data[6]), int(data[7])
    n_live, n_segments, weeks, log_iv, iv_sum = data[8], data[9], data[10], data[11], data[12]
    n_common = p - n_dense
    C = G - 1 if Q > 0 else 0
    at = HEADER
    y = data[at : at + G * T].reshape(G, T)
    at += G * T
    x = data[at : at + M * G * (T + L)].reshape(M, G, T + L)
    at += M * G * (T + L)
    u_lag = data[at : at + M * (L + 1)].reshape(M, L + 1)
    at += M * (L + 1)
    spend = data[at : at + M]
    at += M
    gamma = data[at : at + M]
    at += M
    money = data[at : at + G * T].reshape(G, T)
    at += G * T
    live = data[at : at + T]
    at += T
    interior = data[at : at + T]
    at += T
    link = data[at : at + T]
    at += T
    rotation = data[at : at + G * G].reshape(G, G)
    at += G * G
    B0 = data[at : at + T * p].reshape(T, p)
    at += T * p
    D = data[at : at + C * T * n_dense].reshape(C, T, n_dense)
    at += C * T * n_dense
    F = data[at : at + T * Q].reshape(T, Q)
    at += T * Q
    gram_0 = data[at : at + 3 * p * p].reshape(3, p, p)
    at += 3 * p * p
    gram_D = data[at : at + 3 * n_dense * n_dense].reshape(3, n_dense, n_dense)
    at += 3 * n_dense * n_dense
    gram_F = data[at : at + 3 * Q * Q].reshape(3, Q, Q)
    at += 3 * Q * Q
    cross = data[at : at + 3 * C * Q * n_dense].reshape(3, C, Q, n_dense)
    at += 3 * C * Q * n_dense
    base_precision = data[at : at + p]
    at += p
    group = data[at : at + p]
    at += p
    base_precision_F = data[at : at + Q]
    at += Q
    group_F = data[at : at + Q]

    o = 0
    log_roi = phi[o : o + M]
    logit_theta = phi[o + M : o + 2 * M]
    log_a = phi[o + 2 * M : o + 3 * M]
    log_kappa_rel = phi[o + 3 * M : o + 4 * M]
    log_n = phi[o + 4 * M : o + 5 * M]
    dev = phi[5 * M : 5 * M + M * G].reshape(M, G)
    o = 5 * M + M * G
    log_sigma, rho, log_sqrt_lambda = phi[o], phi[o + 1], phi[o + 2]
    log_scale = phi[o + 3 : o + 3 + K]
    grad = np.zeros(phi.shape[0])
    no_b = np.zeros(0)

    # media: forward
    log_lag = np.log(np.arange(1, L + 2).astype(np.float64))
    lags = np.arange(L + 1).astype(np.float64)
    w = np.zeros((M, L + 1))
    s = np.zeros((M, G, T))
    z = np.zeros((M, G, T))
    h = np.zeros((M, G, T))
    head = min(L, T)
    s0 = np.zeros((M, G, head))
    z0 = np.zeros((M, G, head))
    h0 = np.zeros((M, G, head))
    slope_theta = np.zeros(M)
    half_ref = np.zeros(M)
    one = np.zeros(M)
    one_geo = np.zeros((M, G))
    beta = np.zeros(M)
    r = y.copy()
    for m in range(M):
        slope_theta[m] = _adstock_weights(gamma[m] > 0.5, logit_theta[m], log_a[m], weeks, w[m], log_lag)
        for lag in range(L + 1):
            half_ref[m] += w[m, lag] * u_lag[m, lag]
        log_kappa = log_kappa_rel[m] + np.log(half_ref[m])
        n = np.exp(log_n[m])
        for g in range(G):
            _hill_pass(x[m, g], w[m], log_kappa, n, T + L, s[m, g], z[m, g], h[m, g])
            _hill_pass(x[m, g], w[m], log_kappa, n, 0, s0[m, g], z0[m, g], h0[m, g])
            acc = 0.0
            for t in range(T):
                acc += h[m, g, t] * money[g, t]
            for t in range(head):
                acc -= h0[m, g, t] * money[g, t]
            one_geo[m, g] = acc * np.exp(dev[m, g])
            one[m] += one_geo[m, g]
        if not one[m] > 0.0:
            return -np.inf, grad, no_b
        beta[m] = np.exp(log_roi[m]) * spend[m] / one[m]
        for g in range(G):
            scale = beta[m] * np.exp(dev[m, g])
            for t in range(T):
                r[g, t] -= scale * h[m, g, t]

    # linear part, rotated over geos: block 0 carries the week shock and all common columns, the G - 1 contrasts
    # share one small design F; controls that differ by geo are dense and couple the blocks
    lam = np.exp(2.0 * log_sqrt_lambda) if G > 1 else 0.0
    inv_var = np.exp(-2.0 * log_sigma)
    shock = 1.0 / (1.0 + lam * iv_sum)
    ar = 1.0 / (1.0 - rho * rho)
    c0, c1 = inv_var * shock * ar, inv_var * ar
    sq = rho * rho
    prior, log_det_S = _prior_precision(base_precision, group, log_scale)
    prior_F, log_det_SF = _prior_precision(base_precision_F, group_F, log_scale)
    A0 = c0 * (gram_0[0] - rho * gram_0[1] + sq * gram_0[2])
    A = A0.copy()
    for j in range(p):
        A[j, j] += prior[j]
    K_F = c1 * (gram_F[0] - rho * gram_F[1] + sq * gram_F[2])
    for j in range(Q):
        K_F[j, j] += prior_F[j]
    chol_F, inv_F = np.zeros((Q, Q)), np.zeros((Q, Q))
    if not _cholesky(K_F, chol_F):
        return -np.inf, grad, no_b
    _inverse_from_cholesky(chol_F, np.zeros((Q, Q)), inv_F)
    X = np.zeros((C, Q, n_dense))
    Y = np.zeros((C, Q, n_dense))  # K^-1 X
    if n_dense > 0 and C > 0:
        A[n_common:, n_common:] += c1 * (gram_D[0] - rho * gram_D[1] + sq * gram_D[2])
        for k in range(C):
            X[k] = c1 * (cross[0, k] - rho * cross[1, k] + sq * cross[2, k])
            _multiply(inv_F, X[k], Y[k])
            for i in range(n_dense):
                for j in range(n_dense):
                    for a in range(Q):
                        A[n_common + i, n_common + j] -= X[k, a, i] * Y[k, a, j]
    chol = np.zeros((p, p))
    if not _cholesky(A, chol):
        return -np.inf, grad, no_b

    # right-hand side and coefficients
    e = rotation @ r
    q = np.empty((G, T))
    for g in range(G):
        _ar_product(e[g], live, interior, link, rho, q[g])
        scale = inv_var * shock if g == 0 else inv_var
        for t in range(T):
            q[g, t] *= scale
    b_hat = B0.T @ q[0]
    f = np.zeros((C, Q))
    for k in range(C):
        f[k] = F.T @ q[k + 1]
        for i in range(n_dense):
            acc = 0.0
            for t in range(T):
                acc += D[k, t, i] * q[k + 1, t]
            for a in range(Q):
                acc -= Y[k, a, i] * f[k, a]
            b_hat[n_common + i] += acc
    for i in range(p):
        acc = b_hat[i]
        for k in range(i):
            acc -= chol[i, k] * b_hat[k]
        b_hat[i] = acc / chol[i, i]
    drawing = b_noise.shape[0] > 0
    if drawing:
        for i in range(p):
            b_hat[i] += b_noise[i]
    _solve_transposed(chol, b_hat)
    contrast = np.zeros((C, Q))
    for k in range(C):
        for a in range(Q):
            acc = 0.0
            for c in range(Q):
                acc += inv_F[a, c] * f[k, c]
            for i in range(n_dense):
                acc -= Y[k, a, i] * b_hat[n_common + i]
            contrast[k, a] = acc
    if drawing:
        b = np.empty(p + C * Q)
        b[:p] = b_hat
        for k in range(C):
            spread = b_noise[p + k * Q : p + (k + 1) * Q].copy()
            _solve_transposed(chol_F, spread)
            b[p + k * Q : p + (k + 1) * Q] = contrast[k] + spread
        return 0.0, grad, b

    # residuals e, precision times residuals q
    e[0] -= B0 @ b_hat
    for k in range(C):
        e[k + 1] -= F @ contrast[k]
        for i in range(n_dense):
            for t in range(T):
                e[k + 1, t] -= D[k, t, i] * b_hat[n_common + i]
    quad_0, quad, d_quad = 0.0, 0.0, 0.0
    for g in range(G):
        scale = inv_var * shock if g == 0 else inv_var
        _ar_product(e[g], live, interior, link, rho, q[g])
        acc = 0.0
        slope = 0.0  # e' (2 rho interior - links) e
        for t in range(T):
            q[g, t] *= scale
            acc += e[g, t] * q[g, t]
            slope += 2.0 * rho * interior[t] * e[g, t] * e[g, t]
        for t in range(T - 1):
            slope -= 2.0 * link[t] * e[g, t] * e[g, t + 1]
        if g == 0:
            quad_0 = acc
        quad += acc
        d_quad += scale * ar * slope
    penalty = 0.0
    log_det_A = 0.0
    for j in range(p):
        penalty += b_hat[j] * b_hat[j] * prior[j]
        log_det_A += 2.0 * np.log(chol[j, j])
    for a in range(Q):
        log_det_A += C * 2.0 * np.log(chol_F[a, a])
        for k in range(C):
            penalty += contrast[k, a] * contrast[k, a] * prior_F[a]
    N = G * n_live
    log_det_P = (
        -2.0 * N * log_sigma
        + n_live * (log_iv - np.log(1.0 + lam * iv_sum))
        - G * (n_live - n_segments) * np.log(1.0 - sq)
    )
    log_det_S += C * log_det_SF
    logp = -0.5 * (N * np.log(2.0 * np.pi) - log_det_P + log_det_S + log_det_A + quad + penalty)

    # gradient of scales, rho, lambda: traces with the blocks of the full A^-1
    A_inv = np.empty((p, p))
    _inverse_from_cholesky(chol, np.empty((p, p)), A_inv)
    in_prior = 0.0
    for j in range(p):
        share = A_inv[j, j] * prior[j]
        in_prior += share
        if base_precision[j] > 0.0 and group[j] >= 0.0:
            grad[o + 3 + int(group[j])] += share + b_hat[j] * b_hat[j] * prior[j] - 1.0
    trace_0, trace_rho = 0.0, 0.0
    for i in range(p):
        for j in range(p):
            v = A_inv[i, j]
            trace_0 += v * A0[i, j]
            trace_rho += v * c0 * (2.0 * rho * gram_0[2, i, j] - gram_0[1, i, j])
    for i in range(n_dense):
        for j in range(n_dense):
            trace_rho += (
                A_inv[n_common + i, n_common + j] * c1 * (2.0 * rho * gram_D[2, i, j] - gram_D[1, i, j])
            )
    TY = np.zeros((Q, n_dense))
    for k in range(C):
        for a in range(Q):  # TY = Y_k (A^-1)_dd
            for j in range(n_dense):
                acc = 0.0
                for i in range(n_dense):
                    acc += Y[k, a, i] * A_inv[n_common + i, n_common + j]
                TY[a, j] = acc
        for a in range(Q):
            for c in range(Q):
                v = inv_F[a, c]
                for j in range(n_dense):
                    v += TY[a, j] * Y[k, c, j]
                trace_rho += v * c1 * (2.0 * rho * gram_F[2, a, c] - gram_F[1, a, c])
                if a == c:
                    share = v * prior_F[a]
                    in_prior += share
                    if base_precision_F[a] > 0.0 and group_F[a] >= 0.0:
                        grad[o + 3 + int(group_F[a])] += (
                            share + contrast[k, a] * contrast[k, a] * prior_F[a] - 1.0
                        )
            for j in range(n_dense):
                trace_rho -= 2.0 * TY[a, j] * c1 * (2.0 * rho * cross[2, k, a, j] - cross[1, k, a, j])
    explained = p + C * Q - in_prior  # <A^-1, Z'PZ>
    grad[o] = -N + explained + quad
    grad[o + 1] = (
        G * (n_live - n_segments) * rho * ar
        - 0.5 * (2.0 * rho * ar * explained + trace_rho)
        - 0.5 * (2.0 * rho * ar * quad + d_quad)
    )
    if G > 1:
        grad[o + 2] = lam * iv_sum * shock * (-n_live + trace_0 + quad_0)
    q = rotation.T @ q

    # media: adjoint; d logp / d M = q
    gh = np.empty(T)
    gs = np.empty(T)
    gw = np.empty(L + 1)
    for m in range(M):
        n = np.exp(log_n[m])
        W = 0.0
        gw[:] = 0.0
        d_log_kappa = 0.0
        d_log_n = 0.0
        for g in range(G):
            acc = 0.0
            for t in range(T):
                acc += q[g, t] * h[m, g, t]
            acc *= beta[m] * np.exp(dev[m, g])
            W += acc
            grad[5 * M + m * G + g] += acc
        grad[m] += W
        for g in range(G):
            grad[5 * M + m * G + g] -= W * one_geo[m, g] / one[m]
            E = np.exp(dev[m, g])
            ratio = W * E / one[m]
            for t in range(T):
                gh[t] = beta[m] * E * q[g, t] - ratio * money[g, t]
            dk, dn = _hill_adjoint(x[m, g], gh, s[m, g], z[m, g], h[m, g], n, T + L, gs, gw)
            d_log_kappa += dk
            d_log_n += dn
            for t in range(head):
                gh[t] = ratio * money[g, t]
            dk, dn = _hill_adjoint(x[m, g], gh[:head], s0[m, g], z0[m, g], h0[m, g], n, 0, gs, gw)
            d_log_kappa += dk
            d_log_n += dn
        grad[3 * M + m] += d_log_kappa
        grad[4 * M + m] += d_log_n
        mean_lag = 0.0
        mean_log = 0.0
        for lag in range(L + 1):
            gw[lag] += d_log_kappa * u_lag[m, lag] / half_ref[m]
            mean_lag += w[m, lag] * lags[lag]
            mean_log += w[m, lag] * log_lag[lag]
        for lag in range(L + 1):
            grad[M + m] += gw[lag] * w[m, lag] * (lags[lag] - mean_lag) * slope_theta[m]
            if gamma[m] > 0.5:
                grad[2 * M + m] += gw[lag] * w[m, lag] * (log_lag[lag] - mean_log) * np.exp(log_a[m])
    return logp, grad, no_b


_doubles = types.CPointer(types.float64)
_size = types.int64


@cfunc(
    types.float64(_doubles, _size, _doubles, _size, _doubles, _size, _doubles, _doubles),
    fastmath=FAST,
    cache=True,
)
def marginal_pointer(phi, n_phi, data, n_data, noise, n_noise, gradient, b):
    """`_marginal` behind a C address: value returned, gradient and b written to the last arguments.

    Graph compilers call it by symbol. Inlined, it would be optimized again in every process (10 s).
    """
    value, slope, drawn = _marginal(carray(phi, (n_phi,)), carray(data, (n_data,)), carray(noise, (n_noise,)))
    if n_noise > 0:
        out = carray(b, (n_noise,))
        out[:] = drawn
    else:
        out = carray(gradient, (n_phi,))
        out[:] = slope
    return value


def marginal(phi: Floats, data: Floats, b_noise: Floats) -> tuple[float, Floats, Floats]:
    """`_marginal` from Python, with its arguments and results; the interpreter lock is released meanwhile."""
    phi, data, noise = (np.ascontiguousarray(part, dtype=np.float64) for part in (phi, data, b_noise))
    gradient, b = np.zeros(phi.size), np.zeros(noise.size)
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
