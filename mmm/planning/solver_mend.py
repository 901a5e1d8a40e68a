"""Which limits of a plan clash, and the smallest change that mends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from mmm.errors import Infeasible
from mmm.planning.problem import Domain, Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit: money of some cells together is at least, or at most, an amount."""

    members: tuple[int, ...]
    amount: float
    at_least: bool
    words: str
    remedy: str


def refuse_clash(problem: Problem, domains: Sequence[Domain], names: Sequence[str]) -> None:
    """Raise where no plan meets all limits, naming those that clash and the least money that mends them.

    Raises
    ------
    Infeasible
        The limits that clash: without any one of them the others can be met. And the smallest total change.
    """
    limits = _limits(problem, domains, names)
    slack = _least_change(limits, domains, problem.budget)
    if slack is not None and slack.sum() <= 1e-6:
        return
    clash = list(range(len(limits)))
    for k in range(len(limits)):
        fewer = [j for j in clash if j != k]
        left = _least_change([limits[j] for j in fewer], domains, problem.budget)
        if left is None or left.sum() > 1e-6:
            clash = fewer
    named = "; ".join(limits[k].words for k in clash)
    if slack is None:
        raise Infeasible(f"No plan meets the limits. These clash: {named}. Loosen one of them.")
    mends = [
        f"{limit.remedy} by {amount * problem.budget:,.2f}"
        for limit, amount in zip(limits, slack.tolist(), strict=True)
        if amount > 1e-6
    ]
    raise Infeasible(
        f"No plan meets the limits. These clash: {named}. The smallest change that mends it: {', '.join(mends)}."
    )


def can_be_met(problem: Problem) -> bool:
    """Whether any plan meets all limits."""
    domains = problem.domains()
    slack = _least_change(_limits(problem, domains, [""] * len(domains)), domains, problem.budget)
    return slack is not None and float(slack.sum()) <= 1e-6


def _limits(problem: Problem, domains: Sequence[Domain], names: Sequence[str]) -> list[_Limit]:
    """Every limit that more or less money can mend, in words."""
    everything = tuple(range(len(names)))
    budget = f"{problem.budget:,.2f}"
    found = [
        _Limit(everything, problem.budget, False, f"the cells share {budget}", "raise the money they share"),
    ]
    if problem.spend_all:
        words = f"all of {budget} must be spent"
        found.append(
            _Limit(everything, problem.budget, True, words, "leave money unspent (`spend: at_most`)")
        )
    for group in problem.groups:
        if group.lower > 0:
            words = f"group {group.name} has at least {group.lower:,.2f}"
            found.append(
                _Limit(group.members, group.lower, True, words, f"lower the min of group {group.name}")
            )
        if np.isfinite(group.upper):
            words = f"group {group.name} has at most {group.upper:,.2f}"
            found.append(
                _Limit(group.members, group.upper, False, words, f"raise the max of group {group.name}")
            )
    for i, domain in enumerate(domains):
        if domain.low > 0 and not domain.may_be_off:
            words = f"{names[i]} has at least {domain.low:,.2f}"
            found.append(_Limit((i,), domain.low, True, words, f"lower the min of {names[i]}"))
        words = f"{names[i]} has at most {domain.high:,.2f}"
        found.append(_Limit((i,), domain.high, False, words, f"raise the max of {names[i]}"))
    return found


def _least_change(limits: Sequence[_Limit], domains: Sequence[Domain], budget: float) -> Floats | None:
    """Least total change of the limits with which a plan exists, by limit as a share of the budget.

    None where none does, because packages and least amounts of cells that are on leave no plan.
    """
    cells, count = len(domains), len(limits)
    rows: list[Floats] = []
    low, high = [], []
    width = 2 * cells + count  # money, packages or on and off, change

    def row(parts: dict[int, float], least: float, most: float) -> None:
        line = np.zeros(width)
        for column, factor in parts.items():
            line[column] += factor
        rows.append(line)
        low.append(least)
        high.append(most)

    for k, limit in enumerate(limits):
        parts = dict.fromkeys(limit.members, 1.0)
        amount = limit.amount / budget
        if limit.at_least:
            row({**parts, 2 * cells + k: 1.0}, amount, np.inf)
        else:
            row({**parts, 2 * cells + k: -1.0}, -np.inf, amount)
    whole = np.zeros(width, dtype=np.int64)
    for i, domain in enumerate(domains):
        if domain.lot > 0:
            whole[cells + i] = 1
            row({i: 1.0, cells + i: -domain.lot / budget}, 0.0, 0.0)
        elif domain.may_be_off and domain.low > 0:
            whole[cells + i] = 1
            row({i: 1.0, cells + i: -domain.low / budget}, 0.0, np.inf)
            row({i: 1.0, cells + i: -1e3}, -np.inf, 0.0)
    answer = milp(
        np.concatenate([np.zeros(2 * cells), np.ones(count)]),
        integrality=whole,
        bounds=Bounds(0.0, np.where(np.arange(width) < 2 * cells, np.where(whole > 0, 1e6, 1e3), 1e3)),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
    )
    return None if answer.x is None else np.asarray(answer.x[2 * cells :])
