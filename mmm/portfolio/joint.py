"""One budget over several markets: the best split over all their cells at once, proved by the solver of one market.

Every market's curves are put into the money of the portfolio, so a plan of all markets is one problem of all cells: a
market's floor and cap are a group of its cells. Draws of markets are independent; a mean needs no pairing, and sums
over markets pair draws at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.panel import Floats
from mmm.errors import ConfigError, Infeasible
from mmm.finance.economics import Economics
from mmm.planning.allocation import Aim, Indices, aim_of, limits_of, take_draws
from mmm.planning.limits import in_whole_cents
from mmm.planning.money import in_cents, split_reserve, spread
from mmm.planning.outlook import halves
from mmm.planning.problem import Group, GroupState, Problem, Solution, Switch
from mmm.planning.settings import PlanSettings
from mmm.planning.solver import solve
from mmm.planning.window import PlanWindow
from mmm.portfolio.config import MarketEntry, PortfolioPlan
from mmm.response.curves import WindowCurves, mroi, response
from mmm.response.table import Abroad, MarketCurves


@dataclass(frozen=True, slots=True)
class Market:
    """A market as its own fit sees the window.

    Attributes
    ----------
    name, currency
        Of its config.
    rate
        Money of the portfolio for a unit of its own.
    window, curves, grades
        As one market's plan has them, in its own money.
    """

    name: str
    currency: str
    rate: float
    entry: MarketEntry
    window: PlanWindow
    curves: WindowCurves
    economics: Economics
    settings: PlanSettings
    grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """Money by cell over all markets, and what it brings on the draws that print; in money of the portfolio.

    Attributes
    ----------
    spend
        Shape (cell,), in whole cents.
    reserve
        Of each market, shape (market,).
    revenue, value
        Of each market and draw, shape (market, draw); `value` is profit where that is sought.
    """

    spend: Floats
    reserve: Floats
    revenue: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Joint:
    """The joint plan.

    Attributes
    ----------
    planned, current, within
        The plan; today's mix scaled to the same money; each market's best plan on today's share (None where limits
        leave none).
    limits
        Where the floor and cap of each market stand, None where it has neither.
    groups
        Where the groups of the portfolio and of markets stand.
    mroi
        Revenue of the next unit of each cell: today and planned, shape (2, cell).
    """

    markets: tuple[Market, ...]
    budget: float
    core: float
    problem: Problem
    solution: Solution
    planned: Mix
    current: Mix
    within: Mix | None
    limits: tuple[GroupState | None, ...]
    groups: tuple[GroupState, ...]
    gave_way: tuple[str, ...]
    mroi: Floats

    @property
    def slices(self) -> list[slice]:
        """Cells of each market."""
        return slices_of(self.markets)


def slices_of(markets: Sequence[Market]) -> list[slice]:
    """Cells of each market on the axis of all cells."""
    ends = np.cumsum([len(market.window.cells) for market in markets]).tolist()
    return [slice(end - len(market.window.cells), end) for end, market in zip(ends, markets, strict=True)]


def plan_jointly(markets: Sequence[Market], plan: PortfolioPlan, *, seed: int = 1) -> Joint:
    """The best split of one budget over all cells of all markets.

    Raises
    ------
    ConfigError
        Limits that are reversed; a market that lacks what the objective needs, or whose window has begun.
    Infeasible
        When the limits leave no plan.
    """
    aims = _aims(markets, plan)
    parts = slices_of(markets)
    usual = np.concatenate([market.window.pace * market.rate for market in markets])
    budget = in_cents(float(usual.sum()) if plan.budget is None else plan.budget) / 100
    core, _ = split_reserve(budget, plan.reserve_for_tests)
    current = spread(core, usual)
    draws = [halves(market.curves.draws, seed) for market in markets]
    curves = _abroad(markets, aims, [planning for planning, _ in draws])
    (problem, gave_way, own), solution = _solved(markets, plan, aims[0].cost, core, current, curves)
    clean = np.clip(solution.spend, 0.0 if problem.switches else problem.lower, problem.upper)
    total = core if plan.spend == "all" else min(core, float(clean.sum()))
    spend = in_whole_cents(clean, in_cents(total) / 100, problem, np.zeros_like(clean))
    within = _within(curves, problem, current, parts)
    value = _Valuer(markets, aims, [printing for _, printing in draws], problem, budget - core, seed)
    return Joint(
        markets=tuple(markets),
        budget=budget,
        core=core,
        problem=problem,
        solution=solution,
        planned=value(spend),
        current=value(current),
        within=None if within is None else value(within),
        limits=tuple(None if k is None else solution.groups[k] for k in own),
        groups=tuple(group for k, group in enumerate(solution.groups) if k not in own),
        gave_way=gave_way,
        mroi=np.stack([_next_unit(markets, draws, mix) for mix in (current, spend)]),
    )


def _aims(markets: Sequence[Market], plan: PortfolioPlan) -> list[Aim]:
    """What is sought in each market: the same in all of them."""
    aims, faults = [], []
    for market in markets:
        aim = aim_of(market.curves, market.window, market.economics, market.settings)
        aims.append(aim)
        if aim.objective != plan.objective:
            missing = "finance.gross_margin" if aim.objective == "revenue" else "data.outcome.value_per_unit"
            faults.append(
                f"`markets` {market.name}: a plan for {plan.objective} needs its `{missing}`"
                + ("; or seek `plan.objective: revenue`" if aim.objective == "revenue" else "")
            )
        if market.window.begun is not None:
            faults.append(
                f"`plan.window`: it has begun in {market.name}; a joint plan is made before it begins"
            )
    if faults:
        raise ConfigError(faults)
    return aims


def _solved(
    markets: Sequence[Market],
    plan: PortfolioPlan,
    cost: float,
    core: float,
    current: Floats,
    curves: MarketCurves,
) -> tuple[tuple[Problem, tuple[str, ...], list[int | None]], Solution]:
    """The problem and its solution; where limits leave no plan, `change` of every market gives way first."""
    asked = _problem(markets, plan, cost, core, current)
    try:
        return asked, solve(curves, asked[0])
    except Infeasible:
        if all(market.settings.change is None for market in markets):
            raise
    free = [replace(m, settings=m.settings.model_copy(update={"change": None})) for m in markets]
    problem, said, own = _problem(free, plan, cost, core, current)
    told = "`plan.change` of the markets gave way: within it no plan meets the limits of markets and groups"
    return (problem, (told, *said), own), solve(curves, problem)


def _problem(
    markets: Sequence[Market], plan: PortfolioPlan, cost: float, core: float, current: Floats
) -> tuple[Problem, tuple[str, ...], list[int | None]]:
    """All cells and limits in money of the portfolio; what gave way; the group that is each market's floor and cap."""
    share = 1 - plan.reserve_for_tests
    lower, upper, said = [], [], []
    switches: list[Switch | None] = []
    groups: list[Group] = []
    own: list[int | None] = []
    for market, part in zip(markets, slices_of(markets), strict=True):
        rate = market.rate
        bounds, mine, ways = limits_of(
            market.window,
            market.settings,
            core / rate,
            current[part] / rate,
            market.grades,
            counts_cost=cost > 0,
        )
        lower.append(bounds.lower * rate)
        upper.append(bounds.upper * rate)
        none: tuple[Switch | None, ...] = (None,) * len(bounds.lower)
        switches += [
            None if way is None else Switch(way.least * rate, way.lot * rate, way.cost * rate)
            for way in ways or none
        ]
        groups += [
            Group(
                f"{market.name}: {g.name}",
                tuple(part.start + i for i in g.members),
                g.lower * rate,
                g.upper * rate,
            )
            for g in mine
        ]
        said += [f"{market.name}: {sentence}" for sentence in bounds.gave_way]
        whole = _market_group(market, part, float(current[part].sum()), share)
        own.append(None if whole is None else len(groups))
        groups += [] if whole is None else [whole]
    groups += _groups(markets, plan, core, current)
    if faults := [
        f"{group.name}: at least {group.lower:,.2f} and at most {group.upper:,.2f} without the reserve; "
        "lower the first or raise the second"
        for group in groups
        if group.lower > group.upper
    ]:
        raise ConfigError(faults)
    problem = Problem(
        1.0,
        cost,
        np.concatenate(lower),
        np.concatenate(upper),
        core,
        plan.spend == "all",
        current,
        tuple(groups),
        tuple(switches) if any(switches) else (),
    )
    return problem, tuple(said), own


