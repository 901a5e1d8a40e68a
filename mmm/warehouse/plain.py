"""The tables of a config as loads of the warehouse: what was read of each, in the columns of the data contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmm.data.tables import Tables
from mmm.warehouse.canonical import ANALYTICS, CONTROLS, CRM, EVENTS, MEDIA, OUTCOME, CanonicalTable
from mmm.warehouse.merge import Load

_COUNTED: tuple[tuple[CanonicalTable, dict[str, str]], ...] = (
    (
        MEDIA,
        {
            "clicks": "clicks",
            "leads": "leads",
            "platform_conversions": "claimed",
            "platform_revenue": "claimed_revenue",
        },
    ),
    (ANALYTICS, {"conversions": "attributed", "revenue": "attributed_revenue"}),
    (CRM, {"qualified": "qualified", "won": "matched", "revenue": "matched_revenue"}),
)
"""Which counts of `data.attribution` are which columns; leads without a CRM are what platforms report."""


def plain_loads(tables: Tables, contents: Mapping[str, str], *, counts_money: bool) -> list[Load]:
    """What the tables of a config bring.

    Parameters
    ----------
    contents
        Hash of the content of each table by its key (`data.media[1]`); those that are not named are left out.
    counts_money
        Whether the outcome is money; else it is counted.
    """
    loads = []
    outcome = tables.outcome
    if "data.outcome" in contents:
        money = outcome["outcome"] if counts_money else outcome["outcome"] * outcome["unit_value"]
        made = {"revenue": money, "counted": np.nan if counts_money else outcome["outcome"]}
        kept = _columns(outcome, ["date", "geo", "segment", "orders", "population"])
        loads += _load(tables, contents, "data.outcome", OUTCOME, {**kept, **made}, outcome)
    for key, rows in tables.media.groupby("table", sort=False):
        kept = _columns(rows, ["date", "geo", "channel", "audience", "message", "spend", "exposure"])
        loads += _load(tables, contents, str(key), MEDIA, kept, rows)
    for frame in (tables.organic, tables.controls):
        for key, rows in frame.groupby("table", sort=False):
            kept = _columns(rows, ["date", "geo", "name", "value"])
            loads += _load(tables, contents, str(key), CONTROLS, kept, rows)
    if "data.events" in contents and len(tables.events):
        rows = tables.events.reset_index(drop=True)
        numbered = rows.assign(row=np.arange(1, len(rows) + 1))
        kept = _columns(rows, ["start", "end", "name"])
        loads += _load(tables, contents, "data.events", EVENTS, kept, numbered)
    for key, rows in tables.counts.groupby("table", sort=False):
        for table, columns in _COUNTED:
            given = rows[list(columns.values())].notna().any(axis=1)
            if not given.any():
                continue
            some = rows[given]
            cell = ["date", "channel", "audience", *(["message"] if table is MEDIA else [])]
            kept = _columns(some, cell) | {name: some[count] for name, count in columns.items()}
            loads += _load(tables, contents, str(key), table, kept, some)
    return loads


def _columns(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, object]:
    """Columns by their names."""
    return {name: frame[name] for name in names}


def _load(
    tables: Tables,
    contents: Mapping[str, str],
    key: str,
    table: CanonicalTable,
    columns: Mapping[str, object],
    rows: pd.DataFrame,
) -> list[Load]:
    """One load, where the key is asked for and has rows."""
    if key not in contents or rows.empty:
        return []
    known = rows[table.day if table.day in rows else "date"].notna().to_numpy()
    frame = table.frame(columns, rows["row"].to_numpy(dtype="int64"))[known]
    where = tables.infos[key].where if key in tables.infos else key
    return [Load(key, where, contents[key], table, frame.reset_index(drop=True), whole=True)]
