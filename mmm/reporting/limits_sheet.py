"""The workbook's sheet of limits: least and most money of each line, with cells to write one's own into.

`mmm.book.edited` reads it back. A hidden first row names the columns and the config, a hidden first column the lines,
so that it is read in any language and no line is taken for another.
"""

from __future__ import annotations

import json
from typing import Any

from mmm.dims import CELL_KEYS
from mmm.reporting.results import Results, number, records
from mmm.reporting.workbook import Book

MARK = "mmm limits"
PLACE_KEYS = (*CELL_KEYS, "geo")
"""What a line of the sheet is: the keys of a cell, and its geo where money is placed by geo."""

_MOST_MONEY = 1e15


def limits_sheet(book: Book, results: Results) -> None:
    """A row for each line that money is placed on; none where the run has no limits written down."""
    rows = places(results)
    if not rows or "least" not in results.moves:
        return
    voice = book.voice
    sheet = book.sheet("sheet.limits")
    keys = [key for key in PLACE_KEYS if key in results.moves]
    told = {"current_spend": "before", "planned_spend": "after", "least": "least", "most": "most"}
    names = [*keys, *told, "min", "max"]
    sheet.write_string(0, 0, json.dumps([MARK, results.about.limits_hash, len(rows)]))
    for column, name in enumerate(names, start=1):
        sheet.write_string(0, column, name)
    sheet.set_row(0, None, None, {"hidden": True})
    sheet.set_column(0, 0, None, None, {"hidden": True})
    sheet.set_column(1, len(keys), 18)
    sheet.set_column(len(keys) + 1, len(names), 14)
    sheet.merge_range(1, 1, 1, len(names), "", book.looks["lead"])
    book.text(sheet, 1, 1, voice.text("book.limits"), "lead")
    sheet.set_row(1, 36)
    heads = [*keys, *told.values(), "your_least", "your_most"]
    for column, name in enumerate(heads, start=1):
        book.text(sheet, 2, column, voice.text(f"column.{name}"), "head" if name in keys else "head_number")
    for line, row in enumerate(rows, start=3):
        sheet.write_string(line, 0, json.dumps([row.get(key, "") for key in PLACE_KEYS]))
        for column, key in enumerate(keys, start=1):
            book.text(sheet, line, column, row[key])
        for column, name in enumerate(told, start=len(keys) + 1):
            book.figure(sheet, line, column, number(row[name]), "money")
        for column, name in ((len(names) - 1, "asked_least"), (len(names), "asked_most")):
            if row["binding"] == "fixed":
                sheet.write_blank(line, column, None, book.looks["money"])
                continue
            value = number(row[name])
            if value is None:
                sheet.write_blank(line, column, None, book.looks["own"])
            else:
                sheet.write_number(line, column, value, book.looks["own"])
            amount = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": _MOST_MONEY}
            sheet.data_validation(line, column, line, column, amount)
    sheet.freeze_panes(3, len(keys) + 1)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def places(results: Results) -> list[dict[str, Any]]:
    """Rows of `moves.csv` that money is placed on: cells, and where money is placed by geo cells in geos."""
    rows = [row for row in records(results.moves) if row["level"] == "cell"]
    if "geo" not in results.moves:
        return rows
    named = [tuple(row.get(key, "") for key in CELL_KEYS) for row in rows]
    return [row for row, name in zip(rows, named, strict=True) if row["geo"] or named.count(name) == 1]
