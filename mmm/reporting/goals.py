"""Goals with their odds, under the decision; and how sure the best split is, beside the moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Table
from mmm.reporting.decision import measure_of
from mmm.reporting.results import Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice

INSIDE = "\u2003"
"""Indents what is under a goal."""


def goal_sentences(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """The question, then each target: its odds, what can be promised, and the budget that would make it safe."""
    rows = records(results.goals)
    question = [Markup("{}").format(rows[0]["question"])] if rows and rows[0]["question"] else []
    return (*question, *(voice.html(*_sentence(row, voice)) for row in rows))


def _sentence(row: Mapping[str, Any], voice: Voice) -> tuple[str, dict[str, object]]:
    write = voice.amounts.units if row["kpi"] == "outcome" else voice.amounts.money
    budget, best = number(row["budget_80"]), number(row["best_probability"])
    values: dict[str, object] = {
        "goal": row["goal"],
        "what": voice.text(f"goals.what.{row['kpi']}.{row['of']}"),
        "target": write(number(row["target"])),
        "odds": voice.figures.odds(number(row["probability"])),
        "reached": write(number(row["reached_80"])),
    }
    if budget is None:
        told = {"best": voice.figures.odds(best), "budget": voice.amounts.money(number(row["best_budget"]))}
        return "goals.row.unsafe", values | told
    if budget <= float(row["budget"]):
        return "goals.row.safe", values
    return "goals.row", values | {"budget": voice.amounts.money(budget)}


def goals_tree(results: Results, voice: Voice) -> Table | None:
    """Every goal under the one that it serves, with who answers for it; None where no goal serves another."""
    rows = {str(row["goal"]): row for row in records(results.goals)}
    serves = {name: str(row["under"] or "") for name, row in rows.items()}
    if not any(serves.values()):
        return None
    roots = dict.fromkeys(above for name, above in serves.items() if above not in rows or above == name)
    found: list[tuple[str, ...]] = []

    def put(name: str, depth: int, seen: frozenset[str]) -> None:
        if name in rows:
            found.append(_goal_row(INSIDE * depth + name, rows[name], voice))
        elif name:
            found.append((INSIDE * depth + name, *([NOTHING] * 5)))
        for under in (one for one, above in serves.items() if above == name and one not in seen | {name}):
            put(under, depth + (1 if name else 0), seen | {name, under})

    for root in roots:
        put(root, 0, frozenset())
    if any(name not in _told(found) for name in rows):  # goals that serve each other in a ring
        return None
    head = ("goal_name", "owner", "goal_target", "expected", "range", "odds")
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(found), words=2)


def _told(found: list[tuple[str, ...]]) -> set[str]:
    return {row[0].lstrip(INSIDE) for row in found}


def _goal_row(name: str, row: Mapping[str, Any], voice: Voice) -> tuple[str, ...]:
    in_units, expected = row["kpi"] == "outcome", estimate(row, "expected")
    write = voice.amounts.units if in_units else voice.amounts.money
    ends = (voice.amounts.units_range if in_units else voice.amounts.money_range)(expected)
    target, reached = write(number(row["target"])), write(expected.mean)
    return (
        name,
        str(row["owner"] or NOTHING),
        target,
        reached,
        ends,
        voice.figures.odds(number(row["probability"])),
    )


def splits_sentence(results: Results, voice: Voice) -> Markup | None:
    """How much of the plan would go elsewhere if the truth were known; None without such a table."""
    if results.best_splits.empty:
        return None
    row = records(at_level(results.best_splits, "total"))[0]
    write = voice.amounts.units if measure_of(results) == "units" else voice.amounts.money
    values = {
        "moved": voice.amounts.money(number(row["moved"])),
        "core": voice.amounts.money(number(row["planned_spend"])),
        "worth": write(number(row["worth_knowing"])),
    }
    return voice.html(f"splits.lead.{measure_of(results)}", values)


def splits_table(results: Results, voice: Voice) -> Table | None:
    """Per cell: today, the plan, and where the best split of each draw lies."""
    if results.best_splits.empty:
        return None
    money = voice.amounts.money
    rows = []
    for row in records(at_level(results.best_splits, "cell")):
        best = estimate(row, "best_spend")
        up = number(row["probability_more"])
        rows.append(
            (
                voice.cell(cell_of(row)),
                money(number(row["current_spend"])),
                money(number(row["planned_spend"])),
                money(best.mean),
                voice.amounts.money_range(best),
                NOTHING if up is None else voice.figures.odds(up),
            )
        )
    keys = ("cell", "before", "after", "best", "range", "more")
    return Table(tuple(voice.text(f"column.{key}") for key in keys), tuple(rows))
