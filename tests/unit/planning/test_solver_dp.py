"""The dynamic program against every plan there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mmm.planning.solver_dp import best_after, best_before, best_with, trace
from mmm.planning.solver_grid import stack


def _random(seed, sizes):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, size).cumsum() for size in sizes]


def _every_plan(values):
    for steps in itertools.product(*(range(v.size) for v in values)):
        yield steps, sum(v[k] for v, k in zip(values, steps, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_the_best_plan_of_each_total_is_the_best_of_all_plans(seed):
    values = _random(seed, (9, 6, 12))
    flat, offsets = stack(values)
    best = best_before(flat, offsets, 20)
    for total in range(21):
        expected = max(worth for steps, worth in _every_plan(values) if sum(steps) == total)
        assert best[-1, total] == pytest.approx(expected)
        steps = trace(flat, offsets, best, total)
        assert steps.sum() == total
        assert sum(v[k] for v, k in zip(values, steps, strict=True)) == pytest.approx(expected)


def test_totals_that_cannot_be_reached_are_minus_infinity():
    flat, offsets = stack(_random(0, (3, 2)))
    assert (best_before(flat, offsets, 6)[-1, 4:] == -np.inf).all()


def test_the_best_plan_with_a_cell_held_is_the_best_of_those_that_hold_it():
    values = _random(7, (5, 7, 4))
    flat, offsets = stack(values)
    least, limit = 6, 9
    before, after = best_before(flat, offsets, limit), best_after(flat, offsets, limit, least)
    held = np.split(best_with(flat, offsets, before, after), offsets[1:-1])
    plans = [plan for plan in _every_plan(values) if least <= sum(plan[0]) <= limit]
    for cell in range(3):
        for k in range(values[cell].size):
            expected = max((worth for steps, worth in plans if steps[cell] == k), default=-np.inf)
            assert held[cell][k] == pytest.approx(expected)
    assert after[0, 0] == pytest.approx(max(worth for _, worth in plans))
