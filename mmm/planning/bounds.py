"""How much and how little money each cell may get, who says so, and what gives way where none is left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmm.data.panel import Floats
from mmm.dims import Cell
from mmm.errors import ConfigError, Infeasible
from mmm.planning import sentences
from mmm.planning.names import cells_of, label
from mmm.planning.settings import PlanSettings

Source = Literal["", "bound", "fixed", "change", "dark", "guard", "extrapolation"]

EXTRAPOLATION = 1.5
"""Most money, as a multiple of the most a cell ever spent in a like window."""

NEARLY_DARK = 0.1
"""Below this share of its own largest like window a cell has no mix to change: its history bounds it."""

GUARD = 0.4
"""Share of `plan.change` by which a cell may move whose return is an assumption."""

DEFAULT_CHANGE = 0.5
"""What the guard is a share of where `plan.change` is null: freedom is for cells that are known."""

CENT = 0.005
"""Money below which two sums are the same."""


@dataclass(frozen=True, slots=True)
class CellBounds:
    """Least and most money of each cell.

    Attributes
    ----------
    lower, upper
        Money, shape (cell,).
    lower_by, upper_by
        Who says so: bound (the user), fixed (committed), change, dark, guard (its return is an assumption),
        extrapolation, or "" for nothing but zero and the budget.
    gave_way
        Defaults that gave way so that a plan exists, one sentence each.
    """

    lower: Floats
    upper: Floats
    lower_by: tuple[Source, ...]
    upper_by: tuple[Source, ...]
    gave_way: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """What bounds one cell from one side: the user's own word, and the defaults that may give way."""

    user: float | None
    change: float
    change_by: Source
    guard: float | None
    extrapolation: float


def reversed_bounds(settings: PlanSettings) -> list[str]:
    """Sentences for entries of `plan.bounds` with a min above their max, as far as the config shows."""
    return [
        f"`plan.bounds` entry {number} ({label(entry)}): min {entry.min} is above max {entry.max}; swap them"
        for number, entry in enumerate(settings.bounds, start=1)
        if entry.min is not None
        and entry.max is not None
        and entry.min.times_reference == entry.max.times_reference
        and entry.min.value > entry.max.value
    ]


def cell_bounds(
    cells: Sequence[Cell],
    settings: PlanSettings,
    *,
    current: Floats,
    reference: Floats,
    largest: Floats,
    fixed: Floats,
    evidence: Sequence[str],
    core: float,
) -> CellBounds:
    """Bounds of each cell around the scaled reference.

    A bound of the user replaces the default on its side; an entry for a channel holds for each of its cells
    on its own, and one that names the audience goes before it. A cell graded `prior` moves by at most 0.4 of
    `plan.change`, inside the user's bounds; no cell goes past 1.5 times the most it ever spent in a like
    window unless the user gave it a max. Where these defaults leave no plan they give way in that order:
    change, guard, extrapolation.

    Parameters
    ----------
    current
        The reference scaled to the core money, shape (cell,).
    reference
        As really spent, shape (cell,).
    largest
        Most ever spent in a like window, shape (cell,).
    fixed
        Committed money, nan where free, shape (cell,).
    evidence
        Grade by cell: experiment, data or prior.
    core
        Money to place, without the reserve.

    Raises
    ------
    ConfigError
        When a least amount is above the most of the same cell.
    Infeasible
        When the user's bounds and the committed money alone leave no plan.
    """
    low_user, high_user = _user_bounds(cells, settings, current)
    change = math.inf if settings.change is None else settings.change
    guard = GUARD * (DEFAULT_CHANGE if settings.change is None else settings.change)
    lows, highs = [], []
    for i in range(len(cells)):
        dark = reference[i] < NEARLY_DARK * largest[i]
        free = math.isinf(change)
        low = 0.0 if dark or free else max(0.0, (1 - change) * current[i])
        high = EXTRAPOLATION * largest[i] if dark else (math.inf if free else (1 + change) * current[i])
        by: Source = "dark" if dark else "" if free else "change"
        is_guess = evidence[i] == "prior"
        lows.append(
            _Side(low_user[i], low, by, max(0.0, (1 - guard) * current[i]) if is_guess else None, 0.0)
        )
        highs.append(
            _Side(
                high_user[i],
                high,
                by,
                (1 + guard) * current[i] if is_guess else None,
                EXTRAPOLATION * largest[i],
            )
        )
    return _settle(cells, lows, highs, fixed, core, settings)


