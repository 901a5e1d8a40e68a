"""What money brings where the money of each week is free: value and gradient, and a concave function above both.

Between cells nothing is shared, so a cell is a set of arrays (`WeekCell`) and all cells are worked side by side. Stock
below `FLOOR` of the half-saturation counts as that much: a power below 1 is infinitely steep at nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mmm.model.forward import saturate
from mmm.model.threads import share_out
from mmm.response.curves import WindowCurves
from mmm.response.kernels import week_lines, week_values

Floats = NDArray[np.float64]

FLOOR = 1e-12
"""Least stock, as a share of the half-saturation."""

SMALL = 30_000
"""Evaluations of a curve below which waking the other cores costs more than it saves."""


@dataclass(frozen=True, slots=True)
class WeekCell:
    """One cell, its weeks to come and the `lags - 1` periods after them.

    Attributes
    ----------
    kind
        Code of its saturation.
    base, worth
        Adstock without money of these weeks, and worth of a full saturation, shape (draw, geo, period).
    unit
        Scaled exposure that one unit of money buys in each geo, shape (geo,).
    weights
        Carry-over, shape (draw, lag).
    half, power
        Shape (draw,).
    lines
        Where each curve is replaced by a straight line, as `mmm.response.kernels.week_values` takes them.
    none
        Mean over draws of what is brought without the money.
    slack
        Mean over draws of the most by which the floor of the stock can hide what money brings.
    """

    kind: int
    base: Floats
    worth: Floats
    unit: Floats
    weights: Floats
    half: Floats
    power: Floats
    lines: Floats
    none: float
    slack: float


def week_cells(curves: WindowCurves, past: int, bought: Floats) -> tuple[WeekCell, ...]:
    """The cells of a window, their weeks from the first that is still to come; those of further segments follow.

    Parameters
    ----------
    curves
        The window; prices must not change with money.
    past
        Periods of the window that are past.
    bought
        Raw exposure that one unit of money buys in any week, shape (geo, cell).
    """
    parts = (curves, *curves.others)
    return tuple(cell for part in parts for cell in _of_a_segment(part, past, bought))


def _of_a_segment(curves: WindowCurves, past: int, bought: Floats) -> list[WeekCell]:
    """`week_cells` of one segment."""
    media, tail = curves.media, curves.media.lags - 1
    beside = np.zeros_like(curves.unit_exposure) if curves.beside is None else curves.beside
    if curves.spent is not None:
        beside = beside + curves.spent.exposure
    around = np.concatenate([curves.carry_in, beside, curves.after]) / media.scale
    found = []
    for cell in range(len(media.cells)):
        there = sliding_window_view(around[:, :, cell], tail + 1, axis=0)[past:]  # (period, geo, lag)
        stock = np.einsum("tgl,dl->dgt", there, media.weights[:, cell, ::-1], optimize=True)
        half, power = media.half[:, cell].copy(), media.slope[:, cell].copy()
        kind = int(media.saturation[cell])
        base = np.ascontiguousarray(np.maximum(stock, FLOOR * half[:, None, None]))
        worth = np.ascontiguousarray(media.ceiling[:, :, None, cell] * curves.worth[past:].T[None])
        shares = [saturate(kind, u, half[:, None, None], power[:, None, None]) for u in (stock, base)]
        least = np.maximum(shares[1] - shares[0], np.where(base > stock, FLOOR * power[:, None, None], 0.0))
        lines = np.zeros((4, *base.shape))
        lines[0] = 1.0
        found.append(
            WeekCell(
                kind,
                base,
                worth,
                np.ascontiguousarray(bought[:, cell] / media.scale[:, cell]),
                np.ascontiguousarray(media.weights[:, cell]),
                half,
                power,
                lines,
                none=float((worth * shares[1]).sum(axis=(1, 2)).mean()),
                slack=float((np.abs(worth) * least).sum(axis=(1, 2)).mean()),
            )
        )
    return found


def brought(cells: Sequence[WeekCell], money: Floats) -> tuple[Floats, Floats]:
    """Mean response of each cell to its money week by week, over all segments, and the derivative by each week's money.

    Parameters
    ----------
    cells
        Of one segment after the other.
    money
        Shape (cell, week).

    Returns
    -------
    tuple
        Shapes (cell,) and (cell, week).
    """
    money = np.ascontiguousarray(money, dtype=np.float64)
    value, slope = np.zeros(len(cells)), np.zeros((len(cells), money.shape[1]))

    def work(start: int, stop: int) -> None:
        for i in range(start, stop):
            cell = cells[i]
            by_draw, steep = np.empty(len(cell.half)), np.empty((len(cell.half), money.shape[1]))
            parts = (cell.base, cell.unit, cell.worth, cell.weights, cell.half, cell.power, cell.lines)
            week_values(cell.kind, money[i % len(money)], *parts, by_draw, steep)
            value[i], slope[i] = by_draw.mean() - cell.none, steep.mean(axis=0)

    size = sum(cell.base.size for cell in cells)
    if size < SMALL:
        work(0, len(cells))
    else:
        share_out(len(cells), work)
    return value.reshape(-1, len(money)).sum(axis=0), slope.reshape(-1, *money.shape).sum(axis=0)


def concave_above(cells: Sequence[WeekCell], most: Floats) -> tuple[WeekCell, ...]:
    """The cells with each curve replaced by its concave envelope: never below, and concave in all weeks together.

    Parameters
    ----------
    most
        Most money of each cell and week, shape (cell, week).
    """
    lines = [np.empty_like(cell.lines) for cell in cells]

    def work(start: int, stop: int) -> None:
        for i in range(start, stop):
            cell = cells[i]
            parts = (cell.base, cell.unit, cell.worth, cell.weights, cell.half, cell.power)
            week_lines(
                cell.kind, np.ascontiguousarray(most[i % len(most)], dtype=np.float64), *parts, lines[i]
            )

    share_out(len(cells), work)
    return tuple(
        WeekCell(c.kind, c.base, c.worth, c.unit, c.weights, c.half, c.power, line, c.none, c.slack)
        for c, line in zip(cells, lines, strict=True)
    )
