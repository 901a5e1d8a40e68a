"""Which cells an entry of `plan.bounds`, `plan.fixed` or `plan.groups` means, and faults for names nobody has."""

from __future__ import annotations

from collections.abc import Sequence

from mmm.data.names import nearest
from mmm.dims import NATIONAL, Cell
from mmm.planning.settings import CellBound, FixedSpend, GroupLimit, PlanSettings


def cells_of(entry: CellBound | FixedSpend, cells: Sequence[Cell]) -> list[int]:
    """Indices of the cells an entry means: a level it leaves out means every cell below."""
    return [
        index
        for index, cell in enumerate(cells)
        if cell.channel == entry.channel
        and (entry.audience is None or cell.audience == entry.audience)
        and (entry.message is None or cell.message == entry.message)
        and (entry.geo is None or cell.geo == entry.geo)
    ]


def depth_of(entry: CellBound) -> int:
    """How many levels an entry names below the channel."""
    return sum(level is not None for level in (entry.audience, entry.message, entry.geo))


def over_geos(entry: CellBound | FixedSpend, cell: Cell) -> bool:
    """Whether an entry speaks of all geos of a cell together, and this is the cell in one of them."""
    return entry.geo is None and cell.geo != ""


def group_cells(entry: GroupLimit, cells: Sequence[Cell]) -> list[int]:
    """Indices of the cells of a group: those of its channels that have its audiences, in its geos."""
    return [
        index
        for index, cell in enumerate(cells)
        if (not entry.channels or cell.channel in entry.channels)
        and (not entry.audiences or cell.audience in entry.audiences)
        and (not entry.geos or cell.geo in entry.geos)
    ]


def label(entry: CellBound | FixedSpend) -> str:
    """The entry's cell or channel as people read it."""
    return Cell(entry.channel, entry.audience or "", entry.message or "", entry.geo or "").name


def unknown(name: str, known: Sequence[str], kind: str) -> str:
    """One sentence: the name, the nearest known one, and all known ones."""
    close = nearest(name, known)
    guess = f" Did you mean {close!r}?" if close else ""
    return f"unknown {kind} {name!r}.{guess} Known: {', '.join(known) or 'none'}"


def name_faults(settings: PlanSettings, cells: Sequence[Cell], geos: Sequence[str]) -> list[str]:
    """Sentences for entries of `plan.bounds`, `plan.fixed` and `plan.groups` whose names no cell has.

    Parameters
    ----------
    cells
        What money is placed on.
    geos
        Of the model; the one geo "" where it has none.
    """
    named: list[tuple[str, CellBound | FixedSpend]] = [
        *((f"`plan.bounds` entry {k}: ", bound) for k, bound in enumerate(settings.bounds, start=1)),
        *((f"`plan.fixed` entry {k}: ", fixed) for k, fixed in enumerate(settings.fixed, start=1)),
    ]
    faults = [where + fault for where, entry in named if (fault := name_fault(entry, cells, geos))]
    faults += [where + fault for where, entry in named if (fault := _switch_fault(entry, cells))]
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    faults += [
        "`plan.prices`: " + unknown(name, channels, "channel")
        for name in settings.prices
        if name not in channels
    ]
    for k, group in enumerate(settings.groups, start=1):
        where = f"`plan.groups` entry {k} ({group.name}): "
        faults += [where + fault for fault in _group_faults(group, cells, geos)]
    return faults


def _geo_fault(name: str, geos: Sequence[str]) -> str:
    """What is wrong with the name of a geo; empty where nothing is."""
    if name in geos:
        return ""
    if tuple(geos) == (NATIONAL,):
        return f"names the geo {name!r}, and the data have none (`data.geo`); take it out"
    return unknown(name, geos, "geo")


def _switch_fault(entry: CellBound | FixedSpend, cells: Sequence[Cell]) -> str:
    """What is wrong with being off or on, or packages, over all geos where money is placed by geo."""
    if isinstance(entry, FixedSpend):
        return ""
    keys = [key for key in ("min_if_on", "lot", "cost_if_on") if getattr(entry, key) is not None]
    if not keys or not any(over_geos(entry, cells[i]) for i in cells_of(entry, cells)):
        return ""
    return (
        f"{' and '.join(keys)} would hold for all geos together, and this plan places money geo by geo; give the "
        "entry a geo, or name no geo in any limit of the plan"
    )


def _group_faults(entry: GroupLimit, cells: Sequence[Cell], geos: Sequence[str]) -> list[str]:
    """What is wrong with the names of a group."""
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    audiences = [name for name in dict.fromkeys(cell.audience for cell in cells) if name]
    faults = [unknown(name, channels, "channel") for name in entry.channels if name not in channels]
    faults += [unknown(name, audiences, "audience") for name in entry.audiences if name not in audiences]
    faults += [fault for name in entry.geos if (fault := _geo_fault(name, geos))]
    if faults or group_cells(entry, cells):
        return faults
    anywhere = group_cells(entry.model_copy(update={"geos": ()}), cells)
    if not anywhere:
        return ["no cell has one of its channels and one of its audiences; name others"]
    return [_bought_whole([cells[i] for i in anywhere])]


def _bought_whole(cells: Sequence[Cell]) -> str:
    """Cells that no limit on a geo can count."""
    return (
        f"{', '.join(cell.name for cell in cells)} cannot be limited by geo: the rows of the data have none, so the "
        "money is split by population and planned as one. Give the spend by geo, or take the geo out"
    )


def name_fault(entry: CellBound | FixedSpend, cells: Sequence[Cell], geos: Sequence[str]) -> str:
    """What is wrong with one entry's names; empty where nothing is."""
    if cells_of(entry, cells):
        return ""
    if entry.geo is not None:
        if fault := _geo_fault(entry.geo, geos):
            return fault
        if whole := cells_of(entry.model_copy(update={"geo": None}), cells):
            return _bought_whole([cells[i] for i in whole])
    same_channel = [cell for cell in cells if cell.channel == entry.channel]
    if not same_channel:
        return unknown(entry.channel, list(dict.fromkeys(cell.channel for cell in cells)), "channel")
    audiences = [name for name in dict.fromkeys(cell.audience for cell in same_channel) if name]
    if entry.audience is not None and entry.audience not in audiences:
        return f"in channel {entry.channel!r}: " + unknown(entry.audience, audiences, "audience")
    messages = [name for name in dict.fromkeys(cell.message for cell in same_channel) if name]
    return f"in channel {entry.channel!r}: " + unknown(entry.message or "", messages, "message")
