"""A real PostgreSQL, started for the tests: rows and types, what cannot be done to it, what is said of its faults."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest

from mmm.data.source_settings import Database
from mmm.errors import DataError
from mmm.warehouse import database, engines
from mmm.warehouse.database import fetch


@pytest.fixture(scope="module")
def base(postgres: str) -> str:
    """The URL of a base with a table of media."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE media (day date, at timestamptz, channel text, spend numeric(12,2), clicks int, on_air bool)"
        )
        connection.execute(
            "INSERT INTO media SELECT DATE '2026-01-05' + n, TIMESTAMPTZ '2026-01-05 23:30-05' + n * INTERVAL '1 day', "
            "'tv', n * 1.25, CASE WHEN n % 2 = 0 THEN n END, n > 3 FROM generate_series(0, 44999) n"
        )
    return postgres


@pytest.fixture(autouse=True)
def _url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "base" in request.fixturenames:
        monkeypatch.setenv("TEST_DATABASE_URL", request.getfixturevalue("base"))


def _asked(query: str, **more: object) -> Database:
    return Database.model_validate({"url": "${TEST_DATABASE_URL}", "query": query, **more})


def _fetch(query: str, **more: object) -> pd.DataFrame:
    from pathlib import Path

    return fetch(_asked(query, **more), Path(), "data.source")


def test_rows_come_in_parts_through_a_cursor_with_their_types(base: str) -> None:
    frame = _fetch("SELECT * FROM media ORDER BY day -- all of them")
    assert len(frame) == 45_000 > engines.AT_ONCE
    assert frame["spend"].sum() == 1.25 * sum(range(45_000))
    assert frame["day"].iloc[0] == pd.Timestamp("2026-01-05")
    assert frame["at"].iloc[0] == pd.Timestamp("2026-01-06 04:30")  # the UTC reading
    assert frame["clicks"].isna().sum() == 22_500
    assert frame["on_air"].tolist()[:5] == [False] * 4 + [True]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM media",
        "SELECT 1; DROP TABLE media",
        "SELECT 1; COMMIT; DROP TABLE media",
        "SELECT set_config('transaction_read_only', 'off', false); DELETE FROM media",
        "WITH gone AS (DELETE FROM media RETURNING 1) SELECT * FROM gone",
    ],
)
def test_a_query_that_would_write_is_refused_and_nothing_is_written(base: str, query: str) -> None:
    with pytest.raises(DataError, match="the query cannot be answered"):
        _fetch(query)
    assert _fetch("SELECT count(*) AS n FROM media")["n"].tolist() == [45_000]


def test_a_percent_sign_is_a_percent_sign(base: str) -> None:
    assert _fetch("SELECT count(*) AS n FROM media WHERE channel LIKE 't%'")["n"].tolist() == [45_000]


def test_a_slow_query_is_stopped_and_said(base: str) -> None:
    began = time.monotonic()
    with pytest.raises(DataError, match=r"took more than 0\.4 s and was stopped"):
        _fetch("SELECT pg_sleep(30)", timeout=0.4)
    assert time.monotonic() - began < 20


def test_a_column_that_is_not_there_is_said_in_the_words_of_the_database(base: str) -> None:
    with pytest.raises(DataError, match='column "cost" does not exist'):
        _fetch("SELECT cost FROM media")


def test_a_wrong_password_is_said_at_once_and_not_repeated(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.time, "sleep", lambda seconds: pytest.fail("tried again"))
    monkeypatch.setenv("TEST_DATABASE_URL", base.replace("owner%27s%20word", "hunter2-hunter2"))
    with pytest.raises(DataError, match="authentication failed") as caught:
        _fetch("SELECT 1")
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_down_is_tried_three_times_and_said(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(database.time, "sleep", waits.append)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("TEST_DATABASE_URL", base.replace(str(urlsplit(base).port), str(port)))
    with pytest.raises(DataError, match=r"\$\{TEST_DATABASE_URL\} .*does not answer .*3 tries") as caught:
        _fetch("SELECT 1")
    assert waits == [1.0, 4.0]
    assert "word" not in str(caught.value)


def test_a_server_that_says_nothing_is_left(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A way in between that stops passing on what the server says once the query is asked."""
    target = urlsplit(base)
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_mute, args=(door, target.port, b"DECLARE"), daemon=True).start()
        monkeypatch.setattr(engines, "MARGIN", 0.3)
        monkeypatch.setattr(database, "WAITS", ())
        monkeypatch.setenv("TEST_DATABASE_URL", base.replace(str(target.port), str(door.getsockname()[1])))
        with pytest.raises(DataError, match="does not answer"):
            _fetch("SELECT 1", timeout=0.3)


def _mute(door: socket.socket, port: int | None, until: bytes) -> None:
    """Pass on both ways until the client says a word; then say nothing and keep the line open."""
    client, _ = door.accept()
    server = socket.create_connection(("127.0.0.1", port or 0))
    muted = threading.Event()

    def answers() -> None:
        with suppress(OSError):  # the line is closed under it when the test ends
            while data := server.recv(65_536):
                if not muted.is_set():
                    client.sendall(data)

    threading.Thread(target=answers, daemon=True).start()
    try:
        while data := client.recv(65_536):
            if until in data:
                muted.set()
            server.sendall(data)
    except OSError:
        pass
    finally:
        server.close()
        client.close()


def test_numbers_without_a_value_are_not_a_number(base: str) -> None:
    frame = _fetch("SELECT NULL::numeric AS spend, 1 AS n UNION ALL SELECT 2.5, 2 ORDER BY n")
    assert np.isnan(frame["spend"].iloc[0])
    assert frame["spend"].iloc[1] == 2.5
