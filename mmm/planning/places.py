"""What a plan places money on: each cell, or, where its limits name geos, each cell in each geo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Floats, Panel
from mmm.dims import NATIONAL, Cell
from mmm.planning.settings import PlanSettings

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Places:
    """What money is placed on, in the order of the cells and, within a cell, of the geos.

    Attributes
    ----------
    cells
        Each place as a cell; its geo is set where it is a cell in one geo.
    of
        The panel's cell it belongs to, shape (place,).
    inside
        Geos that its money is spent in, shape (geo, place).
    """

    cells: tuple[Cell, ...]
    of: Indices
    inside: NDArray[np.bool_]

    def split(self, by_cell: Floats) -> Floats:
        """Figures of (..., geo, cell) as (..., geo, place), zero where a place has nothing."""
        return np.where(self.inside, by_cell[..., self.of], 0.0)

    def shapes(self, pattern: Floats) -> Floats:
        """The shape of each place's money from that of its cell, shape (period, geo, place), sums to 1 by place.

        A place in which its cell's money never falls has the cell's shape over all geos.
        """
        own = self.split(pattern)
        everywhere = pattern.sum(axis=1, keepdims=True)[..., self.of] * self.inside / self.inside.sum(axis=0)
        own = np.where(own.sum(axis=(0, 1)) > 0, own, everywhere)
        return np.asarray(own / own.sum(axis=(0, 1)))


def by_geo(settings: PlanSettings) -> bool:
    """Whether a limit names a geo, so that money is placed by geo."""
    named = [*(entry.geo for entry in settings.bounds), *(entry.geo for entry in settings.fixed)]
    return any(group.geos for group in settings.groups) or any(geo is not None for geo in named)


def places_of(panel: Panel, settings: PlanSettings) -> Places:
    """What the plan of a panel places money on.

    A cell that is bought for all geos at once (its rows have no geo) stays one place.
    """
    geos, cells = len(panel.geos), len(panel.cells)
    if not by_geo(settings) or panel.geos == (NATIONAL,):
        return Places(panel.cells, np.arange(cells), np.ones((geos, cells), dtype=bool))
    found: list[Cell] = []
    of: list[int] = []
    inside: list[NDArray[np.bool_]] = []
    for i, cell in enumerate(panel.cells):
        whole = bool(panel.national_cells[i])
        for geo in [""] if whole else panel.geos:
            found.append(replace(cell, geo=geo))
            of.append(i)
            inside.append(np.array([whole or name == geo for name in panel.geos]))
    return Places(tuple(found), np.array(of), np.stack(inside, axis=1))


def lines(cells: Sequence[Cell]) -> list[tuple[Cell, list[int]]]:
    """Rows of a table by cell with the places each adds up: a cell over all its geos first, then geo by geo."""
    found: list[tuple[Cell, list[int]]] = []
    for whole in dict.fromkeys(replace(cell, geo="") for cell in cells):
        members = [i for i, cell in enumerate(cells) if replace(cell, geo="") == whole]
        found.append((whole, members))
        found += [(cells[i], [i]) for i in members if cells[i].geo]
    return found
