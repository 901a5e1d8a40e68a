"""The linear part integrated out: value, gradient, and draws of its coefficients. Called by `mmm.model.kernel`.

Over geos the rows are scaled by the root of their precision iv and rotated (`mmm.model.pack.rotation`), so that block 0
carries the week shock and everything geos have in common; the other blocks, the contrasts, are independent of it and
of each other, and what each geo has for itself becomes one small design F that all contrasts share. Controls that
differ by geo are dense and couple the blocks; the contrasts are eliminated first (Schur complement). Student-t noise
gives each period a weight (`mmm.model.weights`).

    A = S^-1 + Z'PZ,  b_hat = A^-1 Z'P r
    log p = -1/2 [ N log 2 pi - log|P| + log|S| + log|A| + r'P (r - Z b_hat) ],  d/d media = P (r - Z b_hat)
"""

from __future__ import annotations

import numpy as np

from mmm.model.algebra import (
    cholesky,
    cube,
    inner,
    inverse_from_cholesky,
    matrix,
    matvec,
    matvec_transposed,
    multiply,
    solve_transposed,
)
from mmm.model.weights import ar_gram, scaled_rows, take_leverage


@inner
def _ar_product(x, live, interior, link, rho, out):
    """Q(rho) x for one series: AR(1) precision over the live periods, independent segments. Shapes (T,)."""
    T = x.shape[0]
    scale = 1.0 / (1.0 - rho * rho)
    for t in range(T):
        out[t] = scale * (live[t] + rho * rho * interior[t]) * x[t]
    for t in range(T - 1):
        out[t] -= scale * rho * link[t] * x[t + 1]
        out[t + 1] -= scale * rho * link[t] * x[t]


