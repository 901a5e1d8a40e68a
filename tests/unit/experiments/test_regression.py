import numpy as np
import pytest
from scipy.stats import t as student_t

from mmm.experiments.regression import (
    error_with_memory,
    placebo_df,
    placebo_errors,
    placebo_se,
    time_based_regression,
    window_effects,
)


def totals(periods: int, rho: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A control total, and a treated one that follows it with noise of some memory."""
    rng = np.random.default_rng(seed)
    control = 1000.0 + 80.0 * np.sin(np.arange(periods) / 8.0) + rng.normal(0, 20, periods)
    noise = rng.normal(0, 10, periods) * np.sqrt(1 - rho**2)
    noise[0] /= np.sqrt(1 - rho**2)
    for i in range(1, periods):
        noise[i] += rho * noise[i - 1]
    return 300.0 + 0.7 * control + noise, control


def test_the_effect_and_its_error_are_the_predictive_sum_of_a_flat_bayesian_regression() -> None:
    y, x = totals(60, 0.0, 1)
    found = time_based_regression(y, x, 52)
    design = np.column_stack([np.ones(60), x])
    past, after = design[:52], design[52:]
    beta = np.linalg.lstsq(past, y[:52], rcond=None)[0]
    s2 = ((y[:52] - past @ beta) ** 2).sum() / 50
    cov = s2 * (np.eye(8) + after @ np.linalg.inv(past.T @ past) @ after.T)
    assert found.effect == pytest.approx((y[52:] - after @ beta).sum())
    assert found.effect_se == pytest.approx(np.sqrt(cov.sum()))
    assert found.df == 50


def test_all_windows_at_once_are_the_regressions_one_by_one() -> None:
    y, x = totals(80, 0.5, 2)
    starts = np.array([12, 30, 55, 72])
    effect, se = window_effects(np.stack([y, 2 * y]), np.stack([x, x]), starts, 8, 40)
    for k, start in enumerate(starts):
        rows = slice(max(0, start - 40), start + 8)
        alone = time_based_regression(y[rows], x[rows], start - max(0, start - 40))
        assert (effect[0, k], se[0, k]) == pytest.approx((alone.effect, alone.effect_se))
        assert effect[1, k] == pytest.approx(2 * alone.effect)


def test_a_control_that_never_moves_leaves_the_mean() -> None:
    y = np.arange(20.0)
    found = time_based_regression(y, np.zeros(20), 10)
    assert found.counterfactual == pytest.approx(np.full(20, 4.5))


def test_a_lift_put_into_the_window_is_found_and_no_more() -> None:
    y, x = totals(70, 0.3, 3)
    lifted = y + np.where(np.arange(70) >= 60, 7.0, 0.0)
    difference = time_based_regression(lifted, x, 60).effect - time_based_regression(y, x, 60).effect
    assert difference == pytest.approx(70.0)


def test_placebos_are_what_the_regression_finds_in_the_history() -> None:
    y, x = totals(50, 0.0, 4)
    errors = placebo_errors(y, x, window=6, history=52, least=20)
    assert len(errors) == 50 - 6 - 20 + 1
    last = time_based_regression(y, x, 44)
    assert errors[-1] == pytest.approx(last.effect)
    assert placebo_se(np.array([3.0, -4.0])) == pytest.approx(np.sqrt(12.5))
    assert (placebo_df(4, 6), placebo_df(60, 6)) == (3.0, 10.0)


def test_an_error_without_memory_stays_near_the_textbook_and_one_with_memory_grows() -> None:
    plain = [time_based_regression(*totals(60, 0.0, seed), 52) for seed in range(40)]
    sticky = [time_based_regression(*totals(60, 0.8, seed), 52) for seed in range(40)]
    widened = [np.median([error_with_memory(f)[0] / f.effect_se for f in kind]) for kind in (plain, sticky)]
    assert 1.0 <= widened[0] < 1.2
    assert widened[1] > 2.0  # sqrt(1.8 / 0.2) = 3 with the true correlation


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_placebo_intervals_hold_where_noise_has_a_memory_and_the_textbook_does_not(rho: float) -> None:
    window, pre, worlds = 8, 104, 400
    wrong = textbook = 0
    for seed in range(worlds):
        y, x = totals(pre + window, rho, 1000 + seed)
        found = time_based_regression(y, x, pre)
        errors = placebo_errors(y[:pre], x[:pre], window=window, history=pre, least=2 * window)
        bar = student_t.ppf(0.95, placebo_df(len(errors), window)) * placebo_se(errors)
        wrong += abs(found.effect) > bar
        textbook += abs(found.effect) > student_t.ppf(0.95, found.df) * found.effect_se
    assert wrong / worlds < 0.10 + 3 * np.sqrt(0.1 * 0.9 / worlds)
    if rho >= 0.5:
        assert textbook / worlds > 0.2
