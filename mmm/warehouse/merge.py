"""What a new file changes in the store: rows that are new, that replace others, and that say the same again.

A load is what one file, or one query, brings into one table. The rules, all within one source:

- A file whose content changed: all its earlier rows go.
- Another file that covers days an earlier one covers: where both have a row of the same key there, the newer one is a
  correction, and the earlier rows of the days it covers go. Where they share none they are parts of one whole (two
  accounts), and both stay.
- Leads go by the lead alone, whatever day their row bears: the newer row stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from mmm.data.calendar import detect_spacing, period_end
from mmm.data.panel import Check
from mmm.data.reader import rows_words
from mmm.errors import DataError
from mmm.runs.manifest import package_version
from mmm.warehouse.canonical import CANONICAL, CanonicalTable
from mmm.warehouse.store import FINDINGS, LOADS, columns_of, names


@dataclass(frozen=True, slots=True)
class Load:
    """What one file brings into one table.

    Attributes
    ----------
    source
        Which entry of the config, by a name that does not depend on its place.
    file
        The file as the config names it, or what stands for a query.
    content
        Hash of what it holds and of the settings under which it was read.
    frame
        As `CanonicalTable.frame` makes it.
    notes
        What reading the file found; kept and said as long as its rows are there.
    whole
        Whether these are all rows of the source: every earlier one goes.
    """

    source: str
    file: str
    content: str
    table: CanonicalTable
    frame: pd.DataFrame
    notes: tuple[Check, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a load changed: rows that are new, that replaced others, that say the same again; rows that are gone.

    `of` are the other files whose rows it replaced.
    """

    source: str
    file: str
    table: str
    rows: int
    new: int
    replaced: int
    unchanged: int
    gone: int
    first: str
    last: str
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """Days that a load covers, to the last day of its last period, and the spacing of its rows."""

    first: np.datetime64 | None
    last: np.datetime64 | None
    spacing: str | None


def merge(connection: Any, loads: Sequence[Load]) -> list[Change]:
    """Bring loads into the tables, one after the other: the one that reaches furthest comes last.

    Raises
    ------
    DataError
        A lead twice in one file; files of one source by different periods over the same days.
    """
    spans = {id(load): _span(load) for load in loads}
    latest = np.datetime64("0001-01-01")
    ordered = sorted(
        loads,
        key=lambda load: (
            spans[id(load)].last or latest,
            spans[id(load)].first or latest,
            load.file.rpartition(".")[0],
        ),
    )
    if faults := [fault for load in ordered for fault in _twice(load)]:
        raise DataError(faults)
    return [_merge_one(connection, load, spans[id(load)]) for load in ordered]


def _span(load: Load) -> _Span:
    if not load.table.day or load.frame.empty:
        return _Span(None, None, None)
    days = load.frame[load.table.day].to_numpy().astype("datetime64[D]")
    spacing = detect_spacing(days)
    return _Span(days.min(), period_end(days.max(), spacing or "day"), spacing)


def _twice(load: Load) -> list[str]:
    """Two rows of one lead that differ."""
    if not load.table.identity:
        return []
    named = load.frame[load.frame[load.table.identity] != ""]
    distinct = named.drop_duplicates(subset=list(load.table.names))
    twice = distinct[distinct.duplicated(subset=[load.table.identity], keep=False)]
    if twice.empty:
        return []
    leads = twice[load.table.identity].nunique()
    return [
        f"{load.file}: {leads} lead{'s have' if leads > 1 else ' has'} two rows that differ "
        f"({rows_words(twice['row'].tolist())}). Export each lead once, as it stands now"
    ]


def _merge_one(connection: Any, load: Load, span: _Span) -> Change:
    table = load.table
    number = connection.execute("SELECT coalesce(max(load), 0) + 1 FROM loads").fetchall()[0][0]
    _stage(connection, load, number)
    _refuse_other_grain(connection, load, span)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE doomed AS {_doomed(connection, load, span)}")
    own, key = names(table.names), names(_key(table))
    ((rows, unchanged, new, gone),) = connection.execute(
        f"""SELECT
          (SELECT count(*) FROM incoming),
          (SELECT count(*) FROM (SELECT {own} FROM incoming INTERSECT ALL SELECT {own} FROM doomed)),
          (SELECT count(*) FROM incoming ANTI JOIN (SELECT DISTINCT {key} FROM doomed) USING ({key})),
          (SELECT count(*) FROM doomed ANTI JOIN (SELECT DISTINCT {key} FROM incoming) USING ({key}))"""
    ).fetchall()
    others = connection.execute(
        "SELECT DISTINCT l.file FROM doomed JOIN loads l USING (load) WHERE l.file <> ? ORDER BY 1",
        [load.file],
    ).fetchall()
    connection.execute(f'DELETE FROM "{table.name}" WHERE rowid IN (SELECT place FROM doomed)')
    every = names(tuple(columns_of(table)))
    connection.execute(f'INSERT INTO "{table.name}" ({every}) SELECT {every} FROM incoming ORDER BY "row"')
    _write_down(connection, load, span, number, rows)
    return Change(
        source=load.source,
        file=load.file,
        table=table.name,
        rows=rows,
        new=new,
        replaced=rows - new - unchanged,
        unchanged=unchanged,
        gone=gone,
        first="" if span.first is None else str(span.first),
        last="" if span.last is None else str(span.last),
        of=tuple(name for (name,) in others),
    )


