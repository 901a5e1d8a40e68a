"""A company as it stood on an earlier day, and what then came: for forecasts that are compared with what happened."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, days_of
from mmm.data.calendar import detect_week_start
from mmm.data.future import future_features
from mmm.data.media import summed
from mmm.data.outcome import geo_weights
from mmm.data.panel import FutureFeatures, Panel
from mmm.data.settings import CalendarSettings, DataSettings
from mmm.data.tables import Tables
from mmm.dims import NATIONAL, Cell

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Later:
    """What is taken as known of periods after a panel: everything but the outcome.

    Attributes
    ----------
    features
        Controls, owned media, events and holidays as they were.
    exposure
        Of the panel's paid cells as it was bought, shape (period, geo, cell). Cells the panel does not have are not
        there: nothing could be learned of them.
    """

    features: FutureFeatures
    exposure: Floats


def tables_until(tables: Tables, day: np.datetime64) -> Tables:
    """The tables as they were at the end of a day, without media that had never run by then.

    Events and `data.future` stay whole: they are known ahead.
    """
    media = _until(tables.media, day)
    ran = media["spend"].fillna(0).ne(0) | media["exposure"].fillna(0).ne(0)
    keys = ["channel", "audience", "message"]
    return replace(
        tables,
        outcome=_until(tables.outcome, day),
        media=media[ran.groupby([media[key] for key in keys]).transform("any")].reset_index(drop=True),
        organic=_until(tables.organic, day),
        controls=_until(tables.controls, day),
    )


def _until(frame: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    return frame[days_of(frame) <= day].reset_index(drop=True)


def later(
    tables: Tables, panel: Panel, data: DataSettings, calendar: CalendarSettings, dates: Dates
) -> Later:
    """What the whole tables say of periods after an earlier panel, on the panel's own regions and cells.

    National rows are split as the panel splits them.

    Parameters
    ----------
    dates
        First days of the periods, datetime64[D], shape (period,), without gaps, all after the panel.
    """
    features = future_features(tables, panel, data, calendar, dates)
    axis = Axis(dates, panel.geos, panel.grain, detect_week_start(panel.dates[:1]) or "monday")
    frame = tables.media
    columns = [cell.name for cell in panel.cells] + list(panel.organic_names)
    keys = zip(frame["channel"], frame["audience"], frame["message"], strict=True)
    place = {name: index for index, name in enumerate(columns)}
    c = np.array([place.get(Cell(*key).name, -1) for key in keys], np.int64)
    geos = frame["geo"].to_numpy(object)
    t, g = axis.period(days_of(frame)), axis.geo(geos)
    bought = np.concatenate([panel.has_exposure, np.ones(len(panel.organic_names), bool)])
    given, spend = np.nan_to_num(frame["exposure"].to_numpy(float)), frame["spend"].to_numpy(float)
    value = np.where(bought[c], given, spend)
    keep = (t >= 0) & (c >= 0) & ((g >= 0) | (geos == NATIONAL))
    weights = geo_weights(panel.population, panel.outcome, panel.unit_value)
    shape = (len(dates), len(panel.geos), len(columns))
    exposure = summed(value[keep], t[keep], g[keep], c[keep], shape, weights)
    paid = len(panel.cells)
    free = np.isin(np.arange(paid, len(columns)), c)  # media that cost nothing stand among the media tables
    organic = np.where(free, exposure[:, :, paid:], features.organic)
    return Later(replace(features, organic=organic), exposure[:, :, :paid])
