"""Which regions a test treats."""

import numpy as np
import pytest
from scipy.stats import binom
from scipy.stats import t as student_t

from mmm.experiments.assignment import draw_teams, honest_error, least_history, team_count
from mmm.experiments.regression import placebo_df, placebo_errors, placebo_se, window_effects

WEEKS = 156


def company(seed: int, regions: int = 20, memory: float = 0.5) -> np.ndarray:
    """Regions of many sizes that share a season; noise with a memory, shape (week, region)."""
    rng = np.random.default_rng(seed)
    size = rng.lognormal(0, 0.7, regions) * 100
    season = 1 + 0.2 * np.sin(np.arange(WEEKS) / 8) + rng.normal(0, 0.03, WEEKS)
    noise = rng.normal(0, 1, (WEEKS, regions))
    for t in range(1, WEEKS):
        noise[t] += memory * noise[t - 1]
    return size * season[:, None] + np.sqrt(size) * noise


@pytest.mark.parametrize(("regions", "teams"), [(24, 3), (16, 2), (8, 1), (4, 1)])
def test_teams_share_no_region_and_leave_half_of_the_outcome_as_control(regions: int, teams: int) -> None:
    outcome = company(regions, regions)
    found = draw_teams(outcome, teams, window=8, history=52, seed=1)
    assert found is not None
    everyone = [*found.control, *(g for team in found.treated for g in team)]
    assert sorted(everyone) == list(range(regions))
    share = outcome.mean(axis=0) / outcome.mean(axis=0).sum()
    assert all(0 < share[list(team)].sum() <= 0.36 for team in found.treated)
    assert share[list(found.control)].sum() >= 0.4


def test_the_same_seed_draws_the_same_regions_and_another_seed_others() -> None:
    outcome = company(2)
    first, again, other = (draw_teams(outcome, 2, window=8, history=52, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_chosen_assignment_errs_less_than_a_random_one_and_its_error_is_not_flattered() -> None:
    """The half of the history that did not choose says as much as windows that come after all of it."""
    said, came, chance = [], [], []
    for seed in range(25):
        outcome = company(100 + seed)
        past, later = outcome[:-26], outcome[-26 - 52 :]
        found = draw_teams(past, 1, window=8, history=52, seed=seed)
        assert found is not None
        groups = found.treated[0], found.control
        treated, control = (past[:, list(part)].sum(axis=1) for part in groups)
        error = honest_error(treated, control, window=8, history=52)
        assert error is not None
        scale = treated.mean()
        said.append((error[0] / scale) ** 2)
        came.append(_later(later, *groups) / scale**2)
        lots = np.random.default_rng(seed).permutation(20)[: len(groups[0])]
        rest = np.setdiff1d(np.arange(20), lots)
        chance.append(_later(later, lots, rest) / later[:, lots].sum(axis=1).mean() ** 2)
    assert np.mean(came) < 0.9 * np.mean(chance)
    assert 0.6 < np.sqrt(np.mean(said) / np.mean(came)) < 1.6


def _later(outcome: np.ndarray, treated, control) -> float:
    """Mean squared error of the windows of the last half year."""
    sums = (outcome[:, list(part)].sum(axis=1) for part in (treated, control))
    return float((placebo_errors(*sums, window=8, history=52, least=52) ** 2).mean())


def test_few_regions_have_no_teams_and_a_short_history_no_error() -> None:
    assert team_count(3, 3) == 0
    assert team_count(4, 3) == 1
    assert team_count(20, 3) == 2
    assert team_count(20, 1) == 1
    short = company(1)[:20]
    assert draw_teams(short, 1, window=16, history=52, seed=1) is None
    assert honest_error(short[:, 0], short[:, 1], window=16, history=52) is None


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.0, 0.5, 0.8])
def test_designed_tests_of_nothing_call_it_something_as_often_as_promised(memory: float) -> None:
    """A/A: regions are drawn and judged on the past, then read in the weeks after it as a real test would be."""
    worlds, level, window = 150, 0.10, 8
    wrong = 0
    for seed in range(worlds):
        outcome = company(1000 + seed, 12, memory)
        past = outcome[:-window]
        found = draw_teams(past, 1, window=window, history=52, seed=seed)
        assert found is not None
        treated, control = (outcome[:, list(part)].sum(axis=1) for part in (found.treated[0], found.control))
        rows = {"window": window, "history": 52, "least": least_history(window)}
        errors = placebo_errors(treated[:-window], control[:-window], **rows)
        start = np.array([len(past)])
        effect = window_effects(treated, control, start, window, 52)[0][0]
        bar = student_t.ppf(1 - level / 2, placebo_df(len(errors), window)) * placebo_se(errors)
        wrong += int(abs(effect) > bar)
    low, high = binom.ppf([0.025, 0.975], worlds, level)
    assert low <= wrong <= high
