"""The columns of the linear part: each is what its name says, in history and beyond."""

import numpy as np
import pytest

from mmm.model.baseline import COSINES, TREND_LENGTH_WEEKS, _matern_weights, design, fourier_order, specify
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings

T = 104
MONDAY = np.datetime64("2024-01-01")


def specified(*, geos=("",), grain="week", periods=T, controls=None, roles=(), step=7):
    dates = MONDAY + step * np.arange(periods)
    controls = np.zeros((periods, len(geos), 0)) if controls is None else controls
    names = tuple(f"c{i}" for i in range(controls.shape[2]))
    holidays = np.zeros((periods, 2))
    holidays[10, 0] = 1.0
    events = np.zeros((periods, 2))
    events[20:23, 1] = [0.5, 1.0, 0.5]
    spec = specify(
        grain=grain,
        geos=geos,
        dates=dates,
        live=np.ones(periods, dtype=bool),
        controls=controls,
        control_names=names,
        control_roles=roles or ("confounder",) * len(names),
        event_names=("sale", "fair"),
        events=events,
        holiday_names=("Feast", "Fast"),
        holidays=holidays,
        seasonality="auto",
    )
    kept = [names.index(name) for name in spec.control_names]
    Z = design(
        spec,
        dates,
        controls=controls[:, :, kept],
        events=events[:, 1:],
        holidays=holidays[:, :1],
        inverse_variance=np.linspace(0.5, 2, len(geos)) if len(geos) > 1 else np.ones(1),
    )
    return spec, Z


def columns_of(spec, Z, component, scale=None):
    chosen = [
        i
        for i, c in enumerate(spec.columns)
        if c.component == component and (scale is None or c.scale == scale)
    ]
    return Z[:, :, chosen]


@pytest.mark.parametrize(("years", "order"), [(0.5, 1), (1.0, 2), (1.39, 2), (1.8, 3), (1.95, 5), (3.0, 5)])
def test_a_longer_history_carries_more_harmonics(years, order):
    assert fourier_order(years * 365.25, "auto") == order
    assert fourier_order(years * 365.25, 4) == 4


def test_seasonality_repeats_every_year_and_its_waves_are_orthogonal():
    spec, Z = specified(periods=700, grain="day", step=1)
    waves = columns_of(spec, Z, "seasonality")[:, 0, : 2 * spec.order]
    year = waves[:365]
    gram = year.T @ year / 365
    np.testing.assert_allclose(gram, 0.5 * np.eye(2 * spec.order), atol=0.01)
    np.testing.assert_allclose(waves[365:700], waves[:335], atol=0.1 * spec.order / 5)


def test_days_of_the_week_differ_and_sum_to_nothing_over_a_week():
    spec, Z = specified(periods=140, grain="day", step=1)
    days = columns_of(spec, Z, "seasonality")[:, 0, 2 * spec.order :]
    assert days.shape[1] == 6
    np.testing.assert_allclose(days[:7].sum(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(days[7:], days[:-7], atol=1e-12)
    assert np.linalg.matrix_rank(days[:7]) == 6
    assert days[0].argmax() == 0  # the first day of this series is a Monday


def test_the_trend_s_cosines_make_a_matern_process_of_unit_variance():
    # covariance of sum_k b_k cos(k pi s / D), b_k ~ N(0, w_k^2), averaged over s: sum w_k^2 cos(omega_k lag) / 2
    weeks = 150.0
    omega = np.arange(1, COSINES + 1) * np.pi / weeks
    weights = np.array(_matern_weights(weeks))
    assert (weights**2).sum() / 2 == pytest.approx(1.0)
    # ratio of two sds is the root of the ratio of Matern-3/2 spectral densities (3 / l^2 + w^2)^-2
    decay = 3 / TREND_LENGTH_WEEKS**2
    np.testing.assert_allclose(weights / weights[0], (decay + omega[0] ** 2) / (decay + omega**2), rtol=1e-12)
    lag = np.arange(0, 40.0)
    covariance = (weights**2 / 2 * np.cos(omega * lag[:, None])).sum(axis=1)
    matern = (1 + np.sqrt(decay) * lag) * np.exp(-np.sqrt(decay) * lag)
    assert np.abs(covariance - matern).max() < 0.15


def test_the_same_spec_goes_on_beyond_the_history():
    spec, Z = specified()
    later = MONDAY + 7 * np.arange(T - 4, T + 4)
    more = design(
        spec,
        later,
        controls=np.zeros((8, 1, 0)),
        events=np.zeros((8, 1)),
        holidays=np.zeros((8, 1)),
        inverse_variance=np.ones(1),
    )
    np.testing.assert_allclose(more[:4], Z[-4:], atol=1e-12)
    line = more[:, 0, 1]
    np.testing.assert_allclose(np.diff(line), 7 / spec.span_days, rtol=1e-9)
    assert Z[:, 0, 1].mean() == pytest.approx(0.0, abs=1e-9)
    assert np.ptp(Z[:, 0, 1]) == pytest.approx(1 - 1 / T)


def test_columns_that_never_move_are_left_out():
    controls = np.stack([np.full((T, 1), 3.0), np.arange(float(T))[:, None]], axis=2)
    spec, Z = specified(controls=controls, roles=("confounder", "precision"))
    assert spec.control_names == ("c1",)
    assert spec.event_names == ("fair",)
    assert spec.holiday_names == ("Feast",)
    control = columns_of(spec, Z, "control:c1")[:, 0, 0]
    assert (control.mean(), control.std()) == pytest.approx((0.0, 1.0))
    assert [c.scale for c in spec.columns if c.component == "control:c1"] == ["precision"]


def test_a_confounder_is_never_shrunk():
    controls = np.random.default_rng(1).normal(size=(T, 1, 1))
    spec, _ = specified(controls=controls)
    assert [(c.sd, c.scale) for c in spec.columns if c.component == "control:c0"] == [(1.0, "")]


def test_what_geos_have_for_themselves_can_be_any_level_and_line_of_each():
    geos = ("a", "b", "c", "d")
    spec, Z = specified(geos=geos)
    level = columns_of(spec, Z, "baseline")
    flat = level.transpose(1, 0, 2).reshape(len(geos) * T, -1)
    wanted = np.kron(np.eye(len(geos)), np.ones((T, 1)))
    fit = flat @ np.linalg.lstsq(flat, wanted, rcond=None)[0]
    np.testing.assert_allclose(fit, wanted, atol=1e-9)
    assert level.shape[2] == len(geos)
    assert all(np.isinf(c.sd) for c in spec.columns if c.component == "baseline")


def test_deviations_of_geos_are_exchangeable_in_units_of_their_noise(make_panel):
    layout = lay_out(make_panel(2, geos=("n", "s", "w"), periods=60), ModelSettings(max_lag=4))
    d = layout.data
    lines = [i for i, c in enumerate(layout.baseline.columns) if c.component == "trend" and c.scale == "geo"]
    iv = d.inverse_variance
    t = int(np.argmax(np.abs(d.own[:, 1])))
    scaled = np.sqrt(iv)[:, None] * d.Z[t][:, lines] / d.own[t, 1]
    # independent unit normals give every direction but the common one the same variance
    common = np.sqrt(iv) / np.linalg.norm(np.sqrt(iv))
    np.testing.assert_allclose(scaled @ scaled.T, np.eye(3) - np.outer(common, common), atol=1e-10)
