"""How far a return would move were its prior a little stronger or weaker: power-scaling by importance weights.

The prior density of one return is raised to a power near one; draws are weighted accordingly, so no fit is needed. The
distance between the draws as they are and as weighted, per doubling of the power, is the sensitivity (Kallioinen,
Paananen, Buerkner & Vehtari 2024, "Detecting and diagnosing prior and likelihood sensitivity with power-scaling").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.inference.posterior import Posterior, on_prior_scale
from mmm.model.layout import Layout

Floats = NDArray[np.float64]

POWER = 1.01
SENSITIVE = 0.05
"""From here on the prior matters: a doubling of the power moves the mean by some 0.3 sd, or the sd by as much."""


def prior_sensitivity(posterior: Posterior, layout: Layout, prior_roi: Floats) -> Floats:
    """Sensitivity of each paid cell's ROI to its own prior, shape (cell,).

    Parameters
    ----------
    prior_roi
        Draws of the prior of ROI, shape (draw, cell). Its logarithm is normal (of one that may be
        negative the ROI itself); for cells that share a channel nearly.
    """
    cells = range(layout.n_paid)
    told = (posterior.flat("roi")[:, : layout.n_paid], prior_roi)
    log_roi, prior = (on_prior_scale(draws, layout, cells) for draws in told)
    away = (log_roi - prior.mean(axis=0)) / prior.std(axis=0)
    return np.array([power_scaled(log_roi[:, i], -0.5 * away[:, i] ** 2) for i in range(layout.n_paid)])


def power_scaled(draws: Floats, log_prior: Floats) -> float:
    """Distance per doubling of the prior's power, mean of a step up and a step down.

    Parameters
    ----------
    draws, log_prior
        Posterior draws and the logarithm of the prior there up to a constant, shape (draw,).
    """
    order = np.argsort(draws)
    x, log_p = draws[order], log_prior[order]
    found: list[float] = []
    for power in (POWER, 1.0 / POWER):
        weight = np.exp((power - 1.0) * (log_p - log_p.max()))
        # the distance looks at one tail more than at the other: the larger of both ways counts
        ways = (distance(x, weight), distance(-x[::-1], weight[::-1]))
        found.append(max(ways) / float(np.log2(POWER)))
    return float(np.mean(found))


def distance(x: Floats, weight: Floats) -> float:
    """Cumulative Jensen-Shannon distance of sorted draws from the same draws weighted, between 0 and 1.

    Nguyen & Vreeken (2015), "Non-parametric Jensen-Shannon divergence", with the square root that makes it a metric.
    """
    width = np.diff(x)
    p = np.arange(1, len(x), dtype=np.float64) / len(x)
    q: Floats = np.cumsum(weight)[:-1] / weight.sum()
    middle = 0.5 * (p + q)
    total = float(width @ (p * np.log2(p / middle) + q * np.log2(q / middle)))
    bound = float(width @ (p + q))
    return float(np.sqrt(max(total, 0.0) / bound)) if bound > 0 else 0.0
