"""Where the money moves, cell by cell: the table of a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import Cell, cell_columns, cell_row
from mmm.planning import sentences
from mmm.planning.asked import CENT
from mmm.planning.places import lines
from mmm.planning.reasons import STEADY, Context, MixValue, Move, flip, why
from mmm.response.curves import WindowCurves, response

STEP = 0.01
"""mROI is a finite difference over one percent more money."""


def value_mixes(curves: WindowCurves, *mixes: Floats) -> tuple[MixValue, ...]:
    """What each mix brings, and its next one percent; a cell without money steps by one percent of its share.

    Parameters
    ----------
    mixes
        Money by cell, each of shape (cell,).
    """
    cells = len(curves.cells)
    steps = [STEP * np.where(mix > 0, mix, max(float(mix.sum()), 1.0) / cells) for mix in mixes]
    rows = np.concatenate([*mixes, *(mix + step for mix, step in zip(mixes, steps, strict=True))])
    rows = rows.reshape(2 * len(mixes), cells)
    brought = np.stack([response(curves, cell, rows[:, cell]) for cell in range(cells)], axis=1)
    return tuple(
        MixValue(mix, brought[k], step, brought[len(mixes) + k] - brought[k])
        for k, (mix, step) in enumerate(zip(mixes, steps, strict=True))
    )


def moves_table(
    cells: Sequence[Cell],
    current: MixValue,
    planned: MixValue,
    context: Context,
    sought: tuple[MixValue, MixValue],
    by_tests: Floats,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table `moves.csv`, and the names of cells whose move would reverse (half of it, over geos).

    Rows by level: cell, channel, geo (where money is placed by geo), reserve (money for tests, with what designed tests
    bring) and total (cells and reserve). Where money is placed by geo a cell has a row over all its geos, `geo` empty,
    and one in each. Ranges of what is added up come from sums per draw.

    Parameters
    ----------
    current, planned
        What both mixes bring, in money (or units).
    sought
        The same as the plan compares it, in the context's unit.
    by_tests
        What the money of tests brings, shape (draw,): zeros until they are designed.
    """
    keys = cell_columns(cells)
    held = binding_of(context)
    elsewhere = _elsewhere(sought[1], held, context)
    middle = _elsewhere(sought[1], held, context, np.median)
    rows, turning = [], np.zeros(len(cells), dtype=bool)
    for cell, members in lines(cells):
        if cell.geo != cells[members[0]].geo:
            row = _group("cell", cell_row(cell, keys), members, current, planned, context)
            rows.append(row | _over_geos(members, cells, held, current, planned))
            continue
        i = members[0]
        move = Move(
            i,
            float(planned.spend[i]) - float(current.spend[i]),
            *sought,
            held[i],
            elsewhere,
            context,
        )
        said, turning[i] = _about_cell(move, middle)
        figures = _figures([i], current, planned, context)
        rows.append({"level": "cell", **cell_row(cells[i], keys), **figures, **said})
    for level in ("channel", "geo"):
        for name in dict.fromkeys(getattr(cell, level) for cell in cells):
            members = [i for i, cell in enumerate(cells) if name and getattr(cell, level) == name]
            if members:
                rows.append(_group(level, {level: name}, members, current, planned, context))
    reserve: dict[str, object] = {
        "reference_spend": 0.0,
        "current_spend": context.reserve,
        "planned_spend": context.reserve,
    }
    rows.append({"level": "reserve", **reserve, "change": 0.0} | _brought(by_tests))
    total = _group("total", {}, range(len(cells)), current, planned, context, context.reserve, by_tests)
    rows.append(total)
    moved = np.abs(planned.spend - current.spend)
    reverses = [
        cell.name
        for cell, members in lines(cells)
        if not cell.geo and turning[members].any() and moved[members] @ (turning[members] - 0.5) >= 0
    ]
    return _frame(rows, keys, context), tuple(reverses)


def _about_cell(move: Move, middle: float) -> tuple[dict[str, object], bool]:
    """Evidence, what holds a cell and at which price, and its sentences; and whether its move would turn."""
    i, context = move.cell, move.context
    turning_point, turns = flip(move, middle)
    price = np.nan
    if move.held and np.isfinite(move.elsewhere):
        price = context.worth * abs(float(move.planned.mroi[i].mean()) - move.elsewhere)
    return {
        "evidence": context.evidence[i],
        "binding": move.held,
        "binding_price": price,
        "extrapolated": bool(move.planned.spend[i] > context.largest[i] + CENT),
        "why": why(move),
        "flip": turning_point,
    }, turns


def _over_geos(
    members: Sequence[int], cells: Sequence[Cell], held: Sequence[str], current: MixValue, planned: MixValue
) -> dict[str, object]:
    """What holds a cell in all its geos alike, and where its money goes up and down."""
    change = planned.spend[members] - current.spend[members]
    moved = np.abs(change) > np.maximum(STEADY * np.maximum(planned.spend, current.spend)[members], CENT)
    order = np.argsort(-np.abs(change), kind="stable")
    most = [(cells[members[k]].geo, float(change[k])) for k in order if moved[k]][:2]
    up, down = int((moved & (change > 0)).sum()), int((moved & (change < 0)).sum())
    same = {held[i] for i in members}
    return {
        "binding": same.pop() if len(same) == 1 else "",
        "why": sentences.why_over_geos(float(change.sum()), up, down, len(members), most),
    }


