"""What is left of the outcome: white noise where the model is right, and seen where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.inference.predict import media_effect
from mmm.inference.residuals import autocorrelation, residuals
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings

RHO, SIGMA = 0.7, 0.6


@pytest.fixture(scope="module")
def made(make_panel, posterior_at):
    """A layout whose outcome is the model's own, at one known draw: function of the noise and the spend."""
    panel = make_panel(3, periods=160, organic=False)
    first = lay_out(panel, ModelSettings(max_lag=4))
    G, T, M, _, p = first.data.shape
    rng = np.random.default_rng(4)
    phi = np.zeros((1, first.data.n_phi))
    phi[0, : 5 * M] = rng.normal(0.0, 0.3, 5 * M)
    phi[0, 5 * M + M * G : 5 * M + M * G + 2] = np.log(SIGMA), RHO
    b = 0.3 * rng.normal(size=(1, p))

    def build(u, spend=None, weight=None):
        changed = panel if spend is None else replace(panel, spend=spend, exposure=spend)
        layout = lay_out(
            changed, ModelSettings(max_lag=4, likelihood="student_t" if weight is not None else "normal")
        )
        draws = phi if weight is None else with_weights(phi, weight)
        posterior = posterior_at(layout, draws, np.repeat(b, len(draws), axis=0))
        linear = np.einsum("tgp,p->tg", layout.data.Z, b[0])
        y = linear + media_effect(posterior, layout, layout.data.x, np.arange(1))[0] + u[:, None]
        scaled = replace(layout, data=replace(layout.data, y=y))
        return residuals(posterior, scaled, changed)

    return panel, T, build


def with_weights(phi, weight):
    """One draw of the parameters, 300 draws of the weights; weight (draw, period)."""
    return np.concatenate([np.repeat(phi, len(weight), axis=0), np.log(weight)], axis=1)


def ar(rng, periods, rho, sigma=SIGMA):
    u = np.zeros(periods)
    u[0] = sigma * rng.normal()
    for t in range(1, periods):
        u[t] = rho * u[t - 1] + sigma * np.sqrt(1 - rho**2) * rng.normal()
    return u


def test_autocorrelation_is_that_of_a_textbook_and_skips_what_is_left_out():
    series = np.array([[1.0, -1.0, 2.0, 0.5], [2.0, 1.0, 1.0, 1.0]])
    first = ((-1.0 - 2.0 + 1.0) / 3) / ((1 + 1 + 4 + 0.25) / 4)
    second = ((2.0 + 1.0 + 1.0) / 3) / (7 / 4)
    assert autocorrelation(series, 1) == pytest.approx((first + second) / 2)
    gap = np.array([[1.0, -1.0, np.nan, 0.5, 2.0]])
    assert autocorrelation(gap, 1) == pytest.approx(((-1.0 + 1.0) / 2) / ((1 + 1 + 0.25 + 4) / 4))


def test_noise_as_the_model_has_it_leaves_no_memory_and_is_covered(made):
    _, T, build = made
    rng = np.random.default_rng(5)
    found = [build(ar(rng, T, RHO)) for _ in range(12)]
    assert set(found[0].autocorrelation) == {1, 2, 3, 4, 52}
    assert found[0].pairs == {lag: T - lag for lag in (1, 2, 3, 4, 52)}
    for lag in (1, 4):
        together = np.mean([one.autocorrelation[lag] for one in found])
        assert abs(together) < 4 / np.sqrt(12 * (T - lag))
    assert np.mean([one.coverage_90 for one in found]) == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / (12 * T)))
    assert np.nanstd(found[0].standardized) == pytest.approx(1.0, abs=4 / np.sqrt(2 * T))
    assert np.abs(np.concatenate([one.follows_outcome for one in found])).max() < 4 / np.sqrt(T)


def test_student_t_noise_leaves_no_memory_is_covered_and_its_odd_weeks_are_no_odder_than_normal_ones(made):
    _, T, build = made
    rng = np.random.default_rng(9)
    found = []
    for _ in range(8):
        weight = rng.gamma(2.0, 0.5, T)
        u = ar(rng, T, RHO) / np.sqrt(weight)
        found.append(build(u, weight=np.tile(weight, (300, 1))))
        np.testing.assert_allclose(found[-1].weight, weight)
    assert abs(np.mean([one.autocorrelation[1] for one in found])) < 4 / np.sqrt(8 * T)
    assert np.mean([one.coverage_90 for one in found]) == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / (8 * T)))
    scores = np.concatenate([one.standardized for one in found])
    assert scores.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * 8 * T))
    assert np.abs(scores).max() < 5


def test_memory_beyond_the_models_is_seen(made):
    _, T, build = made
    rng = np.random.default_rng(6)
    slow = sum(ar(rng, T, rho, SIGMA / np.sqrt(2)) for rho in (0.97, 0.0))
    found = build(slow)
    white = build(ar(rng, T, RHO))
    assert abs(found.autocorrelation[1]) > 0.25 > abs(white.autocorrelation[1])


def test_spend_that_follows_the_week_before_is_seen_in_its_cell_only(made):
    panel, T, build = made
    rng = np.random.default_rng(7)
    u = ar(rng, T, RHO)
    spend = panel.spend.copy()
    late = slice(len(panel.dates) - T + 1, None)
    spend[late, 0, 0] = 40 + 15 * u[:-1] / SIGMA + 5 * rng.normal(size=T - 1)
    found = build(u, np.maximum(spend, 0.0))
    assert found.follows_outcome[0] > 0.6
    assert np.abs(found.follows_outcome[1:]).max() < 4 / np.sqrt(T)
    assert found.chasing_pairs == T - 1


def test_spend_that_follows_the_season_is_seen(made):
    panel, T, build = made
    u = ar(np.random.default_rng(8), T, RHO)
    year = 2 * np.pi * np.arange(len(panel.dates)) / (365.25 / 7)
    spend = panel.spend.copy()
    found = {}
    for phase in (0.0, np.pi / 2):
        spend[:, 0, 0] = 100 * (1.2 + np.sin(year + phase))
        found[phase] = build(u, spend).follows_season[0]
    # two waves a quarter of a year apart hold all of a first harmonic: squares add up to its share of the season
    assert 0.2 < found[0.0] ** 2 + found[np.pi / 2] ** 2 < 1.05
    assert np.isnan(build(u, np.where(np.arange(3) == 0, 30.0, panel.spend)).follows_season[0])
