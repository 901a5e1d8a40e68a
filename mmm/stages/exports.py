"""Exports of platforms into the warehouse, and the tables that the panel reads of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmm.config import Config
from mmm.data.booked import booking
from mmm.data.count_settings import COUNTED, CountsTable, CreativesTable, ExportTable, LeadsTable
from mmm.data.names import clean_name, fold
from mmm.data.panel import Check
from mmm.data.reader import Reader
from mmm.data.source_settings import RatesTable, Source, file_of
from mmm.data.table_settings import MediaTable
from mmm.errors import ConfigError, DataError
from mmm.runs.files import sha256
from mmm.runs.manifest import package_version
from mmm.warehouse.canonical import CANONICAL
from mmm.warehouse.copies import refresh_copies
from mmm.warehouse.exports import export_files, read_export
from mmm.warehouse.merge import Change, Load, findings, merge
from mmm.warehouse.panel_tables import PanelTable, write_panel_tables
from mmm.warehouse.salt import Salt
from mmm.warehouse.store import Warehouse, changing, known_loads, reading

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Brought:
    """A config whose exports are tables, what reading them found, what changed, and the hash of each file."""

    config: Config
    checks: tuple[Check, ...]
    changes: tuple[Change, ...]
    inputs: dict[str, str]


def bring_exports(config: Config, place: Warehouse, say: Say) -> Brought:
    """Load the exports that are new or have changed, and put tables of the warehouse in their place.

    Raises
    ------
    DataError
        Every fault of every file; none of them is then loaded.
    """
    reader = Reader(config.data, config.folder, booking(config.currency, config.finance.rates, config.folder))
    loads, inputs = _new_loads(config, place, reader, say)
    if reader.faults:
        raise DataError(list(dict.fromkeys(reader.faults)))
    changes: list[Change] = []
    if loads:
        with changing(place) as connection:
            changes = merge(connection, loads)
    refresh_copies(place)
    sources = {source_of(export): export for export in config.data.exports}
    with reading(place) as connection:
        checks = findings(connection, list(sources))
    taken, told = _taken(config, place, reader, list(sources))
    counted = {name for table in config.data.attribution for name in COUNTED if getattr(table, name)}
    tables = write_panel_tables(place, list(sources), taken=taken, counted=counted)
    media = [_media(config, place, one, sources[one.source]) for one in tables if one.role == "media"]
    counts = [_counts(config, place, one, sources[one.source]) for one in tables if one.role == "counts"]
    if not media and not config.data.media:
        raise ConfigError(
            ["`data.exports`: no file has money spent; add those of ad platforms, or `data.media`"]
        )
    of_all = {one.role: _of_all(config, place, one) for one in tables if one.source == ""}
    data = config.data.model_copy(
        update={
            "media": (*config.data.media, *media),
            "attribution": (*config.data.attribution, *counts),
            "creatives": config.data.creatives or of_all.get("creatives"),
            "leads": config.data.leads or of_all.get("leads"),
            "exports": (),
            "rules": (),
        }
    )
    return Brought(config.model_copy(update={"data": data}), (*checks, *told), tuple(changes), inputs)


def source_of(export: ExportTable) -> str:
    """The name of an entry in the warehouse: it does not depend on its place in the list."""
    assert export.source is not None  # say its settings
    return f"{export.adapter} {file_of(export.source).as_posix()}"


def booked_by(config: Config) -> str:
    """What the money of every table depends on besides its own settings, as text."""
    shared = config.data.model_dump_json(include=set(Source.model_fields))
    rates = config.finance.model_dump_json(include={"rates"})
    tables = [told for told in config.finance.rates.values() if isinstance(told, RatesTable)]
    files = [config.folder / file_of(told.source) for told in tables]
    hashes = [sha256(path) for path in files if path.is_file()]
    return "\n".join([shared, f"{config.currency}", rates, *hashes, package_version()])


def _new_loads(
    config: Config, place: Warehouse, reader: Reader, say: Say
) -> tuple[list[Load], dict[str, str]]:
    """Files that are new or have changed, read; and the hash of every file."""
    known = known_loads(place)
    there = {(source, content) for (source, _), content in known.items()}
    shared = booked_by(config) + "".join(rule.model_dump_json() for rule in config.data.rules)
    salt = Salt(place.path.with_suffix(".salt"))
    loads, inputs = [], {}
    for key, export, path in export_files(reader):
        full = config.folder / path
        if not full.is_file():
            reader.read(path, export.sheet)  # says what is wrong
            continue
        inputs[str(full)] = sha256(full)
        told = "\n".join([inputs[str(full)], export.model_dump_json(), shared])
        content = hashlib.sha256(told.encode()).hexdigest()
        source, file = source_of(export), path.as_posix()
        if known.get((source, file)) == content or (
            (source, file) not in known and (source, content) in there
        ):
            continue
        say(f"reading {path}")
        notes = len(reader.notes)
        found = read_export(reader, key, export, path, rules=config.data.rules, salt=salt)
        if found is not None:
            table = CANONICAL[found.table]
            loads.append(Load(source, file, content, table, found.frame, tuple(reader.notes[notes:])))
    return loads, inputs


def _taken(
    config: Config, place: Warehouse, reader: Reader, sources: list[str]
) -> tuple[set[str], list[Check]]:
    """Channels of the exports whose spend stands in tables of `data.media`: money counts once."""
    if not config.data.media:
        return set(), []
    key_of = {fold(name): key for key, found in config.channels.items() for name in (key, *found.was)}

    def same(name: str) -> str:
        return fold(key_of.get(fold(name), name))

    named: set[str] = set()
    for table in config.data.media:
        named |= {same(clean_name(cell.channel)) for cell in table.cells}
        source = config.data.resolved(table)
        if table.channel and source.source is not None:
            raw = reader.read(file_of(source.source), source.sheet)
            if raw is not None and clean_name(table.channel) in raw.frame.columns:
                named |= {same(name) for name in reader.text(raw, table.channel).tolist()}
    with reading(place) as connection:
        query = "SELECT DISTINCT channel FROM media WHERE list_contains(?, source) AND spend <> 0 ORDER BY 1"
        rows = connection.execute(query, [sources]).fetchall()
    twice = {channel for (channel,) in rows if same(channel) in named}
    remedy = "Nothing to do where the table is right; else take the channel out of `data.media`."
    value = "its money stands in `data.media`; the exports' is left out"
    return twice, [Check("spend told twice", "review", name, "", value, remedy) for name in sorted(twice)]


def _file(config: Config, place: Warehouse, table: PanelTable) -> Path:
    return Path(os.path.relpath(place.folder / "panel" / table.file, config.folder))


def _as_it_is(config: Config) -> dict[str, object]:
    """The rows are booked and dated already; nothing that `data` says of other tables is done to them again."""
    plain: dict[str, object] = {
        "vat_included": 0.0,
        "unit": 1.0,
        "currency": config.currency,
        "date_format": "iso",
    }
    return plain | {"week_label": "first", "date": "date"}


def _owner(config: Config, export: ExportTable) -> dict[str, object]:
    return {"owner": config.data.resolved(export).owner}


def _media(config: Config, place: Warehouse, table: PanelTable, export: ExportTable) -> MediaTable:
    columns = {name: name for name in table.columns if name != "date"}
    as_it_is = _as_it_is(config) | _owner(config, export) | {"fee": 0.0}
    return MediaTable.model_validate({"source": _file(config, place, table), **columns, **as_it_is})


def _counts(config: Config, place: Warehouse, table: PanelTable, export: ExportTable) -> CountsTable:
    columns = {name: name for name in table.columns if name != "date"}
    told = {"source": _file(config, place, table), **columns, **_as_it_is(config)}
    return CountsTable.model_validate(told | _owner(config, export))


def _of_all(config: Config, place: Warehouse, table: PanelTable) -> CreativesTable | LeadsTable:
    """Campaigns and ads, or leads by their days, over all exports."""
    columns = {name: name for name in table.columns if name != "date"}
    told = {"source": _file(config, place, table), **columns, **_as_it_is(config)}
    if table.role == "leads":
        return LeadsTable.model_validate(told)
    return CreativesTable.model_validate(told | {"fee": 0.0})
