"""Groups, switches and packages against brute force, against the dynamic program, and by laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import Infeasible
from mmm.planning.problem import Group, Problem, Switch
from mmm.planning.solver import solve
from mmm.planning.solver_structured import StructuredSearch
from mmm.response.curves import response

BUDGET = 300.0
STEPS = 60
NESTED = (Group("a", (0, 1), 30.0, 105.0), Group("c", (0, 1, 2), 60.0, 180.0))
CROSSED = (Group("a", (0, 1), 0.0, 90.0), Group("b", (1, 2), 60.0, 120.0))
SWITCHES = (Switch(least=60.0), Switch(lot=30.0), Switch(cost=8.0), None)


def _problem(groups=(), switches=(), *, spend_all=True, cells=4):
    return Problem(
        worth=0.6,
        cost=1.0,
        lower=np.zeros(cells),
        upper=np.full(cells, BUDGET),
        budget=BUDGET,
        spend_all=spend_all,
        start=np.full(cells, BUDGET / cells),
        groups=groups,
        switches=switches,
    )


def _value(curves, problem, cell, money):
    """Value of one cell at amounts of money, -inf where its switch does not allow them."""
    value = problem.worth * response(curves, cell, money).mean(axis=1) - problem.cost * money
    switch = problem.switches[cell] if problem.switches else None
    if switch is None:
        return value
    on = money >= switch.least
    if switch.lot:
        on &= np.isclose(money / switch.lot, np.round(money / switch.lot))
    return np.where(money == 0, value, np.where(on, value - switch.cost, -np.inf))


def _brute(curves, problem):
    """Best of all plans of four cells on a grid of money."""
    money = np.linspace(0, problem.budget, STEPS + 1)
    at = np.meshgrid(*[np.arange(STEPS + 1)] * 4, indexing="ij", sparse=True)
    total = sum(_value(curves, problem, i, money)[at[i]] for i in range(4))
    spent = sum(at)
    fits = spent == STEPS if problem.spend_all else spent <= STEPS
    for group in problem.groups:
        inside = sum(at[i] for i in group.members) * problem.budget / STEPS
        fits = fits & (inside >= group.lower - 1e-9) & (inside <= group.upper + 1e-9)
    return float(np.where(fits, total, -np.inf).max())


def _meets_every_limit(problem, spend):
    assert spend.sum() <= problem.budget * (1 + 1e-9)
    assert spend.sum() >= problem.budget * (1 - 1e-9) or not problem.spend_all
    for group in problem.groups:
        inside = spend[list(group.members)].sum()
        assert group.lower - 1e-6 <= inside <= group.upper + 1e-6
    for switch, money in zip(problem.switches, spend, strict=False):
        if switch is not None and money > 0:
            assert money >= switch.least - 1e-6
            assert not switch.lot or money / switch.lot == pytest.approx(round(money / switch.lot), abs=1e-9)


@pytest.mark.parametrize("spend_all", [True, False])
@pytest.mark.parametrize("switches", [(), SWITCHES])
@pytest.mark.parametrize("groups", [(), NESTED, CROSSED])
@pytest.mark.parametrize(("seed", "power"), [(0, None), (1, 2.5), (2, 1.0), (3, 4.0)])
def test_no_plan_on_a_grid_beats_the_plan_by_more_than_its_gap(
    random_curves, seed, power, groups, switches, spend_all
):
    curves = random_curves(seed, cells=4, slope=power, draws=4)
    problem = _problem(groups, switches, spend_all=spend_all)
    solution = solve(curves, problem)
    brute = _brute(curves, problem)
    _meets_every_limit(problem, solution.spend)
    assert max(brute, solution.objective) <= solution.upper_bound
    assert solution.gap <= 1e-3 or solution.gap_money <= 3e-4 * BUDGET
    assert solution.objective >= brute - 1e-3 * BUDGET


@pytest.mark.parametrize("power", [None, 1.0, 2.5, 4.0])
@pytest.mark.parametrize("spend_all", [True, False])
def test_the_dynamic_program_and_the_programs_agree_where_both_apply(random_curves, power, spend_all):
    curves = random_curves(8, cells=5, slope=power, draws=4)
    problem = _problem(cells=5, spend_all=spend_all)
    by_steps, by_program = solve(curves, problem), StructuredSearch(curves, problem)
    by_program.run(1e-3)
    assert by_program.objective <= by_steps.upper_bound
    assert by_steps.objective <= by_program.bound
    assert by_program.objective == pytest.approx(by_steps.objective, abs=1e-3 * BUDGET)


def _bracketed(random_curves, seed):
    """A small random problem of every kind, its solution between a brute force and its own bound."""
    rng = np.random.default_rng(seed)
    curves = random_curves(seed, cells=4, slope=rng.choice([1.0, 2.0, 4.0]), draws=2, geos=1, carry=False)
    limits = np.sort(rng.uniform(0, BUDGET, (2, 2)), axis=1) // 5 * 5
    members = ((0, 1), (0, 1, 2) if rng.random() < 0.5 else (1, 2))
    groups = tuple(Group(f"g{k}", members[k], *limits[k].tolist()) for k in range(rng.integers(0, 3)))
    kinds = (None, Switch(least=60.0), Switch(lot=30.0), Switch(cost=float(rng.uniform(0, 30))))
    switches = tuple(kinds[k] for k in rng.integers(0, 4, 4))
    problem = _problem(groups, switches, spend_all=bool(rng.random() < 0.5))
    brute = _brute(curves, problem)
    try:
        solution = solve(curves, problem)
    except Infeasible:
        assert brute == -np.inf
        return
    _meets_every_limit(problem, solution.spend)
    assert max(brute, solution.objective) <= solution.upper_bound
    assert solution.objective >= brute - 2e-3 * BUDGET
    assert solution.gap <= 2e-3 or solution.gap_money <= 1e-3 * BUDGET


@pytest.mark.parametrize("seed", range(12))
def test_bounds_bracket_the_optimum_of_small_problems_of_every_kind(random_curves, seed):
    _bracketed(random_curves, seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bounds_bracket_the_optimum_of_a_thousand_small_problems(random_curves):
    for seed in range(1000):
        _bracketed(random_curves, seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_group_that_holds_nothing_back_changes_nothing(random_curves, seed):
    curves = random_curves(seed, cells=4)
    plain = solve(curves, _problem())
    slack = solve(curves, _problem((Group("all", (0, 1, 2), 0.0, BUDGET),)))
    assert slack.objective == pytest.approx(plain.objective, abs=3e-4 * BUDGET)
    assert slack.upper_bound >= plain.objective
    assert plain.upper_bound >= slack.objective
    assert slack.groups[0].price <= 1e-9


def test_a_tighter_group_never_helps_and_its_price_is_what_room_would_bring(random_curves):
    curves = random_curves(2, cells=4, slope=1.0)
    caps = np.array([60.0, 90.0, 90.3, 120.0])
    found = [solve(curves, _problem((Group("two", (0, 1), 0.0, cap),)), target_gap=1e-4) for cap in caps]
    best = [solution.objective for solution in found]
    assert best == sorted(best)
    state = found[1].groups[0]
    assert (state.name, state.binding) == ("two", "upper")
    assert state.spend == pytest.approx(90.0)
    assert state.price == pytest.approx((best[2] - best[1]) / 0.3, rel=2e-2)
    assert all(side != "" for side in found[1].binding[:2])


def test_a_least_amount_of_a_group_has_a_price_too(random_curves):
    curves = random_curves(2, cells=4, slope=1.0)
    free = solve(curves, _problem()).spend[[0, 1]].sum()
    state = solve(curves, _problem((Group("two", (0, 1), free + 60.0, BUDGET),))).groups[0]
    assert (state.binding, state.price > 0) == ("lower", True)
    assert state.spend == pytest.approx(free + 60.0)


def test_the_order_of_cells_does_not_matter(random_curves):
    curves = random_curves(3, cells=4)
    order = [2, 0, 3, 1]
    media = curves.media
    parts = {name: getattr(media, name)[:, order] for name in ("weights", "half", "slope", "scale")}
    turned = replace(
        curves,
        media=replace(
            media, cells=tuple(media.cells[i] for i in order), ceiling=media.ceiling[..., order], **parts
        ),
        carry_in=curves.carry_in[..., order],
        unit_exposure=curves.unit_exposure[..., order],
        after=curves.after[..., order],
    )
    groups = tuple(replace(g, members=tuple(order.index(i) for i in g.members)) for g in CROSSED)
    one, two = solve(curves, _problem(CROSSED)), solve(turned, _problem(groups))
    assert two.objective == pytest.approx(one.objective, abs=3e-4 * BUDGET)
    assert two.objective <= one.upper_bound
    assert one.objective <= two.upper_bound


def test_another_currency_leaves_the_shares(random_curves):
    curves, rate = random_curves(4, cells=4, slope=1.0), 1e4
    other = replace(curves, unit_exposure=curves.unit_exposure / rate, value=curves.value * rate)
    problem = _problem(CROSSED)
    scaled = replace(
        problem,
        upper=problem.upper * rate,
        budget=BUDGET * rate,
        start=problem.start * rate,
        groups=tuple(replace(g, lower=g.lower * rate, upper=g.upper * rate) for g in CROSSED),
    )
    one, two = solve(curves, problem), solve(other, scaled)
    assert two.objective == pytest.approx(one.objective * rate, rel=1e-4)
    np.testing.assert_allclose(two.spend / rate, one.spend, atol=2e-2 * BUDGET)


def test_a_switch_that_asks_for_nothing_changes_nothing(random_curves):
    curves = random_curves(5, cells=4)
    plain, switched = solve(curves, _problem()), solve(curves, _problem(switches=(Switch(),) * 4))
    assert switched.objective == pytest.approx(plain.objective, abs=3e-4 * BUDGET)
    assert switched.upper_bound >= plain.objective


def test_a_cost_that_is_never_earned_back_leaves_the_cell_off(random_curves):
    curves = random_curves(6, cells=4)
    solution = solve(curves, _problem(switches=(Switch(cost=1e6), None, None, None)))
    assert solution.spend[0] == 0.0
    assert solution.spend.sum() == pytest.approx(BUDGET)


def test_a_cell_that_must_be_on_takes_its_packages_within_its_bounds(random_curves):
    curves = random_curves(7, cells=4)
    problem = replace(
        _problem(switches=(Switch(lot=40.0), None, None, None)), lower=np.array([70.0, 0, 0, 0])
    )
    spend = solve(curves, problem).spend
    assert spend[0] >= 80.0
    assert spend[0] % 40.0 == pytest.approx(0.0, abs=1e-9)


def test_limits_that_clash_are_named_and_no_others(random_curves):
    curves = random_curves(0, cells=4)
    low = Group("social", (0, 1), 200.0, np.inf)
    other = Group("brand", (2, 3), 150.0, np.inf)
    idle = Group("idle", (0, 3), 0.0, 290.0)
    with pytest.raises(Infeasible) as refused:
        solve(curves, _problem((low, other, idle)))
    said = str(refused.value)
    assert "social has at least 200.00" in said
    assert "brand has at least 150.00" in said
    assert "idle" not in said
    assert "by 50.00" in said


def test_packages_that_leave_money_without_a_place_are_refused(random_curves):
    curves = random_curves(0, cells=2)
    problem = replace(
        _problem(switches=(Switch(lot=70.0), Switch(lot=70.0)), cells=2), upper=np.full(2, BUDGET)
    )
    with pytest.raises(Infeasible, match=r"all of 300\.00 must be spent.*20\.00"):
        solve(curves, problem)
    assert solve(curves, replace(problem, spend_all=False)).spend.sum() <= 280.0 + 1e-6
