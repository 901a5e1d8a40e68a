"""A plan of record as the mix to compare with, and the forecast that is frozen with it."""

import numpy as np
import pandas as pd
import pytest

from mmm.errors import DataError
from mmm.finance.economics import Economics
from mmm.planning.plan import optimize
from mmm.planning.settings import ApprovedPlan, PlanSettings
from mmm.planning.spend_file import approved_money
from mmm.planning.window import plan_window, window_curves

GRADES = ["data"] * 4


def day(text):
    return np.datetime64(text)


@pytest.fixture
def approved(tmp_path):
    """A plan of four weeks from 4 January 2027: tv in the first two, search in the last."""
    table = pd.DataFrame(
        [("2027-01-04", "tv", 100.0), ("2027-01-11", "tv", 300.0), ("2027-01-25", "search", 40.0)],
        columns=["date", "channel", "spend"],
    )
    table.to_csv(tmp_path / "spend.csv", index=False)
    return ApprovedPlan(source=tmp_path / "spend.csv", number=3, start="2027-01-04", end="2027-01-31")


def test_over_its_own_window_the_plan_of_record_is_the_plan_as_it_stands(panel, approved, tmp_path):
    money = approved_money(panel, approved, tmp_path, day("2027-01-04"), day("2027-01-31"))
    assert money[:, 0, 0].tolist() == [100, 300, 0, 0]
    assert money[:, 0, 1].tolist() == [0, 0, 0, 40]


def test_over_a_window_twice_as_long_each_half_of_a_period_follows_the_other(panel, approved, tmp_path):
    money = approved_money(panel, approved, tmp_path, day("2027-02-01"), day("2027-03-28"))
    np.testing.assert_allclose(money[:, 0, 0], [50, 50, 150, 150, 0, 0, 0, 0])
    np.testing.assert_allclose(money[:, 0, 1], [0, 0, 0, 0, 0, 0, 20, 20])


def test_over_a_window_that_cuts_weeks_the_money_is_still_the_same(panel, approved, tmp_path):
    money = approved_money(panel, approved, tmp_path, day("2027-02-04"), day("2027-03-02"))
    np.testing.assert_allclose(money.sum(axis=(0, 1)), [400, 40, 0, 0])


def test_a_plan_compared_with_the_plan_of_record_says_so(panel, approved):
    settings = PlanSettings.model_validate({"window": {"start": "2027-01-04", "end": "2027-01-31"}})
    window = plan_window(panel, settings.model_copy(update={"reference": approved}))
    assert window.reference.spend.sum() == 440
    assert "plan of record (number 3, approved for 2027-01-04 to 2027-01-31), scaled" in window.assumptions[0]
    later = PlanSettings.model_validate({"window": "2027Q2"}).model_copy(update={"reference": approved})
    assert "laid over this window" in plan_window(panel, later).assumptions[0]


def test_a_channel_of_the_plan_of_record_that_the_data_no_longer_have_is_named(panel, approved, tmp_path):
    pd.DataFrame([("2027-01-04", "radio", 1.0)], columns=["date", "channel", "spend"]).to_csv(
        tmp_path / "spend.csv", index=False
    )
    with pytest.raises(DataError, match="radio"):
        approved_money(panel, approved, tmp_path, day("2027-01-04"), day("2027-01-31"))


def test_the_forecast_by_period_and_channel_adds_up_to_that_of_the_plan(panel, make_media):
    settings = PlanSettings.model_validate({"window": "2027Q1", "budget": 30_000})
    window = plan_window(panel, settings)
    curves = window_curves(window, panel, make_media(panel))
    baseline = np.random.default_rng(2).normal(900, 30, (curves.draws, len(window.dates)))
    plan = optimize(curves, window, Economics(0.6), GRADES, settings, baseline)
    table = plan.forecast.set_index(["level", "channel", "date"])
    total = table.loc["total", "", ""]
    forecast = plan.summary.forecast
    assert (total["expected"], total["expected_lo"], total["expected_hi"]) == pytest.approx(
        (forecast.mean, forecast.lo, forecast.hi)
    )
    assert total["spend"] == pytest.approx(30_000)
    for date in [*window.dates.astype(str), ""]:
        rows = plan.forecast[plan.forecast["date"] == date].set_index("level")["expected"]
        assert rows["total"] == pytest.approx(rows["baseline"] + rows["channel"].sum())
    by_week = plan.forecast[(plan.forecast["level"] == "channel") & (plan.forecast["date"] != "")]
    whole = plan.forecast[(plan.forecast["level"] == "channel") & (plan.forecast["date"] == "")]
    weighted = (by_week["expected"] * by_week["share"]).groupby(by_week["channel"]).sum()
    assert weighted.to_dict() == pytest.approx(whole.set_index("channel")["expected"].to_dict())
    money = plan.plan[plan.plan["channel"] == "tv"].groupby("date")["planned_spend"].sum()
    told = by_week[by_week["channel"] == "tv"].set_index("date")["spend"]
    assert told.to_list() == pytest.approx(money.to_list())
