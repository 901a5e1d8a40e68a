import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student_t

from mmm.experiments.power import assurance, detections, minimal_effect, power, sensitivity


def noise(periods: int, rho: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.normal(0, 1, periods)
    for i in range(1, periods):
        out[i] = rho * out[i - 1] + np.sqrt(1 - rho**2) * out[i]
    return out


def test_the_smallest_effect_is_seen_with_the_power_it_is_made_for() -> None:
    size = minimal_effect(se=3.0, df=8.0)
    assert size == pytest.approx(3.0 * (student_t.ppf(0.95, 8.0) + norm.ppf(0.8)))
    assert power(size, 3.0, 8.0) == pytest.approx(0.80, abs=1e-3)


def test_no_effect_is_seen_as_often_as_the_level_says_with_many_degrees_of_freedom() -> None:
    assert power(0.0, 2.0, 1e9, level=0.10) == pytest.approx(0.10)


def test_assurance_of_one_sure_effect_is_its_power_and_of_a_vague_one_lies_between() -> None:
    assert assurance(np.full(5, 4.0), 2.0, 10.0) == pytest.approx(float(power(4.0, 2.0, 10.0)))
    both = assurance(np.array([0.0, 100.0]), 2.0, 10.0)
    assert both == pytest.approx((float(power(0.0, 2.0, 10.0)) + 1.0) / 2.0)


def test_independent_noise_has_the_error_of_a_sum() -> None:
    x = noise(4000, 0.0, 1) * 10
    y = x + noise(4000, 0.0, 2)
    found = sensitivity(y + 50, x, window=8, history=200, least=100)
    assert found.se == pytest.approx(np.sqrt(8 * (1 + 8 / 200)), rel=0.06)
    assert found.baseline == pytest.approx(8 * (y + 50).mean())


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_false_alarms_stay_in_their_band_and_a_large_lift_is_seen(rho: float) -> None:
    seen = of = found = 0
    for seed in range(30):
        x = noise(156, 0.7, 500 + seed) * 5
        y = 100 + x + noise(156, rho, 900 + seed)
        rows = {"window": 8, "history": 52, "least": 20}
        one = sensitivity(y, x, **rows)
        a, b = detections(y, x, **rows)
        seen, of = seen + a, of + b
        found += detections(y, x, lift=2.0 * one.mde, **rows)[0]
    assert 0.03 < seen / of < 0.14  # windows overlap, so some 30 x 12 of them count
    assert found / of > 0.95
