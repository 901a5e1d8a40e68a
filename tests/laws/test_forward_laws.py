"""Laws of carry-over, saturation and the sums over them; each against plain NumPy."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mmm.model.forward import adstock_weights, media_weights, period_sums, saturate, window_sums
from mmm.model.kernel import _adstock_weights
from mmm.model.shapes import (
    ADSTOCKS,
    DARK,
    DELAYED,
    DENSITY,
    GAMMA,
    GEOMETRIC,
    HILL,
    LOGISTIC,
    POWER,
    SATURATIONS,
    SURVIVAL,
    carry_over,
    share_slopes,
    shares,
)

THETA = st.floats(0.001, 0.999)
TIMING = st.floats(0.01, 6.0)
LAGS = st.integers(1, 40)
WEEKS = st.sampled_from([1 / 7, 1.0, 30.4375 / 7])
KIND = st.sampled_from(sorted(ADSTOCKS.values()))
CURVE = st.sampled_from(sorted(set(SATURATIONS.values())))
SERIES = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e4)), min_size=6, max_size=14)


def slope_of(curve):
    """Exponents that a curve may have."""
    return {HILL: st.floats(0.7, 4.0), LOGISTIC: st.just(1.0), POWER: st.floats(0.1, 1.0)}[curve]


CURVE_AND_SLOPE = CURVE.flatmap(lambda curve: st.tuples(st.just(curve), slope_of(curve)))


def weights_of(kind, theta, timing, lags, weeks):
    return adstock_weights(kind, np.array(theta), np.array(timing), lags, weeks)


@given(KIND, THETA, TIMING, LAGS, WEEKS)
def test_adstock_weights_are_shares_of_one(kind, theta, timing, lags, weeks):
    w = weights_of(kind, theta, timing, lags, weeks)
    assert w.shape == (lags + 1,)
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1.0, abs=1e-12)


@given(st.sampled_from([(GAMMA, 0.0), (GEOMETRIC, 3.0), (SURVIVAL, 1.0)]), THETA, LAGS, WEEKS)
def test_three_families_contain_geometric_carry_over(family, theta, lags, weeks):
    kind, timing = family
    rate = theta**weeks
    expected = np.array([rate**lag for lag in range(lags + 1)])
    w = weights_of(kind, theta, timing, lags, weeks)
    np.testing.assert_allclose(w, expected / expected.sum(), rtol=1e-9, atol=1e-300)


@given(THETA, LAGS, WEEKS)
def test_the_weibull_density_of_shape_one_is_geometric(theta, lags, weeks):
    w, geometric = (weights_of(kind, theta, 1.0, lags, weeks) for kind in (DENSITY, GEOMETRIC))
    np.testing.assert_allclose(w, geometric, rtol=1e-9, atol=1e-300)


@given(KIND, THETA, TIMING, LAGS, WEEKS)
def test_adstock_weights_rise_to_one_peak_and_fall_from_there(kind, theta, timing, lags, weeks):
    w = weights_of(kind, theta, timing, lags, weeks)
    change = np.diff(w)
    slack = 1e-12
    peak = int(np.argmax(w))
    assert (change[:peak] >= -slack).all()
    assert (change[peak:] <= slack).all()
    # where the continuous curve has its top, in periods
    rate = -np.log(theta)
    top = {
        GAMMA: timing / (rate * weeks) - 1,
        DELAYED: timing / weeks,
        DENSITY: (max(timing - 1, 0) / (timing * rate)) ** (1 / timing) / weeks - 0.5,
    }.get(kind, 0.0)
    assume(np.isfinite(top))
    assert abs(peak - min(max(top, 0), lags)) <= 1


@given(st.sampled_from([GAMMA, GEOMETRIC, SURVIVAL, DENSITY]), THETA, THETA, TIMING, LAGS)
def test_more_retention_means_a_later_effect(kind, one, other, timing, lags):
    low, high = sorted((one, other))
    weights = adstock_weights(kind, np.array([low, high]), np.full(2, timing), lags, 1.0)
    arrived = weights.cumsum(axis=1)
    assert (arrived[1] <= arrived[0] + 1e-12).all()


@given(THETA, st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_longer_delay_means_a_later_effect(theta, one, other):
    weights = adstock_weights(DELAYED, np.full(2, theta), np.array(sorted((one, other))), 13, 1.0)
    arrived = weights.cumsum(axis=1)
    assert (arrived[1] <= arrived[0] + 1e-12).all()


def test_media_have_the_weights_of_their_own_families():
    rng = np.random.default_rng(0)
    kinds = np.array(sorted(ADSTOCKS.values()))
    theta, timing = rng.uniform(0.1, 0.9, (2, 3, kinds.size))
    together = media_weights(kinds, theta, timing, 7, 1.0)
    assert together.shape == (3, kinds.size, 8)
    for m, kind in enumerate(kinds):
        alone = adstock_weights(kind, theta[:, m], timing[:, m], 7, 1.0)
        np.testing.assert_array_equal(together[:, m], alone)


@given(KIND, st.floats(-6, 6), st.floats(-4, 2), LAGS, WEEKS)
def test_the_kernel_has_the_same_weights(kind, logit_theta, log_a, lags, weeks):
    out, by_theta, by_timing = np.zeros((3, lags + 1))
    _adstock_weights(kind, logit_theta, log_a, weeks, out, by_theta, by_timing)
    expected = weights_of(kind, 1 / (1 + np.exp(-logit_theta)), np.exp(log_a), lags, weeks)
    np.testing.assert_allclose(out, expected, rtol=1e-8, atol=1e-300)
    # the weights sum to one whatever the parameters are
    assert abs(out @ by_theta) <= 1e-9 * (1 + np.abs(by_theta).max())
    assert abs(out @ by_timing) <= 1e-9 * (1 + np.abs(by_timing).max())


@given(KIND, st.integers(0, 20), WEEKS, st.floats(-3, -0.05), st.floats(0.2, 4))
def test_the_slopes_of_a_weight_are_the_limits_of_difference_quotients(kind, lag, weeks, log_theta, timing):
    _, by_theta, by_timing = carry_over(kind, lag, weeks, log_theta, timing)
    step = 1e-6
    quotients = [
        (carry_over(kind, lag, weeks, *up)[0] - carry_over(kind, lag, weeks, *down)[0]) / (2 * step)
        for up, down in (
            ((log_theta + step, timing), (log_theta - step, timing)),
            ((log_theta, timing + step), (log_theta, timing - step)),
        )
    ]
    np.testing.assert_allclose([by_theta, by_timing], quotients, rtol=1e-5, atol=1e-5)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(1e-3, 1e3), CURVE_AND_SLOPE)
def test_saturation_starts_at_zero_and_rises(one, other, half, curve_and_slope):
    curve, slope = curve_and_slope
    low, high = sorted((one, other))
    assert saturate(curve, np.zeros(1), half, slope)[0] == 0.0
    at_low, at_high = saturate(curve, np.array([low, high]), half, slope)
    assert 0 < at_low <= at_high
    assume(high > low * 1.001 and (curve == POWER or at_low < 1 - 1e-6))
    assert at_low < at_high


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3), st.sampled_from([HILL, LOGISTIC]), st.floats(0.7, 4.0))
def test_saturation_is_one_half_at_half_saturation_and_stays_below_its_ceiling(s, half, curve, slope):
    assert saturate(curve, np.array(half), half, slope) == pytest.approx(0.5, rel=1e-12)
    assert saturate(curve, np.array(s), half, slope) <= 1


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3), st.floats(0.7, 4.0))
def test_saturation_is_the_curve_of_the_textbook(s, half, slope):
    ratio, at = s / half, np.array(s)
    assert saturate(HILL, at, half, slope) == pytest.approx(1 / (1 + ratio**-slope), rel=1e-9)
    assert saturate(HILL, at, half, 1.0) == pytest.approx(s / (s + half), rel=1e-9)
    decay = np.exp(-np.log(3) * ratio)
    assert saturate(LOGISTIC, at, half, 1.0) == pytest.approx((1 - decay) / (1 + decay), rel=1e-9, abs=1e-15)
    assert saturate(POWER, at, half, 1 / slope) == pytest.approx(ratio ** (1 / slope), rel=1e-9)


@given(
    st.sampled_from([HILL, LOGISTIC, POWER]), st.floats(0.1, 1.0), st.floats(0.01, 100), st.floats(0.01, 100)
)
def test_without_an_exponent_above_one_saturation_is_concave(curve, slope, one, other):
    slope = 1.0 if curve == LOGISTIC else slope
    ends = np.array([one, other])
    middle = saturate(curve, np.array(ends.mean()), 2.0, slope)
    assert middle >= saturate(curve, ends, 2.0, slope).mean() - 1e-12


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), CURVE_AND_SLOPE, st.floats(1e-3, 1e3))
def test_saturation_has_no_unit_of_its_own(s, half, curve_and_slope, unit):
    curve, slope = curve_and_slope
    assert saturate(curve, np.array(s * unit), half * unit, slope) == pytest.approx(
        float(saturate(curve, np.array(s), half, slope)), rel=1e-9
    )


@given(CURVE, st.lists(st.floats(-60, 5), min_size=1, max_size=8))
def test_the_kernel_has_the_same_saturation_and_its_slope(curve, points):
    z = np.array([DARK, *points])
    h, slope, up, down = np.empty((4, z.size))
    shares(curve, z, h)
    share_slopes(curve, z, h, slope)
    np.testing.assert_allclose(h[1:], saturate(curve, np.exp(z[1:]), 1.0, 1.0), rtol=1e-9, atol=1e-15)
    assert (h[0], slope[0]) == (0.0, pytest.approx(0.0, abs=1e-300))
    step = 1e-5
    shares(curve, z + step, up)
    shares(curve, z - step, down)
    np.testing.assert_allclose(slope[1:], ((up - down) / (2 * step))[1:], rtol=1e-6, atol=1e-9)


class World:
    """Three media, a family each, three geos, four draws; plain loops beside it."""

    def __init__(self, seed, draws=4, geos=3, lags=5, periods=9):
        self.kinds = np.array([HILL, LOGISTIC, POWER])
        media = self.kinds.size
        rng = np.random.default_rng(seed)
        self.lags, self.periods = lags, periods
        self.x = rng.gamma(1.0, 1.0, (media, geos, lags + periods)) * (
            rng.random((media, geos, lags + periods)) > 0.3
        )
        self.weights = rng.dirichlet(np.ones(lags + 1), (draws, media))
        self.half = rng.uniform(0.2, 2, (draws, media))
        self.slope = rng.uniform((0.7, 1, 0.1), (4, 1, 1), (draws, media))
        self.effect = rng.uniform(0.5, 2, (draws, media, geos))
        self.money = rng.uniform(0.5, 2, (geos, periods))

    def arguments(self, x=None):
        x = self.x if x is None else x
        return x, self.weights, self.kinds, self.half, self.slope, self.effect, self.money

    def by_period(self, x):
        """Money by draw, medium, geo and period at a ceiling of one, one number after the other."""
        D, M = self.half.shape
        G, T = self.money.shape
        out = np.zeros((D, M, G, T))
        for d, m, g, t in np.ndindex(*out.shape):
            s = sum(self.weights[d, m, k] * x[m, g, self.lags + t - k] for k in range(self.lags + 1))
            if s > 0:
                ratio = (s / self.half[d, m]) ** self.slope[d, m]
                share = (ratio / (1 + ratio), np.tanh(np.arctanh(0.5) * ratio), ratio)[m]
                out[d, m, g, t] = self.effect[d, m, g] * self.money[g, t] * share
        return out

    def times(self, factor):
        """Exposure of the window times a factor; history as it was."""
        x = self.x.copy()
        x[:, :, self.lags :] *= factor
        return x


@pytest.fixture(scope="module", params=range(3))
def world(request):
    return World(request.param)


def test_window_sums_are_the_loss_of_zeroed_spend_and_the_gain_of_one_per_cent_more(world):
    contribution, increase = window_sums(*world.arguments(), 0.01)
    actual, zeroed, more = (world.by_period(world.times(f)) for f in (1.0, 0.0, 1.01))
    np.testing.assert_allclose(contribution, (actual - zeroed).sum(axis=3).transpose(0, 2, 1), rtol=1e-10)
    np.testing.assert_allclose(increase, (more - actual).sum(axis=(2, 3)), rtol=1e-8)


def test_period_sums_are_the_same_by_period_with_what_earlier_spend_still_brings(world):
    actual, carried = period_sums(*world.arguments())
    for found, factor in ((actual, 1.0), (carried, 0.0)):
        expected = world.by_period(world.times(factor)).sum(axis=2).transpose(0, 2, 1)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


def test_contribution_is_what_the_periods_add_up_to(world):
    contribution, _ = window_sums(*world.arguments(), 0.01)
    actual, carried = period_sums(*world.arguments())
    np.testing.assert_allclose(contribution.sum(axis=1), (actual - carried).sum(axis=1), rtol=1e-10)


def test_without_history_nothing_is_carried_in(world):
    x = world.x.copy()
    x[:, :, : world.lags] = 0.0
    _, carried = period_sums(*world.arguments(x))
    assert (carried == 0).all()


def test_marginal_return_is_the_limit_of_ever_smaller_steps(world):
    ratio = []
    for step in (0.01, 1e-5):
        _, increase = window_sums(*world.arguments(), step)
        ratio.append(increase / step)
    np.testing.assert_allclose(ratio[0], ratio[1], rtol=0.03)
    assert (ratio[0] > 0).all()


@settings(max_examples=50)
@given(SERIES, KIND, THETA, TIMING, st.floats(0.05, 20), CURVE_AND_SLOPE)
def test_more_exposure_never_brings_less(series, kind, theta, timing, half, curve_and_slope):
    lags = 3
    curve, slope = curve_and_slope
    x = np.array(series)[None, None]
    weights = weights_of(kind, theta, timing, lags, 1.0)[None, None]
    arguments = (weights, np.array([curve]), np.array([[half]]), np.array([[slope]]), np.ones((1, 1, 1)))
    money = np.ones((1, x.shape[2] - lags))
    contribution, increase = window_sums(x, *arguments, money, 0.01)
    actual, carried = period_sums(x, *arguments, money)
    assert contribution[0, 0, 0] >= -1e-12
    assert increase[0, 0] >= -1e-12
    assert (actual >= carried - 1e-12).all()
    assert curve == POWER or (actual <= 1).all()
