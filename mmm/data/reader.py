"""One pass over the files of a company: each file and column read once, every fault kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.booked import Booking, Steps, steps
from mmm.data.calendar import WEEKDAYS, detect_spacing, weekdays
from mmm.data.files import RawTable, read_table
from mmm.data.names import clean_name, fold
from mmm.data.panel import Check
from mmm.data.private import people_among
from mmm.data.settings import DataSettings, Grain, Weekday
from mmm.data.source_settings import Source, file_of
from mmm.data.table_settings import MediaTable
from mmm.data.values import parse_dates, parse_numbers, require_columns
from mmm.errors import DataError

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What a table showed about itself.

    Attributes
    ----------
    key, where
        The key of the config (`data.media[1]`) and the file it came from.
    wide
        One column per cell: a period without a row is missing, not zero.
    by_geo
        The rows carry a region.
    spacing
        Grain of the rows; None where it cannot be seen.
    weekday
        The weekday of weekly rows, else None.
    owner
        Who to ask about the table; "" where the config does not say.
    """

    key: str
    where: str
    wide: bool
    by_geo: bool
    spacing: Grain | None
    weekday: Weekday | None
    owner: str = ""


class Reader:
    """Reads each file and each column once and gathers what is wrong with them."""

    def __init__(self, data: DataSettings, folder: Path, booking: Booking | None = None) -> None:
        self.data = data
        self.folder = folder
        self.booking = booking or Booking()
        self.faults: list[str] = []
        self.notes: list[Check] = []
        self.infos: dict[str, TableInfo] = {}
        self._raw: dict[tuple[Path, str | None], RawTable | None] = {}
        self._alive: dict[int, RawTable] = {}  # an id is of one table as long as the table lives
        self._numbers: dict[tuple[int, str], Floats] = {}
        self._broken: set[tuple[int, str]] = set()
        self._dates: dict[tuple[int, str, str | None], Dates] = {}
        self._dayfirst: bool | None = None

    def open(self, table: Source, key: str, wanted: Mapping[str, str | None]) -> Opened | None:
        """The table with its date and geo columns read; None where something is at fault."""
        source = self.data.resolved(table)
        if source.source is None:
            self.faults.append(f"`{key}.source`: missing; name the file here or once as `data.source`")
            return None
        raw = self.read(file_of(source.source), source.sheet)
        if raw is None:
            return None
        if source.date is None:
            self.faults.append(f"`{key}.date`: missing; name the column with the date")
            return None
        geo = self._geo_column(raw, table)
        columns = {f"{key}.date": source.date, f"{key}.geo": geo}
        columns |= {f"{key}.{name}": column for name, column in wanted.items()}
        missing = require_columns(raw, {k: v for k, v in columns.items() if v is not None})
        self.faults += missing
        if missing:
            return None
        days = self.days(raw, source.date, table)
        regions = self.text(raw, geo) if geo else np.full(len(raw.frame), "", object)
        if geo and (blank := raw.frame.index[regions == ""].tolist()):
            self.faults.append(
                f'{raw.where}: column "{geo}" is empty in {rows_words(blank)}; name the region, or put '
                "national rows into a table without a geo column"
            )
        spacing = detect_spacing(days)
        day = (
            WEEKDAYS[int(np.bincount(weekdays(days[~np.isnat(days)])).argmax())]
            if spacing == "week"
            else None
        )
        wide = not (isinstance(table, MediaTable) and table.channel)
        self.infos[key] = TableInfo(
            key, raw.where, wide, geo is not None, spacing, day, self.told(table, "owner") or ""
        )
        return Opened(key, raw, days, regions)

    def read(self, path: Path, sheet: str | None) -> RawTable | None:
        """The table as it stands in its file; None where it cannot be read."""
        if (path, sheet) not in self._raw:
            try:
                raw = read_table(self.folder / path, sheet)
            except DataError as error:
                self.faults += error.faults
                self._raw[path, sheet] = None
            else:
                # findings name the file as the config does: the same on every machine
                named = replace(raw, path=path)
                self.notes += [
                    replace(note, where=named.where) if note.where == raw.where else note
                    for note in raw.notes
                ]
                self._raw[path, sheet] = named
        return self._raw[path, sheet]

    def _geo_column(self, raw: RawTable, table: Source) -> str | None:
        """The table's own geo column must be there; an inherited one only where the table has it."""
        own = table.geo or (self.data.geo if table is self.data.outcome else None)
        inherited = self.data.geo or self.data.outcome.geo
        if own or inherited is None:
            return own
        return inherited if clean_name(inherited) in raw.frame.columns else None

    def told(self, table: Source, name: str) -> Any:
        """What is said of a table: by itself, else by `data` for all of them."""
        by_itself = name in table.model_fields_set and getattr(table, name) is not None
        return getattr(table if by_itself else self.data, name)

    def days(self, raw: RawTable, column: str, table: Source) -> Dates:
        """The column that says when: the first day of each row's period, whatever day of a week stands there."""
        days = self.dates(raw, column, table=table)
        if self.told(table, "week_label") == "last" and not np.isnat(days).all():
            if detect_spacing(days) == "week":
                return days - np.timedelta64(6, "D")
            if "week_label" in table.model_fields_set:
                self.faults.append(
                    f'{raw.where}: `week_label: last`, and the dates of column "{column}" are not a week apart. '
                    "Take `week_label` out"
                )
        return days

    def dates(
        self, raw: RawTable, column: str, *, allow_empty: bool = False, table: Source | None = None
    ) -> Dates:
        """A column of days, NaT where empty or at fault; written as its table says, where it does."""
        reading = self.told(table, "date_format") if table is not None else self.data.date_format
        key = (id(raw), clean_name(column), reading)
        self._alive[id(raw)] = raw
        if key not in self._dates:
            read = parse_dates(
                raw.frame[key[1]],
                where=raw.where,
                column=key[1],
                dayfirst_hint=self._dayfirst,
                allow_empty=allow_empty,
                reading=reading,
            )
            self.faults += read.faults
            self.notes += [_read_note("dates", raw, note) for note in read.notes]
            if self._dayfirst is None and read.reading in {"d/m/y", "m/d/y"}:
                self._dayfirst = read.reading == "d/m/y"
            if read.reading:
                self.notes.append(Check("dates", "pass", raw.where, "", f"{key[1]}: {read.reading}", ""))
            self._dates[key] = read.values
        return self._dates[key]

    def numbers(self, raw: RawTable, column: str) -> Floats:
        """A column of numbers, nan where empty or at fault."""
        key = (id(raw), clean_name(column))
        self._alive[id(raw)] = raw
        if key not in self._numbers:
            read = parse_numbers(raw.frame[key[1]], where=raw.where, column=key[1])
            self.faults += read.faults
            self.notes += [_read_note("numbers", raw, note) for note in read.notes]
            self._numbers[key] = read.values
            if read.faults:
                self._broken.add(key)
        return self._numbers[key]

    def is_sound(self, raw: RawTable, column: str) -> bool:
        """Whether every cell of a column of numbers could be read: only then an empty one is news."""
        return (id(raw), clean_name(column)) not in self._broken

    def text(self, raw: RawTable, column: str, *, of_people: bool = False) -> NDArray[np.object_]:
        """Names of a column, cleaned; "" where the cell is empty.

        Names reach every report: an e-mail address or a telephone number among them is a fault that does not quote it,
        unless the column is `of_people`, to be hashed.
        """
        cells = raw.frame[clean_name(column)].to_numpy(object)
        seen = {cell: _label(cell) for cell in set(cells.tolist())}
        if not of_people and (people := people_among(seen.values())):
            rows = raw.frame.index[[seen[cell] in people for cell in cells.tolist()]].tolist()
            kinds = " and ".join(sorted(set(people.values())))
            self.faults.append(
                f'{raw.where}: column "{clean_name(column)}" holds personal data ({kinds}) in {rows_words(rows)}. Take '
                "it out of the file; names of channels, campaigns and regions reach every report"
            )
        return np.array([seen[cell] for cell in cells.tolist()], object)

    def currency_of(self, table: Source) -> str | None:
        """The currency a table's amounts are in."""
        return self.told(table, "currency") or self.booking.currency

    def vat(self, opened: Opened, table: Source) -> Floats:
        """VAT rate inside the amounts, one per row."""
        rate = self.told(table, "vat_included")
        return (
            np.zeros(len(opened.days)) if rate is None else self._by_day(opened, steps(rate), "vat_included")
        )

    def money(self, opened: Opened, column: str, table: Source, *, fee: bool = False) -> Floats:
        """A column of money as finance books it: in one currency, net of VAT; with `fee`, the agency's too."""
        values = self.numbers(opened.raw, column) * self.told(table, "unit") / (1 + self.vat(opened, table))
        share = self.told(table, "fee") if fee else None
        if share is not None:
            values = values * (1 + self._by_day(opened, steps(share), "fee"))
        own, base = self.currency_of(table), self.booking.currency
        if own is None or own == base:
            return values
        if base is None:
            self.faults.append(f"`{opened.key}.currency` is {own}: name the company's own `currency` too")
        elif own not in self.booking.rates:
            self.faults.append(
                f"{opened.raw.where}: amounts in {own} (`{opened.key}.currency`). Write what one is worth in {base} as "
                f"`finance.rates: {{{own}: ...}}`, a number, by date, or a table"
            )
        else:
            values = values * self._by_day(opened, self.booking.rates[own], f"rate of {own}")
        return values

    def latest_rate(self, opened: Opened, table: Source) -> Floats:
        """The latest rate of exchange that is known over that of each row's day; 1 in the company's own currency."""
        own, base = self.currency_of(table), self.booking.currency
        if own is None or own == base or own not in self.booking.rates:
            return np.ones(len(opened.days))
        rate = self.booking.rates[own]
        return np.asarray(rate.values[-1] / rate.at(opened.days))

    def _by_day(self, opened: Opened, rate: Steps, what: str) -> Floats:
        """A rate on the day of each row; rows before the first are a fault."""
        found = rate.at(opened.days)
        early = np.isnan(found) & ~np.isnat(opened.days)
        if early.any():
            self.faults.append(
                f"{opened.raw.where}: no {what} before {rate.days[0]} (`{opened.key}`), and there is "
                f"{rows_words(opened.rows[early].tolist())} from {opened.days[early].min()}. Give the rate of that day"
            )
        return found

    def note_twins(self, what: str, names: NDArray[np.object_]) -> None:
        """List spellings that fold to one name: one thing or two?"""
        groups: dict[str, list[str]] = {}
        for name in sorted(set(names.tolist()) - {""}):
            groups.setdefault(fold(name), []).append(name)
        for group in groups.values():
            if len(group) > 1:
                remedy = (
                    f"If they are one, write `channels: {{{group[0]}: {{was: [{', '.join(group[1:])}]}}}}`."
                    if what == "channel"
                    else "If they are one, write them alike in the file."
                )
                self.notes.append(Check("names", "review", what, "", " / ".join(group), remedy))


@dataclass(frozen=True, slots=True)
class Opened:
    """A table with its dates and regions read, one per row."""

    key: str
    raw: RawTable
    days: Dates
    geos: NDArray[np.object_]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of the file of each row."""
        return self.raw.frame.index.to_numpy()


def rows_words(rows: Sequence[object], shown: int = 5) -> str:
    """Rows of a file as words: row 3; rows 3, 4, 9 and 12 more."""
    listed = ", ".join(str(row) for row in rows[:shown])
    more = f" and {len(rows) - shown} more" if len(rows) > shown else ""
    return f"row{'s' if len(rows) > 1 else ''} {listed}{more}"


def _read_note(check: str, raw: RawTable, note: str) -> Check:
    return Check(
        check, "review", raw.where, "", note, "Look at the rows; write the values plainly if this is wrong."
    )


def _label(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NaT:
        return ""
    if isinstance(cell, float) and cell.is_integer():  # region 7 of a workbook is 7.0 there
        return str(int(cell))
    return clean_name(cell)
