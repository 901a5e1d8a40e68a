"""The window's past: comparable periods, the weekly shape of each cell, and what its money buys."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Floats, Panel
from mmm.data.settings import Grain
from mmm.errors import ConfigError

Indices = NDArray[np.int64]

YEAR: dict[Grain, int] = {"day": 364, "week": 52, "month": 12}
"""Periods of a year; days and weeks by whole weeks, so that weekdays fall on themselves."""

QUARTER: dict[Grain, int] = {"day": 91, "week": 13, "month": 3}
"""Periods over which spend is called recent."""

STEP: dict[Grain, int] = {"day": 7, "week": 1, "month": 1}
"""Days are shifted by whole weeks only, so that a Monday is compared with a Monday."""


def comparable_periods(
    panel: Panel, first: int, count: int, how: Literal["recent", "last_year"], key: str
) -> Indices:
    """Periods of the panel to compare `count` coming periods with.

    Parameters
    ----------
    first
        Position of the window's first period on the panel's time axis; before its end where the window has begun.
    how
        recent: the last `count` periods of the data. last_year: the same periods a year before (or the
        fewest years before which the data reach).
    key
        The config key that asked, for the message.

    Returns
    -------
    Positions on the panel's time axis, shape (count,), one for each coming period.

    Raises
    ------
    ConfigError
        When the data do not reach back that far.
    """
    periods = len(panel.dates)
    step = STEP[panel.grain] if how == "recent" else YEAR[panel.grain]
    shift = step * -(-(first + count - periods) // step)
    if first - shift < 0:
        other = "recent" if how == "last_year" else "a shorter window"
        raise ConfigError(
            [
                f"`{key}`: {how} needs {shift - first} {panel.grain}s more before {panel.dates[0]}; "
                f"choose {other}, or give a file with the spend"
            ]
        )
    return np.arange(first - shift, first - shift + count)


def like_windows(spend: Floats, share: Floats) -> Floats:
    """Money of each cell in every stretch of the history as long as the window.

    Parameters
    ----------
    spend
        Money by period and cell, shape (period, cell).
    share
        Share of each of the window's periods that lies inside it, shape (window period,).

    Returns
    -------
    Shape (stretch, cell); one stretch, the whole history, where it is shorter than the window.
    """
    count = len(share)
    if len(spend) < count:
        return np.asarray(spend.sum(axis=0, keepdims=True))
    stretches = np.lib.stride_tricks.sliding_window_view(spend, count, axis=0)
    return np.asarray(stretches @ share)


def geo_split(panel: Panel, cell: int) -> Floats:
    """Share of each geo in a cell's money over its last active year, shape (geo,), sums to 1.

    A cell that never spent is split by population, else evenly.
    """
    active = np.flatnonzero(panel.spend[:, :, cell].sum(axis=1) > 0)
    if active.size:
        start = max(0, int(active[-1]) + 1 - YEAR[panel.grain])
        money = panel.spend[start : int(active[-1]) + 1, :, cell].sum(axis=0)
        return np.asarray(money / money.sum())
    if panel.population is not None and np.all(panel.population > 0):
        return np.asarray(panel.population / panel.population.sum())
    return np.full(len(panel.geos), 1.0 / len(panel.geos))


def shapes(panel: Panel, spend: Floats, share: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """How each cell's money is spread over the window's periods and geos.

    Parameters
    ----------
    spend
        The reference, shares already in it, shape (period, geo, cell).
    share
        Share of each period inside the window, shape (period,).

    Returns
    -------
    pattern
        Shape (period, geo, cell); each cell sums to 1. It is the reference's shape, dark weeks included.
    even
        Shape (cell,): cells without reference spend, spread evenly over the days of the window, with the
        split by geo of their last active year.
    """
    totals = spend.sum(axis=(0, 1))
    even = totals <= 0
    pattern = np.divide(spend, totals, out=np.zeros_like(spend), where=~even)
    for cell in np.flatnonzero(even):
        pattern[:, :, cell] = np.outer(share / share.sum(), geo_split(panel, int(cell)))
    return pattern, even


def exposure_per_money(panel: Panel, periods: Indices) -> Floats:
    """Exposure that one unit of money buys, shape (geo, cell).

    Taken over the reference's periods in the geo itself; where nothing was spent there, over all geos in
    those periods; else over the cell's last active quarter; else over its whole history. A cell modelled by
    spend has ones.
    """
    rate = np.ones((len(panel.geos), len(panel.cells)))
    for cell in np.flatnonzero(panel.has_exposure):
        money, exposure = panel.spend[:, :, cell], panel.exposure[:, :, cell]
        active = np.flatnonzero(money.sum(axis=1) > 0)
        stages = [periods, active[-QUARTER[panel.grain] :], active]
        wide = next((money[s].sum() for s in stages if money[s].sum() > 0), 0.0)
        bought = next((exposure[s].sum() for s in stages if money[s].sum() > 0), 0.0)
        fallback = bought / wide if wide > 0 else 0.0
        here = money[periods].sum(axis=0)
        rate[:, cell] = np.divide(
            exposure[periods].sum(axis=0), here, out=np.full(len(panel.geos), fallback), where=here > 0
        )
    return rate
