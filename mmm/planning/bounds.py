"""How much and how little money each cell may get, who says so, and what gives way where none is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mmm.data.panel import Floats
from mmm.dims import Cell
from mmm.errors import ConfigError, Infeasible
from mmm.planning import sentences
from mmm.planning.asked import CENT, asked_of_places, asked_of_wholes
from mmm.planning.names import label
from mmm.planning.problem import Group, Problem, Switch
from mmm.planning.settings import PlanSettings
from mmm.planning.solver_mend import can_be_met, refuse_clash

Source = Literal["", "bound", "fixed", "change", "dark", "guard", "extrapolation", "spent"]

Gone = tuple[Literal["change", "guard", "extrapolation"], ...]
"""Defaults that are given up."""

EXTRAPOLATION = 1.5
"""Most money, as a multiple of the most a cell ever spent in a like window."""

NEARLY_DARK = 0.1
"""Below this share of its own largest like window a cell has no mix to change: its history bounds it."""

GUARD = 0.8
"""Share of `plan.change` by which a cell may move whose return is an assumption. Measured on 48 companies with known
truth: at 0.4 it costs a fifth of what can be gained and wards off losses of a per cent (`benchmarks/README.md`)."""

DEFAULT_CHANGE = 0.5
"""What the guard is a share of where `plan.change` is null: freedom is for cells that are known."""


@dataclass(frozen=True, slots=True)
class CellBounds:
    """Least and most money of each cell.

    Attributes
    ----------
    lower, upper
        Money, shape (cell,).
    lower_by, upper_by
        Who says so: bound (the user), fixed (committed), change, dark, guard (its return is an assumption),
        extrapolation, spent (already), or "" for nothing but zero and the budget.
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
    package: float = 0.0  # least that can be bought
    spent: float = 0.0  # already


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a plan must meet besides each cell's bounds."""

    current: Floats
    groups: tuple[Group, ...]
    switches: tuple[Switch | None, ...]

    def problem(self, core: float, settings: PlanSettings) -> Problem:
        """The question whether a plan exists; its bounds are still to come."""
        none = np.zeros_like(self.current)
        all_of_it = settings.spend == "all"
        return Problem(1.0, 0.0, none, none, core, all_of_it, self.current, self.groups, self.switches)


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
    part: Floats | None = None,
    groups: tuple[Group, ...] = (),
    switches: tuple[Switch | None, ...] = (),
    spent: Floats | None = None,
) -> CellBounds:
    """Bounds of each cell around the scaled reference.

    A bound of the user replaces the default on its side; an entry for a channel holds for each of its cells
    on its own, and one that names the audience goes before it. A cell graded `prior` moves by at most 0.8 of
    `plan.change`, inside the user's bounds; no cell goes past 1.5 times the most it ever spent in a like
    window unless the user gave it a max. Where these defaults leave no plan, as few of them as can be give
    way: change before the guard, the guard before extrapolation. Where money is placed by geo, what the user asks of
    a cell over all its geos is a group; its places may then go as far as their part of it.

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
    part
        Share of each place in the usual money of its cell, shape (cell,); None: all of it.
    groups, switches
        What else must be met; a cell with a switch may be off unless the user gives it a min.
    spent
        Money spent in the window already, shape (cell,): no cell gets less, and a limit below it gives way.

    Raises
    ------
    ConfigError
        When a least amount is above the most of the same cell.
    Infeasible
        When the user's bounds and the committed money alone leave no plan.
    """
    low_user, high_user = asked_of_places(cells, settings, current)
    whole_low, whole_high = _asked_of_parts(cells, settings, current, part)
    _refuse_low_max(cells, high_user, switches)
    change = math.inf if settings.change is None else settings.change
    guard = GUARD * (DEFAULT_CHANGE if settings.change is None else settings.change)
    lows, highs = [], []
    for i in range(len(cells)):
        dark = reference[i] < NEARLY_DARK * largest[i]
        free = math.isinf(change)
        low = 0.0 if dark or free else max(0.0, (1 - change) * current[i])
        high = EXTRAPOLATION * largest[i] if dark else (math.inf if free else (1 + change) * current[i])
        low = float(np.fmin(np.fmin(low, whole_low[i]), whole_high[i]))
        high = float(np.fmax(np.fmax(high, whole_low[i]), whole_high[i]))
        by: Source = "dark" if dark else "" if free else "change"
        switch = switches[i] if switches else None
        if switch is not None and low_user[i] is None:
            low_user[i] = 0.0
        is_guess = evidence[i] == "prior"
        guarded = is_guess and switch is None
        least = max(0.0, (1 - guard) * current[i]) if guarded else None
        already = 0.0 if spent is None else float(spent[i])
        lows.append(_Side(low_user[i], low, by, least, 0.0, spent=already))
        highs.append(
            _Side(
                high_user[i],
                high,
                by,
                float(np.fmax((1 + guard) * current[i], whole_low[i])) if is_guess else None,
                float(np.fmax(np.fmax(EXTRAPOLATION * largest[i], whole_low[i]), whole_high[i])),
                0.0 if switch is None else max(switch.least, switch.lot),
            )
        )
    return _settle(cells, lows, highs, fixed, core, settings, _Rest(current, groups, switches))


