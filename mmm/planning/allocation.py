"""From bounds and budget to the best spend per cell, in whole cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import next_periods
from mmm.data.panel import Floats
from mmm.errors import ConfigError, Infeasible
from mmm.finance.economics import Economics, discount
from mmm.planning import sentences
from mmm.planning.asked import CENT
from mmm.planning.bounds import CellBounds, cell_bounds
from mmm.planning.limits import beside_spent, groups_of, in_whole_cents, switches_of
from mmm.planning.money import in_cents, split_reserve, spread
from mmm.planning.placed import response_of_tests, without_tests
from mmm.planning.problem import Group, Problem, Solution, Switch
from mmm.planning.settings import PlanSettings
from mmm.planning.solver import solve
from mmm.planning.summary import Objective
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves, in_units, response
from mmm.response.table import Curves

Indices = NDArray[np.int64]

PRICE_DRAWS = 200
"""Draws that plan the whole budget, to price the reserve."""


@dataclass(frozen=True, slots=True)
class Money:
    """The money of a plan, all in whole cents.

    Attributes
    ----------
    budget, core, reserve
        The whole, what cells share, and what is kept for tests; core + reserve = budget.
    reference
        Really spent in the reference, shape (cell,).
    current
        Today's mix: the reference scaled to the core, or to what of it is not spent yet, shape (cell,).
    """

    budget: float
    core: float
    reserve: float
    reference: Floats
    current: Floats


@dataclass(frozen=True, slots=True)
class Aim:
    """What is sought: the mean over draws of worth * response - cost * spend.

    Attributes
    ----------
    objective
        profit, revenue, outcome or npv.
    worth, cost
        Of a unit of response, and of a unit of money.
    curves
        Responses as they are sought: revenue at margins of their own counts times these over `worth`, money that comes
        or is paid later than on the first day is discounted.
    late
        What a unit of the reserve saves by being spent over the window.
    saved
        What money spent already saved by being spent after the first day.
    discount
        Worth on the window's first day of money of each of its periods, shape (period,); None: all alike.
    """

    objective: Objective
    worth: float
    cost: float
    curves: WindowCurves
    late: float = 0.0
    saved: float = 0.0
    discount: Floats | None = None

    def value(self, brought: Floats, spend: float, reserve: float, once: float = 0.0) -> Floats:
        """The objective per draw, all money counted, shape (draw,).

        Parameters
        ----------
        brought
            Response of `curves`, all cells together, shape (draw,).
        spend, reserve
            Money of the cells, and for tests.
        once
            Costs paid once for cells that are on.
        """
        paid = self.cost * (spend + reserve) - self.late * reserve - self.saved + once
        return np.asarray(self.worth * brought - paid)


@dataclass(frozen=True, slots=True)
class Allocation:
    """The best spend per cell, in whole cents, with the limits it obeys and the solver's word on it."""

    spend: Floats
    bounds: CellBounds
    solution: Solution
    problem: Problem


def window_money(window: PlanWindow, settings: PlanSettings) -> Money:
    """Budget (the reference's money where none is given), reserve, and the reference scaled to the core."""
    really = window.reference.by_cell
    reference = spread(float(really.sum()), really)
    budget = in_cents(float(reference.sum()) if settings.budget is None else settings.budget) / 100
    core, reserve = core_and_reserve(window, settings, budget)
    return Money(budget, core, reserve, reference, current_spend(window, core))


def core_and_reserve(window: PlanWindow, settings: PlanSettings, budget: float) -> tuple[float, float]:
    """Core money and reserve of a budget in whole cents: at least the floor, and at least what designed tests use."""
    core, reserve = split_reserve(budget, settings.reserve_for_tests)
    if window.tests is None or window.tests.used <= reserve:
        return core, reserve
    used = min(in_cents(window.tests.used), in_cents(budget))
    return (in_cents(budget) - used) / 100, used / 100


