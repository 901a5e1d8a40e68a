"""Least and most money that a config asks of a place, or of a cell over all its geos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.panel import Floats
from mmm.dims import Cell
from mmm.errors import ConfigError
from mmm.planning import sentences
from mmm.planning.names import cells_of, depth_of, over_geos
from mmm.planning.settings import CellBound, PlanSettings

CENT = 0.005
"""Money below which two sums are the same."""

Sides = tuple[list[float | None], list[float | None]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A cell over all its geos, where money is placed by geo and an entry of `plan.bounds` names no geo.

    Attributes
    ----------
    name
        As messages call it.
    members
        Its places.
    low, high
        What the config asks of all of them together; None where it asks nothing.
    """

    name: str
    members: tuple[int, ...]
    low: float | None
    high: float | None


def asked_of_places(cells: Sequence[Cell], settings: PlanSettings, current: Floats) -> Sides:
    """Least and most money the config asks of each place on its own."""
    found: Sides = ([], [])
    for i, cell in enumerate(cells):
        entries = [entry for entry in settings.bounds if not over_geos(entry, cell)]
        for side, amount in zip(found, asked_of(cell, entries, float(current[i])), strict=True):
            side.append(amount)
    _refuse_crossed([cell.name for cell in cells], *found)
    return found


def asked_of_wholes(cells: Sequence[Cell], settings: PlanSettings, current: Floats) -> tuple[Whole, ...]:
    """What the config asks of cells over all their geos; nothing where money is not placed by geo."""
    entries = [entry for entry in settings.bounds if entry.geo is None]
    found = []
    for whole in dict.fromkeys(replace(cell, geo="") for cell in cells if cell.geo):
        members = [i for i, cell in enumerate(cells) if replace(cell, geo="") == whole]
        low, high = asked_of(whole, entries, float(current[members].sum()))
        if low is not None or high is not None:
            found.append(Whole(f"{whole.name} over all geos", tuple(members), low, high))
    _refuse_crossed([w.name for w in found], [w.low for w in found], [w.high for w in found])
    return tuple(found)


def asked_of(cell: Cell, entries: Iterable[CellBound], current: float) -> tuple[float | None, float | None]:
    """Least and most money of one cell; of entries that match, those that name more levels go before.

    Where several name as many, the tighter amount holds.
    """
    low: tuple[int, float] | None = None
    high: tuple[int, float] | None = None
    for entry in entries:
        if not cells_of(entry, [cell]):
            continue
        depth = depth_of(entry)
        if entry.min is not None:
            low = max(low or (depth, -np.inf), (depth, entry.min.resolve(current)))
        if entry.max is not None:
            least = (-depth, entry.max.resolve(current))
            high = min(high or least, least)
    return None if low is None else low[1], None if high is None else high[1]


def _refuse_crossed(names: Sequence[str], low: Sequence[float | None], high: Sequence[float | None]) -> None:
    """Refuse a least amount above the most of the same cell."""
    faults = [
        f"`plan.bounds`: {name} has a min of {sentences.money(least)} above its max of "
        f"{sentences.money(most)}; lower the min or raise the max"
        for name, least, most in zip(names, low, high, strict=True)
        if least is not None and most is not None and least > most + CENT
    ]
    if faults:
        raise ConfigError(faults)
