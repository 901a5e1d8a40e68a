from itertools import product

import numpy as np
import pytest

from mmm.finance.overlap import unique_share


def by_enumeration(claims, orders):
    """Every pattern of who claims an order, with its chance; an order counts 1 / k for each of k who claim it."""
    q = np.minimum(np.asarray(claims) / orders, 1.0)
    left = np.zeros(len(q))
    for pattern in product((0, 1), repeat=len(q)):
        chance = np.prod([q[j] if hit else 1 - q[j] for j, hit in enumerate(pattern)])
        if any(pattern):
            left += chance * np.array(pattern) / sum(pattern)
    return orders * left / np.asarray(claims)


@pytest.mark.parametrize("claims", [(30.0, 20.0), (10.0, 50.0, 80.0, 5.0), (100.0, 40.0, 60.0)])
def test_an_order_is_split_among_all_who_claim_it(claims):
    found = unique_share(np.array([claims]), np.array([100.0]))[0]

    np.testing.assert_allclose(found, by_enumeration(claims, 100.0), rtol=1e-12)


def test_what_is_left_adds_up_to_the_orders_that_anyone_claims():
    claims = np.array([[30.0, 60.0, 10.0, 45.0, 20.0]])

    left = (unique_share(claims, np.array([100.0])) * claims).sum()

    assert left == pytest.approx(100 * (1 - np.prod(1 - claims / 100)))


def test_a_single_platform_overlaps_with_nobody():
    assert unique_share(np.array([[40.0, 0.0]]), np.array([100.0])).tolist() == [[1.0, 1.0]]


def test_claims_beyond_the_orders_there_are_cannot_all_be_orders():
    assert unique_share(np.array([[250.0]]), np.array([100.0])).tolist() == [[0.4]]
