"""The days and periods of the coming window, and what of its first and last period lies outside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.data.calendar import WEEKDAYS, next_periods, period_days, period_range, split_window, weekdays
from mmm.data.panel import Dates, Floats, Panel
from mmm.errors import ConfigError
from mmm.planning.bounds import reversed_bounds
from mmm.planning.flighting_faults import flighting_faults
from mmm.planning.names import name_faults
from mmm.planning.places import Places
from mmm.planning.settings import PlanSettings


@dataclass(frozen=True, slots=True)
class WindowDays:
    """Days and periods of a window, and what of its first and last period lies outside it."""

    start: np.datetime64
    end: np.datetime64
    dates: Dates
    share: Floats
    between: Dates  # whole periods between the data and the window
    past: int  # periods of the window that the data cover
    before_share: float  # of the first period, before the window
    after_share: float  # of the last period, after the window


def window_days(panel: Panel, settings: PlanSettings, places: Places) -> WindowDays:
    """Days and periods of the window; refuses one that is past."""
    faults = [*name_faults(settings, places.cells, panel.geos), *reversed_bounds(settings)]
    data_end = panel.dates[-1] + period_days(panel.dates[-1:], panel.grain)[0].astype("timedelta64[D]") - 1
    if settings.window is None:
        dates = next_periods(panel.dates[-1], settings.horizon, panel.grain)
        start = dates[0]
        end = dates[-1] + period_days(dates[-1:], panel.grain)[0].astype("timedelta64[D]") - 1
    else:
        start, end = (np.datetime64(day, "D") for day in (settings.window.start, settings.window.end))
    if end <= data_end:
        faults.append(
            f"`plan.window`: {start} to {end} is past: the data run until {data_end}. "
            "Give a window after that, or bring newer data"
        )
    faults += flighting_faults(settings, places.cells, panel.grain, start, end)
    if faults:
        raise ConfigError(faults)
    week_start = WEEKDAYS[int(weekdays(panel.dates[:1])[0])]
    touched = split_window(start, end, panel.grain, week_start)
    lengths = period_days(touched.dates, panel.grain)
    last_day = touched.dates[-1] + lengths[-1].astype("timedelta64[D]") - 1
    return WindowDays(
        start=start,
        end=end,
        dates=touched.dates,
        share=touched.share,
        between=period_range(data_end + 1, touched.dates[0] - 1, panel.grain, week_start),
        past=int((touched.dates <= panel.dates[-1]).sum()),
        before_share=float((start - touched.dates[0]).astype(int) / lengths[0]),
        after_share=float((last_day - end).astype(int) / lengths[-1]),
    )
