"""Key figures are ratios of sums over whole windows, and their past is the same figure earlier."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell
from mmm.finance.scorecard import running, scorecard_table


@pytest.fixture
def company(make_panel):
    panel = make_panel(periods=156)
    rng = np.random.default_rng(3)
    claimed = rng.poisson(50.0, (156, 3)).astype(float)
    claimed[:, 0] = np.nan
    seen, closed = (1.0 * rng.poisson(mean, (156, 3)) for mean in (30.0, 20.0))
    counted = {"claimed": claimed, "attributed": seen, "matched": closed}
    leaves = (Cell("tv"), Cell("search", "brand"), Cell("search", "generic"))
    counts = ThreeCounts(leaves, np.eye(3, dtype=bool), counted, rng.poisson(90.0, 156) * 1.0)
    return replace(panel, has_exposure=np.array([False, True, True])), counts


def table_of(company, **more):
    panel, counts = company
    return scorecard_table(panel, counts, panel.outcome.sum(axis=1), 13, **more)


def row_of(table, kpi, channel="search", audience="", level="channel", window=-1):
    names = table["period"].drop_duplicates().sort_values().tolist()
    found = table[(table["kpi"] == kpi) & (table["channel"] == channel) & (table["audience"] == audience)]
    return found[(found["level"] == level) & (found["period"] == names[window])].iloc[0]


def test_a_cost_is_spend_over_what_is_counted_in_the_window(company):
    panel, counts = company
    row = row_of(table_of(company), "cost_per_customer")
    spend, matched = panel.spend[:, 0, 1:].sum(axis=1), counts.counted["matched"][:, 1:].sum(axis=1)

    assert row["value"] == pytest.approx(spend[-13:].sum() / matched[-13:].sum())
    assert row["previous"] == pytest.approx(spend[-26:-13].sum() / matched[-26:-13].sum())
    assert row["same_period_last_year"] == pytest.approx(spend[-65:-52].sum() / matched[-65:-52].sum())
    assert row["n"] == matched[-13:].sum()


def test_the_benchmark_is_the_median_of_the_same_season_of_earlier_years(company):
    counts = company[1]
    row = row_of(table_of(company), "close_rate", level="cell", audience="brand")
    matched, seen = counts.counted["matched"][:, 1], counts.counted["attributed"][:, 1]
    usual = []
    for end in (156 - 52, 156 - 104):
        for shift in (-4, 0, 4):
            part = slice(end + shift - 13, end + shift)
            usual.append(matched[part].sum() / seen[part].sum())

    assert row["benchmark"] == pytest.approx(np.median(usual))


def test_one_wild_week_of_an_earlier_year_does_not_move_the_benchmark_much(company):
    counts = company[1]
    before = row_of(table_of(company), "close_rate", level="cell", audience="brand")["benchmark"]
    counts.counted["matched"][156 - 52 - 1, 1] *= 100
    after = row_of(table_of(company), "close_rate", level="cell", audience="brand")["benchmark"]

    assert after == pytest.approx(before, rel=0.15)


def test_a_part_that_a_system_does_not_count_is_left_out_with_its_spend(company):
    panel, counts = company
    row = row_of(table_of(company), "claimed_cost_per_order", channel="", level="total")
    spend, claimed = panel.spend[-13:, 0, 1:].sum(), counts.counted["claimed"][-13:, 1:].sum()

    assert row["value"] == pytest.approx(spend / claimed)


def test_exposures_are_added_only_where_all_of_a_channel_has_them(company):
    table = table_of(company)

    assert set(table[table["kpi"] == "cost_per_1000_exposures"]["channel"]) == {"search"}


def test_money_of_the_company_ties_to_the_panel(company):
    panel, counts = company
    table = table_of(company)
    row = row_of(table, "revenue", channel="", level="total")

    assert row["value"] == pytest.approx(panel.outcome[-13:].sum())
    assert row_of(table, "order_value", channel="", level="total")["value"] == pytest.approx(
        panel.outcome[-13:].sum() / counts.orders[-13:].sum()
    )
    spends = (
        table[(table["kpi"] == "spend") & (table["period"] == row["period"])].groupby("level")["value"].sum()
    )
    assert spends["cell"] == pytest.approx(spends["total"])
    assert spends["channel"] == pytest.approx(spends["total"])


def test_paid_owned_and_base_share_are_there_only_with_a_fit_and_add_up_to_one(company):
    panel, _ = company
    assert not table_of(company)["kpi"].str.endswith("_share").any()
    dates = panel.dates[13:]
    parts = [("paid", 300.0), ("owned", 100.0), ("base", 600.0)]
    shares = pd.concat([pd.DataFrame({"date": dates, "part": part, "value": value}) for part, value in parts])
    table = table_of(company, shares=shares)
    last = table[table["kpi"].str.endswith("_share") & (table["period"] == table["period"].max())]

    assert dict(zip(last["kpi"], last["value"].round(9), strict=True)) == {
        "paid_share": 0.3, "owned_share": 0.1, "base_share": 0.6,
    }  # fmt: skip


def test_without_counts_there_are_still_spend_and_exposure(company):
    panel, counts = company
    bare = ThreeCounts(counts.leaves, counts.members, {}, None)

    kpis = set(scorecard_table(panel, bare, None, 13)["kpi"])

    assert kpis == {"spend", "cost_per_1000_exposures"}


def test_a_running_sum_is_not_known_where_a_period_is_not():
    got = running(np.array([1.0, 2.0, 0.0, 4.0, 5.0]), np.array([True, True, False, True, True]), 2)

    np.testing.assert_equal(got, [np.nan, 3.0, np.nan, np.nan, 9.0])


def test_figures_about_fewer_than_five_people_are_left_out(company):
    counts = company[1]
    counts.counted["matched"][:, 1] = 0.0
    counts.counted["matched"][-1, 1] = 4.0
    few = table_of(company)
    counts.counted["matched"][-1, 1] = 5.0
    enough = table_of(company)

    def told(table):
        last = table["period"] == table["period"].max()
        return table[last & (table["kpi"] == "cost_per_customer") & (table["audience"] == "brand")]

    assert told(few).empty
    assert len(told(enough)) == 1
