"""The experiments' term of the density and its gradient; called by `mmm.model.kernel` between its two passes.

    log p = sum_k log StudentT( measured_k ; df_k, lift_k, sd_k )
    lift_k = sum over parts (medium m, region g) of
             heads_g beta_m exp(dev[m,g] - gap_m) sum_t demand[g,t] [ share(x[m,g])[t] - share(x without the test)[t] ]

exp(-gap) takes the structural error out: a test sees the ROI, the panel ROI x exp(gap); of a return that may be
negative, ROI + gap. `mmm.model.calibration` makes the packed data.
"""

from __future__ import annotations

import numpy as np

from mmm.model.algebra import inner
from mmm.model.shapes import SIGNED

HEAD, PART_HEAD = 7, 4
"""Numbers before the parts of an experiment, and before the exposure of a part."""


@inner
def lift_term(
    tests,
    block,
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
    forward,
    adjoint,
    grad,
    grad_media,
    grad_dev,
    grad_w,
    pull,
):
    """Log density of the experiments; adds what it knows of the gradient before the media's adjoint runs.

    Parameters
    ----------
    tests, block
        Number of experiments, and their packed data, flat.
    phi
        The kernel's parameters; the gaps stand at its end.
    curve, dev, unit, x, demand, kinds, w, usual, s, z, h
        As in the kernel's forward pass; unit is the ceiling at a return of one, shape (medium,).
    forward, adjoint
        The kernel's pass of one series through adstock and saturation, and the way back.
    grad, grad_media, grad_dev, grad_w, pull
        Receive the gradient of the gaps; of the return, log kappa and log n (5, medium); of the regions' factors; of
        the adstock weights (medium, lag + 1); of the logarithm of the ceilings (medium,). The adjoint of the media
        passes on the last two.
    """
    L = w.shape[2] - 1
    value = 0.0
    at = 0
    for _ in range(tests):
        start, n, parts = int(block[at]), int(block[at + 1]), int(block[at + 2])
        measured, sd, df = block[at + 3], block[at + 4], block[at + 5]
        value += block[at + 6]
        at += HEAD
        size = PART_HEAD + n + L
        own = block[at : at + parts * size].reshape(parts, size)
        at += parts * size
        s0, z0, h0 = np.zeros((parts, n)), np.zeros((parts, n)), np.zeros((parts, n))
        ceiling, gain, slope = np.zeros(parts), np.zeros(parts), np.zeros(parts)
        lift = 0.0
        for p in range(parts):
            m, g = int(own[p, 0]), int(own[p, 1])
            log_kappa = curve[2, m] + np.log(usual[m])
            kind = int(kinds[1, m])
            forward(
                kind, own[p, PART_HEAD:], w[0, m], log_kappa, np.exp(curve[3, m]), n + L, s0[p], z0[p], h0[p]
            )
            for t in range(n):
                gain[p] += (h[m, g, start + t] - h0[p, t]) * demand[g, start + t]
            causal = phi[m] - phi[int(own[p, 2])]
            slope[p] = own[p, 3] * unit[m] * np.exp(dev[m, g])
            if int(kinds[2, m]) == SIGNED:
                ceiling[p] = slope[p] * causal
            else:
                slope[p] *= np.exp(causal)
                ceiling[p] = slope[p]
            lift += ceiling[p] * gain[p]
        away = measured - lift
        value -= 0.5 * (df + 1.0) * np.log1p(away * away / (df * sd * sd))
        drawn = (df + 1.0) * away / (df * sd * sd + away * away)
        gh, gs = np.empty(n), np.empty(n)
        for p in range(parts):
            m, g = int(own[p, 0]), int(own[p, 1])
            kind, power = int(kinds[1, m]), np.exp(curve[3, m])
            share = drawn * ceiling[p] * gain[p]
            pull[m] += share
            grad_dev[m, g] += share
            grad_media[0, m] += drawn * slope[p] * gain[p]
            grad[int(own[p, 2])] -= drawn * slope[p] * gain[p]
            for t in range(n):
                gh[t] = drawn * ceiling[p] * demand[g, start + t]
            was, s1, z1, h1 = x[m, g, start:], s[m, g, start:], z[m, g, start:], h[m, g, start:]
            d_kappa, d_n = adjoint(kind, was, gh, s1[:n], z1[:n], h1[:n], power, n + L, gs, grad_w[m])
            grad_media[3, m] += d_kappa
            grad_media[4, m] += d_n
            for t in range(n):
                gh[t] = -gh[t]
            d_kappa, d_n = adjoint(
                kind, own[p, PART_HEAD:], gh, s0[p], z0[p], h0[p], power, n + L, gs, grad_w[m]
            )
            grad_media[3, m] += d_kappa
            grad_media[4, m] += d_n
    return value
