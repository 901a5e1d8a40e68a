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
        "platform_vat": "claimed_vat",
        "platform_exchange": "claimed_exchange",
    },
    "analytics": {"conversions": "attributed", "revenue": "attributed_revenue"},
    "crm": {"leads": "leads", "qualified": "qualified", "won": "matched", "revenue": "matched_revenue"},
}
"""Which columns of a table are which counts of `data.attribution`."""
MARK = "panel.json"
STILL_RAN = 120
"""Days before the last one within which a line must have run to stand in the ledger, which is about a quarter."""
FORM = 2
"""Raised when the files of the same rows are others."""
Role = Literal["media", "counts", "creatives", "leads"]


@dataclass(frozen=True, slots=True)
class PanelTable:
    """A file that the panel reads.

    Attributes
    ----------
    source
        Which source of the warehouse its rows come from; "": all.
    role
        `media`: spend and exposure; `counts`: what a system counts; `creatives`: campaigns and ads; `leads`: by the
        days they came in and were won.
    file
        Its name in `data/NAME/panel/`.
    columns
        What it has.
    """

    source: str
    role: Role
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
            "form": FORM,
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
        made += _of_all(connection, asked, place)
        write_text(
            mark, json.dumps({"asked": asked, "tables": [asdict(one) for one in made]}, indent=1) + "\n"
        )
    return made


def exports_of_files(place: Warehouse) -> dict[str, str]:
    """Which source of the warehouse each file of the panel is of, by its name; nothing before any was written."""
    mark = place.folder / "panel" / MARK
    made = json.loads(mark.read_text("utf-8"))["tables"] if mark.is_file() else []
    return {str(told["file"]): str(told["source"]) for told in made if told["source"]}


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
        if "platform_revenue" not in given:
            given = {
                name: count
                for name, count in given.items()
                if name not in ("platform_vat", "platform_exchange")
            }
        if given:
            cell = ("channel", *(name for name in ("audience", "message") if name in there))
            made.append(
                _written(connection, place, source, "counts", f"{stem}-{table}", *_counts(where, cell, given))
            )
    return made


def _of_all(connection: Any, asked: dict[str, Any], place: Warehouse) -> list[PanelTable]:
    """Campaigns and ads with their leads; leads by the days they came in and were won. Nothing that nobody names."""
    mine = f"list_contains({_listed(asked['sources'])}, source)"
    paid = (
        f"media WHERE {mine} AND spend IS NOT NULL AND NOT list_contains({_listed(asked['taken'])}, channel)"
    )
    made = []
    query = f"SELECT count(*) FROM {paid} AND (campaign <> '' OR creative <> '')"
    if connection.execute(query).fetchall()[0][0]:
        line = "channel, audience, campaign, creative"
        last = f"(SELECT max(date) FROM {paid})"
        ran = f"QUALIFY max(date) OVER (PARTITION BY {line}) >= {last} - INTERVAL {STILL_RAN} DAY"
        query, every = _creatives(
            f"{paid} {ran}", f"crm WHERE {mine}", has_crm=_has_crm(connection, asked["sources"])
        )
        columns = _filled(connection, f"({query})", every)
        made.append(_written(connection, place, "", "creatives", "creatives", query, columns))
    single = f"crm WHERE {mine} AND lead_id_hash <> '' AND leads IS NOT NULL"
    query = f"SELECT count(*) FROM {single} AND won > 0 AND closed IS NOT NULL"
    if connection.execute(query).fetchall()[0][0]:
        query, every = _ages(single)
        columns = _filled(connection, f"({query})", every)
        made.append(_written(connection, place, "", "leads", "leads", query, columns))
    return made


def _creatives(paid: str, crm: str, *, has_crm: bool) -> tuple[str, tuple[str, ...]]:
    """Money and counts by day and line; leads of the CRM under the names it has, else those of platforms."""
    keys = ("date", "channel", "audience", "campaign", "creative")
    given = {"spend": "spend", "exposure": "coalesce(impressions, exposure)", "clicks": "clicks"}
    given |= {"leads": "NULL"} if has_crm else {"leads": "leads"}
    counted = {"leads": "leads", "qualified": "qualified", "won": "won", "won_revenue": "revenue"}
    every = (*("spend", "exposure", "clicks"), *counted)

    def rows(where: str, have: dict[str, str]) -> str:
        columns = ", ".join(f"CAST({have.get(name, 'NULL')} AS DECIMAL(18, 6)) AS {name}" for name in every)
        return f"SELECT {names(keys)}, {columns} FROM {where}"

    both = f"{rows(paid, given)} UNION ALL {rows(crm, counted)}"
    sums = ", ".join(f"CAST(sum({name}) AS DOUBLE) AS {name}" for name in every)
    query = f"SELECT {names(keys)}, {sums} FROM ({both}) GROUP BY {names(keys)} ORDER BY {names(keys)}"
    return query, (*keys[1:], *every)


def _ages(single: str) -> tuple[str, tuple[str, ...]]:
    """Leads one by one, added up by the days they came in and were won; an order whose day nobody knows is left out."""
    won = "CASE WHEN won > 0 THEN greatest(closed, date) END AS won_on"
    query = f"""SELECT date, channel, audience, {won}, CAST(sum(leads) AS DOUBLE) AS leads FROM {single}
      AND (coalesce(won, 0) = 0 OR closed IS NOT NULL) GROUP BY ALL ORDER BY ALL"""
    return query, ("channel", "audience", "won_on", "leads")


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
    role: Role,
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
