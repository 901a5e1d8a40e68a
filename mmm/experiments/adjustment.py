"""What controls and other media do to some regions more than to others, taken out before regions are compared.

A price cut in one region, or a campaign that ran in half of them, makes regions differ where nothing was tested. What
it usually does is known from the rows without the test, so it need not count as noise (regression adjustment: Deng et
al. 2013 for experiments on people; Lin 2013). The coefficients come from rows before the test only, so the test cannot
change them. Tested media count with the exposure they would have had without the test: what the test changed is never
taken out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

KEPT_A_WEEK = 0.5
"""Share of media's pressure that is still there a week later."""

ROWS_EACH = 20
"""Rows for each influence; with fewer nothing is taken out."""

DIFFERS = 0.02
"""Least share of an influence's variation that is not the same in all regions."""

WEEKS = {"day": 1 / 7, "week": 1.0, "month": 30.4375 / 7}


@dataclass(frozen=True, slots=True)
class Influences:
    """What else moves regions.

    Attributes
    ----------
    names
        Of controls, owned media, and paid cells.
    values
        Controls as they are; media as pressure with a memory, bounded; shape (period, geo, influence).
    """

    names: tuple[str, ...]
    values: Floats


def influences_of(panel: Panel, rows: Flags) -> Influences:
    """All that a panel knows of regions beside their outcome.

    Channels that meet people who were looking already (`role: demand_capture`) are left out: they answer to what is
    tested, and taking them out would take out a part of its effect.

    Parameters
    ----------
    rows
        Periods without a test, which say how large a region is, shape (period,).
    """
    kept = KEPT_A_WEEK ** WEEKS[panel.grain]
    size = np.nan_to_num(panel.outcome[rows]).mean(axis=0) if rows.any() else np.zeros(len(panel.geos))
    per = np.where(size > 0, size, 1.0)[:, None]
    paid = [i for i, cell in enumerate(panel.cells) if cell.channel not in panel.demand_capture]
    names = [*panel.control_names, *panel.organic_names, *(panel.cells[i].name for i in paid)]
    values = [
        panel.controls,
        _pressure(panel.organic / per, kept),
        _pressure(panel.exposure[:, :, paid] / per, kept),
    ]
    return Influences(tuple(names), np.nan_to_num(np.concatenate(values, axis=2)))


def explained(found: Influences, outcome: Floats, rows: Flags, regions: Collection[int]) -> Floats:
    """What each influence adds to the outcome of each region, above its mean there.

    Ordinary least squares of the outcome over its regional mean, level of every region and of every period taken out:
    only what differs between regions tells.

    Parameters
    ----------
    outcome
        In its own unit, shape (period, geo).
    rows
        Periods that tell, without missing outcomes in the regions, shape (period,).
    regions
        Those that are compared, as indices.

    Returns
    -------
    Shape (period, region, influence); zero where an influence is the same everywhere, or rows are few.
    """
    at = list(regions)
    values, y = found.values[:, at], outcome[np.ix_(np.flatnonzero(rows), at)]
    parts = np.zeros(values.shape)
    if y.shape[0] < 2 or y.shape[1] < 2 or values.shape[2] == 0:
        return parts
    size = y.mean(axis=0)
    z = values[rows]
    apart = _two_way(z)
    spread = np.sqrt((apart**2).mean(axis=(0, 1)))
    around = np.sqrt(((z - z.mean(axis=(0, 1))) ** 2).mean(axis=(0, 1)))
    known = np.flatnonzero(
        spread > np.maximum(DIFFERS * around, 1e-12 * np.abs(z).max(axis=(0, 1), initial=0.0))
    )
    freedom = (y.shape[0] - 1) * (y.shape[1] - 1)
    if known.size == 0 or freedom < ROWS_EACH * known.size or (size <= 0).any():
        return parts
    design = (apart[:, :, known] / spread[known]).reshape(-1, known.size)
    target = _two_way((y / size)[:, :, None]).ravel()
    weights = np.linalg.lstsq(design, target, rcond=1e-6)[0] / spread[known]
    parts[:, :, known] = size[:, None] * (values[:, :, known] - z.mean(axis=0)[:, known]) * weights
    return parts


def _pressure(exposure: Floats, kept: float) -> Floats:
    """Exposure that fades, between 0 and 1, one half at its mean; shape (period, geo, medium)."""
    stock = np.zeros_like(exposure)
    carried = np.zeros(exposure.shape[1:])
    for t, now in enumerate(np.nan_to_num(exposure)):
        carried = kept * carried + now
        stock[t] = carried
    active = np.maximum((stock > 0).sum(axis=(0, 1)), 1)
    mean = stock.sum(axis=(0, 1)) / active
    return np.asarray(stock / np.where(stock + mean > 0, stock + mean, 1.0))


def _two_way(values: Floats) -> Floats:
    """Without the level of each region and of each period; shape (period, region, ...)."""
    by_region, by_period = values.mean(axis=0), values.mean(axis=1)
    return np.asarray(values - by_region - by_period[:, None] + values.mean(axis=(0, 1)))
