"""The arithmetic of the benchmarks, each number by hand."""

from math import e, exp, inf, log

import pytest

from benchmarks.scores import Estimate, covered, interval_score, log_error, score
from benchmarks.speed import at_defaults, median_of, to_ess


def _found(truth: float, middle: float, lo: float, hi: float) -> Estimate:
    return Estimate("f.csv", "tv", truth, middle, lo, hi)


def _run(sample: float, ess: float, **more: float) -> dict:
    seconds = {
        "import": 9.0,
        "build": 1.0,
        "compile": 2.0,
        "sample": sample,
        "draw": 0.5,
        "after": 7.0,
        **more,
    }
    groups = {"roi": ess, "mroi": ess + 1, "noise": 10 * ess}
    return {
        "seconds": seconds, "ess": groups, "draws": 300, "tune": 100, "divergences": 0, "peak_mib": 1.0,
    }  # fmt: skip


def test_an_interval_that_holds_the_truth_scores_its_log_width() -> None:
    assert interval_score(_found(2.0, 2.0, 1.0, e)) == pytest.approx(1.0)


@pytest.mark.parametrize(("lo", "hi"), [(exp(0.5), exp(1.5)), (exp(-1.5), exp(-0.5))])
def test_truth_outside_the_interval_costs_twenty_times_what_is_missed(lo: float, hi: float) -> None:
    assert interval_score(_found(1.0, 1.0, lo, hi)) == pytest.approx(1.0 + 20 * 0.5)


def test_the_interval_score_is_least_at_the_true_quantiles() -> None:
    # log truth uniform on (0, 1), by brute force: the best 90 % interval of all is (0.05, 0.95)
    truths = [exp((k + 0.5) / 400) for k in range(400)]
    grid = [k / 20 for k in range(21)]

    def mean(lo: float, hi: float) -> float:
        return sum(interval_score(_found(t, t, exp(lo), exp(hi))) for t in truths)

    best = min(((lo, hi) for lo in grid for hi in grid if lo < hi), key=lambda pair: mean(*pair))
    assert best == (0.05, 0.95)


def test_twice_too_high_and_twice_too_low_cancel_in_the_bias_and_not_in_the_error() -> None:
    found = [_found(1.0, 2.0, 0.5, 3.0), _found(1.0, 0.5, 0.1, 0.9)]
    both = score(found)
    assert both.bias == pytest.approx(0.0)
    assert both.error == pytest.approx(log(2))
    assert both.factor == pytest.approx(2.0)
    assert both.percent_error == pytest.approx((1.0 + 0.5) / 2)
    assert both.coverage == 0.5
    assert log_error(found[0]) == pytest.approx(log(2))


def test_the_ends_of_the_interval_count_as_covered() -> None:
    assert covered(_found(1.0, 1.5, 1.0, 2.0))
    assert not covered(_found(0.99, 1.5, 1.0, 2.0))


def test_scores_of_nothing_are_not_numbers() -> None:
    nothing = score([])
    assert nothing.channels == 0
    assert nothing.error != nothing.error


def test_a_run_that_overshoots_is_charged_for_the_kept_draws_that_400_needs() -> None:
    # 8 s for 100 + 300 draws: 2 s of warm-up and 6 s kept, of which half is enough; fixed 3.5 s
    assert to_ess(_run(8.0, 800)) == pytest.approx(3.5 + 2 + 3)
    assert at_defaults(_run(8.0, 800)) == pytest.approx(3.5 + 8)


def test_a_run_that_falls_short_is_charged_for_more_kept_draws_and_no_more_warm_up() -> None:
    assert to_ess(_run(8.0, 100)) == pytest.approx(3.5 + 2 + 24)
    assert at_defaults(_run(8.0, 100)) == pytest.approx(3.5 + 2 + 24)


def test_a_fit_that_was_made_longer_by_its_gates_is_charged_in_full() -> None:
    run = {**_run(8.0, 800), "attempts": 2}
    assert to_ess(run) == at_defaults(run) == pytest.approx(3.5 + 8)


def test_imports_and_what_comes_after_the_draws_do_not_count() -> None:
    slow = _run(8.0, 800, **{"import": 1000.0, "after": 1000.0, "mroi": 1000.0})
    assert to_ess(slow) == to_ess(_run(8.0, 800))


def test_the_scarcest_quantity_decides() -> None:
    run = _run(8.0, 800)
    run["ess"]["noise"] = 80.0
    assert to_ess(run) == pytest.approx(3.5 + 2 + 30)


def test_one_noisy_run_of_three_does_not_move_the_median() -> None:
    calm = median_of("ours", "geo", [_run(8.0, 800), _run(8.0, 800), _run(800.0, 800)])
    assert calm.seconds_to_ess == pytest.approx(8.5)
    assert calm.least == pytest.approx(8.5)
    assert calm.most == pytest.approx(3.5 + 200 + 300)
    assert calm.ess_per_second == pytest.approx(800 / 11.5)
    assert calm.most < inf
