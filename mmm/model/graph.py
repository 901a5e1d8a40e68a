"""The PyMC model: priors with unit-normal parents, and the panel's marginal density as one term."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from mmm.model.baseline import SCALE_PRIORS
from mmm.model.layout import Layout
from mmm.model.op import MarginalDensity
from mmm.model.pack import pack
from mmm.model.priors import (
    ATANH_RHO,
    GEO_SD,
    LOG_KAPPA,
    LOG_SIGMA,
    LOG_SQRT_LAMBDA,
    SIBLING_SD,
    SIBLING_SHARE,
    STUDENT_DF,
)


def build_model(layout: Layout) -> pm.Model:
    """The model of one panel.

    Free variables are unit normals (two truncated, two half-normal scales); the deterministic `phi` holds the
    natural parameters in the kernel's order. The structural error is integrated into the prior of log ROI, so
    `phi` has the ROI that the panel sees; `mmm.inference.posterior` takes the error out again. Of media that some
    experiment tests it is a variable, because the experiment does not see it.
    """
    G, _, M, _, _ = layout.data.shape
    share, curves = _sibling_matrix(layout), layout.curve_priors
    with pm.Model() as model:
        data = pm.Data("packed", pack(layout.data))
        gap = _gaps(layout)
        log_roi = _log_roi(layout, share, gap)
        logit_theta = curves.theta[0] + curves.theta[1] * _pooled_normal("theta", share)
        log_a = curves.timing[0] + curves.timing[1] * _pooled_normal("a", share)
        kappa_z = pm.TruncatedNormal(
            "kappa_z", 0.0, 1.0, upper=(layout.log_kappa_max - LOG_KAPPA[0]) / LOG_KAPPA[1], shape=M
        )
        low, high = curves.slope_bounds
        slope_z = pm.TruncatedNormal("slope_z", 0.0, 1.0, lower=low, upper=high, shape=M)
        log_sigma = LOG_SIGMA[0] + LOG_SIGMA[1] * pm.Normal("sigma_z")
        rho = pt.tanh(ATANH_RHO[0] + ATANH_RHO[1] * pm.Normal("rho_z"))
        if G > 1:
            geo_sd = pm.HalfNormal("geo_sd", GEO_SD, shape=M)
            dev = (geo_sd[:, None] * pm.Normal("dev_z", shape=(M, G))).ravel()
            log_sqrt_lambda = LOG_SQRT_LAMBDA[0] + LOG_SQRT_LAMBDA[1] * pm.Normal("lambda_z")
        else:
            dev = pt.zeros(M)
            log_sqrt_lambda = pt.zeros(())
        centre, spread = np.array([SCALE_PRIORS[name] for name in layout.baseline.scales]).T
        log_scale = centre + spread * pm.Normal("scale_z", shape=centre.size)
        parts = [
            log_roi,
            logit_theta,
            log_a,
            curves.kappa[0] + curves.kappa[1] * kappa_z,
            curves.slope[0] + curves.slope[1] * slope_z,
            dev,
            log_sigma[None],
            rho[None],
            log_sqrt_lambda[None],
            log_scale,
            _log_weights(layout),
            gap[list(layout.data.tested)],
        ]
        phi = pm.Deterministic("phi", pt.concatenate(parts))
        pm.Potential("panel", MarginalDensity()(phi, data)[0])
    return model


def _log_weights(layout: Layout) -> pt.TensorVariable:
    """Log weight of each period where the noise is Student t, else nothing; shape (period,) or (0,)."""
    n = layout.data.n_weights
    half = np.full(n, STUDENT_DF / 2)  # a plain number would be read as a float of 32 bits
    return pt.log(pm.Gamma("weight", half, half, shape=n)) if n else pt.zeros(0)


def _sibling_matrix(layout: Layout) -> np.ndarray:
    """1 where a medium belongs to a channel with several cells, shape (medium, such channel)."""
    return (layout.siblings[:, None] == np.arange(layout.siblings.max() + 1)[None, :]).astype(float)


def _pooled_normal(name: str, share: np.ndarray) -> pt.TensorVariable:
    """Unit normals by medium; cells of one channel have SIBLING_SHARE of the variance in common."""
    own = pm.Normal(f"{name}_z", shape=share.shape[0])
    if share.shape[1] == 0:
        return own
    common = pm.Normal(f"{name}_channel_z", shape=share.shape[1])
    alone = 1.0 - share.sum(axis=1)
    weight = np.sqrt(alone + (1.0 - alone) * (1.0 - SIBLING_SHARE))
    return weight * own + np.sqrt(SIBLING_SHARE) * pt.dot(share, common)


def _gaps(layout: Layout) -> pt.TensorVariable:
    """Structural gap of each medium that some experiment tests, else 0; shape (medium,)."""
    M, tested = layout.data.shape[2], list(layout.data.tested)
    if not tested:
        return pt.zeros(M)
    gap = layout.structural_sd[tested] * pm.Normal("gap_z", shape=len(tested))
    return pt.set_subtensor(pt.zeros(M)[tested], gap)


def _log_roi(layout: Layout, share: np.ndarray, gap: pt.TensorVariable) -> pt.TensorVariable:
    """log ROI as the panel sees it, shape (medium,)."""
    tested = np.isin(np.arange(share.shape[0]), layout.data.tested)
    tau2 = np.where(tested, 0.0, layout.structural_sd**2)
    own = pm.Normal("roi_z", shape=share.shape[0])
    alone = 1.0 - share.sum(axis=1)
    variance = tau2 + alone * layout.log_roi_sd**2
    if share.shape[1] == 0:
        return layout.log_roi_mean + np.sqrt(variance) * own + gap
    common = pm.Normal("roi_channel_z", shape=share.shape[1])
    sibling_sd = pm.HalfNormal("sibling_sd", SIBLING_SD, shape=share.shape[1])
    spread = pt.sqrt(variance + pt.dot(share, sibling_sd**2))
    return layout.log_roi_mean + spread * own + layout.log_roi_sd * pt.dot(share, common) + gap
