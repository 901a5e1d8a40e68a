"""Tables of runs handed over to a database, for other programs to read: rows of a run replaced, all or nothing.

Every table carries `run_id` and `company`. The same run twice leaves the same rows; other runs stay, or the company's
earlier ones go. What a table has more by now becomes a column; a column whose kind changed becomes text.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import unquote

from mmm.data.source_settings import Database
from mmm.errors import InputError, MmmError
from mmm.warehouse.database import address
from mmm.warehouse.engines import CONNECT, needed
from mmm.warehouse.store import OFFLINE

Kind = Literal["text", "number", "flag", "date"]
PREFIX = "mmm_"
PATIENCE = 120_000
"""Milliseconds that one statement may take, or wait for somebody else's."""
KEYS: dict[str, Kind] = {"run_id": "text", "company": "text"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


class Rows(Protocol):
    """A table of a run as words: its columns, and a row of texts for each line."""

    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[str]]: ...


class _Target(Protocol):
    """What is asked of a database; everything happens in one transaction."""

    types: Mapping[Kind, str]

    def run(self, sql: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]: ...
    def tables(self) -> list[str]: ...
    def columns(self, table: str) -> dict[str, str]: ...
    def widen(self, table: str, column: str) -> None: ...
    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None: ...


def hand_over(
    url: str, run_id: str, company: str, tables: Mapping[str, Rows], *, replace: bool = False
) -> int:
    """Write the tables of one run as `mmm_<name>`, and give the number of rows.

    Parameters
    ----------
    url
        postgres://, sqlite:///FILE or duckdb:///FILE; `${NAME}` is taken from the environment.
    replace
        Whether earlier runs of the company go; else all stay.

    Raises
    ------
    InputError
        The database cannot be reached or written; nothing is written then, and no message holds a password.
    """
    open_target = next((opened for start, opened in _OPENED.items() if url.lower().startswith(start)), None)
    if open_target is None and not url.startswith("${"):
        raise InputError(
            f"--to {shown(url)}: tables go to postgres://, sqlite:///FILE or duckdb:///FILE; write one of these"
        )
    found = address(Database.model_construct(url=url, query=""), "--to")
    opened = open_target or next(
        (one for start, one in _OPENED.items() if found.url.startswith(start)), _postgres
    )
    secret = unquote(found.url.partition("://")[2].rpartition("@")[0].partition(":")[2])
    try:
        with opened(found.url) as target:
            if replace:
                for table in target.tables():
                    target.run(f"DELETE FROM {_name(table)} WHERE company = {_mark(target)}", [company])
            return sum(_write(target, PREFIX + name, run_id, company, rows) for name, rows in tables.items())
    except MmmError:
        raise
    except Exception as error:  # noqa: BLE001 - drivers raise of every kind, and may quote the URL
        told = found.redacted(" ".join(str(error).split())[:300] or type(error).__name__)
        told = told.replace(secret, "***") if secret else told
        raise InputError(
            f"--to {shown(url)}: the tables cannot be written ({told}). Nothing was changed there"
        ) from None


