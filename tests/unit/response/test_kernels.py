"""The arithmetic under the response curves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.model.forward import saturate as by_numpy
from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response.kernels import _excesses, chord_excess, exp, log, saturate


@given(st.floats(1e-290, 1e290))
def test_the_logarithm_is_that_of_the_c_library(number):
    assert log(number) == pytest.approx(math.log(number), rel=1e-15, abs=1e-300)


@given(st.floats(-700, 700))
def test_the_exponential_is_that_of_the_c_library(number):
    assert exp(number) == pytest.approx(math.exp(number), rel=2e-15)


CURVES = [(HILL, 0.8), (HILL, 1.0), (HILL, 2.5), (LOGISTIC, 1.0), (POWER, 0.2), (POWER, 0.7), (POWER, 1.0)]


def _curve(
    exposure: np.ndarray, half: float, power: float, kind: int = HILL, money: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    share, steep = np.empty_like(exposure), np.empty_like(exposure)
    saturate(kind, money, np.zeros_like(exposure), exposure, half, power, share, steep)
    return share, steep


def _hill(exposure: np.ndarray, half: float, power: float) -> tuple[np.ndarray, np.ndarray]:
    return _curve(exposure, half, power)


@pytest.mark.parametrize(("kind", "power"), CURVES)
def test_a_curve_is_that_of_the_forward_map_and_its_slope_the_limit_of_quotients(kind, power):
    exposure = np.geomspace(1e-4, 20, 40)
    share, steep = _curve(exposure, 1.3, power, kind)
    np.testing.assert_allclose(share, by_numpy(kind, exposure, 1.3, power), rtol=1e-10, atol=1e-15)
    step = 1e-5 * exposure
    up, down = (by_numpy(kind, exposure + sign * step, 1.3, power) for sign in (1, -1))
    np.testing.assert_allclose(steep, (up - down) / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("kind", "power"), CURVES)
def test_a_curve_begins_at_zero_with_the_slope_it_has_to_the_right_of_it(kind, power):
    (share,), (steep,) = _curve(np.ones(1), 1.3, power, kind, money=0.0)
    assert share == 0.0
    if power != 1.0:
        assert steep == (math.inf if power < 1 else 0.0)
    else:
        (_,), (beside,) = _curve(np.ones(1), 1.3, power, kind, money=1e-7)
        assert steep == pytest.approx(beside, rel=1e-6)


@given(st.sampled_from(CURVES), st.floats(0.01, 10), st.floats(0, 3), st.floats(0.01, 8))
def test_no_curve_rises_above_its_chord_by_more_than_the_bound(curve, half, left, width):
    kind, power = curve
    unit, ends = np.ones(1), (left, left + width)
    at_ends = [_curve(unit, half, power, kind, money=end) for end in ends]
    above = np.empty(1)
    _excesses(kind, ends, np.zeros(1), unit, half, power, *at_ends, False, above)
    at = np.linspace(0, 1, 300)
    low, high = (share[0] for share, _ in at_ends)
    rise = (by_numpy(kind, left + at * width, half, power) - low - at * (high - low)).max()
    assert 0 <= above[0] < math.inf
    assert rise <= above[0] + 1e-12 * (1 + high)


@given(st.floats(0.01, 10), st.floats(0.6, 5), st.floats(0, 3), st.floats(0.01, 8))
def test_no_hill_curve_rises_above_its_chord_by_more_than_the_bound(half, power, left, width):
    ends = np.array([left, left + width])
    share, steep = _hill(ends, half, power)
    if left == 0:
        share[0], steep[0] = 0.0, math.inf if power < 1 else 1 / half if power == 1 else 0.0
    bend = half * ((power - 1) / (power + 1)) ** (1 / power) if power > 1 else 0.0
    top = (power - 1) / (2 * power) if power > 1 else 0.0
    steepest = (power**2 - 1) / (4 * power * bend) if power > 1 and bend > 0 else math.inf
    bound = chord_excess(*ends, *share, *steep, bend, top, steepest)
    at = np.linspace(0, 1, 300)
    dense = (left + at * width) ** power / ((left + at * width) ** power + half**power)
    rise = (dense - share[0] - at * (share[1] - share[0])).max()
    assert 0 <= bound < math.inf
    assert rise <= bound + 1e-12


def test_the_bound_is_nothing_where_the_curve_is_convex_and_falls_with_the_square_of_the_width():
    bounds = []
    for width in (0.2, 0.1, 0.05):
        ends = np.array([2.0, 2.0 + width])
        share, steep = _hill(ends, 1.0, 2.0)
        bounds.append(chord_excess(*ends, *share, *steep, math.sqrt(1 / 3), 0.25, 3 / 8 / math.sqrt(1 / 3)))
    assert bounds[0] / bounds[1] == pytest.approx(4, rel=0.1)
    assert bounds[1] / bounds[2] == pytest.approx(4, rel=0.1)
    ends = np.array([0.1, 0.5])
    share, steep = _hill(ends, 1.0, 2.0)
    assert chord_excess(*ends, *share, *steep, math.sqrt(1 / 3), 0.25, 1.0) == 0.0
