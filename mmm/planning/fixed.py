"""Money that is committed already: how much of each cell, and on which days of the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import overlap_share, period_days
from mmm.data.panel import Dates, Floats, Panel
from mmm.errors import ConfigError
from mmm.planning.names import cells_of, label
from mmm.planning.places import Places
from mmm.planning.reference import geo_split
from mmm.planning.settings import FixedSpend


def fixed_money(
    panel: Panel,
    places: Places,
    entries: tuple[FixedSpend, ...],
    days: tuple[np.datetime64, np.datetime64, Dates],
    pattern: Floats,
    reference: Floats,
    spent: Floats,
    ahead: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Committed money by place, and the shape of each place's money with the days of commitment in it.

    A place that is named gets exactly the money of its entries, no more and no less. An entry for a channel
    with several cells, or for all geos where money is placed by geo, is shared out as in the reference (evenly
    where the reference has none). An entry with days is spread evenly over those days, one without by the place's own
    shape. Where the window has begun, what is spent counts towards it, and the rest falls on the days to come; an entry
    that is past is as it was spent.

    Parameters
    ----------
    places
        What money is placed on.
    days
        First and last day of the window, and its periods.
    pattern
        Shape of each place in the reference, shape (period, geo, place), sums to 1 by place.
    reference
        Money of each place in the reference, shape (place,).
    spent
        Money of each place that is spent already, shape (place,).
    ahead
        Which periods are still to come, shape (period,).

    Returns
    -------
    money
        Shape (place,); nan where nothing is committed.
    pattern
        Shape (period, geo, place), sums to 1 by place.

    Raises
    ------
    ConfigError
        When an entry's days lie outside the window.
    """
    start, end, dates = days
    money = np.full(len(places.cells), np.nan)
    open_money = np.zeros(len(places.cells))
    split = np.stack([geo_split(panel, cell) for cell in range(len(panel.cells))], axis=-1)
    split = places.shapes(split[None])[0]
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
        cells = cells_of(entry, places.cells)
        weights = reference[cells] if reference[cells].sum() > 0 else np.ones(len(cells))
        for cell, part in zip(cells, entry.spend * weights / weights.sum(), strict=True):
            money[cell] = part + (0.0 if np.isnan(money[cell]) else money[cell])
            if held.any():
                shape = np.outer(held / held.sum(), split[:, cell]) if dated else pattern[:, :, cell]
                placed[:, :, cell] += part * shape
                open_money[cell] += part
    if faults:
        raise ConfigError(faults)
    result = pattern.copy()
    for named in np.flatnonzero(open_money > 0):
        result[:, :, named] = placed[:, :, named] / placed[:, :, named].sum()
    return spent + np.clip(money - spent, 0.0, open_money), result
