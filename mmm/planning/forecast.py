"""The outcome of the window: baseline, what is carried in, and what the window's money adds."""

from __future__ import annotations

import numpy as np

from mmm.data.panel import Floats
from mmm.model.forward import saturate
from mmm.response.curves import WindowCurves
from mmm.response.timing import exposure_bought


def media_outcome(curves: WindowCurves, spend: Floats) -> Floats:
    """Money (or units) that all paid media bring in each period of the window, shape (draw, period).

    Everything counts here: what was bought before the window, in it, and beside the plan in cut periods.
    It is the forward map of `mmm.model.forward`, written out once more with NumPy.

    Parameters
    ----------
    spend
        Money of each cell in the window, shape (cell,).
    """
    media, periods = curves.media, curves.periods
    total = np.zeros((media.draws, periods))
    for part in curves.others:
        total += media_outcome(part, spend)
    for cell in range(len(media.cells)):
        bought = np.zeros_like(curves.unit_exposure[:, :, 0])
        for place in np.flatnonzero(curves.cell_of == cell).tolist():
            bought = bought + exposure_bought(curves, place, float(spend[place]))
        if curves.beside is not None:
            bought = bought + curves.beside[:, :, cell]
        scaled = np.concatenate([curves.carry_in[:, :, cell], bought]) / media.scale[:, cell]
        stretches = np.lib.stride_tricks.sliding_window_view(scaled, media.lags, axis=0)  # (period, geo, lag)
        stock = np.einsum("tgl,dl->dtg", stretches, media.weights[:, cell, ::-1])
        half, slope = (part[:, cell, None, None] for part in (media.half, media.slope))
        share = saturate(media.saturation[cell], stock, half, slope)
        total += np.einsum("dtg,dg,tg->dt", share, media.ceiling[:, :, cell], curves.worth[:periods])
    return total


def with_what_happened(curves: WindowCurves, baseline: Floats, happened: Floats) -> Floats:
    """Outcome without paid media in every period of a window that has begun, shape (draw, period).

    In the periods that are past it is what really happened less what the draw says media brought, so that the two
    together are the outcome as it was.

    Parameters
    ----------
    baseline
        In the periods to come, shape (draw, period to come).
    happened
        Outcome of the periods that are past, in the unit of the baseline, shape (period past,).
    """
    past = len(happened)
    if not past or curves.spent is None:
        return baseline
    return np.concatenate([happened - media_outcome(curves, curves.spent.money)[:, :past], baseline], axis=1)


def window_outcome(curves: WindowCurves, spend: Floats, baseline: Floats, share: Floats) -> Floats:
    """Total outcome inside the window's days, shape (draw,); cut periods count by their share.

    Parameters
    ----------
    spend
        Money of each cell in the window, shape (cell,).
    baseline
        Outcome without paid media, in the unit of the curves' value, shape (draw, period).
    share
        Share of each period inside the window, shape (period,).
    """
    return np.asarray((baseline + media_outcome(curves, spend)) @ share)