def shown(url: str) -> str:
    """A URL without its password."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)


def _write(target: _Target, table: str, run_id: str, company: str, rows: Rows) -> int:
    """Replace the rows of one run in one table."""
    kinds = KEYS | {name: _kind([row[k] for row in rows.rows]) for k, name in enumerate(rows.columns)}
    columns = ", ".join(f"{_name(name)} {target.types[kind]}" for name, kind in kinds.items())
    target.run(f"CREATE TABLE IF NOT EXISTS {_name(table)} ({columns})")
    there = target.columns(table)
    for name, kind in kinds.items():
        if name not in there:
            target.run(f"ALTER TABLE {_name(table)} ADD COLUMN {_name(name)} {target.types[kind]}")
        elif there[name].lower() != target.types[kind].lower():
            if there[name].lower() != target.types["text"].lower():
                target.widen(table, name)
            kinds[name] = "text"
    target.run(f"DELETE FROM {_name(table)} WHERE run_id = {_mark(target)}", [run_id])
    readers = [_READ[kinds[name]] for name in rows.columns]
    made = [
        (
            run_id,
            company,
            *(read(text) if text != "" else None for read, text in zip(readers, row, strict=True)),
        )
        for row in rows.rows
    ]
    target.insert(table, list(kinds), made)
    return len(made)


def _kind(texts: Sequence[str]) -> Kind:
    """What all texts of a column are; a column without any is text."""
    known = [text for text in texts if text != ""]
    if not known:
        return "text"
    if all(text in ("True", "False") for text in known):
        return "flag"
    if all(_NUMBER.fullmatch(text) for text in known):
        return "number"
    return "date" if all(_DAY.fullmatch(text) for text in known) else "text"


_READ: dict[Kind, Callable[[str], Any]] = {
    "text": str,
    "date": str,
    "number": float,
    "flag": lambda text: text == "True",
}


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _mark(target: _Target) -> str:
    return "%s" if isinstance(target, _Postgres) else "?"


class _Postgres:
    types: Mapping[Kind, str] = {
        "text": "text",
        "number": "double precision",
        "flag": "boolean",
        "date": "date",
    }

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(sql, list(values) or None)
        return list(cursor.fetchall()) if cursor.description else []

    def tables(self) -> list[str]:
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        return [str(name) for (name,) in self.run(sql) if str(name).startswith(PREFIX)]

    def columns(self, table: str) -> dict[str, str]:
        sql = (
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = %s"
        )
        return {str(name): str(kind) for name, kind in self.run(sql, [table])}

    def widen(self, table: str, column: str) -> None:
        self.run(f"ALTER TABLE {_name(table)} ALTER COLUMN {_name(column)} TYPE text")

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        names = ", ".join(map(_name, columns))
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {_name(table)} ({names}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


class _Sqlite:
    types: Mapping[Kind, str] = {"text": "TEXT", "number": "REAL", "flag": "INTEGER", "date": "DATE"}

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(values)).fetchall()

    def tables(self) -> list[str]:
        found = self.run("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [str(name) for (name,) in found if str(name).startswith(PREFIX)]

    def columns(self, table: str) -> dict[str, str]:
        return {str(row[1]): str(row[2]) for row in self.run(f"PRAGMA table_info({_name(table)})")}

    def widen(self, table: str, column: str) -> None:
        """A column of SQLite takes values of any kind."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        names = ", ".join(map(_name, columns))
        self._connection.executemany(f"INSERT INTO {_name(table)} ({names}) VALUES ({marks})", rows)


class _Duckdb:
    types: Mapping[Kind, str] = {"text": "VARCHAR", "number": "DOUBLE", "flag": "BOOLEAN", "date": "DATE"}

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(sql, list(values)).fetchall())

    def tables(self) -> list[str]:
        found = self.run("SELECT table_name FROM duckdb_tables() WHERE database_name = 'target'")
        return [str(name) for (name,) in found if str(name).startswith(PREFIX)]

    def columns(self, table: str) -> dict[str, str]:
        sql = "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'target' AND table_name = ?"
        return {str(name): str(kind) for name, kind in self.run(sql, [table])}

    def widen(self, table: str, column: str) -> None:
        self.run(f"ALTER TABLE {_name(table)} ALTER COLUMN {_name(column)} SET DATA TYPE VARCHAR")

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        import pandas as pd

        if not rows:
            return
        part = pd.DataFrame(rows, columns=list(columns), dtype=object)
        names = ", ".join(map(_name, columns))
        there = self.columns(table)
        cast = ", ".join(f"CAST({_name(name)} AS {there[name]})" for name in columns)
        self._connection.register("part", part.astype(str).where(part.notna(), None))
        self.run(f"INSERT INTO {_name(table)} ({names}) SELECT {cast} FROM part")
        self._connection.unregister("part")


@contextmanager
def _postgres(url: str) -> Iterator[_Target]:
    psycopg = needed("psycopg", "postgres")
    limits = f"-c lock_timeout={PATIENCE} -c statement_timeout={PATIENCE}"
    with psycopg.connect(url, connect_timeout=CONNECT, options=limits, application_name="mmm") as connection:
        yield _Postgres(connection)  # leaving commits, an error rolls back


@contextmanager
def _sqlite(url: str) -> Iterator[_Target]:
    with closing(sqlite3.connect(_file(url), timeout=CONNECT, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield _Sqlite(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


@contextmanager
def _duckdb(url: str) -> Iterator[_Target]:
    import duckdb

    with closing(duckdb.connect(":memory:", config=OFFLINE)) as connection:
        path = str(_file(url)).replace("'", "''")
        # a file that readers of other versions open
        connection.execute(f"ATTACH '{path}' AS target (STORAGE_VERSION 'v1.0.0')")
        connection.execute("USE target")
        connection.execute("BEGIN")
        try:
            yield _Duckdb(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


_OPENED: dict[str, Callable[[str], Any]] = {
    "postgres://": _postgres,
    "postgresql://": _postgres,
    "sqlite://": _sqlite,
    "duckdb://": _duckdb,
}


def _file(url: str) -> Path:
    """The file of `sqlite:///FILE`, relative to where the command runs; four slashes make it absolute."""
    named = unquote(url.partition("://")[2])
    path = Path(named.removeprefix("/"))
    if not path.name or not path.parent.is_dir():
        raise InputError(f"--to {url}: there is no folder {path.parent}; make it, or choose another file")
    return path
