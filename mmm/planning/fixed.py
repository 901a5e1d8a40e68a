"""Money that is committed already: how much of each cell, and on which days of the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import overlap_share, period_days
from mmm.data.panel import Dates, Floats, Panel
from mmm.errors import ConfigError
from mmm.planning.names import cells_of, label
from mmm.planning.reference import geo_split
from mmm.planning.settings import FixedSpend


def fixed_money(
    panel: Panel,
    entries: tuple[FixedSpend, ...],
    days: tuple[np.datetime64, np.datetime64, Dates],
    pattern: Floats,
    reference: Floats,
    spent: Floats,
    ahead: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Committed money by cell, and the shape of each cell's money with the days of commitment in it.

    A cell that is named gets exactly the money of its entries, no more and no less. An entry for a channel
    with several cells is shared out as in the reference (evenly where the reference has none). An entry with
    days is spread evenly over those days, one without by the cell's own shape. Where the window has begun, what is
    spent counts towards it, and the rest falls on the days to come; an entry that is past is as it was spent.

    Parameters
    ----------
    days
        First and last day of the window, and its periods.
    pattern
        Shape of each cell in the reference, shape (period, geo, cell), sums to 1 by cell.
    reference
        Money of each cell in the reference, shape (cell,).
    spent
        Money of each cell that is spent already, shape (cell,).
    ahead
        Which periods are still to come, shape (period,).

    Returns
    -------
    money
        Shape (cell,); nan where nothing is committed.
    pattern
        Shape (period, geo, cell), sums to 1 by cell.

    Raises
    ------
    ConfigError
        When an entry's days lie outside the window.
    """
    start, end, dates = days
    money = np.full(len(panel.cells), np.nan)
    open_money = np.zeros(len(panel.cells))
    placed = np.zeros_like(pattern)
    faults = []
    for number, entry in enumerate(entries, start=1):
        first = start if entry.start is None else np.datetime64(entry.start, "D")
        last = end if entry.end is None else np.datetime64(entry.end, "D")
        if first < start or last > end or last < first:
            faults.append(
                f"`plan.fixed` entry {number} ({label(entry)}) runs {first} to {last}; the window is {start} "
                f"to {end}. Give days inside the window"
            )
            continue
        dated = entry.start is not None or entry.end is not None
        held = overlap_share(np.array([first]), np.array([last]), dates, panel.grain)
        held = held * period_days(dates, panel.grain) * ahead
        cells = cells_of(entry, panel.cells)
        weights = reference[cells] if reference[cells].sum() > 0 else np.ones(len(cells))
        for cell, part in zip(cells, entry.spend * weights / weights.sum(), strict=True):
            money[cell] = part + (0.0 if np.isnan(money[cell]) else money[cell])
            if held.any():
                shape = np.outer(held / held.sum(), geo_split(panel, cell)) if dated else pattern[:, :, cell]
                placed[:, :, cell] += part * shape
                open_money[cell] += part
    if faults:
        raise ConfigError(faults)
    result = pattern.copy()
    for named in np.flatnonzero(open_money > 0):
        result[:, :, named] = placed[:, :, named] / placed[:, :, named].sum()
    return spent + np.clip(money - spent, 0.0, open_money), result
