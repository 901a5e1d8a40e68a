"""What an outcome is worth."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmm.finance.economics import Economics, profit, roi, romi, unit_economics
from mmm.finance.settings import FinanceSettings

margins = st.floats(0.01, 2)
amounts = st.floats(1, 1e9)


@given(margins, amounts)
def test_at_break_even_profit_is_zero(margin, spend):
    economics = unit_economics(FinanceSettings(gross_margin=margin))
    revenue = economics.break_even_roi * spend
    assert abs(profit(revenue, spend, economics)) <= 1e-9 * spend
    assert abs(romi(revenue, spend, economics)) <= 1e-9


@given(margins, amounts, amounts)
def test_romi_is_profit_per_unit_of_spend(margin, revenue, spend):
    economics = Economics(margin)
    assert np.isclose(romi(revenue, spend, economics) * spend, profit(revenue, spend, economics), rtol=1e-12)


def test_without_a_margin_nothing_is_guessed():
    economics = unit_economics(FinanceSettings())
    assert economics.margin is None
    assert economics.break_even_roi is None
    assert np.isnan(profit([10.0, 20.0], 5.0, economics)).all()
    assert np.isnan(romi([10.0, 20.0], 5.0, economics)).all()


def test_nothing_spent_has_no_return_on_it():
    assert np.isnan(roi([3.0, 0.0], 0.0)).all()
    assert np.isnan(romi(3.0, 0.0, Economics(0.5)))
    assert roi([3.0, 6.0], [1.0, 2.0]).tolist() == [3.0, 3.0]
