"""Campaigns and ads on the axes of a panel: what each cost and counted by period, how long it runs, how it wears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, days_of
from mmm.data.calendar import detect_week_start
from mmm.data.ledger import LEDGER, LINE
from mmm.data.names import fold
from mmm.data.panel import Panel
from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ENDS = 28
"""Days at each end of a line's life whose click rates are compared."""
CLICKS = 30
"""Clicks at each end below which nothing is said of wear."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger: a campaign, or an ad of it; both empty for what nobody names."""

    channel: str
    audience: str
    campaign: str
    creative: str


@dataclass(frozen=True, slots=True)
class Creatives:
    """Lines of the ledger, aligned.

    Attributes
    ----------
    lines
        In the order of channels of the panel, then as they first ran.
    leaf
        Leaf of the counts that each belongs to, shape (line,).
    counted
        By name (`spend`, `clicks`, ...), shape (period, line); nan where a line is not counted so. Money is net of VAT.
    first, last
        First and last day with money or exposure, shape (line,); NaT for a line without.
    wear
        Click rate of the last four weeks it ran over that of the first four, less 1, shape (line,); nan where it ran
        less than eight, or has too few clicks to say.
    """

    lines: tuple[Line, ...]
    leaf: Ints
    counted: dict[str, Floats]
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    wear: Floats


def align_creatives(frame: pd.DataFrame, panel: Panel, counts: ThreeCounts) -> Creatives | None:
    """Put the rows of the ledger on the periods and leaves of a panel; None without any row of a paid channel.

    Rows that a CRM counts have no money: they go to the line whose ad they name, else to the one campaign of that
    name, else to what nobody names in their cell.
    """
    if frame.empty:
        return None
    axis = Axis(panel.dates, panel.geos, panel.grain, detect_week_start(panel.dates[:1]) or "monday")
    told = frame.assign(period=axis.period(days_of(frame)))
    told["leaf"] = leaves_of(told, counts.leaves)
    told = told[(told["period"] >= 0) & (told["leaf"] >= 0)]
    if told.empty:
        return None
    told["line"] = _lines_of(told)
    order = told.sort_values(["leaf", "date"], kind="stable").drop_duplicates("line")
    number = {line: k for k, line in enumerate(order["line"])}
    at = told["line"].map(number).to_numpy(np.int64)
    shape = (len(panel.dates), len(number))
    first, last, wear = _lives(told, at, len(number))
    return Creatives(
        lines=tuple(Line(*line) for line in number),
        leaf=order["leaf"].to_numpy(np.int64),
        counted={name: _summed(told, name, at, shape) for name in LEDGER if told[name].notna().any()},
        first=first,
        last=last,
        wear=wear,
    )


def leaves_of(frame: pd.DataFrame, leaves: Sequence[Cell]) -> Ints:
    """Leaf that each row's channel and audience belong to, shape (row,); -1 where there is none, or no single one."""
    by_channel: dict[str, list[int]] = {}
    for k, leaf in enumerate(leaves):
        by_channel.setdefault(leaf.channel, []).append(k)

    def leaf_of(channel: str, audience: str) -> int:
        mine = by_channel.get(channel, [])
        exact = [k for k in mine if leaves[k].audience == audience]
        found = exact or [k for k in mine if leaves[k].audience == ""]
        return found[0] if len(found) == 1 else mine[0] if len(mine) == 1 else -1

    pairs = list(zip(frame["channel"], frame["audience"], strict=True))
    seen = {pair: leaf_of(*pair) for pair in set(pairs)}
    return np.array([seen[pair] for pair in pairs], np.int64)


def _lines_of(told: pd.DataFrame) -> list[tuple[str, ...]]:
    """Names of the line of each row; rows without money under the names of those with it, in their leaf."""
    paid = told["spend"].notna()
    keys = [*LINE, "leaf"]
    known: dict[tuple[object, ...], set[tuple[str, ...]]] = {}
    for *line, leaf in told.loc[paid, keys].drop_duplicates().itertuples(index=False, name=None):
        for name in _names(line):
            known.setdefault((leaf, *name), set()).add(tuple(line))

    def found(line: tuple[str, ...], leaf: int) -> tuple[str, ...]:
        for name in _names(line):
            lines = known.get((leaf, *name), set())
            if len(lines) == 1:
                return next(iter(lines))
        return (*line[:2], "", "")

    some = told.loc[~paid, keys].drop_duplicates().itertuples(index=False, name=None)
    placed = {(*line, leaf): found(tuple(line), leaf) for *line, leaf in some}
    rows = zip(told[keys].itertuples(index=False, name=None), paid, strict=True)
    return [row[:4] if has_money else placed[row] for row, has_money in rows]


def _names(line: Sequence[str]) -> list[tuple[str, str]]:
    """By what a line may be known, the surest first: campaign and ad, the ad, the campaign."""
    *_, campaign, creative = line
    told = (("both", f"{campaign}\n{creative}"), ("ad", creative), ("campaign", campaign))
    return [(level, fold(name)) for level, name in told if name.strip()]


def _summed(told: pd.DataFrame, name: str, at: Ints, shape: tuple[int, int]) -> Floats:
    """Rows added up by period and line; nan in lines that are not counted so."""
    values = told[name].to_numpy(float)
    given = np.isfinite(values)
    out = np.full(shape, np.nan)
    out[:, np.unique(at[given])] = 0.0
    np.add.at(out, (told["period"].to_numpy()[given], at[given]), values[given])
    return out


def _lives(
    told: pd.DataFrame, at: Ints, lines: int
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], Floats]:
    """First and last day of each line, and its wear."""
    ran = (np.nan_to_num(told[["spend", "exposure"]].to_numpy(float)) > 0).any(axis=1)
    day, line = days_of(told)[ran].astype("datetime64[D]").astype(np.int64), at[ran]
    clicks, exposure = (told[name].to_numpy(float)[ran] for name in ("clicks", "exposure"))
    first, last = np.full(lines, np.iinfo(np.int64).max), np.full(lines, np.iinfo(np.int64).min)
    np.minimum.at(first, line, day)
    np.maximum.at(last, line, day)
    early, late = day < first[line] + ENDS, day > last[line] - ENDS

    def over(part: NDArray[np.bool_], values: Floats) -> Floats:
        return np.bincount(line[part], weights=values[part], minlength=lines)

    clicked, shown = ([over(part, values) for part in (early, late)] for values in (clicks, exposure))
    known = np.isfinite(np.bincount(line, weights=clicks + exposure, minlength=lines))
    long = last - first >= 2 * ENDS - 7  # the last row of a weekly table begins a week
    enough = (np.minimum(*clicked) >= CLICKS) & (np.minimum(*shown) > 0) & known & long
    rates = [np.divide(c, s, out=np.ones(lines), where=enough) for c, s in zip(clicked, shown, strict=True)]
    wear = np.where(enough, rates[1] / rates[0] - 1.0, np.nan)
    seen = np.isin(np.arange(lines), line)
    never = np.datetime64("NaT", "D")
    first_day, last_day = (
        np.where(seen, np.where(seen, days, 0).astype("datetime64[D]"), never) for days in (first, last)
    )
    return first_day, last_day, wear
