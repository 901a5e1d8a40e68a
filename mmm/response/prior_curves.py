"""Curves drawn from their priors: what the next unit of money brings beside the average one, before the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from mmm.model.forward import media_weights, window_sums
from mmm.model.layout import Layout
from mmm.model.shapes import MARGINAL, STEP

Floats = NDArray[np.float64]


def prior_next_to_all(layout: Layout, draws: int, rng: np.random.Generator) -> Floats:
    """Marginal ROI over ROI of each paid cell, shape (draw, cell); 1 of cells whose prior is on ROI itself.

    Curves are drawn one by one and at the same factor in all regions.
    """
    data, priors = layout.data, layout.curve_priors
    ratio = np.ones((draws, layout.n_paid))
    asked = np.flatnonzero(data.measure[: layout.n_paid] == MARGINAL)
    if asked.size == 0:
        return ratio
    own = rng.standard_normal((2, draws, asked.size))
    theta = 1.0 / (1.0 + np.exp(-(priors.theta[0, asked] + priors.theta[1, asked] * own[0])))
    timing = np.exp(priors.timing[0, asked] + priors.timing[1, asked] * own[1])
    weights = media_weights(data.adstock[asked], theta, timing, layout.lags, data.weeks_per_period)
    centre, sd = priors.kappa[:, asked]
    ceiling = np.where(sd > 0, (layout.log_kappa_max[asked] - centre) / np.where(sd > 0, sd, 1.0), np.inf)
    kappa = centre + sd * ndtri(rng.uniform(size=theta.shape) * ndtr(ceiling))
    low, high = ndtr(priors.slope_bounds[:, asked])
    power = priors.slope[0, asked] + priors.slope[1, asked] * ndtri(
        low + rng.uniform(size=theta.shape) * (high - low)
    )
    half = np.exp(kappa) * np.einsum("dml,ml->dm", weights, data.mean_lagged[asked])
    everywhere = np.ones((draws, asked.size, data.worth.shape[1]))
    x = np.ascontiguousarray(data.x.transpose(2, 1, 0)[asked])
    money = np.ascontiguousarray(data.worth.T)
    brought, more = window_sums(
        x, weights, data.saturation[asked], half, np.exp(power), everywhere, money, STEP
    )
    ratio[:, asked] = more / (STEP * brought.sum(axis=1))
    return ratio
