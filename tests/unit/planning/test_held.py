"""Did a forecast hold: parts that add up, ranges, pacing by hand."""

import numpy as np
import pandas as pd
import pytest

from mmm.planning.held import PARTS, Forecasts, chance_of_outside, held_table, weeks_table
from mmm.planning.pacing import pacing_table, spent_by_channel

WEEKS = np.array(["2027-01-04", "2027-01-11", "2027-01-18"], dtype="datetime64[D]")


@pytest.fixture
def forecasts():
    """Two weeks, the second half inside the window; tv is spent twice as high, and a holiday takes 10 from the base."""
    rng = np.random.default_rng(1)
    base = 100 + rng.normal(0, 1, (4000, 2))
    tv = 20 + rng.normal(0, 2, (4000, 2))
    approved = {"": base, "tv": tv}
    return Forecasts(approved, {"": base, "tv": 2 * tv}, {"": base - 10, "tv": 2 * tv}, np.array([1.0, 0.5]))


def test_the_miss_is_the_sum_of_its_parts_and_each_is_what_it_says(forecasts):
    happened = {"tv": np.full(10, 66.0)}
    table = held_table(forecasts, happened, {"tv": (5.0, 10.0), "": (5.0, 10.0)}, np.array([150.0, 140.0]))
    found = table.set_index("level")
    np.testing.assert_allclose(found["miss"], found["happened"] - found["expected"])
    np.testing.assert_allclose(table[list(PARTS)].sum(axis=1), table["miss"])
    total, channel, baseline = (found.loc[level] for level in ("total", "channel", "baseline"))
    assert total["happened"] == 150 + 0.5 * 140
    assert total["expected"] == pytest.approx(1.5 * 120, rel=1e-3)
    assert total["spent_otherwise"] == pytest.approx(1.5 * 20, rel=1e-2)
    assert total["calendar_and_controls"] == pytest.approx(-15)
    assert channel["spent_otherwise"] == pytest.approx(total["spent_otherwise"])
    assert (baseline["happened"], baseline["spent_otherwise"]) == (220 - 66, 0)
    for column in ("expected", "happened", "miss", *PARTS):
        assert baseline[column] + channel[column] == pytest.approx(total[column])
    assert (channel["approved_spend"], channel["spent"]) == (5, 10)


def test_a_forecast_held_where_what_happened_is_inside_the_range_for_what_was_spent(forecasts):
    for tv, held in ((60.0, True), (30.0, False), (90.0, False)):  # 2 x 20 x 1.5 is in the middle
        table = held_table(forecasts, {"tv": np.full(3, tv)}, {}, np.zeros(2))
        assert bool(table.set_index("level").loc["channel", "held"]) is held
    lo, hi = np.quantile(forecasts.as_spent["tv"] @ forecasts.share, [0.05, 0.95])
    row = table.set_index("level").loc["channel"]
    assert (row["as_spent_lo"], row["as_spent_hi"]) == pytest.approx((lo, hi))


def test_a_channel_that_brought_nothing_any_more_has_brought_nothing(forecasts):
    table = held_table(forecasts, {}, {}, np.array([150.0, 140.0])).set_index("level")
    assert table.loc["channel", "happened"] == 0
    assert table.loc["baseline", "happened"] == 220


def test_periods_are_compared_with_what_is_known_by_now_and_those_left_out_are_not_there(forecasts):
    weeks = weeks_table(forecasts, ["2027-01-04", "2027-01-11"], np.array([130.0, 300.0]))
    assert weeks["inside"].tolist() == [True, False]
    assert weeks["as_known"].iloc[0] == pytest.approx(130, rel=1e-2)
    assert weeks["expected"].iloc[0] == pytest.approx(120, rel=1e-2)
    left_out = Forecasts(forecasts.approved, forecasts.as_spent, forecasts.as_known, np.array([1.0, 0.0]))
    assert weeks_table(left_out, ["2027-01-04", "2027-01-11"], np.array([1.0, 1.0]))["date"].tolist() == [
        "2027-01-04"
    ]


def test_the_chance_of_periods_outside_counts_weeks_that_go_wrong_together():
    rng = np.random.default_rng(2)
    apart, shared = rng.normal(0, 1, (20_000, 3)), rng.normal(0, 1, (20_000, 1)) * np.ones(3)
    chance = {
        name: chance_of_outside(Forecasts({}, {}, {"": draws}, np.ones(3)), 2)
        for name, draws in (("apart", apart), ("together", shared))
    }
    assert chance["apart"] == pytest.approx(3 * 0.1**2 * 0.9 + 0.1**3, abs=0.005)  # binomial
    assert chance["together"] == pytest.approx(0.1, abs=0.001)
    assert chance_of_outside(Forecasts({}, {}, {"": apart}, np.ones(3)), 0) == 1.0
    left_out = Forecasts({}, {}, {"": apart}, np.array([1.0, 0.0, 0.0]))
    assert chance_of_outside(left_out, 1) == pytest.approx(0.1, abs=0.001)


def approved(*rows):
    return pd.DataFrame(rows, columns=["date", "channel", "planned_spend"])


def test_pacing_by_hand():
    plan = approved(
        ("2027-01-04", "tv", 100.0),
        ("2027-01-11", "tv", 100.0),
        ("2027-01-18", "tv", 50.0),
        ("2027-01-18", "search", 30.0),
        ("2027-01-18", "", 999.0),  # tests without a channel
    )
    spent = pd.DataFrame({"tv": [80.0], "radio": [7.0]}, index=["2027-01-04"])
    table = pacing_table(plan, spent, WEEKS).set_index(["channel", "date"])
    assert table.loc[("tv", "2027-01-04"), ["approved_spend", "spent", "gap", "gap_to_date"]].tolist() == [
        100,
        80,
        -20,
        -20,
    ]
    assert table.loc["tv"]["to_spend"].tolist()[1:] == [113.33, 56.67]  # 170 left, two to one
    assert table.loc["search"]["to_spend"].tolist()[1:] == [0, 30]
    assert table.loc["radio"]["to_spend"].tolist()[1:] == [0, 0]  # never planned and spent already
    total = table.loc[""]
    assert total["approved_spend"].tolist() == [100, 100, 80]
    assert total["gap_to_date"].iloc[0] == -13
    assert total["to_spend"].tolist()[1:] == pytest.approx([113.33, 86.67])


def test_what_is_overspent_is_not_taken_back_and_a_finished_window_has_nothing_to_come():
    plan = approved(("2027-01-04", "tv", 100.0), ("2027-01-11", "tv", 10.0))
    over = pd.DataFrame({"tv": [150.0]}, index=["2027-01-04"])
    table = pacing_table(plan, over, WEEKS[:2])
    assert table["to_spend"].tolist()[1] == 0
    done = pacing_table(plan, pd.DataFrame({"tv": [60.0, 40.0]}, index=WEEKS[:2].astype(str)), WEEKS[:2])
    assert done["to_spend"].isna().all()
    assert done["gap_to_date"].tolist()[:2] == [-40, -10]


def test_money_spent_counts_by_the_days_inside_the_window(panel):
    dates, share = panel.dates[-2:], np.array([1.0, 3 / 7])
    table = spent_by_channel(panel, np.append(dates, dates[-1] + 7), np.append(share, 1.0))
    assert list(table.index) == dates.astype(str).tolist()
    social = panel.spend[-1, 0, 2:].sum()
    assert table["social"].iloc[1] == pytest.approx(3 / 7 * social)
