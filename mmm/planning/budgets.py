"""The best mix of any budget, and what mixes bring: planned on one half of the draws, printed from the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.panel import Floats
from mmm.errors import ConfigError, Infeasible
from mmm.finance.economics import Economics
from mmm.planning.allocation import (
    Aim,
    Money,
    aim_of,
    allocate,
    at_margins,
    core_and_reserve,
    current_spend,
    take_draws,
    window_money,
)
from mmm.planning.careful import plan_carefully, planning_bank, some_of
from mmm.planning.limits import switches_of
from mmm.planning.money import in_cents
from mmm.planning.outlook import Outlook, halves, outlook_of
from mmm.planning.placed import response_of_tests
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow
from mmm.response.bank import CurveBank
from mmm.response.curves import WindowCurves, bought_as, response
from mmm.response.table import Sketch

PLAN_DRAWS = 200
"""Draws of the planning half that plan budgets beside the plan's own: near the best mix its value is flat."""


@dataclass(frozen=True, slots=True)
class Mix:
    """A budget and its split, all in whole cents.

    Attributes
    ----------
    budget, reserve
        The whole money, and what of it is kept for tests.
    spend
        Money by cell, shape (cell,).
    todays_weeks
        Whether its money is spread over weeks as the reference has it, also where the plan has weeks of its own.
    """

    budget: float
    reserve: float
    spend: Floats
    todays_weeks: bool = False

    @property
    def total(self) -> float:
        """All money spent, tests included."""
        return float(self.spend.sum()) + self.reserve


@dataclass(frozen=True, slots=True)
class Valued:
    """A mix, and what it brings on the draws that print.

    Attributes
    ----------
    brought
        Response of each cell, in money where an outcome has a value, shape (cell, draw).
    value
        In the unit of the objective, shape (draw,).
    """

    mix: Mix
    brought: Floats
    outlook: Outlook
    value: Floats


@dataclass(frozen=True, slots=True)
class Desk:
    """What every budget of one window is planned on and printed from.

    Attributes
    ----------
    curves
        All draws, in money where an outcome has a value.
    aim
        What is sought; its curves are all draws in the unit of the objective.
    grades
        Evidence by cell.
    money
        Of the plan itself.
    bank
        Some draws of the planning half, in the unit of the objective.
    sketch
        Their mean, or the mean with the weights that are worst for a plan for bad cases.
    printing
        Draws that print.
    once
        What is paid once for each cell that is on, shape (cell,).
    todays_weeks
        Exposure of a unit of money in today's weeks, where the plan has others, shape (period, geo, cell).
    """

    window: PlanWindow
    settings: PlanSettings
    economics: Economics
    curves: WindowCurves
    aim: Aim
    grades: tuple[str, ...]
    money: Money
    bank: CurveBank
    sketch: Sketch
    printing: np.ndarray
    once: Floats
    todays_weeks: Floats | None = None


def set_up(
    curves: WindowCurves,
    window: PlanWindow,
    economics: Economics,
    grades: Sequence[str],
    settings: PlanSettings,
    baseline: Floats | None = None,
    *,
    seed: int,
    todays_weeks: Floats | None = None,
) -> Desk:
    """Draw the curves once, so that any budget is then planned in a tenth of a second.

    Where the plan is made for bad cases or for a target (`plan.risk`), other budgets are planned on the weights of the
    draws that are worst for it.

    Parameters
    ----------
    baseline
        Outcome without paid media, all draws, shape (draw, period); only a risk that counts the total asks for it.
    todays_weeks
        Exposure of a unit of money in today's weeks, where window and curves have those of a plan by weeks.
    """
    planning, printing = halves(curves.draws, seed)
    aim = aim_of(curves, window, economics, settings)
    money = window_money(window, settings)
    if settings.risk.measure == "mean":
        bank = planning_bank(aim, window, money, some_of(planning, PLAN_DRAWS))
        sketch = bank.sketch()
    else:
        bank, careful = plan_carefully(aim, curves, window, settings, grades, planning, baseline)
        sketch = bank.sketch(careful.weights)
    switches = switches_of(settings, window.cells, money.current, window.fixed, counts_cost=aim.cost > 0)
    once = np.zeros(len(window.cells))
    for cell, switch in enumerate(switches):
        once[cell] = 0.0 if switch is None else switch.cost
    here = (window, settings, economics, curves, aim, tuple(grades), money, bank, sketch, printing, once)
    return Desk(*here, todays_weeks)


