"""True returns: what spend inside a window brought inside that window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell
from mmm.simulate.media import MediaWorld, media_revenue

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CellTruth:
    """The true return of one cell over a window.

    `contribution` is the expected revenue inside the window caused by spend inside it: the cell's spend in
    the window zeroed, history and all else as it was. `mroi` is the same for one per cent more.
    """

    cell: Cell
    spend: float
    contribution: float
    roi: float
    mroi: float


def true_returns(
    world: MediaWorld, cells: Sequence[Cell], exposure: Floats, spend: Floats, start: int
) -> tuple[CellTruth, ...]:
    """True returns of spend from row `start` on, arrays of shape (period, geo, cell)."""
    money = spend[start:].sum(axis=(0, 1))
    gain = -_extra(world, exposure, start, 0.0)
    extra = _extra(world, exposure, start, 1.01)
    return tuple(
        CellTruth(cell, float(m), float(g), float(g / m), float(e / (0.01 * m)))
        for cell, m, g, e in zip(cells, money, gain, extra, strict=True)
    )


def with_returns(world: MediaWorld, exposure: Floats, spend: Floats, start: int, roi: Floats) -> MediaWorld:
    """The world, its strength scaled so that spend from row `start` on has the given ROI, shape (cell,)."""
    gain = -_extra(world, exposure, start, 0.0)
    return replace(world, strength=world.strength * roi * spend[start:].sum(axis=(0, 1)) / gain)


def _extra(world: MediaWorld, exposure: Floats, start: int, factor: float) -> Floats:
    """Change of revenue from row `start` on, had exposure been multiplied there, shape (cell,).

    Cells do not touch each other in this world, so all of them change at once.
    """
    changed = exposure.copy()
    changed[start:] *= factor
    return (media_revenue(world, changed) - media_revenue(world, exposure))[start:].sum(axis=(0, 1))
