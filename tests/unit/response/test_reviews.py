"""What a fit shows of its weak points: nothing to say where all is well, and what to do where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.inference.residuals import Residuals, residuals
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings
from mmm.response.decomposition import decompose
from mmm.response.reviews import is_chasing, review_fit

CALM = np.array([0.01, 0.02, 0.0])


@pytest.fixture(scope="module")
def company(make_panel):
    panel = make_panel()
    return panel, lay_out(panel, ModelSettings(max_lag=8))


@pytest.fixture
def fine(company):
    _, layout = company
    T = layout.data.y.shape[0]
    return Residuals(
        autocorrelation={1: 0.05, 2: -0.1, 3: 0.0, 4: 0.02},
        pairs=dict.fromkeys((1, 2, 3, 4), T),
        coverage_90=0.91,
        standardized=np.linspace(-2, 2, T),
        weight=np.ones(T),
        follows_outcome=np.array([0.1, np.nan, -0.6]),
        follows_season=np.array([0.3, np.nan, -0.9]),
        chasing_pairs=T - 1,
    )


def reviews(company, left, negative=None):
    panel, layout = company
    negative = np.zeros(layout.data.y.shape[0]) if negative is None else negative
    return review_fit(left, negative, layout, panel, CALM)


def test_a_sound_fit_passes_every_check_once(company, fine):
    found = reviews(company, fine)
    assert {one.severity for one in found} == {"pass"}
    assert len({one.check for one in found}) == len(found) == 7
    assert all(one.value for one in found)


@pytest.mark.parametrize(
    ("check", "change", "told"),
    [
        ("residual autocorrelation", {"autocorrelation": {1: 0.5}}, "+0.50"),
        ("one-step coverage", {"coverage_90": 0.7}, "70%"),
        ("demand chasing", {"follows_outcome": np.array([0.6, 0.0, 0.0])}, "0.60"),
        ("spend follows season", {"follows_season": np.array([0.0, 0.9, 0.0])}, "0.90"),
    ],
)
def test_each_weak_point_is_said_with_its_size_and_what_to_do(company, fine, check, change, told):
    listed = [one for one in reviews(company, replace(fine, **change)) if one.severity == "review"]
    assert [one.check for one in listed] == [check]
    assert told in listed[0].value
    assert listed[0].remedy


def test_an_odd_week_is_dated(company, fine):
    panel, layout = company
    odd = fine.standardized.copy()
    odd[[3, 10]] = -6.0, np.nan
    (one,) = [c for c in reviews(company, replace(fine, standardized=odd)) if c.severity == "review"]
    assert (one.check, one.rows) == ("odd periods", str(panel.dates[layout.window + 3]))
    assert "-6.0 sd" in one.value


def test_weeks_that_student_t_noise_lets_go_are_listed_lightest_first(company, fine):
    panel, layout = company
    robust = replace(layout, data=replace(layout.data, student_t=True))
    weight = fine.weight.copy()
    weight[[4, 9]] = 0.2, 0.01
    found = review_fit(replace(fine, weight=weight), np.zeros(len(weight)), robust, panel, CALM)
    (told,) = [one for one in found if one.check == "periods let go"]
    first, second = (str(panel.dates[layout.window + t]) for t in (9, 4))
    assert (told.severity, told.value) == ("pass", f"{first} (weight 0.01), {second} (weight 0.20)")


def test_weeks_with_a_negative_baseline_are_dated_with_its_probability(company, fine):
    panel, layout = company
    negative = np.zeros(layout.data.y.shape[0])
    negative[5] = 0.4
    (one,) = [c for c in reviews(company, fine, negative) if c.severity == "review"]
    assert (one.check, one.rows) == ("negative baseline", str(panel.dates[layout.window + 5]))
    assert "up to 40%" in one.value
    signed = replace(panel, outcome=panel.outcome - panel.outcome.mean())
    assert {c.severity for c in review_fit(fine, negative, layout, signed, CALM)} == {"pass"}


def test_a_return_that_leans_on_its_prior_is_named(company, fine):
    panel, layout = company
    leans = np.array([0.01, 0.31, 0.0])
    found = review_fit(fine, np.zeros(layout.data.y.shape[0]), layout, panel, leans)
    (one,) = [check for check in found if check.severity == "review"]
    assert (one.check, one.where) == ("prior sensitivity", panel.cells[1].name)
    assert one.value.startswith("0.31")


def test_only_spend_that_rises_after_a_good_week_chases(fine):
    assert is_chasing(replace(fine, follows_outcome=np.array([0.6, np.nan, -0.6]))).tolist() == [
        True,
        False,
        False,
    ]


def test_the_probability_of_a_negative_baseline_counts_draws(fitted_company):
    panel, layout, fitted = fitted_company
    split = decompose(fitted.posterior, layout, panel, seed=1)
    assert split.negative_baseline.shape == layout.data.live.shape
    assert split.negative_baseline.max() < 0.05  # a company that sells some 900 a week without media
    level = np.array([column.component == "baseline" for column in layout.baseline.columns])
    sunk = layout.data.Z * np.where(level, -3.0, 1.0)
    lifted = replace(layout, data=replace(layout.data, Z=sunk))
    low = decompose(fitted.posterior, lifted, panel, seed=1)
    assert (low.negative_baseline[layout.data.live] == 1.0).all()
    assert (low.negative_baseline[~layout.data.live] == 0.0).all()


def test_a_fitted_company_can_be_reviewed(fitted_regions):
    panel, layout, fitted = fitted_regions
    left = residuals(fitted.posterior, layout, panel)
    assert set(left.autocorrelation) == {1, 2, 3, 4}
    assert 0.7 < left.coverage_90 <= 1.0
    found = review_fit(left, np.zeros(layout.data.y.shape[0]), layout, panel, CALM)
    assert {one.check for one in found} >= {"one-step coverage", "demand chasing"}
