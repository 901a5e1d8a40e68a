"""What a test's result is worth before it is known."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student_t

from mmm.experiments.value import (
    HALF_LIFE,
    Signal,
    perfect_information,
    sample_information,
    spline,
    useful_windows,
)

SURE = 1e7
"""Degrees of freedom at which a Student t is normal."""


def normal_draws(count: int, mean: float, sd: float) -> np.ndarray:
    """Draws with the quantiles of a normal, in random order: next to no luck in them."""
    rng = np.random.default_rng(3)
    return rng.permutation(mean + sd * norm.ppf((np.arange(count) + 0.5) / count))


def closed_form(mean: float, sd: float, se: float) -> float:
    """EVSI of doing theta or nothing, theta normal and measured with a normal error (Raiffa & Schlaifer 1961)."""
    told = sd**2 / np.hypot(sd, se)
    z = mean / told
    return float(told * norm.pdf(z) + mean * norm.cdf(z) - max(mean, 0.0))


@pytest.mark.parametrize("mean", [0.0, 0.5, -0.8])
@pytest.mark.parametrize("se", [0.3, 1.0, 2.0])
def test_two_actions_and_a_normal_return_have_the_value_of_the_closed_form(mean: float, se: float) -> None:
    theta = normal_draws(40_000, mean, 1.0)
    benefit = np.column_stack([np.zeros_like(theta), theta])
    found = sample_information([Signal(theta, se, SURE)], benefit).value
    # 2 % of it; of a value near nothing, 0.2 % of what certainty is worth
    expected = closed_form(mean, 1.0, se)
    assert found == pytest.approx(expected, rel=0.02, abs=0.002 * perfect_information(benefit))


def curves_and_decisions(draws: int = 4000, decisions: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Returns of three cells that are related, and concave benefits of random splits of one budget."""
    rng = np.random.default_rng(5)
    common = rng.normal(0, 0.3, draws)
    returns = np.exp(rng.normal(0.2, 0.5, (draws, 3)) + common[:, None])
    splits = rng.dirichlet(np.ones(3), decisions)
    return returns, returns @ np.sqrt(splits).T


def test_more_noise_is_never_worth_more_and_no_test_is_worth_more_than_certainty() -> None:
    returns, benefit = curves_and_decisions()
    certain = perfect_information(benefit)
    values = [
        sample_information([Signal(returns[:, 0], sd, 10.0)], benefit).value for sd in (0.01, 0.3, 1, 3, 10)
    ]
    assert all(later <= earlier + 0.01 * certain for earlier, later in pairwise(values))
    assert 0.0 <= values[-1] < values[0] <= certain


def test_a_test_that_measures_nothing_is_worth_nothing() -> None:
    returns, benefit = curves_and_decisions()
    assert sample_information([Signal(returns[:, 0], np.inf, 3.0)], benefit).value == 0.0
    assert sample_information([], benefit).value == 0.0
    assert sample_information([Signal(np.full(len(returns), 2.0), 1.0, 3.0)], benefit).value == 0.0


def test_curves_that_are_equal_in_every_draw_leave_nothing_to_learn() -> None:
    returns, _ = curves_and_decisions()
    same = np.repeat(returns[:, :1], 5, axis=1)
    assert sample_information([Signal(returns[:, 0], 0.1, 10.0)], same).value == 0.0


def test_two_tests_together_tell_more_than_either_and_less_than_certainty() -> None:
    returns, benefit = curves_and_decisions()
    certain = perfect_information(benefit)
    one, other = (Signal(returns[:, k], 0.3, 20.0) for k in (0, 1))
    apart = [sample_information([test], benefit).value for test in (one, other)]
    together = sample_information([one, other], benefit).value
    assert max(apart) < together < certain  # and may be more than their sum: money moves between the two


def kept(tests: tuple[int, ...], sd: float, df: float, repeats: int) -> tuple[float, np.ndarray]:
    """What the results of some tests promise, and what deciding by them brings in so many worlds of each truth.

    A world's truth is a draw left out of those that decide; results are read as the fit would read them.
    """
    returns, benefit = curves_and_decisions(draws=1000)
    promised = sample_information([Signal(returns[:, k], sd, df) for k in tests], benefit).value
    rng, truth = np.random.default_rng(11), np.arange(len(benefit))
    usual = ((benefit.sum(axis=0) - benefit) / (len(benefit) - 1)).argmax(axis=1)
    gains = []
    for _ in range(repeats):
        logs = np.zeros((len(benefit), len(benefit)))
        for k in tests:
            result = returns[:, k] + sd * rng.standard_t(df, len(benefit))
            logs += student_t.logpdf((result[:, None] - returns[:, k]) / sd, df)
        np.fill_diagonal(logs, -np.inf)
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        chosen = (weights / weights.sum(axis=1, keepdims=True) @ benefit).argmax(axis=1)
        gains.append(benefit[truth, chosen] - benefit[truth, usual])
    return promised, np.array(gains)


def test_the_promised_gain_is_the_gain_over_five_thousand_worlds() -> None:
    promised, gains = kept((0,), sd=0.4, df=8.0, repeats=5)
    assert gains.mean() == pytest.approx(promised, abs=0.1 * promised + 2 * gains.std() / np.sqrt(gains.size))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tests", "sd", "df"),
    [
        ((0,), 0.1, 8.0),
        ((0,), 0.4, 8.0),
        ((0,), 1.5, 8.0),
        ((0,), 0.4, 3.0),
        ((0, 1), 0.4, 8.0),
        ((0, 1, 2), 0.4, 8.0),
    ],
)
def test_gains_are_as_promised_for_sharp_vague_and_joint_tests(tests, sd, df) -> None:  # type: ignore[no-untyped-def]
    promised, gains = kept(tests, sd, df, repeats=40)
    error = np.sqrt(
        gains.var(axis=0, ddof=1).mean() / gains.size
    )  # of the luck of results; truths are the draws
    print(f"{len(tests)} of {sd}, {df:g}: {promised:.4f}, kept {gains.mean():.4f} (+- {2 * error:.4f})")
    assert gains.mean() == pytest.approx(promised, rel=0.1)


def test_a_spline_of_six_columns_follows_a_smooth_curve() -> None:
    x = np.random.default_rng(1).normal(0, 1, 4000)
    rows = np.column_stack([np.ones_like(x), spline(x)])
    inside = np.abs(x) < 2.3
    fitted = rows @ np.linalg.lstsq(rows, np.tanh(x), rcond=None)[0]
    assert np.abs(fitted - np.tanh(x))[inside].max() < 0.03


def test_a_result_counts_from_two_weeks_after_its_last_week_and_halves_every_year() -> None:
    grid = np.linspace(12.0, 104.0, 200_001)
    by_sum = float(np.trapezoid(0.5 ** (grid / HALF_LIFE), grid)) / 13.0
    assert useful_windows(10.0, 13.0) == pytest.approx(by_sum, rel=1e-6)
    assert useful_windows(200.0, 13.0) == 0.0
