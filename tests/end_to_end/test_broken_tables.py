"""A corpus of broken tables: text, workbooks and Parquet, each one change away from a good file.

Every message names the file, and the row, column, sheet or day at fault.
"""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_company import WEEKLY as CONFIG

from mmm.data.files import read_table
from mmm.errors import DataError

pytestmark = pytest.mark.timeout(60)

Edit = Callable[[str], str | bytes]


def _line(number: int, change: Callable[[list[str]], list[str]]) -> Edit:
    """Changes the cells of one line; line 1 is the header."""

    def edit(text: str) -> str:
        lines = text.splitlines()
        lines[number - 1] = ",".join(change(lines[number - 1].split(",")))
        return "\n".join(lines) + "\n"

    return edit


def _cell(line: int, column: int, value: str) -> Edit:
    return _line(line, lambda cells: [*cells[:column], value, *cells[column + 1 :]])


def _lines(change: Callable[[list[str]], list[str]]) -> Edit:
    return lambda text: "\n".join(change(text.splitlines())) + "\n"


TEXTS: list[tuple[str, Edit, tuple[str, ...]]] = [
    ("the file is empty", lambda t: "", ("the file is empty",)),
    ("the file is one line break", lambda t: "\n", ("there is nothing in it",)),
    ("the file is blanks", lambda t: " \n \n , , \n", ("there is nothing in it",)),
    ("there is no header", _lines(lambda lines: lines[1:]), ("row 1 holds values",)),
    ("there is only a header", _lines(lambda lines: lines[:1]), ("no row below it",)),
    ("there are two rows", _lines(lambda lines: lines[:3]), ("weekly.csv",)),
    ("the date column is missing", lambda t: t.replace("week,", "day,", 1), ('no column "week"',)),
    ("the outcome is missing", lambda t: t.replace("revenue", "sales", 1), ('no column "revenue"',)),
    ("a channel is missing", lambda t: t.replace("tv_spend", "tvspend", 1), ('Did you mean "tvspend"?',)),
    ("two columns have one name", lambda t: t.replace("search_spend", "tv_spend", 1), ('called "tv_spend"',)),
    ("a row is longer than the header", _line(9, lambda c: [*c, "5", "6"]), ("row 9 has 6 cells",)),
    ("a thousands comma has no quotes", _cell(9, 1, "214,000"), ("row 9 has 5 cells", "needs quotes")),
    ("a quote is left open", _cell(9, 1, '"214000'), ("weekly.csv",)),
    ("a date is a word", _cell(9, 0, "someday"), ('column "week"', 'row 9 "someday"')),
    ("a date is the 30th of February", _cell(9, 0, "2025-02-30"), ('row 9 "2025-02-30"',)),
    ("a date is empty", _cell(9, 0, ""), ('column "week"', "row 9")),
    ("a date is of the year 0", _cell(9, 0, "0000-01-06"), ("row 9",)),
    ("a date is of the year 9999", _cell(9, 0, "9999-12-27"), ("9999",)),
    ("a date has an hour 77", _cell(9, 0, "2025-03-03T77:00"), ("2025-03-03 in rows 9, 10",)),
    ("a date is off the grid", _cell(9, 0, "2025-03-05"), ("no row for 2025-02-24",)),
    ("a date is there twice", _cell(9, 0, "2025-02-17"), ("2025-02-17 in rows 8, 9",)),
    ("dates are all the same", lambda t: "".join(_same_date(t)), ("2025-01-06",)),
    ("dates are all empty", lambda t: "".join(_no_date(t)), ('column "week"',)),
    ("a week is missing", _lines(lambda lines: [*lines[:20], *lines[21:]]), ("2025-05-19",)),
    ("half a year is missing", _lines(lambda lines: [*lines[:20], *lines[46:]]), ("2025-05-19",)),
    ("the outcome is text", _cell(9, 1, "many"), ('column "revenue"', 'row 9 "many"')),
    ("the outcome is infinite", _cell(9, 1, "inf"), ('column "revenue"', "row 9")),
    ("the outcome is 1e999", _cell(9, 1, "1e999"), ('column "revenue"', "row 9")),
    ("the outcome is empty in a week", _cell(9, 1, ""), ("2025-02-24",)),
    ("the outcome is an error of Excel", _cell(9, 1, "#REF!"), ('column "revenue"', "row 9")),
    ("the outcome is a formula", _cell(9, 1, "=B8*2"), ('column "revenue"', 'row 9 "=B8*2"')),
    ("the outcome is two numbers", _cell(9, 1, "12 / 14"), ('row 9 "12 / 14"',)),
    ("the outcome has two decimal points", _cell(9, 1, "1.2.3"), ('row 9 "1.2.3"',)),
    ("the outcome is a date", _cell(9, 1, "2025-01-06"), ('column "revenue"', "row 9")),
    ("spend is text", _cell(9, 2, "n/v"), ('column "tv_spend"', 'row 9 "n/v"')),
    ("spend is negative", _cell(9, 2, "-50"), ("negative spend", "2025-02-24")),
    ("spend is in brackets, as accountants write", _cell(9, 2, "(50)"), ("negative spend", "2025-02-24")),
    ("spend is zero throughout", lambda t: "".join(_no_spend(t)), ("no spend", "tv")),
    ("names of people are beside the money", _cell(9, 2, "dana@example.com"), ('column "tv_spend"', "row 9")),
    ("a cell holds a book", _cell(9, 2, "x" * 40_000), ("row 9, column 3 holds 40,000 characters",)),
    ("a cell holds a library", _cell(9, 2, "x" * 200_000), ("line 9",)),
    ("the file is UTF-16 and cut", lambda t: t.encode("utf-16")[:-1], ("UTF-16",)),
    ("the file is marked as UTF-8 and is not", lambda t: b"\xef\xbb\xbf\xff\xfe" + t.encode(), ("UTF-8",)),
    ("the file is zeros", lambda t: b"\0" * 5000, ("not a table",)),
    ("the file is a picture", lambda t: b"\x89PNG\r\n\x1a\n" + t.encode(), ("a picture",)),
    ("the file is a PDF", lambda t: b"%PDF-1.7\n" + t.encode(), ("a PDF",)),
    ("the file is packed", lambda t: b"\x1f\x8b\x08" + t.encode(), ("a gzip archive",)),
    ("the file is a web page", lambda t: "<!doctype html><table>" + t, ("a web page",)),
    ("the file is JSON", lambda t: '{"week": "2025-01-06",\n "revenue": 1}\n', ("weekly.csv",)),
    (
        "the file is a pickle",
        lambda t: b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01.",
        ("weekly.csv",),
    ),
    ("the file begins as Parquet", lambda t: b"PAR1" + t.encode(), ("this Parquet file cannot be read",)),
    ("the file begins as a workbook", lambda t: b"PK\x03\x04" + t.encode(), ("the workbook cannot be read",)),
    (
        "the file begins as an old workbook",
        lambda t: bytes.fromhex("D0CF11E0A1B11AE1") + t.encode(),
        ("the workbook cannot be read",),
    ),
]
"""A sentence, what becomes of the text of the file, and what the message holds beside its name."""


