"""What moves the outcome besides paid media, by period: controls, organic media, events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, Findings, days_of, places
from mmm.data.calendar import period_ends, period_starts
from mmm.data.holidays import event_features
from mmm.data.names import clean_name, nearest
from mmm.data.reader import rows_words
from mmm.data.settings import DataSettings, Grain
from mmm.data.tables import Tables
from mmm.dims import NATIONAL

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]


def control_names(data: DataSettings) -> tuple[str, ...]:
    """Controls as the panel calls them."""
    return tuple(clean_name(column.name) for column in data.controls.columns) if data.controls else ()


def treatments(data: DataSettings, controls: Floats, modelled: Flags) -> dict[str, float]:
    """Baseline value of each control that is a treatment, by the panel's name of it.

    Parameters
    ----------
    controls, modelled
        Shapes (period, geo, control), (period,); the smallest and largest value are those of modelled periods.
    """
    found = {}
    for i, column in enumerate(data.controls.columns if data.controls else ()):
        seen = controls[modelled][:, :, i]
        if column.baseline is not None:
            ends = {"min": seen.min(), "max": seen.max()}
            value = ends[column.baseline] if isinstance(column.baseline, str) else column.baseline
            found[clean_name(column.name)] = float(value)
    return found


def organic_names(data: DataSettings) -> tuple[str, ...]:
    """Columns of owned media as the panel calls them."""
    return tuple(clean_name(name) for name in data.organic.columns) if data.organic else ()


def align_controls(tables: Tables, axis: Axis, data: DataSettings, first: int, found: Findings) -> Floats:
    """Controls, shape (period, geo, control): the mean of a period's rows; national ones hold everywhere.

    Before the first outcome (index `first`) the first known value stands: nothing is explained there.
    """
    names = control_names(data)
    _find_strangers(tables, tables.controls, axis, found)
    if axis.geos == (NATIONAL,) and (tables.controls["geo"] != NATIONAL).any():
        found.review(
            "regions",
            tables.infos["data.controls"].where,
            "",
            "controls by region in a national model",
            "The mean of the regions is taken. Give national values if regions differ in size.",
        )
    grid = value_grid(tables.controls, axis, names, "mean")
    _find_holes(grid, names, "data.controls", tables, axis, first, found)
    return _filled_back(grid, first)


def align_organic(
    tables: Tables, axis: Axis, data: DataSettings, first: int, weights: Floats, found: Findings
) -> Floats:
    """Owned media, shape (period, geo, organic): rows added up, national ones split by `weights`."""
    names = organic_names(data)
    _find_strangers(tables, tables.organic, axis, found)
    if len(axis.geos) > 1 and (tables.organic["geo"] == NATIONAL).any():
        found.review(
            "national media",
            tables.infos["data.organic"].where,
            "",
            ", ".join(names),
            f"Given without a region and split by {'population' if tables.has_population else 'outcome'}. "
            "Give it by region if it differs.",
        )
    grid = value_grid(tables.organic, axis, names, "sum", weights)
    _find_holes(grid, names, "data.organic", tables, axis, first, found)
    grid[:first] = np.nan_to_num(grid[:first])
    return grid


def value_grid(
    frame: pd.DataFrame, axis: Axis, names: Sequence[str], how: str, weights: Floats | None = None
) -> Floats:
    """Long rows as an array (period, geo, name), nan where there is no row.

    Parameters
    ----------
    how
        "mean" averages the rows of a period that have a number; "sum" adds them up, and one empty row makes
        the period nan.
    weights
        Share of each region, shape (geo,), that national rows are split by; None: they hold everywhere.
    """
    grid = np.full((len(axis.dates), len(axis.geos), len(names)), np.nan)
    t, g = axis.period(days_of(frame)), axis.geo(frame["geo"].to_numpy(object))
    values, of = frame["value"].to_numpy(float), frame["name"].to_numpy(object)
    national = (g < 0) & (frame["geo"].to_numpy(object) == NATIONAL)
    for index, name in enumerate(names):
        mine = (of == name) & (t >= 0)
        if how == "mean":
            mine &= ~np.isnan(values)
        for rows, everywhere in ((mine & (g >= 0), False), (mine & national, True)):
            if not rows.any():
                continue
            place = np.zeros(rows.sum(), np.int64) if everywhere else g[rows]
            shape = (len(axis.dates), 1 if everywhere else len(axis.geos))
            total, count = np.zeros(shape), np.zeros(shape)
            np.add.at(total, (t[rows], place), values[rows])
            np.add.at(count, (t[rows], place), 1)
            there = np.broadcast_to(count > 0, grid.shape[:2])
            result = total / np.where((count > 0) & (how == "mean"), count, 1)
            if everywhere and weights is not None:
                result = result * weights[None, :]
            grid[:, :, index] = np.where(there, result, grid[:, :, index])
    return grid


def align_events(tables: Tables, axis: Axis, found: Findings) -> tuple[tuple[str, ...], Floats]:
    """Names of the events that ran, and the share of each period's days, shape (period, event)."""
    starts, ends, labels = event_spans(tables, axis)
    names, shares = event_features(starts, ends, labels, axis.dates, axis.grain)
    unseen = sorted(set(labels) - set(names))
    if unseen:
        found.review(
            "events",
            "data.events",
            "",
            ", ".join(unseen),
            "Never ran while the outcome is known, so its effect cannot be learned; it is left out.",
        )
    return names, shares


