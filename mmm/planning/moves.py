"""Where the money moves, cell by cell: what it brings, what holds it, why, and what would turn the move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import Cell, cell_columns, cell_row
from mmm.planning import sentences
from mmm.planning.asked import CENT
from mmm.planning.bounds import DEFAULT_CHANGE, GUARD, CellBounds
from mmm.planning.places import lines
from mmm.planning.problem import Group, GroupState
from mmm.response.curves import WindowCurves, response

STEP = 0.01
"""mROI is a finite difference over one percent more money."""

STEADY = 0.005
"""A change below this share of a cell's money is no move."""


@dataclass(frozen=True, slots=True)
class MixValue:
    """What one mix brings, on the draws that print.

    Attributes
    ----------
    spend
        Money by cell, shape (cell,).
    response
        What it brings, shape (cell, draw).
    step
        Money of the next step, shape (cell,).
    next_step
        What the next step brings, shape (cell, draw).
    """

    spend: Floats
    response: Floats
    step: Floats
    next_step: Floats

    @property
    def mroi(self) -> Floats:
        """Return of the next unit of money, shape (cell, draw)."""
        return np.asarray(self.next_step / self.step[:, None])

    def times(self, worth: float) -> MixValue:
        """The same in another unit."""
        return replace(self, response=worth * self.response, next_step=worth * self.next_step)


@dataclass(frozen=True, slots=True)
class Context:
    """What the sentences and prices of moves stand on.

    Attributes
    ----------
    reference, largest
        Really spent in the reference, and most ever spent in a like window, shape (cell,).
    evidence
        Grade by cell.
    bounds, binding
        The bounds, and where the solver says a cell stands: lower, upper or "".
    worth
        Worth in the objective of a unit of what sentences compare.
    unit
        What that is: of revenue, outcomes, of gross margin, of present value.
    threshold
        Return of the next unit elsewhere, where no cell stands free: from the solver's price; nan unknown.
    prior_roi
        ROI assumed before the data, nan where not known, shape (cell,).
    change
        `plan.change`.
    has_money
        Whether responses are money.
    reserve
        Money for tests, in the plan and in the current mix alike.
    is_careful
        Whether bad cases or a target were planned for, not the mean.
    spent
        Money spent in the window already, shape (cell,); None where it has not begun.
    groups
        Groups of the plan, and where each stands.
    """

    reference: Floats
    largest: Floats
    evidence: Sequence[str]
    bounds: CellBounds
    binding: Sequence[str]
    worth: float
    unit: str
    threshold: float
    prior_roi: Floats
    change: float | None
    has_money: bool
    reserve: float
    is_careful: bool = False
    spent: Floats | None = None
    groups: tuple[tuple[Group, GroupState], ...] = ()

    def groups_of(self, cell: int) -> list[str]:
        """Names of the groups that hold a cell back."""
        return [group.name for group, state in self.groups if cell in group.members and state.price > 0]


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
        move = _Move(
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


def _about_cell(move: _Move, middle: float) -> tuple[dict[str, object], bool]:
    """Evidence, what holds a cell and at which price, and its sentences; and whether its move would turn."""
    i, context = move.cell, move.context
    flip, turns = _flip(move, middle)
    price = np.nan
    if move.held and np.isfinite(move.elsewhere):
        price = context.worth * abs(float(move.planned.mroi[i].mean()) - move.elsewhere)
    return {
        "evidence": context.evidence[i],
        "binding": move.held,
        "binding_price": price,
        "extrapolated": bool(move.planned.spend[i] > context.largest[i] + CENT),
        "why": _why(move),
        "flip": flip,
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


@dataclass(frozen=True, slots=True)
class _Move:
    """One cell's move, for its sentences."""

    cell: int
    change: float
    current: MixValue
    planned: MixValue
    held: str
    elsewhere: float
    context: Context

    @property
    def steady(self) -> bool:
        """Whether the money stays as it is."""
        largest = max(float(self.current.spend[self.cell]), float(self.planned.spend[self.cell]))
        return abs(self.change) <= max(STEADY * largest, CENT)

    @property
    def shown(self) -> float:
        """The change as sentences show it: none where it is steady."""
        return 0.0 if self.steady else self.change

    @property
    def unit(self) -> str:
        """What a response is counted in."""
        return self.context.unit

    @property
    def here(self) -> float:
        """Return of the next unit of money at the current mix."""
        return float(self.current.mroi[self.cell].mean())


def _why(move: _Move) -> str:
    """One sentence: why the cell's money goes up, down or stays."""
    i, context = move.cell, move.context
    amount = float(move.planned.spend[i])
    if move.held == "fixed":
        return sentences.why_fixed(amount)
    known = np.isfinite(move.elsewhere)
    if move.held in {"group", "weeks"}:
        start = (
            sentences.why_group(move.shown, context.groups_of(i))
            if move.held == "group"
            else sentences.why_weeks(move.shown)
        )
        at_limit = float(move.planned.mroi[i].mean())
        return start + (sentences.next_unit(at_limit, move.elsewhere, move.unit) if known else ".")
    if move.held:
        side = context.binding[i]
        by = context.bounds.lower_by[i] if side == "lower" else context.bounds.upper_by[i]
        if amount <= CENT and move.steady:
            return sentences.why_dark(is_guess=move.held == "guard")
        if by == "guard":
            share = GUARD * (DEFAULT_CHANGE if context.change is None else context.change)
            return sentences.why_guard(move.shown, share)
        if amount <= CENT:
            start = sentences.why_to_nothing()
        else:
            start = sentences.why_limit(move.shown, side, by, amount, context.change)
        at_limit = float(move.planned.mroi[i].mean())
        return start + (sentences.next_unit(at_limit, move.elsewhere, move.unit) if known else ".")
    if not known:
        return sentences.why_budget(move.shown)
    up = move.change > 0
    if move.steady or (move.here > move.elsewhere) == up:
        return sentences.why_return(move.shown, move.here, move.elsewhere, move.unit)
    moved = move.planned.response[i].mean() - move.current.response[i].mean()
    average = float(moved / move.change)
    if (average > move.elsewhere) == up:
        return sentences.why_moved_money(move.shown, average, move.elsewhere, move.unit)
    if context.is_careful:
        return sentences.why_careful(move.shown)
    return sentences.why_close_call(move.shown, average, move.elsewhere, move.unit)


def _flip(move: _Move, middle: float) -> tuple[str, bool]:
    """What would turn the move, and whether it turns at the middle of the range or before the data.

    Parameters
    ----------
    middle
        Return of the next unit elsewhere at the middle of its range.
    """
    if move.steady or move.held == "fixed" or not np.isfinite(move.elsewhere):
        return "", False
    i, up = move.cell, move.change > 0
    said, turns = [], False
    if (move.here > move.elsewhere) == up:
        said.append(sentences.flip_threshold(move.change, move.elsewhere, move.here, move.unit))
    at_middle = float(np.median(move.current.mroi[i]))
    if np.isfinite(middle) and at_middle != middle and (at_middle > middle) != up:
        said.append(sentences.flip_at_median(move.change, at_middle))
        turns = True
    roi = float(move.current.response[i].mean() / move.current.spend[i]) if move.current.spend[i] > 0 else 0.0
    if roi > 0 and np.isfinite(move.context.prior_roi[i]):
        before_data = move.here / roi * float(move.context.prior_roi[i])
        if (before_data > move.elsewhere) != up:
            said.append(sentences.flip_at_prior(move.change, before_data))
            turns = True
    return " ".join(said), turns
