"""Mean response of a cell on points of money, with a proof of how far it can rise between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell
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
        Mean response and its derivative, shape (grid,); the derivative at 0 may be infinite. Where some draws begin
        infinitely steep upwards and others downwards it is the slope of the chord to the next point.
    excess
        Between two points the mean response is never above the chord plus this, shape (grid - 1,).
        It is the sum over draws, periods and geos of each saturation curve's own bound: no sampling in it.
    """

    points: Floats
    value: Floats
    slope: Floats
    excess: Floats


@dataclass(frozen=True, slots=True)
class Sketch:
    """Mean responses drawn once as smooth lines, in place of the curves where many budgets are tried.

    Between its points each line is the cubic with the points' values and slopes. Where those are dense it is the mean
    curve for every purpose but a proof.

    Attributes
    ----------
    cells
        What money is placed on.
    draws
        How many draws are behind the lines.
    points, value, slope
        By cell: ascending money from 0 on, mean response, and its derivative, shape (grid,).
    """

    cells: tuple[Cell, ...]
    draws: int
    points: tuple[Floats, ...]
    value: tuple[Floats, ...]
    slope: tuple[Floats, ...]

    def table(self, cell: int, money: Floats) -> CellTable:
        """The table of one cell at ascending, distinct points, all within the sketch."""
        x, y, s = self.points[cell], self.value[cell], self.slope[cell]
        value, slope = hermite(x, y[:, None], s[:, None], money)
        width, left = np.diff(x), piece_of(x, money)
        chord = np.diff(y) / width
        bend = np.stack([6 * chord - 4 * s[:-1] - 2 * s[1:], 2 * s[:-1] + 4 * s[1:] - 6 * chord]) / width
        hollow = np.maximum(-bend, 0.0).max(axis=0)  # a cubic's second derivative is greatest at its ends
        most = [hollow[a : b + 1].max() for a, b in pairwise(left)]
        return CellTable(money, value[:, 0], slope[:, 0], np.array(most) * np.diff(money) ** 2 / 8)


@dataclass(frozen=True, slots=True)
class Abroad:
    """Curves of one market among several, each with a currency of its own.

    Attributes
    ----------
    curves
        In the market's own money.
    rate
        Money of the portfolio for a unit of it.
    worth
        Money for a unit of response.
    """

    curves: WindowCurves
    rate: float
    worth: float


@dataclass(frozen=True, slots=True)
class MarketCurves:
    """Curves of several markets side by side: all money, and what it brings, in one currency.

    Attributes
    ----------
    parts
        The markets.
    cells
        What money is placed on, market by market.
    """

    parts: tuple[Abroad, ...]
    cells: tuple[Cell, ...]

    @property
    def draws(self) -> int:
        """The fewest draws of a market: each mean is over its own."""
        return min(part.curves.draws for part in self.parts)

    def table(self, cell: int, money: Floats) -> CellTable:
        """The table of one cell at ascending, distinct points; its response is worth 1 a unit."""
        for part in self.parts:
            if cell < len(part.curves.cells):
                break
            cell -= len(part.curves.cells)
        there = tabulate(part.curves, cell, money / part.rate)
        worth = part.worth * part.rate
        return CellTable(money, worth * there.value, part.worth * there.slope, worth * there.excess)


Curves = WindowCurves | Sketch | MarketCurves


def piece_of(points: Floats, money: Floats) -> NDArray[np.intp]:
    """Index of the interval between points in which each amount of money lies."""
    return np.clip(np.searchsorted(points, money, side="right") - 1, 0, points.size - 2)


def hermite(points: Floats, value: Floats, slope: Floats, money: Floats) -> tuple[Floats, Floats]:
    """Cubic Hermite interpolation and its derivative at amounts of money, each of shape (money, draw).

    Parameters
    ----------
    points
        Ascending, shape (grid,).
    value, slope
        Shape (grid, draw).
    money
        Shape (money,).
    """
    j = piece_of(points, money)
    width = (points[j + 1] - points[j])[:, None]
    q = (money - points[j])[:, None] / width
    rise = value[j + 1] - value[j]
    left, right = slope[j] * width, slope[j + 1] * width
    bent, twisted = 3 * rise - 2 * left - right, left + right - 2 * rise
    at = value[j] + q * (left + q * (bent + q * twisted))
    return at, (left + q * (2 * bent + 3 * q * twisted)) / width


def tabulate(curves: Curves, cell: int, points: Floats) -> CellTable:
    """The table of one cell at ascending, distinct points."""
    if not isinstance(curves, WindowCurves):
        return curves.table(cell, points)
    value, slope, excess = evaluate(curves, cell, points)
    mean = value.mean(axis=1)
    with np.errstate(invalid="ignore"):
        steep = slope.mean(axis=1)
    if np.isnan(steep[0]):
        steep[0] = (mean[1] - mean[0]) / (points[1] - points[0]) if points.size > 1 else 0.0
    return CellTable(points, mean, steep, excess.mean(axis=1))


def refine(curves: Curves, cell: int, table: CellTable, extra: Floats) -> CellTable:
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
