"""What each result will mean."""

import numpy as np
import pytest

from mmm.experiments.answers import answers_of, in_words, rising


def test_a_rule_of_steps_is_said_with_its_thresholds_and_chances() -> None:
    results = np.random.default_rng(1).permutation(np.linspace(-1000.0, 5000.0, 4000))
    returns = results / 1000.0
    money = np.where(returns < 1.4, 30.0, np.where(returns < 2.4, 100.0, 150.0))
    answers = answers_of(results, money, plan=100.0, moved=1000.0)
    assert [answer.action for answer in answers] == ["cut", "keep", "scale"]
    assert [answer.times for answer in answers] == pytest.approx([0.3, 1.0, 1.5], abs=0.08)
    assert answers[0].high == pytest.approx(1.4, abs=0.16)  # to one fortieth of the results
    assert answers[2].low == pytest.approx(2.4, abs=0.16)
    assert sum(answer.chance for answer in answers) == pytest.approx(1.0)
    assert answers[0].chance == pytest.approx(0.4, abs=0.03)
    assert in_words(answers).startswith("below 1.")


def test_money_taken_away_turns_the_scale_round() -> None:
    """A large loss without the cell is a large return of the cell."""
    results = np.linspace(-5000.0, 0.0, 1000)
    money = np.where(results < -2500.0, 140.0, 0.0)
    answers = answers_of(results, money, plan=100.0, moved=-1000.0)
    assert [answer.action for answer in answers] == ["stop", "scale"]
    assert answers[0].high == pytest.approx(2.5, abs=0.2)


def test_a_rule_that_does_the_same_whatever_comes_out_is_one_answer() -> None:
    answers = answers_of(np.linspace(0, 1, 500), np.full(500, 100.0), plan=100.0, moved=1.0)
    assert in_words(answers) == "whatever comes out: keep (100 %)"


def test_the_nearest_rising_sequence_has_the_least_squares_of_all() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(0, 1, 6)
    found = rising(values)
    assert (np.diff(found) >= 0).all()
    grid = np.sort(rng.uniform(-2.5, 2.5, (20_000, 6)), axis=1)
    assert ((found - values) ** 2).sum() <= ((grid - values) ** 2).sum(axis=1).min()