def _asked_of_parts(
    cells: Sequence[Cell], settings: PlanSettings, current: Floats, part: Floats | None
) -> tuple[Floats, Floats]:
    """Each place's part of what its cell is asked over all its geos, at least and at most; nan where it is not."""
    low, high = (np.full(len(cells), np.nan) for _ in range(2))
    for whole in asked_of_wholes(cells, settings, current):
        for i in whole.members:
            share = 1.0 if part is None else float(part[i])
            low[i] = np.nan if whole.low is None else share * whole.low
            high[i] = np.nan if whole.high is None else share * whole.high
    return low, high


def _refuse_low_max(
    cells: Sequence[Cell], high: Sequence[float | None], switches: tuple[Switch | None, ...]
) -> None:
    """Refuse a max below the least that can be bought."""
    faults = [
        f"`plan.bounds`: {cell.name} has a max of {sentences.money(most)}, and the least that can be bought of it is "
        f"{sentences.money(max(switch.least, switch.lot))}; raise the max, or lower min_if_on or lot"
        for cell, most, switch in zip(cells, high, switches, strict=False)
        if most is not None and switch is not None and most < max(switch.least, switch.lot) - CENT
    ]
    if faults:
        raise ConfigError(faults)


def _settle(
    cells: Sequence[Cell],
    lows: list[_Side],
    highs: list[_Side],
    fixed: Floats,
    core: float,
    settings: PlanSettings,
    rest: _Rest,
) -> CellBounds:
    """Let as few defaults give way as leave a plan, upwards first, and say which.

    Raises
    ------
    Infeasible
        When the user's bounds and the committed money alone leave none.
    """

    def compose(low_gone: Gone, high_gone: Gone) -> CellBounds:
        return _compose(cells, lows, highs, fixed, core, low_gone, high_gone)

    def enough(gone: Gone) -> bool:
        return settings.spend != "all" or float(compose((), gone).upper.sum()) >= core - CENT

    high_gone = _least_gone(("change", "guard", "extrapolation"), enough)
    if high_gone is None:
        bounds = compose((), ("change", "guard", "extrapolation"))
        held = _held(cells, bounds.upper, bounds.upper_by)
        raise Infeasible(sentences.most_too_little(held, float(bounds.upper.sum()), core))

    def low_enough(gone: Gone) -> bool:
        return float(compose(gone, high_gone).lower.sum()) <= core + CENT

    low_gone = _least_gone(("change", "guard"), low_enough)
    if low_gone is None:
        bounds = compose(("change", "guard"), high_gone)
        held = _held(cells, bounds.lower, bounds.lower_by)
        raise Infeasible(sentences.least_too_much(held, float(bounds.lower.sum()), core))
    said = []
    for default in high_gone:
        kept = compose((), tuple(other for other in high_gone if other != default))
        said.append(sentences.gave_way_up(default, settings.change, float(kept.upper.sum()), core))
    for default in low_gone:
        kept = compose(tuple(other for other in low_gone if other != default), high_gone)
        said.append(sentences.gave_way_down(default, settings.change, float(kept.lower.sum()), core))
    bounds = compose(low_gone, high_gone)
    if rest.groups or rest.switches:
        more, bounds = _with_groups(compose, low_gone, high_gone, rest.problem(core, settings), cells)
        said += [sentences.gave_way_to_groups(more, settings.change)] if more else []
    return replace(bounds, gave_way=(*said, *bounds.gave_way))


