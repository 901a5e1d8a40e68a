"""What is done after a test: each rule at its edge, the way there, and rules raced against each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from mmm.experiments.follow_up import value_of_result
from mmm.experiments.rollout import LARGEST_STEP, decide, holdout, judge, ramp
from mmm.planning.risk import worst_mean

KINDS = ("stop", "hold", "scale")
QUANTILES = norm.ppf((np.arange(500) + 0.5) / 500)


def judged(gain_of_scale, sd=0.0):
    """Profits of stop, hold and scale: stopping is a little worse, scaling gains this much."""
    hold = 1000.0 + 50.0 * QUANTILES
    return judge([hold - 5.0, hold, hold + gain_of_scale + sd * QUANTILES[::-1]], [-100.0, 0.0, 100.0], 1)


def test_the_score_is_the_weighed_mean_and_bad_cases_less_the_cost_of_moving():
    _, hold, scale = judged(30.0)
    assert hold.score == pytest.approx(0.7 * 1000 + 0.3 * worst_mean(1000 + 50 * QUANTILES, 0.1))
    assert scale.score - hold.score == pytest.approx(30 - 1.0)
    np.testing.assert_allclose(scale.gain, 29.0)
    assert (scale.better, scale.regret, scale.at_risk) == (1.0, 0.0, 0.0)


def test_regret_and_money_at_risk_are_means_over_the_draws_that_lose():
    scale = judged(10.0, sd=20.0)[2]
    gain = 10.0 - 1.0 + 20.0 * QUANTILES
    assert scale.regret == pytest.approx(np.maximum(-gain, 0).mean())
    assert scale.at_risk == pytest.approx(-np.sort(gain)[:50].mean())


@pytest.mark.parametrize(
    ("pays", "spend", "follow_up", "word"),
    [
        (0.80, 0.0, -1.0, "scale"),  # a sure gain has no regret
        (0.79, 0.0, -1.0, "hold"),
        (0.79, 0.0, 1.0, "iterate"),
    ],
)
def test_scaling_needs_its_side_of_break_even_in_80_of_100(pays, spend, follow_up, word):
    found = decide(KINDS, judged(30.0), pays, spend, follow_up)
    assert found.word == word
    assert found.best == 2
    assert found.chosen == (2 if word == "scale" else 1)


def test_what_may_be_regretted_is_a_share_of_the_gain_and_of_the_money():
    told = judged(40.0, sd=30.0)
    regret = told[2].regret
    gained = told[2].score - told[1].score
    assert regret > 0.02 * gained
    edge = (regret - 0.02 * gained) / 0.001
    assert decide(KINDS, told, 0.9, 1.001 * edge, 0.0).word == "scale"
    assert decide(KINDS, told, 0.9, 0.999 * edge, 0.0).word == "hold"


def test_stopping_is_the_same_rule_below_break_even():
    hold = 1000.0 + 50.0 * QUANTILES
    told = judge([hold + 30, hold, hold - 30], [-100.0, 0.0, 100.0], 1)
    assert decide(KINDS, told, 0.2, 0.0, 1.0).word == "stop"
    assert decide(KINDS, told, 0.21, 0.0, 0.0).word == "hold"


def test_where_nothing_is_better_a_test_is_repeated_only_if_that_is_worth_it():
    told = judged(-30.0)
    assert decide(KINDS, told, 0.9, 0.0, 1.0).word == "iterate"
    found = decide(KINDS, told, 0.9, 0.0, 0.0)
    assert (found.word, found.best, found.chosen) == ("hold", 1, 1)


@pytest.mark.parametrize(
    ("start", "end", "steps"),
    [(1, 1.25, 1), (1, 1.5, 2), (1, 2, 4), (1, 0.5, 2), (1, 0, 4), (0, 1, 4), (1, 1, 0)],
)
def test_the_way_is_even_ends_where_it_should_and_no_step_is_above_30_per_cent(start, end, steps):
    levels = ramp(start, end)
    assert len(levels) == steps
    moved = np.diff(np.concatenate([[start], levels]))
    assert (np.abs(moved) <= LARGEST_STEP + 1e-12).all()
    np.testing.assert_allclose(moved.sum(), end - start)


def test_regions_held_out_are_few_and_make_5_to_10_per_cent():
    shares = np.array([0.4, 0.3, 0.2, 0.06, 0.04])
    assert holdout(shares) == (3,)
    even = np.full(30, 1 / 30)
    assert 0.05 <= even[list(holdout(even))].sum() <= 0.10
    assert len(holdout(even)) == 2
    assert holdout(np.array([0.5, 0.3, 0.2])) == ()


# --- the rule raced against others, on companies whose posterior is known in closed form ------------------------

MARGIN, MONEY = 0.5, 100.0
BREAK_EVEN = 1 / MARGIN
LEVELS = np.array([0.0, 0.5, 1.0, 1.25, 1.5, 2.0])
RACE_KINDS = ("stop", "cut", "hold", "scale", "scale", "scale")
POWER = 0.6
PRIOR, SPREAD = 0.8, 0.5
"""log of the next unit's return at today's money: a little above break-even, and wide."""
WINDOWS, COST = 8, 1.0
"""Windows that a decision holds; profit that a follow-up test costs, of 100 of money."""


def profit_at(next_unit):
    """Profit of each level where the response is a power of the money: shape (..., level)."""
    value = next_unit[..., None] * MONEY / POWER * LEVELS**POWER
    return MARGIN * value - MONEY * LEVELS


def posterior(mean, precision, said, error):
    total = precision + 1 / error**2
    return (precision * mean + said / error**2) / total, total


def ours(mean, precision, follow_up):
    """The verdict on quantiles of the posterior."""
    next_unit = np.exp(mean + QUANTILES / np.sqrt(precision))
    told = judge(list(profit_at(next_unit).T), list(MONEY * (LEVELS - 1)), 2)
    return decide(RACE_KINDS, told, float(np.mean(MARGIN * next_unit > 1)), MONEY, follow_up)


def lost_by_rules(truth, mean, precision, error, rng):
    """Profit lost a window against knowing the truth: decided now, or after one more test where that is worth it."""
    lost = profit_at(np.exp(np.array([truth])))[0]
    lost = lost.max() - lost
    told = mean + QUANTILES[::5] / np.sqrt(precision)
    more = value_of_result(profit_at(np.exp(told)).T, told, error, 1e6, rng)
    verdict = ours(mean, precision, (WINDOWS - 1) * more - COST)
    if verdict.word != "iterate":
        return lost[verdict.chosen]
    mean, precision = posterior(mean, precision, truth + error * rng.normal(), error)
    later = ours(mean, precision, -1.0)
    return (lost[2] + COST + (WINDOWS - 1) * lost[later.chosen]) / WINDOWS


def race(worlds, gap, error, seed=1):
    """What ways to decide lose in many worlds, a window; odds that were stated, and what came true.

    `gap` is the sd of the log of what the model believes without the test over the truth; it knows that it may be off.
    """
    rng = np.random.default_rng(seed)
    ways = ("ours", "significant or stop", "the model's mean", "the mean with the test")
    lost, stated, true = {way: [] for way in ways}, [], []
    for _ in range(worlds):
        truth = PRIOR + SPREAD * rng.normal()
        before = posterior(PRIOR, SPREAD**-2, truth + gap * rng.normal(), gap)
        said = truth + error * rng.normal()
        after = posterior(*before, said, error)
        outcome = profit_at(np.exp(np.array([truth])))[0]
        significant = said - 1.645 * error > np.log(BREAK_EVEN)
        lost["significant or stop"].append(outcome.max() - outcome[4 if significant else 0])
        for way, (mean, precision) in (("the model's mean", before), ("the mean with the test", after)):
            believed = profit_at(np.array([np.exp(mean + 0.5 / precision)]))[0]
            lost[way].append(outcome.max() - outcome[int(np.argmax(believed))])
        lost["ours"].append(lost_by_rules(truth, *after, error, rng))
        stated.append(norm.sf((np.log(BREAK_EVEN) - after[0]) * np.sqrt(after[1])))
        true.append(truth > np.log(BREAK_EVEN))
    return {way: np.array(found) for way, found in lost.items()}, np.array(stated), np.array(true)


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.36, 0.58], ids=["a usual line", "a line that captures demand"])
def test_less_is_lost_than_by_significant_or_stop_and_by_the_models_mean_and_stated_odds_come_true(gap):
    lost, stated, true = race(1000, gap, 0.15)
    for other in ("significant or stop", "the model's mean"):
        saved = lost[other] - lost["ours"]
        assert saved.mean() > 3 * saved.std() / np.sqrt(saved.size), other
    for low in np.arange(0.0, 1.0, 0.2):
        some = (stated >= low) & (stated < low + 0.2)
        expected, found = stated[some].mean(), true[some].mean()
        assert abs(found - expected) < 3.5 * np.sqrt(expected * (1 - expected) / some.sum())
