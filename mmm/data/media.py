"""Paid media by period, region and cell: what is missing, national, or without exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, Findings, days_of, places
from mmm.data.names import nearest
from mmm.data.reader import rows_words
from mmm.data.tables import Tables
from mmm.dims import NATIONAL, Cell

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]


DENSE = 26
"""A long table with rows in so many periods on end does not stop by having nothing to say."""


@dataclass(frozen=True, slots=True)
class AlignedMedia:
    cells: tuple[Cell, ...]
    spend: Floats
    exposure: Floats
    has_exposure: Flags
    national: Flags
    organic_names: tuple[str, ...]
    organic: Floats


def align_media(tables: Tables, axis: Axis, first: int, weights: Floats, found: Findings) -> AlignedMedia:
    """Spend and exposure by period, region and cell."""
    frame = tables.media
    by_geo = axis.geos != (NATIONAL,)
    keys = list(zip(frame["channel"], frame["audience"], frame["message"], strict=True))
    cells = tuple(Cell(*key) for key in dict.fromkeys(keys))
    number = {(cell.channel, cell.audience, cell.message): index for index, cell in enumerate(cells)}
    c = np.array([number[key] for key in keys], np.int64)
    names = frame["geo"].to_numpy(object)
    national_rows = np.full(len(frame), by_geo) & (names == NATIONAL)
    t, g = axis.period(days_of(frame)), axis.geo(names)
    _find_strangers(frame, (g < 0) & ~national_rows, tables, axis, found)
    _find_missing_media(tables, axis, t, g, first, national_rows, found)
    spend = frame["spend"].to_numpy(float)
    given = frame["exposure"].to_numpy(float)
    has_exposure = np.zeros(len(cells), bool)
    has_exposure[np.unique(c[~np.isnan(given)])] = True
    keep = t >= 0
    arrays = [
        summed(values, t[keep], g[keep], c[keep], (len(axis.dates), len(axis.geos), len(cells)), weights)
        for values in (spend[keep], np.nan_to_num(given[keep]))
    ]
    money, exposure = arrays[0], np.where(has_exposure, arrays[1], arrays[0])
    national = np.zeros(len(cells), bool)
    national[np.unique(c[national_rows & keep])] = True
    _find_spend_without_exposure(money, exposure, has_exposure, cells, axis, found)
    return _organic_apart(cells, money, exposure, has_exposure, national, found)


def summed(values: Floats, t: Ints, g: Ints, c: Ints, shape: tuple[int, int, int], weights: Floats) -> Floats:
    """Rows added up by period, region and column; rows without a region split by the weights."""
    out = np.zeros(shape)
    local = g >= 0
    np.add.at(out, (t[local], g[local], c[local]), values[local])
    whole = np.zeros((shape[0], shape[2]))
    np.add.at(whole, (t[~local], c[~local]), values[~local])
    return out + whole[:, None, :] * weights[None, :, None]


def _find_strangers(frame: pd.DataFrame, strange: Flags, tables: Tables, axis: Axis, found: Findings) -> None:
    """Regions that the outcome does not have."""
    lost = frame[strange]
    for (table, geo), rows in lost.groupby(["table", "geo"], sort=True)["row"]:
        near = nearest(str(geo), axis.geos)
        hint = f"; did you mean {near!r}?" if near else ""
        found.faults.append(
            f"{tables.infos[str(table)].where} (`{table}`): region {geo!r} is not in the outcome "
            f"({rows_words(rows.tolist(), 3)}){hint} Write it alike in both, or give its outcome"
        )


def _find_missing_media(
    tables: Tables, axis: Axis, t: Ints, g: Ints, first: int, national: Flags, found: Findings
) -> None:
    """A wide table needs a row for every period; a long one that ends early is pointed at."""
    of = tables.media["table"].to_numpy(object)
    for key in dict.fromkeys(of.tolist()):
        info, mine = tables.infos[key], (of == key) & (t >= 0)
        there = np.zeros((len(axis.dates), len(axis.geos)), bool)
        there[t[mine & ~national & (g >= 0)], g[mine & ~national & (g >= 0)]] = True
        there[t[mine & national]] = True
        hole = ~there & (np.arange(len(axis.dates)) >= first)[:, None]
        if info.wide and hole.any():
            found.faults.append(
                f"{info.where} (`{key}`): no media row for {places(hole, axis)}. Write 0 where nothing was "
                "spent; a missing row is not zero"
            )
        covered = np.flatnonzero(there.any(axis=1))
        if info.wide or not covered.size or covered[-1] == len(axis.dates) - 1:
            continue
        if covered.size >= DENSE and covered.size == covered[-1] - covered[0] + 1:
            end, short = axis.dates[covered[-1]], len(axis.dates) - 1 - int(covered[-1])
            found.faults.append(
                f"{info.where} (`{key}`): rows for every {axis.grain} until {end}, and none for the {short} "
                "after it. Load them; where nothing was spent, one row with 0 in the last "
                f"{axis.grain} says so"
            )
        else:
            found.review(
                "media end early",
                info.where,
                f"after {axis.dates[covered[-1]]}",
                f"{len(axis.dates) - 1 - int(covered[-1])} periods without a row, counted as no spend",
                "Load the missing rows if there was spend.",
            )


def _find_spend_without_exposure(
    money: Floats, exposure: Floats, has_exposure: Flags, cells: Sequence[Cell], axis: Axis, found: Findings
) -> None:
    for index in np.flatnonzero(has_exposure).tolist():
        hole = (money[:, :, index] > 0) & ~(exposure[:, :, index] > 0)
        if hole.any():
            found.faults.append(
                f"{cells[index].name}: spend without exposure in {places(hole, axis)} "
                f"({money[:, :, index][hole].sum():,.0f} in all). Fill in the exposure, or leave the "
                "exposure column of this cell out of the config"
            )


def _organic_apart(
    cells: tuple[Cell, ...],
    money: Floats,
    exposure: Floats,
    has_exposure: Flags,
    national: Flags,
    found: Findings,
) -> AlignedMedia:
    """Exposure that never cost anything has no return on spend: it joins the organic media."""
    free = has_exposure & ~money.any(axis=(0, 1)) & exposure.any(axis=(0, 1))
    names = tuple(cell.name for cell, flag in zip(cells, free, strict=True) if flag)
    for cell_name in names:
        found.review(
            "exposure without spend",
            cell_name,
            "all",
            "exposure and never any spend: taken as organic, without a ROI",
            "List its column under `data.organic`, or give what it cost.",
        )
    return AlignedMedia(
        cells=tuple(cell for cell, flag in zip(cells, free, strict=True) if not flag),
        spend=money[:, :, ~free],
        exposure=exposure[:, :, ~free],
        has_exposure=has_exposure[~free],
        national=national[~free],
        organic_names=names,
        organic=exposure[:, :, free],
    )
