"""Student-t noise in a fit: a week that nobody explains is let go, and everything after the fit knows it."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.inference.residuals import residuals
from mmm.response.decomposition import decompose
from mmm.response.forecast import forecast_baseline
from mmm.response.hidden_driver import hidden_driver_table

ODD = 60
"""Week of the panel in which a strike takes three quarters of the outcome."""


@pytest.fixture(scope="module")
def struck(make_panel, fit_panel):
    panel = make_panel(excluded=(40, 41))
    outcome = panel.outcome.copy()
    outcome[ODD] *= 0.25
    return fit_panel(replace(panel, outcome=outcome), likelihood="student_t")


def test_the_odd_week_counts_for_nothing_and_the_others_for_what_they_did(struck, fitted_company):
    _, layout, fitted = struck
    weight = fitted.posterior.flat("weight").mean(axis=0)
    others = np.delete(weight, ODD - layout.window)
    assert weight[ODD - layout.window] < 0.05
    assert others.min() > 0.15
    # a t of 4 that fits normal noise has a scale a little below the noise's sd
    usual = fitted_company.fitted.posterior.flat("sigma") * fitted_company.layout.outcome_scale
    found = fitted.posterior.flat("sigma") * layout.outcome_scale
    assert found.mean() == pytest.approx(0.8 * usual.mean(), rel=0.25)


def test_returns_stay_where_they_are_without_the_strike(struck, fitted_company):
    ours, without = (np.log(one.fitted.posterior.flat("roi")) for one in (struck, fitted_company))
    assert np.abs(ours.mean(axis=0) - without.mean(axis=0)).max() < without.std(axis=0).max()


def test_the_odd_week_is_listed_and_ranges_of_ordinary_weeks_stay_ordinary(struck):
    panel, layout, fitted = struck
    left = residuals(fitted.posterior, layout, panel)
    assert np.argmin(left.weight) == ODD - layout.window
    assert left.coverage_90 > 0.8
    found = decompose(fitted.posterior, layout, panel, seed=1)
    assert found.coverage_90 > 0.85
    wide = found.fit["expected_hi"] - found.fit["expected_lo"]
    assert wide.median() < panel.outcome[ODD - 1, 0]


def test_what_comes_after_is_forecast_from_weeks_that_count(struck, make_future):
    panel, layout, fitted = struck
    told = forecast_baseline(fitted.posterior, layout, panel, make_future(panel, 6), seed=1)
    assert told.shape == (fitted.posterior.draws, 6)
    assert np.isfinite(told).all()
    assert hidden_driver_table(fitted.posterior, layout, panel.cells)["robustness"].between(0, 1).all()
