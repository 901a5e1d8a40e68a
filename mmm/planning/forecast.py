"""The outcome of the window: baseline, what is carried in, and what the window's money adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.model.forward import saturate
from mmm.planning.outlook import spread_of
from mmm.response.curves import WindowCurves
from mmm.response.timing import exposure_bought

if TYPE_CHECKING:
    from mmm.planning.window import PlanWindow


def media_outcome(curves: WindowCurves, spend: Floats) -> Floats:
    """Money (or units) that all paid media bring in each period of the window, shape (draw, period)."""
    return np.asarray(sum(media_by_channel(curves, spend).values()))


def media_by_channel(curves: WindowCurves, spend: Floats) -> dict[str, Floats]:
    """Money (or units) that the paid media of each channel bring in each period of the window, shape (draw, period).

    Everything counts here: what was bought before the window, in it, and beside the plan in cut periods.
    It is the forward map of `mmm.model.forward`, written out once more with NumPy.

    Parameters
    ----------
    spend
        Money of each cell in the window, shape (cell,).
    """
    media, periods = curves.media, curves.periods
    total = {cell.channel: np.zeros((media.draws, periods)) for cell in media.cells}
    for part in curves.others:
        for channel, brought in media_by_channel(part, spend).items():
            total[channel] += brought
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
        brought = np.einsum("dtg,dg,tg->dt", share, media.ceiling[:, :, cell], curves.worth[:periods])
        total[media.cells[cell].channel] += brought
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


FORECAST = ("date", "level", "channel", "share", "spend", "expected", "expected_lo", "expected_hi")


def forecast_table(
    curves: WindowCurves, window: PlanWindow, spend: Floats, baseline: Floats, plan: pd.DataFrame
) -> pd.DataFrame:
    """What is expected of the window: the table `forecast.csv`.

    Rows of level `total` (the outcome), `baseline` (without paid media) and `channel`, for each whole period and, with
    an empty date, for the window, where each period counts by its share of days inside it. What a channel brings is
    everything it brings in these periods, whenever it was bought; what it brings after the window is not in it.

    Parameters
    ----------
    spend
        Money of each place in the window, shape (place,).
    baseline
        Outcome without paid media, on the draws of the curves, in the unit of their value, shape (draw, period).
    plan
        The same money by period, as in `plan.csv`: it fills `spend`.
    """
    channels = media_by_channel(curves, spend)
    parts = {("total", ""): baseline + sum(channels.values()), ("baseline", ""): baseline}
    parts |= {("channel", name): brought for name, brought in channels.items()}
    rows = []
    for (level, channel), draws in parts.items():
        mine = (
            plan[(plan["channel"] == channel) | (level == "total")] if level != "baseline" else plan.iloc[:0]
        )
        money = mine.groupby("date")["planned_spend"].sum().reindex(window.dates.astype("datetime64[s]"))
        paid = [*money.fillna(0.0), money.sum()]
        shares = [*window.share, window.share.sum()]
        for k, date in enumerate([*window.dates.astype(str), ""]):
            expected = spread_of(draws[:, k] if date else draws @ window.share)
            figures = (float(shares[k]), round(float(paid[k]), 2), expected.mean, expected.lo, expected.hi)
            rows.append((date, level, channel, *figures))
    return pd.DataFrame(rows, columns=list(FORECAST))
