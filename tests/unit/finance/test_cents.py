import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmm.finance.cents import whole_cents

AMOUNTS = st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=20)


@given(AMOUNTS)
def test_cents_add_up_to_the_sum_rounded_and_each_is_within_one(amounts):
    values = np.array(amounts)

    cents = whole_cents(values)

    assert abs(cents.sum() - 100 * values.sum()) <= 0.5 + 1e-6
    assert np.all(np.abs(cents - 100 * values) <= 1 + 1e-6)


def test_amounts_that_are_whole_cents_stay_as_they_are():
    assert whole_cents(np.array([[0.1, 0.2], [19.99, -3.5]])).tolist() == [[10, 20], [1999, -350]]
