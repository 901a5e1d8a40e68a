"""What platforms, analytics and the CRM count, read as it is written: a row a day and cell, several tables or one.

Counts say what a system saw, not what media caused; `mmm.data.three_counts` puts them on the axes of a panel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mmm.data.count_settings import COUNTED, CountsTable
from mmm.data.names import fold
from mmm.data.panel import Check
from mmm.data.reader import Opened, Reader, rows_words
from mmm.data.settings import ChannelSettings

KEYS = ("channel", "audience", "message")
INSIDE = ("claimed_vat", "claimed_exchange")
"""What is in claimed money besides what finance books."""
COUNT_COLUMNS = ("table", "date", *KEYS, *COUNTED, *INSIDE, "row")
MONEY = ("claimed_revenue", "attributed_revenue", "matched_revenue")


def no_counts() -> pd.DataFrame:
    """No rows, with the columns that rows would have."""
    return pd.DataFrame({name: pd.Series([], dtype="object") for name in COUNT_COLUMNS})


def read_counts(reader: Reader, channels: Mapping[str, ChannelSettings]) -> pd.DataFrame:
    """Every table under `data.attribution`; faults go to the reader.

    Returns
    -------
    Columns table, date, channel, audience, message, what `COUNTED` names (money net of VAT; nan where the table does
    not count it, or for none of the cell), claimed_vat (VAT inside the claimed money), claimed_exchange (what it
    is more at the latest rate than at that of each day, VAT included) and row.
    """
    known = {fold(name): key for key, found in channels.items() for name in (key, *found.was)}
    frames = []
    for number, table in enumerate(reader.data.attribution, start=1):
        key = f"data.attribution[{number}]"
        opened = reader.open(table, key, {name: getattr(table, name) for name in (*KEYS, *COUNTED, *INSIDE)})
        if opened is None:
            continue
        frame = _rows(reader, opened, table)
        frame["channel"] = [known.get(fold(name), name) for name in frame["channel"]]
        _find_nameless(reader, opened, table, frame)
        _find_negative(reader, opened, table, frame)
        _find_holes(reader, opened, table, frame)
        _find_outside(reader, opened, table, frame)
        _find_copies(reader, opened, frame)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else no_counts()


def _rows(reader: Reader, opened: Opened, table: CountsTable) -> pd.DataFrame:
    raw = opened.raw
    columns: dict[str, object] = {"table": opened.key, "date": opened.days.astype("datetime64[s]")}
    for name in KEYS:
        column = getattr(table, name)
        columns[name] = reader.text(raw, column) if column else ""
    for name in COUNTED:
        column = getattr(table, name)
        if column is None:
            columns[name] = np.nan
        else:
            columns[name] = (
                reader.money(opened, column, table) if name in MONEY else reader.numbers(raw, column)
            )
    frame = pd.DataFrame(columns, index=range(len(raw.frame)))
    vat = reader.vat(opened, table)
    inside = {"claimed_vat": frame["claimed_revenue"] * vat}
    inside["claimed_exchange"] = (
        frame["claimed_revenue"] * (1 + vat) * (reader.latest_rate(opened, table) - 1)
    )
    for name, values in inside.items():
        column = getattr(table, name)
        frame[name] = values if column is None else reader.numbers(raw, column)
    frame["row"] = opened.rows
    return frame


def _find_nameless(reader: Reader, opened: Opened, table: CountsTable, frame: pd.DataFrame) -> None:
    lost = frame.loc[frame["channel"] == "", "row"].tolist()
    if lost:
        reader.faults.append(
            f'{opened.raw.where}: counts without a channel in {rows_words(lost)}. Fill in column "{table.channel}"'
        )


def _find_negative(reader: Reader, opened: Opened, table: CountsTable, frame: pd.DataFrame) -> None:
    for name in COUNTED:
        below = frame.loc[frame[name] < 0, "row"].tolist()
        if below:
            reader.faults.append(
                f'{opened.raw.where}: {name} ("{getattr(table, name)}") is below zero in {rows_words(below)}. '
                "Write what was counted; returns go into `finance.returns`"
            )


def _find_outside(reader: Reader, opened: Opened, table: CountsTable, frame: pd.DataFrame) -> None:
    """More orders inside a window than there are."""
    if more := frame.loc[frame["claimed_within"] > frame["claimed"], "row"].tolist():
        reader.faults.append(
            f'{opened.raw.where}: claimed_within ("{table.claimed_within}") is above claimed ("{table.claimed}") in '
            f"{rows_words(more)}. It is the part of the orders that lies inside the window"
        )


def _find_holes(reader: Reader, opened: Opened, table: CountsTable, frame: pd.DataFrame) -> None:
    """A system that counts a cell counts it in every row: an empty value is neither zero nor known."""
    for name in COUNTED:
        column = getattr(table, name)
        if column is None or not reader.is_sound(opened.raw, column):
            continue
        empty = frame[name].isna()
        counts = (~empty).groupby([frame[key] for key in KEYS]).transform("any")
        holes = frame.loc[empty & counts, "row"].tolist()
        if holes:
            reader.faults.append(
                f'{opened.raw.where}: {name} ("{column}") is empty in {rows_words(holes)} and given in other rows of '
                "the same channel. Write 0 where nothing was counted"
            )


def _find_copies(reader: Reader, opened: Opened, frame: pd.DataFrame) -> None:
    """Two rows of one day and cell are a fault, unless most have several that differ: then they are parts."""
    sound = frame[frame["date"].notna()]
    keys = ["date", *KEYS]
    size = sound.groupby(keys, sort=False)["row"].size()
    copied = sound.duplicated(subset=[*keys, *COUNTED], keep=False)
    parts = (size > 1).mean() > 0.5 and copied.mean() < 0.5
    twice = sound.duplicated(subset=keys, keep=False)
    if parts and copied.any():
        rows, remedy = rows_words(sound.loc[copied, "row"].tolist()), "Both are counted. Take out the copies."
        reader.notes.append(
            Check("duplicate rows", "review", opened.raw.where, rows, "alike in all counts", remedy)
        )
    if not twice.any() or parts:
        return
    where: dict[str, list[str]] = {}
    for *key, row in sound.loc[twice, [*keys, "row"]].astype(str).to_numpy().tolist():
        name = f"{key[0][:10]} {' / '.join(part for part in key[1:] if part)}"
        where.setdefault(name, []).append(row)
    quoted = [f"{name} in {rows_words(rows)}" for name, rows in list(where.items())[:3]]
    more = f" and {len(where) - 3} more" if len(where) > 3 else ""
    reader.faults.append(f"{opened.raw.where}: counted twice: {'; '.join(quoted)}{more}. Take out the copies")
