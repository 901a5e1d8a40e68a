"""A table of spend that a user gives: a reference of their own, or what is booked until the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.calendar import WEEKDAYS, period_days, split_window, weekdays
from mmm.data.files import read_table
from mmm.data.names import clean_name
from mmm.data.panel import Dates, Floats, Panel
from mmm.data.source_settings import file_of
from mmm.data.values import is_empty, parse_dates, parse_numbers
from mmm.dims import NATIONAL, Cell
from mmm.errors import DataError
from mmm.planning.names import unknown
from mmm.planning.reference import geo_split
from mmm.planning.settings import ApprovedPlan


@dataclass(frozen=True, slots=True)
class SpendTable:
    """Money from a file on the axes of the panel.

    Attributes
    ----------
    spend
        Shape (period, geo, cell).
    given
        Whether the file has a row for the period, shape (period,).
    """

    spend: Floats
    given: NDArray[np.bool_]


def read_spend(
    path: Path, panel: Panel, dates: Dates, *, key: str, last: np.datetime64 | None = None
) -> SpendTable:
    """Read money by date, channel, audience (optional), message (optional), geo (optional) from a file.

    A row counts in the period its date falls in; rows outside all periods are left out. Where the file has
    no geo and the model has, a cell's money is split as in its last active year.

    Parameters
    ----------
    path
        CSV, Parquet or XLSX with columns date, channel, spend and, optionally, audience, message, geo.
    dates
        First days of the periods wanted, shape (period,), without gaps.
    key
        The config key that names the file, for messages.
    last
        Last day that counts; rows after it are left out. None: the end of the last period.

    Raises
    ------
    DataError
        All faults at once: columns that are missing, names that no cell or geo has, values that are no
        dates, numbers, or are negative.
    """
    raw = read_table(path)
    where = f"`{key}`: {path.name}"
    columns = {clean_name(name).casefold(): str(name) for name in raw.frame.columns}
    missing = [name for name in ("date", "channel", "spend") if name not in columns]
    if missing:
        raise DataError(
            [f"{where}: no column {', '.join(missing)}; found {', '.join(columns.values())}. Rename them"]
        )
    days = parse_dates(raw.frame[columns["date"]], where=where, column=columns["date"])
    money = parse_numbers(raw.frame[columns["spend"]], where=where, column=columns["spend"])
    faults = [*days.faults, *money.faults]
    negative = raw.frame.index.to_numpy()[np.nan_to_num(money.values) < 0]
    if negative.size:
        faults.append(
            f"{where}: negative spend in row {_rows(negative)}; write money spent as positive numbers"
        )
    cells, cell_faults = _cells(raw.frame, columns, panel, where)
    geos, geo_faults = _geos(raw.frame, columns, panel, where)
    faults += cell_faults + geo_faults
    if faults:
        raise DataError(faults)
    keep = np.ones(len(cells), dtype=bool) if last is None else days.values <= last
    values = np.nan_to_num(money.values)
    return _place(days.values[keep], values[keep], cells[keep], geos[keep], panel, dates)


def approved_money(
    panel: Panel, approved: ApprovedPlan, folder: Path, start: np.datetime64, end: np.datetime64
) -> Floats:
    """Money of the plan of record laid over a window, shape (period, geo, cell).

    Of its own window it is the plan as it stands. Over another one its money lies where it would were that window as
    long: what was planned for the first tenth of its days falls on the first tenth of these.

    Raises
    ------
    DataError
        A channel or region of it that the data no longer have.
    """
    week_start = WEEKDAYS[int(weekdays(panel.dates[:1])[0])]
    own = np.datetime64(approved.start, "D"), np.datetime64(approved.end, "D")
    from_plan, wanted = (
        split_window(first, last, panel.grain, week_start) for first, last in (own, (start, end))
    )
    table = read_spend(folder / file_of(approved.source), panel, from_plan.dates, key="plan.reference")
    if own == (start, end):
        return table.spend
    before, after = (
        np.concatenate([[0.0], np.cumsum(found.share)]) / found.share.sum() for found in (from_plan, wanted)
    )
    money = table.spend.reshape(len(from_plan.dates), -1)
    until = np.concatenate([np.zeros((1, money.shape[1])), np.cumsum(money, axis=0)])
    laid = np.stack([np.interp(after, before, column) for column in until.T], axis=1)
    return np.diff(laid, axis=0).reshape(-1, *table.spend.shape[1:])


def _place(
    days: Dates, money: Floats, cells: NDArray[np.int64], geos: NDArray[np.int64], panel: Panel, dates: Dates
) -> SpendTable:
    """Rows of money to (period, geo, cell); a geo of -1 is split over the geos."""
    ends = dates + period_days(dates, panel.grain).astype("timedelta64[D]")
    period = np.searchsorted(dates, days, side="right") - 1
    inside = (period >= 0) & (days < ends[np.maximum(period, 0)])
    spend = np.zeros((len(dates), len(panel.geos), len(panel.cells)))
    local = inside & (geos >= 0)
    np.add.at(spend, (period[local], geos[local], cells[local]), money[local])
    wide = inside & (geos < 0)
    for cell in np.unique(cells[wide]):
        rows = wide & (cells == cell)
        np.add.at(spend[:, :, cell], period[rows], money[rows, None] * geo_split(panel, int(cell)))
    return SpendTable(spend, np.isin(np.arange(len(dates)), period[inside]))


def _cells(
    frame: pd.DataFrame, columns: dict[str, str], panel: Panel, where: str
) -> tuple[NDArray[np.int64], list[str]]:
    """Index of the cell of each row, and faults for names that no cell has."""
    position = {cell: index for index, cell in enumerate(panel.cells)}
    texts = [_texts(frame, columns, name) for name in ("channel", "audience", "message")]
    found = [position.get(Cell(*names), -1) for names in zip(*texts, strict=True)]
    wrong = dict.fromkeys(
        Cell(*names).name for names, index in zip(zip(*texts, strict=True), found, strict=True) if index < 0
    )
    known = [cell.name for cell in panel.cells]
    return np.array(found, dtype=np.int64), [f"{where}: " + unknown(name, known, "cell") for name in wrong]


def _geos(
    frame: pd.DataFrame, columns: dict[str, str], panel: Panel, where: str
) -> tuple[NDArray[np.int64], list[str]]:
    """Index of the geo of each row (-1: not given), and faults for names the panel does not have."""
    position = {geo: index for index, geo in enumerate(panel.geos)}
    names = _texts(frame, columns, "geo")
    if panel.geos == (NATIONAL,):
        return np.zeros(len(names), dtype=np.int64), []
    found = [position.get(name, -1) for name in names]
    wrong = dict.fromkeys(name for name, index in zip(names, found, strict=True) if name and index < 0)
    return np.array(found, dtype=np.int64), [
        f"{where}: " + unknown(name, panel.geos, "geo") for name in wrong
    ]


def _texts(frame: pd.DataFrame, columns: dict[str, str], name: str) -> list[str]:
    """A text column cleaned as the data are; empty texts where the file has no such column."""
    if name not in columns:
        return [""] * len(frame)
    return ["" if is_empty(value) else clean_name(value) for value in frame[columns[name]]]


def _rows(rows: NDArray) -> str:
    """The first few rows, and how many more there are."""
    shown = ", ".join(str(row) for row in rows[:5].tolist())
    return shown + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
