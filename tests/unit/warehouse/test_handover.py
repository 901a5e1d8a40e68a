"""Tables of runs in a database: rows of a run replaced, all or nothing, whatever the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mmm.errors import InputError
from mmm.stages.hand_over import Lines
from mmm.warehouse import handover
from mmm.warehouse.handover import hand_over, shown

ROI = Lines(
    ("level", "channel", "roi", "best", "date"),
    (
        ("cell", "tv", "2.5", "True", "2027-01-04"),
        ("cell", 'NA"; --', "", "False", ""),
        ("total", "", "1e-3", "", ""),
    ),
)


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def place(request: Any, tmp_path: Path) -> Iterator[tuple[str, Callable[[str], list[tuple[Any, ...]]]]]:
    """The URL of an empty database, and how to ask it something without our own code."""
    if request.param == "postgres":
        import psycopg

        url = request.getfixturevalue("postgres")

        def ask(sql: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(url) as connection:
                return connection.execute(sql).fetchall()

        yield url, ask
        with psycopg.connect(url) as connection:
            for name in ("mmm_roi", "mmm_plan"):
                connection.execute(f"DROP TABLE IF EXISTS {name}")
        return
    file = tmp_path / "out.db"
    if request.param == "sqlite":

        def ask(sql: str) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(file)) as connection:
                return connection.execute(sql).fetchall()

    else:
        import duckdb

        def ask(sql: str) -> list[tuple[Any, ...]]:
            with closing(duckdb.connect(str(file), read_only=True)) as connection:
                return connection.execute(sql).fetchall()

    yield f"{request.param}:////{file}".replace("://///", ":////"), ask


def test_values_arrive_with_their_kinds_and_empty_ones_as_null(place: Any) -> None:
    url, ask = place
    assert hand_over(url, "r1", "acme", {"roi": ROI}) == 3
    rows = ask("SELECT run_id, company, channel, roi, best FROM mmm_roi ORDER BY level, channel DESC")
    assert [row[:2] for row in rows] == [("r1", "acme")] * 3
    assert [row[2] for row in rows] == ["tv", 'NA"; --', None]
    assert [row[3] for row in rows] == [2.5, None, 1e-3]
    assert [None if row[4] is None else bool(row[4]) for row in rows] == [True, False, None]
    assert str(ask("SELECT date FROM mmm_roi WHERE channel = 'tv'")[0][0]) == "2027-01-04"


def test_the_same_run_twice_leaves_the_same_rows_and_other_runs_stay(place: Any) -> None:
    url, ask = place
    for _ in range(2):
        hand_over(url, "r1", "acme", {"roi": ROI})
    hand_over(url, "r2", "acme", {"roi": Lines(ROI.columns, ROI.rows[:1])})
    hand_over(url, "x1", "zeta", {"roi": ROI})
    counted = "SELECT run_id, COUNT(*) FROM mmm_roi GROUP BY run_id ORDER BY run_id"
    assert ask(counted) == [("r1", 3), ("r2", 1), ("x1", 3)]
    hand_over(url, "r3", "acme", {"roi": ROI}, replace=True)
    assert ask(counted) == [("r3", 3), ("x1", 3)]


def test_a_new_column_is_added_and_one_of_another_kind_becomes_text(place: Any) -> None:
    url, ask = place
    hand_over(url, "r1", "acme", {"roi": ROI})
    hand_over(url, "r2", "acme", {"roi": Lines(("level", "roi", "segment"), (("cell", "n/a", "new"),))})
    assert ask("SELECT roi, segment, channel FROM mmm_roi WHERE run_id = 'r2'") == [("n/a", "new", None)]
    (old,) = ask("SELECT roi FROM mmm_roi WHERE run_id = 'r1' AND channel = 'tv'")
    assert float(old[0]) == 2.5
    hand_over(url, "r3", "acme", {"roi": Lines(("level", "roi"), (("cell", "3.5"),))})
    assert float(ask("SELECT roi FROM mmm_roi WHERE run_id = 'r3'")[0][0]) == 3.5


def test_a_fault_in_the_middle_leaves_everything_as_it_was(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, ask = place
    hand_over(url, "r1", "acme", {"roi": ROI})
    monkeypatch.setitem(handover._READ, "number", lambda text: 1 / 0)
    with pytest.raises(InputError, match="Nothing was changed there"):
        hand_over(url, "r1", "acme", {"plan": Lines(("week",), (("one",),)), "roi": ROI}, replace=True)
    assert ask("SELECT COUNT(*) FROM mmm_roi") == [(3,)]
    with pytest.raises(Exception, match="mmm_plan"):
        ask("SELECT * FROM mmm_plan")


def test_no_message_holds_a_password(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = postgres.replace("owner:", "nobody:", 1).replace("owner%27s%20word", "very%20secret")
    with pytest.raises(InputError) as error:
        hand_over(wrong, "r1", "acme", {"roi": ROI})
    assert "very" not in str(error.value)
    assert "nobody:***@" in str(error.value)
    monkeypatch.setenv("WAREHOUSE", wrong)
    with pytest.raises(InputError) as error:
        hand_over("${WAREHOUSE}", "r1", "acme", {"roi": ROI})
    assert "very" not in str(error.value)
    assert shown("postgres://a:b@c@host/x") == "postgres://a:***@host/x"


@pytest.mark.parametrize(
    "url", ["mysql://host/x", "out.csv", "sqlite:///none/at/all.db", "duckdb://", "${NOT_SET}"]
)
def test_a_place_that_cannot_be_written_says_what_can(url: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"postgres://|no folder|NOT_SET"):
        hand_over(url, "r1", "acme", {"roi": ROI})
    assert list(tmp_path.iterdir()) == []
