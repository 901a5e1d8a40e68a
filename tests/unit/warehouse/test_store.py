"""The store is one whole file at any moment: a kill, a full disk, another writer, another version change nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from mmm.errors import DataError, InputError
from mmm.runs import lock
from mmm.warehouse import canonical, store
from mmm.warehouse.canonical import MEDIA
from mmm.warehouse.merge import Change, Load
from mmm.warehouse.store import Warehouse, changing, known_loads, reading

Bring = Callable[..., list[Change]]
ROWS = [("2026-01-05", "brand", 10.0)]


def media_load(
    file: str, rows: list[tuple[str, str, float]], *, content: str = "", source: str = "google"
) -> Load:
    """A load of (day, campaign, spend)."""
    days, campaigns, spend = zip(*rows, strict=True)
    columns = {"date": list(days), "channel": "search", "campaign": list(campaigns), "spend": list(spend)}
    return Load(source, file, content or file, MEDIA, MEDIA.frame(columns, range(2, len(rows) + 2)))


def _spend(place: Warehouse) -> list[float]:
    with reading(place) as connection:
        return [row[0] for row in connection.execute("SELECT spend::DOUBLE FROM media ORDER BY 1").fetchall()]


def test_every_canonical_table_is_there_with_its_lineage(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", ROWS))
    with reading(place) as connection:
        for table in canonical.CANONICAL.values():
            found = [row[0] for row in connection.execute(f"DESCRIBE {table.name}").fetchall()]
            assert found == [*table.names, *canonical.LINEAGE]


def test_what_was_loaded_is_known_by_its_content(place: Warehouse, loaded: Bring) -> None:
    assert known_loads(place) == {}
    loaded(media_load("a.csv", ROWS, content="one"))
    loaded(media_load("a.csv", ROWS, content="two"))
    assert known_loads(place) == {("google", "a.csv"): "two"}


def test_programs_of_other_versions_can_open_the_file(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", ROWS))
    header = place.path.read_bytes()[:4096]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64  # the storage version of DuckDB 0.10 to 1.1


KILLED = """
import os, signal
from pathlib import Path
from mmm.warehouse import store
from mmm.warehouse.canonical import MEDIA
from mmm.warehouse.merge import Load, merge

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

step = {step!r}
if step == "copy":
    store.shutil.copyfile = die
elif step == "move":
    store.os.replace = die
elif step == "moved":
    replace = os.replace
    store.os.replace = lambda *a: (replace(*a), die())
place = store.Warehouse(Path({path!r}), Path({folder!r}))
with store.changing(place) as connection:
    frame = MEDIA.frame({{"date": ["2026-01-06"], "channel": "search", "spend": [20.0]}}, [2])
    merge(connection, [Load("google", "b.csv", "b", MEDIA, frame)])
    if step == "merged":
        die()
"""


@pytest.mark.parametrize("step", ["copy", "merged", "move", "moved"])
def test_a_kill_at_any_step_leaves_a_whole_store_and_the_next_load_goes_through(
    place: Warehouse, loaded: Bring, step: str
) -> None:
    loaded(media_load("a.csv", ROWS))
    here = Path(__file__).parents[3]
    code = KILLED.format(step=step, path=str(place.path), folder=str(place.folder))
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert _spend(place) == ([10.0, 20.0] if step == "moved" else [10.0])
    (change,) = loaded(media_load("c.csv", [("2026-01-07", "brand", 30.0)]))
    assert change.new == 1
    assert [path.name for path in place.folder.iterdir()] == []
    assert [path.name for path in place.path.parent.iterdir() if path.is_file()] == ["acme.duckdb"]


def test_a_load_that_fails_leaves_the_store_as_it_was(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", ROWS))
    before = place.path.read_bytes()
    weekly = [(f"2026-01-{day:02d}", "brand", 7.0) for day in (5, 12, 19)]
    daily = [(f"2026-01-{day:02d}", "brand", 1.0) for day in range(5, 12)]
    with pytest.raises(DataError):
        loaded(
            media_load("b.csv", [("2026-03-06", "brand", 20.0)]),
            media_load("d.csv", daily),
            media_load("w.csv", weekly),
        )
    assert place.path.read_bytes() == before
    assert list(place.folder.iterdir()) == []


def test_readers_are_not_disturbed_by_a_writer_and_see_what_was(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", ROWS))
    with reading(place) as connection:
        loaded(media_load("b.csv", [("2026-01-06", "brand", 20.0)]))
        assert connection.execute("SELECT count(*) FROM media").fetchall() == [(1,)]
    assert _spend(place) == [10.0, 20.0]


def test_a_store_that_is_read_cannot_be_written(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", ROWS))
    with reading(place) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("DELETE FROM media")


def test_a_second_writer_is_told_who_holds_it(place: Warehouse, loaded: Bring) -> None:
    place.folder.mkdir(parents=True)
    holder = lock.take(place.folder)
    with pytest.raises(InputError) as caught:
        loaded(media_load("a.csv", ROWS))
    lock.release(place.folder, holder)
    assert "another run is changing this warehouse (this process on " in str(caught.value)
    assert holder.since in str(caught.value)
    assert "--out" not in str(caught.value)


def test_a_store_of_a_newer_version_is_refused_and_kept(place: Warehouse, loaded: Bring) -> None:
    loaded(media_load("a.csv", ROWS))
    with duckdb.connect(str(place.path)) as connection:
        connection.execute("UPDATE about SET schema = 99, version = '9.9'")
    before = place.path.read_bytes()
    for work in (lambda: loaded(media_load("b.csv", ROWS)), lambda: _spend(place)):
        with pytest.raises(InputError, match=r"mmm 9\.9 made this warehouse"):
            work()
    assert place.path.read_bytes() == before


def test_columns_that_came_since_are_added_to_a_store_of_before(
    place: Warehouse, loaded: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = canonical.MEDIA
    older = canonical.CanonicalTable(
        "media", tuple(c for c in media.columns if c.name not in ("adset", "clicks")), media.key
    )
    with monkeypatch.context() as before:
        before.setitem(store.CANONICAL, "media", older)
        with changing(place) as connection:
            connection.execute(
                "INSERT INTO media (date, channel, spend, source, load, geo, audience, message, account, campaign, "
                "creative) VALUES ('2026-01-05', 'tv', 5, 'old', 1, '', '', '', '', '', '')"
            )
    loaded(media_load("a.csv", ROWS))
    with reading(place) as connection:
        assert connection.execute("SELECT adset, clicks FROM media WHERE source = 'old'").fetchall() == [
            ("", None)
        ]
    assert _spend(place) == [5.0, 10.0]


def test_a_file_that_is_no_warehouse_is_refused_in_words(place: Warehouse, loaded: Bring) -> None:
    with pytest.raises(InputError, match="there is no warehouse yet"):
        _spend(place)
    place.path.parent.mkdir(parents=True)
    with duckdb.connect(str(place.path)) as connection:
        connection.execute("CREATE TABLE mine (x INT)")
    with pytest.raises(InputError, match="is not a warehouse of mmm"):
        loaded(media_load("a.csv", ROWS))
    place.path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(InputError, match="no warehouse that can be read"):
        loaded(media_load("a.csv", ROWS))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_closed_folder_is_said_in_words(place: Warehouse, loaded: Bring) -> None:
    place.folder.mkdir(parents=True)
    place.folder.chmod(0o500)
    with pytest.raises(InputError, match="you may not write there"):
        loaded(media_load("a.csv", ROWS))
