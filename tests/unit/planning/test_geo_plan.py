"""Plans by geo: against brute force and the plan over all geos, by laws, and in their tables."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from mmm.dims import Cell
from mmm.finance.economics import Economics
from mmm.planning import frontier
from mmm.planning.allocation import aim_of, allocate, window_money
from mmm.planning.best_splits import best_splits
from mmm.planning.budgets import set_up
from mmm.planning.money import in_cents
from mmm.planning.plan import Plan, optimize
from mmm.planning.scenarios import compare
from mmm.planning.settings import PlanSettings, ScenarioSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import response

CELLS = (Cell("tv"), Cell("search", "new"))
GEOS = ("north", "south")
MARGIN = 0.6
CROSSED = [
    {"name": "the north", "geos": ["north"], "max_share": 0.3},
    {"name": "television", "channels": ["tv"], "min": 900},
    {"name": "new in the south", "audiences": ["new"], "geos": ["south"], "max": "1.2x"},
]


def settings_of(**keys):
    return PlanSettings.model_validate({"window": "2027-01", "budget": 2500, **keys})


@pytest.fixture
def company(make_panel, make_media):
    """Two cells in two geos; a function that places the money on all draws."""
    rng = np.random.default_rng(5)
    spend = rng.uniform(50, 150, (97, 2, 2)) * np.array([1.0, 2.0])[:, None]
    panel = make_panel(spend, cells=CELLS, geos=GEOS)
    return panel, make_media(panel, draws=12, spread=0.6)


def placed(company, settings):
    panel, media = company
    window = plan_window(panel, settings)
    aim = aim_of(window_curves(window, panel, media), window, Economics(MARGIN), settings)
    money = window_money(window, settings)
    found = allocate(aim, window, settings, money.core, ("data",) * len(window.cells), aim.curves)
    return window, aim, found


def test_no_plan_of_two_cells_in_two_geos_beats_the_plan_by_more_than_its_gap(company):
    settings = settings_of(groups=CROSSED)
    _, aim, found = placed(company, settings)
    steps, problem = 60, found.problem
    unit = problem.budget / steps
    value = [
        MARGIN * response(aim.curves, i, unit * np.arange(steps + 1)).mean(axis=1)
        - unit * np.arange(steps + 1)
        for i in range(4)
    ]
    best = -np.inf
    for a, b, c in product(range(steps + 1), repeat=3):
        plan = np.array([a, b, c, steps - a - b - c])
        money = unit * plan
        if plan[3] < 0 or (money < problem.lower).any() or (money > problem.upper).any():
            continue
        sums = [(money[list(group.members)].sum(), group) for group in problem.groups]
        if all(group.lower <= total <= group.upper for total, group in sums):
            best = max(best, sum(value[i][k] for i, k in enumerate(plan)))
    assert np.isfinite(best)
    assert best <= found.solution.upper_bound
    assert found.solution.objective >= best - found.solution.gap_money
    assert found.solution.gap <= 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_by_geo_is_never_worse_than_the_plan_over_all_geos_spread_by_its_pattern(
    make_panel, make_media, seed
):
    rng = np.random.default_rng(seed)
    spend = rng.uniform(20, 150, (97, 3, 3)) * rng.uniform(0.5, 3, (1, 3, 3)) * (rng.random((97, 1, 3)) < 0.8)
    cells, geos = (*CELLS, Cell("search", "known")), ("north", "south", "west")
    company = (panel := make_panel(spend, cells=cells, geos=geos)), make_media(panel, draws=12, spread=0.8)
    bounds = [{"channel": "tv", "max": "1.8x"}, {"channel": "search", "audience": "new", "max": "0.4x"}]
    *_, whole = placed(company, settings_of(bounds=bounds, budget=6000))
    window, _, by_geo = placed(
        company, settings_of(bounds=bounds, budget=6000, groups=[{"name": "all", "geos": list(geos)}])
    )
    spread = window.part * whole.spend[window.cell_of]
    assert (spread >= by_geo.problem.lower - 0.01).all()
    assert (spread <= by_geo.problem.upper + 0.01).all()
    assert by_geo.solution.objective >= whole.solution.objective - 1e-9 * abs(whole.solution.objective)


def test_equal_curves_in_two_geos_get_equal_money(make_panel, make_media):
    spend = np.repeat(np.random.default_rng(2).uniform(50, 150, (97, 1, 2)), 2, axis=1)
    panel = make_panel(spend, cells=CELLS, geos=GEOS)
    media = make_media(panel, draws=12)
    media = replace(media, ceiling=np.repeat(media.ceiling[:, :1], 2, axis=1), slope=np.full((12, 2), 0.9))
    *_, found = placed((panel, media), settings_of(groups=[{"name": "north", "geos": ["north"]}]))
    np.testing.assert_allclose(found.spend[[0, 2]], found.spend[[1, 3]], rtol=1e-3)


def test_the_order_of_cells_and_geos_changes_nothing(company):
    panel, media = company
    turned = replace(
        panel,
        cells=CELLS[::-1],
        geos=GEOS[::-1],
        spend=panel.spend[:, ::-1, ::-1],
        exposure=panel.exposure[:, ::-1, ::-1],
    )
    other = replace(
        media,
        cells=CELLS[::-1],
        geos=GEOS[::-1],
        **{name: getattr(media, name)[:, ::-1] for name in ("weights", "half", "slope")},
        ceiling=media.ceiling[:, ::-1, ::-1],
        scale=media.scale[::-1, ::-1],
    )
    (_, _, one), (_, _, two) = (placed(c, settings_of(groups=CROSSED)) for c in (company, (turned, other)))
    assert two.solution.objective == pytest.approx(one.solution.objective, rel=1e-4)
    np.testing.assert_allclose(two.spend[::-1], one.spend, atol=0.01 * 2500)


@pytest.fixture(scope="module")
def planned(make_panel, make_media):
    """A whole plan by geo with crossed groups, one channel bought for all geos at once."""
    rng = np.random.default_rng(6)
    spend = rng.uniform(50, 150, (97, 3, 3)) * np.array([1.0, 2.0, 3.0])[:, None]
    cells, geos = (*CELLS, Cell("radio")), ("north", "south", "west")
    panel = replace(make_panel(spend, cells=cells, geos=geos), national_cells=np.array([0, 0, 1], bool))
    media = make_media(panel, draws=40)
    settings = settings_of(
        window="2027Q1",
        budget=30_000,
        groups=[*CROSSED, {"name": "the west", "geos": ["west"], "min_share": 0.25, "max": 9000}],
        bounds=[{"channel": "tv", "geo": "west", "min": 2500}, {"channel": "search", "max": 7000.01}],
    )
    window = plan_window(panel, settings)
    curves = window_curves(window, panel, media)
    grades = ("data",) * len(window.cells)
    plan = optimize(curves, window, Economics(MARGIN), grades, settings, np.full((40, 14), 1000.0))
    return plan, window, curves, settings, grades


def test_groups_hold_to_the_cent_in_the_weekly_table(planned):
    plan, *_ = planned
    table = plan.plan[plan.plan.purpose == "core"]
    core = in_cents(plan.summary.core)

    def cents(rows):
        return sum(in_cents(money) for money in table.planned_spend[rows])

    by_geo = table.channel != "radio"  # its rows are the split of one amount
    assert cents(by_geo & (table.geo == "north")) <= 0.3 * core
    assert 0.25 * core <= cents(by_geo & (table.geo == "west")) <= 900_000
    assert cents(table.channel == "tv") >= 90_000
    assert cents((table.channel == "tv") & (table.geo == "west")) >= 250_000
    assert cents(table.channel == "search") <= 700_001
    assert cents(table.channel != "") == core
    assert set(table.geo) == {"north", "south", "west"}
    assert not table.duplicated(["date", "channel", "audience", "geo"]).any()


def test_a_cell_has_a_row_over_all_its_geos_and_one_in_each_and_they_add_up(planned):
    plan, window, *_ = planned
    cells = plan.moves[plan.moves.level == "cell"]
    assert plan.moves.level.value_counts().to_dict() == {
        "cell": 2 * 4 + 1,
        "channel": 3,
        "geo": 3,
        "reserve": 1,
        "total": 1,
    }
    sums = ["reference_spend", "current_spend", "planned_spend", "change", "response"]
    inside = cells[cells.geo != ""].groupby(["channel", "audience"])[sums].sum()
    whole = cells[(cells.geo == "") & (cells.channel != "radio")].set_index(["channel", "audience"])[sums]
    np.testing.assert_allclose(inside.sort_index(), whole.sort_index())
    by_geo = plan.moves[plan.moves.level == "geo"].set_index("geo")[sums]
    np.testing.assert_allclose(by_geo.sort_index(), cells[cells.geo != ""].groupby("geo")[sums].sum())
    assert len(plan.spend) == len(window.cells) == 7
    assert plan.spend.sum() == pytest.approx(plan.summary.core)
    assert (cells.why != "").all()
    assert "over all geos: up in" in cells.why.iloc[0]


def test_the_curve_of_a_cell_over_all_geos_is_the_one_of_the_plan_that_names_none(planned, make_media):
    plan, window, curves, *_ = planned
    mine = plan.curves[(plan.curves.channel == "tv") & (plan.curves.geo == "")]
    shown = slice(0, 20)  # seed 1 plans on the second half of the draws
    parts = [response(curves, i, window.part[i] * mine.spend.to_numpy())[:, shown] for i in range(3)]
    np.testing.assert_allclose(mine.response, sum(parts).mean(axis=1))
    assert set(plan.curves.geo) == {"", "north", "south", "west"}


def test_a_plan_by_geo_is_read_back_as_it_was_written(planned, tmp_path):
    plan, *_ = planned
    plan.save(tmp_path)
    np.testing.assert_array_equal(Plan.load(tmp_path).spend, plan.spend)


def test_scenarios_and_best_splits_of_a_plan_by_geo_have_its_rows(planned, monkeypatch):
    monkeypatch.setattr(frontier, "STEPS", (0.9, 1.4))
    monkeypatch.setattr("mmm.planning.best_splits.SPLITS", 2)
    plan, window, curves, settings, grades = planned
    desk = set_up(curves, window, Economics(MARGIN), grades, settings, seed=1)
    wanted = [ScenarioSettings(name="keep", allocation="current"), ScenarioSettings(name="optimum")]
    splits = compare(desk, wanted, plan.spend).plans
    keep, best = (splits[splits.scenario == name] for name in ("keep", "optimum"))
    rows = ["level", "channel", "audience", "geo"]
    cells = plan.moves[plan.moves.level == "cell"]
    assert best[best.level == "cell"][rows].to_numpy().tolist() == cells[rows].to_numpy().tolist()
    np.testing.assert_allclose(best[best.level == "cell"].planned_spend, cells.planned_spend)
    np.testing.assert_allclose(keep[keep.level == "cell"].planned_spend, cells.current_spend)
    table = best_splits(desk, plan.spend, desk.money.current)
    np.testing.assert_allclose(table[table.level == "cell"].planned_spend, cells.planned_spend)


def test_the_example_of_the_how_to_holds_its_limits(make_panel, make_media):
    page = (Path(__file__).parents[3] / "docs" / "limits.md").read_text("utf-8")
    block = re.search(r"## By geo\n\n```yaml\n(.*?)```", page, re.DOTALL)[1]
    rng = np.random.default_rng(8)
    spend = rng.uniform(5000, 9000, (97, 3, 3))
    cells, geos = (Cell("tv"), Cell("search"), Cell("social")), ("North", "South", "West")
    panel = make_panel(spend, cells=cells, geos=geos)
    settings = PlanSettings.model_validate({"window": "2027Q1", **YAML(typ="safe").load(block)})
    window, _, found = placed((panel, make_media(panel, draws=10)), settings)
    money = {(cell.channel, cell.geo): x for cell, x in zip(window.cells, found.spend, strict=True)}
    current = dict(zip(money, window_money(window, settings).current, strict=True))
    coast = sum(x for (_, geo), x in money.items() if geo in {"North", "South"})
    assert coast <= 0.6 * found.spend.sum() + 0.01
    assert money["search", "West"] >= 0.9 * current["search", "West"] - 0.01
    assert money["tv", "North"] >= 50_000
    social = [sum(mix["social", geo] for geo in geos) for mix in (money, current)]
    assert social[0] <= 1.2 * social[1] + 0.01
    assert found.solution.gap <= 1e-3
