"""The panels of the benchmark of readouts hold the lift they say, and its scores are what they are called."""

import numpy as np
import pytest

from benchmarks import geo_tests
from benchmarks.geo_tests import KINDS, LIFT, WINDOW, Case, Line


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_made_up_panel_has_a_treated_region_in_every_four_and_its_lift(kind) -> None:  # type: ignore[no-untyped-def]
    case = geo_tests.made_up(kind, 1)
    assert case.outcome.shape == (geo_tests.HISTORY + WINDOW, kind.regions)
    assert case.treated.sum() == kind.regions // 4
    assert case.lift == pytest.approx(LIFT * case.without)


def test_cities_of_geolift_are_cut_before_its_test() -> None:
    cases = [geo_tests.of_geolift(seed) for seed in range(8)]
    assert all(len(case.outcome) in (62, 76, 90) for case in cases)
    assert len({tuple(case.treated) for case in cases}) > 1


def test_noise_has_the_memory_and_variance_that_are_asked_for() -> None:
    for memory, tails in ((0.0, 0.0), (0.8, 0.0)):
        noise = geo_tests.with_memory(np.random.default_rng(1), (4000, 8), memory, tails)
        assert noise.var() == pytest.approx(1.0, abs=0.05)
        assert np.mean(noise[1:] * noise[:-1]) == pytest.approx(memory, abs=0.05)


def test_the_readout_sees_treated_regions_first_and_each_once_in_a_pair() -> None:
    case = geo_tests.made_up(KINDS[0], 2)
    design, arms = geo_tests.placed(case)
    assert arms.outcome[:, arms.is_treated].sum() == pytest.approx(case.outcome[:, case.treated].sum())
    assert len({name for pair in design.pairs for name in pair}) == 2 * case.treated.sum()
    assert {a for a, _ in design.pairs} == set(design.geos)


def test_an_added_lift_moves_every_estimate_and_range_of_ours_one_for_one() -> None:
    case = geo_tests.made_up(KINDS[4], 3)  # too few pairs for trimmed match, which brings pairs to one size
    more = case.outcome.copy()
    more[-WINDOW:, case.treated] += 7.0
    added = 7.0 * WINDOW * case.treated.sum()
    told = (geo_tests.ours("", 0, one) for one in (case, Case(more, case.treated, case.lift + added)))
    before, after = ([(line.effect, line.lo, line.hi) for line in one] for one in told)
    assert len(before) == 3
    assert np.array(after) == pytest.approx(np.array(before) + added)


def test_scores_are_shares_of_what_would_have_been_sold_and_refusals_are_no_misses() -> None:
    def line(effect: float, lo: float, hi: float) -> Line:
        return Line("", 0, "", effect, lo, hi, 5.0, 100.0, 0.1)

    nan = float("nan")
    found = geo_tests.summary([line(6, 4, 8), line(2, 1, 3), line(7, nan, nan), line(nan, nan, nan)])
    assert (found["answers"], found["ranges"]) == (3, 2)
    assert found["bias"] == pytest.approx(0.0)
    assert found["error"] == pytest.approx(np.sqrt((1 + 9 + 4) / 3) / 100)
    assert (found["holds"], found["seen"]) == (0.5, 1.0)
    assert found["width"] == pytest.approx(0.03)
