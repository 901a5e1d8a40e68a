"""Student-t noise: each period has a weight, and an odd period is let go. Called by `mmm.model.linear`.

    u[g,t] = e[g,t] / sqrt(w_t),  Cov(e) = R (x) Q(rho),  w_t ~ Gamma(nu / 2, nu / 2)

Given the weights the noise is normal, so the linear part is still integrated out exactly: rows of outcome and design
are scaled by sqrt(w_t), and log|P| grows by G log w_t. Over the weights u is a Student t of nu degrees of freedom, by
period a multivariate one over geos. The weight stands on what is observed and not on what is new in the AR(1): a week
that nobody explains (a strike, a stock-out) is let go, and the weeks after it keep their own memory.

Lange, Little & Taylor (1989), "Robust statistical modeling using the t distribution", JASA 84.
"""

from __future__ import annotations

import numpy as np

from mmm.model.algebra import inner


@inner
def scaled_rows(design, root):
    """Rows times the root of their weight; shapes (T, n), (T,)."""
    out = np.empty_like(design)
    for t in range(design.shape[0]):
        for j in range(design.shape[1]):
            out[t, j] = root[t] * design[t, j]
    return out


@inner
def ar_gram(left, right, same, live, interior, link):
    """left' (live, links, interior) right, as `mmm.model.pack` has it; shapes (T, m), (T, n) to (3, m, n).

    Where both are the `same` the result is symmetric, and half of it is computed.
    """
    T, m = left.shape
    out = np.zeros((3, m, right.shape[1]))
    for i in range(m):
        n = i + 1 if same else right.shape[1]
        on, beside, within = out[0, i], out[1, i], out[2, i]
        for t in range(T):
            neighbours = link[t] * left[t + 1, i] if t < T - 1 else 0.0
            if t > 0:
                neighbours += link[t - 1] * left[t - 1, i]
            here, inside = live[t] * left[t, i], interior[t] * left[t, i]
            row = right[t]
            for j in range(n):
                on[j] += here * row[j]
                beside[j] += neighbours * row[j]
                within[j] += inside * row[j]
    if same:
        for i in range(m):
            for j in range(i):
                for part in range(3):
                    out[part, j, i] = out[part, i, j]
    return out


@inner
def take_leverage(design, covariance, rho, scale, live, interior, link, out):
    """Subtracts d (1/2 log|A|) / d log w_t from out, for one block of scaled rows.

    It is half of (B V B' P)_tt, V the covariance of the block's coefficients and P = scale (1 - rho^2) Q^-1.
    Shapes (T, n), (n, n), (T,).
    """
    T, n = design.shape
    for t in range(T):
        own, next_one = 0.0, 0.0
        for i in range(n):
            pulled = 0.0
            for j in range(n):
                pulled += covariance[i, j] * design[t, j]
            own += pulled * design[t, i]
            if t < T - 1:
                next_one += pulled * design[t + 1, i]
        out[t] -= 0.5 * scale * (live[t] + rho * rho * interior[t]) * own
        if t < T - 1:
            shared = 0.5 * scale * rho * link[t] * next_one
            out[t] += shared
            out[t + 1] += shared
