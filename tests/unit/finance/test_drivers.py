"""What moved the cost of a customer, against the change itself and against cases that leave one answer."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmm.finance.drivers import drivers_table, effects, log_mean


def test_effects_add_up_to_the_change_whatever_moved():
    rng = np.random.default_rng(1)
    now, before = rng.uniform(0.1, 9, (2, 50, 4))
    np.testing.assert_allclose(
        effects(now, before).sum(axis=1), now.prod(axis=1) - before.prod(axis=1), rtol=1e-9
    )


def test_what_did_not_move_added_nothing_and_one_that_moved_alone_added_all():
    now, before = np.array([2.0, 5.0, 3.0]), np.array([2.0, 4.0, 3.0])
    np.testing.assert_allclose(effects(now, before), [0, 6, 0], atol=1e-12)
    assert log_mean(np.array(3.0), np.array(3.0)) == 3


def test_two_that_moved_alike_added_alike_and_back_again_takes_it_away():
    now, before = np.array([2.0, 3.0]), np.array([1.0, 1.5])
    found = effects(now, before)
    assert found[0] == pytest.approx(found[1])
    np.testing.assert_allclose(effects(before, now), -found)


@pytest.fixture
def rows(make_counts):
    counts = make_counts()
    spend = np.random.default_rng(2).uniform(50, 150, (130, 1, 4))
    dates = np.datetime64("2024-01-01") + 7 * np.arange(130)
    panel = SimpleNamespace(
        spend=spend,
        exposure=100 * spend,
        has_exposure=np.array([False, True, True, True]),
        dates=dates,
        grain="week",
    )
    return drivers_table(panel, counts, 13), panel, counts


def test_the_table_leads_from_the_cost_before_to_the_cost_now(rows):
    table, panel, counts = rows
    last = table[(table["period"] == table["period"].max()) & (table["channel"] == "search")]
    last = last[last["level"] == "channel"]
    for against, by in (("previous", 13), ("same_period_last_year", 52)):
        part = last[last["against"] == against]
        now, then = slice(117, 130), slice(117 - by, 130 - by)
        cost = [
            panel.spend[when, 0, 1].sum() / counts.counted["matched"][when, 1].sum() for when in (now, then)
        ]
        assert part["effect"].sum() == pytest.approx(cost[0] - cost[1])
        assert part["value"].prod() == pytest.approx(cost[0])
        assert part["before"].prod() == pytest.approx(cost[1])
    assert set(last["kpi"]) == {"cost_per_customer"}
    assert "tv" not in set(table["channel"])  # nobody of it is seen to buy


def test_a_channel_has_the_stages_that_all_of_it_counts(rows):
    _, panel, counts = rows
    counts.counted["leads"] = np.full((130, 4), 30.0)
    counts.counted["leads"][:, 2] = np.nan
    made = drivers_table(panel, counts, 13)
    social = made[(made["channel"] == "social") & (made["level"] == "channel")]
    young = made[(made["audience"] == "young")]
    assert not social["factor"].str.contains("leads").any()
    assert young["factor"].str.contains("leads").any()
