"""When money comes in: period by period, and in all what the response curves say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response.curves import Spent, response, together
from mmm.response.prices import Price
from mmm.response.timing import brought_by_period


def summed(curves, spend):
    return np.stack([response(curves, k, [x])[0] for k, x in enumerate(spend)])


@pytest.mark.parametrize("saturation", [HILL, LOGISTIC, POWER])
def test_periods_add_up_to_the_response(random_curves, saturation):
    curves = random_curves(1, saturation=saturation)
    curves = replace(curves, beside=40 * curves.unit_exposure * (np.arange(4) == 0)[:, None, None])
    spend = np.array([0.0, 90.0, 400.0])
    found = brought_by_period(curves, spend)
    assert found.shape == (3, curves.draws, curves.periods + curves.media.lags - 1)
    np.testing.assert_allclose(found.sum(axis=2), summed(curves, spend), rtol=1e-9, atol=1e-12)
    assert (found[0] == 0).all()


def test_nothing_comes_before_the_money_is_spent(random_curves):
    curves = random_curves(2)
    late = curves.unit_exposure * (np.arange(4) >= 2)[:, None, None]
    found = brought_by_period(replace(curves, unit_exposure=late), np.full(3, 50.0))
    assert (found[:, :, :2] == 0).all()
    assert (found[:, :, 2] > 0).any()


def test_segments_prices_and_money_that_is_spent_already_are_counted(random_curves):
    curves = random_curves(3)
    past = 20.0 * curves.unit_exposure * (np.arange(4) == 0)[:, None, None]
    ahead = curves.unit_exposure * (np.arange(4) > 0)[:, None, None]
    price = Price(above=(100.0,), times=(1.5,))
    begun = replace(
        curves, unit_exposure=ahead, spent=Spent(np.array([20.0, 30.0, 40.0]), past), prices=(price,) * 3
    )
    both = together([begun, begun])
    for spend in (np.array([5.0, 30.0, 200.0]), np.array([60.0, 10.0, 40.0])):
        np.testing.assert_allclose(
            brought_by_period(both, spend).sum(axis=2), 2 * summed(begun, spend), rtol=1e-9, atol=1e-12
        )
