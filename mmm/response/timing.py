"""When what a window's money brings comes in: period by period, carry-over after the window included."""

from __future__ import annotations

from itertools import starmap

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mmm.model.forward import saturate
from mmm.response.curves import WindowCurves, money_spent, price_of

Floats = NDArray[np.float64]


def brought_by_period(curves: WindowCurves, spend: Floats) -> Floats:
    """Money (or outcome) that each place's spend brings in each period, shape (place, draw, period + lags - 1).

    Summed over periods it is `mmm.response.curves.response`, reached by the forward map written out with NumPy.

    Parameters
    ----------
    spend
        Money of each place in the window, shape (place,).
    """
    total = np.stack(list(starmap(_of_place, ((curves, k, float(x)) for k, x in enumerate(spend)))))
    for part in curves.others:
        total = total + brought_by_period(part, spend)
    return total


def exposure_bought(curves: WindowCurves, place: int, money: float) -> Floats:
    """Exposure that an amount of money buys in the window, what is spent already first, shape (period, geo)."""
    price, already = price_of(curves, place), money_spent(curves, place)
    points = np.array([already, max(money, already)])
    before, after = points if price is None else price.buys(points)
    bought = curves.unit_exposure[:, :, place] * (after - before)
    if curves.spent is None:
        return np.asarray(bought)
    past = curves.spent.exposure[:, :, place]
    return np.asarray(bought + past * (min(money / already, 1.0) if already > 0 else 1.0))


def _of_place(curves: WindowCurves, place: int, money: float) -> Floats:
    """Shape (draw, period + lags - 1)."""
    media, medium, tail = curves.media, int(curves.cell_of[place]), curves.media.lags - 1
    bought = exposure_bought(curves, place, money)
    geos = np.flatnonzero(bought.any(axis=0))
    found = np.zeros((media.draws, curves.periods + tail))
    scale = media.scale[geos, medium]
    beside = np.zeros_like(bought) if curves.beside is None else curves.beside[:, :, medium]
    parts = (curves.carry_in[:, :, medium], beside, curves.after[:, :, medium])
    around = np.concatenate([part[:, geos] for part in parts]) / scale
    more = np.pad(bought[:, geos] / scale, ((tail, tail), (0, 0)))
    back = media.weights[:, medium, ::-1]
    half, slope = (part[:, medium, None] for part in (media.half, media.slope))
    kind = int(media.saturation[medium])
    for k, geo in enumerate(geos):  # one at a time: all of them are too much memory
        base, added = (back @ sliding_window_view(x[:, k], tail + 1).T for x in (around, more))
        gained = saturate(kind, base + added, half, slope) - saturate(kind, base, half, slope)
        found += gained * media.ceiling[:, geo, [medium]] * curves.worth[:, geo]
    return found
