"""What was assumed beside what was learnt."""

import re

import numpy as np
import pytest
from scipy.stats import lognorm

from mmm.data.experiments import Experiment
from mmm.dims import Cell
from mmm.model.forward import adstock_weights
from mmm.model.layout import lay_out
from mmm.model.settings import ChannelPrior, ModelSettings, PriorSettings, RoiPrior
from mmm.model.shapes import GEOMETRIC
from mmm.response.beliefs import belief_checks, beliefs_table, half_life, twice_told
from mmm.response.prior_curves import prior_next_to_all
from mmm.response.returns import prior_roi, returns


def test_half_of_the_effect_has_come_at_the_half_life():
    assert half_life(np.array([1.0, 0.0]), 1.0) == pytest.approx(0.5)
    assert half_life(np.array([0.25, 0.25, 0.25, 0.25]), 1.0) == pytest.approx(2.0)
    assert half_life(np.array([0.2, 0.6, 0.2]), 1.0) == pytest.approx(1.5)
    assert half_life(np.array([0.25, 0.25, 0.25, 0.25]), 1 / 7) == pytest.approx(2 / 7)


def test_long_geometric_carry_over_has_the_half_life_of_its_rate():
    # spread evenly over each period, the effect of rate r has come to 1 - r^k after k whole periods
    weights = adstock_weights(GEOMETRIC, np.array(0.5 ** (1 / 4)), np.array(0.0), 200, 1.0)
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


def test_a_parameter_that_a_family_does_not_have_has_no_row(fitted_families):
    panel, layout, fitted = fitted_families
    found = returns(fitted.posterior, layout, panel, seed=1)
    table = beliefs_table(fitted.posterior, layout, found, seed=1)
    named = table.groupby("channel")["parameter"].agg(lambda rows: sorted(set(rows))).to_dict()
    assert named == {"tv": ["half_life", "half_saturation", "roi"], "search": ["half_life", "roi", "slope"]}
    assert np.isfinite(table[["prior_lo", "prior_hi", "lo", "median", "hi"]]).all(axis=None)
    assert table[table["parameter"] == "slope"][["prior_hi", "hi"]].max(axis=None) <= 1.0


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


def _checks(panel, settings, **options):
    layout = lay_out(panel, settings, break_even=2.0)
    return layout, belief_checks(layout, **{"margin": 0.5, "has_money": True, **options})


def test_a_channel_s_belief_is_told_by_the_quantiles_of_its_lognormal(make_panel):
    prior = ChannelPrior(roi=RoiPrior(median=1.5, sigma=0.5))
    settings = ModelSettings(max_lag=6, priors=PriorSettings(channels={"tv": prior}))
    _, found = _checks(make_panel(), settings)
    (tv,) = [check for check in found if check.where == "tv"]
    law = lognorm(s=0.5, scale=1.5)
    low, high = law.ppf([0.05, 0.95])
    assert tv.value == (
        f"you are saying it returns {low:.2g} to {high:.2g} per unit of money, 1.5 in the middle; "
        f"before the data {100 * law.sf(2.0):.0f} in 100 to pay"
    )
    assert [check.where for check in found] == ["tv", "search", "all media"]
    assert {check.severity for check in found} == {"pass"}


def test_what_media_make_before_the_data_is_the_spread_of_roi_times_spend(make_panel):
    cells = (Cell("tv"),)
    layout, found = _checks(make_panel(cells=cells), ModelSettings(max_lag=6))
    data = layout.data
    share = data.spend[0] / np.nansum(data.y * data.money)
    law = lognorm(s=1.1, scale=layout.roi_priors.median[0] * share)
    told = [float(number) / 100 for number in re.findall(r"([\d.]+)%", found[-1].value)]
    assert told == pytest.approx(law.ppf([0.05, 0.95, 0.5]), abs=0.015)


def test_priors_that_leave_little_to_anything_else_are_to_review(make_panel):
    high = ModelSettings(max_lag=6, priors=PriorSettings(roi=RoiPrior(median=50.0)))
    assert [check.severity for check in _checks(make_panel(), high)[1]][-1] == "review"


def test_without_money_a_belief_is_a_cost_and_without_a_margin_no_chance_to_pay(make_panel):
    layout, found = _checks(make_panel(unit_value=None), ModelSettings(max_lag=6), has_money=False)
    assert f"{1 / layout.roi_priors.median[0]:.2g} in the middle" in found[0].value
    assert "to pay" not in found[0].value
    _, found = _checks(make_panel(), ModelSettings(max_lag=6), margin=None)
    assert "to pay" not in found[0].value


def test_a_belief_about_the_next_unit_or_about_harm_is_told_as_such(make_panel):
    asked = {"tv": {"mroi": {"median": 0.8, "sigma": 0.5}}, "search": {"sign": "any", "roi": {"median": 1.0}}}
    _, found = _checks(
        make_panel(), ModelSettings.model_validate({"max_lag": 6, "priors": {"channels": asked}})
    )
    law = lognorm(s=0.5, scale=0.8)
    low, high = law.ppf([0.05, 0.95])
    assert found[0].value == (
        f"you are saying its next unit returns {low:.2g} to {high:.2g} per unit of money, 0.8 in the middle; "
        f"before the data {100 * law.sf(2.0):.0f} in 100 for the next unit to pay"
    )
    # 1 +- 1.645 x 1.5; break-even 2 lies two thirds of an sd above the middle
    assert found[1].value == (
        "you are saying it returns -1.5 to 3.5 per unit of money, 1 in the middle; before the data 25 in 100 to pay"
    )


def test_a_prior_on_marginal_return_leaves_the_marginal_return_as_it_was_told(make_panel):
    asked = {"tv": {"mroi": {"median": 0.8, "sigma": 0.3}}}
    settings = ModelSettings.model_validate({"max_lag": 6, "priors": {"channels": asked}})
    layout = lay_out(make_panel(2, geos=("north", "south")), settings)
    rng = np.random.default_rng(4)
    ratio = prior_next_to_all(layout, 4000, rng)
    assert (ratio[:, 1:] == 1.0).all()
    assert 0.2 < np.median(ratio[:, 0]) < 1.5
    roi = prior_roi(layout, np.random.default_rng(4))[:, 0]
    # log ROI = log mROI - log ratio, independent: variances add
    assert np.log(roi).var() == pytest.approx(0.3**2 + np.log(ratio[:, 0]).var(), rel=0.1)


def test_a_study_beside_a_prior_of_the_same_channel_is_to_review(make_panel):
    panel = make_panel()
    found = Experiment(
        "mta", panel.dates[10], panel.data_until, 0, 1.0, 9.0, (0,), (0,), 10, 78, 78, np.zeros((68, 1, 1)), 1.0,
        1.0, False, study=True,
    )  # fmt: skip
    layout = lay_out(panel, ModelSettings(max_lag=6), experiments=[found])
    told = PriorSettings(channels={"tv": ChannelPrior(roi=RoiPrior(median=1.5))})
    assert [check.where for check in twice_told(layout, told)] == ["tv"]
    assert twice_told(layout, PriorSettings()) == []
    assert (
        twice_told(layout, PriorSettings(channels={"search": ChannelPrior(roi=RoiPrior(median=1.5))})) == []
    )
