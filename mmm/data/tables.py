"""The tables a config names, read once each and tidied: dates, numbers, names, money net of VAT.

Every fault of every table is collected before one `DataError` is raised. Nothing is aligned here: rows keep
their own dates and regions, and `mmm.data.align` puts them on one axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.booked import Booking
from mmm.data.counts import no_counts, read_counts
from mmm.data.holidays import holiday_faults
from mmm.data.ledger import no_creatives, no_leads, read_creatives, read_leads
from mmm.data.names import clean_name, fold, nearest
from mmm.data.outcome_table import read_outcome
from mmm.data.panel import Check
from mmm.data.private import masked
from mmm.data.reader import Opened, Reader, TableInfo, rows_words
from mmm.data.settings import CalendarSettings, ChannelSettings, DataSettings, HolidaySettings
from mmm.data.source_settings import Source, file_of
from mmm.data.table_settings import CellColumns, EventsTable, MediaTable, OrganicTable
from mmm.data.values import is_empty
from mmm.errors import DataError

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

MEDIA_COLUMNS = ("table", "date", "geo", "channel", "audience", "message", "spend", "exposure", "row")
VALUE_COLUMNS = ("table", "date", "geo", "name", "value", "row")
EVENT_COLUMNS = ("start", "end", "name", "lasts")


@dataclass(frozen=True, slots=True)
class Tables:
    """Tidy long frames of one company; `row` is the row in the file, `geo` is "" where a table has none.

    Attributes
    ----------
    outcome
        Columns date, geo, segment ("" where the config names none), outcome, unit_value (money per unit, nan where
        unknown), population, orders and new_customers (nan where not given), row.
    media
        Columns table, date, geo, channel, audience, message, spend (money), exposure (nan: none given), row.
    organic, controls, future
        Columns table, date, geo, name, value, row.
    holidays
        Days of each holiday of the config's own calendar, by name.
    events
        Columns start, end (NaT: none given), name, lasts (day | week | month: how long without an end).
    infos
        By key of the config.
    has_unit_value, has_population
        Whether the outcome came with a money value per unit, and with people per region.
    checks
        What reading the files found.
    counts
        What platforms, analytics and the CRM count, see `mmm.data.counts`.
    creatives, leads
        Campaigns and ads by day, and leads by the days they came in and were won, see `mmm.data.ledger`.
    owned_costs
        What owned media cost, in money, by the name of the medium; columns as of `organic`.
    """

    outcome: pd.DataFrame
    media: pd.DataFrame
    organic: pd.DataFrame
    controls: pd.DataFrame
    holidays: dict[str, Dates]
    events: pd.DataFrame
    future: pd.DataFrame
    infos: dict[str, TableInfo]
    has_unit_value: bool
    has_population: bool
    checks: tuple[Check, ...]
    counts: pd.DataFrame = field(default_factory=no_counts)
    creatives: pd.DataFrame = field(default_factory=no_creatives)
    leads: pd.DataFrame = field(default_factory=no_leads)
    owned_costs: pd.DataFrame = field(default_factory=lambda: _empty(VALUE_COLUMNS))


def input_files(data: DataSettings, calendar: CalendarSettings, folder: Path) -> tuple[Path, ...]:
    """Every file that a fit depends on, once each, in the order of the config."""
    tables = [data.outcome, *data.media, data.organic, data.controls, data.events, data.future]
    sources = [data.resolved(table).source for table in tables if table is not None]
    sources.append(calendar.holidays.source if calendar.holidays else None)
    return tuple(dict.fromkeys(folder / file_of(source) for source in sources if source is not None))


def counts_files(data: DataSettings, folder: Path) -> tuple[Path, ...]:
    """Files of counts: no fit reads them."""
    tables = [*data.attribution, data.creatives, data.leads]
    sources = [data.resolved(table).source for table in tables if table is not None]
    return tuple(dict.fromkeys(folder / file_of(source) for source in sources if source is not None))


def load_tables(
    data: DataSettings,
    calendar: CalendarSettings,
    channels: Mapping[str, ChannelSettings],
    folder: Path,
    booking: Booking | None = None,
) -> Tables:
    """Read every table of a config.

    Money (the outcome where it is revenue, `value_per_unit` columns, spend, money of counts) is booked as finance does:
    times `unit`, net of `vat_included`, in the company's currency, spend with the agency's `fee`; all inherited from
    `data`. A number given as `value_per_unit` is taken as it is.

    Parameters
    ----------
    folder
        Folder of the config: paths are relative to it.
    booking
        The company's currency and rates of others; None: amounts are in one currency.

    Raises
    ------
    DataError
        Every fault of every table at once.
    """
    reader = Reader(data, folder, booking)
    outcome = read_outcome(reader, data.outcome)
    media = [_media(reader, table, f"data.media[{n}]") for n, table in enumerate(data.media, start=1)]
    organic, controls, future = _columns(reader, data)
    owned_costs = _owned_costs(reader, data.organic) if data.organic else _empty(VALUE_COLUMNS)
    events = _events(reader, data.events) if data.events else _empty(EVENT_COLUMNS)
    counts = read_counts(reader, channels)
    creatives = read_creatives(reader, data.creatives, channels) if data.creatives else no_creatives()
    leads = read_leads(reader, data.leads, channels) if data.leads else no_leads()
    spend = _joined(media, MEDIA_COLUMNS)
    spend["channel"] = _renamed(reader, spend["channel"].to_numpy(object), channels)
    for name in ("audience", "message"):
        reader.note_twins(name, spend[name].to_numpy(object))
    holidays = _holidays(reader, calendar.holidays) if calendar.holidays else {}
    if calendar.holidays:
        reader.faults += holiday_faults(calendar.holidays, _last_year(outcome), holidays)
    if reader.faults:
        raise DataError([masked(fault) for fault in dict.fromkeys(reader.faults)])
    return Tables(
        outcome=outcome,
        media=spend,
        organic=organic,
        controls=controls,
        holidays=holidays,
        events=events,
        future=future,
        infos=reader.infos,
        has_unit_value=data.outcome.kind == "revenue" or data.outcome.value_per_unit is not None,
        has_population=data.outcome.population is not None,
        checks=tuple(dict.fromkeys(reader.notes)),
        counts=counts,
        creatives=creatives,
        leads=leads,
        owned_costs=owned_costs,
    )


def _last_year(outcome: pd.DataFrame) -> int:
    years = outcome["date"].dropna().dt.year if len(outcome) else pd.Series([], dtype=int)
    return int(years.max()) if len(years) else Date.today().year


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    """No rows, with the types that rows would have."""
    of = {"date": "datetime64[s]", "start": "datetime64[s]", "end": "datetime64[s]", "row": "int64"}
    of |= dict.fromkeys(("spend", "exposure", "value"), "float64")
    return pd.DataFrame({name: pd.Series([], dtype=of.get(name, "object")) for name in columns})


def _joined(frames: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else _empty(columns)


def _media(reader: Reader, table: MediaTable, key: str) -> pd.DataFrame:
    wanted = {name: getattr(table, name) for name in ("channel", "audience", "message", "spend", "exposure")}
    for number, cell in enumerate(table.cells, start=1):
        wanted[f"cells[{number}].spend"] = cell.spend
        wanted[f"cells[{number}].exposure"] = cell.exposure
    opened = reader.open(table, key, wanted)
    if opened is None:
        return _empty(MEDIA_COLUMNS)
    if not table.cells:
        frame = _long_media(reader, opened, table)
    else:
        frame = _joined([_wide_cell(reader, opened, table, cell) for cell in table.cells], MEDIA_COLUMNS)
    sound = all(reader.is_sound(opened.raw, c) for c in (table.spend, *(c.spend for c in table.cells)) if c)
    blank = frame[frame["spend"].isna() & sound]
    for names, rows in blank.groupby(["channel", "audience", "message"], sort=False)["row"]:
        cell_name = " / ".join(str(part) for part in names if part)
        reader.faults.append(
            f"{opened.raw.where}: the spend of {cell_name} is empty in {rows_words(rows.tolist())}. "
            "Write 0 where nothing was spent"
        )
    return frame


def _long_media(reader: Reader, opened: Opened, table: MediaTable) -> pd.DataFrame:
    assert table.channel is not None  # a long table has both, says its settings
    assert table.spend is not None
    raw = opened.raw
    frame = pd.DataFrame(
        {
            "table": opened.key,
            "date": opened.days.astype("datetime64[s]"),
            "geo": opened.geos,
            "channel": reader.text(raw, table.channel),
            "audience": reader.text(raw, table.audience) if table.audience else "",
            "message": reader.text(raw, table.message) if table.message else "",
            "spend": reader.money(opened, table.spend, table, fee=True),
            "exposure": reader.numbers(raw, table.exposure) if table.exposure else np.nan,
            "row": opened.rows,
        }
    )
    nameless = frame["channel"] == ""
    lost = frame.loc[nameless & (frame["spend"].fillna(0) != 0), "row"].tolist()
    if lost:
        reader.faults.append(
            f'{raw.where}: money without a channel in {rows_words(lost)}. Fill in column "{table.channel}"'
        )
    frame = frame[~nameless]
    same = frame.duplicated(subset=[c for c in MEDIA_COLUMNS if c != "row"], keep=False) & (
        frame["spend"] != 0
    )
    if same.any():
        reader.notes.append(
            Check(
                "duplicate rows",
                "review",
                raw.where,
                rows_words(frame.loc[same, "row"].tolist()),
                f"{int(same.sum())} rows with the same day, cell and spend",
                "Both are counted. Take out the copies if they are.",
            )
        )
    return frame


def _wide_cell(reader: Reader, opened: Opened, table: MediaTable, cell: CellColumns) -> pd.DataFrame:
    raw = opened.raw
    return pd.DataFrame(
        {
            "table": opened.key,
            "date": opened.days.astype("datetime64[s]"),
            "geo": opened.geos,
            "channel": clean_name(cell.channel),
            "audience": clean_name(cell.audience),
            "message": clean_name(cell.message),
            "spend": reader.money(opened, cell.spend, table, fee=True),
            "exposure": reader.numbers(raw, cell.exposure) if cell.exposure else np.nan,
            "row": opened.rows,
        }
    )


def _columns(reader: Reader, data: DataSettings) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Organic media, controls, and what is known ahead of either."""
    organic = [clean_name(name) for name in data.organic.columns] if data.organic else []
    controls = [clean_name(column.name) for column in data.controls.columns] if data.controls else []
    both = sorted(set(organic) & set(controls))
    if both:
        reader.faults.append(
            f'`data.controls.columns`: "{both[0]}" is listed under `data.organic` too; keep one'
        )
    frames = []
    for table, key, names in (
        (data.organic, "data.organic", organic),
        (data.controls, "data.controls", controls),
    ):
        opened = (
            reader.open(table, key, {f"columns[{n + 1}]": c for n, c in enumerate(names)}) if table else None
        )
        frames.append(_values(reader, opened, names))
    opened = reader.open(data.future, "data.future", {}) if data.future else None
    known = [c for c in (*controls, *organic) if opened is not None and c in opened.raw.frame.columns]
    if opened is not None and not known:
        near = ", ".join(f'"{name}"' for name in (*controls, *organic)) or "none is named in the config"
        reader.faults.append(
            f"{opened.raw.where}: the future table has none of the columns of `data.controls` and "
            f"`data.organic` ({near}). Name them alike in both"
        )
    frames.append(_values(reader, opened, known))
    return frames[0], frames[1], frames[2]