def current_spend(window: PlanWindow, core: float) -> Floats:
    """Today's mix of some core money: what is spent already, and the rest as the reference has it, shape (cell,)."""
    return window.spent + spread(max(core - float(window.spent.sum()), 0.0), window.pace)


def aim_of(curves: WindowCurves, window: PlanWindow, economics: Economics, settings: PlanSettings) -> Aim:
    """What to seek, given what is known: profit needs a margin, revenue a money value."""
    if not window.has_money:
        return Aim("outcome", 1.0, 0.0, curves)
    if settings.objective == "outcome":
        return Aim("outcome", 1.0, 0.0, in_units(curves))
    if economics.margin is None or settings.objective == "revenue":
        return Aim("revenue", 1.0, 0.0, curves)
    counted = at_margins(curves, economics)
    if settings.objective == "profit":
        return Aim("profit", economics.margin, 1.0, counted)
    after = next_periods(window.dates[-1], curves.media.lags - 1, window.grain)
    days = (np.concatenate([window.dates, after]) - window.dates[0]).astype(int)
    factor = discount(days, economics.discount_rate or 0.0)
    inside = factor[: len(window.dates)]
    saved = 1 - inside @ window.pattern.sum(axis=1)
    ahead = window.share * (np.arange(len(inside)) >= window.past)
    past = 0.0 if window.begun is None else float((1 - inside) @ window.begun.money.sum(axis=(1, 2)))
    return Aim(
        "npv",
        economics.margin,
        1.0,
        replace(_discounted(counted, factor), late=saved / economics.margin),
        late=float(1 - inside @ ahead / ahead.sum()),
        saved=past,
        discount=inside,
    )


def _discounted(curves: WindowCurves, factor: Floats) -> WindowCurves:
    """The curves with the money of every period times a factor, shape (period + tail,)."""
    others = tuple(_discounted(part, factor) for part in curves.others)
    return replace(curves, value=curves.value * factor[:, None], others=others)


def at_margins(curves: WindowCurves, economics: Economics) -> WindowCurves:
    """The curves with the revenue of channels, or segments, of their own margins counted as at the company's."""
    relative = economics.relative(curves.media.cells, curves.segment)
    others = tuple(at_margins(part, economics) for part in curves.others)
    if (relative == 1).all() and all(new is old for new, old in zip(others, curves.others, strict=True)):
        return curves
    media = replace(curves.media, ceiling=curves.media.ceiling * relative)
    return replace(curves, media=media, others=others)


def check_objective(settings: PlanSettings, economics: Economics, *, has_money: bool) -> None:
    """Refuse a present value that cannot be had, before anything is fitted.

    Raises
    ------
    ConfigError
        When margin, money value or discount rate are missing.
    """
    if settings.objective != "npv":
        return
    missing = [
        key
        for key, there in (
            ("data.outcome.value_per_unit", has_money),
            ("finance.gross_margin", economics.margin is not None),
            ("finance.discount_rate", economics.discount_rate is not None),
        )
        if not there
    ]
    if missing:
        raise ConfigError([f"`plan.objective: npv` needs {' and '.join(f'`{key}`' for key in missing)}"])


def take_draws(curves: WindowCurves, draws: Indices) -> WindowCurves:
    """The same curves on some of the draws."""
    media = curves.media
    some = replace(
        media,
        weights=media.weights[draws],
        half=media.half[draws],
        slope=media.slope[draws],
        ceiling=media.ceiling[draws],
    )
    return replace(curves, media=some, others=tuple(take_draws(part, draws) for part in curves.others))


def check_limits(window: PlanWindow, settings: PlanSettings) -> None:
    """Refuse limits that leave no plan, before anything is fitted: no grade of evidence can mend them.

    Raises
    ------
    ConfigError
        When a least amount is above the most of the same cell.
    Infeasible
        When the user's bounds and the committed money leave no plan.
    """
    money = window_money(window, settings)
    limits_of(window, settings, money.core, money.current, ("data",) * len(window.cells), counts_cost=True)


