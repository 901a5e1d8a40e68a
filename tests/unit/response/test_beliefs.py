"""What was assumed beside what was learnt."""

import numpy as np
import pytest

from mmm.model.forward import adstock_weights
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings
from mmm.response.beliefs import beliefs_table, half_life
from mmm.response.returns import returns


def test_half_of_the_effect_has_come_at_the_half_life():
    assert half_life(np.array([1.0, 0.0]), 1.0) == pytest.approx(0.5)
    assert half_life(np.array([0.25, 0.25, 0.25, 0.25]), 1.0) == pytest.approx(2.0)
    assert half_life(np.array([0.2, 0.6, 0.2]), 1.0) == pytest.approx(1.5)
    assert half_life(np.array([0.25, 0.25, 0.25, 0.25]), 1 / 7) == pytest.approx(2 / 7)


def test_long_geometric_carry_over_has_the_half_life_of_its_rate():
    # spread evenly over each period, the effect of rate r has come to 1 - r^k after k whole periods
    weights = adstock_weights(np.array(0.5 ** (1 / 4)), np.array(0.0), 200, 1.0)
    assert half_life(weights, 1.0) == pytest.approx(4.0, abs=1e-6)


@pytest.fixture(scope="module")
def table(fitted_company):
    panel, layout, fitted = fitted_company
    found = returns(fitted.posterior, layout, panel, seed=1)
    return beliefs_table(fitted.posterior, layout, found, seed=1)


def test_every_cell_has_its_four_beliefs_in_order(table):
    assert table.groupby(["channel", "audience"])["parameter"].agg(list).map(tuple).unique().tolist() == [
        ("roi", "half_life", "half_saturation", "slope")
    ]
    for lo, median, hi in (("prior_lo", "prior_median", "prior_hi"), ("lo", "median", "hi")):
        assert (table[lo] < table[median]).all()
        assert (table[median] < table[hi]).all()
    slope = table[table["parameter"] == "slope"]
    assert slope[["prior_lo", "lo"]].min(axis=None) >= 0.7
    assert slope[["prior_hi", "hi"]].max(axis=None) <= 4.0


def test_the_beliefs_about_roi_are_the_prior_and_the_posterior(table, fitted_company):
    panel, layout, fitted = fitted_company
    roi = table[table["parameter"] == "roi"]
    # a lone channel's prior is the log-normal of the config; 4000 draws, five standard errors of the median
    error = 5 * 1.2533 * layout.log_roi_sd[0] / np.sqrt(4000)
    assert np.log(roi["prior_median"].iloc[0]) == pytest.approx(layout.log_roi_mean[0], abs=error)
    expected = np.quantile(fitted.posterior.flat("roi")[:, : len(panel.cells)], [0.05, 0.5, 0.95], axis=0)
    np.testing.assert_allclose(roi[["lo", "median", "hi"]].to_numpy().T, expected)


def test_a_geometric_cell_is_assumed_to_fade_faster_than_one_that_may_be_delayed(make_panel, fitted_company):
    panel = make_panel(excluded=(40, 41))
    layout = lay_out(panel, ModelSettings(max_lag=8, adstock={"default": "gamma", "tv": "geometric"}))
    posterior = fitted_company.fitted.posterior
    table = beliefs_table(posterior, layout, returns(posterior, layout, panel, seed=1), seed=1)
    half = table[table["parameter"] == "half_life"].set_index("channel")["prior_median"]
    assert half["tv"] < half["search"].min()