@inner
def _weighted_gram(gram, rho, scale, out):
    """Adds scale * F' Q(rho) F (1 - rho^2) to out, from the three parts of the AR(1) precision; (3, m, n), (m, n)."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] += scale * (gram[0, i, j] - rho * gram[1, i, j] + rho * rho * gram[2, i, j])


@inner
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


@inner
def integrate_linear(r, scales, shape, counts, data, b_noise, grad, b):
    """Log density of residuals r with the linear part integrated out.

    Parameters
    ----------
    r : (geo, period)
        Outcome minus media; receives the gradient with respect to media, P (r - Z b_hat).
    scales
        log sigma, rho, log sqrt lambda, then the log scale of each group of columns, then the log weight of each
        period, if periods have weights.
    shape : tuple
        Columns of block 0, dense columns among them (the last ones), columns of F, groups of columns, weights.
    counts : tuple
        Live periods, segments, sum of log iv, sum of iv.
    data
        The linear part of the packed data, flat.
    b_noise
        Empty, or standard normals for a draw of b; then the value and the gradient are not computed.
    grad
        Receives the gradient with respect to `scales`; zeros before.
    b
        Receives the draw, if there is `b_noise`.

    Returns
    -------
    log_density : float
        -inf where the linear system is not positive definite.
    """
    G, T = r.shape
    p, n_dense, Q, n_groups, n_weights = shape
    n_live, n_segments, log_iv, iv_sum = counts
    log_sigma, rho, log_sqrt_lambda = scales[0], scales[1], scales[2]
    log_scale = scales[3 : 3 + n_groups]
    log_weight = scales[3 + n_groups : 3 + n_groups + n_weights]
    n_common = p - n_dense
    C = G - 1 if Q > 0 else 0
    at = 0
    live = data[at : at + T]
    at += T
    interior = data[at : at + T]
    at += T
    link = data[at : at + T]
    at += T
    rotation = matrix(data, at, G, G)
    at += G * G
    B0 = matrix(data, at, T, p)
    at += T * p
    D = cube(data, at, C, T, n_dense)
    at += C * T * n_dense
    F = matrix(data, at, T, Q)
    at += T * Q
    gram_0 = cube(data, at, 3, p, p)
    at += 3 * p * p
    gram_D = cube(data, at, 3, n_dense, n_dense)
    at += 3 * n_dense * n_dense
    gram_F = cube(data, at, 3, Q, Q)
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
    if n_weights > 0:  # everything a period has is scaled by the root of its weight; the rest is as without
        root = np.exp(0.5 * log_weight)
        B0, F = scaled_rows(B0, root), scaled_rows(F, root)
        D = D.copy()
        gram_0 = ar_gram(B0, B0, True, live, interior, link)
        gram_F = ar_gram(F, F, True, live, interior, link)
        gram_D, cross = np.zeros((3, n_dense, n_dense)), np.zeros((3, C, Q, n_dense))
        for k in range(C):
            D[k] = scaled_rows(D[k], root)
            gram_D += ar_gram(D[k], D[k], True, live, interior, link)
            cross[:, k] = ar_gram(F, D[k], False, live, interior, link)
    else:
        root = np.ones(T)
    # linear part, rotated over geos: block 0 carries the week shock and all common columns, the G - 1 contrasts
    # share one small design F; controls that differ by geo are dense and couple the blocks
    e = np.zeros((G, T))
    for i in range(G):
        for g in range(G):
            factor = rotation[i, g]
            for t in range(T):
                e[i, t] += factor * root[t] * r[g, t]
    lam = np.exp(2.0 * log_sqrt_lambda) if G > 1 else 0.0
    inv_var = np.exp(-2.0 * log_sigma)
    shock = 1.0 / (1.0 + lam * iv_sum)
    ar = 1.0 / (1.0 - rho * rho)
    c0, c1 = inv_var * shock * ar, inv_var * ar
    sq = rho * rho
    prior, log_det_S = _prior_precision(base_precision, group, log_scale)
    prior_F, log_det_SF = _prior_precision(base_precision_F, group_F, log_scale)
    A0, A = np.zeros((p, p)), np.zeros((p, p))
    _weighted_gram(gram_0, rho, c0, A0)
    _weighted_gram(gram_0, rho, c0, A)
    for j in range(p):
        A[j, j] += prior[j]
    K_F = np.zeros((Q, Q))
    _weighted_gram(gram_F, rho, c1, K_F)
    for j in range(Q):
        K_F[j, j] += prior_F[j]
    chol_F, inv_F = np.zeros((Q, Q)), np.zeros((Q, Q))
    if not cholesky(K_F, chol_F):
        return -np.inf
    inverse_from_cholesky(chol_F, np.zeros((Q, Q)), inv_F)
    X = np.zeros((C, Q, n_dense))
    Y = np.zeros((C, Q, n_dense))  # K^-1 X
    if n_dense > 0 and C > 0:
        _weighted_gram(gram_D, rho, c1, A[n_common:, n_common:])
        for k in range(C):
            _weighted_gram(cross[:, k], rho, c1, X[k])
            multiply(inv_F, X[k], Y[k])
            for i in range(n_dense):
                for j in range(n_dense):
                    for a in range(Q):
                        A[n_common + i, n_common + j] -= X[k, a, i] * Y[k, a, j]
    chol = np.zeros((p, p))
    if not cholesky(A, chol):
        return -np.inf

    # right-hand side and coefficients
    q = np.empty((G, T))
    for g in range(G):
        _ar_product(e[g], live, interior, link, rho, q[g])
        scale = inv_var * shock if g == 0 else inv_var
        for t in range(T):
            q[g, t] *= scale
    b_hat = np.zeros(p)
    matvec_transposed(B0, q[0], b_hat)
    f = np.zeros((C, Q))
    for k in range(C):
        matvec_transposed(F, q[k + 1], f[k])
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
    solve_transposed(chol, b_hat)
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
        for i in range(p):
            b[i] = b_hat[i]
        for k in range(C):
            own = b[p + k * Q : p + (k + 1) * Q]
            for a in range(Q):
                own[a] = b_noise[p + k * Q + a]
            solve_transposed(chol_F, own)
            for a in range(Q):
                own[a] += contrast[k, a]
        return 0.0

    # residuals e, precision times residuals q
    matvec(B0, b_hat, -1.0, e[0])
    for k in range(C):
        matvec(F, contrast[k], -1.0, e[k + 1])
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
    for t in range(n_weights):
        log_det_P += G * live[t] * log_weight[t]
    log_det_S += C * log_det_SF
    logp = -0.5 * (N * np.log(2.0 * np.pi) - log_det_P + log_det_S + log_det_A + quad + penalty)

    # gradient of scales, rho, lambda: traces with the blocks of the full A^-1
    A_inv = np.empty((p, p))
    inverse_from_cholesky(chol, np.empty((p, p)), A_inv)
    in_prior = 0.0
    for j in range(p):
        share = A_inv[j, j] * prior[j]
        in_prior += share
        if base_precision[j] > 0.0 and group[j] >= 0.0:
            grad[3 + int(group[j])] += share + b_hat[j] * b_hat[j] * prior[j] - 1.0
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
                        grad[3 + int(group_F[a])] += (
                            share + contrast[k, a] * contrast[k, a] * prior_F[a] - 1.0
                        )
            for j in range(n_dense):
                trace_rho -= 2.0 * TY[a, j] * c1 * (2.0 * rho * cross[2, k, a, j] - cross[1, k, a, j])
    explained = p + C * Q - in_prior  # <A^-1, Z'PZ>
    grad[0] = -N + explained + quad
    grad[1] = (
        G * (n_live - n_segments) * rho * ar
        - 0.5 * (2.0 * rho * ar * explained + trace_rho)
        - 0.5 * (2.0 * rho * ar * quad + d_quad)
    )
    if G > 1:
        grad[2] = lam * iv_sum * shock * (-n_live + trace_0 + quad_0)
    for g in range(G):  # back to geos
        for t in range(T):
            r[g, t] = 0.0
    for i in range(G):
        for g in range(G):
            factor = rotation[i, g]
            for t in range(T):
                r[g, t] += factor * root[t] * q[i, t]
    if n_weights > 0:
        on_weight = grad[3 + n_groups : 3 + n_groups + T]
        for t in range(T):
            on_weight[t] = 0.5 * G * live[t]
            for g in range(G):
                on_weight[t] -= 0.5 * e[g, t] * q[g, t]
        take_leverage(B0, A_inv, rho, c0, live, interior, link, on_weight)
        if C > 0:
            take_leverage(F, inv_F, rho, C * c1, live, interior, link, on_weight)
            for k in range(C):
                apart = D[k].copy()
                for a in range(Q):
                    for i in range(n_dense):
                        for t in range(T):
                            apart[t, i] -= F[t, a] * Y[k, a, i]
                take_leverage(apart, A_inv[n_common:, n_common:], rho, c1, live, interior, link, on_weight)
    return logp
