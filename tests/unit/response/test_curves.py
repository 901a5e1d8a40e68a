"""What spend in a window brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import InternalFault
from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response import curves as module
from mmm.response.curves import evaluate, in_units, mroi, response, slope, together


def _written_out(curves, cell, money):
    """The response by its definition: one long exposure series, convolved and saturated, with and without."""
    media, lags = curves.media, curves.media.lags
    beside = np.zeros_like(curves.unit_exposure) if curves.beside is None else curves.beside
    total = np.zeros((2, media.draws))
    for k, spend in enumerate((0.0, money)):
        window = beside + spend * curves.unit_exposure
        series = np.concatenate([curves.carry_in, window, curves.after])[:, :, cell] / media.scale[:, cell]
        for draw in range(media.draws):
            n, half = media.slope[draw, cell], media.half[draw, cell]
            for g in range(len(media.geos)):
                stock = np.convolve(series[:, g], media.weights[draw, cell])[lags - 1 : len(series)]
                ratio = (stock / half) ** n
                kind = media.saturation[cell]
                share = ratio / (1 + ratio) if kind == HILL else ratio
                share = np.tanh(np.arctanh(0.5) * ratio) if kind == LOGISTIC else share
                total[k, draw] += (curves.value[:, g] * media.ceiling[draw, g, cell] * share).sum()
    return total[1] - total[0]


@pytest.mark.parametrize("saturation", [HILL, LOGISTIC, POWER])
@pytest.mark.parametrize("carry", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_response_is_the_convolution_written_out(random_curves, carry, beside, saturation):
    curves = random_curves(1, carry=carry, saturation=saturation)
    if beside:
        curves = replace(curves, beside=40 * curves.unit_exposure * (np.arange(4) == 0)[:, None, None])
    for money in (0.5, 80.0, 900.0):
        expected = _written_out(curves, 1, money)
        np.testing.assert_allclose(response(curves, 1, [money])[0], expected, rtol=1e-10)


def test_no_money_brings_exactly_nothing_whatever_is_carried_in(random_curves):
    for carry in (True, False):
        assert (response(random_curves(2, carry=carry), 0, [0.0]) == 0.0).all()


def test_amounts_may_come_in_any_order_and_twice(random_curves):
    curves = random_curves(3)
    got = response(curves, 0, [200.0, 10.0, 200.0])
    assert (got[0] == got[2]).all()
    assert (got[1] == response(curves, 0, [10.0])[0]).all()


@pytest.mark.parametrize("saturation", [HILL, LOGISTIC, POWER])
def test_slope_is_the_limit_of_the_difference_quotient(random_curves, saturation):
    curves = random_curves(4, saturation=saturation)
    money = np.array([5.0, 60.0, 300.0])
    step = 1e-4 * money
    quotient = (response(curves, 2, money + step) - response(curves, 2, money - step)) / (2 * step[:, None])
    np.testing.assert_allclose(slope(curves, 2, money), quotient, rtol=1e-5)


@pytest.mark.parametrize("saturation", [HILL, POWER])
def test_the_first_unit_of_a_steep_curve_has_an_infinite_slope_and_a_finite_return(random_curves, saturation):
    curves = random_curves(5, slope=0.8, carry=False, saturation=saturation)
    assert (slope(curves, 0, [0.0]) == np.inf).all()
    first = mroi(curves, 0, [0.0, 50.0])
    assert np.isfinite(first).all()
    assert (first[0] > first[1]).all()
    np.testing.assert_array_equal(first[1], slope(curves, 0, [50.0])[0])


def test_all_cores_give_what_one_core_gives(random_curves, monkeypatch):
    curves = random_curves(6)
    one = evaluate(curves, 0, [0.0, 50.0, 200.0])
    monkeypatch.setattr(module, "SMALL", 0)
    for alone, joint in zip(one, evaluate(curves, 0, [0.0, 50.0, 200.0]), strict=True):
        np.testing.assert_array_equal(joint, alone)


def test_money_the_pattern_sends_nowhere_brings_nothing(random_curves):
    curves = random_curves(7)
    dark = replace(curves, unit_exposure=np.zeros_like(curves.unit_exposure))
    for part in evaluate(dark, 0, [0.0, 100.0]):
        assert (part == 0.0).all()


@pytest.mark.parametrize("name", ["half", "slope", "weights", "ceiling", "scale"])
def test_draws_that_are_not_numbers_are_refused_by_name(random_curves, name):
    curves = random_curves(8)
    broken = getattr(curves.media, name).copy()
    broken[0, 0] = np.nan
    with pytest.raises(InternalFault, match=rf"unusable values in {name}\b"):
        replace(curves, media=replace(curves.media, **{name: broken}))


def test_arrays_of_another_shape_are_refused_by_name(random_curves):
    curves = random_curves(8)
    with pytest.raises(InternalFault, match=r"value of shape \(4, 2\); \(7, 2\) was expected"):
        replace(curves, value=curves.value[:4])


def test_negative_amounts_are_refused(random_curves):
    with pytest.raises(InternalFault, match="not negative"):
        response(random_curves(8), 0, [-1.0])


def test_the_same_money_brings_the_sum_of_what_it_brings_in_each_segment(random_curves):
    first, second = random_curves(1), random_curves(4)
    second = replace(second, unit_exposure=first.unit_exposure, value=0.5 * second.value)
    both, money = together([first, second]), [0.0, 3.0, 90.0, 700.0]
    for cell in range(len(first.media.cells)):
        parts = [evaluate(part, cell, money) for part in (first, second)]
        for whole, one, other in zip(evaluate(both, cell, money), *parts, strict=True):
            np.testing.assert_allclose(whole, one + other, rtol=1e-12)
        np.testing.assert_allclose(
            response(in_units(both), cell, money),
            response(in_units(first), cell, money) + response(in_units(second), cell, money),
        )
