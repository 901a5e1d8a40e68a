"""The company of the loop's benchmark decides as its page says, and the table counts what it says it counts."""

import numpy as np
import pytest

from benchmarks import loop
from benchmarks.loop import BUDGET, CELLS, Curves, Line

USUAL = np.full(CELLS, BUDGET / CELLS)


def draws(seed: int = 1) -> Curves:
    return loop.prior(np.random.default_rng(seed), (loop.DRAWS, CELLS), known=False)


def test_the_split_brings_no_less_than_any_other_and_keeps_money_and_limits() -> None:
    curves = draws()
    steps, even = loop.steps_of(curves, USUAL, USUAL), np.full(loop.DRAWS, 1 / loop.DRAWS)
    best = steps.split(even, BUDGET)
    assert best.sum() == pytest.approx(BUDGET)
    assert np.all((best >= 0.5 * USUAL - 1e-6) & (best <= 1.5 * USUAL + 1e-6))
    rng = np.random.default_rng(2)
    brought = curves.brings(best, USUAL).sum(axis=1).mean()
    for _ in range(200):
        a, b = rng.choice(CELLS, 2, replace=False)
        other = best.copy()
        moved = rng.uniform() * min(best[a] - 0.5 * USUAL[a], 1.5 * USUAL[b] - best[b])
        other[[a, b]] += -moved, moved
        assert curves.brings(other, USUAL).sum(axis=1).mean() <= brought * (1 + 1e-6)


def test_a_slope_is_the_derivative_and_the_usual_money_brings_the_return() -> None:
    curves = draws()
    assert curves.brings(USUAL, USUAL) == pytest.approx(np.exp(curves.log_roi) * USUAL)
    step = 1e-4 * USUAL
    both = curves.brings(USUAL + step, USUAL) - curves.brings(USUAL - step, USUAL)
    assert curves.slope(USUAL, USUAL) == pytest.approx(both / (2 * step), rel=1e-6)


def test_where_all_curves_are_known_and_the_same_the_next_unit_just_pays() -> None:
    same = loop.prior(np.random.default_rng(1), (1, CELLS), known=True)
    assert loop.MARGIN * same.slope(USUAL, USUAL) == pytest.approx(np.ones((1, CELLS)))


@pytest.mark.parametrize("policy", ["loop", "lot", "uncertain", "biggest"])
def test_every_policy_that_tests_fills_the_floor_in_its_slots_one_test_a_cell(policy: str) -> None:
    found = loop.choose(policy, draws(), USUAL, USUAL, np.random.default_rng(1))
    used = sum(test.reserve(USUAL) for test in found)
    assert loop.FLOOR * BUDGET - 1 <= used <= loop.CEILING * BUDGET + 1
    assert len({test.cell for test in found}) == len(found) <= loop.SLOTS


def test_the_least_known_and_the_largest_cells_are_tested_by_who_asks_for_them() -> None:
    curves = draws()
    curves.log_roi[:, 3] *= 3.0
    mix = USUAL.copy()
    mix[[2, 5]] += 0.5 * USUAL[0], -0.5 * USUAL[0]
    rng = np.random.default_rng(1)
    assert loop.choose("uncertain", curves, mix, USUAL, rng)[0].cell == 3
    assert loop.choose("biggest", curves, mix, USUAL, rng)[0].cell == 2
    assert loop.choose("never", curves, mix, USUAL, rng) == []


def test_a_test_reads_the_difference_of_its_treated_part() -> None:
    curves, test = draws(), loop.Test(cell=1, treated=0.4, dose=0.0)
    assert test.lift(curves, USUAL, USUAL) == pytest.approx(-0.4 * curves.brings(USUAL, USUAL)[:, 1])
    assert (test.reserve(USUAL), test.extra(USUAL)) == pytest.approx((0.4 * USUAL[1], -0.4 * USUAL[1]))


def test_the_table_pairs_worlds_and_breaks_even_after_the_last_quarter_behind() -> None:
    eight = [1.0] * 8
    gains = [[1, -3, 1, 1, 1, 1, 1, 1], [1, -1, 1, 1, 1, -1, -1, -2]]
    lines = [
        Line(
            seed,
            False,
            {"loop": [1 + g for g in gain], "never": eight},
            {"loop": [0.5] * 8, "never": [0.0] * 8},
        )
        for seed, gain in enumerate(gains)
    ]
    found = loop.summary(lines, "never", known=False)
    assert found["share"] == pytest.approx((4 - 1) / 2 / 8)
    assert found["ahead"] == 0.5
    assert found["tests"] == pytest.approx(0.5)
    assert found["break_even"] == 4  # in all: 2, -2, 0, 2, ...