def limits_of(
    window: PlanWindow,
    settings: PlanSettings,
    core: float,
    current: Floats,
    grades: Sequence[str],
    *,
    counts_cost: bool,
) -> tuple[CellBounds, tuple[Group, ...], tuple[Switch | None, ...]]:
    """Bounds of each cell for some core money, groups and switches.

    Raises
    ------
    Infeasible
        When more is spent already than the core money.
    """
    spent = window.spent
    if float(spent.sum()) > core + CENT:
        least = float(spent.sum()) / max(1 - settings.reserve_for_tests, 1e-9)
        raise Infeasible(sentences.overspent(float(spent.sum()), core, least, window.data_until))
    groups, passed = beside_spent(groups_of(settings, window.cells, current, core), spent)
    switches = switches_of(settings, window.cells, current, window.fixed, counts_cost=counts_cost)
    bounds = cell_bounds(
        window.cells,
        settings,
        current=current,
        reference=window.reference.by_cell,
        largest=window.largest,
        fixed=window.fixed,
        evidence=grades,
        core=core,
        part=window.part,
        groups=groups if core > 0 else (),
        switches=switches if core > 0 else (),
        spent=spent,
    )
    return replace(bounds, gave_way=(*bounds.gave_way, *passed)), groups, switches


def allocate(
    aim: Aim, window: PlanWindow, settings: PlanSettings, core: float, grades: Sequence[str], curves: Curves
) -> Allocation:
    """The best spend per cell for some core money, planned on some curves of the aim: a part of its draws, or a sketch.

    Raises
    ------
    Infeasible
        When the user's bounds leave no plan.
    """
    current = current_spend(window, core)
    bounds, groups, switches = limits_of(window, settings, core, current, grades, counts_cost=aim.cost > 0)
    spend_all = settings.spend == "all"
    problem = Problem(
        aim.worth, aim.cost, bounds.lower, bounds.upper, core, spend_all, current, groups, switches
    )
    if core <= 0:
        nothing = np.zeros(len(current))
        idle = ("",) * len(current)
        solution = Solution(nothing, 0.0, 0.0, 0.0, 0.0, (np.nan, np.nan), "nothing to place", 0.0, idle)
        return Allocation(nothing, bounds, solution, problem)
    solution = solve(curves, problem)
    clean = np.clip(solution.spend, 0.0 if switches else bounds.lower, bounds.upper)
    total = core if spend_all else min(core, float(clean.sum()))
    return Allocation(in_whole_cents(clean, total, problem, window.spent), bounds, solution, problem)


def reserve_price(
    aim: Aim,
    window: PlanWindow,
    settings: PlanSettings,
    money: Money,
    grades: Sequence[str],
    beside: Floats,
    planning: Indices,
    printing: Indices,
) -> float | None:
    """What a unit of reserve costs: the best plan of the whole budget less the one beside the reserve.

    Both are planned on one half of the draws and valued on the other, in the unit of the objective. The plan
    of the whole budget is made on at most `PRICE_DRAWS` of them: near the best plan its value is flat, so a
    slightly worse one changes the price by little. None where the user's bounds leave the whole budget no
    plan.

    Parameters
    ----------
    beside
        The plan's money by cell, shape (cell,).
    """
    if money.reserve <= 0:
        return None
    plain, whole = without_tests(aim.curves, window)
    some = planning[np.linspace(0, len(planning) - 1, min(PRICE_DRAWS, len(planning))).round().astype(int)]
    try:
        free = allocate(aim, whole, settings, money.budget, grades, take_draws(plain, some)).spend
    except Infeasible:
        return None
    shown = take_draws(aim.curves, printing)
    without = take_draws(plain, printing)
    more = -float(response_of_tests(shown, window).mean(axis=1).sum())
    for i, (freely, kept) in enumerate(zip(free, beside, strict=True)):
        more += float(response(without, i, [freely]).mean() - response(shown, i, [kept]).mean())
    cost = float(free.sum()) - float(beside.sum()) - money.reserve
    return (aim.worth * more - aim.cost * cost) / money.reserve - aim.late