def _market_group(market: Market, part: slice, now: float, share: float) -> Group | None:
    """Floor and cap of a market's whole money as a group of its cells, without the reserve."""
    entry = market.entry
    if entry.min is None and entry.max is None:
        return None
    whole = now / share if share > 0 else 0.0
    low = 0.0 if entry.min is None else entry.min.resolve(whole) * share
    high = np.inf if entry.max is None else entry.max.resolve(whole) * share
    return Group(market.name, tuple(range(part.start, part.stop)), low, high)


def _groups(markets: Sequence[Market], plan: PortfolioPlan, core: float, current: Floats) -> list[Group]:
    """The groups of the portfolio."""
    found = []
    for entry in plan.groups:
        members = [
            part.start + i
            for market, part in zip(markets, slices_of(markets), strict=True)
            if not entry.markets or market.name in entry.markets
            for i, cell in enumerate(market.window.cells)
            if not entry.channels or cell.channel in entry.channels
        ]
        if not members:
            raise ConfigError([f"`plan.groups` {entry.name}: no cell of these markets is in it"])
        now = float(current[members].sum())
        least = [0.0] if entry.min is None else [entry.min.resolve(now)]
        most = [np.inf] if entry.max is None else [entry.max.resolve(now)]
        least += [] if entry.min_share is None else [entry.min_share * core]
        most += [] if entry.max_share is None else [entry.max_share * core]
        found.append(Group(entry.name, tuple(members), max(least), min(most)))
    return found


