"""What the panel reads of the warehouse: each source's rows, added up by day and cell in SQL, as tables of files.

What a platform calls a campaign or an ad is added up to the cells of the model; days are added up to its periods where
every table is (`mmm.data.align`). A day without a row is a day on which nothing was counted: exports list what ran.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mmm.runs.files import disk_faults_in_words, write_text
from mmm.warehouse.copies import write_parquet
from mmm.warehouse.merge import quoted
from mmm.warehouse.store import Warehouse, names, reading

COUNTS = {
    "media": {
        "clicks": "clicks",
        "leads": "leads",
        "platform_conversions": "claimed",
        "platform_revenue": "claimed_revenue",
    },
    "analytics": {"conversions": "attributed", "revenue": "attributed_revenue"},
    "crm": {"leads": "leads", "qualified": "qualified", "won": "matched", "revenue": "matched_revenue"},
}
"""Which columns of a table are which counts of `data.attribution`."""
MARK = "panel.json"


@dataclass(frozen=True, slots=True)
class PanelTable:
    """A file that the panel reads.

    Attributes
    ----------
    source
        Which source of the warehouse its rows come from.
    role
        `media`: spend and exposure; `counts`: what a system counts.
    file
        Its name in `data/NAME/panel/`.
    columns
        What it has.
    """

    source: str
    role: Literal["media", "counts"]
    file: str
    columns: tuple[str, ...]


def write_panel_tables(
    place: Warehouse, sources: Sequence[str], *, taken: Collection[str] = (), counted: Collection[str] = ()
) -> list[PanelTable]:
    """Write what the panel reads of some sources; files of the same state of the store are left as they are.

    Parameters
    ----------
    taken
        Channels whose spend stands in other tables: their rows are left out.
    counted
        Counts that other tables have, left out too.
    """
    folder = place.folder / "panel"
    with reading(place) as connection, disk_faults_in_words(folder):
        asked = {
            "store": str(connection.execute("SELECT changed FROM about").fetchall()[0][0]),
            "sources": list(sources),
            "taken": sorted(taken),
            "counted": sorted(counted),
        }
        mark = folder / MARK
        known = json.loads(mark.read_text("utf-8")) if mark.is_file() else {}
        made = [
            PanelTable(**(told | {"columns": tuple(told["columns"])})) for told in known.get("tables", [])
        ]
        if known.get("asked") == asked and all((folder / one.file).is_file() for one in made):
            return made
        folder.mkdir(parents=True, exist_ok=True)
        connection.execute(
            "SET threads = 1"
        )  # the same rows are the same bytes: stages know files by their hash
        made = [one for source in sources for one in _of_source(connection, source, asked, place)]
        write_text(
            mark, json.dumps({"asked": asked, "tables": [asdict(one) for one in made]}, indent=1) + "\n"
        )
    return made


def _of_source(connection: Any, source: str, asked: dict[str, Any], place: Warehouse) -> list[PanelTable]:
    made: list[PanelTable] = []
    stem = re.sub(r"[^\w.-]+", "-", source).strip("-.")
    for table, counts in COUNTS.items():
        where = f'"{table}" WHERE source = {quoted(source)}'
        if table == "media":
            paid = f"{where} AND spend IS NOT NULL AND NOT list_contains({_listed(asked['taken'])}, channel)"
            if columns := _filled(
                connection, paid, ("geo", "audience", "message", "impressions", "exposure")
            ):
                made.append(
                    _written(connection, place, source, "media", f"{stem}-spend", *_spend(paid, columns))
                )
        there = _filled(connection, where, ("audience", *(["message"] if table == "media" else []), *counts))
        given = {
            name: count for name, count in counts.items() if name in there and count not in asked["counted"]
        }
        if table == "media" and _has_crm(connection, asked["sources"]):
            given.pop("leads", None)  # the same leads, which the CRM knows better
        if given:
            cell = ("channel", *(name for name in ("audience", "message") if name in there))
            made.append(
                _written(connection, place, source, "counts", f"{stem}-{table}", *_counts(where, cell, given))
            )
    return made


def _has_crm(connection: Any, sources: Sequence[str]) -> bool:
    query = "SELECT count(leads) FROM crm WHERE list_contains(?, source)"
    return bool(connection.execute(query, [list(sources)]).fetchall()[0][0])


def _listed(words: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, words))}]::VARCHAR[]"


def _filled(connection: Any, where: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that hold anything; `date` first, nothing where there is no row."""
    counts = ", ".join(f"count(nullif(CAST(\"{name}\" AS VARCHAR), ''))" for name in columns)
    ((rows, *filled),) = connection.execute(f"SELECT count(*), {counts} FROM {where}").fetchall()
    return ("date", *(name for name, count in zip(columns, filled, strict=True) if count)) if rows else ()


def _written(
    connection: Any,
    place: Warehouse,
    source: str,
    role: Literal["media", "counts"],
    stem: str,
    query: str,
    columns: tuple[str, ...],
) -> PanelTable:
    write_parquet(connection, query, place.folder / "panel" / f"{stem}.parquet")
    return PanelTable(source, role, f"{stem}.parquet", columns)


def _spend(where: str, filled: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Money and exposure by day, region and cell."""
    keys = ("date", "channel", *(name for name in ("geo", "audience", "message") if name in filled))
    seen = [f'sum("{name}")' for name in ("impressions", "exposure") if name in filled]
    exposure = f", CAST(coalesce({', '.join(seen)}) AS DOUBLE) AS exposure" if seen else ""
    query = (
        f"SELECT {names(keys)}, CAST(sum(spend) AS DOUBLE) AS spend{exposure} FROM {where} "
        f"GROUP BY {names(keys)} ORDER BY {names(keys)}"
    )
    return query, (*keys, "spend", *(["exposure"] if seen else []))


def _counts(where: str, cell: tuple[str, ...], given: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Counts by day (or week) and cell: zero where a day has no row, empty in a cell that is never counted."""
    by, counts = names(cell), tuple(given.values())
    sums = ", ".join(f'CAST(sum("{name}") AS DOUBLE) AS "{count}"' for name, count in given.items())
    filled = ", ".join(
        f'CASE WHEN count("{count}") OVER (PARTITION BY {by}) > 0 THEN coalesce("{count}", 0) END AS "{count}"'
        for count in counts
    )
    query = f"""WITH added AS (SELECT date, {by}, {sums} FROM {where} GROUP BY date, {by}),
      steps AS (SELECT date_diff('day', lag(date) OVER (ORDER BY date), date) AS step
        FROM (SELECT DISTINCT date FROM added)),
      usual AS (SELECT CASE WHEN median(step) < 7 THEN 1 WHEN median(step) = 7 THEN 7 END AS step FROM steps),
      days AS (SELECT CAST(unnest(generate_series(min(date), max(date), to_days((SELECT step FROM usual)))) AS DATE)
        AS date FROM added WHERE (SELECT step FROM usual) IS NOT NULL),
      every AS (SELECT date, {by} FROM days CROSS JOIN (SELECT DISTINCT {by} FROM added)
        UNION SELECT date, {by} FROM added)
      SELECT date, {by}, {filled} FROM every LEFT JOIN added USING (date, {by}) ORDER BY date, {by}"""
    return query, ("date", *cell, *counts)
