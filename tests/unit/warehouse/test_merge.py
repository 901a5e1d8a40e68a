"""What a new file changes: corrected rows replace, others stay, the same again changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmm.data.panel import Check
from mmm.errors import DataError
from mmm.warehouse.canonical import CRM, EXPERIMENTS, MEDIA
from mmm.warehouse.merge import Change, Load, findings, forget, merge
from mmm.warehouse.store import Warehouse, changing, reading

Bring = Callable[..., list[Change]]
JANUARY = [("2026-01-05", "brand", 10.0), ("2026-01-05", "shoes", 20.0), ("2026-01-06", "brand", 30.0)]


def media_load(
    file: str, rows: list[tuple[str, str, float]], *, content: str = "", source: str = "google"
) -> Load:
    """A load of (day, campaign, spend)."""
    days, campaigns, spend = zip(*rows, strict=True)
    columns = {"date": list(days), "channel": "search", "campaign": list(campaigns), "spend": list(spend)}
    return Load(source, file, content or file, MEDIA, MEDIA.frame(columns, range(2, len(rows) + 2)))


def _rows(place: Warehouse, columns: str = "strftime(date, '%m-%d'), campaign, spend::DOUBLE") -> list[tuple]:
    with reading(place) as connection:
        return connection.execute(f"SELECT {columns} FROM media ORDER BY ALL").fetchall()


def _counts(change: Change) -> tuple[int, int, int, int]:
    return change.new, change.replaced, change.unchanged, change.gone


def test_a_first_file_is_all_new_and_every_row_knows_its_source_load_and_row(
    place: Warehouse, loaded: Bring
) -> None:
    (change,) = loaded(media_load("a.csv", JANUARY))
    assert _counts(change) == (3, 0, 0, 0)
    assert (change.first, change.last) == ("2026-01-05", "2026-01-06")
    assert _rows(place, "source, load, row") == [("google", 1, 2), ("google", 1, 3), ("google", 1, 4)]


def test_the_same_file_again_changes_no_row(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", JANUARY))
    before = _rows(place)
    (change,) = loaded(media_load("a.csv", JANUARY))
    assert _counts(change) == (0, 0, 3, 0)
    assert _rows(place) == before


def test_a_corrected_file_replaces_its_rows_and_takes_out_those_it_no_longer_has(
    place: Warehouse, loaded: Bring
) -> None:
    loaded(media_load("a.csv", JANUARY))
    (change,) = loaded(media_load("a.csv", [("2026-01-05", "brand", 11.0), ("2026-01-06", "brand", 30.0)]))
    assert _counts(change) == (0, 1, 1, 1)
    assert _rows(place) == [("01-05", "brand", 11.0), ("01-06", "brand", 30.0)]


def test_a_file_of_other_days_adds(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", JANUARY))
    (change,) = loaded(media_load("b.csv", [("2026-01-07", "brand", 1.0)]))
    assert _counts(change) == (1, 0, 0, 0)
    assert len(_rows(place)) == 4


def test_days_that_two_exports_of_a_source_share_are_the_newer_ones(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", JANUARY))
    (change,) = loaded(
        media_load(
            "b.csv",
            [("2026-01-06", "brand", 33.0), ("2026-01-06", "boots", 5.0), ("2026-01-07", "brand", 7.0)],
        )
    )
    assert _counts(change) == (2, 1, 0, 0)
    assert change.of == ("a.csv",)
    assert _rows(place) == [
        ("01-05", "brand", 10.0),
        ("01-05", "shoes", 20.0),
        ("01-06", "boots", 5.0),
        ("01-06", "brand", 33.0),
        ("01-07", "brand", 7.0),
    ]


def test_a_campaign_that_was_renamed_is_not_counted_twice(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", JANUARY))
    (change,) = loaded(
        media_load(
            "b.csv",
            [("2026-01-05", "brand", 10.0), ("2026-01-05", "shoes 2", 20.0), ("2026-01-06", "brand", 30.0)],
        )
    )
    assert _counts(change) == (1, 0, 2, 1)
    assert sum(row[2] for row in _rows(place)) == 60.0


def test_two_accounts_that_share_no_campaign_both_stay(place: Warehouse, loaded: Bring) -> None:
    changes = loaded(media_load("a.csv", JANUARY), media_load("b.csv", [("2026-01-05", "hats", 4.0)]))
    assert [change.gone for change in changes] == [0, 0]
    assert sum(row[2] for row in _rows(place)) == 64.0


def test_the_file_that_reaches_further_is_the_newer_one_whatever_the_order(
    place: Warehouse, loaded: Bring
) -> None:
    loaded(
        media_load("b.csv", [("2026-01-06", "brand", 33.0), ("2026-01-07", "brand", 7.0)]),
        media_load("a.csv", JANUARY),
    )
    assert ("01-06", "brand", 33.0) in _rows(place)
    assert ("01-06", "brand", 30.0) not in _rows(place)


def test_rows_of_one_file_with_one_key_are_parts_and_all_stay(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", [("2026-01-05", "brand", 1.0), ("2026-01-05", "brand", 1.0)]))
    assert [row[2] for row in _rows(place)] == [1.0, 1.0]


def test_sources_never_touch_each_other(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", JANUARY))
    loaded(media_load("a.csv", [("2026-01-05", "brand", 99.0)], source="meta"))
    assert len(_rows(place)) == 4


def test_amounts_add_up_exactly(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", [("2026-01-05", f"c{k}", 0.1) for k in range(1000)]))
    with reading(place) as connection:
        assert str(connection.execute("SELECT sum(spend) FROM media").fetchall()[0][0]) == "100.000000"


def test_weekly_rows_over_days_of_daily_ones_are_refused_and_nothing_is_loaded(
    place: Warehouse, loaded: Bring
) -> None:
    loaded(media_load("daily.csv", [(f"2026-01-{day:02d}", "brand", 1.0) for day in range(5, 26)]))
    weekly = media_load("weekly.csv", [(f"2026-01-{day:02d}", "brand", 7.0) for day in (5, 12, 19)])
    other = media_load("x.csv", JANUARY, source="meta")
    with pytest.raises(DataError, match=r"weekly\.csv: rows are by week, and by day in daily\.csv"):
        loaded(other, weekly)
    assert len(_rows(place)) == 21


def test_a_name_full_of_sql_is_a_name(place: Warehouse, loaded: Bring) -> None:
    evil = "'); DROP TABLE media; --"
    loaded(media_load(evil, [("2026-01-05", evil, 1.0)], source=evil))
    (change,) = loaded(media_load(evil, [("2026-01-05", evil, 2.0)], source=evil))
    assert change.replaced == 1
    assert _rows(place) == [("01-05", evil, 2.0)]


def _leads(file: str, *leads: tuple[str, str, float]) -> Load:
    days, ids, won = zip(*leads, strict=True)
    columns = {
        "date": list(days),
        "channel": "search",
        "lead_id_hash": list(ids),
        "leads": 1.0,
        "won": list(won),
    }
    return Load("crm", file, file, CRM, CRM.frame(columns, range(2, len(leads) + 2)))


def test_a_lead_is_the_newer_row_and_other_leads_of_its_days_stay(place: Warehouse, loaded: Bring) -> None:
    loaded(_leads("all.csv", ("2026-01-05", "a", 0), ("2026-01-06", "b", 0), ("2026-01-09", "c", 0)))
    (change,) = loaded(_leads("changed.csv", ("2026-01-05", "a", 1), ("2026-01-09", "d", 0)))
    assert _counts(change) == (1, 1, 0, 0)
    with reading(place) as connection:
        rows = connection.execute("SELECT lead_id_hash, won::INT FROM crm ORDER BY 1").fetchall()
    assert rows == [("a", 1), ("b", 0), ("c", 0), ("d", 0)]


def test_a_lead_with_two_rows_that_differ_is_a_fault_and_an_exact_copy_counts_once(
    place: Warehouse, loaded: Bring
) -> None:
    (change,) = loaded(_leads("copy.csv", ("2026-01-05", "a", 0), ("2026-01-05", "a", 0)))
    assert change.rows == 1
    with pytest.raises(DataError, match=r"twice\.csv: 1 lead has two rows that differ \(rows 2, 3\)"):
        loaded(_leads("twice.csv", ("2026-01-05", "b", 0), ("2026-01-05", "b", 1)))


def test_a_table_without_days_is_replaced_by_its_key(place: Warehouse, loaded: Bring) -> None:
    def tests(file: str, *ids: str) -> Load:
        columns = {
            "id": list(ids),
            "channel": "tv",
            "start": "2026-01-05",
            "end": "2026-02-01",
            "lift": len(file),
        }
        return Load("tests", file, file, EXPERIMENTS, EXPERIMENTS.frame(columns, range(len(ids))))

    loaded(tests("a.csv", "one", "two"))
    (change,) = loaded(tests("bb.csv", "two", "three"))
    assert _counts(change) == (1, 1, 0, 0)


def test_what_reading_a_file_found_is_said_until_a_newer_one_replaces_it(place: Warehouse) -> None:
    note = Check("not tagged", "review", "a.csv", "row 2", "brand x", "Add a rule.")
    one = media_load("a.csv", JANUARY, content="1")
    with changing(place) as connection:
        merge(connection, [Load(one.source, one.file, "1", MEDIA, one.frame, (note,))])
        assert findings(connection, ["google"]) == [note]
        assert findings(connection, ["meta"]) == []
        merge(connection, [media_load("a.csv", JANUARY, content="2")])
        assert findings(connection, ["google"]) == []


def test_a_source_that_is_forgotten_leaves_no_row(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", JANUARY), media_load("a.csv", JANUARY, source="meta"))
    with changing(place) as connection:
        forget(connection, ["google"])
    assert _rows(place, "DISTINCT source") == [("meta",)]
