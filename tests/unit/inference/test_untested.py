"""The posterior had there been no past tests, from the weights of the draws or from a second fit."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from mmm.inference import untested
from mmm.inference.untested import systematic, untested_weights, without_tests
from mmm.model.calibration import Lift, Part
from mmm.model.settings import SamplingSettings

NORMAL = 1e12
"""Degrees of freedom at which a Student t is a normal."""


def results(*told):
    """A layout that has nothing but results of tests: each measured lift with its sd."""
    lifts = tuple(Lift(0, 1, measured, sd, NORMAL, ()) for measured, sd in told)
    return SimpleNamespace(data=SimpleNamespace(lifts=lifts))


def test_weights_take_a_normal_test_out_of_normal_draws_again():
    # without the test N(3, 2^2); the test says 5 with sd 4, so with it precision 1/4 + 1/16
    variance = 1 / (1 / 4 + 1 / 16)
    mean = variance * (3 / 4 + 5 / 16)
    draws = mean + np.sqrt(variance) * norm.ppf((np.arange(8000) + 0.5) / 8000)
    weights, k = untested_weights(draws[:, None], results((5.0, 4.0)))
    assert k < 0.5
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ draws == pytest.approx(3.0, abs=0.02)
    assert np.sqrt(weights @ (draws - 3.0) ** 2) == pytest.approx(2.0, rel=0.02)


def test_a_sharp_test_leaves_a_tail_of_weights_that_shows():
    # without the test N(0, 3^2); the test is ten times as sharp
    variance = 1 / (1 / 9 + 1 / 0.09)
    draws = np.random.default_rng(1).normal(0.0, np.sqrt(variance), 4000)
    assert not untested_weights(draws[:, None], results((0.0, 0.3)))[1] <= untested.LARGEST_K


def test_draws_are_taken_as_often_as_their_weights_say_to_the_next_whole_number():
    weights = np.random.default_rng(2).dirichlet(np.ones(50))
    taken = np.bincount(systematic(weights, np.random.default_rng(3)), minlength=50)
    assert taken.sum() == 50
    assert np.abs(taken - 50 * weights).max() < 1.0


@pytest.fixture(scope="module")
def tested(fitted_regions):
    """The fitted regions with a made-up test of tv in the first: as measured, exposure was halved for four weeks."""
    panel, layout, fitted = fitted_regions
    bau = layout.data.x[20 : 26 + layout.lags, 0, 0].copy()
    bau[layout.lags : layout.lags + 4] *= 0.5
    part = Part(0, 0, layout.size[0] * layout.outcome_scale, bau)

    def with_sd(share):
        guess = Lift(20, 6, 0.0, 1.0, NORMAL, (part,))
        lifts = fitted.posterior.lifts(replace(layout, data=replace(layout.data, lifts=(guess,))))
        told = replace(guess, measured=float(np.median(lifts)), sd=share * float(lifts.std()))
        return replace(layout, data=replace(layout.data, lifts=(told,)))

    return panel, fitted.posterior, with_sd


def test_draws_are_reweighted_where_the_tests_say_little_and_sampled_again_where_they_say_much(
    tested, monkeypatch
):
    panel, posterior, with_sd = tested
    again = "sampled again", SimpleNamespace(rhat_max=1.2)
    monkeypatch.setattr(untested, "LEAST_DRAWS", 100)
    monkeypatch.setattr(untested, "LARGEST_K", 0.8)  # of 400 draws the shape of the tail is a guess
    monkeypatch.setattr(untested, "fit_without_tests", lambda *args, **options: again)
    vague, sharp = with_sd(8.0), with_sd(0.05)
    rest = without_tests(posterior, vague, panel.geos, SamplingSettings())
    assert rest.rhat is None
    assert rest.posterior.flat("roi").shape == posterior.flat("roi").shape
    weights, _ = untested_weights(posterior.lifts(vague), vague)
    expected = weights @ np.log(posterior.flat("roi"))
    error = np.log(posterior.flat("roi")).std(axis=0) * np.sqrt(np.sum(weights**2))
    assert (np.abs(np.log(rest.posterior.flat("roi")).mean(axis=0) - expected) < 3 * error).all()
    assert rest.posterior.lifts(vague).mean() == pytest.approx(
        weights @ posterior.lifts(vague)[:, 0], rel=0.05
    )
    monkeypatch.setattr(untested, "LEAST_DRAWS", posterior.draws)
    assert without_tests(posterior, vague, panel.geos, SamplingSettings()).rhat == 1.2
    other = without_tests(posterior, sharp, panel.geos, SamplingSettings())
    assert (other.posterior, other.rhat) == ("sampled again", 1.2)
    assert not other.pareto_k <= untested.LARGEST_K
