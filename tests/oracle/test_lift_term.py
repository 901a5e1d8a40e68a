"""The experiments' term of the kernel against sums by hand: density, gradient, and what it does to a return."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kstest
from scipy.stats import t as student_t

from mmm.inference.posterior import split_phi
from mmm.inference.sbc import draw_results
from mmm.model.calibration import Lift, Part, lift_draws
from mmm.model.kernel import marginal
from mmm.model.pack import pack
from mmm.model.shapes import DELAYED, DENSITY, GAMMA, LOGISTIC, MARGINAL, POWER, SIGNED

CASES: dict[str, dict] = {
    "national": {"seed": 1, "media": 2},
    "three geos": {"seed": 6, "geos": 3, "columns": 4, "media": 3},
    "days, more lags than periods of the test": {
        "seed": 5, "periods": 20, "lags": 12, "columns": 2, "n_dense": 1, "weeks_per_period": 1 / 7
    },
    "a marginal and a signed return": {
        "seed": 4, "geos": 2, "columns": 4, "media": 2, "measure": (MARGINAL, SIGNED)
    },
}  # fmt: skip
EMPTY = np.zeros(0)


def with_tests(data):
    """Two tests: one of the first medium, one of it and the last; in the first region, and in all."""
    G, _, M, L, _ = data.shape
    rng = np.random.default_rng(3)

    def part(m, g, start, n):
        bau = data.x[start : start + n + L, g, m].copy()
        bau[L : L + n - 2] = rng.gamma(1.0, 1.0, n - 2)
        return Part(m, g, float(rng.uniform(0.5, 2.0)), bau)

    first = Lift(3, 6, 0.4, 0.3, 5.0, (part(0, 0, 3, 6),))
    second = Lift(10, 5, -0.7, 0.2, 12.0, tuple(part(m, g, 10, 5) for m in {0, M - 1} for g in range(G)))
    return replace(data, lifts=(first, second))


@pytest.fixture(params=CASES, ids=list(CASES))
def data(request, random_data):
    return with_tests(random_data(**CASES[request.param]))


def a_point(data, seed=0, spread=0.4):
    G, _, M, _, _ = data.shape
    rng = np.random.default_rng(seed)
    phi = spread * rng.normal(size=data.n_phi)
    phi[5 * M + M * G + 1] = rng.uniform(-0.5, 0.9)
    return phi


def adstocked(series, weights, periods):
    lags = len(weights) - 1
    return np.array([sum(weights[k] * series[lags + t - k] for k in range(lags + 1)) for t in range(periods)])


def lifts_by_hand(phi, d):
    """What the model says each test brought, one period after the other."""
    G, T, M, L, _ = d.shape
    log_roi, logit_theta, log_a, log_kappa, log_n = phi[: 5 * M].reshape(5, M)
    dev = phi[5 * M : 5 * M + M * G].reshape(M, G)
    gap = dict(zip(d.tested, phi[-len(d.tested) :], strict=True))
    out = []
    for lift in d.lifts:
        total = 0.0
        for part in lift.parts:
            m, g = part.medium, part.geo
            theta = 1.0 / (1.0 + np.exp(-logit_theta[m]))
            exponent = np.exp(log_a[m]) if d.adstock[m] == GAMMA else 0.0
            weights = np.array(
                [(k + 1.0) ** exponent * theta ** (k * d.weeks_per_period) for k in range(L + 1)]
            )
            weights /= weights.sum()
            half, slope = np.exp(log_kappa[m]) * (weights @ d.mean_lagged[m]), np.exp(log_n[m])

            def curve(series, n, weights=weights, half=half, slope=slope):
                s = adstocked(series, weights, n)
                return s**slope / (s**slope + half**slope)

            at_one = 0.0
            for r in range(G):
                other = d.x[:, r, m].copy()
                other[L:] *= 1.01 if d.measure[m] == MARGINAL else 0.0
                gained = (curve(other, T) - curve(d.x[:, r, m], T)) / (
                    0.01 if d.measure[m] == MARGINAL else -1
                )
                at_one += np.exp(dev[m, r]) * (gained * d.demand[:, r] * d.money[:, r]).sum()
            told = log_roi[m] - gap[m]
            roi = told * d.unit[m] if d.measure[m] == SIGNED else np.exp(told)
            ceiling = roi * d.spend[m] / at_one * np.exp(dev[m, g])
            was = d.x[lift.start : lift.start + lift.periods + L, g, m]
            gain = curve(was, lift.periods) - curve(part.bau, lift.periods)
            total += part.heads * ceiling * (gain * d.demand[lift.start : lift.start + lift.periods, g]).sum()
        out.append(total)
    return np.array(out)


def density(phi, d):
    return marginal(phi, pack(d), EMPTY)[0]


def panel_alone(phi, d):
    return density(phi[: d.n_phi - len(d.tested)], replace(d, lifts=()))


def by_hand(phi, d):
    said = lifts_by_hand(phi, d)
    return sum(student_t(lift.df, said[k], lift.sd).logpdf(lift.measured) for k, lift in enumerate(d.lifts))


@pytest.mark.parametrize("seed", range(3))
def test_an_experiment_adds_a_student_t_around_its_causal_lift(data, seed):
    phi = a_point(data, seed)
    assert density(phi, data) - panel_alone(phi, data) == pytest.approx(
        by_hand(phi, data), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("geos", [1, 3])
def test_results_that_are_drawn_lie_around_the_causal_lift(geos, random_data):
    data = with_tests(random_data(6, geos=geos, columns=4, media=2))
    phi = a_point(data)
    parts = split_phi(phi, SimpleNamespace(data=data))
    exact = replace(data, lifts=tuple(replace(lift, sd=1e-12) for lift in data.lifts))
    drawn = [lift.measured for lift in draw_results(parts, exact, np.random.default_rng(1))]
    np.testing.assert_allclose(drawn, lifts_by_hand(phi, data), rtol=1e-9)
    rng = np.random.default_rng(2)
    many = np.array([[lift.measured for lift in draw_results(parts, data, rng)] for _ in range(600)])
    judged = [
        kstest((many[:, k] - drawn[k]) / lift.sd, student_t(lift.df).cdf) for k, lift in enumerate(data.lifts)
    ]
    assert min(one.pvalue for one in judged) > 0.001


@pytest.mark.parametrize("seed", range(2))
def test_the_gradient_with_experiments_equals_differences(data, seed):
    phi = a_point(data, seed)
    _, gradient, _ = marginal(phi, pack(data), EMPTY)

    def slope(direction, step):
        return (density(phi + step * direction, data) - density(phi - step * direction, data)) / (2 * step)

    differences = [(4 * slope(unit, 1e-4) - slope(unit, 2e-4)) / 3 for unit in np.eye(data.n_phi)]
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)
    assert np.abs(gradient[-len(data.tested) :]).min() > 1e-3


def test_the_gradient_holds_for_other_families_of_curves(random_data):
    data = with_tests(
        random_data(seed=6, geos=3, columns=4, adstock=(DENSITY, DELAYED), saturation=(POWER, LOGISTIC))
    )
    test_the_gradient_with_experiments_equals_differences(data, 1)


def test_the_draws_of_a_lift_are_the_lift_of_each_draw(data):
    phis = np.stack([a_point(data, seed) for seed in range(4)])
    G, _, M, L, _ = data.shape
    lag = np.arange(L + 1)
    theta = 1 / (1 + np.exp(-phis[:, M : 2 * M]))
    exponent = np.where(data.adstock == GAMMA, np.exp(phis[:, 2 * M : 3 * M]), 0.0)
    weights = (lag + 1.0) ** exponent[..., None] * theta[..., None] ** (lag * data.weeks_per_period)
    weights /= weights.sum(axis=2, keepdims=True)
    half = np.exp(phis[:, 3 * M : 4 * M]) * np.einsum("dml,ml->dm", weights, data.mean_lagged)
    slope = np.exp(phis[:, 4 * M : 5 * M])
    ceiling = np.ones((4, M, G))
    unit = lift_draws(data.lifts, data.x, data.demand, data.saturation, weights, half, slope, ceiling)
    at_one = [replace(data, lifts=(lift,)) for lift in data.lifts]
    for k, alone in enumerate(at_one[:1]):  # one medium in one region: its ceiling is a factor
        m, g = alone.lifts[0].parts[0].medium, alone.lifts[0].parts[0].geo
        for d, phi in enumerate(phis):
            said = lifts_by_hand(phi, data)[k]
            assert unit[d, k] != 0.0
            ceiling[d, m, g] = said / unit[d, k]
    again = lift_draws(data.lifts, data.x, data.demand, data.saturation, weights, half, slope, ceiling)
    np.testing.assert_allclose(again[:, 0], [lifts_by_hand(phi, data)[0] for phi in phis], rtol=1e-10)


def test_without_experiments_the_tail_of_the_parameters_plays_no_part(random_data):
    data = random_data(**CASES["three geos"])
    phi = a_point(data)
    assert density(np.append(phi, 3.0), data) == density(phi, data)


def test_a_gap_is_seen_by_the_panel_and_not_by_the_test(data):
    """log ROI of the panel and the gap moved together leave the test's ROI, and so its term, as it was."""
    phi = a_point(data)
    moved = phi.copy()
    for place, m in enumerate(data.tested):
        moved[m] += 0.3
        moved[len(phi) - len(data.tested) + place] += 0.3
    assert by_hand(moved, data) == pytest.approx(by_hand(phi, data), rel=1e-10)
    kept = density(moved, data) - panel_alone(moved, data)
    assert kept == pytest.approx(density(phi, data) - panel_alone(phi, data), rel=1e-9)


