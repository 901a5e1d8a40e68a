"""One budget over several markets: the optimum of all cells at once, beside brute force and each market alone."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import ConfigError, Infeasible
from mmm.planning.allocation import aim_of, take_draws
from mmm.planning.outlook import halves
from mmm.planning.solver import solve
from mmm.portfolio.joint import plan_jointly, slices_of
from mmm.portfolio.tables import markets_table, moves_table, summary_of
from mmm.response.curves import response
from mmm.response.table import Abroad, MarketCurves


def value_by_hand(markets, spend, seed=1):
    """Mean profit of cells on the draws that plan, in money of the portfolio, without the reserve."""
    total = 0.0
    for market, part in zip(markets, slices_of(markets), strict=True):
        planning, _ = halves(market.curves.draws, seed)
        for i, money in enumerate(spend[part] / market.rate):
            brought = response(market.curves, i, [money])[0, planning].mean()
            total += market.rate * (market.economics.margin * brought - money)
    return total


@pytest.fixture
def two(make_market):
    return [make_market("de", seed=1, rate=1.1), make_market("il", seed=2, size=4.0, rate=0.27, margin=0.5)]


def test_money_adds_up_to_the_cent_and_the_reserve_is_a_tenth(two, make_plan):
    joint = plan_jointly(two, make_plan(budget=20_000))
    assert round(float(joint.planned.spend.sum()), 2) == joint.core == 18_000
    assert round(float(joint.planned.reserve.sum()), 2) == 2_000
    table = markets_table(joint)
    assert table["planned_budget"].iloc[:2].sum() == pytest.approx(20_000, abs=1e-6)
    assert table["planned_budget"].iloc[2] == pytest.approx(20_000, abs=1e-6)
    assert table["change"].sum() == pytest.approx(0, abs=1e-6)


def test_the_plan_is_the_best_of_many_at_random(two, make_plan):
    joint = plan_jointly(two, make_plan(budget=20_000))
    low, high, core = joint.problem.lower, joint.problem.upper, joint.core
    best = value_by_hand(two, joint.planned.spend)
    assert best == pytest.approx(joint.solution.objective, rel=1e-6)
    rng = np.random.default_rng(3)
    for _ in range(150):
        trial = rng.uniform(low, high)
        room = (high - trial) if trial.sum() < core else (trial - low)
        trial = trial + (core - trial.sum()) * room / room.sum()
        if (trial < low - 1e-9).any() or (trial > high + 1e-9).any():
            continue
        assert value_by_hand(two, trial) <= best + joint.solution.gap_money + 1e-6


def test_two_markets_of_one_cell_each_are_what_brute_force_finds(make_market, make_plan):
    fixed = [{"channel": c, "spend": 1000} for c in ("search", "social")]
    markets = [
        make_market(n, seed=s, plan={"fixed": fixed}, rate=r) for n, s, r in (("a", 1, 1.0), ("b", 5, 2.0))
    ]
    joint = plan_jointly(markets, make_plan(budget=30_000))
    spend = joint.planned.spend.copy()
    low, high = joint.problem.lower[[0, 3]], joint.problem.upper[[0, 3]]
    both = float(spend[0] + spend[3])
    found = []
    for first in np.linspace(max(low[0], both - high[1]), min(high[0], both - low[1]), 301):
        spend[0], spend[3] = first, both - first
        found.append(value_by_hand(markets, spend))
    assert value_by_hand(markets, joint.planned.spend) >= max(found) - joint.solution.gap_money - 1e-6


def test_each_market_planned_alone_on_its_share_gives_the_joint_plan_again(two, make_plan):
    joint = plan_jointly(two, make_plan(budget=20_000))
    total = 0.0
    for part, whole in zip(joint.slices, [0, 1], strict=True):
        money = float(joint.planned.spend[part].sum())
        own = replace(
            joint.problem, lower=joint.problem.lower[part], upper=joint.problem.upper[part], budget=money,
            start=joint.problem.start[part],
        )  # fmt: skip
        planning, _ = halves(two[whole].curves.draws, 1)
        aim = aim_of(two[whole].curves, two[whole].window, two[whole].economics, two[whole].settings)
        part_curves = Abroad(take_draws(aim.curves, planning), two[whole].rate, aim.worth)
        total += solve(MarketCurves((part_curves,), two[whole].window.cells), own).objective
    allowed = 3e-3 * (joint.solution.upper_bound + joint.core)
    assert total == pytest.approx(joint.solution.objective, abs=allowed)


def test_other_currencies_change_nothing_but_the_unit(make_market, make_plan):
    here = [make_market("a", seed=1), make_market("b", seed=2)]
    there = [make_market("a", seed=1), make_market("b", seed=2, size=10.0, rate=0.1)]
    one, other = (plan_jointly(markets, make_plan(budget=20_000)) for markets in (here, there))
    # spend of ten times the units at a tenth of the rate: the panel is rounded to cents
    np.testing.assert_allclose(one.planned.spend, other.planned.spend, rtol=2e-2)
    table = markets_table(other)
    assert table["planned_local"].iloc[1] == pytest.approx(10 * table["planned_budget"].iloc[1], rel=1e-6)


def test_a_cap_holds_and_its_price_is_what_a_little_more_room_brings(make_market, make_plan):
    def plan(cap):
        markets = [make_market("a", seed=1, entry={"max": cap}), make_market("b", seed=2, margin=0.2)]
        return plan_jointly(markets, make_plan(budget=20_000))

    joint, wider = plan(10_000), plan(10_100)
    table = markets_table(joint)
    assert table["planned_budget"].iloc[0] == pytest.approx(10_000, abs=0.02)
    assert table["binding"].tolist()[:2] == ["upper", ""]
    assert table["upper"].iloc[0] == pytest.approx(10_000)
    gained = (wider.solution.objective - joint.solution.objective) / 100
    assert table["price"].iloc[0] == pytest.approx(gained, rel=0.1)


def test_a_floor_keeps_a_poor_market_alive(make_market, make_plan):
    markets = [make_market("a", seed=1), make_market("b", seed=2, margin=0.2, entry={"min": "1x"})]
    joint = plan_jointly(markets, make_plan(budget=20_000))
    table = markets_table(joint)
    assert table["planned_budget"].iloc[1] == pytest.approx(table["current_budget"].iloc[1], abs=0.05)
    assert table["binding"].iloc[1] == "lower"


def test_a_group_over_markets_holds(make_market, make_plan):
    markets = [make_market("a", seed=1), make_market("b", seed=2), make_market("c", seed=3)]
    tv = {"name": "all tv", "channels": ["tv"], "max_share": 0.4}
    joint = plan_jointly(markets, make_plan(budget=30_000, groups=[tv]))
    moves = moves_table(joint)
    assert moves.loc[moves["channel"] == "tv", "planned_spend"].sum() <= 0.4 * joint.core + 0.01
    assert [group.name for group in joint.groups] == ["all tv"]


def test_what_moving_money_between_markets_brings_is_told_apart(make_market, make_plan):
    markets = [make_market("a", seed=1), make_market("b", seed=2, margin=0.2)]
    joint = plan_jointly(markets, make_plan(budget=20_000))
    told = summary_of(joint, "profit")
    assert told["gain_between"] > 0
    assert told["gain_within"] + told["gain_between"] == pytest.approx(told["gain"])
    for part in joint.slices:
        assert joint.within.spend[part].sum() == pytest.approx(joint.current.spend[part].sum(), abs=0.01)


def test_the_default_change_gives_way_to_a_floor_and_that_is_said(make_market, make_plan):
    markets = [make_market("a", seed=1, entry={"min": 19_000}), make_market("b", seed=2)]
    joint = plan_jointly(markets, make_plan(budget=20_000))
    assert markets_table(joint)["planned_budget"].iloc[0] >= 19_000 - 0.02
    assert "`plan.change` of the markets gave way" in joint.gave_way[0]


def test_limits_that_clash_are_named(make_market, make_plan):
    markets = [make_market("a", entry={"max": 2000}), make_market("b", seed=2, entry={"max": 2000})]
    with pytest.raises(Infeasible, match=r"\ba\b"):
        plan_jointly(markets, make_plan(budget=20_000))


def test_a_market_without_a_margin_cannot_seek_profit(make_market, make_plan):
    markets = [make_market("a"), make_market("b", margin=None)]
    with pytest.raises(ConfigError, match=r"b: a plan for profit needs its `finance.gross_margin`"):
        plan_jointly(markets, make_plan(budget=20_000))


def test_a_cost_paid_once_counts_in_its_own_market_and_at_its_own_rate(make_market, make_plan):
    def plan(cost):
        once = {"bounds": [{"channel": "tv", "min_if_on": 10, "cost_if_on": cost}]} if cost else None
        markets = [make_market("a", seed=1), make_market("b", seed=2, rate=2.0, plan=once)]
        return plan_jointly(markets, make_plan(budget=20_000))

    dear, free = plan(100), plan(None)
    np.testing.assert_allclose(
        dear.current.value - free.current.value, [[0.0], [-200.0]] * np.ones((1, dear.current.value.shape[1]))
    )
