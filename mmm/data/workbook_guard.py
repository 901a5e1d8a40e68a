"""A workbook looked at before it is opened: nothing that would fill the memory is parsed.

A workbook of a few kilobytes can unpack to gigabytes, and two cells in opposite corners of a sheet make a reader lay
out every cell between them: seventeen thousand million. A text is written once and named by every cell that shows it,
and a reader copies it into each. None of these is met by reading first and judging after.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

from mmm.data.workbook_parts import MOST_CELLS, MOST_UNPACKED, Counted, parse, whole
from mmm.data.workbook_texts import TEXTS, refuse_copies, refuse_letters
from mmm.errors import DataError

_BOMB_RATIO, _BOMB_BYTES = 200, 50 << 20
"""Sheets of people pack to a tenth or a fiftieth; what packs to less, and is large, was made to fill a memory."""

_CHUNK, _LONGEST_TAG = 1 << 20, 1 << 12
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'][^<>]*(?<!/)>")

_SHARED = re.compile(rb"\bt\s*=\s*[\"']s[\"']")


def refuse_bombs(path: Path) -> None:
    """Refuse a zipped workbook (XLSX, ODS) that would fill the memory.

    Raises
    ------
    DataError
        The archive is damaged, unpacks to too much, or a sheet spans too many cells or letters; the message names the
        file, the part of it, and the cell.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_size(archive, path)
            shared: dict[str, int] = {}
            for entry in archive.infolist():  # a sheet may lie under any name
                part = entry.filename
                with whole(archive, entry) as content:
                    if part == "content.xml":
                        _refuse_repeats(content, f"{path}, {part}")
                    elif part.startswith("xl/worksheets/") and part.endswith(".bin"):
                        raise DataError([f"{path}: this is a binary workbook (XLSB). Save it as XLSX."])
                    else:
                        rows, columns, farthest, shared[part] = _span(content)
                        _refuse_span(rows, columns, farthest, f"{path}, {part}")
            for entry in archive.infolist():
                if entry.filename.lower() == TEXTS:
                    refuse_copies(archive, entry, shared, path)
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise DataError(
            [f"{path}: the workbook cannot be read ({error}). Open it in Excel and save it again as XLSX."]
        ) from None


def _refuse_size(archive: zipfile.ZipFile, path: Path) -> None:
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    if total > MOST_UNPACKED:
        raise DataError(
            [
                f"{path}: this workbook unpacks to {total / 2**30:.1f} GB, and {MOST_UNPACKED / 2**30:.0f} GB is the "
                "most that is read. Save its table as Parquet or CSV."
            ]
        )
    for part in parts:
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > _BOMB_BYTES and ratio > _BOMB_RATIO:
            raise DataError(
                [
                    f"{path}: its part {part.filename} unpacks to {ratio:,.0f} times its size, as no table does. Save "
                    "the table as CSV, and look at where the file comes from."
                ]
            )


def _span(sheet: Counted) -> tuple[int, int, str, int]:
    """Last row and column that hold a value, the cell farthest out, and at least how many cells show a shared text."""
    lowest, rightmost, farthest, shared = 0, 0, "", 0
    kept = b""
    while chunk := sheet.read(_CHUNK):
        text = kept + chunk
        shared += len(_SHARED.findall(text))
        for letters, digits in _CELL.findall(text):
            row, column = int(digits), _column(letters)
            if row > lowest or column > rightmost:
                lowest, rightmost = max(lowest, row), max(rightmost, column)
                farthest = f"{letters.decode()}{row}"
        cut = text.rfind(b"<", len(text) - _LONGEST_TAG)
        kept = text[cut:] if cut >= 0 else b""
    return lowest, rightmost, farthest, shared


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _refuse_span(rows: int, columns: int, farthest: str, where: str) -> None:
    if rows * columns > MOST_CELLS:
        raise DataError(
            [
                f"{where}: the cell {farthest} lies so far out that the sheet has {rows:,} rows by {columns:,} "
                "columns. If it strayed there, delete its row and column; else save the table as Parquet."
            ]
        )


def _refuse_repeats(content: Counted, where: str) -> None:
    """The same for ODS, which writes a cell or a row once with the number of times it is repeated."""
    row = column = widest = rows = times = length = total = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, widest, rows, times, length
        if tag == "table:table":
            row = widest = 0
        elif tag == "table:table-row":
            column = 0
            rows = _times(attributes.get("table:number-rows-repeated"))
            row += rows
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            times, length = _times(attributes.get("table:number-columns-repeated")), 0
            column += times
            if "office:value-type" in attributes:
                widest = max(widest, column)
                _refuse_span(row, widest, f"in row {row:,}", where)

    def letters(text: str) -> None:
        nonlocal length
        length += len(text)

    def end(tag: str) -> None:
        nonlocal total, length
        if tag in ("table:table-cell", "table:covered-table-cell"):
            total, length = total + rows * times * length, 0
            refuse_letters(total, f"{where}, row {row:,}")

    parse(content, begin, letters, end)


def _times(said: str | None) -> int:
    return (
        int(said[:18]) if said is not None and said.isdecimal() else 1
    )  # Python reads no number of 5,000 digits
