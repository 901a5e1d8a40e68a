"""A workbook looked at before it is opened: nothing that would fill the memory is parsed.

A workbook of a few kilobytes can unpack to gigabytes, and two cells in opposite corners of a sheet make a reader lay
out every cell between them: seventeen thousand million. Neither is met by reading first and judging after.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.parsers import expat

from mmm.errors import DataError

MOST_CELLS = 30_000_000
"""A sheet beyond this is refused before it fills the memory."""

MOST_UNPACKED = 1 << 30
"""Bytes a workbook may unpack to."""

_BOMB_RATIO, _BOMB_BYTES = 200, 50 << 20
"""Sheets of people pack to a tenth or a fiftieth; what packs to less, and is large, was made to fill a memory."""

_CHUNK, _LONGEST_TAG = 1 << 20, 1 << 12
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'][^<>]*(?<!/)>")


def refuse_bombs(path: Path) -> None:
    """Refuse a zipped workbook (XLSX, ODS) that would fill the memory.

    Raises
    ------
    DataError
        The archive is damaged, unpacks to too much, or a sheet spans too many cells; the message names the file, the
        part of it, and the cell.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_size(archive, path)
            for entry in archive.infolist():  # a sheet may lie under any name
                part = entry.filename
                with _whole(archive, entry) as content:
                    if part == "content.xml":
                        _refuse_repeats(content, f"{path}, {part}")
                    elif part.startswith("xl/worksheets/") and part.endswith(".bin"):
                        raise DataError([f"{path}: this is a binary workbook (XLSB). Save it as XLSX."])
                    else:
                        _refuse_span(*_span(content), f"{path}, {part}")
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


class _Counted:
    """What a part really unpacks to, which is no more than it says."""

    def __init__(self, content: IO[bytes], said: int, name: str) -> None:
        self._content, self._left, self._name = content, said, name

    def read(self, size: int = -1, /) -> bytes:
        found = self._content.read(size)
        self._left -= len(found)
        if self._left < 0:
            raise zipfile.BadZipFile(f"its part {self._name} holds more than it says")
        return found


@contextmanager
def _whole(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[_Counted]:
    """A part to read; `zipfile` by itself stops at the length that is said, and another reader may not."""
    said, entry.file_size = entry.file_size, MOST_UNPACKED + 1
    with archive.open(entry) as content:
        yield _Counted(content, said, entry.filename)


def _span(sheet: _Counted) -> tuple[int, int, str]:
    """Last row and column that hold a value, and the cell farthest out."""
    lowest, rightmost, farthest = 0, 0, ""
    kept = b""
    while chunk := sheet.read(_CHUNK):
        text = kept + chunk
        for letters, digits in _CELL.findall(text):
            row, column = int(digits), _column(letters)
            if row > lowest or column > rightmost:
                lowest, rightmost = max(lowest, row), max(rightmost, column)
                farthest = f"{letters.decode()}{row}"
        cut = text.rfind(b"<", len(text) - _LONGEST_TAG)
        kept = text[cut:] if cut >= 0 else b""
    return lowest, rightmost, farthest


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


def _refuse_repeats(content: _Counted, where: str) -> None:
    """The same for ODS, which writes a cell or a row once with the number of times it is repeated."""
    row = column = widest = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, widest
        if tag == "table:table":
            row = widest = 0
        elif tag == "table:table-row":
            column = 0
            row += _times(attributes.get("table:number-rows-repeated"))
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            column += _times(attributes.get("table:number-columns-repeated"))
            if "office:value-type" in attributes:
                widest = max(widest, column)
                _refuse_span(row, widest, f"in row {row:,}", where)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.ParseFile(content)


def _times(said: str | None) -> int:
    return int(said) if said is not None and said.isdecimal() else 1
