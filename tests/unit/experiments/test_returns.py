import numpy as np
import pytest

from mmm.experiments.returns import fieller


def test_without_noise_below_the_range_is_that_of_the_effect() -> None:
    assert fieller(10.0, 4.0, 4.0, 0.0, 0.0, 1.5) == pytest.approx(((10 - 3) / 4, (10 + 3) / 4))


def test_the_ends_are_where_the_difference_is_exactly_at_the_bar() -> None:
    above, below, va, vb, cov, bar = 12.0, 5.0, 4.0, 0.5, 0.6, 1.8
    for r in fieller(above, below, va, vb, cov, bar):
        assert abs(above - r * below) == pytest.approx(bar * np.sqrt(va - 2 * r * cov + r**2 * vb))


def test_a_divisor_near_zero_has_no_range() -> None:
    assert fieller(10.0, 1.0, 4.0, 4.0, 0.0, 1.7) == (-np.inf, np.inf)


def test_the_range_holds_the_ratio_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for above, below in zip(rng.normal(20, 3, 4000), rng.normal(10, 1.5, 4000), strict=True):
        lo, hi = fieller(above, below, 9.0, 2.25, 0.0, 1.6449)
        held += lo < 2.0 < hi
    assert held / 4000 == pytest.approx(0.90, abs=0.015)
