"""Money week by week: value and gradient against the window's curves, and the concave function above them."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response.curves import Spent, response, together
from mmm.response.weeks import brought, concave_above, week_cells

WEEKS = 4


def made(random_curves, seed=0, *, hurts=False, **choices):
    """Curves, what a unit of money buys, their weeks, and some money by cell and week with weeks without any."""
    curves = random_curves(seed, **choices)
    if hurts:
        signs = np.where(np.arange(curves.media.draws) % 2 == 0, -1.0, 1.0)[:, None, None]
        curves = replace(curves, media=replace(curves.media, ceiling=curves.media.ceiling * signs))
    bought = curves.unit_exposure.sum(axis=0)
    rng = np.random.default_rng(seed)
    money = rng.gamma(1.0, 40.0, (len(curves.media.cells), WEEKS)) * (
        rng.random((len(curves.media.cells), WEEKS)) < 0.8
    )
    return curves, bought, week_cells(curves, 0, bought), money


@pytest.mark.parametrize("carry", [True, False])
@pytest.mark.parametrize("kind", [HILL, LOGISTIC, POWER])
def test_what_weeks_bring_is_what_the_windows_curves_say_of_that_pattern(random_curves, kind, carry):
    curves, bought, cells, money = made(random_curves, 3, saturation=kind, carry=carry)
    total = money.sum(axis=1)
    pattern = (money / total[:, None]).T[:, None, :] * bought
    there = replace(curves, unit_exposure=pattern)
    by_hand = [response(there, i, [x]).mean() for i, x in enumerate(total)]
    # a power law far below 1 still has some share at the floor of the stock
    np.testing.assert_allclose(brought(cells, money)[0], by_hand, rtol=5e-3 if kind == POWER else 1e-5)


def test_segments_add_up(random_curves):
    curves, bought, cells, money = made(random_curves, 5)
    other = made(random_curves, 6)[0]
    both = week_cells(together([curves, replace(other, unit_exposure=curves.unit_exposure)]), 0, bought)
    alone = brought(cells, money), brought(week_cells(other, 0, bought), money)
    for sum_of_both, first, second in zip(brought(both, money), *alone, strict=True):
        np.testing.assert_allclose(sum_of_both, first + second)
    above = brought(concave_above(both, np.full_like(money, 300.0)), money)[0]
    assert (above >= brought(both, money)[0] - 1e-9).all()


def test_weeks_that_are_past_are_a_part_of_the_base(random_curves):
    curves, bought, _, money = made(random_curves, 5)
    money[:, :2] = 7.0
    past = np.zeros_like(curves.unit_exposure)
    past[:2] = 7.0 * bought
    begun = replace(curves, spent=Spent(np.full(3, 14.0), past))
    ahead = brought(week_cells(begun, 2, bought), money[:, 2:])[0]
    whole = brought(week_cells(curves, 0, bought), money)[0]
    first = brought(week_cells(curves, 0, bought), np.where(np.arange(WEEKS) < 2, money, 0.0))[0]
    np.testing.assert_allclose(ahead, whole - first, rtol=1e-9)


@pytest.mark.parametrize("hurts", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_differences(random_curves, seed, hurts):
    _, _, cells, money = made(random_curves, seed, hurts=hurts)
    money += 1.0
    for envelope in (False, True):
        if envelope:
            cells = concave_above(cells, np.full_like(money, 400.0))
        _, slope = brought(cells, money)
        step = 1e-4
        for i in range(len(cells)):
            for t in range(WEEKS):
                up, down = money.copy(), money.copy()
                up[i, t] += step
                down[i, t] -= step
                by_hand = (brought(cells, up)[0][i] - brought(cells, down)[0][i]) / (2 * step)
                assert slope[i, t] == pytest.approx(by_hand, rel=2e-4, abs=1e-7)


def test_without_carry_over_weeks_are_separate_problems(random_curves):
    _, _, cells, money = made(random_curves, 1, lags=1)
    alone = np.stack([brought(cells, np.where(np.arange(WEEKS) == t, money, 0.0))[0] for t in range(WEEKS)])
    np.testing.assert_allclose(brought(cells, money)[0], alone.sum(axis=0), rtol=1e-9)


@pytest.mark.parametrize("hurts", [False, True])
@pytest.mark.parametrize("kind", [HILL, LOGISTIC, POWER])
def test_the_function_above_is_never_below_and_is_concave(random_curves, kind, hurts):
    _, _, cells, _ = made(random_curves, 2, saturation=kind, hurts=hurts)
    most = np.full((3, WEEKS), 150.0)
    above = concave_above(cells, most)
    rng = np.random.default_rng(9)
    for _ in range(40):
        x, y = (rng.uniform(0, 150, (3, WEEKS)) * (rng.random((3, WEEKS)) < 0.6) for _ in range(2))
        high, slope = brought(above, x)
        assert (high >= brought(cells, x)[0] - 1e-7).all()
        there = brought(above, y)[0]
        middle = brought(above, (x + y) / 2)[0]
        assert (middle >= (high + there) / 2 - 1e-7 * np.abs(high).max()).all()
        assert (there <= high + (slope * (y - x)).sum(axis=1) + 1e-7 * np.abs(high).max()).all()


def test_concave_curves_are_their_own_envelope(random_curves):
    _, _, cells, money = made(random_curves, 4, slope=1.0)
    above = concave_above(cells, np.full_like(money, 300.0))
    np.testing.assert_allclose(brought(above, money)[0], brought(cells, money)[0], rtol=1e-12)