def best_mix(desk: Desk, budget: float) -> Mix:
    """The best split of a budget inside the plan's limits, which scale with it as the plan's own do.

    Raises
    ------
    Infeasible
        When the user's limits leave this budget no plan: amounts and shares that fit the plan's own may cross there.
    """
    core, reserve = core_and_reserve(desk.window, desk.settings, budget)
    try:
        found = allocate(desk.aim, desk.window, desk.settings, core, desk.grades, desk.sketch)
    except ConfigError as error:
        raise Infeasible(str(error)) from None
    return Mix(in_cents(budget) / 100, reserve, found.spend)


def current_mix(desk: Desk, budget: float) -> Mix:
    """Today's mix scaled to a budget, with its reserve beside it."""
    core, reserve = core_and_reserve(desk.window, desk.settings, budget)
    return Mix(in_cents(budget) / 100, reserve, current_spend(desk.window, core), todays_weeks=True)


def value_all(desk: Desk, mixes: Mapping[str, Mix]) -> dict[str, Valued]:
    """What mixes bring, on all draws that print."""
    names = list(mixes)
    every = list(mixes.values())
    brought = _brought(desk, desk.curves, every)
    sought = brought
    if desk.aim.curves is not desk.curves:  # units, own margins, or money discounted
        sought = _brought(desk, desk.aim.curves, every)
    earning = at_margins(desk.curves, desk.economics)
    counted = brought if earning is desk.curves else _brought(desk, earning, every)
    found = {}
    for k, name in enumerate(names):
        mix, once = mixes[name], switch_costs(desk, mixes[name].spend)
        value = desk.aim.value(sought[k].sum(axis=0), float(mix.spend.sum()), mix.reserve, once)
        outlook = outlook_of(
            brought[k],
            counted[k],
            mix.total,
            desk.economics,
            has_money=desk.window.has_money,
            once=once,
            npv=value if desk.aim.objective == "npv" else None,
        )
        found[name] = Valued(mix, brought[k], outlook, value)
    return found


def switch_costs(desk: Desk, spend: Floats) -> float:
    """What is paid once for the cells that are on."""
    return float(desk.once[spend > 0].sum())


def _brought(desk: Desk, curves: WindowCurves, mixes: Sequence[Mix]) -> Floats:
    """Response by mix, cell and draw that prints, each mix in its own weeks; what tests bring is in it."""
    shown = take_draws(curves, desk.printing)
    found = _responses(shown, mixes)
    older = [k for k, mix in enumerate(mixes) if mix.todays_weeks]
    if desk.todays_weeks is not None and older:
        before = bought_as(shown, desk.todays_weeks)
        found[older] = _responses(before, [mixes[k] for k in older])
    return found + response_of_tests(shown, desk.window)


def _responses(curves: WindowCurves, mixes: Sequence[Mix]) -> Floats:
    """Response by mix, cell and draw."""
    spend = np.stack([mix.spend for mix in mixes])
    return np.stack([response(curves, cell, spend[:, cell]) for cell in range(spend.shape[1])], axis=1)


def mean_value(desk: Desk, mix: Mix) -> float:
    """Mean objective of a mix on the draws that plan."""
    brought = desk.bank.response(mix.spend).sum(axis=0)
    once = switch_costs(desk, mix.spend)
    return float(desk.aim.value(brought, float(mix.spend.sum()), mix.reserve, once).mean())


def with_draw(desk: Desk, draw: int) -> Desk:
    """The same desk as if one draw of the bank were the truth."""
    weights = np.zeros(desk.bank.draws)
    weights[draw] = 1.0
    return replace(desk, sketch=desk.bank.sketch(weights))
