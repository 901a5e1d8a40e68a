"""The PyMC model against the same model written out: by hand in SciPy, and in plain PyTensor with b as a variable."""

from typing import NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from scipy.stats import gamma, halfnorm, norm, truncnorm

from mmm.dims import Cell
from mmm.model.graph import build_model
from mmm.model.layout import lay_out
from mmm.model.priors import (
    ATANH_RHO,
    GEO_SD,
    LOG_A,
    LOG_KAPPA,
    LOG_SIGMA,
    LOG_SLOPE,
    LOG_SQRT_LAMBDA,
    LOGIT_THETA,
    SIBLING_SD,
    SIBLING_SHARE,
    SLOPE_BOUNDS,
)
from mmm.model.settings import ModelSettings
from mmm.model.shapes import GAMMA

POINTS = 5
INTERPRETED = Mode(linker="py", optimizer="fast_compile")
"""Compiling the explicit model takes minutes and a hundred evaluations take a second."""


class Evaluated(NamedTuple):
    """Points of our model: values of its variables, their log density, the kernel's parameters."""

    variables: list[dict]
    log_density: np.ndarray
    phi: np.ndarray


def evaluate(layout, seed):
    """Our model at random points; the log density is that of the variables themselves, without Jacobians."""
    model = build_model(layout)
    free = model.free_RVs
    natural = model.replace_rvs_by_values([*free, model["phi"]])
    function = model.compile_fn([model.logp(jacobian=False), *natural], inputs=model.value_vars)
    start = model.initial_point()
    rng = np.random.default_rng(seed)
    variables, log_density, phi = [], [], []
    for _ in range(POINTS):
        point = {name: value + 0.5 * rng.normal(size=np.shape(value)) for name, value in start.items()}
        found = function(point)
        log_density.append(float(found[0]))
        variables.append({var.name: value for var, value in zip(free, found[1:-1], strict=True)})
        phi.append(found[-1])
    return Evaluated(variables, np.array(log_density), np.array(phi))


def log_prior(v, layout):
    """Every variable by its textbook density."""
    cut = (layout.log_kappa_max - LOG_KAPPA[0]) / LOG_KAPPA[1]
    low, high = (np.log(SLOPE_BOUNDS) - LOG_SLOPE[0]) / LOG_SLOPE[1]
    bounded = {
        "kappa_z": truncnorm(-np.inf, cut),
        "slope_z": truncnorm(low, high),
        "geo_sd": halfnorm(scale=GEO_SD),
        "sibling_sd": halfnorm(scale=SIBLING_SD),
        "weight": gamma(2.0, scale=0.5),
    }
    return sum(bounded.get(name, norm).logpdf(value).sum() for name, value in v.items())


def natural_parameters(v, layout):
    """phi, written out for one medium after the other."""
    G, _, M, _, _ = layout.data.shape
    rows = {name: [] for name in ("roi", "theta", "a", "kappa", "slope", "dev")}
    for m in range(M):
        k = layout.siblings[m]
        tau2 = layout.structural_sd[m] ** 2
        if k >= 0:
            own, common = np.sqrt(1 - SIBLING_SHARE), np.sqrt(SIBLING_SHARE)
            theta = own * v["theta_z"][m] + common * v["theta_channel_z"][k]
            a = own * v["a_z"][m] + common * v["a_channel_z"][k]
            roi = np.sqrt(v["sibling_sd"][k] ** 2 + tau2) * v["roi_z"][m]
            roi += layout.log_roi_sd[m] * v["roi_channel_z"][k]
        else:
            theta, a = v["theta_z"][m], v["a_z"][m]
            roi = np.sqrt(layout.log_roi_sd[m] ** 2 + tau2) * v["roi_z"][m]
        rows["roi"].append(layout.log_roi_mean[m] + roi)
        rows["theta"].append(LOGIT_THETA[0] + LOGIT_THETA[1] * theta)
        rows["a"].append(LOG_A[0] + LOG_A[1] * a)
        rows["kappa"].append(LOG_KAPPA[0] + LOG_KAPPA[1] * v["kappa_z"][m])
        rows["slope"].append(LOG_SLOPE[0] + LOG_SLOPE[1] * v["slope_z"][m])
        rows["dev"] += list(v["geo_sd"][m] * v["dev_z"][m]) if G > 1 else [0.0]
    centres = {"trend": 0.35, "seasonality": 0.4, "holidays": 0.4, "precision": 0.3, "geo": 0.3}
    widths = {"trend": 0.9}
    scales = [
        np.log(centres[name]) + widths.get(name, 0.7) * z
        for name, z in zip(layout.baseline.scales, v["scale_z"], strict=True)
    ]
    return np.concatenate(
        [
            *rows.values(),
            [LOG_SIGMA[0] + LOG_SIGMA[1] * v["sigma_z"]],
            [np.tanh(ATANH_RHO[0] + ATANH_RHO[1] * v["rho_z"])],
            [LOG_SQRT_LAMBDA[0] + LOG_SQRT_LAMBDA[1] * v["lambda_z"] if G > 1 else 0.0],
            scales,
            np.log(v.get("weight", [])),
        ]
    )


