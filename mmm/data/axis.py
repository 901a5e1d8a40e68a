"""The one time axis of a company: which periods and regions, when weeks start, what is not whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.calendar import (
    DAY,
    WEEKDAYS,
    detect_week_start,
    period_end,
    period_range,
    period_start,
    period_starts,
    weekdays,
)
from mmm.data.names import fold
from mmm.data.panel import Check
from mmm.data.reader import TableInfo
from mmm.data.settings import CalendarSettings, Grain, Weekday
from mmm.data.tables import Tables
from mmm.dims import NATIONAL

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]

LENGTH = {"day": 1, "week": 7, "month": 28}
"""Days that every period of a grain has at least."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Periods and regions that rows are put on."""

    dates: Dates
    geos: tuple[str, ...]
    grain: Grain
    week_start: Weekday

    def period(self, days: Dates) -> Ints:
        """Index of the period of each day, -1 outside the axis."""
        starts = period_starts(days, self.grain, self.week_start)
        index = np.searchsorted(self.dates, starts)
        inside = (starts >= self.dates[0]) & (starts <= self.dates[-1])
        return np.where(inside, index, -1)

    def geo(self, names: NDArray[np.object_]) -> Ints:
        """Index of the region of each row; -1 for national rows and regions that are not there.

        Where the panel is national every row belongs to its only region.
        """
        if self.geos == (NATIONAL,):
            return np.zeros(len(names), np.int64)
        number = {fold(geo): index for index, geo in enumerate(self.geos)}
        seen = {name: number.get(fold(name), -1) for name in set(names.tolist())}
        return np.array([seen[name] for name in names.tolist()], np.int64)


@dataclass(slots=True)
class Findings:
    """Faults and notes gathered along the way."""

    faults: list[str] = field(default_factory=list)
    notes: list[Check] = field(default_factory=list)

    def review(self, check: str, where: str, rows: str, value: str, remedy: str) -> None:
        """List something a person should look at."""
        self.notes.append(Check(check, "review", where, rows, value, remedy))


def choose_week_start(tables: Tables, grain: Grain, calendar: CalendarSettings, found: Findings) -> Weekday:
    """First day of the week: what the config says, else what the weekly tables show.

    A weekly table may be dated by the first or, where the config names the first day, by the last day of its
    weeks. Tables that disagree are a fault.
    """
    if grain != "week":
        return calendar.week_starts or "monday"
    shown = {info.key: info for info in tables.infos.values() if info.weekday}
    start = calendar.week_starts
    if start is None:
        reference = shown.get("data.outcome") or next(iter(shown.values()), None)
        if reference is None or reference.weekday is None:
            found.review(
                "week starts",
                "all tables",
                "",
                "monday",
                "No table is weekly. Set `calendar.week_starts` to be sure.",
            )
            return "monday"
        for info in shown.values():
            if info.weekday != reference.weekday:
                found.faults.append(
                    f"weeks start on {reference.weekday} in {reference.where} (`{reference.key}`) and on "
                    f"{info.weekday} in {info.where} (`{info.key}`); bring both to one week, or give "
                    "daily rows"
                )
        if reference.weekday in {"friday", "saturday"}:
            found.review(
                "week starts",
                reference.where,
                "",
                reference.weekday,
                f"Taken as the first day of the week. If it is the last, set `calendar.week_starts: "
                f"{WEEKDAYS[(WEEKDAYS.index(reference.weekday) + 1) % 7]}`.",
            )
        return reference.weekday
    last_day = WEEKDAYS[(WEEKDAYS.index(start) - 1) % 7]
    for info in shown.values():
        if info.weekday == last_day:
            found.review(
                "week starts",
                info.where,
                "",
                f"dated {last_day}",
                f"Taken as the last day of weeks that start on {start}.",
            )
        elif info.weekday != start:
            found.faults.append(
                f"{info.where} (`{info.key}`): weeks are dated {info.weekday}, and `calendar.week_starts` is "
                f"{start}; set it to {info.weekday}, or bring the table to {start}"
            )
    return start


def refuse_coarse(tables: Tables, grain: Grain, found: Findings) -> None:
    """Rows longer than a period cannot be split without guessing."""
    for info in tables.infos.values():
        if info.spacing == "week" and grain == "month":
            found.review(
                "weeks in months",
                info.where,
                "",
                "weekly rows in a monthly model",
                "A week counts in the month it begins in. Give daily rows for exact months.",
            )
        if info.spacing is None or info.key == "data.future" or LENGTH[info.spacing] <= LENGTH[grain]:
            continue
        if not info.wide and not _on_the_first(tables, info):
            continue  # a long table names only the periods with spend: its gaps are campaigns
        found.faults.append(
            f"{info.where} (`{info.key}`): rows are by {info.spacing} and the model by {grain}; give rows by "
            f"{grain}, or set `data.grain: {info.spacing}`"
        )


def _on_the_first(tables: Tables, info: TableInfo) -> bool:
    """All dates are the first, or all the last, day of a month: or all the same weekday for weeks."""
    days = days_of(tables.media[tables.media["table"] == info.key])
    if info.spacing == "month":
        return any(bool((day == day.astype("datetime64[M]")).all()) for day in (days, days + DAY))
    return np.unique(days).size >= 8 and detect_week_start(days) is not None


