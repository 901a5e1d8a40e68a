"""What a result is worth, against the closed form for two actions, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from mmm.experiments.follow_up import HORIZON_WEEKS, useful_windows, value_of_result

NORMAL = 1e9
EFFECT = 1.0 + 2.0 * norm.ppf((np.arange(400) + 0.5) / 400)
"""Mean 1, sd 2; doing it gains the effect, not doing it nothing."""
TWO = np.stack([np.zeros(400), EFFECT])


def value(profits=TWO, effect=EFFECT, sd=1.0, seed=1):
    return value_of_result(profits, effect, sd, NORMAL, np.random.default_rng(seed))


@pytest.mark.parametrize("sd", [0.5, 1.0, 2.0, 4.0])
def test_two_actions_and_normal_effects_have_a_closed_form(sd):
    s = 4.0 / np.sqrt(4.0 + sd**2)  # sd of the mean that the result will leave
    expected = s * (norm.pdf(1 / s) + norm.cdf(1 / s) / s) - 1.0
    found = np.array([value(sd=sd, seed=seed) for seed in range(8)])
    assert abs(found.mean() - expected) < 3 * found.std(ddof=1) / np.sqrt(8) + 0.003
    assert found.mean() == pytest.approx(expected, rel=0.1, abs=0.01)


def test_it_is_never_below_nothing_nor_above_knowing_the_truth():
    perfect = np.maximum(EFFECT, 0).mean() - EFFECT.mean()
    assert value(sd=1e-3) <= perfect
    assert value(sd=1e4) == pytest.approx(0.0, abs=0.02 * perfect)
    assert value(sd=1e-3) == pytest.approx(perfect, rel=0.02)


def test_actions_that_are_alike_make_a_result_worthless():
    assert value(np.stack([EFFECT, EFFECT])) == 0.0
    assert value(EFFECT[None]) == 0.0


def test_a_result_is_useful_from_its_decision_on_and_half_as_much_after_a_year():
    weeks = np.arange(4 + 2 + 2, HORIZON_WEEKS)
    assert useful_windows(4, 2, 13.0) == pytest.approx(sum(0.5 ** (w / 52) for w in weeks) / 13)
    assert useful_windows(200, 0, 13.0) == 0.0
