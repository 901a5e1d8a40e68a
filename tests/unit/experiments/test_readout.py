from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student_t

from mmm.experiments.arms import place
from mmm.experiments.readout import read_out
from mmm.experiments.regression import placebo_errors, placebo_se, time_based_regression


def read(design, panel):
    arms, found = place(design, panel, {})
    return read_out(design, arms, found)


def kinds(readout, severity="review") -> set[str]:
    return {flag.check for flag in readout.flags if flag.severity == severity}


def test_a_lift_is_found_within_its_range_by_every_method(tested, design) -> None:
    found = read(design, tested(lift=30.0))
    truth = 30.0 * 4 * 8
    assert found.lo < truth < found.hi
    for other in found.beside:
        assert abs(other.effect - truth) < 3 * other.se
    assert found.randomization.p_value < 0.05
    assert found.flags == ()
    assert not found.widened


def test_the_result_is_the_regression_of_the_last_year_and_its_error_that_of_all_placebos(
    tested, design
) -> None:
    panel = tested(lift=30.0)
    found = read(design, panel)
    outcome = place(design, panel, {})[0].outcome  # less what else differs between regions
    y, x = outcome[:, :4].sum(axis=1), outcome[:, 4:].sum(axis=1)
    assert found.effect == pytest.approx(time_based_regression(y[52:], x[52:], 52).effect)
    errors = placebo_errors(y[:104], x[:104], window=8, history=52, least=16)
    assert found.se == pytest.approx(float(placebo_se(errors)))
    assert found.hi - found.effect == pytest.approx(student_t.ppf(0.95, found.df) * found.se)
    assert (found.error, found.placebos) == ("placebo", 81)


def test_the_course_ends_where_the_effect_is_and_its_range_is_the_results(tested, design) -> None:
    found = read(design, tested(lift=30.0))
    course = found.course
    assert course.part.count("test") == 6
    assert course.part.count("cooldown") == 2
    assert course.cumulative[-1] == pytest.approx(found.effect)
    assert (course.cumulative_lo[-1], course.cumulative_hi[-1]) == pytest.approx((found.lo, found.hi))
    assert (course.actual - course.expected)[-8:].sum() == pytest.approx(found.effect)
    assert np.isnan(course.cumulative[:52]).all()


def test_money_back_is_the_effect_in_money_over_the_planned_money(tested, design) -> None:
    found = read(design, tested(lift=30.0))
    assert found.spend.used == 2400.0
    assert found.spend.seen == pytest.approx(2400.0)
    assert found.back is not None
    assert found.back.roi == pytest.approx(2.0 * found.effect / 2400.0)
    assert (found.back.lo, found.back.hi) == pytest.approx((2.0 * found.lo / 2400.0, 2.0 * found.hi / 2400.0))


def test_spend_that_did_not_follow_the_plan_is_said_and_the_return_is_of_what_was_spent(
    tested, design
) -> None:
    found = read(design, tested(lift=30.0, money=50.0))
    assert kinds(found) == {"spend"}
    assert "50 % of the planned change" in found.flags[0].value
    assert found.spend.used == pytest.approx(1200.0)


def test_a_test_that_never_ran_is_no_result(tested, design) -> None:
    found = read(design, tested(money=0.0))
    assert kinds(found, "fail") == {"spend"}
    assert "did not run as designed" in found.flags[0].remedy


def test_without_a_written_change_the_panel_says_what_was_spent(tested, design) -> None:
    found = read(replace(design, spend_change=np.nan), tested(lift=30.0))
    assert found.spend.used == pytest.approx(2400.0)
    assert found.back is not None


def test_more_than_all_there_was_is_impossible(tested, design) -> None:
    found = read(design, tested(lift=2500.0))
    assert "impossible" in kinds(found, "fail")


def test_regions_that_do_not_move_together_and_odd_weeks_are_pointed_out(tested, design) -> None:
    assert "pre-fit" in kinds(read(design, tested(noise=400.0)))
    panel = tested()
    outcome = panel.outcome.copy()
    outcome[70, 1] += 900.0
    found = read(design, replace(panel, outcome=outcome))
    assert "outliers" in kinds(found)
    assert str(panel.dates[70]) in next(f.rows for f in found.flags if f.check == "outliers")


def test_too_few_regions_bound_the_p_value_and_it_is_said(tested, design) -> None:
    few = replace(design, geos=("region 0",), controls=("region 4", "region 5"), spend_change=600.0)
    found = read(few, tested(lift=30.0))
    assert "regions" in kinds(found)
    assert found.randomization.p_value >= 1 / 3


def test_a_short_history_has_an_error_with_memory_and_says_so(tested, design) -> None:
    late = tested(lift=30.0)
    modelled = late.modelled.copy()
    modelled[:84] = False  # 20 weeks are left
    found = read(design, replace(late, modelled=modelled))
    assert found.error == "memory"
    assert "history" in kinds(found)
    assert found.lo < 960.0 < found.hi


def test_methods_that_disagree_widen_the_error_to_half_of_what_they_are_apart(tested, design) -> None:
    panel = tested()
    outcome = panel.outcome.copy()
    outcome[104:, 4] *= 1.5  # one control region takes off as the test starts
    found = read(design, replace(panel, outcome=outcome))
    apart = max(abs(other.effect - found.effect) for other in found.beside)
    assert found.widened
    assert found.se == pytest.approx(apart / 2)
    assert "methods" in kinds(found)


def test_trimmed_match_reads_the_pairs_of_the_design(tested, design) -> None:
    pairs = tuple((f"region {i}", f"region {i + 4}") for i in range(4))
    found = read(replace(design, pairs=pairs), tested(lift=30.0))
    matched = next(other for other in found.beside if other.method == "trimmed match")
    assert abs(matched.effect - 960.0) < 4 * matched.se
    assert found.randomization.assignments == 2**4  # the coins of four pairs


def test_a_test_that_did_nothing_is_called_something_as_seldom_as_promised(tested, design) -> None:
    wrong = sum(not (found := read(design, tested(seed))).lo < 0.0 < found.hi for seed in range(60))
    assert wrong / 60 < 0.10 + 3 * np.sqrt(0.09 / 60)