def event_spans(tables: Tables, axis: Axis) -> tuple[Dates, Dates, list[str]]:
    """First day, last day and name of each event."""
    frame = tables.events
    if frame.empty:
        none = np.array([], "datetime64[D]")
        return none, none, []
    starts = frame["start"].to_numpy().astype("datetime64[D]")
    ends = frame["end"].to_numpy().astype("datetime64[D]")
    lasts = str(frame["lasts"].iloc[0])
    if lasts in {"week", "month"}:  # the row stands for its whole period, by whichever day it is dated
        grain: Grain = "week" if lasts == "week" else "month"
        starts = period_starts(starts, grain, axis.week_start)
        until = period_ends(starts, grain)
    else:
        until = starts
    return starts, np.where(np.isnat(ends), until, ends), [str(name) for name in frame["name"]]


def _filled_back(grid: Floats, first: int) -> Floats:
    for t in range(first - 1, -1, -1):
        grid[t] = np.where(np.isnan(grid[t]), grid[t + 1], grid[t])
    return grid


def _find_strangers(tables: Tables, frame: pd.DataFrame, axis: Axis, found: Findings) -> None:
    """Regions that the outcome does not have: their rows are left out and listed."""
    if axis.geos == (NATIONAL,) or frame.empty:
        return
    strange = (axis.geo(frame["geo"].to_numpy(object)) < 0) & (frame["geo"] != NATIONAL).to_numpy()
    for (table, geo), rows in frame[strange].groupby(["table", "geo"], sort=True)["row"]:
        near = nearest(str(geo), axis.geos)
        found.review(
            "regions",
            tables.infos[str(table)].where,
            rows_words(rows.unique().tolist(), 3),
            f"region {geo!r} is not in the outcome and is left out",
            f"Write {near!r} if that is meant." if near else "Nothing to do if the region is not sold to.",
        )


def _find_holes(
    grid: Floats, names: Sequence[str], key: str, tables: Tables, axis: Axis, first: int, found: Findings
) -> None:
    for index, name in enumerate(names):
        hole = np.isnan(grid[:, :, index])
        hole[:first] = False
        if hole.all(axis=0).any() and hole[first:].all():
            found.faults.append(
                f'{tables.infos[key].where} (`{key}`): "{name}" has no value in the periods of the outcome; '
                "look at its dates"
            )
        elif hole.any():
            found.faults.append(
                f'{tables.infos[key].where} (`{key}`): "{name}" has no value for {places(hole, axis)}. '
                "Fill it in (0 is a value), or leave the column out of the config"
            )
