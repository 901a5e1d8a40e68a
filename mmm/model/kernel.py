"""The marginal density of the panel and its gradient, in one numba kernel.

    y[g,t] = Z[g,t] b + sum_m M_m[g,t] + u[g,t]          b ~ N(0, S),  Cov(u) = R (x) Q(rho)
    M_m[g,t] = beta_m exp(dev[m,g]) hill(adstock(x[m,g,:])[t])
    beta_m = exp(log_roi_m) spend_m / sum_gt exp(dev[m,g]) (hill(actual) - hill(carry-in only)) money[g,t]

`b` and `u` are integrated out exactly. Everything arrives as two flat vectors, the parameters `phi` and the
packed data (`mmm.model.pack`): a compiled function then never carries a data set in a closure, so a cached one
cannot serve the wrong company. njit functions that call each other live in this file, because numba's disk cache
does not see edits elsewhere.

Order of `phi`: log_roi[M], logit_theta[M], log_a[M], log_kappa[M], log_n[M], dev[M, G], log_sigma, rho,
log_sqrt_lambda, log_scale[K]. theta is per week; kappa is relative to the mean adstocked exposure.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numba import carray, cfunc, njit, prange, types

HEADER = 9
"""Leading integers of the packed data: G, T, M, L, p, K, n_live, n_segments, weeks per period x 1e6."""

FAST = {"reassoc", "contract", "arcp", "nsz"}  # nan must survive: the sampler's divergence check needs it
VERSION = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)


@njit(fastmath=FAST, cache=True)
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


@njit(fastmath=FAST, cache=True)
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


@njit(fastmath=FAST, cache=True)
def _ar_product(x, live, interior, link, rho, out):
    """Q(rho) x for one series: AR(1) precision over the live periods, independent segments. Shapes (T,)."""
    T = x.shape[0]
    scale = 1.0 / (1.0 - rho * rho)
    for t in range(T):
        out[t] = scale * (live[t] + rho * rho * interior[t]) * x[t]
    for t in range(T - 1):
        out[t] -= scale * rho * link[t] * x[t + 1]
        out[t + 1] -= scale * rho * link[t] * x[t]


@njit(fastmath=FAST, cache=True)
def _precision_product(r, iv, kappa, inv_var, live, interior, link, rho, total, mixed, out):
    """P r with P = R^-1 (x) Q; r, out (G, T); `total` receives sum_g iv_g r_g, `mixed` is scratch (T,)."""
    G, T = r.shape
    total[:] = 0.0
    for g in range(G):
        for t in range(T):
            total[t] += iv[g] * r[g, t]
    for g in range(G):
        for t in range(T):
            mixed[t] = iv[g] * inv_var * (r[g, t] - kappa * total[t])
        _ar_product(mixed, live, interior, link, rho, out[g])


@njit(fastmath=FAST, cache=True)
def _adstock_weights(gamma, logit_theta, log_a, weeks, w, log_lag):
    """Normalized weights (l + 1)^a theta^l into w; returns (1 - theta) * weeks, the slope of log theta."""
    # log(sigmoid(x)) without overflow
    if logit_theta > 0:
        log_theta = -np.log1p(np.exp(-logit_theta))
    else:
        log_theta = logit_theta - np.log1p(np.exp(logit_theta))
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


@njit(fastmath=FAST, cache=True)
def _hill_pass(x, w, log_kappa, n, first, s, z, h):
    """Adstock and Hill of one series. x has L leading periods; s, z, h (T,); periods from `first` are zeroed.

    z = n (log s - log kappa), h = sigmoid(z); both are 0 where s is 0.
    """
    T = s.shape[0]
    L = w.shape[0] - 1
    s[:] = 0.0
    for lag in range(L + 1):
        for t in range(min(T, first + lag)):
            s[t] += w[lag] * x[t + L - lag]
    for t in range(T):
        if s[t] > 1e-290:
            z[t] = n * (np.log(s[t]) - log_kappa)
            h[t] = 1.0 / (1.0 + np.exp(-z[t]))
        else:
            z[t] = 0.0
            h[t] = 0.0


@njit(fastmath=FAST, cache=True)
def _hill_adjoint(x, gh, s, z, h, n, first, grad_w):
    """Back through Hill and adstock; adds to grad_w, returns (d log_kappa, d log_n)."""
    T = s.shape[0]
    L = grad_w.shape[0] - 1
    d_kappa = 0.0
    d_n = 0.0
    gs = np.zeros(T)
    for t in range(T):
        if s[t] > 1e-290:
            gz = gh[t] * h[t] * (1.0 - h[t])
            gs[t] = gz * n / s[t]
            d_kappa -= gz * n
            d_n += gz * z[t]
    for lag in range(L + 1):
        acc = 0.0
        for t in range(min(T, first + lag)):
            acc += gs[t] * x[t + L - lag]
        grad_w[lag] += acc
    return d_kappa, d_n


@njit(fastmath=FAST, cache=True)
def marginal(phi, data, b_noise):
    """Log density of the panel with b and u integrated out, its gradient, and a draw of b.

    Parameters
    ----------
    phi
        Parameters, flat; order as in the module's docstring.
    data
        Packed data, flat; see `mmm.model.pack`.
    b_noise
        Empty for density and gradient only. Standard normal, shape (p,): then b | phi, y is drawn too,
        b = b_hat + L^-T noise, and the gradient is left at zero.

    Returns
    -------
    log_density : float
        -inf where the linear system is not positive definite.
    gradient : array
        Shape of phi.
    b : array
        Shape (p,) or empty.
    """
    G, T, M, L = int(data[0]), int(data[1]), int(data[2]), int(data[3])
    p, K, n_live, n_segments = int(data[4]), int(data[5]), data[6], data[7]
    weeks = data[8] * 1e-6
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
    iv = data[at : at + G]
    at += G
    live = data[at : at + T]
    at += T
    interior = data[at : at + T]
    at += T
    link = data[at : at + T]
    at += T
    Z = data[at : at + G * T * p].reshape(G * T, p)
    at += G * T * p
    A3 = data[at : at + 3 * p * p].reshape(3, p, p)
    at += 3 * p * p
    B3 = data[at : at + 3 * p * p].reshape(3, p, p)
    at += 3 * p * p
    base_precision = data[at : at + p]
    at += p
    group = data[at : at + p]

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
    D = np.zeros(M)
    D_geo = np.zeros((M, G))
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
            D_geo[m, g] = acc * np.exp(dev[m, g])
            D[m] += D_geo[m, g]
        if not D[m] > 0.0:
            return -np.inf, grad, no_b
        beta[m] = np.exp(log_roi[m]) * spend[m] / D[m]
        for g in range(G):
            scale = beta[m] * np.exp(dev[m, g])
            for t in range(T):
                r[g, t] -= scale * h[m, g, t]

    # linear part: A = S^-1 + Z'PZ
    lam = np.exp(2.0 * log_sqrt_lambda) if G > 1 else 0.0
    iv_sum = iv.sum()
    kappa = lam / (1.0 + lam * iv_sum)
    inv_var = np.exp(-2.0 * log_sigma)
    q_scale = 1.0 / (1.0 - rho * rho)
    A = np.empty((p, p))
    c = inv_var * q_scale
    for i in range(p):
        for j in range(p):
            A[i, j] = c * (
                A3[0, i, j]
                - kappa * B3[0, i, j]
                + rho * rho * (A3[2, i, j] - kappa * B3[2, i, j])
                - rho * (A3[1, i, j] - kappa * B3[1, i, j])
            )
    prior_precision = np.zeros(p)
    log_det_S = 0.0
    for j in range(p):
        if base_precision[j] > 0.0:
            prior_precision[j] = base_precision[j]
            log_det_S -= np.log(base_precision[j])
            k = int(group[j])
            if k >= 0:
                prior_precision[j] *= np.exp(-2.0 * log_scale[k])
                log_det_S += 2.0 * log_scale[k]
        A[j, j] += prior_precision[j]
    chol = np.zeros((p, p))
    if not _cholesky(A, chol):
        return -np.inf, grad, no_b
    total = np.empty(T)
    mixed = np.empty(T)
    q = np.empty((G, T))
    _precision_product(r, iv, kappa, inv_var, live, interior, link, rho, total, mixed, q)
    b_hat = Z.T @ q.reshape(G * T)
    for i in range(p):  # solve chol chol' b = Z'P r in place
        acc = b_hat[i]
        for k in range(i):
            acc -= chol[i, k] * b_hat[k]
        b_hat[i] = acc / chol[i, i]
    if b_noise.shape[0] == p:
        for i in range(p):
            b_hat[i] += b_noise[i]
    for i in range(p - 1, -1, -1):
        acc = b_hat[i] / chol[i, i]
        b_hat[i] = acc
        for k in range(i):
            b_hat[k] -= chol[i, k] * acc
    if b_noise.shape[0] == p:
        return 0.0, grad, b_hat
    fitted = Z @ b_hat
    e = r - fitted.reshape(G, T)
    _precision_product(e, iv, kappa, inv_var, live, interior, link, rho, total, mixed, q)
    quad = 0.0
    for g in range(G):
        for t in range(T):
            quad += e[g, t] * q[g, t]
    penalty = 0.0
    log_det_A = 0.0
    for j in range(p):
        penalty += b_hat[j] * b_hat[j] * prior_precision[j]
        log_det_A += 2.0 * np.log(chol[j, j])
    N = G * n_live
    log_det_P = (
        -2.0 * N * log_sigma
        + n_live * np.log(iv).sum()
        - n_live * np.log(1.0 + lam * iv_sum)
        - G * (n_live - n_segments) * np.log(1.0 - rho * rho)
    )
    logp = -0.5 * (N * np.log(2.0 * np.pi) - log_det_P + log_det_S + log_det_A + quad + penalty)

    # scales, rho, lambda
    A_inv = np.empty((p, p))
    scratch = np.empty((p, p))
    _inverse_from_cholesky(chol, scratch, A_inv)
    in_prior = 0.0
    for j in range(p):
        share = A_inv[j, j] * prior_precision[j]
        in_prior += share
        k = int(group[j])
        if base_precision[j] > 0.0 and k >= 0:
            grad[o + 3 + k] += share + b_hat[j] * b_hat[j] * prior_precision[j] - 1.0
    ia1, ia2, ib0, ib1, ib2 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(p):
        for j in range(p):
            v = A_inv[i, j]
            ia1 += v * A3[1, i, j]
            ia2 += v * A3[2, i, j]
            ib0 += v * B3[0, i, j]
            ib1 += v * B3[1, i, j]
            ib2 += v * B3[2, i, j]
    grad[o] = -N + (p - in_prior) + quad
    trace_PZ = p - in_prior  # <A^-1, Z'PZ>
    d_trace = 2.0 * rho * q_scale * trace_PZ + c * (2.0 * rho * (ia2 - kappa * ib2) - (ia1 - kappa * ib1))
    d_quad = 2.0 * rho * q_scale * quad
    for g in range(G):  # e' R^-1 (x) (2 rho interior - links) e / (1 - rho^2)
        for t in range(T):
            mixed[t] = iv[g] * inv_var * (e[g, t] - kappa * total[t])
        acc = 0.0
        for t in range(T):
            acc += 2.0 * rho * interior[t] * mixed[t] * e[g, t]
        for t in range(T - 1):
            acc -= link[t] * (mixed[t] * e[g, t + 1] + mixed[t + 1] * e[g, t])
        d_quad += q_scale * acc
    grad[o + 1] = G * (n_live - n_segments) * rho * q_scale - 0.5 * d_trace - 0.5 * d_quad
    if G > 1:
        d_kappa = 1.0 / (1.0 + lam * iv_sum) ** 2
        b_trace = c * (ib0 + rho * rho * ib2 - rho * ib1)
        _ar_product(total, live, interior, link, rho, mixed)
        shock = 0.0
        for t in range(T):
            shock += inv_var * total[t] * mixed[t]
        grad[o + 2] = (
            2.0 * lam * 0.5 * (-n_live * iv_sum / (1.0 + lam * iv_sum) + d_kappa * (b_trace + shock))
        )

    # media: adjoint; d logp / d M = q
    gh = np.empty(T)
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
            grad[5 * M + m * G + g] -= W * D_geo[m, g] / D[m]
            E = np.exp(dev[m, g])
            ratio = W * E / D[m]
            for t in range(T):
                gh[t] = beta[m] * E * q[g, t] - ratio * money[g, t]
            dk, dn = _hill_adjoint(x[m, g], gh, s[m, g], z[m, g], h[m, g], n, T + L, gw)
            d_log_kappa += dk
            d_log_n += dn
            for t in range(head):
                gh[t] = ratio * money[g, t]
            dk, dn = _hill_adjoint(x[m, g], gh[:head], s0[m, g], z0[m, g], h0[m, g], n, 0, gw)
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


@cfunc(types.float64(_doubles, types.int64, _doubles, types.int64, _doubles), fastmath=FAST, cache=True)
def marginal_pointer(phi, n_phi, data, n_data, gradient):
    """`marginal` behind a C address: value returned, gradient written to the last argument.

    Graph compilers call it by symbol. Inlined, it would be optimized again in every process (10 s).
    """
    value, slope, _ = marginal(carray(phi, (n_phi,)), carray(data, (n_data,)), np.zeros(0))
    out = carray(gradient, (n_phi,))
    out[:] = slope
    return value


@njit(fastmath=FAST, cache=True, parallel=True)
def draw_linear(phi, data, noise):
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
    b = np.empty(noise.shape)
    for d in prange(noise.shape[0]):
        b[d] = marginal(phi[d], data, noise[d])[2]
    return b
