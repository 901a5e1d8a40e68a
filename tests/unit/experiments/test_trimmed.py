import numpy as np
import pytest
from scipy.stats import t as student_t

from mmm.experiments.trimmed import trimmed_match


def pairs(seed: int, roi: float, n: int = 16) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    spend = rng.uniform(50, 150, n)
    return roi * spend + rng.normal(0, 20, n), spend


def test_without_trimming_the_return_is_the_ratio_of_sums() -> None:
    outcome, spend = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.0, 1.0, 2.0, 2.0])  # too few to trim
    found = trimmed_match(outcome, spend)
    assert found is not None
    assert found.trimmed == 0
    assert found.roi == pytest.approx(outcome.sum() / spend.sum())


def test_what_the_return_leaves_has_a_trimmed_mean_of_zero() -> None:
    for seed in range(10):
        outcome, spend = pairs(seed, 2.0)
        found = trimmed_match(outcome, spend)
        assert found is not None
        left = np.sort(outcome - found.roi * spend)
        kept = left[found.trimmed : len(left) - found.trimmed]
        assert kept.mean() == pytest.approx(0.0, abs=1e-8)


def test_one_pair_hit_by_something_else_is_trimmed_away() -> None:
    outcome, spend = pairs(3, 2.0)
    outcome[5] += 5000.0
    found = trimmed_match(outcome, spend)
    assert found is not None
    assert found.trimmed >= 1
    assert found.roi == pytest.approx(2.0, abs=0.3)
    assert outcome.sum() / spend.sum() > 4.0  # what all pairs together would say


@pytest.mark.parametrize("n", [6, 16])
def test_the_range_holds_the_truth_as_often_as_it_says(n: int) -> None:
    held = 0
    for seed in range(200):
        outcome, spend = pairs(seed, 1.5, n)
        found = trimmed_match(outcome, spend)
        assert found is not None
        held += abs(found.roi - 1.5) < student_t.ppf(0.95, found.df) * found.roi_se
    assert 0.86 < held / 200 < 0.97


def test_three_pairs_or_no_change_of_spend_say_nothing() -> None:
    assert trimmed_match(np.ones(3), np.ones(3)) is None
    assert trimmed_match(np.ones(6), np.zeros(6)) is None