def log_evidence(r, Z, U, prior):
    """log of the integral over b, flat columns by Lebesgue measure over root 2 pi; U by its Cholesky factor."""
    P = np.linalg.inv(U)
    A = Z.T @ P @ Z + np.diag(prior)
    b = np.linalg.solve(A, Z.T @ P @ r)
    logs = len(r) * np.log(2 * np.pi) + np.linalg.slogdet(U)[1] + np.linalg.slogdet(A)[1]
    return -0.5 * (logs - np.log(prior[prior > 0]).sum() + (r - Z @ b) @ P @ (r - Z @ b) + b @ (prior * b))


@pytest.mark.parametrize("likelihood", ["normal", "student_t"])
@pytest.mark.parametrize("geos", [("",), ("north", "south", "west")], ids=["national", "geos"])
def test_the_model_is_its_priors_plus_the_dense_marginal_density(geos, likelihood, make_panel, dense):
    panel = make_panel(3, periods=60, geos=geos, excluded=(30, 31))
    families = {"default": "gamma", "tv": "geometric"}
    layout = lay_out(panel, ModelSettings(max_lag=6, adstock=families, likelihood=likelihood))
    ours = evaluate(layout, seed=1)
    for v, value, phi in zip(ours.variables, ours.log_density, ours.phi, strict=True):
        np.testing.assert_allclose(phi, natural_parameters(v, layout), rtol=1e-10, atol=1e-12)
        r, Z, U, prior = dense(phi, layout.data)
        expected = log_prior(v, layout) + log_evidence(r, Z, U, prior)
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-7)


