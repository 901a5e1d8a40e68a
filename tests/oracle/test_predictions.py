"""Predictions given a draw equal those of one dense normal over all periods and geos."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from mmm.data.origin import Later
from mmm.inference import predict
from mmm.inference.predict import ahead, mixture_interval, one_step
from mmm.model.baseline import design
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings

AHEAD = 5
RHO = (0.6, 0.85)
COMING_SPREAD = np.array([[1.0, 0.6, 2.5, 1.1, 0.8], [0.5, 1.0, 1.3, 0.9, 4.0]])
"""Spread of the periods ahead where the noise is Student t, by draw."""


class World(NamedTuple):
    panel: Any
    layout: Any
    posterior: Any
    known: Later
    history: np.ndarray
    """Linear part and media of the modelled periods, shape (draw, period, geo)."""
    coming: np.ndarray
    """The same of the periods ahead."""
    spread: np.ndarray
    """sd of the noise relative to sigma, modelled periods and then those ahead, shape (draw, period)."""


@pytest.fixture(scope="module", params=["national", "regions", "national, Student t", "regions, Student t"])
def world(request, make_panel, make_future, posterior_at):
    geos = ("",) if request.param.startswith("national") else ("north", "south", "west")
    student = request.param.endswith("Student t")
    panel = make_panel(3, periods=50, geos=geos, excluded=(20, 21))
    layout = lay_out(panel, ModelSettings(max_lag=4, likelihood="student_t" if student else "normal"))
    rng = np.random.default_rng(4)
    G, _, M, _, p = layout.data.shape
    phi = rng.normal(0.0, 0.3, (2, layout.data.n_phi))
    at = 5 * M + M * G
    phi[:, at] = np.log([0.5, 0.8])
    phi[:, at + 1] = RHO
    phi[:, at + 2] = np.log([0.7, 1.4]) if G > 1 else 0.0
    b = rng.normal(0.0, 0.3, (2, p))
    posterior = posterior_at(layout, phi, b)
    future = make_future(panel, AHEAD)
    exposure = rng.gamma(2.0, 20.0, (AHEAD, G, len(panel.cells)))
    known = Later(future, exposure)
    Z = design(
        layout.baseline,
        future.dates,
        controls=future.controls,
        events=future.events,
        holidays=future.holidays,
        inverse_variance=layout.data.inverse_variance,
    )
    new = np.concatenate([exposure, future.organic], axis=2) / layout.exposure_scale
    x = np.concatenate([layout.data.x, new])
    media = by_hand(posterior, layout, x)
    T = layout.data.y.shape[0]
    linear = np.einsum("tgp,dp->dtg", np.concatenate([layout.data.Z, Z]), b)
    spread = np.ones((2, T + AHEAD))
    if student:
        log_weight = phi[:, at + 3 + layout.data.n_groups :]
        spread = np.concatenate([np.exp(-0.5 * log_weight), COMING_SPREAD], axis=1)
    with pytest.MonkeyPatch.context() as patch:
        if student:
            patch.setattr(predict, "spread_of_new", lambda layout, shape, rng: COMING_SPREAD[-shape[0] :])
        yield World(panel, layout, posterior, known, (linear + media)[:, :T], (linear + media)[:, T:], spread)


def by_hand(posterior, layout, x):
    """Media in model units, one period after the other, shape (draw, period, geo)."""
    L = layout.lags
    weights, beta = posterior.weights(layout), posterior.beta(layout, causal=False)
    half, slope, effect = posterior.flat("half"), posterior.flat("slope"), posterior.effect()
    total = np.zeros((2, len(x) - L, x.shape[1]))
    for d, t, g, m in np.ndindex(*total.shape, x.shape[2]):
        s = sum(weights[d, m, lag] * x[L + t - lag, g, m] for lag in range(L + 1))
        if s > 0:
            total[d, t, g] += (
                beta[d, m]
                * effect[d, m, g]
                * s ** slope[d, m]
                / (s ** slope[d, m] + half[d, m] ** slope[d, m])
            )
    return total


def covariance(world, d, periods, segment):
    """Of u over (period, geo), periods in different segments independent; shape (period geo, period geo)."""
    data = world.layout.data
    G = data.y.shape[1]
    time = np.array(periods)
    together = np.array(segment)[:, None] == np.array(segment)
    over_time = np.where(together, RHO[d] ** np.abs(time[:, None] - time), 0.0)
    over_time *= world.spread[d, time][:, None] * world.spread[d, time]
    shared = world.posterior.flat("week_shock")[d] ** 2 if G > 1 else 0.0
    over_geos = world.posterior.flat("sigma")[d] ** 2 * (np.diag(1.0 / data.inverse_variance) + shared)
    return np.kron(over_time, over_geos)


def conditional(V, known, values, wanted):
    """Mean and covariance of some given others of a normal with mean zero."""
    pull = V[np.ix_(wanted, known)] @ np.linalg.inv(V[np.ix_(known, known)])
    return pull @ values, V[np.ix_(wanted, wanted)] - pull @ V[np.ix_(known, wanted)]


def test_periods_ahead_are_predicted_as_by_the_dense_normal_over_everything(world):
    found = ahead(world.posterior, world.layout, world.panel, world.known, np.arange(2))
    data, heads = world.layout.data, world.layout.size * world.layout.outcome_scale
    T, G = data.y.shape
    rows = np.flatnonzero(data.live)
    segment = np.cumsum(np.diff(rows, prepend=rows[0]) > 1)
    for d in range(2):
        V = covariance(world, d, [*rows, *range(T, T + AHEAD)], [*segment, *np.full(AHEAD, segment[-1])])
        u = (data.y - world.history[d])[rows].ravel()
        past, coming = np.arange(len(rows) * G), np.arange(len(rows) * G, (len(rows) + AHEAD) * G)
        mean, spread = conditional(V, past, u, coming)
        to_total = np.kron(np.eye(AHEAD), heads[:, None])
        expected = (world.coming[d].ravel() + mean) @ to_total
        np.testing.assert_allclose(found.mean[d], expected, rtol=1e-9)
        np.testing.assert_allclose(found.covariance[d], to_total.T @ spread @ to_total, rtol=1e-8)


def test_the_sum_over_the_horizon_has_the_variance_of_the_dense_normal(world):
    found = ahead(world.posterior, world.layout, world.panel, world.known, np.arange(2))
    weights = np.array([[1.0, 1, 0, 1, 1], [0, 0, 1, 0, 0]]).T
    mean, sd = found.of(weights)
    for d in range(2):
        np.testing.assert_allclose(mean[d], weights.T @ found.mean[d], rtol=1e-12)
        np.testing.assert_allclose(sd[d] ** 2, np.diag(weights.T @ found.covariance[d] @ weights), rtol=1e-10)


def test_one_step_errors_are_those_of_the_dense_normal_given_all_that_was_before(world):
    error, sd = one_step(world.posterior, world.layout, np.arange(2))
    data, heads = world.layout.data, world.layout.size * world.layout.outcome_scale
    G = data.y.shape[1]
    rows = np.flatnonzero(data.live)
    segment = np.cumsum(np.diff(rows, prepend=rows[0]) > 1)
    assert segment[-1] == 1
    assert np.isnan(error[:, ~data.live]).all()
    for d in range(2):
        V = covariance(world, d, rows, segment)
        u = (data.y - world.history[d])[rows]
        for k in range(1, len(rows), 5):
            past, here = np.arange(k * G), np.arange(k * G, (k + 1) * G)
            mean, spread = conditional(V, past, u[:k].ravel(), here)
            np.testing.assert_allclose(error[d, rows[k]], (u[k] - mean) @ heads, rtol=1e-7, atol=1e-9)
            np.testing.assert_allclose(sd[d, rows[k]], np.sqrt(heads @ spread @ heads), rtol=1e-8)


def test_the_range_of_a_mixture_holds_nine_tenths_of_it():
    rng = np.random.default_rng(1)
    mean, sd = rng.normal(0.0, 3.0, (40, 2)), rng.uniform(0.1, 2.0, (40, 2))
    middle, lo, hi = mixture_interval(mean, sd)
    np.testing.assert_allclose(middle, mean.mean(axis=0))
    for k in range(2):
        for share, found in ((0.05, lo[k]), (0.95, hi[k])):
            root = brentq(
                lambda q, k=k, share=share: norm.cdf(q, mean[:, k], sd[:, k]).mean() - share, -50, 50
            )
            assert found == pytest.approx(root, abs=1e-8)


def test_the_range_of_one_normal_is_that_of_a_textbook():
    _, lo, hi = mixture_interval(np.array([[10.0]]), np.array([[2.0]]))
    assert (lo[0], hi[0]) == pytest.approx((10.0 - 1.6448536 * 2.0, 10.0 + 1.6448536 * 2.0), abs=1e-6)


def test_forecasts_from_the_true_parameters_hold_what_comes_nine_times_in_ten(world):
    rng = np.random.default_rng(8)
    data, heads = world.layout.data, world.layout.size * world.layout.outcome_scale
    T, G = data.y.shape
    first, again = 1, 400
    root = np.linalg.cholesky(covariance(world, first, range(T + AHEAD), np.zeros(T + AHEAD)))
    sums = np.concatenate([np.eye(AHEAD), np.ones((AHEAD, 1))], axis=1)
    inside = np.zeros((again, AHEAD + 1))
    for k in range(again):
        u = (root @ rng.normal(size=(T + AHEAD) * G)).reshape(T + AHEAD, G)
        layout = replace(world.layout, data=replace(data, y=world.history[first] + u[:T]))
        told = ahead(world.posterior, layout, world.panel, world.known, np.array([first]))
        _, lo, hi = mixture_interval(*told.of(sums))
        happened = ((world.coming[first] + u[T:]) @ heads) @ sums
        inside[k] = (happened >= lo) & (happened <= hi)
    assert np.abs(inside.mean(axis=0) - 0.9).max() < 4.0 * np.sqrt(0.09 / again)