def _owned_costs(reader: Reader, table: OrganicTable) -> pd.DataFrame:
    """What owned media cost by row; nothing where the config names no column."""
    if not table.costs:
        return _empty(VALUE_COLUMNS)
    opened = reader.open(table, "data.organic", {f"costs.{name}": c for name, c in table.costs.items()})
    if opened is None:
        return _empty(VALUE_COLUMNS)
    frames = []
    for name, column in table.costs.items():
        values = reader.money(opened, column, table)
        if reader.is_sound(opened.raw, column) and (below := opened.rows[~(values >= 0)].tolist()):
            reader.faults.append(
                f'{opened.raw.where}: the cost of {name} ("{column}") is empty or below zero in {rows_words(below)}. '
                "Write what it cost, 0 where nothing"
            )
        told = {"table": opened.key, "date": opened.days.astype("datetime64[s]"), "geo": opened.geos}
        told |= {"name": clean_name(name), "value": values, "row": opened.rows}
        frames.append(pd.DataFrame(told))
    return _joined(frames, VALUE_COLUMNS)


def _values(reader: Reader, opened: Opened | None, names: Sequence[str]) -> pd.DataFrame:
    if opened is None:
        return _empty(VALUE_COLUMNS)
    frames = [
        pd.DataFrame(
            {
                "table": opened.key,
                "date": opened.days.astype("datetime64[s]"),
                "geo": opened.geos,
                "name": name,
                "value": reader.numbers(opened.raw, name),
                "row": opened.rows,
            }
        )
        for name in names
    ]
    return _joined(frames, VALUE_COLUMNS)


