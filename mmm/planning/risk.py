"""Plans for bad cases: the best mean of the worst share of the draws, by a game of the plan against their weights.

The mean of the worst share `level` of D draws (CVaR) is the least weighted mean over weights 0 <= q <= 1 / (level D)
with sum 1 (Rockafellar & Uryasev 2000). So for any weights the best plan for the weighted mean is worth at least what
the best plan for the bad cases is: a bound. And any plan, scored on its own worst draws, is at most that best. Weights
are sought by cutting planes: those that are worst for all plans met so far (a linear program), and its prices mix the
plans met so far into a new one. On concave curves bound and plan meet; on S-shaped ones what is left is the gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from scipy.optimize import linprog

from mmm.data.panel import Floats
from mmm.planning.allocation import Aim, Allocation
from mmm.planning.money import spread
from mmm.planning.solver_bounds import CLOSE
from mmm.response.bank import CurveBank
from mmm.response.table import Sketch

ROUNDS = 30
"""Weights tried at most."""

TARGET_GAP = 1e-3

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0)
"""Shares of the draws over which plans are sought that may reach a target."""


@dataclass(frozen=True, slots=True)
class Careful:
    """A plan for bad cases.

    Attributes
    ----------
    allocation
        The plan; its solution's objective, bound and gap are those of the measure.
    weights
        Weights of the draws of the bank that are worst for it, shape (draw,).
    met
        Every plan met on the way, each in whole cents.
    """

    allocation: Allocation
    weights: Floats
    met: tuple[Allocation, ...]


def worst_mean(values: Floats, level: float) -> float:
    """Mean of the worst share of the draws, the last one counted in part (CVaR).

    Parameters
    ----------
    values
        Shape (draw,).
    level
        Share in (0, 1]; 1 is the mean, a share below one draw is the worst draw.
    """
    ordered = np.sort(values)
    count = max(level * len(values), 1.0)
    whole = min(int(count), len(values))
    part = (count - whole) * ordered[whole] if whole < len(values) else 0.0
    return float((ordered[:whole].sum() + part) / count)


def plan_for_bad_cases(
    bank: CurveBank, aim: Aim, place: Callable[[Sketch], Allocation], level: float, beside: Floats
) -> Careful:
    """The plan with the best mean of its worst draws.

    Parameters
    ----------
    bank
        The draws that plan.
    aim
        What is sought.
    place
        The best plan inside the limits for some mean curves.
    level
        Share of the draws that is the bad cases, in (0, 1].
    beside
        What each draw brings beside the plan, shape (draw,): zeros where only media count.
    """
    begun = perf_counter()
    draws = bank.draws
    weights = worst_weights = np.full(draws, 1 / draws)
    met: list[Allocation] = []
    values: list[Floats] = []
    bound, best = np.inf, -1
    for _ in range(ROUNDS):
        found = place(bank.sketch(weights))
        upper = found.solution.upper_bound + float(weights @ beside)
        if upper < bound:
            bound, worst_weights = upper, weights
        met.append(found)
        values.append(values_of(bank, aim, found, beside))
        scores = [worst_mean(value, level) for value in values]
        best = int(np.argmax(scores))
        allowed = TARGET_GAP * _yardstick(aim, met[best], bound)
        if bound - scores[best] <= allowed:
            break
        weights, share = _worst_weights(np.stack(values), level)
        if found.problem.is_plain:
            mixed = _mixed(met, share)
            met.append(mixed)
            values.append(values_of(bank, aim, mixed, beside))
    scores = [worst_mean(value, level) for value in values]
    best = int(np.argmax(scores))
    chosen = met[best]
    bound = max(bound, scores[best])
    gap = bound - scores[best]
    solution = replace(
        chosen.solution,
        objective=scores[best],
        upper_bound=bound,
        gap=gap / _yardstick(aim, chosen, bound),
        gap_money=gap,
        method=f"worst {100 * level:g} % of {draws} draws, by weights of draws; {chosen.solution.method}",
        seconds=perf_counter() - begun,
    )
    return Careful(replace(chosen, solution=solution), worst_weights, tuple(met))


def values_of(bank: CurveBank, aim: Aim, found: Allocation, beside: Floats) -> Floats:
    """Objective of a plan per draw of the bank, with what each draw brings beside it."""
    brought = bank.response(found.spend).sum(axis=0)
    paid = aim.cost * float(found.spend.sum()) + found.problem.switch_costs(found.spend)
    return np.asarray(aim.worth * brought - paid + beside)


def plan_for_a_target(
    bank: CurveBank, aim: Aim, place: Callable[[Sketch], Allocation], target: float, beside: Floats
) -> Careful:
    """The plan most likely to reach a target, of all met on the way from the worst cases to the mean.

    Parameters
    ----------
    target
        In the unit of the objective, before what is paid beside the cells.

    Returns
    -------
    Careful
        Its gap is nan: the odds of a target are not concave in money, and nothing bounds what was not met.
    """
    begun = perf_counter()
    paths = [plan_for_bad_cases(bank, aim, place, level, beside) for level in LEVELS]
    tried = [(found, path.weights) for path in paths for found in (path.allocation, *path.met)]
    odds = [float(np.mean(values_of(bank, aim, found, beside) >= target)) for found, _ in tried]
    chosen, weights = tried[int(np.argmax(odds))]
    solution = replace(
        chosen.solution,
        objective=max(odds),
        upper_bound=float("nan"),
        gap=float("nan"),
        gap_money=float("nan"),
        method=f"most likely to reach the target of {len(tried)} plans met, on {bank.draws} draws; no bound",
        seconds=perf_counter() - begun,
    )
    return Careful(replace(chosen, solution=solution), weights, tuple(found for found, _ in tried))


def _yardstick(aim: Aim, found: Allocation, bound: float) -> float:
    """Money the gap is measured against, as for the mean."""
    gross = bound + aim.cost * float(found.spend.sum())
    return max(gross, 0.01 * found.problem.budget, float(np.finfo(float).tiny))


def _worst_weights(values: Floats, level: float) -> tuple[Floats, Floats]:
    """Weights under which the best of the plans met is worth least, and the mix of plans that is their answer.

    Parameters
    ----------
    values
        Objective, shape (plan, draw).

    Returns
    -------
    tuple
        Weights, shape (draw,), and shares of the plans, shape (plan,), sum 1.
    """
    plans, draws = values.shape
    size = max(float(np.abs(values).max()), 1e-300)
    cost = np.append(np.zeros(draws), 1.0)
    above = np.column_stack([values / size, np.full(plans, -1.0)])
    one = np.append(np.ones(draws), 0.0)[None]
    most = 1 / max(level * draws, 1.0)
    limits = [(0.0, most)] * draws + [(None, None)]
    answer = linprog(cost, A_ub=above, b_ub=np.zeros(plans), A_eq=one, b_eq=[1.0], bounds=limits)
    share = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
    weights = np.maximum(np.asarray(answer.x)[:draws], 0.0)
    return weights / weights.sum(), share / share.sum()


def _mixed(met: list[Allocation], share: Floats) -> Allocation:
    """The plans met, mixed: limits that are intervals hold for a mix too."""
    last = met[-1]
    spend = np.einsum("p,pc->c", share, np.stack([found.spend for found in met]))
    total = float(round(spend.sum(), 2))
    spend = spread(total, spend) if total > 0 else spend
    close = CLOSE * last.problem.budget + 0.01
    limits = zip(spend, last.problem.lower, last.problem.upper, strict=True)
    binding = tuple(
        "lower" if x <= low + close else "upper" if x >= high - close else "" for x, low, high in limits
    )
    return replace(last, spend=spend, solution=replace(last.solution, spend=spend, binding=binding))