def _each(text: str, change: Callable[[list[str]], list[str]]) -> list[str]:
    head, *rows = text.splitlines()
    return [head + "\n", *(",".join(change(row.split(","))) + "\n" for row in rows)]


def _same_date(text: str) -> list[str]:
    return _each(text, lambda cells: ["2025-01-06", *cells[1:]])


def _no_date(text: str) -> list[str]:
    return _each(text, lambda cells: ["", *cells[1:]])


def _no_spend(text: str) -> list[str]:
    return _each(text, lambda cells: [*cells[:2], "0", *cells[3:]])


@pytest.fixture
def company(tmp_path: Path, weekly_csv: Callable[[Path], None]) -> Path:
    """A good config and its good table."""
    weekly_csv(tmp_path / "weekly.csv")
    (tmp_path / "acme.yaml").write_text(CONFIG)
    return tmp_path / "acme.yaml"


@pytest.mark.parametrize(("edit", "says"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_a_broken_text_is_said_with_its_place(
    refused: Callable[..., str], company: Path, edit: Edit, says: tuple[str, ...]
) -> None:
    table = company.with_name("weekly.csv")
    broken = edit(table.read_text())
    table.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    told = refused(["check", company], *says)
    assert any(word in told for word in ("weekly.csv", "outcome", "tv"))


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _sheet(text: str) -> bytes:
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{text}</sheetData></worksheet>'.encode()
    )


def _part(name: str, content: bytes | None) -> Callable[[bytes], bytes]:
    """Replaces a part of a workbook, or leaves it out."""

    def change(book: bytes) -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(book)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for part in old.namelist():
                if part != name:
                    new.writestr(part, old.read(part))
            if content is not None:
                new.writestr(name, content)
        return out.getvalue()

    return change


SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
SHOWN = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 17_001))
CORNERS = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
WORKBOOKS: list[tuple[str, Callable[[bytes], bytes], tuple[str, ...]]] = [
    ("the workbook is cut in the middle", lambda b: b[: len(b) // 2], ("the workbook cannot be read",)),
    ("the workbook is cut at its end", lambda b: b[:-30], ("the workbook cannot be read",)),
    ("the workbook is an empty archive", lambda b: _archive({}), ("weekly.csv",)),
    ("the workbook is an archive of texts", lambda b: _archive({"a.txt": b"a"}), ("cannot be read",)),
    (
        "the workbook is a document of Word",
        lambda b: _archive({"word/document.xml": b"<a/>"}),
        ("weekly.csv",),
    ),
    ("the workbook is binary", lambda b: _archive({"xl/worksheets/sheet1.bin": b"a"}), ("XLSB", "XLSX")),
    ("the list of sheets is gone", _part("xl/workbook.xml", None), ("no sheet has a table",)),
    ("the list of sheets is no XML", _part("xl/workbook.xml", b"sheets"), ("weekly.csv",)),
    ("the sheet is gone", _part(SHEET, None), ("weekly.csv",)),
    ("the sheet is no XML", _part(SHEET, b"week,revenue"), ("weekly.csv",)),
    ("the sheet ends in the middle of a cell", _part(SHEET, _sheet("")[:-30]), ("weekly.csv",)),
    ("the sheet is empty", _part(SHEET, _sheet("")), ("no sheet has a table",)),
    ("the sheet is one cell", _part(SHEET, _sheet('<row r="1"><c r="A1"><v>1</v></c></row>')), ("no sheet",)),
    ("two cells are in opposite corners", _part(SHEET, _sheet(CORNERS)), ("sheet1.xml", "XFD1048576")),
    (
        "corners are in a sheet of another name",
        _part("xl/far/away.part", _sheet(CORNERS)),
        ("xl/far/away.part", "1,048,576 rows by 16,384 columns"),
    ),
    (
        "a part unpacks to a thousand times its size",
        _part(SHEET, b" " * (60 << 20)),
        ("sheet1.xml unpacks to", "times its size"),
    ),
    (
        "a long text is shown in every cell",
        lambda b: _part(TEXTS, f'<sst xmlns="{MAIN}"><si><t>{"x" * 32_000}</t></si></sst>'.encode())(
            _part(SHEET, _sheet(SHOWN))(b)
        ),
        ("sheet1.xml", "more than 536,870,912 letters"),
    ),
    (
        "a text of an ODS is repeated for ever",
        lambda b: _ods('table:number-rows-repeated="99"', "", "x" * 60_000),
        ("content.xml, row 99", "more than 536,870,912 letters"),
    ),
    (
        "an ODS repeats a row for ever",
        lambda b: _ods('table:number-rows-repeated="1048576"', ""),
        ("content.xml",),
    ),
    (
        "an ODS repeats a row as often as a number of five thousand digits says",
        lambda b: _ods(f'table:number-rows-repeated="{"9" * 5_000}"', ""),
        ("content.xml",),
    ),
    (
        "an ODS repeats a cell for ever",
        lambda b: _ods('table:number-rows-repeated="99999"', 'table:number-columns-repeated="16384"'),
        ("content.xml", "99,999 rows by 16,384 columns"),
    ),
]
"""A sentence, what becomes of the workbook, and what the message holds."""


def _archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _ods(rows: str, columns: str, inside: str = "") -> bytes:
    wide = columns or 'table:number-columns-repeated="100"'
    cell = f'<table:table-cell office:value-type="float" office:value="1" {wide}>{inside}</table:table-cell>'
    text = (
        '<office:document-content xmlns:office="o" xmlns:table="t"><office:body><office:spreadsheet>'
        f'<table:table table:name="S"><table:table-row {rows}>{cell}</table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _archive(
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": text.encode()}
    )


@pytest.fixture(scope="session")
def good_book(weekly_csv: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The good table as a workbook."""
    path = tmp_path_factory.mktemp("book") / "weekly.csv"
    weekly_csv(path)
    book = openpyxl.Workbook()
    sheet = book.active
    table = pd.read_csv(path)
    for row in [list(table), *table.astype(object).to_numpy().tolist()]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="session")
def good_parquet(weekly_csv: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The good table as Parquet."""
    folder = tmp_path_factory.mktemp("parquet")
    weekly_csv(folder / "weekly.csv")
    duckdb.execute(f"copy (from '{folder}/weekly.csv') to '{folder}/weekly.parquet' (format parquet)")
    return (folder / "weekly.parquet").read_bytes()


def test_the_good_files_pass(
    execute: Callable[..., Any], company: Path, good_book: bytes, good_parquet: bytes
) -> None:
    assert execute("check", company).code == 0
    for content in (good_book, good_parquet):
        company.with_name("weekly.csv").write_bytes(content)
        assert execute("check", company).code == 0


@pytest.mark.parametrize(
    ("change", "says"), [case[1:] for case in WORKBOOKS], ids=[case[0] for case in WORKBOOKS]
)
def test_a_broken_workbook_is_said_with_its_place(
    refused: Callable[..., str],
    company: Path,
    good_book: bytes,
    change: Callable[[bytes], bytes],
    says: tuple[str, ...],
) -> None:
    company.with_name("weekly.csv").write_bytes(change(good_book))
    refused(["check", company], "weekly.csv", *says)


@pytest.mark.parametrize("change", [case[1] for case in WORKBOOKS], ids=[case[0] for case in WORKBOOKS])
def test_a_broken_workbook_in_the_place_of_a_config_is_said(
    refused: Callable[..., str], tmp_path: Path, good_book: bytes, change: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "book.xlsx").write_bytes(change(good_book))
    refused(["check", tmp_path / "book.xlsx"], str(tmp_path / "book.xlsx"))


QUERIES: list[tuple[str, str, tuple[str, ...]]] = [
    ("a Parquet has no rows", "select * from t limit 0", ("no row below it",)),
    ("a Parquet has no date", "select revenue, tv_spend, search_spend from t", ('no column "week"',)),
    ("a Parquet has dates of text", "select * replace ('day ' || week as week) from t", ('column "week"',)),
    ("a Parquet has nested money", "select * replace ([revenue] as revenue) from t", ('column "revenue"',)),
    ("a Parquet has money of bytes", "select * replace ('x'::blob as revenue) from t", ('column "revenue"',)),
    ("a Parquet has infinite money", "select * replace ('inf'::double as tv_spend) from t", ("tv_spend",)),
    ("a Parquet has days for money", "select * replace (week as revenue) from t", ('column "revenue"',)),
    (
        "a Parquet has a huge cell",
        "select * replace (repeat('x', 50000) as revenue) from t",
        ("row 1, column 2",),
    ),
    (
        "a Parquet of kilobytes has eight million rows",
        "select 1 as week, 1 as revenue, 1 as tv_spend, 1 as search_spend from range(8_000_000)",
        ("8,000,000 rows by 4 columns",),
    ),
]
"""A sentence, a query that makes the table, and what the message holds."""


@pytest.mark.parametrize(("query", "says"), [case[1:] for case in QUERIES], ids=[case[0] for case in QUERIES])
def test_a_broken_parquet_is_said_with_its_place(
    refused: Callable[..., str], company: Path, query: str, says: tuple[str, ...]
) -> None:
    table = company.with_name("weekly.csv")
    base = duckdb.connect()
    base.execute(f"create table t as from '{table}'")
    table.unlink()
    base.execute(f"copy ({query}) to '{table}' (format parquet)")
    refused(["check", company], "weekly.csv", *says)


@pytest.mark.parametrize("seed", range(40))
def test_bytes_changed_at_random_are_a_table_or_a_message(
    execute: Callable[..., Any], company: Path, good_book: bytes, good_parquet: bytes, seed: int
) -> None:
    source = random.Random(seed)
    content = bytearray(good_book if seed % 2 else good_parquet)
    for _ in range(source.randint(1, 8)):
        content[source.randrange(len(content))] = source.randrange(256)
    if seed % 3 == 0:
        del content[source.randrange(len(content)) :]
    company.with_name("weekly.csv").write_bytes(bytes(content))
    said = execute("check", company)
    assert said.code in (0, 1), said.err
    assert said.code == 0 or "weekly.csv" in said.out + said.err


_CELLS = st.none() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.booleans()


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(_CELLS, min_size=1, max_size=5), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_whatever_a_small_table_holds_there_is_a_table_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]], delimiter: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    text = "\n".join(delimiter.join("" if cell is None else str(cell) for cell in row) for row in rows)
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        read = read_table(path)
    except DataError as error:
        said = str(error)
    else:
        said = str(path) if len(read.frame) else ""
    assert str(path) in said


def test_a_pipe_in_the_place_of_a_table_is_not_waited_for(refused: Callable[..., str], company: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names on this system")
    table = company.with_name("weekly.csv")
    table.unlink()
    os.mkfifo(table)
    refused(["check", company], "weekly.csv", "a pipe or a device")


def test_a_file_of_gigabytes_is_refused_before_it_is_read(refused: Callable[..., str], company: Path) -> None:
    with company.with_name("weekly.csv").open("r+b") as table:
        table.truncate(3 << 30)  # a hole: it takes no room on the disk
    refused(["check", company], "weekly.csv: 3.0 GB are too many")