def _events(reader: Reader, table: EventsTable) -> pd.DataFrame:
    """Named events; in a table with a row for every period, an event lasts the period of its row."""
    opened = reader.open(table, "data.events", {"name": table.name, "end": table.end})
    if opened is None:
        return _empty(EVENT_COLUMNS)
    raw = opened.raw
    names = reader.text(raw, table.name)
    there = np.array([not is_empty(name) for name in names.tolist()], bool)
    info = reader.infos.pop("data.events")  # events say nothing about weeks or regions of the panel
    outcome_file = reader.data.resolved(reader.data.outcome).source
    own_list = there.all() and raw.path != outcome_file
    lasts = "day" if table.end or own_list or info.spacing is None else info.spacing
    ends = np.full(len(names), np.datetime64("NaT", "D"), "datetime64[D]")
    if table.end:
        ends = reader.dates(raw, table.end, allow_empty=True)
    back = opened.rows[there & (ends < opened.days)].tolist()
    if back:
        reader.faults.append(
            f"{raw.where}: an event ends before it starts in {rows_words(back)}. Mend the dates"
        )
    frame = pd.DataFrame(
        {
            "start": opened.days.astype("datetime64[s]"),
            "end": ends.astype("datetime64[s]"),
            "name": names,
            "lasts": lasts,
        }
    )
    return frame[there].drop_duplicates(ignore_index=True)  # a geo table repeats its events by region


