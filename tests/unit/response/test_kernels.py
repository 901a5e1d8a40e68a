"""The arithmetic under the response curves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.response.kernels import chord_excess, exp, hill, log


@given(st.floats(1e-290, 1e290))
def test_the_logarithm_is_that_of_the_c_library(number):
    assert log(number) == pytest.approx(math.log(number), rel=1e-15, abs=1e-300)


@given(st.floats(-700, 700))
def test_the_exponential_is_that_of_the_c_library(number):
    assert exp(number) == pytest.approx(math.exp(number), rel=2e-15)


def _hill(exposure: np.ndarray, half: float, power: float) -> tuple[np.ndarray, np.ndarray]:
    share, steep = np.empty_like(exposure), np.empty_like(exposure)
    hill(1.0, np.zeros_like(exposure), exposure, half, power, share, steep)
    return share, steep


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
