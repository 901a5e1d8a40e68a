"""Sources at hand: queries become files, files become rows of the warehouse, and what is unchanged is left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from ruamel.yaml import YAML

from mmm.cli.shell import execute
from mmm.config import Config, load_config
from mmm.data.panel import Panel
from mmm.errors import DataError
from mmm.stages.at_hand import at_hand, databases
from mmm.stages.ingest import ingest
from mmm.stages.prepare import prepare

WEEKS = [date(2024, 1, 1) + timedelta(days=7 * n) for n in range(60)]
SPEND = [100 + 7 * (n % 9) for n in range(60)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company in files and, the same, in a database; commands run in its folder."""
    rows = [
        f"{week},{1000 + 2 * spend + n},{spend}"
        for n, (week, spend) in enumerate(zip(WEEKS, SPEND, strict=True))
    ]
    (tmp_path / "weekly.csv").write_text("week,revenue,tv\n" + "\n".join(rows) + "\n", "utf-8")
    with sqlite3.connect(tmp_path / "base.db") as connection:
        connection.execute("CREATE TABLE weekly (week TEXT, revenue REAL, tv REAL)")
        connection.executemany("INSERT INTO weekly VALUES (?, ?, ?)", [row.split(",") for row in rows])
    connection.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def company(folder: Path) -> Callable[..., Config]:
    def make(name: str, **data: object) -> Config:
        told = {"date": "week", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}} | data
        with (folder / f"{name}.yaml").open("w", encoding="utf-8") as file:
            YAML().dump({"name": name, "currency": "USD", "data": told}, file)
        return load_config(folder / f"{name}.yaml")

    return make


def _query(query: str = "SELECT * FROM weekly", url: str = "sqlite:///base.db") -> dict[str, str]:
    return {"url": url, "query": query}


