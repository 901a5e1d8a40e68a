"""The budget a target asks for: the most that still returns enough, or the least that brings enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Floats
from mmm.errors import ConfigError, Infeasible
from mmm.planning import sentences
from mmm.planning.allocation import Aim, Allocation, allocate, take_draws, window_money
from mmm.planning.forecast import window_outcome
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves, response

Indices = NDArray[np.int64]

REACH = (0.05, 4.0)
"""Least and largest budget looked at, as multiples of what was spent in the reference."""

PLACES = 8
"""Budgets looked at first, evenly in their logarithm."""

HALVINGS = 9
"""Halvings of the interval the target lies in: to a thousandth."""


def has_target(settings: PlanSettings) -> bool:
    """Whether a target stands in place of the budget."""
    return not (
        settings.target_roi is None and settings.target_mroi is None and settings.target_outcome is None
    )


def as_planned(settings: PlanSettings, budget: float) -> PlanSettings:
    """The settings of a finished plan: where a target stood, the budget that it came to."""
    return _with_budget(settings, budget, spend="all") if has_target(settings) else settings


def budget_for_target(
    curves: WindowCurves,
    window: PlanWindow,
    settings: PlanSettings,
    grades: Sequence[str],
    baseline: Floats | None,
    planning: Indices,
) -> tuple[PlanSettings, str]:
    """The settings with the budget that the target asks for in its place, and one sentence about it.

    Every budget is judged by the plan that brings the most with it, planned and valued on the draws that plan.
    `target_roi` and `target_mroi` take the largest budget whose plan returns at least so much, in all and with
    its last unit; `target_outcome` takes the least one whose forecast reaches it. Returns are not taken to fall
    with the budget, which S-shaped curves need not do: several budgets are looked at before one is halved in on.

    Parameters
    ----------
    baseline
        Outcome without paid media, shape (draw, period); needed for `target_outcome`.
    planning
        Draws that plan.

    Raises
    ------
    ConfigError
        When the target needs what is not there.
    Infeasible
        When no budget reaches the target; the message has the best that can be reached.
    """
    if settings.target_outcome is None and not window.has_money:
        raise ConfigError(
            [
                "`plan.target_roi` and `plan.target_mroi` need a money value of an outcome; give "
                "data.outcome.value_per_unit"
            ]
        )
    aim = Aim("revenue" if window.has_money else "outcome", 1.0, 0.0, curves)
    spent = float(window.reference.by_cell.sum())
    shown = take_draws(curves, planning)

    def planned(budget: float) -> tuple[float, float] | None:
        """Budget really used and what the target is about; None where no plan exists."""
        asked = _with_budget(settings, budget, spend="at_most")
        money = window_money(window, asked)
        try:
            found = allocate(aim, window, asked, money.core, grades, shown)
        except (ConfigError, Infeasible):  # amounts and shares may cross at other budgets
            return None
        # where limits keep money back, the reserve is a share of what is left
        used = min(money.budget, float(found.spend.sum()) / max(1 - asked.reserve_for_tests, 1e-9))
        return used, _figure(
            found, used, shown, window, settings, None if baseline is None else baseline[planning]
        )

    wanted, name, least = _wanted(settings)
    places = np.geomspace(REACH[0] * spent, REACH[1] * spent, PLACES).tolist()
    if least:
        places.reverse()
    seen = [(budget, result) for budget in places if (result := planned(budget)) is not None]
    good = [budget for budget, (_, figure) in seen if figure >= wanted]
    if not good:
        best = max((figure for _, (_, figure) in seen), default=0.0)
        raise Infeasible(sentences.target_out_of_reach(name, wanted, best, REACH))
    inside = good[-1]
    beyond = next((after for (before, _), (after, _) in pairwise(seen) if before == inside), None)
    budget = inside if beyond is None else _halve(planned, wanted, inside, beyond)
    result = planned(budget)
    used = budget if result is None else result[0]
    return _with_budget(settings, used, spend="all"), sentences.target_sets_budget(name, wanted, used)


def _wanted(settings: PlanSettings) -> tuple[float, str, bool]:
    """The target, its key, and whether the least budget that reaches it is sought."""
    if settings.target_outcome is not None:
        return settings.target_outcome, "target_outcome", True
    if settings.target_roi is not None:
        return settings.target_roi, "target_roi", False
    return float(settings.target_mroi or 0.0), "target_mroi", False


def _with_budget(settings: PlanSettings, budget: float, *, spend: str) -> PlanSettings:
    """The settings with a budget and without a target."""
    none = {"target_roi": None, "target_mroi": None, "target_outcome": None}
    return settings.model_copy(update={**none, "budget": budget, "spend": spend})


def _halve(
    planned: Callable[[float], tuple[float, float] | None], wanted: float, inside: float, beyond: float
) -> float:
    """The budget nearest to `beyond` that still reaches the target, by halving the ratio."""
    for _ in range(HALVINGS):
        middle = float(np.sqrt(inside * beyond))
        result = planned(middle)
        if result is not None and result[1] >= wanted:
            inside = middle
        else:
            beyond = middle
    return inside


def _figure(
    found: Allocation,
    used: float,
    shown: WindowCurves,
    window: PlanWindow,
    settings: PlanSettings,
    baseline: Floats | None,
) -> float:
    """What the target is about, of one plan: ROI of all its money, of its last unit, or the forecast."""
    if settings.target_outcome is not None:
        if baseline is None:
            raise ConfigError(["`plan.target_outcome` needs a forecast of the outcome, and there is none"])
        return float(window_outcome(shown, found.spend, baseline, window.share).mean())
    if settings.target_roi is not None:
        brought = sum(float(response(shown, i, [x]).mean()) for i, x in enumerate(found.spend))
        return brought / used if used > 0 else 0.0
    left, right = found.solution.shadow_price
    return left if np.isfinite(left) else right if np.isfinite(right) else 0.0
