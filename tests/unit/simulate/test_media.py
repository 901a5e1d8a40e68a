"""What media do in the simulated world."""

import numpy as np
import pytest

from mmm.simulate.facts import LAGS
from mmm.simulate.media import MediaWorld, carried, carry_over, media_revenue, saturated


def test_carry_over_sums_to_one_and_peaks_where_it_should():
    geometric, delayed = carry_over("geometric", 0.6, 0), carry_over("delayed", 0.8, 2.0)
    assert geometric.sum() == pytest.approx(1)
    assert delayed.sum() == pytest.approx(1)
    assert geometric[1:] / geometric[:-1] == pytest.approx(np.full(LAGS - 1, 0.6))
    assert delayed.argmax() == 2


def test_carried_exposure_equals_a_convolution():
    rng = np.random.default_rng(1)
    exposure, weights = rng.uniform(0, 5, 60), carry_over("delayed", 0.7, 1.0)
    assert carried(exposure[:, None], weights)[:, 0] == pytest.approx(np.convolve(exposure, weights)[:60])


@pytest.mark.parametrize(("curve", "slope"), [("hill", 1.0), ("hill", 1.8), ("exponential", 1.0)])
def test_saturation_starts_at_zero_passes_one_half_and_never_falls(curve, slope):
    amount = np.linspace(0, 50, 400)
    share = saturated(curve, amount, 2.0, slope)
    assert share[0] == 0
    assert saturated(curve, np.array([2.0]), 2.0, slope)[0] == pytest.approx(0.5)
    assert (np.diff(share) > 0).all()
    assert share[-1] < 1


def test_revenue_of_one_pulse_is_its_formula_in_every_week():
    weights = carry_over("geometric", 0.5, 0)
    world = MediaWorld(
        weights=weights[None, :],
        curves=("hill",),
        half=np.array([0.02]),
        slope=np.array([1.5]),
        strength=np.array([[0.3], [0.4]]),
        population=np.array([1000.0, 5000.0]),
    )
    exposure = np.zeros((6, 2, 1))
    exposure[1, 1, 0] = 400.0
    expected = np.zeros((6, 2, 1))
    for lag in range(5):
        ratio = (400 / 5000 * weights[lag] / 0.02) ** 1.5
        expected[1 + lag, 1, 0] = 5000 * 0.4 * ratio / (1 + ratio)
    assert media_revenue(world, exposure) == pytest.approx(expected)
