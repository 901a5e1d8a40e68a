"""Responses kept on points of money, and the mean curves drawn from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response.bank import make_bank
from mmm.response.curves import response, slope
from mmm.response.table import Sketch, refine, tabulate

USUAL, MOST = np.full(3, 200.0), np.full(3, 900.0)


@pytest.mark.parametrize(
    ("saturation", "power"), [(HILL, None), (HILL, 2.5), (LOGISTIC, None), (POWER, None)]
)
def test_the_bank_brings_what_the_curves_bring(random_curves, saturation, power):
    curves = random_curves(3, saturation=saturation, slope=power)
    bank = make_bank(curves, USUAL, MOST)
    for spend in ([3.0, 77.0, 250.0], [390.0, 610.0, 880.0]):
        exact = np.stack([response(curves, i, [x])[0] for i, x in enumerate(spend)])
        top = np.stack([response(curves, i, [900.0])[0] for i in range(3)])
        assert (np.abs(bank.response(np.array(spend)) - exact) / top).max() < 2e-3


def test_a_sketch_is_the_mean_of_the_draws_with_their_weights(random_curves):
    curves = random_curves(4)
    bank = make_bank(curves, USUAL, MOST)
    weights = np.random.default_rng(0).dirichlet(np.ones(12))
    money = np.array([40.0, 130.0, 333.0])
    table = tabulate(bank.sketch(weights), 1, money)
    np.testing.assert_allclose(table.value, response(curves, 1, money) @ weights, rtol=1e-4)
    np.testing.assert_allclose(table.slope, slope(curves, 1, money) @ weights, rtol=5e-3)
    even = tabulate(bank.sketch(), 1, money)
    np.testing.assert_allclose(even.value, response(curves, 1, money).mean(axis=1), rtol=1e-4)


def test_the_first_unit_of_a_steep_curve_has_a_finite_slope(random_curves):
    curves = random_curves(5, slope=0.7, carry=False)
    assert np.isinf(slope(curves, 0, [0.0])).all()
    assert all(np.isfinite(part).all() for part in make_bank(curves, USUAL, MOST).slope)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.floats(0.5, 99.5), min_size=2, max_size=7, unique=True),
)
def test_a_sketch_is_never_above_its_chord_plus_its_bound(seed, points):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 100, 9)
    sketch = Sketch((), 1, (x,), (np.cumsum(rng.uniform(0, 5, 9)),), (rng.uniform(0, 1, 9),))
    money = np.sort(np.array(points))
    table = sketch.table(0, money)
    for j, bound in enumerate(table.excess):
        dense = np.linspace(money[j], money[j + 1], 80)
        chord = np.interp(dense, money, table.value)
        assert (sketch.table(0, dense).value - chord).max() <= bound + 1e-9


def test_a_sketch_refined_is_the_sketch_tabulated_at_once(random_curves):
    sketch = make_bank(random_curves(6), USUAL, MOST).sketch()
    coarse = tabulate(sketch, 2, np.array([0.0, 300.0, 600.0]))
    fine = refine(sketch, 2, coarse, np.array([150.0, 450.0]))
    at_once = tabulate(sketch, 2, np.array([0.0, 150.0, 300.0, 450.0, 600.0]))
    for name in ("points", "value", "slope", "excess"):
        np.testing.assert_allclose(getattr(fine, name), getattr(at_once, name))
