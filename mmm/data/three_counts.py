"""What platforms, analytics and the CRM count on the axes of a panel: period by leaf of the media tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, days_of
from mmm.data.calendar import detect_week_start
from mmm.data.count_settings import COUNTED
from mmm.data.counts import INSIDE, KEYS
from mmm.data.names import nearest
from mmm.data.panel import Check, Panel
from mmm.data.tables import Tables
from mmm.dims import Cell
from mmm.errors import DataError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ThreeCounts:
    """Counts of a company, aligned.

    A leaf is a cell of the panel, or several where the counts are coarser than the media tables (a channel without
    its audiences). Cells that nobody counts are leaves too.

    Attributes
    ----------
    leaves
        What the columns are about.
    members
        Which cells of the panel belong to a leaf, shape (leaf, cell); each cell to one.
    counted
        By name (`claimed`, `matched`, ...), shape (period, leaf): nan where a system does not count the leaf, and in
        periods before or after its table. Only what some table has; money is net of VAT.
    orders, new_customers
        Of the company, shape (period,); None where the config names no column.
    """

    leaves: tuple[Cell, ...]
    members: Flags
    counted: dict[str, Floats]
    orders: Floats | None
    new_customers: Floats | None = None

    @property
    def covered(self) -> Flags:
        """Periods that every table of counts covers, shape (period,)."""
        given = [np.isfinite(values).any(axis=1) for values in self.counted.values()]
        return np.asarray(np.logical_and.reduce(given)) if given else np.zeros(0, bool)


def align_counts(tables: Tables, panel: Panel) -> tuple[ThreeCounts, list[Check]]:
    """Put the counts on the periods and cells of a panel.

    Rows of channels that are not paid media are listed and left out.

    Raises
    ------
    DataError
        Periods inside a table without any row; a channel counted with and without its audiences.
    """
    axis = Axis(
        panel.dates, panel.geos, panel.grain, detect_week_start(panel.dates[:1]) or "monday"
    )  # as the panel was made
    orders, customers = (_of_the_company(tables, name, axis, panel) for name in ("orders", "new_customers"))
    frame = tables.counts
    keys = [Cell(*key) for key in zip(*(frame[name] for name in KEYS), strict=True)]
    leaves, members, faults = _leaves(list(dict.fromkeys(keys)), panel)
    number = {leaf: k for k, leaf in enumerate(leaves)}
    of_leaf = np.array([number.get(key, -1) for key in keys], np.int64)
    notes = _strangers(frame, of_leaf, panel)
    t = axis.period(days_of(frame)) if len(frame) else np.zeros(0, np.int64)
    counted: dict[str, Floats] = {}
    for key in dict.fromkeys(frame["table"].tolist()):
        mine = (frame["table"] == key).to_numpy()
        where = tables.infos[key].where
        inside = np.unique(t[mine & (t >= 0)])
        if not inside.size:
            faults.append(f"{where}: no row lies in the periods of the outcome; look at its dates")
            continue
        span = np.arange(inside[0], inside[-1] + 1)
        lost = np.setdiff1d(span, inside)
        if lost.size:
            shown = ", ".join(str(panel.dates[k]) for k in lost[:3])
            more = f" and {lost.size - 3} more" if lost.size > 3 else ""
            faults.append(
                f"{where}: no counts for the {panel.grain} of {shown}{more}, which the outcome has. Load them, or "
                "write 0 where nothing was counted"
            )
        if span.size < len(panel.dates):
            notes.append(_short(where, panel, int(span[0]), int(span[-1])))
        use = mine & (t >= 0) & (of_leaf >= 0)
        for name in (*COUNTED, *INSIDE):
            values = frame[name].to_numpy(float)
            given = use & np.isfinite(values)
            if given.any():
                added = _summed(
                    values[given], t[given], of_leaf[given], (len(panel.dates), len(leaves)), span
                )
                counted[name] = _joined(counted.get(name), added)
    if faults:
        raise DataError(faults)
    return ThreeCounts(leaves, members, counted, orders, customers), notes


def _leaves(keys: list[Cell], panel: Panel) -> tuple[tuple[Cell, ...], Flags, list[str]]:
    """Leaves in the order of the panel's cells, and which cells each holds."""
    holds = {key: [c for c, cell in enumerate(panel.cells) if _inside(cell, key)] for key in keys}
    owner: dict[int, Cell] = {}
    faults = []
    for key, held in holds.items():
        for c in held:
            if owner.setdefault(c, key) != key:
                faults.append(
                    f'`data.attribution`: {panel.cells[c].name} is counted as "{owner[c].name}" and as "{key.name}"; '
                    "count a channel with its audiences or without, not both"
                )
    leaves = tuple(dict.fromkeys(owner.get(c, cell) for c, cell in enumerate(panel.cells)))
    members = np.array(
        [[owner.get(c, cell) == leaf for c, cell in enumerate(panel.cells)] for leaf in leaves], bool
    )
    return leaves, members, list(dict.fromkeys(faults))


