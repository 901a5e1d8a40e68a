"""The parts of the AR(1) precision and of the rotation over geos, against inverses of dense matrices."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmm.model.pack import ar_structure, contrast_columns, rotation


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.floats(-0.95, 0.95))
def test_the_precision_of_any_pattern_of_live_periods_is_the_inverse_covariance(pattern, rho):
    assume(any(pattern))
    live = np.array(pattern)
    on, neighbours_less_one, link = ar_structure(live)
    scale = 1 / (1 - rho**2)
    precision = scale * (
        np.diag(on + rho**2 * neighbours_less_one) - rho * (np.diag(link[:-1], 1) + np.diag(link[:-1], -1))
    )
    rows = np.flatnonzero(live)
    segment = np.cumsum(np.diff(rows, prepend=rows[0]) > 1)
    covariance = np.where(segment[:, None] == segment, rho ** np.abs(rows[:, None] - rows).astype(float), 0.0)
    np.testing.assert_allclose(precision[np.ix_(rows, rows)], np.linalg.inv(covariance), atol=1e-9, rtol=1e-9)
    assert (precision[~live] == 0).all()


@pytest.mark.parametrize("geos", [1, 2, 5, 20])
def test_the_rotation_turns_the_covariance_over_geos_into_one_shared_row_and_equal_contrasts(geos):
    iv = np.random.default_rng(geos).uniform(0.2, 3, geos)
    turn = rotation(iv)
    shock = 1.7
    covariance = turn @ (np.diag(1 / iv) + shock) @ turn.T
    expected = np.eye(geos)
    expected[0, 0] += shock * iv.sum()
    np.testing.assert_allclose(covariance, expected, atol=1e-10)
    np.testing.assert_allclose(turn[1:] @ np.ones(geos), 0.0, atol=1e-10)


def test_contrasts_do_not_see_what_all_geos_have_in_common():
    iv = np.array([0.5, 1.0, 2.0])
    own = np.random.default_rng(1).normal(size=(6, 2))
    columns = contrast_columns(own, iv)
    assert columns.shape == (6, 3, 4)
    np.testing.assert_allclose(np.einsum("g,tgc->tc", iv, columns), 0.0, atol=1e-12)
    turned = np.einsum("kg,tgc->ktc", rotation(iv), columns)
    np.testing.assert_allclose(turned[1][:, :2], own, atol=1e-12)
    np.testing.assert_allclose(turned[1][:, 2:], 0.0, atol=1e-12)
    np.testing.assert_allclose(turned[2][:, 2:], own, atol=1e-12)
