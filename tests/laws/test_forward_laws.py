"""Laws of carry-over, saturation and the sums over them; each against plain NumPy."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mmm.model.forward import adstock_weights, hill, period_sums, window_sums
from mmm.model.kernel import _adstock_weights

THETA = st.floats(0.001, 0.999)
EXPONENT = st.floats(0.0, 6.0)
LAGS = st.integers(1, 40)
WEEKS = st.sampled_from([1 / 7, 1.0, 30.4375 / 7])
SERIES = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e4)), min_size=6, max_size=14)


@given(THETA, EXPONENT, LAGS, WEEKS)
def test_adstock_weights_are_shares_of_one(theta, exponent, lags, weeks):
    w = adstock_weights(np.array(theta), np.array(exponent), lags, weeks)
    assert w.shape == (lags + 1,)
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1.0, abs=1e-12)


@given(THETA, LAGS, WEEKS)
def test_without_exponent_carry_over_is_geometric(theta, lags, weeks):
    w = adstock_weights(np.array(theta), np.array(0.0), lags, weeks)
    rate = theta**weeks
    expected = np.array([rate**lag for lag in range(lags + 1)])
    np.testing.assert_allclose(w, expected / expected.sum(), rtol=1e-9, atol=1e-300)


@given(THETA, EXPONENT, LAGS, WEEKS)
def test_adstock_weights_rise_to_one_peak_and_fall_from_there(theta, exponent, lags, weeks):
    w = adstock_weights(np.array(theta), np.array(exponent), lags, weeks)
    change = np.diff(w)
    slack = 1e-12
    peak = int(np.argmax(w))
    assert (change[:peak] >= -slack).all()
    assert (change[peak:] <= slack).all()
    # the continuous curve (l + 1)^a theta^(l weeks) has its top at l = a / -log(theta weeks) - 1
    top = exponent / (-np.log(theta) * weeks) - 1
    assert abs(peak - min(max(top, 0), lags)) <= 1


@given(THETA, THETA, EXPONENT, LAGS)
def test_more_retention_means_a_later_effect(one, other, exponent, lags):
    low, high = sorted((one, other))
    weights = adstock_weights(np.array([low, high]), np.full(2, exponent), lags, 1.0)
    arrived = weights.cumsum(axis=1)
    assert (arrived[1] <= arrived[0] + 1e-12).all()


@given(st.floats(-6, 6), st.floats(-4, 2), LAGS, WEEKS, st.booleans())
def test_the_kernel_has_the_same_weights_and_their_slope(logit_theta, log_a, lags, weeks, gamma):
    out = np.zeros(lags + 1)
    log_lag = np.log(np.arange(1.0, lags + 2))
    slope = _adstock_weights(gamma, logit_theta, log_a, weeks, out, log_lag)
    theta = 1 / (1 + np.exp(-logit_theta))
    exponent = np.array(np.exp(log_a) if gamma else 0.0)
    np.testing.assert_allclose(
        out, adstock_weights(np.array(theta), exponent, lags, weeks), rtol=1e-9, atol=1e-300
    )
    assert slope == pytest.approx((1 - theta) * weeks, rel=1e-9)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(1e-3, 1e3), st.floats(0.7, 4.0))
def test_saturation_starts_at_zero_rises_and_stays_below_its_ceiling(one, other, half, slope):
    low, high = sorted((one, other))
    assert hill(np.zeros(1), half, slope)[0] == 0.0
    at_low, at_high = hill(np.array([low, high]), half, slope)
    assert 0 < at_low <= at_high <= 1
    assert hill(np.array(half), half, slope) == pytest.approx(0.5, rel=1e-12)
    assume(high > low * 1.001 and at_low < 1 - 1e-6)
    assert at_low < at_high


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3), st.floats(0.7, 4.0))
def test_saturation_is_the_hill_curve(s, half, slope):
    ratio = s / half
    assert hill(np.array(s), half, slope) == pytest.approx(1 / (1 + ratio**-slope), rel=1e-9)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(0.7, 4.0), st.floats(1e-3, 1e3))
def test_saturation_has_no_unit_of_its_own(s, half, slope, unit):
    assert hill(np.array(s * unit), half * unit, slope) == pytest.approx(
        float(hill(np.array(s), half, slope)), rel=1e-9
    )


class World:
    """Two media, three geos, four draws; plain loops beside it."""

    def __init__(self, seed, draws=4, media=2, geos=3, lags=5, periods=9):
        rng = np.random.default_rng(seed)
        self.lags, self.periods = lags, periods
        self.x = rng.gamma(1.0, 1.0, (media, geos, lags + periods)) * (
            rng.random((media, geos, lags + periods)) > 0.3
        )
        self.weights = rng.dirichlet(np.ones(lags + 1), (draws, media))
        self.half = rng.uniform(0.2, 2, (draws, media))
        self.slope = rng.uniform(0.7, 4, (draws, media))
        self.effect = rng.uniform(0.5, 2, (draws, media, geos))
        self.money = rng.uniform(0.5, 2, (geos, periods))

    def arguments(self, x=None):
        x = self.x if x is None else x
        return x, self.weights, self.half, self.slope, self.effect, self.money

    def by_period(self, x):
        """Money by draw, medium, geo and period at a ceiling of one, one number after the other."""
        D, M = self.half.shape
        G, T = self.money.shape
        out = np.zeros((D, M, G, T))
        for d, m, g, t in np.ndindex(*out.shape):
            s = sum(self.weights[d, m, k] * x[m, g, self.lags + t - k] for k in range(self.lags + 1))
            if s > 0:
                share = s ** self.slope[d, m] / (s ** self.slope[d, m] + self.half[d, m] ** self.slope[d, m])
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
@given(SERIES, THETA, EXPONENT, st.floats(0.05, 20), st.floats(0.7, 4.0))
def test_more_exposure_never_brings_less(series, theta, exponent, half, slope):
    lags = 3
    x = np.array(series)[None, None]
    weights = adstock_weights(np.array([[theta]]), np.array([[exponent]]), lags, 1.0)
    arguments = (weights, np.array([[half]]), np.array([[slope]]), np.ones((1, 1, 1)))
    money = np.ones((1, x.shape[2] - lags))
    contribution, increase = window_sums(x, *arguments, money, 0.01)
    actual, carried = period_sums(x, *arguments, money)
    assert contribution[0, 0, 0] >= -1e-12
    assert increase[0, 0] >= -1e-12
    assert (actual >= carried - 1e-12).all()
    assert (actual <= 1).all()
