"""`mmm ingest`: every source of a config into the warehouse, and what that changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from mmm.config import Config
from mmm.data.booked import booking
from mmm.data.source_settings import Source, file_of
from mmm.data.tables import load_tables
from mmm.runs.files import sha256
from mmm.stages.at_hand import AtHand, at_hand
from mmm.stages.exports import booked_by
from mmm.warehouse.copies import refresh_copies
from mmm.warehouse.merge import Change, forget, merge
from mmm.warehouse.plain import plain_loads
from mmm.warehouse.store import Warehouse, changing, reading, warehouse_of

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file of the warehouse as it was last loaded."""

    source: str
    file: str
    table: str
    rows: int
    last: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """What the warehouse holds, and what loading changed.

    Attributes
    ----------
    loaded
        Every file, as it was last loaded into each table.
    changes
        Of the files that were new or had changed.
    dropped
        Tables that the config no longer names, whose rows were taken out.
    """

    place: Warehouse
    loaded: tuple[Loaded, ...]
    changes: tuple[Change, ...]
    dropped: tuple[str, ...]


def ingest(config: Config, say: Say = lambda text: None) -> Ingested:
    """Load what is new or has changed: queries, exports and plain tables.

    Raises
    ------
    DataError, InputError
        A source is at fault; nothing of it is loaded.
    """
    place = warehouse_of(config.name)
    brought = at_hand(config, say)
    changes, dropped = _load_tables(brought, place, say)
    refresh_copies(place)
    return Ingested(place, _loaded(place), (*brought.changes, *changes), dropped)


def _load_tables(brought: AtHand, place: Warehouse, say: Say) -> tuple[list[Change], tuple[str, ...]]:
    """The plain tables of a config as they are now; what is unchanged is not read."""
    config, contents = brought.config, _contents(brought.plain)
    known = _known(place)
    new = {key: content for key, content in contents.items() if known.get(key) != content}
    gone = tuple(key for key in known if key.startswith("data.") and key not in contents)
    if not new and not gone:
        return [], ()
    say("reading the tables")
    rates = booking(config.currency, config.finance.rates, config.folder)
    tables = load_tables(config.data, config.calendar, config.channels, config.folder, rates)
    counts_money = config.data.outcome.kind == "revenue"
    with changing(place) as connection:
        forget(connection, gone)
        return merge(connection, plain_loads(tables, new, counts_money=counts_money)), gone


def _contents(config: Config) -> dict[str, str]:
    """Hash of each plain table and of the settings under which it is read, by its key."""
    data = config.data
    tables: dict[str, Source | None] = {
        "data.outcome": data.outcome,
        **{f"data.media[{n}]": table for n, table in enumerate(data.media, start=1)},
        "data.organic": data.organic,
        "data.controls": data.controls,
        "data.events": data.events,
        **{f"data.attribution[{n}]": table for n, table in enumerate(data.attribution, start=1)},
    }
    shared = booked_by(config)
    names = "".join(f"{name} {sorted(channel.was)}" for name, channel in config.channels.items())
    found = {}
    for key, table in tables.items():
        if table is None:
            continue
        source = data.resolved(table).source
        path = config.folder / file_of(source) if source is not None else config.folder
        content = sha256(path) if path.is_file() else ""
        told = "\n".join([content, table.model_dump_json(), shared, names])
        found[key] = hashlib.sha256(told.encode()).hexdigest()
    return found


def _known(place: Warehouse) -> dict[str, str]:
    """Content of each source as it was last loaded."""
    if not place.path.is_file():
        return {}
    with reading(place) as connection:
        return dict(connection.execute("SELECT source, content FROM loads ORDER BY load").fetchall())


def _loaded(place: Warehouse) -> tuple[Loaded, ...]:
    with reading(place) as connection:
        rows = connection.execute(
            """SELECT source, file, of_table, rows, coalesce(strftime(last, '%Y-%m-%d'), '') FROM loads
            WHERE load IN (SELECT max(load) FROM loads GROUP BY source, file, of_table) ORDER BY source, file, load"""
        ).fetchall()
    return tuple(Loaded(*row) for row in rows)
