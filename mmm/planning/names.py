"""Which cells an entry of `plan.bounds` or `plan.fixed` means, and faults for names nobody has."""

from __future__ import annotations

from collections.abc import Sequence

from mmm.data.names import nearest
from mmm.dims import Cell
from mmm.planning.settings import CellBound, FixedSpend, GroupLimit, PlanSettings


def cells_of(entry: CellBound | FixedSpend, cells: Sequence[Cell]) -> list[int]:
    """Indices of the cells an entry means: a level it leaves out means every cell below."""
    return [
        index
        for index, cell in enumerate(cells)
        if cell.channel == entry.channel
        and (entry.audience is None or cell.audience == entry.audience)
        and (entry.message is None or cell.message == entry.message)
    ]


def group_cells(entry: GroupLimit, cells: Sequence[Cell]) -> list[int]:
    """Indices of the cells of a group: those of its channels that have its audiences."""
    return [
        index
        for index, cell in enumerate(cells)
        if (not entry.channels or cell.channel in entry.channels)
        and (not entry.audiences or cell.audience in entry.audiences)
    ]


def label(entry: CellBound | FixedSpend) -> str:
    """The entry's cell or channel as people read it."""
    return Cell(entry.channel, entry.audience or "", entry.message or "").name


def unknown(name: str, known: Sequence[str], kind: str) -> str:
    """One sentence: the name, the nearest known one, and all known ones."""
    close = nearest(name, known)
    guess = f" Did you mean {close!r}?" if close else ""
    return f"unknown {kind} {name!r}.{guess} Known: {', '.join(known) or 'none'}"


def name_faults(settings: PlanSettings, cells: Sequence[Cell]) -> list[str]:
    """Sentences for entries of `plan.bounds`, `plan.fixed` and `plan.groups` whose names no cell has."""
    named: list[tuple[str, CellBound | FixedSpend]] = [
        *((f"`plan.bounds` entry {k}: ", bound) for k, bound in enumerate(settings.bounds, start=1)),
        *((f"`plan.fixed` entry {k}: ", fixed) for k, fixed in enumerate(settings.fixed, start=1)),
    ]
    faults = [where + fault for where, entry in named if (fault := _name_fault(entry, cells))]
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    faults += [
        "`plan.prices`: " + unknown(name, channels, "channel")
        for name in settings.prices
        if name not in channels
    ]
    for k, group in enumerate(settings.groups, start=1):
        where = f"`plan.groups` entry {k} ({group.name}): "
        faults += [where + fault for fault in _group_faults(group, cells)]
    return faults


def _group_faults(entry: GroupLimit, cells: Sequence[Cell]) -> list[str]:
    """What is wrong with the names of a group."""
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    audiences = [name for name in dict.fromkeys(cell.audience for cell in cells) if name]
    faults = [unknown(name, channels, "channel") for name in entry.channels if name not in channels]
    faults += [unknown(name, audiences, "audience") for name in entry.audiences if name not in audiences]
    if not faults and not group_cells(entry, cells):
        faults.append("no cell has one of its channels and one of its audiences; name others")
    return faults


def _name_fault(entry: CellBound | FixedSpend, cells: Sequence[Cell]) -> str:
    """What is wrong with one entry's names; empty where nothing is."""
    if cells_of(entry, cells):
        return ""
    same_channel = [cell for cell in cells if cell.channel == entry.channel]
    if not same_channel:
        return unknown(entry.channel, list(dict.fromkeys(cell.channel for cell in cells)), "channel")
    audiences = [name for name in dict.fromkeys(cell.audience for cell in same_channel) if name]
    if entry.audience is not None and entry.audience not in audiences:
        return f"in channel {entry.channel!r}: " + unknown(entry.audience, audiences, "audience")
    messages = [name for name in dict.fromkeys(cell.message for cell in same_channel) if name]
    return f"in channel {entry.channel!r}: " + unknown(entry.message or "", messages, "message")
