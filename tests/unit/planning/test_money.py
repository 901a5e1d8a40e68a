"""Money to the cent."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmm.planning.money import in_cents, split_reserve, spread

cents = st.integers(0, 10**12)


@given(cents, st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda w: sum(w) > 1e-3))
def test_parts_are_whole_cents_that_sum_exactly_and_none_is_a_cent_off_its_share(total, weights):
    weights = np.array(weights)
    parts = spread(total / 100, weights)
    whole = [in_cents(part) for part in parts]
    assert sum(whole) == total
    assert min(whole) >= 0
    share = weights / weights.sum() * total
    assert np.all(np.abs(np.array(whole) - share) <= 1 + 1e-9 * total)


@given(cents, st.lists(st.floats(1, 1e6), min_size=1, max_size=20))
def test_a_weight_of_zero_gets_nothing(total, weights):
    parts = spread(total / 100, np.array([0.0, *weights, 0.0]))
    assert parts[0] == parts[-1] == 0


@given(st.integers(1, 10**11), st.integers(1_000, 10_000))
def test_the_reserve_is_a_floor_and_less_than_a_cent_above_it(budget, points):
    core, reserve = split_reserve(budget / 100, points / 10_000)
    floor = Fraction(budget) * Fraction(points, 10_000)
    assert floor <= in_cents(reserve) < floor + 1
    assert in_cents(core) + in_cents(reserve) == budget


def test_a_tenth_of_a_round_budget_is_not_pushed_up_by_floating_point():
    assert split_reserve(1_300_000, 0.10) == (1_170_000, 130_000)
    assert split_reserve(0.70, 0.10) == (0.63, 0.07)
