"""An old workbook (XLS) looked at before it is opened, as `mmm.data.workbook_guard` does for zipped ones.

An XLS is a small file system (MS-CFB): sectors that name the next one, and a directory. Sectors that name each other
in a circle have no end, and a reader that follows them fills the memory. Inside is one stream of records (MS-XLS); a
reader lays out every cell between the first and the last of every sheet, however often a sheet is listed.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmm.data.old_workbook_texts import too_many_letters
from mmm.data.workbook_parts import MOST_CELLS
from mmm.data.workbook_texts import MOST_LETTERS
from mmm.errors import DataError

MOST_BYTES = 1 << 28
"""A full sheet of XLS, 65,536 rows by 256 columns of numbers, is as large."""

_LARGEST_SECTOR = 0xFFFFFFFA
_LISTED, _ENTRY = 109, 128
_SHEET, _SIZE, _TEXTS, _MORE, _SHOWN, _END = 0x85, 0x200, 0xFC, 0x3C, 0xFD, 0x0A
_CORNERS = {10: "<HHHH", 14: "<IIHH"}
"""First row, row after the last, first column, column after the last: Excel 5, and later ones."""

_WITH_A_CELL = frozenset({0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E})
"""Records that begin with a row and a column."""


def refuse_old_bombs(content: bytes, path: Path) -> None:
    """Refuse an XLS that would fill the memory.

    Raises
    ------
    DataError
        The file is too large, its sectors run in a circle, or its sheets span too many cells or letters; the message
        names the file.
    """
    if len(content) > MOST_BYTES:
        raise DataError(
            [f"{path}: {len(content) / 2**20:,.0f} MB are too many for an XLS. Save it as XLSX or CSV."]
        )
    try:
        stream = _workbook(content)
        _refuse_letters(stream, _refuse_cells(stream, path), path)
    except (ValueError, IndexError, struct.error) as error:
        raise DataError(
            [f"{path}: the workbook cannot be read ({error}). Open it in Excel and save it again as XLSX."]
        ) from None


class _Chains:
    """Sectors of one size, and which one follows each."""

    def __init__(self, content: bytes, size: int, following: Sequence[int]) -> None:
        self.content, self.size, self.following = content, size, following
        self._end = bytearray(len(following))  # 1: those known to come to an end

    def read(self, start: int) -> bytes:
        """The bytes of a chain of sectors."""
        return b"".join(self.content[i * self.size : (i + 1) * self.size] for i in self.walk(start))

    def walk(self, start: int, *, again: bool = True) -> list[int]:
        """The sectors of a chain, in order; with `again` False no further than those that were walked before."""
        path: list[int] = []
        sector = start
        while sector < len(self.following) and (again or not self._end[sector]):
            path.append(sector)
            if len(path) > len(self.following):
                raise ValueError("its parts run in a circle")
            sector = self.following[sector]
        for sector in path:
            self._end[sector] = 1
        return path


def _numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])


def _workbook(content: bytes) -> bytes:
    """The stream of the workbook; every chain of the file comes to its end."""
    size = 4096 if struct.unpack_from("<H", content, 26)[0] == 4 else 512
    directory, _, cutoff, mini, _, further = struct.unpack_from("<6I", content, 48)
    sectors = content[size:]
    table = list(struct.unpack_from(f"<{_LISTED}I", content, 76))
    while further < _LARGEST_SECTOR:
        *more, further = _numbers(sectors[further * size : (further + 1) * size])
        table += more
        if len(table) * size > len(content) + (_LISTED + size) * size:
            raise ValueError("its parts run in a circle")
    following = [
        sector
        for i in table
        if i < _LARGEST_SECTOR
        for sector in _numbers(sectors[i * size : (i + 1) * size])
    ]
    large = _Chains(sectors, size, following)
    entries = large.read(directory)
    small = _Chains(b"", 64, _numbers(large.read(mini)))
    found = b""
    for place in range(0, len(entries) - _ENTRY + 1, _ENTRY):
        name, start, length = _entry(entries[place : place + _ENTRY])
        if place == 0:
            small.content = large.read(start)
        chains = small if place and length < cutoff else large
        chains.walk(start, again=False)
        if name in ("Workbook", "Book") and not found:
            found = chains.read(start)[:length]
    return found


def _entry(record: bytes) -> tuple[str, int, int]:
    name = record[:64].decode("utf-16-le", "replace").partition("\0")[0]
    return name, *struct.unpack_from("<IQ", record, 116)


def _refuse_letters(stream: bytes, listed: Sequence[int], path: Path) -> None:
    """A text is written once, and a reader copies it into every cell that shows it, of every sheet that is listed."""
    texts: list[bytes] = []
    last = 0
    for kind, place, length in _records(stream, 0):
        if kind == _TEXTS:
            texts.append(stream[place + 8 : place + length])
        elif kind == _MORE and last in (_TEXTS, _MORE) and texts:
            texts.append(stream[place : place + length])
        last = kind if kind != _MORE or last in (_TEXTS, _MORE) else 0
    shown = {start: _shown(stream, start) for start in set(listed)} if texts else {}
    if too_many_letters(texts, [shown[start] for start in listed if texts]):
        raise DataError(
            [
                f"{path}: the texts of its cells come to more than {MOST_LETTERS:,} letters, the same shown again and "
                "again. Save the table without long texts, and look at where the file comes from."
            ]
        )


def _shown(stream: bytes, start: int) -> array[int]:
    """The number of the text in each cell of a sheet that shows one."""
    return array(
        "Q",
        (
            struct.unpack_from("<I", stream, place + 6)[0]
            for kind, place, length in _records(stream, start)
            if kind == _SHOWN and length >= 10
        ),
    )


def _refuse_cells(stream: bytes, path: Path) -> list[int]:
    """Every sheet that is listed, as often as it is listed, is laid out by a reader; where they begin."""
    listed: list[int] = []
    spans: dict[int, int] = {}
    walked = cells = 0
    for kind, place, length in _records(stream, 0):
        if kind == _TEXTS and length >= 8 and struct.unpack_from("<I", stream, place + 4)[0] > len(stream):
            raise ValueError("it lists more texts than it has letters")
        if kind != _SHEET or length < 4:
            continue
        (start,) = struct.unpack_from("<I", stream, place)
        if start > len(stream):
            raise ValueError("a sheet begins behind its end")
        if start not in spans:
            spans[start], end = _span(stream, start)
            walked += end - start
        listed.append(start)
        cells += spans[start]
        if cells > MOST_CELLS or walked > 2 * len(stream):
            raise DataError(
                [
                    f"{path}: its sheets span {cells:,} cells and more, whatever is in them. If a cell strayed far "
                    "out, delete its row and column; else save the table as CSV or Parquet."
                ]
            )
    return listed


def _span(stream: bytes, start: int) -> tuple[int, int]:
    """Cells between the first and the farthest of a sheet, or as many as it says it has; and where its records end."""
    rows = columns = said = 0
    end = start
    for kind, place, length in _records(stream, start):
        end = place + length
        if kind in _WITH_A_CELL and length >= 4:
            row, column = struct.unpack_from("<HH", stream, place)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if kind == 0xBD:  # several cells in one record; the last column closes it
                columns = max(columns, struct.unpack_from("<H", stream, end - 2)[0] + 1)
        elif kind == _SIZE and length in _CORNERS:
            top, bottom, left, right = struct.unpack_from(_CORNERS[length], stream, place)
            if (
                bottom and right and (bottom < top or right < left)
            ):  # a reader counts backwards, round the end
                raise ValueError("a sheet ends before it begins")
            said = max(said, (bottom - top) * (right - left))
    return max(rows * columns, said), end


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record of a sheet or of the head of the workbook."""
    place = start
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        place += 4
        if place + length > len(stream):
            return
        yield kind, place, length
        place += length
        if kind == _END:
            return