def _with_groups(
    compose: Callable[[Gone, Gone], CellBounds],
    low_gone: Gone,
    high_gone: Gone,
    problem: Problem,
    cells: Sequence[Cell],
) -> tuple[Gone, CellBounds]:
    """Bounds with which groups and switches can be met too, and the defaults given up for that.

    Raises
    ------
    Infeasible
        When the user's own limits clash.
    """
    steps: list[tuple[Gone, Gone]] = [
        ((), ()),
        (("change",), ()),
        ((), ("change",)),
        (("change",), ("change",)),
        (("change", "guard"), ("change", "guard")),
        (("change", "guard"), ("change", "guard", "extrapolation")),
    ]
    bounds = compose(low_gone, high_gone)
    for low, high in steps:
        bounds = compose((*low_gone, *low), (*high_gone, *high))
        if can_be_met(replace(problem, lower=bounds.lower, upper=bounds.upper)):
            more = [name for name in dict.fromkeys((*low, *high)) if name not in (*low_gone, *high_gone)]
            return tuple(more), bounds
    relaxed = replace(problem, lower=bounds.lower, upper=bounds.upper)
    refuse_clash(relaxed, relaxed.domains(), [cell.name for cell in cells])
    return (), bounds


def _least_gone(order: Gone, works: Callable[[Gone], bool]) -> Gone | None:
    """Defaults to give up: in order until it works, then taking back those it works with; None if never."""
    count = next((k for k in range(len(order) + 1) if works(order[:k])), None)
    if count is None:
        return None
    gone = order[:count]
    for default in reversed(order[:count]):
        fewer = tuple(other for other in gone if other != default)
        if works(fewer):
            gone = fewer
    return gone


def _compose(
    cells: Sequence[Cell],
    lows: list[_Side],
    highs: list[_Side],
    fixed: Floats,
    core: float,
    low_gone: Gone,
    high_gone: Gone,
) -> CellBounds:
    """Bounds without the defaults that are given up on each side."""
    found: list[tuple[float, float, Source, Source]] = []
    said = []
    for cell, low, high, money in zip(cells, lows, highs, fixed, strict=True):
        if not math.isnan(money):
            found.append((float(money), float(money), "fixed", "fixed"))
            continue
        least, least_by = _side(low, low_gone, upward=False)
        most, most_by = _side(high, high_gone, upward=True)
        if low.user is not None and low.user > most:  # an upper default gives way to the user
            said.append(sentences.gave_way_to_min(cell.name, most, low.user))
            least = most = low.user
            least_by = most_by = "bound"
        elif high.user is None and most < high.package <= core:
            said.append(sentences.gave_way_to_switch(cell.name, most, high.package))
            most, most_by = high.package, "bound"
        elif least > most:  # and a lower default to an upper one
            least, least_by = most, most_by
        if most < low.spent:
            if high.user is not None:
                said.append(sentences.gave_way_to_spent(cell.name, most, low.spent))
            most, most_by = low.spent, "spent"
        if least < low.spent:
            least, least_by = low.spent, "spent"
        if most > core and least <= core:
            most, most_by = core, ""
        found.append((least, most, least_by, most_by))
    lower, upper, lower_by, upper_by = zip(*found, strict=True)
    return CellBounds(np.array(lower), np.array(upper), lower_by, upper_by, tuple(said))


def _side(side: _Side, gone: Gone, *, upward: bool) -> tuple[float, Source]:
    """The bound that holds on one side of one cell, and who says so."""
    limits: list[tuple[float, Source]] = []
    if side.user is not None:
        limits.append((side.user, "bound"))
    else:
        if upward and "extrapolation" not in gone:
            limits.append((side.extrapolation, "extrapolation"))
        if ("extrapolation" if side.change_by == "dark" else "change") not in gone:
            limits.append((side.change, side.change_by))
    if side.guard is not None and "guard" not in gone:
        limits.append((side.guard, "guard"))
    if not limits:
        return (math.inf if upward else 0.0), ""
    return min(limits, key=lambda limit: limit[0]) if upward else max(limits, key=lambda limit: limit[0])


def _held(cells: Sequence[Cell], amounts: Floats, by: Sequence[Source]) -> str:
    """The amounts of the user, largest first."""
    named = [(amounts[i], cells[i].name) for i in range(len(cells)) if by[i] in {"bound", "fixed"}]
    return ", ".join(f"{name} {sentences.money(amount)}" for amount, name in sorted(named, reverse=True))
