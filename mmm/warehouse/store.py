"""The store: one DuckDB file, ours alone, that is always whole.

A change is made in a copy beside the file and the copy is moved into its place, so a kill at any moment leaves the last
whole one, and a reader never waits. Nothing is fetched from anywhere: no extension is installed or loaded by itself.

    data/NAME.duckdb            the store
    data/NAME/                  copies for other programs (`mmm.warehouse.copies`), the lock, work in progress
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmm.errors import InputError
from mmm.runs import lock
from mmm.runs.files import discard_leftovers, disk_faults_in_words, flush, temporary
from mmm.runs.manifest import package_version
from mmm.warehouse.canonical import CANONICAL, DUCKDB_TYPES, CanonicalTable

SCHEMA = 1
"""Raised when a store of before cannot be brought to the tables of today by adding columns."""
STORAGE = "v1.0.0"
"""DuckDB's file format: one that programs of other versions open too."""
OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

LOADS = {
    "load": "BIGINT",
    "source": "VARCHAR",
    "file": "VARCHAR",
    "of_table": "VARCHAR",
    "content": "VARCHAR",
    "rows": "BIGINT",
    "first": "DATE",
    "last": "DATE",
    "spacing": "VARCHAR",
    "loaded": "TIMESTAMP",
    "version": "VARCHAR",
}
"""The table `loads`: a row for every file that was loaded into a table, newest number last."""
FINDINGS = {
    "load": "BIGINT",
    "check": "VARCHAR",
    "severity": "VARCHAR",
    "where": "VARCHAR",
    "rows": "VARCHAR",
    "value": "VARCHAR",
    "remedy": "VARCHAR",
}
"""The table `findings`: what reading a file found, to be said as long as its rows are used."""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where the warehouse of a company is: the store, and the folder of its copies beside it."""

    path: Path
    folder: Path


def warehouse_of(name: str) -> Warehouse:
    """The warehouse of a company: `data`, like `reports`, is a folder of where the command runs."""
    return Warehouse(Path("data") / f"{name}.duckdb", Path("data") / name)


@contextmanager
def reading(place: Warehouse) -> Iterator[Any]:
    """A read-only connection to the store; any number of processes may have one.

    Raises
    ------
    InputError
        No store, one of a newer version, or a file that is none.
    """
    if not place.path.is_file():
        raise InputError(f"{place.path}: there is no warehouse yet; first: mmm ingest CONFIG")
    connection = _connect(place.path, place.path, read_only=True)
    try:
        _refuse_newer(connection, place.path)
        yield connection
    finally:
        connection.close()


@contextmanager
def changing(place: Warehouse) -> Iterator[Any]:
    """A connection to a copy of the store that takes its place when all went well, and else is thrown away.

    Raises
    ------
    InputError
        Another process changes this warehouse (who, since when), the disk is full or closed, the store is of a newer
        version or none.
    """
    with disk_faults_in_words(place.folder):
        place.folder.mkdir(parents=True, exist_ok=True)
        holder = lock.take(place.folder, work="is changing this warehouse", instead="")
        try:
            discard_leftovers(place.folder)
            draft = temporary(place.folder / place.path.name)
            try:
                if place.path.exists():
                    with reading(place):  # one of ours, that we understand
                        pass
                    shutil.copyfile(place.path, draft)
                with _drafted(place, draft) as connection:
                    yield connection
                flush(draft)
                os.replace(draft, place.path)
                flush(place.path.parent)
            finally:
                for left in (draft, draft.with_name(draft.name + ".wal")):
                    with suppress(OSError):
                        left.unlink(missing_ok=True)
        finally:
            lock.release(place.folder, holder)


@contextmanager
def _drafted(place: Warehouse, draft: Path) -> Iterator[Any]:
    """The draft, open with the tables of today in one transaction, and without a log beside it when it is closed."""
    connection = _connect(draft, place.path, read_only=False)
    try:
        connection.execute("BEGIN")
        _bring_up_to_date(connection)
        yield connection
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    finally:
        connection.close()


def _connect(path: Path, known_as: Path, *, read_only: bool) -> Any:
    import duckdb

    try:
        connection = duckdb.connect(":memory:", config=OFFLINE)
        quoted = str(path).replace("'", "''")
        how = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE}'"
        connection.execute(f"ATTACH '{quoted}' AS store ({how})")
        connection.execute("USE store")
    except duckdb.Error as error:
        raise InputError(
            f"{known_as}: this is no warehouse that can be read ({str(error).splitlines()[0]}). Close it in other "
            "programs (they may read the Parquet copies instead); if it is damaged, move it away and load again: "
            "mmm ingest CONFIG"
        ) from None
    return connection


def _tables(connection: Any) -> dict[str, set[str]]:
    """Columns of the tables there are, by table."""
    found: dict[str, set[str]] = {}
    rows = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_catalog = 'store'"
    ).fetchall()
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


def _refuse_newer(connection: Any, path: Path) -> None:
    tables = _tables(connection)
    if not tables:
        return
    if "about" not in tables:
        raise InputError(
            f"{path}: this DuckDB file is not a warehouse of mmm. Move it away, or give the company another `name`"
        )
    ((schema, version),) = connection.execute("SELECT schema, version FROM about").fetchall()
    if schema > SCHEMA:
        raise InputError(
            f"{path}: mmm {version} made this warehouse, and this is {package_version()}, which does not know its "
            f"tables (schema {schema}, here {SCHEMA}). Install that version, or move the file away and load again"
        )


def _bring_up_to_date(connection: Any) -> None:
    """Make the tables that are missing, and add the columns that came since."""
    there = _tables(connection)
    wanted = {table.name: columns_of(table) for table in CANONICAL.values()} | {
        "loads": LOADS,
        "findings": FINDINGS,
    }
    for name, columns in wanted.items():
        if name not in there:
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({listed})')
            continue
        for column, kind in columns.items():
            if column not in there[name]:
                plain = kind.removesuffix(" NOT NULL")
                empty = "''" if plain != kind else "NULL"
                connection.execute(f'ALTER TABLE "{name}" ADD COLUMN "{column}" {plain} DEFAULT {empty}')
    connection.execute("CREATE OR REPLACE TABLE about (schema BIGINT, version VARCHAR, changed TIMESTAMP)")
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("INSERT INTO about VALUES (?, ?, ?)", [SCHEMA, package_version(), now])


def columns_of(table: CanonicalTable) -> dict[str, str]:
    """Columns of a table in the store with their DuckDB types, lineage included."""
    own = {column.name: DUCKDB_TYPES[column.kind] for column in table.columns}
    return own | {"source": "VARCHAR", "load": "BIGINT", "row": "BIGINT"}


def known_loads(place: Warehouse) -> dict[tuple[str, str], str]:
    """What was loaded last, by source and file: the hash of its content; nothing where there is no store."""
    if not place.path.is_file():
        return {}
    with reading(place) as connection:
        rows = connection.execute("SELECT source, file, content FROM loads ORDER BY load").fetchall()
    return {(source, file): content for source, file, content in rows}


def names(columns: Sequence[str], prefix: str = "") -> str:
    """Columns as a list for SQL, quoted."""
    return ", ".join(f'{prefix}"{name}"' for name in columns)
