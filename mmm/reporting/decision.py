"""The decision in figures, and the check that the figures of a run agree before anyone reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from mmm.dims import Cell
from mmm.errors import InternalFault
from mmm.reporting.results import Estimate, Results, at_level, cell_of, number, records

SMALL_MOVE = 0.005
"""Below this share of the budget a move is not worth a sentence."""

MONEY_TOLERANCE = 1e-6
ODDS_TOLERANCE = 0.01
"""The 5 % quantile of a finite sample and a share of the same sample may differ by this much."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reader is asked to approve.

    `measure` is what the gain is in: profit, its present value, revenue, or units of an outcome without a money value.
    `moved` is the larger of what is added and what is taken away; `unspent` is budget that would not pay for
    itself. Donors and receivers are cells, the largest move first. `moved_weeks` is money that moves between cells or
    periods.
    """

    measure: Literal["profit", "revenue", "units", "npv"]
    budget: float
    core: float
    reserve: float
    unspent: float
    moved: float
    donors: tuple[Cell, ...]
    receivers: tuple[Cell, ...]
    gain: Estimate
    probability: float | None
    worst_tenth: float | None
    moved_weeks: float = 0.0

    @property
    def keeps(self) -> bool:
        """Whether the plan is, in effect, today's mix."""
        return max(self.moved, self.moved_weeks) < SMALL_MOVE * self.budget

    @property
    def only_weeks(self) -> bool:
        """Whether money moves between periods and not between cells."""
        return not self.keeps and self.moved < SMALL_MOVE * self.budget

    @property
    def spends_less(self) -> bool:
        """Whether a part of the budget worth a sentence stays unspent."""
        return self.unspent >= SMALL_MOVE * self.budget


def decide(results: Results) -> Decision:
    """Draw the decision from the tables of a run.

    Raises
    ------
    InternalFault
        When the tables contradict each other; see `disagreements`.
    """
    faults = disagreements(results)
    if faults:
        raise InternalFault(
            "the tables of this run contradict each other, so no report was written: " + "; ".join(faults)
        )
    summary = results.summary
    changes = sorted(
        (
            (float(row["planned_spend"]) - float(row["current_spend"]), cell_of(row))
            for row in records(at_level(results.moves, "cell"))
        ),
        key=lambda pair: pair[0],
    )
    donors = tuple(cell for change, cell in changes if change < 0)
    receivers = tuple(cell for change, cell in reversed(changes) if change > 0)
    return Decision(
        measure=measure_of(results),
        budget=summary.budget,
        core=summary.core,
        reserve=summary.reserve,
        unspent=summary.unspent,
        moved=max(
            sum(change for change, _ in changes if change > 0),
            -sum(change for change, _ in changes if change < 0),
        ),
        donors=donors,
        receivers=receivers,
        gain=summary.gain,
        probability=summary.probability_better,
        worst_tenth=summary.worst_tenth,
        moved_weeks=_between_periods(results.plan),
    )


def _between_periods(plan: pd.DataFrame) -> float:
    """Money of the cells that stands in another cell or period than in today's mix."""
    core = plan[plan["purpose"] == "core"]
    return float((core["planned_spend"] - core["current_spend"]).abs().sum()) / 2


def measure_of(results: Results) -> Literal["profit", "revenue", "units", "npv"]:
    """What a gain is measured in: profit only where a margin is known, money only where there is some."""
    if not results.about.has_money:
        return "units"
    if results.summary.objective == "outcome" and results.about.outcome_kind == "count":
        return "units"
    if results.summary.objective == "npv":
        return "npv"
    if results.summary.objective == "profit" and results.summary.plan.profit.known:
        return "profit"
    return "revenue"


def disagreements(results: Results) -> tuple[str, ...]:
    """Say where the tables of a run contradict each other; empty when they agree.

    A range above zero with odds below 95 in 100 is such a contradiction: both come from the same draws.
    """
    summary = results.summary
    near = MONEY_TOLERANCE * max(abs(summary.budget), 1.0) + 0.01
    faults = []

    def compare(what: str, left: float | None, right: float | None) -> None:
        if left is not None and right is not None and abs(left - right) > near:
            faults.append(f"{what} ({left:,.2f} against {right:,.2f})")

    compare("plan.json: core and reserve are not the budget", summary.core + summary.reserve, summary.budget)
    compare(
        "plan.csv and moves.csv: planned spend differs",
        _spend(results.plan, "core") + _spend(results.plan, "spent"),
        float(at_level(results.moves, "cell")["planned_spend"].sum()),
    )
    compare("plan.csv and plan.json: test money differs", _spend(results.plan, "test"), summary.reserve)
    faults += _gain_faults(results, near)
    if summary.plan.profit.known and results.about.gross_margin is None:
        faults.append("plan.json has a profit and the config has no gross margin")
    return tuple(faults)


def _gain_faults(results: Results, near: float) -> list[str]:
    """The gain against its own odds, its range and the two plans it stands between."""
    summary = results.summary
    gain, likely = summary.gain, summary.probability_better
    faults = []
    if gain.lo is not None and gain.hi is not None:
        if gain.lo > gain.hi:
            faults.append(f"plan.json: the range of the gain is reversed ({gain.lo:,.0f} to {gain.hi:,.0f})")
        if likely is not None and gain.lo > near and likely < 0.95 - ODDS_TOLERANCE:
            faults.append(
                f"plan.json: the gain is above zero in its whole range ({gain.lo:,.0f} to {gain.hi:,.0f}) "
                f"and yet beats today's mix only with {likely:.2f}"
            )
        if likely is not None and gain.hi < -near and likely > 0.05 + ODDS_TOLERANCE:
            faults.append(
                f"plan.json: the gain is below zero in its whole range ({gain.lo:,.0f} to {gain.hi:,.0f}) "
                f"and yet beats today's mix with {likely:.2f}"
            )
    measure = measure_of(results)
    if measure != "units" and gain.mean is not None:
        plan, current = getattr(summary.plan, measure).mean, getattr(summary.current, measure).mean
        if plan is not None and current is not None and abs(plan - current - gain.mean) > near:
            faults.append(
                f"plan.json: the gain ({gain.mean:,.0f}) is not plan less current ({plan - current:,.0f})"
            )
    return faults


def _spend(plan: pd.DataFrame, purpose: str) -> float:
    return float(plan.loc[plan["purpose"] == purpose, "planned_spend"].sum())


def returns_name(results: Results) -> str:
    """Column that holds the average return: `roi`, or `cost_per_outcome` where the outcome has no money."""
    return "roi" if results.about.has_money else "cost_per_outcome"


def total_row(results: Results) -> Mapping[str, object]:
    """The row of `moves.csv` for all media, empty where there is none."""
    rows = records(at_level(results.moves, "total"))
    return rows[0] if rows else {}


def next_return(results: Results) -> float | None:
    """Return of the next unit of spend as planned, over all media."""
    name = "mroi_planned" if results.about.has_money else "marginal_cost_per_outcome_planned"
    value = total_row(results).get(name)
    return number(value)