def _rows(name: str, query: str) -> list[tuple]:
    with duckdb.connect(f"data/{name}.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def _same(one: Panel, other: Panel) -> bool:
    arrays = ("dates", "outcome", "spend", "exposure", "modelled")
    return (
        all((getattr(one, name) == getattr(other, name)).all() for name in arrays)
        and one.cells == other.cells
    )


def test_a_config_of_files_is_given_back_as_it_is_and_nothing_is_written(
    company: Callable[..., Config], folder: Path
) -> None:
    config = company("plain", source="weekly.csv")
    assert at_hand(config).config is config
    assert not (folder / "data").exists()


def test_a_query_gives_the_panel_of_the_file_to_the_last_bit(company: Callable[..., Config]) -> None:
    plain, asked = company("plain", source="weekly.csv"), company("asked", source=_query())
    brought = at_hand(asked)
    assert databases(asked).popitem()[1] == "data.source"
    assert databases(brought.config) == {}
    assert _same(prepare(brought.config).panel, prepare(plain).panel)
    assert list(brought.inputs) == ["sqlite:///base.db (data.source)"]


def test_what_a_variable_holds_is_in_no_name_and_no_file(
    company: Callable[..., Config], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "hunter2.db").write_bytes((folder / "base.db").read_bytes())
    monkeypatch.setenv("DB_SECRET", "hunter2")
    asked = company("asked", source=_query(url="sqlite:///${DB_SECRET}.db"))
    brought = at_hand(asked)
    ingest(asked)
    assert "hunter2" not in repr(brought) + asked.text + asked.model_dump_json()
    kept = [path for path in (folder / "data").rglob("*") if path.is_file()]
    assert len(kept) >= 5
    assert [path for path in kept if b"hunter2" in path.read_bytes() or "hunter2" in path.name] == []


def test_every_table_may_be_a_query_and_each_query_is_asked_once(
    company: Callable[..., Config], folder: Path
) -> None:
    (folder / "holidays.csv").write_text("date,name\n2024-12-25,Christmas\n", "utf-8")
    asked = company(
        "many",
        outcome={"source": _query(), "value": "revenue"},
        media={"source": _query(), "cells": [{"channel": "tv", "spend": "tv"}]},
    )
    holidays = {"source": _query("SELECT * FROM 'holidays.csv'", "duckdb://")}
    calendar = type(asked.calendar).model_validate({"holidays": holidays})
    reference = type(asked.plan).model_validate({"reference": {"source": _query("SELECT 1 AS spend")}})
    asked = asked.model_copy(update={"calendar": calendar, "plan": reference})
    assert list(databases(asked).values()) == [
        "data.outcome.source",
        "calendar.holidays.source",
        "plan.reference.source",
    ]
    brought = at_hand(asked).config
    assert brought.data.outcome.source == brought.data.media[0].source
    assert brought.calendar.holidays is not None
    assert (brought.folder / str(brought.calendar.holidays.source)).is_file()
    assert len(list((folder / "data" / "many" / "queries").glob("*.parquet"))) == 3


def test_the_same_answer_is_the_same_file_and_another_one_is_seen(
    company: Callable[..., Config], folder: Path
) -> None:
    asked = company("asked", source=_query())
    first = prepare(at_hand(asked).config)
    assert prepare(at_hand(asked).config).inputs == first.inputs
    with sqlite3.connect(folder / "base.db") as connection:
        connection.execute("UPDATE weekly SET revenue = revenue + 1 WHERE week = '2024-01-01'")
    connection.close()
    assert prepare(at_hand(asked).config).inputs != first.inputs


def test_ingest_loads_every_table_once_and_then_only_what_changed(
    company: Callable[..., Config], folder: Path
) -> None:
    config = company("plain", source="weekly.csv")
    first = ingest(config)
    assert [(c.source, c.new) for c in first.changes] == [("data.outcome", 60), ("data.media[1]", 60)]
    assert _rows("plain", "SELECT sum(spend)::DOUBLE FROM media") == [(float(sum(SPEND)),)]
    before = (folder / "data/plain.duckdb").read_bytes()
    assert ingest(config).changes == ()
    assert (folder / "data/plain.duckdb").read_bytes() == before
    text = (folder / "weekly.csv").read_text("utf-8").replace("2024-01-01,1200,100", "2024-01-01,1200,250")
    (folder / "weekly.csv").write_text(text, "utf-8")
    changed = ingest(config).changes
    assert [(c.source, c.new, c.replaced, c.gone) for c in changed] == [
        ("data.outcome", 0, 0, 0),
        ("data.media[1]", 0, 1, 0),
    ]
    assert _rows("plain", "SELECT sum(spend)::DOUBLE FROM media") == [(sum(SPEND) + 150.0,)]


def test_copies_for_other_programs_are_those_of_the_store(
    company: Callable[..., Config], folder: Path
) -> None:
    ingest(company("plain", source="weekly.csv"))
    query = "SELECT sum(spend)::DOUBLE, any_value(file) FROM 'data/plain/media.parquet'"
    assert duckdb.sql(query).fetchall() == [(float(sum(SPEND)), "weekly.csv")]
    assert sorted(path.name for path in (folder / "data/plain").iterdir()) == [
        "copies.json",
        "loads.parquet",
        "media.parquet",
        "outcome.parquet",
    ]


def test_copies_that_a_kill_left_behind_are_written_anew(
    company: Callable[..., Config], folder: Path
) -> None:
    config = company("plain", source="weekly.csv")
    ingest(config)
    for name in ("copies.json", "media.parquet"):
        (folder / "data/plain" / name).unlink()
    ingest(config)
    assert (folder / "data/plain/media.parquet").is_file()


def test_a_table_that_the_config_no_longer_names_leaves(company: Callable[..., Config], folder: Path) -> None:
    (folder / "radio.csv").write_text("week,radio\n" + "\n".join(f"{w},5" for w in WEEKS) + "\n", "utf-8")
    radio = {"source": "radio.csv", "cells": [{"channel": "radio", "spend": "radio"}]}
    tv = {"cells": [{"channel": "tv", "spend": "tv"}]}
    ingest(company("plain", source="weekly.csv", media=[tv, radio]))
    assert _rows("plain", "SELECT DISTINCT channel FROM media ORDER BY 1") == [("radio",), ("tv",)]
    done = ingest(company("plain", source="weekly.csv", media=[tv]))
    assert done.dropped == ("data.media[2]",)
    assert _rows("plain", "SELECT DISTINCT channel FROM media") == [("tv",)]


def test_a_file_at_fault_loads_nothing(company: Callable[..., Config], folder: Path) -> None:
    config = company("plain", source="weekly.csv")
    ingest(config)
    before = (folder / "data/plain.duckdb").read_bytes()
    (folder / "weekly.csv").write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty"):
        ingest(config)
    assert (folder / "data/plain.duckdb").read_bytes() == before


def test_a_channel_named_in_sql_is_a_channel(company: Callable[..., Config], folder: Path) -> None:
    evil = "tv'); DROP TABLE media; --"
    rows = "\n".join(f'{week},"{evil}",5' for week in WEEKS)
    (folder / "long.csv").write_text(f"week,channel,spend\n{rows}\n", "utf-8")
    table = {"source": "long.csv", "channel": "channel", "spend": "spend"}
    ingest(company("evil", source="weekly.csv", media=[table]))
    assert _rows("evil", "SELECT DISTINCT channel FROM media") == [(evil,)]


def test_the_command_says_what_changed_and_where_the_data_are(
    company: Callable[..., Config], capsys: pytest.CaptureFixture[str]
) -> None:
    company("plain", source="weekly.csv")
    assert execute(["ingest", "plain.yaml", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "Rows: 120 new, 0 replaced, 0 gone" in said
    assert "Warehouse: data/plain.duckdb; for other programs: data/plain/*.parquet" in said
    assert execute(["ingest", "plain.yaml", "--quiet"]) == 0
    assert "Nothing changed" in capsys.readouterr().out


def test_a_password_in_a_config_is_refused_and_not_repeated(
    company: Callable[..., Config], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "name: bad\ndata:\n  date: week\n  source: {url: 'postgres://me:hunter2@h/b', query: x}\n"
    (folder / "bad.yaml").write_text(text + "  outcome: {value: revenue}\n  media: {tv: tv}\n", "utf-8")
    assert execute(["check", "bad.yaml"]) == 1
    said = capsys.readouterr()
    assert "`data.source`: the URL holds a password" in said.err
    assert "hunter2" not in said.out + said.err
