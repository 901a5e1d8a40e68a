"""Groups and switches of a config: in money, in whole cents, in the plan, in words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from mmm.dims import Cell
from mmm.errors import ConfigError, Infeasible
from mmm.finance.economics import Economics
from mmm.planning.bounds import cell_bounds
from mmm.planning.forecast import media_outcome
from mmm.planning.limits import groups_of, in_whole_cents, switches_of
from mmm.planning.plan import optimize
from mmm.planning.problem import Group, Problem, Switch
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.prices import Price

CELLS = (Cell("tv"), Cell("search"), Cell("social", "new"), Cell("social", "known"))
CURRENT = np.array([400.0, 300.0, 200.0, 100.0])
FREE = np.full(4, np.nan)
DOCS = Path(__file__).parents[3] / "docs" / "limits.md"


def _settings(**keys):
    return PlanSettings.model_validate(keys)


def _bounds(settings, core=1000.0, fixed=FREE):
    return cell_bounds(
        CELLS,
        settings,
        current=CURRENT,
        reference=CURRENT,
        largest=2 * CURRENT,
        fixed=fixed,
        evidence=("data",) * 4,
        core=core,
        groups=groups_of(settings, CELLS, CURRENT, core),
        switches=switches_of(settings, CELLS, CURRENT, fixed, counts_cost=True),
    )


def test_a_group_is_the_cells_that_have_one_of_its_channels_and_one_of_its_audiences():
    settings = _settings(
        groups=[
            {"name": "social", "channels": ["social"], "max_share": 0.25},
            {"name": "new", "audiences": ["new"], "min": 150},
            {"name": "both", "channels": ["tv", "search"], "max": "1.1x", "max_share": 0.9},
        ]
    )
    assert groups_of(settings, CELLS, CURRENT, 1000.0) == (
        Group("social", (2, 3), 0.0, 250.0),
        Group("new", (2,), 150.0, np.inf),
        Group("both", (0, 1), 0.0, pytest.approx(770.0)),
    )


def test_a_group_with_more_at_least_than_at_most_is_refused():
    settings = _settings(groups=[{"name": "social", "channels": ["social"], "min": 300, "max_share": 0.2}])
    with pytest.raises(ConfigError, match=r"social has at least 300 and at most 200"):
        groups_of(settings, CELLS, CURRENT, 1000.0)


def test_the_entry_that_names_more_levels_switches_a_cell_and_committed_money_has_no_switch():
    settings = _settings(
        bounds=[
            {"channel": "social", "audience": "new", "min_if_on": "0.5x"},
            {"channel": "social", "lot": 40},
            {"channel": "tv", "cost_if_on": 7},
        ]
    )
    fixed = np.array([np.nan, np.nan, np.nan, 100.0])
    expected = (Switch(cost=7.0), None, Switch(least=100.0), None)
    assert switches_of(settings, CELLS, CURRENT, fixed, counts_cost=True) == expected
    assert switches_of(settings, CELLS, CURRENT, fixed, counts_cost=False)[0] == Switch()


def test_min_and_min_if_on_together_are_refused():
    with pytest.raises(ValueError, match="give one of them"):
        _settings(bounds=[{"channel": "tv", "min": 10, "min_if_on": 10}])


def test_a_cell_with_a_switch_may_be_off_and_its_upper_default_gives_way_to_one_package():
    found = _bounds(_settings(bounds=[{"channel": "social", "audience": "known", "lot": 180}]))
    assert (found.lower[3], found.upper[3]) == (0.0, 180.0)
    assert "known" in found.gave_way[0]
    np.testing.assert_allclose(found.lower[:3], 0.5 * CURRENT[:3])


def test_a_max_below_one_package_is_refused():
    with pytest.raises(ConfigError, match=r"max of 50\.00, and the least that can be bought of it is 80\.00"):
        _bounds(_settings(bounds=[{"channel": "tv", "max": 50, "lot": 80}]))


def test_the_limit_of_change_gives_way_to_a_group_and_says_so():
    found = _bounds(_settings(groups=[{"name": "social", "channels": ["social"], "max": 100}]))
    np.testing.assert_allclose(found.lower, 0.0)
    np.testing.assert_allclose(found.upper, 1.5 * CURRENT)
    assert found.gave_way == (
        "With the limit of +-50 % around the scaled reference no plan meets your other limits; it gave way.",
    )


def test_limits_of_the_user_that_clash_are_named_with_the_smallest_mend():
    settings = _settings(
        bounds=[{"channel": "tv", "max": 300}, {"channel": "search", "max": 100}],
        groups=[{"name": "big two", "channels": ["tv", "search"], "min": 450}],
    )
    with pytest.raises(Infeasible, match=r"group big two has at least 450\.00.*by 50\.00"):
        _bounds(settings)


@given(
    seed=st.integers(0, 10_000),
    cents=st.integers(1000, 10**9),
    lot=st.sampled_from([0.0, 7.0, 12.5]),
)
def test_whole_cents_keep_the_total_the_groups_and_the_packages(seed, cents, lot):
    rng = np.random.default_rng(seed)
    total, spend = cents / 100, rng.dirichlet(np.ones(5)) * cents / 100
    if lot:
        spend[0] = lot * np.floor(spend[0] / lot)
        spend[4] += total - spend.sum()
    one, two = (float(spend[members].sum()) for members in ([0, 1], [1, 2]))
    groups = (
        Group("one", (0, 1), 0.0, np.ceil(one * 100) / 100),
        Group("two", (1, 2), np.floor(two * 100) / 100),
    )
    problem = Problem(
        1.0, 0.0, np.zeros(5), np.full(5, total), total, True, spend, groups, (Switch(lot=lot), *[None] * 4)
    )
    found = in_whole_cents(spend, total, problem, np.zeros(len(spend)))
    whole = np.round(found * 100).astype(np.int64)
    np.testing.assert_allclose(found * 100, whole, atol=1e-6)
    assert whole.sum() == cents
    assert whole[[0, 1]].sum() <= round(groups[0].upper * 100)
    assert whole[[1, 2]].sum() >= round(groups[1].lower * 100)
    assert (np.abs(found - spend) <= 0.02 + 1e-6).all()
    assert not lot or found[0] == pytest.approx(spend[0], abs=1e-9)


@pytest.fixture
def plan(make_panel, make_media, weekly_spend):
    """A function that plans the first quarter of 2027."""
    panel = make_panel(weekly_spend[:97])
    media = make_media(panel, draws=40)

    def build(margin=0.5, **keys):
        chosen = PlanSettings.model_validate({"window": "2027Q1", "change": None, **keys})
        window = plan_window(panel, chosen)
        curves = window_curves(window, panel, media)
        return optimize(curves, window, Economics(margin), ("data",) * 4, chosen)

    return build


def _spend(found):
    cells = found.moves[found.moves.level == "cell"]
    return cells.set_index(["channel", "audience"]).planned_spend


def test_a_plan_keeps_its_groups_to_the_cent_and_says_where_they_stand(plan):
    free = _spend(plan(budget=9_999.99))
    cap = round(0.5 * float(free["tv"].sum() + free["search"].sum()), 2)
    found = plan(budget=9_999.99, groups=[{"name": "big two", "channels": ["tv", "search"], "max": cap}])
    spend = _spend(found)
    assert round(100 * spend.sum()) == round(100 * found.summary.core)
    assert round(100 * (spend["tv"].sum() + spend["search"].sum())) == round(100 * cap)
    (state,) = found.summary.groups
    assert (state["name"], state["binding"], state["upper"]) == ("big two", "upper", cap)
    assert state["price"] > 0
    held = found.moves[found.moves.binding == "group"]
    assert set(held.channel) <= {"tv", "search"}
    assert len(held)
    assert held.why.str.contains("the limit of big two").all()
    assert "program" in found.summary.method
    assert found.gap <= 1e-3


def test_a_plan_of_packages_has_whole_ones(plan):
    found = plan(
        budget=9_999.99, bounds=[{"channel": "social", "lot": 250}, {"channel": "tv", "min_if_on": 4000}]
    )
    spend = _spend(found)
    assert (spend["social"] % 250 == 0).all()
    assert spend["tv"].iloc[0] == 0 or spend["tv"].iloc[0] >= 4000
    assert round(100 * spend.sum()) == round(100 * found.summary.core)


def test_a_cost_paid_once_lowers_profit_by_itself_where_the_cell_stays_on(plan):
    keys = {"budget": 9_999.99, "change": 0.5}
    bounds = [{"channel": "tv", "min": 3000}]
    without = plan(bounds=bounds, **keys).summary
    found = plan(bounds=[{**bounds[0], "cost_if_on": 123.0}], **keys).summary
    assert found.profit.mean == pytest.approx(without.profit.mean - 123.0, abs=2.0)
    assert found.current_profit.mean == pytest.approx(without.current_profit.mean - 123.0)
    assert found.revenue.mean == pytest.approx(without.revenue.mean, rel=1e-3)


def test_a_cost_is_not_counted_where_profit_is_not_sought_and_the_plan_says_so(plan):
    found = plan(budget=9_999.99, margin=None, bounds=[{"channel": "tv", "cost_if_on": 1e9}])
    assert any("cost_if_on" in line for line in found.summary.assumptions)


def test_prices_begin_at_the_references_money_and_are_seen_by_the_plan(plan, make_panel, weekly_spend):
    panel = make_panel(weekly_spend[:97])
    prices = {"tv": {"elasticity": 0.2}, "search": {"tiers": [{"above": 10, "price": 3}]}}
    window = plan_window(panel, PlanSettings.model_validate({"window": "2027Q1", "prices": prices}))
    tv, search, *others = window.prices
    assert tv == Price(today=float(window.reference.by_cell[0]), elasticity=0.2)
    assert (search.above, search.times) == ((10.0,), (3.0,))
    assert others == [None, None]
    plain, dear = plan(budget=9_999.99), plan(budget=9_999.99, prices=prices)
    assert dear.summary.revenue.mean < plain.summary.revenue.mean
    assert _spend(dear)["search"].sum() < _spend(plain)["search"].sum()
    assert dear.gap <= 1e-3


def test_the_forecast_counts_what_the_money_buys_at_the_price_it_pays(make_panel, make_media, weekly_spend):
    panel = make_panel(weekly_spend[:97])
    window = plan_window(panel, PlanSettings.model_validate({"window": "2027Q1"}))
    curves = window_curves(window, panel, make_media(panel, draws=3))
    price = Price(today=500.0, elasticity=0.3)
    spend = np.array([900.0, 100.0, 50.0, 0.0])
    bought = np.array([float(price.buys(np.array(900.0))), 100.0, 50.0, 0.0])
    np.testing.assert_allclose(
        media_outcome(replace(curves, prices=(price, None, None, None)), spend), media_outcome(curves, bought)
    )


def test_an_unknown_channel_among_the_prices_is_refused(plan):
    with pytest.raises(ConfigError, match=r"`plan.prices`: unknown channel 'tvv'. Did you mean 'tv'"):
        plan(prices={"tvv": {"elasticity": 0.1}})


@pytest.mark.parametrize(
    "rise",
    [{}, {"elasticity": 0.1, "tiers": [{"above": 1, "price": 2}]}, {"tiers": [{"above": 2, "price": 2}] * 2}],
)
def test_a_price_has_one_form_and_its_tiers_ascend(rise):
    with pytest.raises(ValueError, match=r"give either|tiers must rise"):
        _settings(prices={"tv": rise})


def test_names_no_cell_has_are_refused_with_the_nearest(plan):
    with pytest.raises(ConfigError, match=r"entry 1 \(x\): unknown channel 'socal'. Did you mean 'social'"):
        plan(groups=[{"name": "x", "channels": ["socal"], "max": 10}])


def test_every_config_in_the_how_to_is_accepted():
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        PlanSettings.model_validate(YAML(typ="safe").load(block))
