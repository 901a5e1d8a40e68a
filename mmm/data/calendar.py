"""Periods of days, weeks and months, and what share of them a window covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from mmm.data.settings import Grain, Weekday
from mmm.errors import InputError

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
DayLike = Date | np.datetime64 | str

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
DAY = np.timedelta64(1, "D")
_MONTH = np.timedelta64(1, "M")
_EPOCH_WEEKDAY = 3  # 1970-01-01, day 0 of datetime64, was a Thursday; Monday is 0


@dataclass(frozen=True, slots=True)
class WindowPeriods:
    """The periods a window touches.

    Attributes
    ----------
    dates
        First day of each period, datetime64[D], shape (period,).
    share
        Share of each period's days that lie inside the window, shape (period,), in (0, 1].
    """

    dates: Dates
    share: Floats


def _month(days: Any) -> Any:
    return days.astype("datetime64[M]")


def weekdays(dates: Dates) -> NDArray[np.int64]:
    """Day of the week of each date, Monday 0 to Sunday 6."""
    return (np.asarray(dates, "datetime64[D]").astype(np.int64) + _EPOCH_WEEKDAY) % 7


def period_starts(dates: Dates, grain: Grain, week_start: Weekday = "monday") -> Dates:
    """First day of the period that each date falls in.

    Parameters
    ----------
    dates
        datetime64[D], any shape.
    grain
        day, week or month.
    week_start
        First day of the week; matters for weeks only.
    """
    days = np.asarray(dates, "datetime64[D]")
    if grain == "day":
        return days
    if grain == "month":
        return days.astype("datetime64[M]").astype("datetime64[D]")
    back = (weekdays(days) - WEEKDAYS.index(week_start)) % 7
    return days - back.astype("timedelta64[D]")


def period_start(date: DayLike, grain: Grain, week_start: Weekday = "monday") -> np.datetime64:
    """First day of the period that one date falls in."""
    return period_starts(np.array([date], "datetime64[D]"), grain, week_start)[0]


def period_range(first: DayLike, last: DayLike, grain: Grain, week_start: Weekday = "monday") -> Dates:
    """First days of all periods from the one with `first` to the one with `last`, without gaps.

    Returns
    -------
    datetime64[D], shape (period,); empty where `last` lies in a period before that of `first`.
    """
    low, high = (period_start(day, grain, week_start) for day in (first, last))
    if grain == "month":
        months = np.arange(_month(low), _month(high) + _MONTH)
        return months.astype("datetime64[D]")
    return np.arange(low, high + DAY, 7 * DAY if grain == "week" else DAY)


def period_days(starts: Dates, grain: Grain) -> NDArray[np.int64]:
    """Number of days of the periods that begin on `starts`, shape as `starts`."""
    starts = np.asarray(starts, "datetime64[D]")
    if grain == "month":
        after = (_month(starts) + _MONTH).astype("datetime64[D]")
        return (after - starts).astype(np.int64)
    return np.full(starts.shape, 7 if grain == "week" else 1, np.int64)


def period_ends(starts: Dates, grain: Grain) -> Dates:
    """Last day of the periods that begin on `starts`, shape as `starts`."""
    starts = np.asarray(starts, "datetime64[D]")
    return starts + (period_days(starts, grain) - 1) * DAY


def period_end(start: DayLike, grain: Grain) -> np.datetime64:
    """Last day of the period that begins on `start`."""
    return period_ends(np.array([start], "datetime64[D]"), grain)[0]


def year_earlier(start: DayLike, grain: Grain) -> np.datetime64:
    """First day of the same period a year earlier: 12 months, or 52 weeks, which keep the weekday."""
    day = np.datetime64(start, "D")
    return (_month(day) - 12 * _MONTH).astype("datetime64[D]") if grain == "month" else day - 364 * DAY


def next_periods(last: DayLike, count: int, grain: Grain) -> Dates:
    """First days of the `count` periods that follow the period beginning on `last`."""
    start = np.datetime64(last, "D")
    if grain == "month":
        months = _month(start) + np.arange(1, count + 1) * _MONTH
        return months.astype("datetime64[D]")
    return start + np.arange(1, count + 1) * (7 * DAY if grain == "week" else DAY)


def detect_week_start(dates: Dates) -> Weekday | None:
    """The weekday all dates share; None where they do not share one (daily rows, months)."""
    days = np.asarray(dates, "datetime64[D]")
    found = np.unique(weekdays(days[~np.isnat(days)]))
    return WEEKDAYS[found[0]] if found.size == 1 else None


def detect_spacing(dates: Dates) -> Grain | None:
    """The grain the rows of a table have: the usual gap between their distinct dates.

    Returns
    -------
    None where there are fewer than three distinct dates, or the gaps follow no grain.
    """
    days = np.asarray(dates, "datetime64[D]")
    days = np.unique(days[~np.isnat(days)])
    if days.size < 3:
        return None
    gap = float(np.median(np.diff(days).astype(np.int64)))
    if gap == 1:
        return "day"
    if gap == 7 and np.mean(weekdays(days) == weekdays(days[:1])) > 0.5:
        return "week"
    return "month" if 28 <= gap <= 31 else None


def split_window(start: DayLike, end: DayLike, grain: Grain, week_start: Weekday = "monday") -> WindowPeriods:
    """The periods that touch the days from `start` to `end`, both included.

    The shares times the periods' days sum to the days of the window.

    Raises
    ------
    InputError
        When the window ends before it starts.
    """
    first, last = np.datetime64(start, "D"), np.datetime64(end, "D")
    if last < first:
        raise InputError(f"the window ends {last} before it starts {first}; put the earlier day first")
    dates = period_range(first, last, grain, week_start)
    days = period_days(dates, grain)
    inside_from = np.maximum(dates, first)
    inside_to = np.minimum(period_ends(dates, grain), last)
    inside = (inside_to - inside_from).astype(np.int64) + 1
    return WindowPeriods(dates, inside / days)


def overlap_share(starts: Dates, ends: Dates, dates: Dates, grain: Grain) -> Floats:
    """Share of each period's days covered by any of the spans, shape (period,).

    Parameters
    ----------
    starts, ends
        First and last day of each span, shape (span,). Days covered twice count once.
    dates
        First days of the periods, shape (period,).
    """
    covered = np.zeros(len(dates))
    days = period_days(dates, grain)
    for number, (first, count) in enumerate(zip(dates, days, strict=True)):
        span = first + np.arange(count) * DAY
        hit = (span[:, None] >= starts[None, :]) & (span[:, None] <= ends[None, :])
        covered[number] = hit.any(axis=1).mean()
    return covered
