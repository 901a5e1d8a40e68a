"""Profit and loss of a plan that can be worked out by hand: two channels, and tests in neither of them."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.finance.economics import Economics
from mmm.finance.pnl import Flows, Terms, months_of, pnl_table

CELLS = (Cell("tv"), Cell("search", "a"), Cell("search", "b"))
WEEKS = np.datetime64("2027-01-04") + 7 * np.arange(10)
START = np.datetime64("2027-01-04")


@pytest.fixture
def flows():
    """Ten weeks, six of the window: sure money, but search earns between half and one and a half times as much."""
    rng = np.random.default_rng(3)
    revenue = np.zeros((3, 500, 10))
    revenue[0] = [300.03] * 6 + [120.0, 60.0, 30.0, 15.0]
    revenue[1:, :, :6] = 100.0 * rng.uniform(0.5, 1.5, (500, 1))
    media = np.zeros((4, 10))
    media[:, :6] = np.array([80.0, 40.0, 41.11, 10.0])[:, None]
    return Flows(revenue, media, media[:-1] / 20.0, 25.0, revenue)


def table(flows, economics=None, **terms):
    told = {"returns": 0.0, "lead_cost": 3.0, "paid_after": 0, "received_after": 0} | terms
    economics = economics or Economics(0.5, {"search": 0.6}, 0.1)
    flows = replace(flows, counted=flows.revenue * economics.relative(CELLS)[:, None, None])
    return pnl_table({"plan": flows}, CELLS, economics, Terms(**told), WEEKS, "week", START)


def lines(made, month="", channel=""):
    rows = made[(made["month"] == month) & (made["channel"] == channel)]
    return rows.set_index("line")["value"]


def test_lines_are_what_they_are_called(flows):
    whole = lines(table(flows, returns=0.2))
    revenue = flows.revenue.mean(axis=1).sum()
    gross = 0.5 * flows.revenue[0].mean(axis=0).sum() + 0.6 * flows.revenue[1:].mean(axis=1).sum()
    assert whole["revenue"] == pytest.approx(revenue, abs=0.02)
    assert whole["sales"] == pytest.approx(revenue / 0.8, abs=0.02)
    assert whole["gross_margin"] == pytest.approx(gross, abs=0.02)
    assert whole["media"] == pytest.approx(171.11 * 6)
    assert whole["handling"] == pytest.approx(3.0 * 161.11 * 6 / 20, abs=0.02)
    assert whole["once"] == 25.0
    assert whole["contribution"] == pytest.approx(
        gross - 171.11 * 6 * 1.0 - 3.0 * 161.11 * 6 / 20 - 25, abs=0.03
    )


def test_months_and_channels_add_up_to_the_cent_and_lines_to_what_is_left(flows):
    made = table(flows, returns=0.07)
    money = made[
        made["line"].isin(
            [
                "sales",
                "returns",
                "revenue",
                "goods",
                "gross_margin",
                "media",
                "handling",
                "once",
                "contribution",
            ]
        )
    ]
    cents = (100 * money["value"]).round().astype(int)
    whole = cents[(money["month"] == "") & (money["channel"] == "")].to_numpy()
    by_month = cents[money["month"] != ""].groupby(money["line"], sort=False).sum()
    by_channel = cents[money["channel"] != ""].groupby(money["line"], sort=False).sum()
    np.testing.assert_array_equal(by_month, whole)
    np.testing.assert_array_equal(by_channel, whole)
    for _, part in money.assign(cents=cents).groupby(["month", "channel"]):
        one = part.set_index("line")["cents"]
        assert one["contribution"] == one["gross_margin"] - one["media"] - one["handling"] - one["once"]
    assert set(money["channel"]) == {"", "tv", "search", "tests"}


def test_a_week_across_months_is_split_by_its_days():
    shares = months_of(WEEKS, "week", START, np.datetime64("2027-03-31"))
    np.testing.assert_allclose(shares[3], [1, 0, 0])  # 25 to 31 January
    np.testing.assert_allclose(shares[4], [0, 1, 0])
    np.testing.assert_allclose(shares[7:9], [[0, 1, 0], [0, 0, 1]])  # 22 to 28 February, 1 to 7 March
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    moved = months_of(WEEKS, "week", START, np.datetime64("2027-04-30"), later=3)
    np.testing.assert_allclose(moved[3], [4 / 7, 3 / 7, 0, 0])


def test_days_before_the_window_count_in_its_first_month():
    shares = months_of(WEEKS - 7, "week", np.datetime64("2027-01-01"), np.datetime64("2027-03-31"))
    np.testing.assert_allclose(shares[0], [1, 0, 0])  # 28 December to 3 January


def test_cash_moves_when_it_is_paid_and_its_lowest_point_is_what_is_needed(flows):
    made = table(flows, paid_after=0, received_after=60)
    months = sorted(set(made["month"]) - {""})
    balance = [lines(made, month)["cash_balance"] for month in months]
    flow = [lines(made, month)["cash_in"] - lines(made, month)["cash_out"] for month in months]
    np.testing.assert_allclose(np.cumsum(flow), balance, atol=0.05)
    assert lines(made)["cash_needed"] == pytest.approx(
        -min(balance), abs=0.02
    )  # nobody has paid by then, in any draw
    assert lines(made, months[0])["cash_in"] == 0
    assert balance[-1] == pytest.approx(lines(made)["contribution"], abs=0.05)
    assert lines(made)["cash_back_months"] > lines(made)["break_even_months"]


def test_present_value_discounts_by_the_first_day_of_each_week(flows):
    made = lines(table(flows))
    gross = 0.5 * flows.revenue[0] + 0.6 * flows.revenue[1:].sum(axis=0)
    costs = flows.media.sum(axis=0) + 3.0 * flows.leads.sum(axis=0) + np.r_[25.0, np.zeros(9)]
    worth = 1.1 ** (-7 * np.arange(10) / 365.25)
    assert made["npv"] == pytest.approx(((gross - costs) @ worth).mean(), abs=0.01)
    assert "npv" not in lines(table(flows, Economics(0.5)))


def test_break_even_is_the_month_after_which_nothing_is_missing_and_never_where_it_is_not_reached(flows):
    poor = Economics(0.05)
    made = table(flows, poor)
    assert np.isnan(lines(made)["break_even_months"])
    assert lines(made)["probability_pays"] == 0
    rich = lines(table(flows, Economics(0.9)))
    assert (rich["break_even_months"], rich["probability_pays"]) == (1, 1)
    needed = rich["break_even_revenue"]
    assert 0.9 * needed == pytest.approx(rich["media"] + rich["handling"] + rich["once"], abs=0.02)


def test_without_a_margin_there_is_revenue_and_cost_and_nothing_is_guessed(flows):
    made = table(flows, Economics(None))
    assert set(made["line"]) == {"sales", "returns", "revenue", "media", "handling", "once"}


def test_ranges_are_those_of_the_sum_of_its_draws(flows):
    made = table(flows)
    row = made[(made["line"] == "revenue") & (made["channel"] == "search")].iloc[0]
    lo, hi = np.quantile(flows.revenue[1:].sum(axis=(0, 2)), [0.05, 0.95])
    assert (row["value_lo"], row["value_hi"]) == (pytest.approx(lo, abs=0.01), pytest.approx(hi, abs=0.01))
