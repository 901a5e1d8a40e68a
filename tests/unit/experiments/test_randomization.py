from math import comb

import numpy as np

from mmm.experiments.randomization import assignments, paired_assignments, randomization_test

SIZES = {"pre": 40, "history": 52, "least": 16}


def outcome(seed: int, lift: float = 0.0, regions: int = 9) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = 100.0 + rng.normal(0, 3, (48, 1)) + rng.normal(0, 2, (48, regions))
    values[40:, :3] += lift
    return values


def test_all_assignments_are_taken_where_they_are_few_and_each_has_its_size() -> None:
    every = assignments(9, 3, seed=1)
    assert len(every) == comb(9, 3)
    assert (every.sum(axis=1) == 3).all()
    assert len(np.unique(every, axis=0)) == comb(9, 3)
    many = assignments(40, 15, seed=1)
    assert many.shape == (2000, 40)
    assert (many.sum(axis=1) == 15).all()


def test_a_large_effect_has_the_smallest_p_value_there_can_be() -> None:
    treated = np.arange(9) < 3
    found = randomization_test(outcome(1, lift=40.0), treated, seed=1, **SIZES)
    assert found.assignments == comb(9, 3)
    assert found.p_value == 1 / comb(9, 3)


def test_without_an_effect_every_p_value_is_as_likely() -> None:
    treated = np.arange(9) < 3
    values = [randomization_test(outcome(s), treated, seed=1, **SIZES).p_value for s in range(300)]
    assert 0.05 < np.mean(np.array(values) <= 0.10) < 0.155
    assert abs(np.mean(values) - 0.5) < 0.05


def test_only_assignments_the_design_allowed_are_compared() -> None:
    treated = np.arange(9) < 3
    allowed = np.array([np.arange(9) < 3, np.arange(9) >= 6])
    found = randomization_test(outcome(2), treated, seed=1, among=allowed, **SIZES)
    assert found.assignments == 2
    assert found.p_value in (0.5, 1.0)


def test_coins_of_pairs_swap_within_pairs_and_leave_the_others_alone() -> None:
    treated = np.array([True, True, True, False, False, False, False])
    pairs = [(0, 4), (1, 3)]
    every = paired_assignments(treated, pairs, seed=1)
    assert len(np.unique(every, axis=0)) == 4
    assert (every[:, [0, 1]] != every[:, [4, 3]]).all()
    assert every[:, 2].all()
    assert not every[:, 5:].any()
    assert (every == treated).all(axis=1).any()
    assert len(paired_assignments(np.arange(30) < 15, [(i, i + 15) for i in range(15)], seed=1)) == 2000
