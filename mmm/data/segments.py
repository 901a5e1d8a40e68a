"""The outcome of each segment on the axis of the whole: the parts that are fitted side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.axis import Axis, Findings
from mmm.data.outcome import align_outcome
from mmm.data.settings import CalendarSettings
from mmm.data.tables import Tables

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SegmentOutcome:
    """Outcome and money per unit of one segment, shape (period, geo); no money per unit where it has no value."""

    name: str
    outcome: Floats
    unit_value: Floats | None


def align_segments(
    tables: Tables, axis: Axis, calendar: CalendarSettings, found: Findings
) -> tuple[SegmentOutcome, ...]:
    """The outcome of every segment, in the order of the table; none where the config names none.

    Each has all periods of the whole: a period without a row is a gap of that segment, and one that begins later has
    to say that it was nothing before.
    """
    names = [name for name in dict.fromkeys(tables.outcome["segment"].tolist()) if name]
    info = tables.infos["data.outcome"]
    parts = []
    for name in names:
        rows = tables.outcome[tables.outcome["segment"] == name].reset_index(drop=True)
        where = f'{info.where}, segment "{name}"'
        if not rows["outcome"].notna().any():
            found.faults.append(f"{where}: the outcome has no numbers; take its rows out")
            continue
        if not rows["outcome"].fillna(0.0).any():
            found.faults.append(
                f"{where}: the outcome is always 0, so nothing explains it; take its rows out"
            )
            continue
        own = replace(tables, outcome=rows, infos=tables.infos | {"data.outcome": replace(info, where=where)})
        outcome, unit_value, _, _ = align_outcome(own, axis, calendar, found)
        parts.append(SegmentOutcome(name, outcome, unit_value))
    _refuse_late(parts, axis, info.where, found)
    return tuple(parts)


def _refuse_late(parts: list[SegmentOutcome], axis: Axis, where: str, found: Findings) -> None:
    begins = [int(np.flatnonzero(~np.isnan(part.outcome).all(axis=1))[0]) for part in parts]
    for part, first in zip(parts, begins, strict=True):
        if first > min(begins):
            found.faults.append(
                f'{where}, segment "{part.name}": it begins {axis.dates[first]} and others {axis.dates[min(begins)]}. '
                "Write 0 where it had no outcome yet, or leave out the earlier rows of all"
            )
