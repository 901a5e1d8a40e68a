"""What an outcome is worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.dims import Cell, by_channel
from mmm.finance.economics import Economics, discount, profit, roi, romi, unit_economics
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


def test_a_channel_with_a_margin_of_its_own_breaks_even_at_its_own_return():
    own = Economics(0.5, {"tv": 0.4})
    cells = (Cell("tv", "new"), Cell("search"))
    np.testing.assert_allclose(own.by_cell(cells), [0.4, 0.5])
    np.testing.assert_allclose(own.relative(cells), [0.8, 1.0])
    assert own.break_even_roi == {"default": 2.0, "tv": 2.5}
    assert by_channel(own.break_even_roi, cells) == [2.5, 2.0]
    assert (own.margin_of("tv"), own.margin_of("radio")) == (0.4, 0.5)
    assert Economics(None).by_cell(cells) is None


def test_margins_by_channel_need_a_default():
    told = FinanceSettings.model_validate({"gross_margin": {"default": 0.5, "tv": 0.4}})
    assert (told.margin, told.margins) == (0.5, {"tv": 0.4})
    with pytest.raises(ValueError, match="need a `default`"):
        FinanceSettings.model_validate({"gross_margin": {"tv": 0.4}})


def test_money_is_worth_less_the_later_it_comes():
    np.testing.assert_allclose(discount([0, 365.25, 730.5], 0.1), [1, 1 / 1.1, 1 / 1.21])
    np.testing.assert_allclose(discount([0, 90], 0.0), 1.0)


def test_a_segment_counts_at_its_own_margin_beside_that_of_the_whole():
    own = unit_economics(
        FinanceSettings.model_validate(
            {"gross_margin": 0.5, "margin_by_segment": {"new": 0.3, "existing": 0.6}}
        )
    )
    cells = (Cell("tv"), Cell("search"))
    np.testing.assert_allclose(own.relative(cells, "new"), [0.6, 0.6])
    np.testing.assert_allclose(own.relative(cells, "existing"), [1.2, 1.2])
    np.testing.assert_allclose(own.relative(cells), [1.0, 1.0])


@pytest.mark.parametrize("beside", [{}, {"gross_margin": {"default": 0.5, "tv": 0.4}}])
def test_margins_of_segments_need_one_of_the_whole_and_none_by_channel(beside):
    with pytest.raises(ValueError, match="`margin_by_segment`"):
        FinanceSettings.model_validate({"margin_by_segment": {"new": 0.3}, **beside})