def _abroad(markets: Sequence[Market], aims: Sequence[Aim], draws: Sequence[Indices]) -> MarketCurves:
    """The curves of all markets on some of the draws of each."""
    parts = [
        Abroad(take_draws(aim.curves, some), market.rate, aim.worth)
        for market, aim, some in zip(markets, aims, draws, strict=True)
    ]
    cells = [
        replace(cell, channel=f"{market.name}: {cell.channel}")
        for market in markets
        for cell in market.window.cells
    ]
    return MarketCurves(tuple(parts), tuple(cells))


def _within(curves: MarketCurves, problem: Problem, current: Floats, parts: Sequence[slice]) -> Floats | None:
    """Each market's best plan on the money it has today, in whole cents; None where its limits leave none."""
    spend = np.zeros_like(current)
    for abroad, part in zip(curves.parts, parts, strict=True):
        inside = [g for g in problem.groups if set(g.members) < set(range(part.start, part.stop))]
        groups = tuple(replace(g, members=tuple(i - part.start for i in g.members)) for g in inside)
        money = float(current[part].sum())
        own = replace(
            problem,
            lower=problem.lower[part],
            upper=problem.upper[part],
            budget=money,
            start=current[part],
            groups=groups,
            switches=problem.switches[part],
        )
        if money <= 0:
            continue
        try:
            found = solve(MarketCurves((abroad,), curves.cells[part]), own)
        except Infeasible:
            return None
        clean = np.clip(found.spend, 0.0 if own.switches else own.lower, own.upper)
        total = money if own.spend_all else min(money, float(clean.sum()))
        spend[part] = in_whole_cents(clean, in_cents(total) / 100, own, np.zeros_like(clean))
    return spend


class _Valuer:
    """What mixes bring, on the draws that print: the same draws for every mix."""

    def __init__(
        self,
        markets: Sequence[Market],
        aims: Sequence[Aim],
        printing: Sequence[Indices],
        problem: Problem,
        reserve: float,
        seed: int,
    ) -> None:
        fewest = min(len(draws) for draws in printing)
        self.draws = [
            np.random.default_rng([seed, 47, k]).permutation(draws)[:fewest]
            for k, draws in enumerate(printing)
        ]
        self.markets, self.aims, self.reserve = markets, aims, reserve
        self.once = np.array([0.0 if switch is None else switch.cost for switch in problem.switches])

    def __call__(self, spend: Floats) -> Mix:
        parts = slices_of(self.markets)
        money = np.array([float(spend[part].sum()) for part in parts])
        reserve = spread(self.reserve, money) if money.any() else np.zeros_like(money)
        revenue, value = [], []
        for k, (market, aim, part) in enumerate(zip(self.markets, self.aims, parts, strict=True)):
            local = spend[part] / market.rate
            brought = _brought(take_draws(market.curves, self.draws[k]), local) * market.rate
            counted = brought
            if aim.curves is not market.curves:  # channels with margins of their own
                counted = _brought(take_draws(aim.curves, self.draws[k]), local) * market.rate
            once = float(self.once[part] @ (spend[part] > 0)) if self.once.size else 0.0
            revenue.append(brought)
            value.append(aim.worth * counted - aim.cost * (money[k] + reserve[k]) - once)
        return Mix(spend, reserve, np.array(revenue), np.array(value))


def _brought(curves: WindowCurves, spend: Floats) -> Floats:
    """Response of all cells together, shape (draw,)."""
    return np.asarray(sum(response(curves, i, [float(x)])[0] for i, x in enumerate(spend)))


def _next_unit(markets: Sequence[Market], draws: Sequence[tuple[Indices, Indices]], spend: Floats) -> Floats:
    """Revenue of the next unit of each cell, mean over the draws that print, shape (cell,)."""
    found = []
    for market, part, (_, printing) in zip(markets, slices_of(markets), draws, strict=True):
        shown = take_draws(market.curves, printing)
        local = spend[part] / market.rate
        found += [float(mroi(shown, i, [float(x)])[0].mean()) for i, x in enumerate(local)]
    return np.array(found)
