"""Tables from databases: files of SQLite and DuckDB, what is said when one is at fault, and what is never said."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.data.source_settings import Database, has_secret
from mmm.errors import DataError, InputError
from mmm.warehouse import database, engines
from mmm.warehouse.database import Address, address, fetch
from mmm.warehouse.engines import Query, Unreachable
from mmm.warehouse.snapshot import write_snapshot

ROWS = [("2026-01-05", "tv", 10.5), ("2026-01-12", "search", None)]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "base.db") as connection:
        connection.execute("CREATE TABLE media (day TEXT, channel TEXT, spend REAL)")
        connection.executemany("INSERT INTO media VALUES (?, ?, ?)", ROWS)
    connection.close()
    return tmp_path


def _sqlite(query: str, **more: object) -> Database:
    return Database.model_validate({"url": "sqlite:///base.db", "query": query, **more})


def test_a_query_of_sqlite_gives_its_rows_with_their_types(base: Path) -> None:
    frame = fetch(_sqlite("SELECT day, channel, spend, 7 AS n FROM media ORDER BY day;"), base, "data.source")
    assert list(frame.columns) == ["day", "channel", "spend", "n"]
    assert frame["spend"].tolist()[0] == 10.5
    assert np.isnan(frame["spend"].tolist()[1])
    assert frame["n"].tolist() == [7, 7]


def test_rows_come_in_one_order_whatever_order_the_database_gives_them_in(base: Path) -> None:
    one = fetch(_sqlite("SELECT * FROM media WHERE 1=1"), base, "data.source")
    with sqlite3.connect(base / "base.db") as connection:
        connection.execute("DELETE FROM media")
        connection.executemany("INSERT INTO media VALUES (?, ?, ?)", ROWS[::-1])
    connection.close()
    other = fetch(_sqlite("SELECT * FROM media WHERE 1=1"), base, "data.source")
    pd.testing.assert_frame_equal(one, other)


def test_duckdb_aggregates_files_beside_the_config(base: Path) -> None:
    pd.DataFrame({"day": ["2026-01-05"] * 3, "cost": [1.0, 2.0, 4.0]}).to_csv(base / "raw.csv", index=False)
    asked = Database(url="duckdb://", query="SELECT day, sum(cost) AS spend FROM 'raw.csv' GROUP BY day")
    frame = fetch(asked, base, "data.source")
    assert frame["spend"].tolist() == [7.0]
    assert frame["day"].tolist() == [pd.Timestamp("2026-01-05")]


def test_nothing_can_be_written_through_a_query(base: Path) -> None:
    with pytest.raises(DataError, match="readonly database"):
        fetch(_sqlite("INSERT INTO media VALUES ('x', 'y', 1) RETURNING *"), base, "data.source")
    with sqlite3.connect(base / "base.db") as connection:
        assert connection.execute("SELECT count(*) FROM media").fetchone() == (2,)
    connection.close()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT cost FROM media", "no such column: cost"),
        ("SELECT * FROM media WHERE spend > 1e9", "the query gives no row"),
        ("SELECT day, day FROM media", 'the query gives two columns "day"'),
    ],
)
def test_a_query_at_fault_is_said_with_its_key(base: Path, query: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        fetch(_sqlite(query), base, "data.media[1].source")
    assert "`data.media[1].source`" in str(caught.value)


def test_what_ibis_opens_is_read_with_the_same_rows(base: Path) -> None:
    pytest.importorskip("ibis.backends.sqlite", reason="the extra sql is not installed", exc_type=ImportError)
    sql = "SELECT * FROM media ORDER BY day"
    url = f"sqlite:///{base / 'base.db'}"
    pd.testing.assert_frame_equal(
        engines._ibis(Query(url, sql, 60, base)), fetch(_sqlite(sql), base, "data.source")
    )


def test_a_query_that_takes_too_long_is_stopped_and_said(base: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(DataError, match=r"took more than 0\.3 s and was stopped.*`timeout`"):
        fetch(_sqlite(endless, timeout=0.3), base, "data.source")
    slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3"
    with pytest.raises(DataError, match=r"took more than 0\.3 s"):
        fetch(Database(url="duckdb://", query=slow, timeout=0.3), base, "data.source")


def test_a_file_that_is_not_there_is_named(base: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.db: there is no such file"):
        fetch(Database(url="sqlite:///gone.db", query="SELECT 1"), base, "data.source")


def test_an_address_that_is_none_and_one_that_needs_an_extra_say_so(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="this is no URL"):
        fetch(Database(url="base.db", query="SELECT 1"), base, "data.source")
    monkeypatch.setitem(__import__("sys").modules, "ibis", None)
    with pytest.raises(InputError, match=r"pip install 'mmm-planner\[sql\]'"):
        fetch(Database(url="clickhouse://host/base", query="SELECT 1"), base, "data.source")


def test_a_database_that_does_not_answer_is_tried_three_times(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, waits = [], []
    monkeypatch.setattr(database.time, "sleep", waits.append)
    monkeypatch.setenv("DB_PASSWORD", "s3cret/word")

    def refuses(query: Query) -> pd.DataFrame:
        tries.append(query.url)
        raise Unreachable(f"connection to {query.url} refused (s3cret/word)")

    monkeypatch.setattr(database.engines, "engine_of", lambda url: refuses)
    asked = Database(url="postgres://me:${DB_PASSWORD}@host/base", query="SELECT 1")
    said: list[str] = []
    with pytest.raises(DataError, match=r"does not answer.*3 tries") as caught:
        fetch(asked, base, "data.source", said.append)
    assert tries == ["postgres://me:s3cret%2Fword@host/base"] * 3
    assert waits == [1.0, 4.0]
    assert "s3cret" not in str(caught.value) + " ".join(said)
    assert caught.value.__cause__ is None
    assert "${DB_PASSWORD}" in str(caught.value)


def test_a_second_try_that_answers_is_enough(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.time, "sleep", lambda seconds: None)
    answers = iter([Unreachable("no"), pd.DataFrame({"x": [1]})])

    def second(query: Query) -> pd.DataFrame:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(database.engines, "engine_of", lambda url: second)
    assert fetch(Database(url="postgres://h/b", query="SELECT 1"), base, "data.source")["x"].tolist() == [1]


def test_a_driver_that_quotes_the_password_is_not_repeated(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me:p%40ss@host/base")

    def tells(query: Query) -> pd.DataFrame:
        raise ValueError(f"bad option in {query.url}, password p@ss, p%40ss")

    monkeypatch.setattr(database.engines, "engine_of", lambda url: tells)
    with pytest.raises(DataError) as caught:
        fetch(Database(url="${DATABASE_URL}", query="SELECT 1"), base, "data.source")
    assert "p@ss" not in str(caught.value)
    assert "p%40ss" not in str(caught.value)


def test_variables_come_from_the_environment_and_a_missing_one_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DB_USER", "me@work")
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    asked = Database(url="postgres://${DB_USER}:${DB_PASSWORD}@host/base", query="SELECT 1")
    with pytest.raises(DataError, match="the environment has no variable DB_PASSWORD"):
        address(asked, "data.source")
    monkeypatch.setenv("DB_PASSWORD", "a:b")
    assert address(asked, "data.source").url == "postgres://me%40work:a%3Ab@host/base"


def test_the_longest_value_is_hidden_first() -> None:
    found = Address("", {"SHORT": "abc", "LONG": "abcdef"})
    assert found.redacted("abcdef abc") == "${LONG} ${SHORT}"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgres://me:secret@host/base", True),
        ("postgres://me:sec/ret@host/base", True),
        ("postgres://me:pre${REST}@host/base", True),
        ("postgres://host/base?password=secret", True),
        ("snowflake://me:${P}@account/base?token=abc", True),
        ("postgres://me:${P}@host:5432/base?sslmode=require", False),
        ("postgres://me@host:5432/base", False),
        ("${DATABASE_URL}", False),
        ("sqlite:///../data/base.db", False),
    ],
)
def test_a_password_that_is_written_down_is_seen(url: str, told: bool) -> None:
    assert has_secret(url) is told


def test_the_same_rows_are_the_same_file_and_other_rows_another(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2026-01-05"]), "spend": [1.5], "n": pd.array([None], "Int64")}
    )
    file = tmp_path / "answer.parquet"
    assert write_snapshot(frame, file)
    first = file.read_bytes()
    assert not write_snapshot(frame, file)
    assert file.read_bytes() == first
    assert write_snapshot(frame.assign(spend=2.5), file)
    assert [path.name for path in tmp_path.iterdir()] == ["answer.parquet"]
