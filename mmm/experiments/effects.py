"""What a change of exposure would bring, per draw: the model's own map to outcome, with and without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.model.forward import saturate
from mmm.response.curves import WindowCurves, price_of

Floats = NDArray[np.float64]


def bought_by(curves: WindowCurves, cell: int, money: float) -> Floats:
    """Exposure that money of a cell buys in each period and region of the window, shape (period, geo)."""
    price = price_of(curves, cell)
    amount = money if price is None else float(price.buys(np.asarray(money)))
    return np.asarray(curves.unit_exposure[:, :, cell] * amount)


def change_by_period(
    curves: WindowCurves,
    cell: int,
    usual: Floats,
    change: Floats,
    geos: tuple[int, ...],
    counted: tuple[int, int],
) -> Floats:
    """Outcome with a change of exposure less without it, by draw and period, shape (draw, counted period).

    Parameters
    ----------
    curves
        The window.
    cell
        Index of the cell.
    usual, change
        Exposure in the window without the change, and what is added to it (negative: taken away), shape (period, geo).
    geos
        Regions that change; the others bring what they bring anyway.
    counted
        First period that counts and the one after the last, from the start of the window; the last may lie up to
        `lags - 1` periods after the window.
    """
    media, tail, at = curves.media, curves.media.lags - 1, list(geos)
    beside = np.zeros_like(usual) if curves.beside is None else curves.beside[:, :, cell]
    if curves.spent is not None:
        beside = beside + curves.spent.exposure[:, :, cell]
    around = curves.carry_in[:, :, cell], curves.after[:, :, cell]
    first, last = counted
    half, slope, kind = media.half[:, cell], media.slope[:, cell], int(media.saturation[cell])
    shares = []
    for bought in (usual + change, usual):
        exposure = np.concatenate([around[0], np.maximum(bought, 0.0) + beside, around[1]])
        scaled = exposure[first : last + tail, at] / media.scale[at, cell]
        lagged = np.lib.stride_tricks.sliding_window_view(scaled, tail + 1, axis=0)[..., ::-1]
        stock = lagged.reshape(-1, tail + 1) @ media.weights[:, cell].T
        shares.append(saturate(kind, stock, half, slope).reshape(last - first, len(at), -1))
    worth = curves.worth[first:last][:, at]
    more = np.einsum("tgd,dg,tg->dt", shares[0] - shares[1], media.ceiling[:, at, cell], worth)
    for other in curves.others:  # further segments of the outcome
        more = more + change_by_period(other, cell, usual, change, geos, counted)
    return np.asarray(more)


def weeks_of_carry_over(curves: WindowCurves, cell: int, left: float, weeks_per_period: float) -> float:
    """Weeks after which less than a share of an effect is still to come, in the mean over draws."""
    mean = curves.media.weights[:, cell].mean(axis=0)
    remaining = 1.0 - np.cumsum(mean)
    return float(np.argmax(remaining <= left + 1e-12)) * weeks_per_period