def _holidays(reader: Reader, settings: HolidaySettings) -> dict[str, Dates]:
    """Days of each holiday of the own calendar, by name."""
    if settings.source is None:
        return {}
    key = "calendar.holidays"
    table = Source(source=settings.source, date=settings.date)
    opened = reader.open(table, key, {"name": settings.name})
    if opened is None:
        return {}
    del reader.infos[key]  # it says nothing about weeks or regions of the panel
    names = reader.text(opened.raw, settings.name)
    if blank := opened.rows[[is_empty(name) for name in names.tolist()]].tolist():
        reader.faults.append(
            f'{opened.raw.where}: column "{settings.name}" is empty in {rows_words(blank)}; name the holiday'
        )
    return {str(name): np.unique(opened.days[names == name]) for name in sorted(set(names.tolist()))}


def _renamed(
    reader: Reader, names: NDArray[np.object_], channels: Mapping[str, ChannelSettings]
) -> NDArray[np.object_]:
    """Channel names with the spellings of `channels.*.was` merged into their key."""
    found = sorted(set(names.tolist()))
    new: dict[str, str] = {}
    for key, settings in channels.items():
        for spelling in (key, *settings.was):
            if new.setdefault(fold(spelling), key) != key:
                reader.faults.append(
                    f"`channels.{key}.was`: {spelling!r} belongs to `channels.{new[fold(spelling)]}` already"
                )
    merged = {name: new.get(fold(name), name) for name in found}
    if found:  # tables that could not be read have no names to compare with
        reader.faults += [
            f"`channels.{key}`: no table has this channel"
            + (
                f"; did you mean {near!r}?"
                if (near := nearest(key, found))
                else f"; there are {', '.join(found)}"
            )
            for key in channels
            if key not in merged.values()
        ]
    out = np.array([merged[name] for name in names.tolist()], object)
    reader.note_twins("channel", out)
    return out
