"""What the baseline needs about periods after the panel: given where it is known, else assumed and listed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, days_of
from mmm.data.calendar import detect_week_start, year_earlier
from mmm.data.columns import event_spans, value_grid
from mmm.data.holidays import event_features, holiday_features
from mmm.data.outcome import geo_weights
from mmm.data.panel import FutureFeatures, Panel
from mmm.data.settings import CalendarSettings, DataSettings
from mmm.data.tables import Tables
from mmm.errors import InputError

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]


def future_features(
    tables: Tables, panel: Panel, data: DataSettings, calendar: CalendarSettings, dates: Dates
) -> FutureFeatures:
    """Controls, organic media, events and holidays of periods after the panel.

    A value comes from `data.future`, else from rows of its own table past the panel, else from the same
    period a year earlier (52 weeks; 12 months), else it is the last value known. The last two are assumed.

    Parameters
    ----------
    dates
        First days of the periods, datetime64[D], shape (period,), without gaps, all after the panel.

    Raises
    ------
    InputError
        When `dates` begin before the panel ends.
    """
    dates = np.asarray(dates, "datetime64[D]")
    if len(dates) and dates[0] <= panel.dates[-1]:
        raise InputError(
            f"the coming periods begin {dates[0]} and the data run until {panel.data_until}; "
            "ask for periods after the data"
        )
    week_start = detect_week_start(panel.dates[:1]) or "monday"
    axis = Axis(dates, panel.geos, panel.grain, week_start)
    weights = geo_weights(panel.population, panel.outcome, panel.unit_value)
    controls, assumed = _known_or_assumed(
        tables.future, tables.controls, axis, panel, panel.control_names, panel.controls, None
    )
    organic, assumed_organic = _known_or_assumed(
        tables.future, tables.organic, axis, panel, panel.organic_names, panel.organic, weights
    )
    starts, ends, labels = event_spans(tables, axis)
    _, events = event_features(starts, ends, labels, dates, panel.grain, panel.event_names)
    if panel.event_names and len(dates) and not (ends >= dates[0]).any():
        assumed_organic = (*assumed_organic, "events: none")
    holidays = np.zeros((len(dates), 0))
    if calendar.holidays:
        _, holidays = holiday_features(
            dates, panel.grain, calendar.holidays, panel.holiday_names, own=tables.holidays
        )
        if tables.holidays and len(dates) and max(days.max() for days in tables.holidays.values()) < dates[0]:
            assumed_organic = (*assumed_organic, "holidays of the own calendar: none")
    return FutureFeatures(dates, controls, organic, events, holidays, (*assumed, *assumed_organic))


def _known_or_assumed(
    future: pd.DataFrame,
    own: pd.DataFrame,
    axis: Axis,
    panel: Panel,
    names: Sequence[str],
    past: Floats,
    weights: Floats | None,
) -> tuple[Floats, tuple[str, ...]]:
    """Values of the axis, shape (period, geo, name), and the names of which some were assumed."""
    if not len(axis.dates):
        return np.zeros((0, *past.shape[1:])), ()
    how = "mean" if weights is None else "sum"
    values = value_grid(future, axis, names, how, weights)
    later = own[days_of(own) > panel.data_until]
    values = np.where(np.isnan(values), value_grid(later, axis, names, how, weights), values)
    gaps = np.isnan(values)
    assumed = tuple(name for index, name in enumerate(names) if gaps[:, :, index].any())
    year = _year_earlier(axis, panel)
    return np.where(gaps, past[year], values), assumed


def _year_earlier(axis: Axis, panel: Panel) -> NDArray[np.int64]:
    """Index in the panel of the same period a year earlier, or two; the last period where there is none."""
    index = np.full(len(axis.dates), len(panel.dates) - 1)
    for t, day in enumerate(axis.dates):
        back = day
        while back > panel.dates[-1]:
            back = year_earlier(back, panel.grain)
        if back >= panel.dates[panel.first]:
            index[t] = int(np.searchsorted(panel.dates, back, side="right")) - 1
    return index
