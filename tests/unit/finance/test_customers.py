"""Cost and worth of a new customer, against figures by hand on a company of four leaves."""

import numpy as np
import pytest

from mmm.finance.customers import NewCustomers, customers_table
from mmm.finance.lifetime import Lifetime

SPEND = np.array([100.0, 200.0, 300.0, 400.0])
DRAWS = 400


@pytest.fixture
def found():
    rng = np.random.default_rng(2)
    brought = rng.normal([10.0, 40.0, 30.0, 2.0], [1.0, 4.0, 3.0, 4.0], (DRAWS, 4))
    inside = np.arange(130) >= 30
    return NewCustomers(brought, 0.5 * brought / SPEND, SPEND, inside, "segment")


def table(found, counts, lifetimes=None, handling=0.0):
    spend = np.tile(SPEND / 130, (130, 1))
    made = customers_table(found, counts, spend, lifetimes or {}, handling, "all of it", seed=1)
    return made.set_index(["level", "channel", "audience"])


def test_the_cost_of_a_customer_is_money_over_customers_and_its_ends_are_those_of_the_customers(
    found, make_counts
):
    rows = table(found, make_counts())
    search = rows.loc["cell", "search", ""]
    drawn = found.brought[:, 1]
    assert search["cac"] == pytest.approx(200 / drawn.mean())
    assert search["cac_lo"] == pytest.approx(200 / np.quantile(drawn, 0.95))
    assert search["cac_hi"] == pytest.approx(200 / np.quantile(drawn, 0.05))
    assert search["marginal_cac"] == pytest.approx(2 * search["cac"])
    both = found.brought[:, 2:].sum(axis=1)
    assert rows.loc["channel", "social", ""]["cac_lo"] == pytest.approx(700 / np.quantile(both, 0.95))
    assert rows.loc["total", "", ""]["new_customers"] == pytest.approx(found.brought.sum(axis=1).mean())


def test_a_range_that_reaches_nobody_has_no_upper_cost(found, make_counts):
    young = table(found, make_counts()).loc["cell", "social", "young"]
    assert young["cac"] > 0
    assert np.isnan(young["cac_hi"])


def test_claims_are_beside_the_money_of_the_periods_they_cover(found, make_counts):
    counts = make_counts()
    counts.counted["claimed"][:80, 1] = np.nan
    row = table(found, counts).loc["cell", "search", ""]
    assert row["claimed_cost_per_order"] == pytest.approx(
        200 * 50 / 130 / counts.counted["claimed"][80:, 1].sum()
    )
    assert np.isnan(table(found, counts).loc["cell", "tv", ""]["claimed_cost_per_order"])


def test_handling_is_counted_on_the_leads_of_all_the_money(found, make_counts):
    counts = make_counts()
    counts.counted["leads"] = np.full((130, 4), 2.0)
    counts.counted["leads"][:, 0] = np.nan
    row = table(found, counts, handling=3.0).loc["cell", "search", ""]
    assert row["handling"] == pytest.approx(3.0 * 2.0 * 130)
    assert row["full_cac"] == pytest.approx(row["cac"] * (200 + 780) / 200)
    assert table(found, counts, handling=3.0).loc["cell", "tv", ""]["handling"] == 0


def test_a_total_weighs_lifetime_values_by_the_customers_they_are_of(found, make_counts):
    values = {
        "default": Lifetime(np.array([50.0]), np.array([[20.0, 50.0]])),
        "tv": Lifetime(np.array([500.0]), np.array([[1.0, 500.0]])),
    }
    rows = table(found, make_counts(), values)
    total, tv = rows.loc["total", "", ""], rows.loc["cell", "tv", ""]
    earned = 500 * found.brought[:, 0] + 50 * found.brought[:, 1:].sum(axis=1)
    assert total["value_to_cac"] == pytest.approx((earned / 1000).mean())
    assert total["lifetime_value"] == pytest.approx((earned / found.brought.sum(axis=1)).mean())
    assert total["p_pays_back"] == pytest.approx((earned > 1000).mean())
    assert tv["lifetime_value"] == 500
    assert tv["value_to_marginal_cac"] == pytest.approx(500 * found.following[:, 0].mean())
    assert (tv["payback_months"], tv["payback_months_lo"], tv["payback_months_hi"]) == (2, 2, 2)
    young = rows.loc["cell", "social", "young"]
    assert np.isnan(young["payback_months_hi"])  # in one draw of twenty nobody comes


def test_a_line_without_money_has_no_row(found, make_counts):
    idle = NewCustomers(found.brought, found.following, SPEND * [0, 1, 1, 1], found.inside, found.known_by)
    assert ("cell", "tv", "") not in table(idle, make_counts()).index
