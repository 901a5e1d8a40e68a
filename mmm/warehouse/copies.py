"""Copies of the warehouse as Parquet, for programs that draw and tables that ask: the store itself is ours alone.

data/NAME/media.parquet ...     a file for every table that has rows; of leads only counts
data/NAME/copies.json           which state of the store they show; written last
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmm.runs.files import disk_faults_in_words, flush, temporary, write_text
from mmm.warehouse.canonical import CANONICAL, CanonicalTable
from mmm.warehouse.store import Warehouse, names, reading

MARK = "copies.json"


def refresh_copies(place: Warehouse) -> None:
    """Write the copies anew where they show an older state of the store."""
    with reading(place) as connection, disk_faults_in_words(place.folder):
        state = str(connection.execute("SELECT changed FROM about").fetchall()[0][0])
        mark = place.folder / MARK
        if mark.is_file() and json.loads(mark.read_text("utf-8")).get("store") == state:
            return
        place.folder.mkdir(parents=True, exist_ok=True)
        for table in CANONICAL.values():
            file = place.folder / f"{table.name}.parquet"
            if connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchall()[0][0]:
                write_parquet(connection, _copied(table), file)
            else:
                file.unlink(missing_ok=True)
        write_parquet(connection, "SELECT * FROM loads ORDER BY load", place.folder / "loads.parquet")
        write_text(mark, json.dumps({"store": state}) + "\n")


def _copied(table: CanonicalTable) -> str:
    """Rows as they are; where they are people, only how many by day and cell."""
    lineage = 's."source", l."file", s."row"'
    joined = f'FROM "{table.name}" s JOIN loads l USING (load)'
    if not table.identity:
        return f"SELECT {names(table.names, 's.')}, {lineage} {joined} ORDER BY s.load, s.row"
    sums = ", ".join(f'sum(s."{c.name}") AS "{c.name}"' for c in table.columns if c.kind == "amount")
    key = names(table.key, "s.")
    return f'SELECT {key}, {sums}, s."source" {joined} GROUP BY ALL ORDER BY ALL'


def write_parquet(connection: Any, query: str, file: Path) -> None:
    """The answer to a query as a whole Parquet file or none."""
    new = temporary(file)
    try:
        quoted = str(new).replace("'", "''")
        connection.execute(f"COPY ({query}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")
        flush(new)
        os.replace(new, file)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