def _user_bounds(
    cells: Sequence[Cell], settings: PlanSettings, current: Floats
) -> tuple[list[float | None], list[float | None]]:
    """Least and most money the user gave each cell; the entry that names more levels goes before."""
    low: list[float | None] = [None] * len(cells)
    high: list[float | None] = [None] * len(cells)
    depth = [[-1, -1] for _ in cells]
    for entry in settings.bounds:
        level = (entry.audience is not None) + (entry.message is not None)
        for i in cells_of(entry, cells):
            for side, (amount, found, tighter) in enumerate(((entry.min, low, max), (entry.max, high, min))):
                if amount is None or level < depth[i][side]:
                    continue
                value, before = amount.resolve(float(current[i])), found[i]
                same = level == depth[i][side] and before is not None
                found[i] = tighter(value, before) if same and before is not None else value
                depth[i][side] = level
    faults = [
        f"`plan.bounds`: {cell.name} has a min of {sentences.money(least)} above its max of "
        f"{sentences.money(most)}; lower the min or raise the max"
        for cell, least, most in zip(cells, low, high, strict=True)
        if least is not None and most is not None and least > most + CENT
    ]
    if faults:
        raise ConfigError(faults)
    return low, high


def _settle(
    cells: Sequence[Cell],
    lows: list[_Side],
    highs: list[_Side],
    fixed: Floats,
    core: float,
    settings: PlanSettings,
) -> CellBounds:
    """Let defaults give way, side by side, until the bounds leave a plan."""
    low_level = high_level = 0
    said: list[str] = []
    while True:
        bounds = _compose(cells, lows, highs, fixed, core, low_level, high_level)
        least, most = float(bounds.lower.sum()), float(bounds.upper.sum())
        if least > core + CENT:
            if low_level == 2:
                raise Infeasible(_too_much(cells, bounds, core))
            low_level += 1
            said.append(sentences.gave_way_down(low_level, settings.change, least, core))
        elif most < core - CENT and settings.spend == "all":
            if high_level == 3:
                raise Infeasible(_too_little(cells, bounds, core))
            high_level += 1
            said.append(sentences.gave_way_up(high_level, settings.change, most, core))
        else:
            return CellBounds(
                bounds.lower, bounds.upper, bounds.lower_by, bounds.upper_by, (*said, *bounds.gave_way)
            )


def _compose(
    cells: Sequence[Cell],
    lows: list[_Side],
    highs: list[_Side],
    fixed: Floats,
    core: float,
    low_level: int,
    high_level: int,
) -> CellBounds:
    """Bounds with the first defaults of each side given up: 1 change, 2 guard too, 3 extrapolation too."""
    found = []
    said = []
    for cell, low, high, money in zip(cells, lows, highs, fixed, strict=True):
        if not math.isnan(money):
            found.append((float(money), float(money), "fixed", "fixed"))
            continue
        least, least_by = _side(low, low_level, upward=False)
        most, most_by = _side(high, high_level, upward=True)
        if least > most:  # one of them is a default: it gives way to the user, a lower one to an upper one
            if low.user is not None and least_by == "bound":
                said.append(sentences.gave_way_to_min(cell.name, most, low.user))
                most, most_by = low.user, "bound"
            else:
                least, least_by = most, most_by
        if most > core and least <= core:
            most, most_by = core, ""
        found.append((least, most, least_by, most_by))
    lower, upper, lower_by, upper_by = zip(*found, strict=True)
    return CellBounds(np.array(lower), np.array(upper), lower_by, upper_by, tuple(said))


def _side(side: _Side, level: int, *, upward: bool) -> tuple[float, Source]:
    """The bound that holds on one side of one cell, and who says so."""
    limits: list[tuple[float, Source]] = []
    if side.user is not None:
        limits.append((side.user, "bound"))
    else:
        if upward and level < 3:
            limits.append((side.extrapolation, "extrapolation"))
        if level < 1 or (side.change_by == "dark" and level < 3):
            limits.append((side.change, side.change_by))
    if side.guard is not None and level < 2:
        limits.append((side.guard, "guard"))
    if not limits:
        return (math.inf if upward else 0.0), ""
    return min(limits, key=lambda limit: limit[0]) if upward else max(limits, key=lambda limit: limit[0])


def _held(cells: Sequence[Cell], amounts: Floats, by: Sequence[Source]) -> str:
    """The amounts of the user, largest first."""
    named = [(amounts[i], cells[i].name) for i in range(len(cells)) if by[i] in {"bound", "fixed"}]
    return ", ".join(f"{name} {sentences.money(amount)}" for amount, name in sorted(named, reverse=True))


def _too_much(cells: Sequence[Cell], bounds: CellBounds, core: float) -> str:
    least = float(bounds.lower.sum())
    return sentences.least_too_much(_held(cells, bounds.lower, bounds.lower_by), least, core)


def _too_little(cells: Sequence[Cell], bounds: CellBounds, core: float) -> str:
    most = float(bounds.upper.sum())
    return sentences.most_too_little(_held(cells, bounds.upper, bounds.upper_by), most, core)
