"""Many budgets of one window: the same splits whoever shares them, and reasons in place of plans."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.errors import Infeasible
from mmm.finance.economics import Economics
from mmm.planning.budgets import best_mix, set_up, with_draw
from mmm.planning.settings import PlanSettings
from mmm.planning.sweep import _light, best_mixes
from mmm.planning.window import plan_window, window_curves
from mmm.runs.engines import Workers

GRADES = ("data",) * 4


@pytest.fixture(scope="module")
def desk(make_panel, make_media):
    """A small company that must spend 9,000 on tv."""
    panel = make_panel(np.random.default_rng(7).uniform(50, 150, (97, 4)) * np.array([8, 4, 2, 1]))
    chosen = PlanSettings.model_validate(
        {"window": "2027Q1", "bounds": [{"channel": "tv", "min": 9_000, "max": 40_000}]}
    )
    window = plan_window(panel, chosen)
    curves = window_curves(window, panel, make_media(panel, draws=60))
    return set_up(curves, window, Economics(2.0), GRADES, chosen, seed=1)


def asked(desk):
    """Three budgets, the first too small, and the plan's own if one draw were the truth."""
    budget = desk.money.budget
    return [
        (5_000.0, desk.sketch),
        (0.9 * budget, desk.sketch),
        (1.2 * budget, desk.sketch),
        (budget, with_draw(desk, 3).sketch),
    ]


def test_each_budget_is_split_as_alone_and_one_without_a_plan_says_why(desk):
    none, less, more, known = best_mixes(desk, asked(desk))
    with pytest.raises(Infeasible) as alone:
        best_mix(desk, 5_000.0)
    assert isinstance(none, Infeasible)
    assert str(none) == str(alone.value)
    for found, budget in ((less, 0.9), (more, 1.2)):
        np.testing.assert_array_equal(found.spend, best_mix(desk, budget * desk.money.budget).spend)
    np.testing.assert_array_equal(known.spend, best_mix(with_draw(desk, 3), desk.money.budget).spend)


def test_two_processes_split_as_one_does(desk):
    here, there = (best_mixes(desk, asked(desk), Workers(jobs)) for jobs in (1, 2))
    assert str(here[0]) == str(there[0])
    for one, other in zip(here[1:], there[1:], strict=True):
        assert one.budget == other.budget
        np.testing.assert_array_equal(one.spend, other.spend)


def test_what_is_sent_has_one_draw_of_each_curve(desk):
    sent = _light(desk)
    assert (sent.curves.draws, sent.aim.curves.draws, sent.bank.draws) == (1, 1, 1)
    assert {values.shape[1] for values in (*sent.bank.value, *sent.bank.slope)} == {1}
