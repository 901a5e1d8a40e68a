"""The workbook's sheet of tests: what each costs and is worth, and what the reserve is made of."""

from __future__ import annotations

from mmm.reporting.designs import VALUES
from mmm.reporting.results import Results, cell_of, number, records
from mmm.reporting.workbook import Book, Column, write_rows


def tests_sheet(book: Book, results: Results) -> None:
    """A row a test as in `tests.csv`, live totals of the money, and the reserve they belong to; none without tests."""
    told = results.designed
    if not told:
        return
    voice, sheet = book.voice, book.sheet("sheet.tests")
    columns = [
        Column(voice.text("column.test"), "id", width=34),
        Column(voice.text("column.cell"), "name", width=24),
        *(
            Column(voice.text(f"tests.column.{name}"), name, width=width)
            for name, width in (("kind", 22), ("state", 11), ("start", 11))
        ),
        *(Column(voice.text(f"tests.column.{name}"), name, "whole", 10) for name in ("weeks", "cooldown")),
        *(
            Column(voice.text(f"tests.column.{name}"), name, "money", 13, total=True)
            for name in ("spend", "incremental_spend", "withheld", "reserve_used")
        ),
        *(Column(voice.text(f"tests.column.{name}"), name, "share", 11) for name in ("power", "assurance")),
        *(
            Column(voice.text(f"column.{head}"), name, "money", 13)
            for name, head in VALUES.items()
            if name in results.tests
        ),
    ]
    if "answers" in results.tests:
        columns.append(Column(voice.text("designs.answers"), "answers", "wrap", 60))
    rows = [
        row
        | {"name": voice.cell(cell_of(row))}
        | {name: voice.retold(row.get(name)) for name in ("kind", "state", "answers")}
        for row in records(results.tests)
    ]
    write_rows(book, sheet, columns, rows)
    _reserve(book, results, len(rows) + 4)


def _reserve(book: Book, results: Results, row: int) -> None:
    """What the reserve is made of: three lines that add up to it."""
    voice, told = book.voice, results.designed
    sheet = book.book.get_worksheet_by_name(voice.text("sheet.tests"))
    book.text(sheet, row, 0, voice.text("tests.reserve"), "head")
    parts = [number(told[name]) or 0.0 for name in ("placed", "withheld", "without_test")]
    for offset, (name, amount) in enumerate(
        zip(("placed", "withheld", "without_test"), parts, strict=True), start=1
    ):
        book.text(sheet, row + offset, 0, voice.text(f"tests.reserve.{name}"))
        book.figure(sheet, row + offset, 1, amount, "money")
    last = row + len(parts) + 1
    book.text(sheet, last, 0, voice.text("tests.reserve.all"), "total_text")
    book.sum(sheet, last, 1, ((row + 1, 1), (last - 1, 1)), sum(parts))
    book.text(sheet, last + 1, 0, voice.text("tests.reserve.floor"), "note")
    book.figure(sheet, last + 1, 1, number(told["floor"]), "money")