def explicit_model(layout):
    """A national model with b as a free variable: transforms by sums over lags, AR(1) by its recursion."""
    d = layout.data
    _, T, M, L, _ = d.shape
    assert d.y.shape[1] == 1
    assert d.live.all()
    assert layout.siblings.max() == -1
    with pm.Model() as model:
        sd = np.sqrt(layout.log_roi_sd**2 + layout.structural_sd**2)
        log_roi = pm.Normal("log_roi", layout.log_roi_mean, sd, shape=M)
        logit_theta = pm.Normal("logit_theta", *LOGIT_THETA, shape=M)
        log_a = pm.Normal("log_a", *LOG_A, shape=M)
        log_kappa = pm.TruncatedNormal(
            "log_kappa", *LOG_KAPPA, upper=layout.log_kappa_max, shape=M, default_transform=None
        )
        low, high = np.log(SLOPE_BOUNDS)
        log_n = pm.TruncatedNormal(
            "log_n", *LOG_SLOPE, lower=low, upper=high, shape=M, default_transform=None
        )
        log_sigma = pm.Normal("log_sigma", *LOG_SIGMA)
        atanh_rho = pm.Normal("atanh_rho", *ATANH_RHO)
        rho = pt.tanh(atanh_rho)
        scale_prior = np.array([(np.log(0.35), 0.9), (np.log(0.4), 0.7), (np.log(0.4), 0.7)])
        log_scale = pm.Normal("log_scale", scale_prior[:, 0], scale_prior[:, 1])
        n_flat = int((d.precision == 0).sum())
        factor = pt.concatenate([pt.exp(log_scale), pt.ones(1)])[np.where(d.group < 0, -1, d.group)]
        level = pm.Flat("level", shape=n_flat)
        rest = pm.Normal("rest", 0.0, (factor * np.where(d.precision > 0, d.precision, 1) ** -0.5)[n_flat:])
        mu = pt.dot(d.Z[:, 0], pt.concatenate([level, rest]))
        for m in range(M):
            theta = pt.sigmoid(logit_theta[m])
            exponent = pt.exp(log_a[m]) if d.adstock[m] == GAMMA else 0.0
            lag = np.arange(L + 1.0)
            weight = (lag + 1) ** exponent * theta ** (lag * d.weeks_per_period)
            weight = weight / weight.sum()
            half = pt.exp(log_kappa[m]) * pt.dot(weight, d.mean_lagged[m])
            before = np.where(np.arange(L + T) < L, d.x[:, 0, m], 0.0)
            curves = []
            for series in (d.x[:, 0, m], before):
                s = sum(weight[k] * series[L - k : L - k + T] for k in range(L + 1))
                some = pt.switch(pt.gt(s, 0), s, 1.0)
                curves.append(pt.switch(pt.gt(s, 0), 1 / (1 + (half / some) ** pt.exp(log_n[m])), 0.0))
            at_one = pt.sum((curves[0] - curves[1]) * d.demand[:, 0] * d.money[:, 0])
            mu = mu + pt.exp(log_roi[m]) * d.spend[m] / at_one * curves[0] * d.demand[:, 0]
        sigma = pt.exp(log_sigma)
        u = d.y[:, 0] - mu
        pm.Potential("first", pm.logp(pm.Normal.dist(0, sigma), u[0]))
        fresh = sigma * pt.sqrt(1 - rho**2)
        pm.Potential("then", pm.logp(pm.Normal.dist(rho * u[:-1], fresh), u[1:]).sum())
    return model


@pytest.fixture(scope="module")
def plain_layout(make_panel):
    panel = make_panel(4, periods=60, cells=(Cell("tv"), Cell("search")), organic=False)
    layout = lay_out(panel, ModelSettings(max_lag=4))
    assert layout.baseline.scales == ("trend", "seasonality", "holidays")
    return layout


def explicit_point(phi, layout, b):
    """Values of the explicit model's variables."""
    M = layout.data.shape[2]
    names = ("log_roi", "logit_theta", "log_a", "log_kappa", "log_n")
    point = {name: phi[i * M : (i + 1) * M] for i, name in enumerate(names)}
    n_flat = int((layout.data.precision == 0).sum())
    at = 6 * M
    return point | {
        "log_sigma": phi[at],
        "atanh_rho": np.arctanh(phi[at + 1]),
        "log_scale": phi[at + 3 :],
        "level": b[:n_flat],
        "rest": b[n_flat:],
    }


def test_with_the_linear_part_integrated_out_the_explicit_model_has_our_density(plain_layout):
    # the explicit density is Gaussian in b: one Newton step finds its top, and the curvature there its integral
    model = explicit_model(plain_layout)
    values = {variable.name: variable for variable in model.value_vars}
    b = [values["level"], values["rest"]]
    log_density = model.logp(jacobian=False)
    slope_in_b = pt.concatenate([pt.grad(log_density, part) for part in b])
    function = model.compile_fn([log_density, slope_in_b], inputs=model.value_vars, mode=INTERPRETED)
    p = plain_layout.data.shape[4]
    ours = evaluate(plain_layout, seed=2)
    gaps = []
    for phi, value in zip(ours.phi, ours.log_density, strict=True):
        at = [function(explicit_point(phi, plain_layout, b)) for b in (np.zeros(p), *np.eye(p))]
        height, slope = at[0]
        bend = np.stack(
            [moved - slope for _, moved in at[1:]]
        )  # the slope is linear in b: no limit is needed
        top, flat_there = function(explicit_point(phi, plain_layout, np.linalg.solve(bend, -slope)))
        assert np.abs(flat_there).max() < 1e-6
        assert top > height
        gaps.append(value - (top + 0.5 * p * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(-bend)[1]))
    # what is left is the Jacobian of the unit normals and the unit of the flat column: the same at every point
    assert np.ptp(ours.log_density) > 10
    assert np.ptp(gaps) == pytest.approx(0, abs=1e-7)
