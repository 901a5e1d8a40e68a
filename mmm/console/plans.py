"""A plan and its moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmm.console.words import (
    aligned,
    in_100,
    label_of,
    money,
    number_of,
    percent,
    ranged_of,
    ratio,
    records_of,
    rows_of,
    text_of,
)

if TYPE_CHECKING:
    import pandas as pd


_GOALS = {
    "npv": "Present value of profit",
    "profit": "Profit after media",
    "revenue": "Revenue from media",
    "outcome": "Outcome from media",
}


def moves_text(moves: pd.DataFrame) -> str:
    """Where the money goes: every cell, the money for tests, and the total; then every geo it is placed in."""
    told = _moves_text(moves, rows_of(moves), "")
    by_geo = [row for row in records_of(moves) if row.get("level") == "geo"]
    if not by_geo:
        return told
    more = "Every cell in every geo is in plan.csv, moves.csv and plan.xlsx."
    return f"{told}\n\n{_moves_text(moves, by_geo, 'geo')}\n{more}"


def _moves_text(moves: pd.DataFrame, shown: Sequence[Mapping[str, Any]], head: str) -> str:
    """Money before and after of some rows."""
    counted = "marginal_cost_per_outcome_planned" in moves and moves["mroi_planned"].isna().all()
    following = "marginal_cost_per_outcome_planned" if counted else "mroi_planned"
    title = "cost of the next" if counted else "next unit"
    rows = [[head, "reference", "today's mix", "plan", "change", title, "binds"]]
    for row in shown:
        current, planned = number_of(row.get("current_spend")), number_of(row.get("planned_spend"))
        change = "-" if not current or planned is None else f"{100 * (planned / current - 1):+.0f} %"
        rows.append(
            [
                text_of(row["geo"]) if row.get("level") == "geo" else label_of(row),
                money(row.get("reference_spend")),
                money(current),
                money(planned),
                change,
                ratio(row.get(following)),
                text_of(row.get("binding")),
            ]
        )
    return aligned(rows, right=range(1, 6))


def plan_text(summary: Mapping[str, Any], moves: pd.DataFrame, currency: str | None) -> str:
    """The plan in a few lines: money, what it brings, how sure that is, what binds.

    Parameters
    ----------
    summary
        The keys of `plan.json`.
    moves
        The table `moves.csv`.
    currency
        ISO code, or None.
    """
    unit = f" {currency}" if currency else ""
    goal = next((key for key in _GOALS if number_of(summary.get(key)) is not None), "outcome")
    says = _GOALS[goal]
    window = summary.get("window") or {}
    lines = [moves_text(moves), ""]
    if window:
        lines.append(
            f"Window {window.get('start')} to {window.get('end')}; data until {summary.get('data_until')}"
        )
    lines.append(
        f"Budget {money(summary.get('budget'))}{unit}: {money(summary.get('core'))} planned, "
        f"{money(summary.get('reserve'))} kept for tests"
        + (f", {money(summary['unspent'])} left unspent" if number_of(summary.get("unspent")) else "")
    )
    if number_of(summary.get("spent")):
        lines.append(
            f"Of the planned, {money(summary['spent'])} is spent already; {money(summary.get('free'))} is still free"
        )
    lines.append(f"{says}: {ranged_of(summary, goal)}; today's mix: {ranged_of(summary, 'current_' + goal)}")
    if number_of(summary.get("gain")) is not None:
        lines.append(f"Gain over today's mix at equal money: {ranged_of(summary, 'gain')}")
    if number_of(summary.get("gain")) != 0:  # a plan that is today's mix has no odds of beating it
        lines.append(f"Better than today's mix: {in_100(summary.get('probability_better'))}")
    worth_unit = " outcomes" if summary.get("objective") == "outcome" else unit
    gap = number_of(summary.get("gap"))
    gap_money = number_of(summary.get("gap_money"))
    if summary.get("risk") == "cvar":
        bad, now = (money(summary.get(key)) for key in ("risk_value", "current_risk_value"))
        lines.append(f"Mean of the bad cases: {bad}{worth_unit}; today's mix: {now}{worth_unit}")
    if summary.get("risk") == "probability":
        odds, now = (in_100(summary.get(key)) for key in ("risk_value", "current_risk_value"))
        lines.append(f"Odds of the target: {odds}; today's mix: {now}")
    lines.append(
        "Gap to the best possible plan: not known, nothing bounds the odds of a target"
        if gap is None
        else f"Gap to the best possible plan: at most {percent(gap, 3)}"
        + (f" ({money(gap_money)}{worth_unit})" if gap_money is not None else "")
    )
    binding = [row for row in rows_of(moves) if row.get("level") == "cell" and text_of(row.get("binding"))]
    for row in binding:
        price = number_of(row.get("binding_price"))
        worth = (
            "" if price is None else f": one more{unit or ' unit'} of room is worth {price:.2f}{worth_unit}"
        )
        lines.append(f"Binds: {label_of(row)} ({text_of(row['binding'])}){worth}")
    for group in summary.get("groups") or ():
        if group["binding"]:
            worth = f"one more{unit or ' unit'} of room is worth {group['price']:.2f}{worth_unit}"
            lines.append(f"Binds: {group['name']} ({group['binding']} limit of the group): {worth}")
            binding.append(group)
    if not binding:
        lines.append("Binds: nothing but the budget")
    lines += [f"Gave way: {sentence}" for sentence in summary.get("gave_way") or ()]
    return "\n".join(lines)
