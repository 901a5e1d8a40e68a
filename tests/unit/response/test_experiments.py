"""Past tests beside the model without them."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm
from scipy.stats import t as student_t

from mmm.data.experiments import Experiment
from mmm.inference.posterior import Posterior
from mmm.model.calibration import Lift, Part
from mmm.model.forward import saturate
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings
from mmm.model.shapes import HILL
from mmm.response.experiments import (
    Tails,
    holm,
    left_by,
    left_by_tests,
    narrowing,
    noise_variance,
    only_studied,
    tail_probabilities,
    widen,
)
from mmm.response.returns import returns

NONE = np.zeros((4, 1, 1))
NORMAL = 1e12
"""Degrees of freedom at which a Student t is a normal."""


def result(measured, sd, df=NORMAL, parts=()):
    return Lift(20, 6, measured, sd, df, parts)


@pytest.fixture(scope="module")
def tested(fitted_regions):
    """The fitted regions with a made-up test of tv in the first and the last: exposure halved for four weeks."""
    panel, layout, fitted = fitted_regions
    parts = []
    for g in (0, 2):
        bau = layout.data.x[20 : 26 + layout.lags, g, 0].copy()
        bau[layout.lags : layout.lags + 4] *= 0.5
        parts.append(Part(0, g, layout.size[g] * layout.outcome_scale, bau))
    data = replace(layout.data, lifts=(result(100.0, 10.0, parts=tuple(parts)),))
    return panel, replace(layout, data=data), fitted.posterior


def test_the_lift_is_the_outcome_as_it_was_less_the_one_with_the_exposure_there_would_have_been(tested):
    panel, layout, posterior = tested
    media = posterior.media(layout, panel.geos)
    start = layout.window + 20
    without = panel.exposure.copy()
    without[start : start + 4, [0, 2], 0] *= 0.5

    def outcome(exposure):
        total = 0.0
        for t in range(start, start + 6):
            for g in (0, 2):
                s = (
                    sum(media.weights[:, 0, k] * exposure[t - k, g, 0] for k in range(media.lags))
                    / media.scale[g, 0]
                )
                total = total + media.ceiling[:, g, 0] * saturate(
                    HILL, s, media.half[:, 0], media.slope[:, 0]
                )
        return total

    np.testing.assert_allclose(
        posterior.lifts(layout)[:, 0], outcome(panel.exposure) - outcome(without), rtol=1e-8
    )


def test_only_a_tested_cell_can_have_been_narrowed(tested):
    _, layout, posterior = tested
    draws = posterior.tree["posterior"].to_dataset()
    wider = xr.DataTree.from_dict({"posterior": draws.assign(roi=np.exp(1.5 * np.log(draws["roi"])))})
    ratio = narrowing(posterior, Posterior(wider), layout)
    np.testing.assert_allclose(ratio, [1.5, 1.0, 1.0])


def test_the_tail_of_a_result_is_that_of_its_prediction():
    lifts = 10.0 + 3.0 * norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
    for measured in (10.0, 4.0, 19.0):
        (tail,) = tail_probabilities(lifts, [result(measured, 4.0)])
        assert tail == pytest.approx(2 * norm.sf(abs(measured - 10.0) / 5.0), rel=1e-3)  # 3, 4: 5


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order():
    # by hand: 4 x 0.01, 3 x 0.02, 2 x 0.04, 1 x 0.9; at most 1, and never less than a smaller one's
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.9, 0.02])), [0.08, 0.04, 0.9, 0.06])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1.0, 1.0])
    np.testing.assert_allclose(holm(np.array([0.030, 0.020])), [0.040, 0.040])


def test_a_contradiction_is_widened_unless_somebody_decided_about_it():
    day = np.datetime64("2025-01-06")

    def result(settled):
        return Experiment(
            settled,
            day,
            day + 27,
            2,
            50.0,
            9.0,
            (0,),
            (0,),
            20,
            24,
            26,
            NONE,
            1.0,
            1.0,
            False,
            settled=settled,
        )

    tails = Tails(np.full(4, np.nan), np.array([0.001, 0.001, 0.5, 0.0199]))
    found = widen([result(""), result("kept"), result(""), result("")], tails)
    assert [e.widened for e in found] == [True, False, False, True]


def study(panel, layout, cells, name="s"):
    """Of the whole modelled window."""
    first, stop = layout.window, len(panel.dates)
    spend = panel.spend[first:stop][:, :, list(cells)]
    return Experiment(
        name, panel.dates[first], panel.data_until, 0, float(spend.sum()), 9.0, cells, tuple(range(len(panel.geos))),
        first, stop, stop, np.zeros(spend.shape), 100.0, 10.0, False, study=True,
    )  # fmt: skip


def test_the_lift_of_a_study_of_all_that_is_modelled_is_the_return_times_the_spend(fitted_regions):
    panel, layout, fitted = fitted_regions
    found = study(panel, layout, (0, 1))
    asked = lay_out(panel, ModelSettings(max_lag=8), break_even=2.0, experiments=[found])
    roi = fitted.posterior.flat("roi")[:, [0, 1]]
    spend = panel.spend[layout.window :][:, :, [0, 1]].sum(axis=(0, 1))
    np.testing.assert_allclose(fitted.posterior.lifts(asked)[:, 0], roi @ spend, rtol=1e-9)


def test_a_cell_that_only_a_study_tells_of_is_not_called_tested(fitted_regions):
    panel, layout, fitted = fitted_regions
    found = study(panel, layout, (0,))
    test = replace(study(panel, layout, (1,), "t"), study=False)
    asked = lay_out(panel, ModelSettings(max_lag=8), break_even=2.0, experiments=[found, test])
    assert only_studied(asked) == {0}
    draws = fitted.posterior.tree["posterior"].to_dataset()
    wider = Posterior(
        xr.DataTree.from_dict({"posterior": draws.assign(roi=np.exp(1.5 * np.log(draws["roi"])))})
    )
    np.testing.assert_allclose(narrowing(fitted.posterior, wider, asked), [1.0, 1.5, 1.0])
    alone = returns(fitted.posterior, layout, panel, seed=1)
    graded = returns(fitted.posterior, asked, panel, seed=1, rest=wider)
    np.testing.assert_allclose(graded.sd_ratio / alone.sd_ratio, [1.5, 1.0, 1.0])
    assert graded.evidence[0] != "experiment"


@pytest.mark.parametrize("noise", [0.1, 0.3, 1.0])
def test_what_a_result_alone_leaves_is_the_posterior_of_prior_and_result(noise):
    prior_sd = 0.5
    grid = np.linspace(-3.0, 3.0, 20_001)
    weight = norm.pdf(grid, 0.0, prior_sd) * norm.pdf(1.0, np.exp(grid), noise)  # a return of 1 was measured
    weight /= weight.sum()
    mean = (weight * grid).sum()
    exact = np.sqrt((weight * (grid - mean) ** 2).sum()) / prior_sd
    told = np.random.default_rng(1).normal(0.0, 0.05, 20_000)  # what is known by now lies near 1
    assert left_by(told, np.exp(told), prior_sd, noise**2) == pytest.approx(exact, rel=0.15)


def test_what_moves_the_lift_beside_the_return_is_noise_to_it():
    rng = np.random.default_rng(2)
    told, beside = rng.normal(size=(2, 50_000))
    exact = 1.0 / np.sqrt(1.0 + 1.0 / (0.5 + 0.25))
    assert left_by(told, told + 0.5 * beside, 1.0, 0.5) == pytest.approx(exact, rel=0.01)
    assert left_by(np.ones(5), told[:5], 1.0, 0.5) == 1.0


def test_a_student_t_tells_as_much_as_a_normal_of_the_variance_that_stands_for_it():
    x = np.linspace(-400, 400, 800_001)
    density = student_t.pdf(x, 5, scale=2.0)
    score = np.gradient(np.log(density), x)
    assert noise_variance(2.0, 5) == pytest.approx(1.0 / np.trapezoid(density * score**2, x), rel=1e-3)


def test_only_a_test_of_one_cell_can_stand_alone(tested):
    _, layout, posterior = tested
    np.testing.assert_allclose(
        left_by_tests(posterior, layout, np.ones(layout.n_paid)), 1.0
    )  # no result is named
    found = Experiment.__new__(Experiment)
    object.__setattr__(found, "cells", (0,))
    object.__setattr__(found, "study", False)
    asked = replace(layout, experiments=(found,))
    left = left_by_tests(posterior, asked, np.full(layout.n_paid, 0.8))
    lift = posterior.lifts(layout)[:, 0]
    theta = np.log(posterior.flat("roi")[:, 0])
    assert left[0] == left_by(theta, lift, 0.8, noise_variance(10.0, NORMAL))
    np.testing.assert_allclose(left[1:], 1.0)