def test_a_test_pulls_a_return_to_the_mean_weighted_by_precision(random_data):
    """With the curve known the panel is normal in ROI; a sharp normal test of its lift then weighs in by precision."""
    data = random_data(**CASES["national"])
    sd, measured = 0.05, 1.1
    tested = with_tests(data).lifts[0]
    lift = Lift(tested.start, tested.periods, measured, sd, 1e9, tested.parts)
    data = replace(data, lifts=(lift,))
    phi = a_point(data)
    phi[-1] = 0.0
    rois = np.array([0.7, 1.0, 1.3])

    def at(roi, d):
        point = phi[: d.n_phi].copy()
        point[0] = np.log(roi)
        return point

    def normal(values):
        """Mean and precision of the normal whose log density goes through three points."""
        curvature, slope, _ = np.polyfit(rois, values, 2)
        return -slope / (2 * curvature), -2 * curvature

    panel, precision = normal(
        [density(at(roi, replace(data, lifts=())), replace(data, lifts=())) for roi in rois]
    )
    per_roi = lifts_by_hand(at(1.0, data), data)[0]
    both, together = normal([density(at(roi, data), data) for roi in rois])

    of_test = (per_roi / sd) ** 2
    assert together == pytest.approx(precision + of_test, rel=1e-5)
    assert both == pytest.approx((precision * panel + of_test * measured / per_roi) / together, rel=1e-5)
    assert precision > 0.01 * of_test  # both sides have a say
