"""A window that has begun: what of its money is spent, what that bought, and what happened since."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.data.panel import Floats, Panel
from mmm.planning.money import in_cents, spread


@dataclass(frozen=True, slots=True)
class Begun:
    """The part of a window that the data cover.

    Attributes
    ----------
    periods
        How many of the window's periods are past; they come first.
    money
        Money spent in the window, whole cents by cell, zero in periods to come, shape (period, geo, cell).
    exposure
        Exposure it bought, shape (period, geo, cell).
    outcome
        What really happened in the periods that are past, whole periods, in money (or units), shape (period past,).
    """

    periods: int
    money: Floats
    exposure: Floats
    outcome: Floats


def what_happened(panel: Panel, first: int, share: Floats) -> Begun:
    """The part of a window that the data cover.

    Parameters
    ----------
    first
        Position of the window's first period on the panel's time axis.
    share
        Share of each of the window's periods that lies inside it, shape (period,).
    """
    past = len(panel.dates) - first
    money, exposure = np.zeros((2, len(share), *panel.spend.shape[1:]))
    inside = share[:past, None, None]
    exposure[:past] = panel.exposure[first:] * inside
    for cell in range(len(panel.cells)):
        really = panel.spend[first:, :, cell] * inside[:, :, 0]
        money[:past, :, cell] = spread(in_cents(float(really.sum())) / 100, really)
    value = 1.0 if panel.unit_value is None else panel.unit_value[first:]
    return Begun(past, money, exposure, np.nansum(panel.outcome[first:] * value, axis=1))
