"""Mean response of a cell on points of money, with a proof of how far it can rise between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.response.curves import WindowCurves, evaluate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CellTable:
    """Mean over draws of one cell's response at ascending points of money.

    Attributes
    ----------
    points
        Money, shape (grid,).
    value, slope
        Mean response and its derivative, shape (grid,); the derivative at 0 may be infinite.
    excess
        Between two points the mean response is never above the chord plus this, shape (grid - 1,).
        It is the sum over draws, periods and geos of each saturation curve's own bound: no sampling in it.
    """

    points: Floats
    value: Floats
    slope: Floats
    excess: Floats


def tabulate(curves: WindowCurves, cell: int, points: Floats) -> CellTable:
    """The table of one cell at ascending, distinct points."""
    value, slope, excess = evaluate(curves, cell, points)
    return CellTable(points, value.mean(axis=1), slope.mean(axis=1), excess.mean(axis=1))


def refine(curves: WindowCurves, cell: int, table: CellTable, extra: Floats) -> CellTable:
    """The table with more points; only intervals that get one are evaluated again.

    Points outside the table are refused by construction of the callers; those it has already are ignored.
    """
    points = np.union1d(table.points, extra)
    if points.size == table.points.size:
        return table
    old = np.searchsorted(points, table.points)
    known = np.zeros(points.size, dtype=bool)
    known[old] = True
    # an interval is kept when both its ends were neighbours before
    kept = known[:-1] & known[1:]
    wanted = np.zeros(points.size, dtype=bool)
    wanted[:-1] |= ~kept
    wanted[1:] |= ~kept
    fresh = tabulate(curves, cell, points[wanted])
    value, slope = np.empty(points.size), np.empty(points.size)
    value[old], slope[old] = table.value, table.slope
    value[wanted], slope[wanted] = fresh.value, fresh.slope
    excess = np.empty(points.size - 1)
    excess[kept] = table.excess[_interval(table.points, points[:-1][kept])]
    excess[~kept] = fresh.excess[_interval(fresh.points, points[:-1][~kept])]
    return CellTable(points, value, slope, excess)


def _interval(points: Floats, left: Floats) -> NDArray[np.intp]:
    """Index of the interval that begins at each of the given points."""
    return np.searchsorted(points, left)
