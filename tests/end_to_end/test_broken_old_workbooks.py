"""Old workbooks (XLS) of a few kilobytes that would fill a memory or end the process, and archives that lie.

Each is made here by the published layout (MS-CFB, MS-XLS): one FAT, one directory, one stream of records.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mmm.data.files import read_table
from mmm.errors import DataError

pytestmark = pytest.mark.timeout(60)

CONFIG = """\
name: acme
currency: USD
data:
  source: weekly.xls
  date: week
  outcome: {value: revenue}
  media: {tv: tv_spend}
"""

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
CORNER = ((0, 0, 1.0), (65_535, 255, 1.0))
Rows = Sequence[tuple[int, int, float | str]]
"""Row, column and value; a whole number is that of a shared text."""


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _cell(row: int, column: int, value: float | str) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x204, place + struct.pack("<HB", len(value), 0) + value.encode())
    if isinstance(value, int):
        return _record(0xFD, place + struct.pack("<I", value))
    return _record(0x203, place + struct.pack("<d", value))


def _begin(kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x07CC, 0, 6))


def _shared(text: str) -> bytes:
    """The record of shared texts, with one."""
    return _record(0xFC, struct.pack("<IIHB", 1, 1, len(text), 0) + text.encode())


def _stream(
    sheets: Sequence[Rows], *, listed: int = 1, behind: int = 0, more: bytes = b"", texts: bytes = b""
) -> bytes:
    """The records of a workbook; `listed` times each sheet, `behind` bytes after where it really begins."""

    def head(starts: Sequence[int]) -> bytes:
        lines = b""
        for number, start in enumerate(starts):
            name = f"S{number}".encode()
            lines += _record(0x85, struct.pack("<IBBBB", start + behind, 0, 0, len(name), 0) + name)
        return _begin(5) + lines + texts + _record(0x0A)

    place = len(head([0] * len(sheets) * listed))
    starts, body = [], b""
    for rows in sheets:
        starts += [place + len(body)] * listed
        body += _begin(0x10) + more + b"".join(_cell(*row) for row in rows) + _record(0x0A)
    return head(starts) + body


def _old(stream: bytes, links: Callable[[list[int]], list[int]] = lambda table: table) -> bytes:
    """A compound file: the table of sectors (which `links` may change), the directory, the stream."""
    size = max(8, -(-len(stream) // 512))
    table = links([TABLE, END, *range(3, size + 2), END])
    assert len(table) <= 128
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head += bytes(6) + struct.pack("<9I", 0, 1, 1, 0, 4096, END, 0, END, 0)
    head += struct.pack("<109I", 0, *[FREE] * 108)

    def entry(name: str, kind: int, start: int, length: int) -> bytes:
        text = name.encode("utf-16-le").ljust(64, b"\0")
        about = struct.pack("<HBBIII", 2 * len(name) + 2, kind, 1, FREE, FREE, 1 if kind == 5 else FREE)
        return text + about + bytes(36) + struct.pack("<IQ", start, length)

    directory = entry("Root Entry", 5, END, 0) + entry("Workbook", 2, 2, size * 512) + bytes(256)
    return (
        head
        + struct.pack("<128I", *table, *[FREE] * (128 - len(table)))
        + directory
        + stream.ljust(size * 512, b"\0")
    )


def _table(weeks: int = 40) -> Rows:
    head = [(0, i, name) for i, name in enumerate(("week", "revenue", "tv_spend"))]
    return [
        *head,
        *((i, 0, f"2025-{1 + (i - 1) // 28:02d}-{1 + (i - 1) % 28:02d}") for i in range(1, weeks + 1)),
        *((i, column, 100.0 * i) for i in range(1, weeks + 1) for column in (1, 2)),
    ]


def _says(*bounds: int, form: str = "<IIHHH") -> bytes:
    return _record(0x200, struct.pack(form, *bounds, 0))


CASES: list[tuple[str, Callable[[], bytes], str]] = [
    (
        "two cells are as far as can be written",
        lambda: _old(_stream([[(0, 0, 1.0), (65_535, 65_535, 1.0)]])),
        "4,294,967,296 cells",
    ),
    ("six sheets have two cells in opposite corners", lambda: _old(_stream([CORNER] * 6)), "its sheets span"),
    ("one such sheet is listed forty times", lambda: _old(_stream([CORNER], listed=40)), "its sheets span"),
    (
        "a sheet says it is larger than any",
        lambda: _old(_stream([_table(3)], more=_says(0, 1 << 31, 0, 256))),
        "its sheets span",
    ),
    (
        "a sheet ends before it begins",
        lambda: _old(_stream([_table(3)], more=_says(12, 9, 4352, 290))),
        "ends before it begins",
    ),
    (
        "an older sheet ends before it begins",
        lambda: _old(_stream([_table(3)], more=_says(12, 9, 4352, 290, form="<HHHHH"))),
        "ends before it begins",
    ),
    (
        "a sheet begins behind the end",
        lambda: _old(_stream([_table(3)], behind=1 << 30)),
        "begins behind its end",
    ),
    (
        "a long text is shown in every cell of sheets that are listed again and again",
        lambda: _old(_stream([[(row, 0, 0) for row in range(3_000)]], listed=40, texts=_shared("x" * 8_000))),
        "come to more than 536,870,912 letters",
    ),
    (
        "the directory follows itself",
        lambda: _old(_stream([_table(3)]), lambda t: [t[0], 1, *t[2:]]),
        "in a circle",
    ),
    ("the stream follows itself", lambda: _old(_stream([_table(3)]), lambda t: [*t[:-1], 3]), "in a circle"),
    (
        "the stream ends in the directory and that in the stream",
        lambda: _old(_stream([_table(3)]), lambda t: [t[0], 3, *t[2:-1], 1]),
        "in a circle",
    ),
]
"""A sentence, the bytes, and what the message says."""


def test_the_good_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "weekly.xls"
    path.write_bytes(_old(_stream([_table()])))
    frame = read_table(path).frame
    assert list(frame) == ["week", "revenue", "tv_spend"]
    assert frame["revenue"].tolist() == [100.0 * i for i in range(1, 41)]


@pytest.mark.parametrize(("content", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_old_workbook_that_would_fill_the_memory_is_refused_before_it_is_opened(
    refused: Callable[..., str], tmp_path: Path, content: Callable[[], bytes], says: str
) -> None:
    (tmp_path / "acme.yaml").write_text(CONFIG)
    (tmp_path / "weekly.xls").write_bytes(content())
    refused(["check", tmp_path / "acme.yaml"], "weekly.xls", says)


def test_an_old_workbook_in_front_of_an_archive_is_looked_at_as_both(tmp_path: Path) -> None:
    """By its first bytes it is an XLS; by its suffix a reader takes the archive at its end."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("xl/worksheets/sheet1.xml", sheet)
    path = tmp_path / "weekly.xlsx"
    path.write_bytes(_old(_stream([_table()])) + archive.getvalue())
    with pytest.raises(DataError, match="XFD1048576"):
        read_table(path)


