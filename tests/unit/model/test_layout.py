"""From a panel to the model's arrays: window, history, scales and priors."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from mmm.dims import Cell
from mmm.errors import DataError
from mmm.model.layout import MIN_LIVE, lay_out, prior_median_weights
from mmm.model.priors import MEDIA_SHARE_CAP, resolve_curve_priors, resolve_roi_priors
from mmm.model.settings import ModelSettings, PriorSettings
from mmm.model.shapes import (
    DELAYED,
    DENSITY,
    GAMMA,
    GEOMETRIC,
    HILL,
    LOGISTIC,
    MARGINAL,
    POWER,
    RETURN,
    SIGNED,
)

CELLS = (Cell("tv"), Cell("search", "brand"), Cell("search", "generic"))


def priors(break_even=2.0, *, outcome=1e6, has_money=True, **settings):
    return resolve_roi_priors(
        CELLS,
        PriorSettings.model_validate(settings),
        spend=np.array([1000.0, 2000.0, 1000.0]),
        outcome=outcome,
        break_even=break_even,
        has_money=has_money,
    )


def test_the_default_prior_of_a_channel_with_its_own_margin_has_its_own_break_even():
    np.testing.assert_allclose(priors({"default": 2.0, "tv": 2.5}).median, [2.5, 2.0, 2.0])


def test_with_unknown_history_the_first_weeks_are_history_and_not_explained(make_panel):
    panel = make_panel()
    layout = lay_out(panel, ModelSettings(max_lag=8))
    assert (layout.window, layout.lags) == (8, 8)
    unit = layout.exposure_scale[0, :3]
    np.testing.assert_allclose(layout.data.x[:, 0, :3] * unit, panel.exposure[:, 0], rtol=1e-12)
    heads = layout.size * layout.outcome_scale
    np.testing.assert_allclose(layout.data.y * heads, panel.outcome[8:], rtol=1e-12)
    np.testing.assert_array_equal(layout.data.spend[:3], panel.spend[8:].sum(axis=(0, 1)))


def test_a_true_start_has_a_history_of_zeros(make_panel):
    panel = make_panel()
    layout = lay_out(panel, ModelSettings(max_lag=8, history="none"))
    assert layout.window == 0
    assert (layout.data.x[:8] == 0).all()
    np.testing.assert_allclose(
        layout.data.x[8:, 0, :3] * layout.exposure_scale[0, :3], panel.exposure[:, 0], rtol=1e-12
    )


def test_media_rows_before_the_first_outcome_are_used_as_history(make_panel):
    panel = make_panel()
    outcome = panel.outcome.copy()
    outcome[:12] = np.nan
    late = replace(panel, outcome=outcome, modelled=~np.isnan(outcome[:, 0]))
    layout = lay_out(late, ModelSettings(max_lag=8))
    assert layout.window == 12
    np.testing.assert_allclose(
        layout.data.x[:8, 0, :3] * layout.exposure_scale[0, :3], panel.exposure[4:12, 0], rtol=1e-12
    )
    assert np.isfinite(layout.data.y).all()


def test_active_exposure_counts_as_one_on_average_and_half_saturation_is_relative_to_it(make_panel):
    layout = lay_out(make_panel(), ModelSettings(max_lag=8))
    x, L = layout.data.x, layout.lags
    for m in range(x.shape[2]):
        active = x[L:, 0, m] > 0
        assert x[L:, 0, m][active].mean() == pytest.approx(1.0)
        for lag in (0, 3, 8):
            carried = x[L - lag : len(x) - lag, 0, m][active].mean()
            assert layout.data.mean_lagged[m, lag] == pytest.approx(carried)


def test_money_units_and_outcome_add_up_to_the_panel_in_money(make_panel):
    panel = make_panel(2, geos=("n", "s"), unit_value=3.0)
    layout = lay_out(panel, ModelSettings(max_lag=8))
    money = (layout.data.y * layout.data.money).sum()
    assert money == pytest.approx(3.0 * panel.outcome[8:].sum(), rel=1e-12)


def test_the_scale_of_the_outcome_does_not_change_the_model(make_panel):
    panel = make_panel()
    plain, large = (
        lay_out(replace(panel, outcome=factor * panel.outcome), ModelSettings(max_lag=8))
        for factor in (1, 1e6)
    )
    np.testing.assert_allclose(plain.data.y, large.data.y, rtol=1e-9)
    assert large.outcome_scale == pytest.approx(1e6 * plain.outcome_scale)


def test_a_noisier_geo_counts_for_less(make_panel):
    panel = make_panel(2, geos=("n", "s", "w"))
    rng = np.random.default_rng(3)
    outcome = panel.outcome.copy()
    outcome[:, 2] += 300 * rng.normal(size=len(outcome))
    iv = lay_out(replace(panel, outcome=outcome), ModelSettings(max_lag=8)).data.inverse_variance
    assert iv[2] < 0.5 * min(iv[0], iv[1])
    assert (1 / iv).mean() == pytest.approx(1.0)


def test_the_structural_error_is_smaller_where_regions_speak(make_panel):
    settings = ModelSettings(max_lag=8)
    assert (lay_out(make_panel(), settings).structural_sd == 0.20).all()
    assert (lay_out(make_panel(2, geos=("n", "s")), settings).structural_sd == 0.10).all()
    given = ModelSettings(max_lag=8, structural_error=0.05)
    assert (lay_out(make_panel(), given).structural_sd == 0.05).all()


@pytest.mark.parametrize("geos", [("",), ("n", "s")])
def test_a_channel_that_captures_demand_has_a_wide_structural_error(make_panel, geos):
    panel = replace(make_panel(2, geos=geos), demand_capture=frozenset({"search"}))
    usual = 0.20 if len(geos) == 1 else 0.10
    found = lay_out(panel, ModelSettings(max_lag=8))
    assert [cell.channel for cell in found.media] == ["tv", "search", "search", "organic:mail"]
    assert found.structural_sd.tolist() == [usual, 0.5, 0.5, usual]
    given = lay_out(panel, ModelSettings(max_lag=8, structural_error=0.05))
    assert given.structural_sd.tolist() == [0.05] * 4


def test_audiences_of_a_channel_are_related_and_others_are_not(make_panel):
    assert lay_out(make_panel(), ModelSettings(max_lag=8)).siblings.tolist() == [-1, 0, 0, -1]


def test_too_few_periods_are_refused_with_the_key_that_helps(make_panel):
    with pytest.raises(DataError, match=rf"at least {MIN_LIVE} are needed.*model\.max_lag"):
        lay_out(make_panel(periods=30), ModelSettings(max_lag=13))


def test_a_cell_without_exposure_in_the_window_is_refused_by_name(make_panel):
    panel = make_panel()
    exposure = panel.exposure.copy()
    exposure[8:, :, 1] = 0.0
    with pytest.raises(DataError, match="search / brand: no exposure"):
        lay_out(replace(panel, exposure=exposure, spend=exposure), ModelSettings(max_lag=8))


def test_carry_over_by_channel_is_as_asked(make_panel):
    settings = ModelSettings(max_lag=8, adstock={"default": "gamma", "search": "geometric"})
    assert lay_out(make_panel(), settings).data.adstock.tolist() == [GAMMA, GEOMETRIC, GEOMETRIC, GAMMA]
    everywhere = ModelSettings.model_validate({"max_lag": 8, "adstock": "geometric"})
    assert (lay_out(make_panel(), everywhere).data.adstock == GEOMETRIC).all()


def test_families_by_channel_are_as_asked_and_weibull_alone_is_the_density(make_panel):
    asked = {
        "max_lag": 8,
        "adstock": {"default": "weibull", "tv": "delayed"},
        "saturation": {"default": "logistic", "tv": "michaelis_menten", "search": "power"},
    }
    layout = lay_out(make_panel(), ModelSettings.model_validate(asked))
    assert layout.data.adstock.tolist() == [DELAYED, DENSITY, DENSITY, DENSITY]
    assert layout.data.saturation.tolist() == [HILL, POWER, POWER, LOGISTIC]
    assert (layout.curve_priors.slope[1] > 0).tolist() == [False, True, True, False]
    assert (layout.curve_priors.kappa[1] > 0).tolist() == [True, False, False, True]


def test_a_slope_stays_within_its_bounds_and_a_pinned_one_is_one():
    priors = resolve_curve_priors(["gamma"] * 3, ["hill", "power", "logistic"])
    ends = np.exp(priors.slope[0] + priors.slope[1] * priors.slope_bounds)
    np.testing.assert_allclose(ends, np.transpose([(0.7, 4.0), (0.1, 1.0), (1.0, 1.0)]))


@pytest.mark.parametrize("weeks", [1 / 7, 1.0, 30.4375 / 7])
def test_carry_over_assumed_is_the_same_at_any_grain(weeks):
    # log a ~ log 0.4 delays; theta per week is a half-life: the same span of weeks holds the same share
    lags = round(26 / weeks)
    priors = resolve_curve_priors(["gamma"], ["hill"])
    (w,) = prior_median_weights(np.array([GAMMA]), priors, lags, weeks)
    assert w.sum() == pytest.approx(1.0)
    theta = 1 / (1 + np.exp(0.2))
    expected = np.array([(k + 1) ** 0.4 * theta ** (k * weeks) for k in range(lags + 1)])
    np.testing.assert_allclose(w, expected / expected.sum(), rtol=1e-12)


@pytest.mark.parametrize(("break_even", "median"), [(2.0, 2.0), (0.5, 1.0), (9.0, 3.0), (None, 1.3)])
def test_the_default_prior_is_break_even_within_reason(break_even, median):
    found = priors(break_even)
    np.testing.assert_allclose(found.median, median)
    np.testing.assert_allclose(found.sigma, 1.1)
    assert found.scaled == 1.0


def test_defaults_that_would_explain_too_much_are_scaled_down_and_say_so():
    found = priors(2.0, outcome=10_000.0)
    assert (found.median * [1000, 2000, 1000]).sum() == pytest.approx(MEDIA_SHARE_CAP * 10_000)
    assert found.scaled == pytest.approx(0.5)
    assert len(set(found.median)) == 1


def test_a_prior_given_for_a_channel_is_kept_and_only_the_others_make_room():
    found = priors(2.0, outcome=10_000.0, channels={"tv": {"roi": {"median": 3.0, "sigma": 0.4}}})
    assert (found.median[0], found.sigma[0]) == (3.0, 0.4)
    np.testing.assert_allclose(found.median[1:], 2.0 * found.scaled)
    assert (found.median * [1000, 2000, 1000]).sum() == pytest.approx(4000)


def test_a_median_given_for_all_is_never_scaled():
    found = priors(2.0, outcome=1000.0, roi={"median": 2.5, "sigma": 0.6})
    np.testing.assert_allclose(found.median, 2.5)
    np.testing.assert_allclose(found.sigma, 0.6)


def test_without_money_all_cells_cost_the_same_per_outcome_and_explain_a_fifth():
    found = priors(None, outcome=5000.0, has_money=False)
    np.testing.assert_allclose(found.median, 0.2 * 5000 / 4000)


def test_a_prior_on_contribution_is_one_on_the_return_of_all_that_a_channel_spends():
    found = priors(channels={"search": {"contribution": {"share": 0.03, "sigma": 0.4}}})
    # 3 % of 1e6 over 2000 + 1000 of spend
    np.testing.assert_allclose(found.median[1:], 10.0)
    assert found.sigma.tolist() == [1.1, 0.4, 0.4]
    assert found.measure.tolist() == [RETURN, RETURN, RETURN]


def test_a_prior_on_marginal_return_and_on_one_that_may_be_negative_are_told_apart():
    found = priors(
        channels={"tv": {"mroi": {"median": 0.8}}, "search": {"sign": "any", "roi": {"median": 0.5}}}
    )
    assert found.measure.tolist() == [MARGINAL, SIGNED, SIGNED]
    assert found.median.tolist() == [0.8, 0.5, 0.5]
    assert found.sigma.tolist() == [0.5, 1.5, 1.5]  # of the logarithm; in units of the median
    narrow = priors(channels={"tv": {"sign": "any", "roi": {"sigma": 0.7}}})
    assert narrow.sigma[0] == 0.7
    assert narrow.median[0] == narrow.median[1]  # the default


def test_a_return_that_may_be_negative_is_normal_around_its_unit(make_panel):
    asked = {"tv": {"sign": "any", "roi": {"median": 0.5}}, "mail": {"sign": "any"}}
    layout = lay_out(
        make_panel(), ModelSettings.model_validate({"max_lag": 8, "priors": {"channels": asked}})
    )
    assert layout.data.measure.tolist() == [SIGNED, RETURN, RETURN, SIGNED]
    assert layout.log_roi_mean[[0, 3]].tolist() == [1.0, 1.0]
    assert layout.log_roi_sd[[0, 3]].tolist() == [1.5, 1.5]
    assert layout.data.unit.tolist() == [0.5, 1.0, 1.0, 0.02]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"roi": {"median": 1}, "mroi": {"median": 1}}, "twice"),
        ({"mroi": {"median": 1}, "sign": "any"}, "not with mroi"),
        ({"roi": {"median": -1}}, "greater than 0"),
    ],
)
def test_priors_that_clash_are_refused(told, word):
    with pytest.raises(ValidationError, match=word):
        PriorSettings.model_validate({"channels": {"tv": told}})
