"""What a customer leaves, against sums by hand; faults of the settings in words."""

import numpy as np
import pytest
from pydantic import ValidationError

from mmm.finance.lifetime import MONTH, Lifetime, given_lifetimes, margin_by_month, payback_month
from mmm.finance.settings import FinanceSettings


def settings(**given):
    return FinanceSettings.model_validate(given)


def test_months_add_up_to_the_geometric_series_of_margin_survival_and_discount():
    given = settings(discount_rate=0.1, customers={"margin_by_month": 9.0, "survival": 0.9, "months": 24})
    step = 0.9 * 1.1 ** (-MONTH / 365.25)
    assert margin_by_month(given)[-1] == pytest.approx(9.0 * (1 - step**24) / (1 - step))
    assert given_lifetimes(given)["default"].value == pytest.approx(9.0 * (1 - step**24) / (1 - step))


def test_lists_go_month_by_month_the_last_margin_stays_and_nobody_is_left_after_the_end_of_survival():
    given = settings(customers={"margin_by_month": [20, 5], "survival": [1, 0.5, 0.25, 0.25], "months": 6})
    np.testing.assert_allclose(margin_by_month(given), np.cumsum([20, 2.5, 1.25, 1.25, 0, 0]))


def test_a_value_that_is_given_is_taken_and_the_months_only_say_when_it_comes():
    given = settings(
        customer_lifetime_value={"default": 240, "tv": 300}, customers={"margin_by_month": 10, "months": 3}
    )
    found = given_lifetimes(given)
    assert {name: one.value.tolist() for name, one in found.items()} == {"default": [240], "tv": [300]}
    np.testing.assert_allclose(found["tv"].by_month, [[10, 20, 30]])


def test_without_value_and_months_nothing_is_known():
    assert given_lifetimes(settings(gross_margin=0.5)) == {}


def test_payback_is_the_first_month_that_covers_the_cost_and_never_is_never():
    earned = np.array([[4.0, 8.0, 12.0]] * 3)
    assert payback_month(earned, np.array([4.0, 8.1, 13.0])).tolist() == [1.0, 3.0, np.inf]
    assert payback_month(np.zeros((2, 0)), 1.0).tolist() == [np.inf, np.inf]


def test_draws_are_reordered_and_none_is_lost():
    one = Lifetime(np.arange(10.0), np.arange(10.0)[:, None] * [1.0, 2.0])
    more = one.drawn(30, seed=1)
    assert sorted(more.value.tolist()) == sorted(np.repeat(np.arange(10.0), 3).tolist())
    np.testing.assert_allclose(more.by_month[:, 1], 2 * more.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"customers": {"survival": [0.5, 0.6]}}, "cannot grow"),
        ({"customers": {"margin_by_month": []}}, "empty list"),
        ({"customers": {"survival": 1.2}}, "less than or equal to 1"),
        ({"customer_lifetime_value": {"tv": 3}}, "default"),
        ({"customer_lifetime_value": -1}, "greater than 0"),
        ({"handling_cost_per_lead": -1}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given, said):
    with pytest.raises(ValidationError, match=said):
        settings(**given)
