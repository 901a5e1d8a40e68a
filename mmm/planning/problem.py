"""What the optimizer is asked and what it answers: one problem, its constraints, one solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Cells whose money together stays between two amounts.

    Attributes
    ----------
    name
        As messages and tables call it.
    members
        Indices of its cells. Groups may lie inside each other, or cross.
    lower, upper
        Least and most money of all of them together; `inf` where nothing caps it.
    """

    name: str
    members: tuple[int, ...]
    lower: float = 0.0
    upper: float = np.inf


@dataclass(frozen=True, slots=True)
class Switch:
    """A cell that can be bought only in part of the ways: off, or at least so much, or in whole packages.

    A cell with a least amount of 0 may be off, at no money and no cost. When it is on it has at least
    `least`, in whole multiples of `lot`, and costs `cost` once, beside its money.

    Attributes
    ----------
    least
        Least money when it is on.
    lot
        Money of one package; 0 where any amount can be bought.
    cost
        Paid once when it is on, in the unit of the objective; not taken from the budget.
    """

    least: float = 0.0
    lot: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Domain:
    """Which money a cell may have: 0 where it may be off, and `low` to `high` (in packages) where it is on."""

    low: float
    high: float
    may_be_off: bool
    lot: float
    cost: float

    @property
    def can_be_on(self) -> bool:
        """Whether any amount is left for it when it is on."""
        return self.high >= self.low

    def nearest(self, money: float) -> float:
        """The allowed money nearest to an amount."""
        if not self.can_be_on or (self.may_be_off and money < 0.5 * self.low):
            return 0.0
        inside = min(max(money, self.low), self.high)
        return inside if self.lot == 0 else min(max(round(inside / self.lot) * self.lot, self.low), self.high)


def domain_of(lower: float, upper: float, switch: Switch | None) -> Domain:
    """What the bounds and the switch of a cell leave together."""
    if switch is None:
        return Domain(lower, upper, may_be_off=False, lot=0.0, cost=0.0)
    low, high, lot = max(lower, switch.least), upper, switch.lot
    if lot > 0:
        low = max(np.ceil(low / lot - 1e-9), 1.0 if lower == 0 else 0.0) * lot
        high = np.floor(high / lot + 1e-9) * lot
    return Domain(float(low), float(high), lower == 0, lot, switch.cost)


@dataclass(frozen=True, slots=True)
class Problem:
    """Maximize the mean over draws of the sum over cells of worth * response(x) - cost * x.

    Attributes
    ----------
    worth
        Money per unit of response: the margin, or 1 for revenue.
    cost
        1 when spend is subtracted (profit), 0 otherwise.
    lower, upper
        Least and most money of each cell, shape (cell,).
    budget
        Money of the whole window for these cells, without the reserve.
    spend_all
        Whether all of the budget must be spent.
    start
        The current mix, feasible or not, shape (cell,): no result is worse than it where it is feasible.
    groups
        Limits of several cells together.
    switches
        How each cell can be bought, None where any amount within its bounds will do; empty: none at all.
    """

    worth: float
    cost: float
    lower: Floats
    upper: Floats
    budget: float
    spend_all: bool
    start: Floats
    groups: tuple[Group, ...] = ()
    switches: tuple[Switch | None, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the budget and each cell's own bounds holds."""
        return not self.groups and not any(self.switches)

    def domains(self) -> list[Domain]:
        """Which money each cell may have."""
        reach = np.minimum(self.upper, np.maximum(self.budget, self.lower))
        switches = self.switches or (None,) * reach.size
        limits = zip(self.lower.tolist(), reach.tolist(), switches, strict=True)
        return [domain_of(low, high, switch) for low, high, switch in limits]

    def switch_costs(self, spend: Floats) -> float:
        """What is paid once for the cells that are on."""
        pairs = zip(self.switches, spend, strict=True) if self.switches else ()
        return float(sum(switch.cost for switch, money in pairs if switch is not None and money > 0))


@dataclass(frozen=True, slots=True)
class GroupState:
    """Where a group stands in a plan.

    Attributes
    ----------
    name, spend, lower, upper
        The group, its money in the plan and its limits.
    binding
        "lower", "upper" or "".
    price
        What one unit of looser limit would bring; 0 where nothing binds.
    """

    name: str
    spend: float
    lower: float
    upper: float
    binding: str
    price: float

    def to_json(self) -> dict[str, Any]:
        """As `plan.json` has it."""
        capped = self.upper if np.isfinite(self.upper) else None
        limits = {"lower": round(self.lower, 2), "upper": None if capped is None else round(capped, 2)}
        return {
            "name": self.name,
            "spend": round(self.spend, 2),
            **limits,
            "binding": self.binding,
            "price": self.price,
        }


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan and how far, at most, it is from the best one.

    Attributes
    ----------
    spend
        Money by cell, shape (cell,).
    objective, upper_bound
        Mean objective of the plan, and a bound that no plan exceeds.
    gap, gap_money
        (upper bound - objective) relative to the gross margin (at least 1 % of the budget), and in money.
    shadow_price
        Change of the best objective by one unit of budget less (left) and more (right); nan where the bounds
        leave no room for it.
    method
        How the plan was found, in words.
    seconds
        Wall time.
    binding
        "lower", "upper", "group" or "" by cell.
    groups
        Where each group of the problem stands.
    """

    spend: Floats
    objective: float
    upper_bound: float
    gap: float
    gap_money: float
    shadow_price: tuple[float, float]
    method: str
    seconds: float
    binding: tuple[str, ...]
    groups: tuple[GroupState, ...] = ()
