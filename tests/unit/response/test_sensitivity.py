"""Power-scaling by weights against the normal whose prior is really scaled."""

import numpy as np
import pytest
from scipy.stats import norm

from mmm.response.sensitivity import POWER, power_scaled, prior_sensitivity

DRAWS = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
"""Quantiles of the unit normal: draws without their noise."""


def scaled(mean, sd, prior_mean, prior_sd, power):
    """Posterior when the prior's precision is multiplied by `power`."""
    precision = sd**-2 + (power - 1.0) * prior_sd**-2
    return (mean / sd**2 + (power - 1.0) * prior_mean / prior_sd**2) / precision, precision**-0.5


def by_integration(mean, sd, prior_mean, prior_sd, power):
    """Distance of two normals on the range of the draws, by the trapezoidal rule."""
    found = []
    for side in (1.0, -1.0):
        grid = np.sort(side * (mean + sd * np.linspace(DRAWS[0], DRAWS[-1], 200_001)))
        p = norm.cdf(grid, side * mean, sd)
        centre, spread = scaled(mean, sd, prior_mean, prior_sd, power)
        q = norm.cdf(grid, side * centre, spread)
        middle = 0.5 * (p + q)
        apart = np.trapezoid(p * np.log2(p / middle) + q * np.log2(q / middle), grid)
        found.append(np.sqrt(apart / np.trapezoid(p + q, grid)))
    return max(found) / np.log2(POWER)


@pytest.mark.parametrize(
    ("mean", "sd", "prior_mean", "prior_sd"),
    [(0.4, 0.5, 0.0, 1.1), (1.5, 0.5, 0.0, 1.1), (0.0, 1.0, 0.0, 1.1)],
)
def test_weights_give_the_distance_of_the_normal_with_its_prior_scaled(mean, sd, prior_mean, prior_sd):
    x = mean + sd * DRAWS
    found = power_scaled(x, norm.logpdf(x, prior_mean, prior_sd))
    expected = np.mean([by_integration(mean, sd, prior_mean, prior_sd, p) for p in (POWER, 1.0 / POWER)])
    assert found == pytest.approx(expected, rel=0.02)


def test_data_that_speak_for_themselves_make_a_prior_matter_little_and_a_contradiction_makes_it_matter():
    def of(mean, sd):
        x = mean + sd * DRAWS
        return power_scaled(x, norm.logpdf(x, 0.0, 1.1))

    assert of(0.2, 0.1) < 0.01 < of(0.2, 0.5) < 0.05
    assert of(2.5, 0.5) > 0.05
    assert of(0.0, 1.1) > of(0.0, 0.5) > of(0.0, 0.25)


def test_a_flat_prior_does_not_matter_and_the_unit_of_the_draws_neither():
    x = 0.3 + 0.5 * DRAWS
    assert power_scaled(x, np.zeros(len(x))) == 0.0
    log_prior = norm.logpdf(x, 0.0, 1.0)
    assert power_scaled(7.0 * x, log_prior) == pytest.approx(power_scaled(x, log_prior), rel=1e-9)
    rng = np.random.default_rng(1).permutation(len(x))
    assert power_scaled(x[rng], log_prior[rng]) == pytest.approx(power_scaled(x, log_prior), rel=1e-12)


def test_every_cell_has_its_own(fitted_company):
    _, layout, fitted = fitted_company
    wide = np.exp(layout.log_roi_mean[:3] + 3.0 * np.random.default_rng(1).normal(size=(4000, 3)))
    narrow = np.exp(layout.log_roi_mean[:3] + 0.3 * np.random.default_rng(1).normal(size=(4000, 3)))
    calm, leaning = (prior_sensitivity(fitted.posterior, layout, prior) for prior in (wide, narrow))
    assert calm.shape == (3,)
    assert (calm < leaning).all()
