"""Lifetimes by group: margins of channels, small groups hidden, the total learned from everyone."""

import numpy as np
import pytest

from mmm.data.transactions import Customers
from mmm.finance.cohorts import learned_lifetimes
from mmm.finance.economics import Economics


@pytest.fixture(scope="module")
def customers():
    rng = np.random.default_rng(6)
    n = 400
    age = rng.uniform(2, 20, n)
    repeats = rng.poisson(0.1 * age).astype(float)
    channel = np.array(["tv"] * 200 + ["search"] * 197 + ["rare"] * 3, object)
    audience = np.array(["", "young", "old", ""] * 100, object)
    first = np.datetime64("2026-01-01") - np.round(30 * age).astype(int)
    value = rng.gamma(8.0, 5.0, n)
    return Customers(repeats, age * 0.9 * (repeats > 0), age, value, channel, audience, first)


def test_a_lifetime_is_margin_times_mean_order_times_orders_of_its_group(customers):
    found, table = learned_lifetimes(customers, Economics(0.5, {"tv": 0.25}, None), 12, seed=1)
    assert set(found) == {"default", "tv", "search"}
    rows = table.set_index(["level", "channel", "audience", "cohort"])
    tv = rows.loc["channel", "tv", "", ""]
    once, _ = learned_lifetimes(customers, Economics(0.5, {}, None), 12, seed=1)
    np.testing.assert_allclose(found["tv"].by_month, 0.5 * once["tv"].by_month)
    assert tv["lifetime_value"] == pytest.approx(found["tv"].value.mean())
    assert tv["order_value"] == pytest.approx(40.0, rel=0.1)
    assert (np.diff(found["tv"].by_month, axis=1) > 0).all()
    mixed = rows.loc["total", "", "", ""]
    assert found["tv"].value.mean() < mixed["lifetime_value"] < found["search"].value.mean()


def test_nobody_can_be_told_from_a_group_and_everybody_is_in_the_total(customers):
    _, table = learned_lifetimes(customers, Economics(0.5), 12, seed=1)
    assert "rare" not in set(table["channel"])
    assert table["customers"].min() >= 5
    assert table.loc[table["level"] == "total", "customers"].tolist() == [400]
    cohorts = table[table["level"] == "cohort"]
    assert cohorts["cohort"].is_monotonic_increasing
    assert cohorts["customers"].sum() <= 400
    assert table["still_customers"].between(0, 1).all()


def test_money_that_is_discounted_is_worth_less(customers):
    plain, _ = learned_lifetimes(customers, Economics(0.5), 24, seed=1)
    later, _ = learned_lifetimes(customers, Economics(0.5, {}, 0.2), 24, seed=1)
    assert (later["default"].value < plain["default"].value).all()
