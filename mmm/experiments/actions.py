"""What may be done with a tested cell, and the best plan of the rest beside each of it, on the same draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mmm.data.experiments import Experiment
from mmm.data.panel import Floats, Panel
from mmm.errors import Infeasible
from mmm.planning.allocation import allocate
from mmm.planning.asked import CENT, asked_of_places
from mmm.planning.budgets import Desk, Mix
from mmm.planning.money import in_cents
from mmm.planning.window import PlanWindow

Kind = Literal["stop", "cut", "hold", "scale"]

HOLD = "hold"
CUT = 0.5
SCALES = (1.25, 1.5, 2.0)
FIRST_MONEY = (0.5, 1.0, 1.25)
"""Of a cell that gets nothing today, in multiples of the money that was tested."""
WITHIN = 1.25
"""Most money, as a multiple of the most tested or seen."""
DARK = 0.01
"""Below this share of the tested money a cell gets nothing today."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The tested cells of one test in the coming window.

    Attributes
    ----------
    cells
        As indices of the places that the plan puts money on: of the cells, or of the cells in each geo.
    unit
        Money in the window that counts as one, by tested cell: today's, or what was tested where that is nothing.
    sunk
        Money that is spent in the window already, by tested cell; `unit` is what comes on top.
    today
        Multiple of it that they get today: 1 or 0.
    most
        The largest multiple tested or seen.
    """

    cells: tuple[int, ...]
    unit: Floats
    sunk: Floats
    today: float
    most: float

    @property
    def money(self) -> float:
        """What counts as one, all tested cells together."""
        return float(self.unit.sum())


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that may be done.

    Attributes
    ----------
    name, kind, multiple
        `scale 1.25x`, `scale`, 1.25.
    spend
        Money of the tested cells in the window.
    mix
        The best plan with it; None where it is not possible.
    why_not
        Why it is not.
    """

    name: str
    kind: Kind
    multiple: float
    spend: float
    mix: Mix | None
    why_not: str = ""


def dose_of(found: Experiment, panel: Panel, window: PlanWindow, current: Floats) -> Tested:
    """The tested cells of a test, with today's money in the window and the most that is known of.

    What was tested is known by how much more (or less) the treated regions got than without the test.

    Parameters
    ----------
    current
        Today's money in the window, shape (place,).
    """
    cells = np.flatnonzero(np.isin(window.cell_of, found.cells)).tolist()
    by_cell = panel.spend[found.first : found.stop][:, list(found.geos)].sum(axis=(0, 1))
    spent = by_cell[window.cell_of[cells]] * window.part[cells]
    held, without = float(spent.sum()), float(spent.sum()) - found.spend_change
    sunk = window.spent[cells]
    today, seen = current[cells] - sunk, float((window.largest[cells] - sunk).sum())
    ahead = float(window.share[window.past :].sum())
    tested = spent * ahead / (found.stop - found.first) / _share_of_country(found, panel)
    if today.sum() > DARK * tested.sum():
        dose = held / without if without > 0 else 1.0
        return Tested(tuple(cells), today, sunk, 1.0, max(1.0, dose, seen / float(today.sum())))
    if tested.sum() <= 0:  # a go-dark of a cell that is dark today as well: what it once got is all there is
        tested = window.largest[cells]
    return Tested(tuple(cells), tested, sunk, 0.0, max(1.0, seen / float(tested.sum())))


def _share_of_country(found: Experiment, panel: Panel) -> float:
    """Share of the outcome that the treated regions have."""
    sizes = np.maximum(np.nanmean(panel.outcome, axis=0), 0.0)
    return float(sizes[list(found.geos)].sum() / sizes.sum()) if sizes.sum() > 0 else 1.0


def plan_actions(desk: Desk, tested: Tested) -> tuple[Action, ...]:
    """Every action with the best plan of the rest of the same budget, `hold` among them."""
    steps: list[tuple[str, Kind, float]]
    if tested.today > 0:
        steps = [("stop", "stop", 0.0), (f"cut {CUT:g}x", "cut", CUT), (HOLD, "hold", 1.0)]
        steps += [(f"scale {m:g}x", "scale", m) for m in SCALES]
    else:
        steps = [(HOLD, "hold", 0.0), *((f"scale {m:g}x", "scale", m) for m in FIRST_MONEY)]
    return tuple(_planned(desk, tested, *step) for step in steps)


def _planned(desk: Desk, tested: Tested, name: str, kind: Kind, multiple: float) -> Action:
    asked = tested.sunk + multiple * tested.unit
    spend = np.array([in_cents(float(x)) / 100 for x in asked])
    total = float(spend.sum())
    why_not = _refused(desk, tested, spend, kind, multiple)
    if why_not:
        return Action(name, kind, multiple, total, None, why_not)
    fixed = desk.window.fixed.copy()
    fixed[list(tested.cells)] = spend
    window = replace(desk.window, fixed=fixed)
    core, reserve = desk.money.core, desk.money.reserve
    try:
        found = allocate(desk.aim, window, desk.settings, core, desk.grades, desk.sketch)
    except Infeasible as error:
        return Action(name, kind, multiple, total, None, f"the limits leave the rest no plan: {error}")
    return Action(name, kind, multiple, total, Mix(desk.money.budget, reserve, found.spend))


def _refused(desk: Desk, tested: Tested, spend: Floats, kind: Kind, multiple: float) -> str:
    """Why an action is out of the question before anything is planned; holding never is."""
    if kind == "hold":
        return ""
    if kind == "scale" and multiple > WITHIN * tested.most + 1e-9:
        return f"beyond {WITHIN:g} x the most tested or seen, {tested.most:.2f} x"
    cells = list(tested.cells)
    if not np.isnan(desk.window.fixed[cells]).all():
        return "its money is committed (plan.fixed)"
    low, high = asked_of_places(desk.window.cells, desk.settings, desk.money.current)
    for cell, money in zip(cells, spend, strict=True):
        least, most = low[cell], high[cell]
        if (least is not None and money < least - CENT) or (most is not None and money > most + CENT):
            return "outside plan.bounds"
    if float(spend.sum()) > desk.money.core:
        return "more than the whole budget"
    return ""
