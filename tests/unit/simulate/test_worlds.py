"""Small worlds: their truth a second way, and what makes each kind its kind."""

import numpy as np
import pytest

from mmm.config import load_config
from mmm.simulate.facts import LAGS
from mmm.simulate.world_kinds import KINDS, WorldKind
from mmm.simulate.worlds import simulate_world, weibull
from mmm.simulate.write import write_world
from mmm.stages.prepare import prepare

KIND = {kind.name: kind for kind in KINDS}


def spend_of(world):
    return world.table[[f"{name}_spend" for name in world.channels]].to_numpy()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_a_company_that_passes_the_checks(kind, tmp_path):
    world = simulate_world(kind, 1)
    prepared = prepare(load_config(write_world(world, tmp_path)))
    assert [cell.channel for cell in prepared.panel.cells] == list(world.channels)
    assert prepared.panel.control_names == world.controls
    assert prepared.layout.window == (0 if kind.cold else 13)
    assert (len(prepared.panel.geos) > 1) == kind.by_geo
    assert (world.table["revenue"] > 0).all()


def test_the_same_number_gives_the_same_company_and_another_number_another_one():
    first, again, other = (simulate_world(KIND["clean"], number) for number in (1, 1, 2))
    assert first.table.equals(again.table)
    assert not first.truth.equals(other.truth)
    assert first.name == "clean-1"


def test_a_kind_may_fix_its_size():
    world = simulate_world(WorldKind("big", "", by_geo=True, regions=(25, 25), cells=(7, 7), weeks=(60,)), 1)
    assert (world.table["geo"].nunique(), len(world.channels), world.table["date"].nunique()) == (25, 7, 60)


def test_weibull_weights_are_shares_of_lives_that_end_in_each_week():
    lives = 2.5 * np.random.default_rng(1).weibull(1.6, 200_000)
    counted = np.histogram(lives, np.arange(LAGS + 1))[0] / len(lives)
    np.testing.assert_allclose(weibull(1.6, 2.5), counted, atol=0.005)


def test_returns_of_all_rows_are_what_was_drawn_and_only_the_first_weeks_are_left_out_of_the_others():
    dead, hurt = (simulate_world(KIND[name], 1).truth for name in ("dead-channel", "hurtful-channel"))
    assert abs(dead["roi_whole"][0]) < 1e-12
    assert -0.6 <= hurt["roi_whole"][0] <= -0.2
    assert (dead["roi_whole"][1:] > 0.1).all()
    cold = simulate_world(KIND["cold-start"], 1).truth
    assert (cold["roi"] == cold["roi_whole"]).all()
    running = simulate_world(KIND["clean"], 1).truth
    assert (running["roi"] != running["roi_whole"]).all()
    np.testing.assert_allclose(running["roi"], running["roi_whole"], rtol=0.25)


def test_one_plan_makes_the_budgets_of_a_collinear_company_move_together():
    clean, collinear = (
        np.mean([_mean_correlation(simulate_world(KIND[name], number)) for number in range(1, 6)])
        for name in ("clean", "collinear")
    )
    assert clean < 0.3
    assert collinear > 0.8


def _mean_correlation(world):
    between = np.corrcoef(spend_of(world).T)
    return between[np.triu_indices(len(between), 1)].mean()


def test_two_budgets_chase_demand_whether_or_not_the_table_has_it():
    for number in range(1, 4):
        world = simulate_world(KIND["demand-shown"], number)
        demand = world.table["demand"].to_numpy()
        chasing = [np.corrcoef(demand, column)[0, 1] for column in spend_of(world).T]
        assert max(chasing[:2]) > 0.2
        assert "demand" not in simulate_world(KIND["demand-hidden"], number).controls


def test_site_visits_follow_the_money_of_the_first_two_cells():
    world = simulate_world(KIND["mediator"], 1)
    visits = world.table["site_visits"].to_numpy()
    spend = spend_of(world)
    X = np.column_stack([np.ones(len(visits)), spend])
    explained = 1 - (visits - X @ np.linalg.lstsq(X, visits)[0]).var() / visits.var()
    X = X[:, [0, *range(3, X.shape[1])]]
    by_others = 1 - (visits - X @ np.linalg.lstsq(X, visits)[0]).var() / visits.var()
    assert explained > by_others + 0.1


def test_a_cold_company_starts_with_its_first_row_and_says_so(tmp_path):
    path = write_world(simulate_world(KIND["cold-start"], 1), tmp_path)
    assert load_config(path).model.history == "none"
    assert load_config(write_world(simulate_world(KIND["clean"], 1), tmp_path)).model.history == "unknown"


def test_useless_columns_are_offered_and_do_not_move_sales():
    world = simulate_world(KIND["noise-controls"], 1)
    useless = [name for name in world.controls if name.startswith("index_")]
    assert len(useless) == 20
    revenue = world.table["revenue"].to_numpy()
    changes = [np.corrcoef(np.diff(world.table[name]), np.diff(revenue))[0, 1] for name in useless]
    assert np.mean(np.square(changes)) < 2.5 / len(
        revenue
    )  # squared correlations of independent series: 1 / rows
