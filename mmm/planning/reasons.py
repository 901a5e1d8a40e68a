"""Why the money of a cell moves, and what would turn the move: a sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.panel import Floats
from mmm.planning import sentences
from mmm.planning.asked import CENT
from mmm.planning.bounds import DEFAULT_CHANGE, GUARD, CellBounds
from mmm.planning.problem import Group, GroupState

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


@dataclass(frozen=True, slots=True)
class Move:
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


def why(move: Move) -> str:
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


def flip(move: Move, middle: float) -> tuple[str, bool]:
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