def test_bytes_of_an_old_workbook_changed_at_random_are_a_table_or_a_message(tmp_path: Path) -> None:
    """Head, table of sectors, directory and the first records, where a changed byte once ended the process."""
    good = _old(_stream([_table(12)], more=_says(0, 13, 0, 3)))
    path = tmp_path / "weekly.xls"
    source = random.Random(5)
    tables, told = 0, []
    for _ in range(150):
        changed = bytearray(good)
        for _ in range(source.choice((1, 1, 2))):
            changed[source.choice((source.randrange(24, 620), source.randrange(1024, 1900)))] = source.choice(
                (0, 1, 3, 127, 255)
            )
        path.write_bytes(changed)
        try:
            tables += len(read_table(path).frame) > 0
        except DataError as error:
            told.append(str(error))
    assert all("weekly.xls" in each for each in told)
    assert min(tables, len(told)) > 10


@pytest.mark.parametrize("check_sum", ["of what is said", "of what is there"])
def test_an_archive_that_holds_more_than_it_says_is_refused(
    tmp_path: Path, check_sum: str, good_bytes: bytes
) -> None:
    path = tmp_path / "weekly.xlsx"
    path.write_bytes(_lying(good_bytes, check_sum == "of what is said"))
    with pytest.raises(DataError, match=r"sheet1\.xml holds more than it says"):
        read_table(path)


@pytest.fixture
def good_bytes() -> bytes:
    """A workbook of two rows."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["week", "revenue"], ["2025-01-06", 5]):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def _lying(book: bytes, sum_of_said: bool) -> bytes:
    """The sheet followed by 40 MB of blanks, under the length of the sheet alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                said, content = content, content + b" " * (40 << 20)
                real = content
            new.writestr(name, content)
    told: list[tuple[Any, Any]] = [(len(real), len(said))]
    if sum_of_said:
        told.append((zlib.crc32(real), zlib.crc32(said)))
    whole = out.getvalue()
    for true, false in told:
        assert whole.count(struct.pack("<I", true)) == 2  # before the part, and in the directory
        whole = whole.replace(struct.pack("<I", true), struct.pack("<I", false))
    return whole