def _inside(cell: Cell, key: Cell) -> bool:
    """Whether a cell of the panel belongs to what a row of counts names."""
    return (
        cell.channel == key.channel
        and key.audience in ("", cell.audience)
        and key.message in ("", cell.message)
    )


def _strangers(frame: pd.DataFrame, of_leaf: NDArray[np.int64], panel: Panel) -> list[Check]:
    """Channels that are counted and are not paid media."""
    found = []
    known = [cell.name for cell in panel.cells]
    cells = [Cell(*key) for key in zip(*(frame[name] for name in KEYS), strict=True)]
    strange = Counter(cell for cell, leaf in zip(cells, of_leaf.tolist(), strict=True) if leaf < 0)
    for cell, rows in sorted(strange.items()):
        name = cell.name
        near = nearest(name, known) or nearest(cell.channel, {cell.channel for cell in panel.cells})
        hint = f'If it is "{near}", write it alike, or under `channels: was`.' if near else ""
        found.append(
            Check(
                "counted, not paid",
                "review",
                name,
                f"{rows} rows",
                "no media table has it: left out of scorecard and bridge",
                hint or "Nothing to do where it costs nothing, as direct visits.",
            )
        )
    return found


def _short(where: str, panel: Panel, first: int, last: int) -> Check:
    return Check(
        "counts are shorter",
        "review",
        where,
        f"{panel.dates[first]} to {panel.dates[last]}",
        f"{last - first + 1} of {len(panel.dates)} periods",
        "Scorecard and bridge use what is there. Load the rest to see more.",
    )


def _summed(
    values: Floats,
    t: NDArray[np.int64],
    leaf: NDArray[np.int64],
    shape: tuple[int, int],
    span: NDArray[np.int64],
) -> Floats:
    """Rows added up; a table without a row of a leaf it counts says zero, inside its span."""
    out = np.full(shape, np.nan)
    out[np.ix_(span, np.unique(leaf))] = 0.0
    np.add.at(out, (t, leaf), values)
    return out


def _joined(first: Floats | None, second: Floats) -> Floats:
    """Two tables that count the same thing: added where both have it."""
    if first is None:
        return second
    both = np.isfinite(first) & np.isfinite(second)
    return np.where(both, first + second, np.where(np.isfinite(first), first, second))


def _of_the_company(tables: Tables, name: str, axis: Axis, panel: Panel) -> Floats | None:
    """A count in the table of the outcome by period; nan where all rows of it are empty, or one of a single segment."""
    values = tables.outcome[name].to_numpy(float)
    known = np.isfinite(values)
    if not known.any():
        return None
    t = axis.period(days_of(tables.outcome))
    inside = t >= 0
    out, given, rows = np.zeros((3, len(panel.dates)))
    np.add.at(out, t[inside & known], values[inside & known])
    np.add.at(given, t[inside], known[inside])
    np.add.at(rows, t[inside], 1.0)
    by_segment = tables.outcome["segment"].nunique() > 1  # a long table may count them in one segment's rows
    out[(given == 0) | ((given < rows) & (not by_segment))] = np.nan
    out[: panel.first] = np.nan
    return out
