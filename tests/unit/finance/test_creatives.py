"""The ledger of creatives: lines tie to the cell, what it caused is shared out to the cent, wear is a ratio."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmm.data.creatives import align_creatives
from mmm.data.ledger import LEDGER
from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell
from mmm.finance.cents import whole_cents
from mmm.finance.creatives import creative_figures, creatives_table

LEAVES = (Cell("tv"), Cell("search", "brand"), Cell("search", "generic"))
NAMES = ("date", "channel", "audience", "campaign", "creative", *LEDGER)


@pytest.fixture
def company(make_panel):
    panel = make_panel()
    return panel, ThreeCounts(LEAVES, np.eye(3, dtype=bool), {}, None)


@pytest.fixture
def rows(company):
    """Two ads of one campaign, one of them from week 40 on and tiring, and a campaign without ads; the CRM beside."""
    panel, _ = company
    rows = []
    for t, day in enumerate(panel.dates):
        rows.append((day, "search", "generic", "Shoes", "Blue", 30.0, 1000, 20, *[np.nan] * 4))
        if t >= 40:
            clicks = 40 if t < 50 else 10
            rows.append((day, "search", "generic", "Shoes", "Red", 10.0, 1000, clicks, *[np.nan] * 4))
        rows.append((day, "search", "brand", "Brand", "", 5.55, 100, 10, *[np.nan] * 4))
        rows.append((day, "search", "generic", "shoes", "blue", np.nan, np.nan, np.nan, 3, 2, 1, 70.0))
        rows.append((day, "search", "brand", "brand", "?", np.nan, np.nan, np.nan, 4, 4, 4, 50.0))
        rows.append((day, "search", "generic", "Boots", "", np.nan, np.nan, np.nan, 1, 0, 0, 0.0))
        rows.append((day, "radio", "", "Spot", "", 9.0, *[np.nan] * 6))
    frame = pd.DataFrame(rows, columns=NAMES)
    return frame.assign(date=frame["date"].astype("datetime64[s]"), row=np.arange(len(frame)))


def ledger(rows, company, caused=None):
    panel, counts = company
    inside = np.arange(len(panel.dates)) >= len(panel.dates) - 13
    found = align_creatives(rows, panel, counts)
    return creatives_table(found, panel, inside, "last", caused).set_index(["campaign", "creative"])


def test_leads_go_to_the_ad_that_the_crm_names_however_it_is_written(rows, company):
    table = ledger(rows, company)
    blue = table.loc[("Shoes", "Blue")]
    assert (blue["leads"], blue["qualified"], blue["won"], blue["won_revenue"]) == (39, 26, 13, 910.0)
    assert blue["cost_per_qualified_lead"] == pytest.approx(390 / 26)
    brand = table.loc[("Brand", "")]  # its ad is unknown, its campaign is one line
    assert brand["leads"] == 52


def test_what_nobody_names_stays_in_its_cell_so_that_lines_add_up(rows, company):
    table = ledger(rows, company)
    nameless = table.loc[("", "")]
    assert (nameless["channel"], nameless["audience"], nameless["leads"]) == ("search", "generic", 13)
    assert table["spend"].sum() == pytest.approx(13 * (30 + 10 + 5.55))
    assert table["leads"].sum() == 13 * (3 + 4 + 1)
    assert "Spot" not in table.index.get_level_values(0)  # radio is no paid channel of the panel


def test_what_a_line_of_spend_caused_is_shared_out_by_exposure_to_the_cent(rows, company):
    draws = np.random.default_rng(1).gamma(9.0, 111.11, (400, 3))
    table = ledger(rows, company, draws)
    both = table.loc["Shoes"]
    assert set(both["allocated_by"]) == {"exposure"}
    assert round(100 * both["contribution"].sum()) == whole_cents(draws.mean(axis=0))[2]
    np.testing.assert_allclose(both["contribution"], draws[:, 2].mean() / 2, atol=0.01)  # shown alike
    assert table.loc[("Brand", ""), "contribution"] == pytest.approx(draws[:, 1].mean(), abs=0.01)
    assert np.isnan(table.loc[("", ""), "contribution"])
    unseen = rows.assign(exposure=rows["exposure"].where(rows["creative"] != "Red"))
    by_money = ledger(unseen, company, draws).loc["Shoes"]
    assert set(by_money["allocated_by"]) == {"spend"}
    np.testing.assert_allclose(
        by_money["contribution"], draws[:, 2].mean() * np.array([0.75, 0.25]), atol=0.01
    )


def test_an_ad_wears_when_its_click_rate_falls_and_ages_from_its_first_day(rows, company):
    table, panel = ledger(rows, company), company[0]
    red, blue = table.loc[("Shoes", "Red")], table.loc[("Shoes", "Blue")]
    assert red["wear"] == pytest.approx(10 / 40 - 1)
    assert blue["wear"] == pytest.approx(0.0)
    assert red["first_day"] == str(panel.dates[40])
    assert red["age_days"] == 7 * (len(panel.dates) - 40)


def test_little_time_or_few_clicks_say_nothing_of_wear(rows, company):
    panel = company[0]
    young = rows[(rows["creative"] != "Red") | (rows["date"] >= panel.dates[-7])]
    assert np.isnan(ledger(young, company).loc[("Shoes", "Red"), "wear"])
    quiet = rows.assign(clicks=rows["clicks"] / 20)
    assert np.isnan(ledger(quiet, company).loc[("Shoes", "Red"), "wear"])


def test_figures_about_fewer_than_five_people_are_left_out(rows, company):
    few = rows.assign(qualified=np.where(rows["date"] == rows["date"].max(), rows["qualified"], 0.0))
    blue = ledger(few, company).loc[("Shoes", "Blue")]
    assert np.isnan(blue["qualified"])
    assert np.isnan(blue["cost_per_qualified_lead"])


def test_the_scorecard_has_each_line_against_its_own_past(rows, company):
    panel, counts = company
    table = creative_figures(align_creatives(rows, panel, counts), panel, 13)
    red = table[(table["creative"] == "Red") & (table["kpi"] == "click_rate")].iloc[0]
    assert red["value"] == pytest.approx(0.01)
    assert red["previous"] == pytest.approx(0.01)  # weeks 52 to 64; it tired at week 50
    assert np.isnan(red["same_period_last_year"])  # it did not run
    assert red["benchmark"] == pytest.approx(
        (0.01 + (10 * 0.04 + 2 * 0.01) / 12) / 2
    )  # weeks 52 and 39 to 51
    assert set(table["level"]) == {"creative"}
    assert table["period"].nunique() == 1
    spend = table[table["kpi"] == "spend"]["value"]
    assert spend.sum() == pytest.approx(13 * (30 + 10 + 5.55))
    dark = rows.assign(
        spend=rows["spend"].where((rows["creative"] != "Blue") | (rows["date"] < panel.dates[60]), 0.0)
    )
    table = creative_figures(align_creatives(dark, panel, counts), panel, 13)
    assert "Blue" not in set(table["creative"])


def test_without_rows_of_a_paid_channel_there_is_no_ledger(rows, company):
    assert align_creatives(rows[rows["channel"] == "radio"], *company) is None
    assert align_creatives(rows.head(0), *company) is None
