"""How a query is asked: of PostgreSQL, SQLite, DuckDB over files, Spark, and through Ibis of everything else.

Each reader takes a query and gives its rows; nothing is written, and none waits longer than it may.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

from mmm.errors import InputError

CONNECT = 10
"""Seconds in which a database has to answer at all."""
MARGIN = 5.0
"""Seconds after its own time-out until a database that says nothing is left."""
AT_ONCE = 20_000
"""Rows fetched at a time."""
MEMORY = "2GB"
"""What DuckDB may use before it goes to disk."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: a URL with its credentials, one statement, seconds, and the folder of the config."""

    url: str
    sql: str
    timeout: float
    folder: Path


class Unreachable(Exception):
    """The database does not answer; another try may help."""


class SlowQuery(Exception):
    """The query took longer than it may."""


def engine_of(url: str) -> Callable[[Query], pd.DataFrame] | None:
    """The reader for a URL; None where it is none."""
    scheme, mark, _ = url.partition("://")
    if not mark or not scheme:
        return None
    own = {
        "postgres": _postgres,
        "postgresql": _postgres,
        "sqlite": _sqlite,
        "duckdb": _duckdb,
        "spark": _spark,
    }
    return own.get(scheme.lower(), _ibis)


def _postgres(query: Query) -> pd.DataFrame:
    """One statement in a read-only transaction, fetched through a cursor of the server."""
    psycopg = needed("psycopg", "postgres")
    limit = int(query.timeout * 1000)
    options = f"-c default_transaction_read_only=on -c statement_timeout={limit} -c lock_timeout={limit}"
    try:
        connection = psycopg.connect(
            query.url, connect_timeout=CONNECT, options=options, application_name="mmm", autocommit=False
        )
    except psycopg.OperationalError as error:
        if "authentication failed" in str(error) or "does not exist" in str(error):
            raise Refused(str(error)) from None
        raise Unreachable(str(error)) from None
    with closing(connection):
        connection.read_only = True
        connection.adapters.register_loader(
            "numeric", needed("psycopg.types.numeric", "postgres").FloatLoader
        )
        try:
            with (
                left_after(query.timeout + MARGIN, lambda: _hang_up(connection)),
                connection.cursor() as cursor,
            ):
                # as a prepared statement it can be one statement only, and DECLARE takes none that writes
                cursor.execute(f"DECLARE mmm NO SCROLL CURSOR FOR {query.sql}", prepare=True)
                return frame_of(*_fetched(cursor))
        except psycopg.errors.QueryCanceled:
            raise SlowQuery from None
        except psycopg.OperationalError as error:
            raise Unreachable(str(error)) from None


class Refused(Exception):
    """The database answers, and does not let us in: another try would not help."""


def _fetched(cursor: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    rows: list[tuple[Any, ...]] = []
    while True:
        part = cursor.execute(f"FETCH FORWARD {AT_ONCE} FROM mmm").fetchall()
        columns = [column.name for column in cursor.description]
        rows += part
        if len(part) < AT_ONCE:
            return columns, rows


def _hang_up(connection: Any) -> None:
    """End a connection whose server says nothing any more."""
    with suppress(Exception), socket.socket(fileno=connection.fileno()) as line:
        line.shutdown(socket.SHUT_RDWR)
        line.detach()


def _sqlite(query: Query) -> pd.DataFrame:
    path = _file_of(query)
    began = threading.Event()
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=CONNECT)
    except sqlite3.OperationalError as error:
        raise Refused(str(error)) from None
    with closing(connection), left_after(query.timeout, connection.interrupt, began):
        try:
            cursor = connection.execute(query.sql)
            rows = cursor.fetchall()
        except sqlite3.OperationalError as error:
            if began.is_set():
                raise SlowQuery from None
            if "locked" in str(error):
                raise Unreachable(str(error)) from None
            raise
        return frame_of([column[0] for column in cursor.description or ()], rows)


def _duckdb(query: Query) -> pd.DataFrame:
    """DuckDB in this process: over files named in the query, relative to the config, or over a DuckDB file."""
    import duckdb

    named = query.url.partition("://")[2]
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    limits = {"memory_limit": MEMORY, "file_search_path": str(query.folder)}
    late = threading.Event()
    with closing(duckdb.connect(":memory:", config=offline | limits)) as connection:
        if named.strip("/"):
            path = str(_file_of(query)).replace("'", "''")
            connection.execute(f"ATTACH '{path}' AS asked (READ_ONLY)")
            connection.execute("USE asked")
        with left_after(query.timeout, connection.interrupt, late):
            try:
                relation = connection.sql(query.sql)
                if relation is None:
                    raise Refused("this is no SELECT")
                rows = relation.fetchall()
                return frame_of(list(relation.columns), rows)
            except duckdb.InterruptException:
                if late.is_set():
                    raise SlowQuery from None
                raise KeyboardInterrupt from None


def _spark(query: Query) -> pd.DataFrame:
    from mmm.warehouse.spark import ask_spark

    return ask_spark(query)


def _ibis(query: Query) -> pd.DataFrame:
    """Any backend that Ibis opens by URL; its own extra has to be installed beside."""
    ibis = needed("ibis", "sql")
    connection = ibis.connect(query.url)
    try:
        table = connection.sql(query.sql).to_pyarrow()
        return frame_of(
            list(table.column_names), list(zip(*(c.to_pylist() for c in table.columns), strict=True))
        )
    finally:
        with suppress(Exception):
            connection.disconnect()


def needed(module: str, extra: str) -> Any:
    """A module of an extra."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            f"this URL needs {module}, which is not installed: pip install 'mmm-planner[{extra}]'"
        ) from None


def _file_of(query: Query) -> Path:
    """The file of `sqlite:///FILE`, relative to the config; four slashes make it absolute."""
    named = unquote(query.url.partition("://")[2].partition("?")[0])
    path = query.folder / (named.removeprefix("/") if named.startswith("/") else named)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; it is relative to the config")
    return path


@contextmanager
def left_after(
    seconds: float, stop: Callable[[], None], late: threading.Event | None = None
) -> Iterator[None]:
    """Stop what is inside after some seconds."""

    def end() -> None:
        if late is not None:
            late.set()
        stop()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def frame_of(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Rows as a frame; a column has one type, the plainest that holds all its values."""
    made = [_column([row[k] for row in rows]) for k in range(len(columns))]
    frame = pd.DataFrame(dict(enumerate(made)))
    frame.columns = pd.Index(list(columns))
    return frame


def _column(values: list[Any]) -> pd.Series:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pd.Series([None] * len(values), dtype=object)
    if kinds <= {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds <= {int}:
        small = all(value is None or abs(value) < 2**53 for value in values)
        return pd.Series(values, dtype="Int64") if small else _numbers(values)
    if kinds <= {int, float, Decimal}:
        return _numbers(values)
    if kinds <= {date}:
        return pd.Series(
            np.array([None if v is None else np.datetime64(v, "D") for v in values], "datetime64[s]")
        )
    if kinds <= {date, datetime}:
        return pd.Series(np.array([_moment(value) for value in values], "datetime64[us]"))
    return pd.Series([None if value is None else str(value) for value in values], dtype=object)


def _numbers(values: list[Any]) -> pd.Series:
    return pd.Series([np.nan if value is None else float(value) for value in values], dtype="float64")


def _moment(value: Any) -> Any:
    """A day or a time; one with a zone by its UTC reading."""
    if value is None:
        return np.datetime64("NaT")
    if isinstance(value, datetime) and value.tzinfo is not None:
        from datetime import UTC

        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")
