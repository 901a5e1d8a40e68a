"""The truth that a plan is scored on, a second way."""

import numpy as np
import pytest

from mmm.simulate.coming_weeks import coming_weeks, window_revenue
from mmm.simulate.facts import LAGS
from mmm.simulate.media import media_revenue
from mmm.simulate.world_kinds import KINDS
from mmm.simulate.worlds import simulate_world

KIND = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize("name", ["clean", "s-curves", "cold-start", "geo-effects"])
def test_money_brings_what_the_whole_world_sells_with_it_less_what_it_sells_without(name):
    world = simulate_world(KIND[name], 2)
    coming = coming_weeks(world, 13)
    factors = np.array([0.5, 1.3, 1.0, 0.8, 1.5])[: len(world.channels)]
    recent = world.spend[-13:]
    after = np.concatenate([recent, recent])

    def sold(window):
        everything = np.concatenate([world.spend, window, after])
        return media_revenue(world.media, everything)[len(world.spend) :].sum(axis=(0, 1))

    expected = sold(recent * factors) - sold(np.zeros_like(recent))
    assert len(after) == LAGS - 1
    np.testing.assert_allclose(window_revenue(coming, factors * coming.money), expected, rtol=1e-9)


def test_many_plans_are_scored_at_once_and_nothing_brings_nothing():
    coming = coming_weeks(simulate_world(KIND["clean"], 1), 13)
    plans = np.stack([np.zeros_like(coming.money), coming.money, 2 * coming.money])
    brought = window_revenue(coming, plans)
    assert (brought[0] == 0).all()
    np.testing.assert_array_equal(brought[1], window_revenue(coming, coming.money))
    assert (brought[2] >= brought[1]).all()


def test_a_cell_that_was_dark_has_no_money_to_move():
    world = simulate_world(KIND["clean"], 1)
    world.spend[-13:, :, 0] = 0
    coming = coming_weeks(world, 13)
    assert coming.money[0] == 0
    assert window_revenue(coming, coming.money + 100.0)[0] == 0