def _key(table: CanonicalTable) -> tuple[str, ...]:
    return (*table.key, *([table.identity] if table.identity else []))


def _stage(connection: Any, load: Load, number: int) -> None:
    """The rows of a load as the temporary table `incoming`, exact copies of a lead left out."""
    frame = load.frame
    if load.table.identity:
        copies = frame.duplicated(subset=list(load.table.names)) & (frame[load.table.identity] != "")
        frame = frame[~copies]
    connection.register("arrived", frame)
    try:
        casts = ", ".join(
            f'CAST("{name}" AS {kind.removesuffix(" NOT NULL")}) AS "{name}"'
            for name, kind in columns_of(load.table).items()
            if name not in ("source", "load")
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {casts}, ?::VARCHAR AS source, ?::BIGINT AS load "
            "FROM arrived",
            [load.source, number],
        )
    finally:
        connection.unregister("arrived")


def _doomed(connection: Any, load: Load, span: _Span) -> str:
    """SQL for the rows that go, with their places."""
    table = load.table
    source, file = quoted(load.source), quoted(load.file)
    if load.whole:
        return f'SELECT rowid AS place, * FROM "{table.name}" WHERE source = {source}'
    earlier = (
        f"SELECT load FROM loads WHERE source = {source} AND file = {file} AND of_table = '{table.name}'"
    )
    ways = [f"load IN ({earlier})"]
    if table.identity:
        ways.append(
            f'("{table.identity}" <> \'\' AND "{table.identity}" IN (SELECT "{table.identity}" FROM incoming))'
        )
    plain = f"\"{table.identity}\" = ''" if table.identity else "true"
    if span.first is not None:
        corrected = _corrected(connection, load, span, plain)
        if corrected:
            ways.append(
                f"({plain} AND load IN ({', '.join(map(str, corrected))}) "
                f"AND \"{table.day}\" BETWEEN DATE '{span.first}' AND DATE '{span.last}')"
            )
    elif not table.day:
        key = names(table.key)
        ways.append(f"(({key}) IN (SELECT ({key}) FROM incoming))")
    return f'SELECT rowid AS place, * FROM "{table.name}" WHERE source = {source} AND ({" OR ".join(ways)})'


def _corrected(connection: Any, load: Load, span: _Span, plain: str) -> list[int]:
    """Earlier loads of the source that have a key in common with this one."""
    table = load.table
    rows = connection.execute(
        f"""SELECT DISTINCT load FROM "{table.name}" SEMI JOIN (SELECT DISTINCT {names(table.key)} FROM incoming)
        USING ({names(table.key)})
        WHERE source = ? AND {plain} AND "{table.day}" BETWEEN ? AND ? ORDER BY load""",
        [load.source, str(span.first), str(span.last)],
    ).fetchall()
    return [number for (number,) in rows]


def _refuse_other_grain(connection: Any, load: Load, span: _Span) -> None:
    """Refuse weekly rows over days that daily rows of the same source cover: money would count twice."""
    if span.spacing is None or load.table.identity or load.whole:
        return
    other = connection.execute(
        f"""SELECT l.file, l.spacing FROM loads l WHERE l.source = ? AND l.file <> ? AND l.of_table = ?
        AND l.spacing IS NOT NULL AND l.spacing <> ? AND l.first <= ? AND l.last >= ?
        AND l.load IN (SELECT load FROM "{load.table.name}") LIMIT 1""",
        [load.source, load.file, load.table.name, span.spacing, str(span.last), str(span.first)],
    ).fetchall()
    if other:
        ((file, spacing),) = other
        raise DataError(
            [
                f"{load.file}: rows are by {span.spacing}, and by {spacing} in {file} over the same days. Export "
                "both alike, or name them in two entries"
            ]
        )


def _write_down(connection: Any, load: Load, span: _Span, number: int, rows: int) -> None:
    row = {
        "load": number,
        "source": load.source,
        "file": load.file,
        "of_table": load.table.name,
        "content": load.content,
        "rows": rows,
        "first": None if span.first is None else str(span.first),
        "last": None if span.last is None else str(span.last),
        "spacing": span.spacing,
        "loaded": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        "version": package_version(),
    }
    places = ", ".join("?" for _ in LOADS)
    connection.execute(
        f"INSERT INTO loads ({names(tuple(LOADS))}) VALUES ({places})", [row[name] for name in LOADS]
    )
    for note in load.notes:
        told = [number, note.check, note.severity, note.where, note.rows, note.value, note.remedy]
        connection.execute(
            f"INSERT INTO findings ({names(tuple(FINDINGS))}) VALUES (?, ?, ?, ?, ?, ?, ?)", told
        )


def findings(connection: Any, sources: Sequence[str]) -> list[Check]:
    """What reading the files of some sources found: of the newest load of each file."""
    rows = connection.execute(
        f"""SELECT DISTINCT {names(tuple(FINDINGS))} FROM findings WHERE load IN (
          SELECT max(load) FROM loads WHERE list_contains(?, source) GROUP BY source, file, of_table) ORDER BY ALL""",
        [list(sources)],
    ).fetchall()
    return list(dict.fromkeys(Check(*row[1:]) for row in rows))


def forget(connection: Any, sources: Sequence[str]) -> None:
    """Take all rows of some sources out."""
    for name in (*CANONICAL, "loads"):
        connection.execute(f'DELETE FROM "{name}" WHERE list_contains(?, source)', [list(sources)])


def quoted(text: str) -> str:
    """Text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
