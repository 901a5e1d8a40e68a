"""The outcome by period and region: its gaps, its money value, its people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.axis import LENGTH, Axis, Findings, days_of, places
from mmm.data.calendar import DAY, overlap_share, period_end, period_starts
from mmm.data.reader import TableInfo
from mmm.data.settings import CalendarSettings
from mmm.data.tables import Tables

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]


def align_outcome(
    tables: Tables, axis: Axis, calendar: CalendarSettings, found: Findings
) -> tuple[Floats, Floats | None, Floats | None, Flags]:
    """Outcome, money per unit, people, and the periods the model explains."""
    info = tables.infos["data.outcome"]
    frame = tables.outcome
    t, g = axis.period(days_of(frame)), axis.geo(frame["geo"].to_numpy(object))
    keep = (t >= 0) & (days_of(frame) >= _first_whole(tables, axis))
    t, g = t[keep], g[keep]
    value = frame["outcome"].to_numpy(float)[keep]
    shape = (len(axis.dates), len(axis.geos))
    outcome, rows = np.zeros(shape), np.zeros(shape)
    np.add.at(outcome, (t, g), value)  # a nan among the parts makes the sum nan
    np.add.at(rows, (t, g), 1)
    outcome[rows == 0] = np.nan
    excluded = _excluded(axis, calendar)
    _find_gaps(outcome, rows, excluded, axis, info, found)
    if info.spacing == "day" and axis.grain != "day":
        _find_missing_days(rows, axis, info, found)
    modelled = ~excluded & ~np.isnan(outcome).any(axis=1)
    if excluded.any() and not modelled.any():
        found.faults.append("`calendar.exclude` leaves no period with an outcome; shorten the spans")
    unit_value = None
    if tables.has_unit_value:
        unit_value = _unit_value(frame["unit_value"].to_numpy(float)[keep], value, t, g, outcome, found, info)
    population = None
    if tables.has_population:
        people = frame.groupby(axis.geo(frame["geo"].to_numpy(object)))["population"].median()
        population = people.reindex(range(len(axis.geos))).to_numpy(float)
    return outcome, unit_value, population, modelled


def _first_whole(tables: Tables, axis: Axis) -> np.datetime64:
    """First day of the first whole outcome period: earlier rows are a part of a period only."""
    info = tables.infos["data.outcome"]
    days = days_of(tables.outcome)[tables.outcome["outcome"].notna().to_numpy()]
    start = period_starts(days.min()[None], axis.grain, axis.week_start)
    if info.spacing is None or LENGTH[info.spacing] >= LENGTH[axis.grain] or days.min() == start[0]:
        return start[0]
    return period_end(start[0], axis.grain) + DAY


def _excluded(axis: Axis, calendar: CalendarSettings) -> Flags:
    if not calendar.exclude:
        return np.zeros(len(axis.dates), bool)
    starts = np.array([span.start for span in calendar.exclude], "datetime64[D]")
    ends = np.array([span.end for span in calendar.exclude], "datetime64[D]")
    return overlap_share(starts, ends, axis.dates, axis.grain) > 0


def _find_gaps(
    outcome: Floats, rows: Floats, excluded: Flags, axis: Axis, info: TableInfo, found: Findings
) -> None:
    """Periods without a row, and rows without a number, after the outcome has begun."""
    first = int(np.flatnonzero(~np.isnan(outcome).all(axis=1))[0])
    inside = (np.arange(len(axis.dates)) >= first) & ~excluded
    for hole, what in (
        ((rows == 0) & inside[:, None], "has no row"),
        ((rows > 0) & np.isnan(outcome) & inside[:, None], "is empty"),
    ):
        if hole.any():
            found.faults.append(
                f"{info.where}: the outcome {what} for {places(hole, axis)}. Zero is a value and a missing "
                f"{axis.grain} is not: fill it in, or list it under `calendar.exclude` with the reason"
            )


def _find_missing_days(rows: Floats, axis: Axis, info: TableInfo, found: Findings) -> None:
    usual = np.median(rows[rows > 0])
    short = (rows > 0) & (rows < usual)
    if short.any():
        found.review(
            "missing days",
            info.where,
            places(short, axis),
            f"fewer days than the usual {usual:g}",
            "Add the days if they had an outcome; closed days need nothing.",
        )


def _unit_value(
    per_unit: Floats, value: Floats, t: Ints, g: Ints, outcome: Floats, found: Findings, info: TableInfo
) -> Floats:
    """Money per unit by period and region, weighted by the units; gaps take the region's mean."""
    known = np.isfinite(per_unit) & np.isfinite(value)
    lost = int((~np.isfinite(per_unit) & (value > 0)).sum())
    if lost:
        found.review(
            "value per unit",
            info.where,
            f"{lost} rows",
            "empty where there is an outcome",
            "The mean of the region is taken. Fill the column in.",
        )
    weight, money, plain, count = (np.zeros(outcome.shape) for _ in range(4))
    np.add.at(weight, (t[known], g[known]), value[known])
    np.add.at(money, (t[known], g[known]), (per_unit * value)[known])
    np.add.at(plain, (t[known], g[known]), per_unit[known])
    np.add.at(count, (t[known], g[known]), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(weight != 0, money / weight, plain / count)
        by_geo = np.where(weight.sum(axis=0) != 0, money.sum(axis=0) / weight.sum(axis=0), np.nan)
        overall = money.sum() / weight.sum() if weight.sum() else np.nan
    if not np.isfinite(overall):
        found.faults.append(
            f"{info.where}: `data.outcome.value_per_unit` has no number where there is an outcome"
        )
    by_geo = np.where(np.isfinite(by_geo), by_geo, overall)
    return np.where(np.isfinite(result), result, by_geo[None, :])


def geo_weights(population: Floats | None, outcome: Floats, unit_value: Floats | None) -> Floats:
    """Share of each region by people, else by the size of its outcome, shape (geo,)."""
    by = population
    if by is None:
        by = np.nansum(np.abs(outcome * (1.0 if unit_value is None else unit_value)), axis=0)
    total = by.sum()
    return by / total if total > 0 else np.full(len(by), 1 / len(by))
