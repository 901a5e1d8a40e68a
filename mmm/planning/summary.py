"""The plan in figures: what stands in `plan.json`."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmm.errors import InputError

Objective = Literal["profit", "revenue", "outcome", "npv"]


@dataclass(frozen=True, slots=True)
class Range:
    """A mean over draws with its 5 % and 95 % quantiles; all None where the figure does not exist."""

    mean: float | None = None
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The plan in figures. Money in currency units over the whole window, the reserve's cost counted.

    Attributes
    ----------
    start, end, data_until
        ISO days: the window, and the last day of the data.
    objective
        What was sought: profit, revenue, outcome or npv. `gain`, `worst_tenth`, `expected_regret`, `gap_money`,
        and the prices are in its unit.
    budget, core, reserve
        Money of the window, for cells, and for tests; core + reserve = budget.
    reserve_placed, reserve_withheld
        Of the reserve, what designed tests spend and what they hold back; the rest has no test yet.
    unspent
        Core money the plan leaves (only with `spend: at_most`).
    spent, free
        Money of the window that is spent already, and core money that is not (all of it before the window begins).
    reference_spend
        What was really spent in the reference.
    profit, revenue, roi, romi, outcome, cost_per_outcome
        Of the plan; empty where margin or money value is missing (`outcome` and its cost: where money is).
    npv
        Present value of the profit on the window's first day; empty unless it was sought.
    current_...
        The same of the reference mix scaled to the same core money, with the same reserve.
    gain
        Plan minus current, per draw.
    forecast
        Total outcome inside the window with the plan; empty without a baseline.
    probability_better
        Share of draws in which the plan beats current.
    expected_regret
        Mean over draws of how far the plan is below the better of the two.
    worst_tenth
        Mean of the worst tenth of the draws of the gain.
    risk
        Measure that was sought: mean, cvar or probability.
    risk_value, current_risk_value
        That measure of plan and current on the draws that print; None for the mean.
    gap, gap_money
        Certified distance to the best possible plan.
    shadow_price, shadow_price_left
        Worth of one unit of money more, and of the last one; None where the bounds leave no room.
    reserve_price
        What one unit of reserve costs: best value without a reserve less the one with it, per unit.
    gave_way, assumptions
        One sentence each.
    reverses
        Names of cells whose move turns round at the middle of their range, or at the assumption before the
        data.
    groups
        Where each group of cells stands: name, spend, lower, upper (None: no cap), binding, price.
    """

    start: str
    end: str
    data_until: str
    objective: Objective
    budget: float
    core: float
    reserve: float
    reserve_placed: float
    reserve_withheld: float
    unspent: float
    spent: float
    free: float
    reference_spend: float
    profit: Range
    revenue: Range
    roi: Range
    romi: Range
    outcome: Range
    npv: Range
    cost_per_outcome: float | None
    current_profit: Range
    current_revenue: Range
    current_roi: Range
    current_romi: Range
    current_outcome: Range
    current_npv: Range
    current_cost_per_outcome: float | None
    gain: Range
    forecast: Range
    probability_better: float
    expected_regret: float
    worst_tenth: float
    risk: str
    risk_value: float | None
    current_risk_value: float | None
    gap: float
    gap_money: float
    method: str
    seconds: float
    shadow_price: float | None
    shadow_price_left: float | None
    reserve_price: float | None
    gave_way: tuple[str, ...]
    assumptions: tuple[str, ...]
    reverses: tuple[str, ...]
    groups: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The figures as `plan.json` has them: a range as `x`, `x_lo`, `x_hi`; what is unknown as null."""
        found: dict[str, Any] = {"window": {"start": self.start, "end": self.end}}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Range):
                found[field.name] = value.mean
                found[f"{field.name}_lo"], found[f"{field.name}_hi"] = value.lo, value.hi
            elif field.name not in {"start", "end"}:
                found[field.name] = list(value) if isinstance(value, tuple) else value
        return {key: None if _is_nan(value) else value for key, value in found.items()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> PlanSummary:
        """The figures back from `plan.json`."""
        values: dict[str, Any] = {"start": raw["window"]["start"], "end": raw["window"]["end"]}
        for field in dataclasses.fields(cls):
            name = field.name
            if name in values:
                continue
            if field.type == "Range":
                values[name] = Range(raw[name], raw[f"{name}_lo"], raw[f"{name}_hi"])
            else:
                value = raw[name]
                values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def write_summary(summary: PlanSummary, path: Path) -> None:
    """Write `plan.json`."""
    text = json.dumps(summary.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_summary(path: Path) -> PlanSummary:
    """Read `plan.json`.

    Raises
    ------
    InputError
        When the file is missing, is not JSON, or lacks a figure.
    """
    try:
        return PlanSummary.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: this plan cannot be read ({error}); run `mmm plan` again") from None
