"""Which tests to run together."""

from itertools import combinations

import numpy as np
import pytest

from mmm.experiments import portfolio
from mmm.experiments.portfolio import Choice, allowed, choose


def instance(seed: int, count: int, *, floor: float = 0.0, slots: int = 3) -> tuple[Choice, np.ndarray]:
    """Tests of cells that overlap in what they tell: precisions of four unknowns."""
    rng = np.random.default_rng(seed)
    told = rng.gamma(1.0, 1.0, (count, 4)) * (rng.random((count, 4)) < 0.4)
    clash = np.triu(rng.random((count, count)) < 0.15, 1)
    choice = Choice(
        used=rng.uniform(5, 40, count),
        cost=rng.normal(0.05, 0.1, count),
        clash=clash | clash.T,
        floor=floor,
        ceiling=90.0,
        slots=slots,
        price=0.02,
        untested=rng.random(count) < 0.5,
    )
    return choice, told


def value_of(told: np.ndarray):
    """Variance that a set of tests takes from four unknowns: what two tests tell overlaps."""
    return lambda tests: float((1 - 1 / (1 + told[list(tests)].sum(axis=0))).sum())


def by_hand(choice: Choice, value) -> tuple[bool, float]:
    """The best of every set, written out once more."""
    best = (False, -np.inf)
    for size in range(choice.slots + 1):
        for tests in combinations(range(len(choice.used)), size):
            at = list(tests)
            used = choice.used[at].sum()
            if used > choice.ceiling or choice.clash[np.ix_(at, at)].any():
                continue
            net = value(tests) - choice.cost[at].sum() - choice.price * max(0.0, choice.floor - used)
            best = max(best, (bool(choice.untested[at].any()) or not choice.untested.any(), net))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_up_to_twelve_candidates_the_best_of_all_sets_is_found(seed: int) -> None:
    choice, told = instance(seed, 9, floor=60.0)
    value = value_of(told)
    found = choose(choice, value)
    net = found.worth - choice.price * found.dead
    assert found.exact
    assert (bool(choice.untested[list(found.tests)].any()), net) == (
        True,
        pytest.approx(by_hand(choice, value)[1]),
    )


def test_greedy_and_swaps_come_within_two_per_cent_of_the_best_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portfolio, "EXACT", 0)
    got, best = [], []
    for seed in range(60):
        choice, told = instance(seed, 11, floor=60.0)
        value = value_of(told)
        found = choose(choice, value)
        assert not found.exact
        assert allowed(choice, found.tests)
        got.append(found.worth - choice.price * found.dead)
        best.append(by_hand(choice, value)[1])
    assert sum(got) >= 0.98 * sum(best)


def test_every_set_keeps_ceiling_slots_and_clashes_and_says_what_of_the_floor_is_left() -> None:
    for seed in range(150):
        choice, told = instance(seed, 14, floor=70.0, slots=1 + seed % 4)
        found = choose(choice, value_of(told))
        assert allowed(choice, found.tests)
        used = choice.used[list(found.tests)].sum()
        assert used + found.dead >= choice.floor - 1e-9
        assert found.dead == pytest.approx(max(0.0, choice.floor - used))


def test_a_set_has_a_test_of_something_never_tested_where_it_can() -> None:
    choice, told = instance(3, 8)
    told = np.where(choice.untested[:, None], 0.0, told)  # only cells that were tested promise anything
    assert choice.untested[list(choose(choice, value_of(told)).tests)].any()


def test_a_test_that_only_fills_the_floor_adds_less_than_nothing() -> None:
    nothing = np.zeros((2, 4))
    choice = Choice(
        used=np.array([30.0, 30.0]),
        cost=np.array([0.1, 0.2]),
        clash=np.zeros((2, 2), dtype=bool),
        floor=30.0,
        ceiling=90.0,
        slots=2,
        price=1.0,
        untested=np.array([False, False]),
    )
    found = choose(choice, value_of(nothing))
    assert found.tests == (0,)
    assert found.adds[0] == pytest.approx(-0.1)
    free = Choice(**{name: getattr(choice, name) for name in choice.__slots__} | {"floor": 0.0})
    assert choose(free, value_of(nothing)).tests == ()
