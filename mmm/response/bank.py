"""The responses of every draw on points of money, kept, so that many plans and many weights of draws cost little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell
from mmm.response.curves import WindowCurves, evaluate, money_spent
from mmm.response.table import Sketch, hermite

Floats = NDArray[np.float64]

NEAR, FAR = 57, 13
"""Points up to twice the usual money of a cell, dense near nothing, and from there on to the most it could get."""


@dataclass(frozen=True, slots=True)
class CurveBank:
    """Response of each draw at points of money, with its slope; smooth in between.

    Attributes
    ----------
    cells
        What money is placed on.
    draws
        Number of draws.
    points
        By cell: ascending money from 0 (or what is spent already) on, shape (grid,).
    value, slope
        By cell: response and its derivative, shape (grid, draw). Slopes are, up or down, at most three
        times the chord's beside them, so that nothing overshoots (Fritsch & Carlson 1980) and the first unit of a steep
        curve has one.
    """

    cells: tuple[Cell, ...]
    draws: int
    points: tuple[Floats, ...]
    value: tuple[Floats, ...]
    slope: tuple[Floats, ...]

    def sketch(self, weights: Floats | None = None) -> Sketch:
        """The mean curves, or those with a weight on each draw.

        Parameters
        ----------
        weights
            Shape (draw,), sum 1; None: all alike.
        """
        share = np.full(self.draws, 1 / self.draws) if weights is None else weights
        value, slope = (tuple(part @ share for part in parts) for parts in (self.value, self.slope))
        return Sketch(self.cells, self.draws, self.points, value, slope)

    def response(self, spend: Floats) -> Floats:
        """What each cell brings at some money, per draw.

        Parameters
        ----------
        spend
            Money by cell within the points, shape (cell,).

        Returns
        -------
        Shape (cell, draw).
        """
        return np.stack(
            [
                hermite(x, value, slope, np.array([money]))[0][0]
                for x, value, slope, money in zip(self.points, self.value, self.slope, spend, strict=True)
            ]
        )


def make_bank(
    curves: WindowCurves, usual: Floats, most: Floats, near: int = NEAR, far: int = FAR
) -> CurveBank:
    """Evaluate every draw on points from nothing, or what is spent already, to the most money each cell could get.

    Parameters
    ----------
    curves
        The window; take few draws where a bank is for planning, its size is their number.
    usual
        Money around which a cell will stand, shape (cell,).
    most
        Most money it could get, shape (cell,).
    near, far
        Points up to twice the usual money, and from there on.
    """
    points, values, slopes = [], [], []
    for cell in range(len(curves.cells)):
        edge = min(max(2 * float(usual[cell]), 1e-3 * float(most[cell])), float(most[cell]))
        already = money_spent(curves, cell)
        x = already + (edge - already) * np.linspace(0.0, 1.0, near) ** 2
        if most[cell] > edge:
            x = np.concatenate([x, np.geomspace(edge, float(most[cell]), far)[1:]])
        value, slope, _ = evaluate(curves, cell, x)
        steepest = 3 * np.abs(np.diff(value, axis=0)) / np.diff(x)[:, None]
        ceiling = np.full_like(slope, np.inf)
        ceiling[:-1] = steepest
        ceiling[1:] = np.minimum(ceiling[1:], steepest)
        points.append(x)
        values.append(np.ascontiguousarray(value))
        slopes.append(np.clip(slope, -ceiling, ceiling))
    return CurveBank(curves.cells, curves.draws, tuple(points), tuple(values), tuple(slopes))