def find_axis(tables: Tables, grain: Grain, week_start: Weekday, found: Findings) -> Axis | None:
    """From the first period with media to the last whole period with an outcome."""
    info = tables.infos["data.outcome"]
    if tables.outcome["outcome"].notna().sum() == 0:
        found.faults.append(f"{info.where}: the outcome has no numbers; look at `data.outcome.value`")
        return None
    if tables.media.empty:
        found.faults.append("the media tables have no rows; look at `data.media`")
        return None
    days = days_of(tables.outcome)
    known = tables.outcome["outcome"].notna().to_numpy()
    starts = period_starts(days[known], grain, week_start)
    first, last = starts.min(), starts.max()
    media_days = days_of(tables.media)
    geos = tuple(sorted(set(tables.outcome["geo"].tolist())))
    _refuse_twins(geos, info, found)
    _refuse_leaps(days[known], info.where, found)
    _refuse_leaps(media_days[media_days <= days[known].max()], "the media tables", found)
    if found.faults:
        return None
    first, last = _whole_periods(days[known], first, last, grain, info, found)
    last = _with_whole_media(tables, last, grain, found)
    media_first = period_starts(media_days, grain, week_start).min()
    if last < first or media_first > last:
        found.faults.append(
            f"{info.where}: the outcome covers {first} to {last} and media begin {media_first}; there is no "
            "whole period with both"
        )
        return None
    if media_first > first:
        found.review(
            "outcome before media",
            info.where,
            f"{first} to {media_first - DAY}",
            f"{int((np.unique(starts) < media_first).sum())} periods left out",
            "Media are not known there. Give earlier media rows (0 where nothing was spent) to use them.",
        )
    after = media_days > period_end(last, grain)
    if after.any():
        note = f"media rows after {last} are not used: the outcome is not known there"
        found.notes.append(
            Check("media after outcome", "pass", "data.media", f"{int(after.sum())} rows", note, "")
        )
    dates = period_range(media_first, last, grain, week_start)
    return Axis(dates, geos, grain, week_start)


def _whole_periods(
    days: Dates, first: np.datetime64, last: np.datetime64, grain: Grain, info: TableInfo, found: Findings
) -> tuple[np.datetime64, np.datetime64]:
    """Leave out a first and a last period that finer rows cover only in part."""
    if info.spacing is None or LENGTH[info.spacing] >= LENGTH[grain]:
        return first, last
    until = period_end(days.max(), info.spacing)
    end = period_end(last, grain)
    if until < end:
        found.review(
            "incomplete period",
            info.where,
            f"{last} to {until}",
            f"the last {grain} is not over and is left out",
            f"Nothing to do; it comes in with rows to {end}.",
        )
        last = period_start(last - DAY, grain, WEEKDAYS[int(weekdays(last[None])[0])])
    if days.min() > first:
        found.review(
            "incomplete period",
            info.where,
            f"{days.min()} to {period_end(first, grain)}",
            f"the first {grain} is not whole and is left out",
            f"Nothing to do; it comes in with rows from {first}.",
        )
        first = period_end(first, grain) + DAY
    return first, last


def _with_whole_media(tables: Tables, last: np.datetime64, grain: Grain, found: Findings) -> np.datetime64:
    """Leave out a last period for which finer media columns end before it is over."""
    for info in tables.infos.values():
        if not info.key.startswith("data.media") or not info.wide or info.spacing is None:
            continue
        until = period_end(days_of(tables.media[tables.media["table"] == info.key]).max(), info.spacing)
        if LENGTH[info.spacing] < LENGTH[grain] and last <= until < period_end(last, grain):
            found.review(
                "incomplete period",
                info.where,
                f"{last} to {until}",
                f"media of the last {grain} are not complete and it is left out",
                f"Nothing to do; it comes in with rows to {period_end(last, grain)}.",
            )
            return period_start(last - DAY, grain, WEEKDAYS[int(weekdays(last[None])[0])])
    return last


def _refuse_twins(geos: Sequence[str], info: TableInfo, found: Findings) -> None:
    """Two spellings of one region in the outcome would be two regions with holes."""
    spelled: dict[str, str] = {}
    for geo in geos:
        if (other := spelled.setdefault(fold(geo), geo)) != geo:
            found.faults.append(
                f"{info.where}: regions {other!r} and {geo!r} differ only in spelling; write them alike"
            )


def _refuse_leaps(days: Dates, where: str, found: Findings) -> None:
    """More than a year without a row: a mistyped year would make a panel of empty periods."""
    distinct = np.unique(days)
    for at in np.flatnonzero(np.diff(distinct) > 366 * DAY)[:1].tolist():
        found.faults.append(
            f"{where}: no row between {distinct[at]} and {distinct[at + 1]}, more than a year. "
            "Is a year mistyped? If not, leave out the rows on one side"
        )


def days_of(frame: pd.DataFrame) -> Dates:
    """Days of the rows of a tidy table."""
    return frame["date"].to_numpy().astype("datetime64[D]")


def places(hole: Flags, axis: Axis, shown: int = 4) -> str:
    """Periods and regions of a mask (period, geo), in words; where every region is meant, once."""
    listed = []
    for t in np.flatnonzero(hole.any(axis=1)).tolist():
        missing = np.flatnonzero(hole[t]).tolist()
        if len(missing) == len(axis.geos):
            listed.append(f"{axis.dates[t]}{' in every region' if len(axis.geos) > 1 else ''}")
        else:
            listed += [f"{axis.dates[t]} {axis.geos[g]}" for g in missing]
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
