"""What may be done with a tested cell, and the best plan of the rest beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.experiments import Experiment
from mmm.dims import Cell
from mmm.experiments.actions import WITHIN, dose_of, plan_actions
from mmm.finance.economics import Economics
from mmm.model.forward import MediaDraws
from mmm.planning.budgets import mean_value, set_up
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves

CELLS = (Cell("tv"), Cell("radio"), Cell("search"))


def media(panel, draws=30):
    rng = np.random.default_rng(1)
    n = len(panel.cells)
    scale = np.maximum(panel.exposure.mean(axis=0), 1.0)
    return MediaDraws(
        cells=panel.cells,
        geos=panel.geos,
        weights=np.tile([0.7, 0.3], (draws, n, 1)),
        half=np.full((draws, n), 1.5),
        slope=np.ones((draws, n)),
        ceiling=np.linspace(6.0, 2.0, n) * scale * np.exp(rng.normal(0, 0.2, (draws, len(panel.geos), n))),
        scale=scale,
        saturation=np.zeros(n, dtype=int),
    )


@pytest.fixture
def desk_of(make_panel):
    def made(dark=False, **keys):
        panel = make_panel(geos=("north", "south"), cells=CELLS, organic=False)
        if dark:
            spend = panel.spend.copy()
            spend[40:, :, 1] = 0.0
            spend[20:24, 0, 1] = 50.0
            panel = replace(panel, spend=spend, exposure=spend)
        chosen = keys if "window" in keys else {"horizon": 8, **keys}
        settings = PlanSettings.model_validate(chosen)
        window = plan_window(panel, settings)
        curves = window_curves(window, panel, media(panel))
        desk = set_up(curves, window, Economics(0.5), ("data",) * len(window.cells), settings, seed=1)
        return panel, desk

    return made


def a_test(panel, cell, change):
    first, stop = 20, 24
    day = panel.dates[first]
    bau = panel.exposure[first:stop, :1, [cell]]
    return Experiment(
        "t", day, day + 27, 0, change, 9.0, (cell,), (0,), first, stop, stop, bau, 1.0, 1.0, True
    )


def test_the_most_is_what_was_tested_or_seen_whichever_is_more(desk_of):
    panel, desk = desk_of()
    held = panel.spend[20:24, 0, 0].sum()
    tested = dose_of(a_test(panel, 0, 0.9 * held), panel, desk.window, desk.money.current)
    assert tested.today == 1.0
    assert tested.most == pytest.approx(max(10.0, desk.window.largest[0] / desk.money.current[0]))
    dark = dose_of(a_test(panel, 0, -held), panel, desk.window, desk.money.current)
    assert dark.most == pytest.approx(max(1.0, desk.window.largest[0] / desk.money.current[0]))


def test_every_action_places_the_whole_budget_and_its_own_money_to_the_cent(desk_of):
    panel, desk = desk_of()
    held = panel.spend[20:24, 0, 0].sum()
    tested = dose_of(a_test(panel, 0, 0.9 * held), panel, desk.window, desk.money.current)
    actions = plan_actions(desk, tested)
    assert [action.name for action in actions] == [
        "stop", "cut 0.5x", "hold", "scale 1.25x", "scale 1.5x", "scale 2x",
    ]  # fmt: skip
    for action in actions:
        assert action.mix is not None
        assert action.mix.spend.sum() == pytest.approx(desk.money.core, abs=0.005)
        assert action.mix.spend[0] == pytest.approx(action.multiple * desk.money.current[0], abs=0.005)
        assert action.spend == action.mix.spend[0]


def test_the_rest_is_planned_anew_so_no_other_split_of_it_is_better(desk_of):
    panel, desk = desk_of(change=None)
    tested = dose_of(a_test(panel, 0, 10.0), panel, desk.window, desk.money.current)
    mix = plan_actions(desk, tested)[1].mix
    rest = mix.spend[1:].sum()
    best = mean_value(desk, mix)
    for share in np.linspace(0.02, 0.98, 25):
        other = replace(mix, spend=np.array([mix.spend[0], share * rest, (1 - share) * rest]))
        assert mean_value(desk, other) <= best + 1e-3 * abs(best)


def test_an_action_far_beyond_what_was_tried_is_not_possible_and_says_so(desk_of):
    panel, desk = desk_of()
    tested = replace(dose_of(a_test(panel, 0, 10.0), panel, desk.window, desk.money.current), most=1.1)
    found = {action.name: action for action in plan_actions(desk, tested)}
    assert found["scale 1.25x"].mix is not None  # 1.25 x 1.1 = 1.375
    for name in ("scale 1.5x", "scale 2x"):
        assert found[name].mix is None
        assert "the most tested or seen" in found[name].why_not
    assert WITHIN * 1.1 < 1.5


def test_the_users_bounds_and_committed_money_are_kept(desk_of):
    panel, desk = desk_of(bounds=[{"channel": "tv", "min": "0.8x", "max": "1.3x"}])
    held = panel.spend[20:24, 0, 0].sum()
    tested = dose_of(a_test(panel, 0, 0.9 * held), panel, desk.window, desk.money.current)
    possible = [action.name for action in plan_actions(desk, tested) if action.mix is not None]
    assert possible == ["hold", "scale 1.25x"]
    panel, desk = desk_of(fixed=[{"channel": "tv", "spend": 100.0}])
    today = np.where(np.isnan(desk.window.fixed), desk.money.current, desk.window.fixed)
    tested = dose_of(a_test(panel, 0, 0.9 * held), panel, desk.window, today)
    found = plan_actions(desk, tested)
    assert [action.name for action in found if action.mix is not None] == ["hold"]
    assert found[2].spend == pytest.approx(100.0)
    assert "committed" in found[0].why_not


def test_a_cell_that_gets_nothing_today_may_start_at_what_was_tested(desk_of):
    panel, desk = desk_of(dark=True)
    found = a_test(panel, 1, 200.0)
    tested = dose_of(found, panel, desk.window, desk.money.current)
    share = panel.outcome[:, 0].mean() / panel.outcome.mean(axis=0).sum()
    assert tested.today == 0.0
    assert tested.money == pytest.approx(200.0 * 8 / 4 / share)  # four weeks in one region, eight in all
    actions = plan_actions(desk, tested)
    assert [action.name for action in actions][:2] == ["hold", "scale 0.5x"]
    assert actions[0].spend == 0.0
    assert actions[1].mix.spend[1] == pytest.approx(0.5 * tested.money, abs=0.005)


def test_what_is_spent_already_stays_and_only_the_rest_is_multiplied(desk_of):
    panel, desk = desk_of(window={"start": "2025-06-02", "end": "2025-08-03"})
    assert desk.window.past == 4
    sunk = desk.window.spent[0]
    assert sunk == pytest.approx(panel.spend[-4:, :, 0].sum(), abs=0.01)
    tested = dose_of(a_test(panel, 0, 10.0), panel, desk.window, desk.money.current)
    found = {action.name: action for action in plan_actions(desk, tested)}
    assert found["stop"].spend == pytest.approx(sunk)
    assert found["hold"].spend == pytest.approx(desk.money.current[0], abs=0.01)
    assert found["cut 0.5x"].spend == pytest.approx(sunk + 0.5 * (desk.money.current[0] - sunk), abs=0.01)
    for action in found.values():
        assert action.mix is None or action.mix.spend.sum() == pytest.approx(desk.money.core, abs=0.01)


def test_where_money_is_placed_by_geo_the_action_is_on_all_places_of_the_cell(desk_of):
    panel, desk = desk_of(bounds=[{"channel": "radio", "geo": "north", "max": "1.2x"}])
    assert len(desk.window.cells) == 6
    held = panel.spend[20:24, 0, 0].sum()
    tested = dose_of(a_test(panel, 0, 0.9 * held), panel, desk.window, desk.money.current)
    places = [i for i, cell in enumerate(desk.window.cells) if cell.channel == "tv"]
    assert list(tested.cells) == places
    found = {action.name: action for action in plan_actions(desk, tested)}
    assert found["stop"].spend == 0.0
    mix = found["scale 1.5x"].mix
    assert mix.spend[places] == pytest.approx(1.5 * desk.money.current[places], abs=0.01)
    assert mix.spend.sum() == pytest.approx(desk.money.core, abs=0.01)
