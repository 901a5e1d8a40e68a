"""What was known when a model was fitted, and what newer tables say otherwise: rows revised, added, gone and new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mmm.data.axis import days_of
from mmm.data.origin import tables_until
from mmm.data.tables import Tables

FRAMES = ("outcome", "media", "organic", "controls", "events", "future")
KEYS = {
    "outcome": ("date", "geo", "segment"),
    "media": ("date", "geo", "channel", "audience", "message"),
    "organic": ("date", "geo", "name"),
    "controls": ("date", "geo", "name"),
}
SERIES = {
    "outcome": (),
    "media": ("channel", "audience", "message"),
    "organic": ("name",),
    "controls": ("name",),
}
VALUES = {
    "outcome": ("outcome", "unit_value"),
    "media": ("spend", "exposure"),
    "organic": ("value",),
    "controls": ("value",),
}
CHANGES = ("table", "series", "change", "rows", "first", "last", "before", "after")
SAME = 1e-9
"""Relative difference below which two values are one, written twice."""


def as_one_frame(tables: Tables) -> pd.DataFrame:
    """Every table that a fit depends on as one frame, for keeping; `frame` says which row is whose."""
    parts = [getattr(tables, name).assign(frame=name) for name in FRAMES]
    whole = pd.concat([part for part in parts if len(part)], ignore_index=True)
    for column in whole:
        if whole[column].dtype == object or isinstance(whole[column].dtype, pd.StringDtype):
            whole[column] = whole[column].astype("str").where(whole[column].notna(), None)
    return whole


def from_one_frame(whole: pd.DataFrame, like: Tables) -> Tables:
    """The tables back, with everything that is not kept from tables of the same company."""
    found: dict[str, Any] = {}
    for name in FRAMES:
        now = getattr(like, name)
        rows = whole[whole["frame"] == name].reset_index(drop=True).reindex(columns=now.columns)
        for column in now:
            if pd.api.types.is_datetime64_any_dtype(now[column]) or column in ("date", "start", "end"):
                rows[column] = pd.to_datetime(rows[column]).astype("datetime64[s]")
            elif pd.api.types.is_numeric_dtype(now[column]) and not pd.api.types.is_bool_dtype(now[column]):
                rows[column] = pd.to_numeric(rows[column])
            else:
                rows[column] = rows[column].fillna("").astype(object)
        found[name] = rows
    return replace(like, **found)


def differences(old: Tables, new: Tables, until: np.datetime64) -> pd.DataFrame:
    """What newer tables say otherwise: a row by table, series and kind of change.

    Rows are told apart by day, region and name; several rows of one are added up. `new` are rows after the last day
    of the older data; `revised`, `added` and `gone` are rows up to it. `before` and `after` are sums of what changed:
    outcome, spend, or the values of a control.

    Parameters
    ----------
    until
        Last day that the older model knew.
    """
    rows: list[tuple[object, ...]] = []
    for name, keys in KEYS.items():
        before, after = (_values(getattr(tables, name), name) for tables in (old, new))
        both = before.join(after, how="outer", lsuffix="_before", rsuffix="_after")
        days = both.index.get_level_values("date").to_numpy("datetime64[D]")
        here = [both[f"{VALUES[name][0]}_{side}"].to_numpy(float) for side in ("before", "after")]
        there = [both[f"rows_{side}"].notna().to_numpy() for side in ("before", "after")]
        same = np.ones(len(both), dtype=bool)
        for value in VALUES[name]:
            one, two = (both[f"{value}_{side}"].to_numpy(float) for side in ("before", "after"))
            same &= np.isclose(one, two, rtol=SAME, atol=0, equal_nan=True)
        kinds = {
            "new": ~there[0] & there[1] & (days > until),
            "revised": there[0] & there[1] & ~same,
            "added": ~there[0] & there[1] & (days <= until),
            "gone": there[0] & ~there[1],
        }
        series = _series(both.index, [key for key in SERIES[name] if key in keys])
        for kind, chosen in kinds.items():
            for one_series in dict.fromkeys(series[chosen]):
                mine = chosen & (series == one_series)
                sums = [float(np.nansum(values[mine])) for values in here]
                rows.append((name, one_series, kind, int(mine.sum()), *_span(days[mine]), *sums))
    return pd.DataFrame(rows, columns=list(CHANGES))


def as_then(old: Tables, new: Tables, until: np.datetime64) -> Tables:
    """The tables as they were then, with series that only the newer tables have up to the same day."""
    cut = tables_until(new, until)
    found: dict[str, Any] = {}
    for name in ("media", "organic", "controls"):
        keys = list(SERIES[name])
        then, now = getattr(old, name), getattr(cut, name)
        wanted = set(getattr(new, name)[keys].itertuples(index=False, name=None))
        known = set(then[keys].itertuples(index=False, name=None))
        kept = then[_rows(then, keys, wanted)]
        more = now[~_rows(now, keys, known)]
        found[name] = pd.concat([part for part in (kept, more) if len(part)] or [kept], ignore_index=True)
    return replace(cut, outcome=old.outcome, events=old.events, future=old.future, **found)


def _rows(frame: pd.DataFrame, keys: Sequence[str], series: set[tuple[str, ...]]) -> np.ndarray:
    """Which rows are of these series, shape (row,)."""
    return np.array(
        [row in series for row in frame[list(keys)].itertuples(index=False, name=None)], dtype=bool
    )


def _values(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Sums by key, and how many rows each is made of; no number stays none."""
    keys = list(KEYS[name])
    frame = frame.assign(date=days_of(frame).astype("datetime64[s]"), rows=1.0)
    frame[keys[1:]] = frame[keys[1:]].fillna("").astype(str)
    grouped = frame.groupby(keys, sort=True)
    return grouped[[*VALUES[name], "rows"]].sum(min_count=1)


def _series(index: pd.Index, keys: Sequence[str]) -> np.ndarray:
    if not keys:
        return np.full(len(index), "", dtype=object)
    columns = [index.get_level_values(key) for key in keys]
    return np.array(
        [" / ".join(part for part in row if part) for row in zip(*columns, strict=True)], dtype=object
    )


def _span(days: np.ndarray) -> tuple[str, str]:
    return str(days.min()), str(days.max())