def _brought(by_tests: Floats) -> dict[str, object]:
    """What tests bring; nothing is said where there are none."""
    if not by_tests.any():
        return {}
    mean = float(by_tests.mean())
    lo, hi = (float(x) for x in np.quantile(by_tests, [0.05, 0.95]))
    return {"response": mean, "response_lo": lo, "response_hi": hi, "response_current": mean}


def _frame(rows: list[dict[str, object]], keys: Sequence[str], context: Context) -> pd.DataFrame:
    """Rows in the contract's order of columns; texts empty and figures nan where a level has none."""
    returns = ["roi", "mroi_current", "mroi_planned"]
    if not context.has_money:
        returns += [
            "cost_per_outcome",
            "marginal_cost_per_outcome_current",
            "marginal_cost_per_outcome_planned",
        ]
    spend = ["reference_spend", "current_spend", "planned_spend", "change"]
    spend += [] if context.spent is None else ["spent"]
    brings = ["response", "response_lo", "response_hi", "response_current"]
    columns = ["level", *keys, *spend, *brings, *returns, "evidence", "binding", "binding_price"]
    table = pd.DataFrame(rows, columns=[*columns, "extrapolated", "why", "flip"])
    texts = [*keys, "evidence", "binding", "why", "flip"]
    table[texts] = table[texts].fillna("")
    table["extrapolated"] = [value is True for value in table["extrapolated"]]
    return table


def binding_of(context: Context) -> tuple[str, ...]:
    """What holds each cell: lower, upper, guard, fixed, group, weeks or ""."""
    held = []
    bounds = context.bounds
    for i, (side, low, high) in enumerate(
        zip(context.binding, bounds.lower_by, bounds.upper_by, strict=True)
    ):
        by = high if side == "upper" or bounds.lower[i] == bounds.upper[i] else low
        if low == "fixed":
            held.append("fixed")
        elif side in {"group", "weeks"}:
            held.append(side)
        elif side and by in {"guard", "extrapolation"}:
            held.append("guard")
        elif side == "upper" and by == "":  # the budget itself
            held.append("")
        else:
            held.append(side)
    return tuple(held)


def _elsewhere(
    planned: MixValue, held: Sequence[str], context: Context, middle: Callable[..., Floats] = np.mean
) -> float:
    """Return of the next unit of money where money is free to go: over cells that nothing holds."""
    free = [i for i, by in enumerate(held) if not by and planned.spend[i] > 0]
    if not free:
        return context.threshold
    return float(np.average(middle(planned.mroi[free], axis=1), weights=planned.spend[free]))


def _figures(
    members: Sequence[int],
    current: MixValue,
    planned: MixValue,
    context: Context,
    reserve: float = 0.0,
    by_tests: Floats | float = 0.0,
) -> dict[str, object]:
    """Money, response and returns of some cells together; responses are added per draw."""
    index = list(members)
    before, after = float(current.spend[index].sum()), float(planned.spend[index].sum())
    brought = planned.response[index].sum(axis=0) + by_tests
    lo, hi = np.quantile(brought, [0.05, 0.95])
    next_current, next_planned = (
        float(mix.next_step[index].sum(axis=0).mean() / mix.step[index].sum()) for mix in (current, planned)
    )
    row: dict[str, object] = {
        "reference_spend": float(context.reference[index].sum()),
        "current_spend": before + reserve,
        "planned_spend": after + reserve,
        "change": after - before,
        "spent": 0.0 if context.spent is None else float(context.spent[index].sum()),
        "response": float(brought.mean()),
        "response_lo": float(lo),
        "response_hi": float(hi),
        "response_current": float((current.response[index].sum(axis=0) + by_tests).mean()),
    }
    spent, mean = after + reserve, float(brought.mean())
    if context.has_money:
        roi = mean / spent if spent > 0 else np.nan
        return row | {"roi": roi, "mroi_current": next_current, "mroi_planned": next_planned}
    return row | {
        "cost_per_outcome": spent / mean if mean > 0 else np.nan,
        "marginal_cost_per_outcome_current": 1 / next_current if next_current > 0 else np.nan,
        "marginal_cost_per_outcome_planned": 1 / next_planned if next_planned > 0 else np.nan,
    }


def _group(
    level: str,
    keys: dict[str, str],
    members: Sequence[int] | range,
    current: MixValue,
    planned: MixValue,
    context: Context,
    reserve: float = 0.0,
    by_tests: Floats | float = 0.0,
) -> dict[str, object]:
    """A row for several cells; its evidence is theirs where they agree."""
    grades = {context.evidence[i] for i in members}
    figures = _figures(list(members), current, planned, context, reserve, by_tests)
    over = any(planned.spend[i] > context.largest[i] + CENT for i in members)
    return {
        "level": level,
        **keys,
        **figures,
        "evidence": grades.pop() if len(grades) == 1 else "",
        "extrapolated": over,
    }
