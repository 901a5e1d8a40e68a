"""The plan by the measure of risk that the config asks for: the mean, the bad cases, or a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Floats
from mmm.planning.allocation import Aim, Allocation, Money, allocate, take_draws, window_money
from mmm.planning.bounds import EXTRAPOLATION
from mmm.planning.forecast import window_outcome
from mmm.planning.placed import response_of_tests
from mmm.planning.risk import Careful, plan_for_a_target, plan_for_bad_cases, worst_mean
from mmm.planning.settings import PlanSettings, RiskSettings
from mmm.planning.window import PlanWindow
from mmm.response.bank import CurveBank, make_bank
from mmm.response.curves import WindowCurves
from mmm.response.table import Sketch

Indices = NDArray[np.int64]


RISK_DRAWS = 400
"""Draws of the planning half on which bad cases are weighed."""

REACH = 3.0
"""Largest budget that is looked at, as a multiple of the plan's."""


def planning_bank(aim: Aim, window: PlanWindow, money: Money, draws: Indices) -> CurveBank:
    """The curves of some draws, drawn once for any budget up to `REACH` times the plan's."""
    usual = np.maximum(EXTRAPOLATION * window.largest, money.current)
    most = np.maximum(REACH * money.budget, usual)
    return make_bank(take_draws(aim.curves, draws), usual, most)


def some_of(draws: Indices, count: int) -> Indices:
    """Evenly chosen draws, all of them where there are fewer."""
    return draws[np.linspace(0, len(draws) - 1, min(count, len(draws))).round().astype(np.int64)]


def plan_carefully(
    aim: Aim,
    curves: WindowCurves,
    window: PlanWindow,
    settings: PlanSettings,
    grades: Sequence[str],
    planning: Indices,
    baseline: Floats | None,
) -> tuple[CurveBank, Careful]:
    """The plan for bad cases, or for a target, and the draws it was planned on.

    Parameters
    ----------
    curves
        All draws, in the unit of the baseline.
    planning
        Draws that plan.
    baseline
        Outcome without paid media, all draws, shape (draw, period); None where it is not known.
    """
    risk, money = settings.risk, window_money(window, settings)
    draws = some_of(planning, RISK_DRAWS)
    bank = planning_bank(aim, window, money, draws)
    beside = outcome_beside(risk, aim, curves, window, baseline, draws)

    def place(sketch: Sketch) -> Allocation:
        return allocate(aim, window, settings, money.core, grades, sketch)

    if risk.measure == "probability" and risk.target is not None:
        target = risk.target + (aim.cost - aim.late) * money.reserve - aim.saved
        return bank, plan_for_a_target(bank, aim, place, target, beside)
    return bank, plan_for_bad_cases(bank, aim, place, risk.level, beside)


def outcome_beside(
    risk: RiskSettings,
    aim: Aim,
    curves: WindowCurves,
    window: PlanWindow,
    baseline: Floats | None,
    draws: Indices,
) -> Floats:
    """What the window brings without any of its media money, in the unit of the objective, shape (draw,).

    Where only media count, or the baseline is not known, what its tests bring.

    Parameters
    ----------
    curves, baseline
        All draws, in one unit; baseline of shape (draw, period).
    draws
        Those that are asked for.
    """
    if risk.of == "media" or baseline is None:
        return aim.worth * response_of_tests(take_draws(aim.curves, draws), window).sum(axis=0)
    nothing = np.zeros(len(window.cells))
    if aim.discount is not None:  # the curves discount what they bring, the baseline does not
        curves, baseline = aim.curves, baseline * aim.discount
    elif aim.objective == "profit":
        curves = aim.curves
    return aim.worth * window_outcome(take_draws(curves, draws), nothing, baseline[draws], window.share)


def risk_of(value: Floats, beside: Floats, risk: RiskSettings) -> float | None:
    """The measure of a plan on the draws that print; None for the mean, which the plan prints anyway.

    Parameters
    ----------
    value
        Objective per draw, all money counted, shape (draw,).
    beside
        What the same draws bring beside it.
    """
    if risk.measure == "cvar":
        return worst_mean(value + beside, risk.level)
    if risk.measure == "probability" and risk.target is not None:
        return float(np.mean(value + beside >= risk.target))
    return None
