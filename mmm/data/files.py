"""Files as people have them, turned into one kind of raw table.

What the file is shows in its bytes, not in its name: text in any code page, Parquet, or a workbook. Nothing
is interpreted here beyond finding the header and leaving out title and total rows; `mmm.data.values` reads
the cells.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.data.grid import Grid, Row, find_table
from mmm.data.names import clean_name, nearest
from mmm.data.panel import Check
from mmm.data.text import decode, split_rows
from mmm.data.workbook import OLD, opened
from mmm.data.workbook_parts import MOST_CELLS
from mmm.errors import DataError

MOST_BYTES = 1 << 31
"""A file beyond this is refused before it fills the memory."""

_ZIP, _PARQUET = b"PK\x03\x04", b"PAR1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"SQLite format 3": "an SQLite database",
    b"DUCK": "a DuckDB database",
}


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it stands in a file.

    Attributes
    ----------
    frame
        Cleaned column names; cells as in the file: text from CSV, numbers, dates and text from workbooks and
        Parquet, None where empty. The index is the row of the file, counted from 1 as an editor or Excel
        shows it (for Parquet the row of the table).
    path, sheet
        Where it came from; `sheet` is None for anything but a workbook.
    encoding
        How text was decoded; "" for workbooks and Parquet.
    notes
        What was left out or assumed, as checks of severity "review" or "pass".
    """

    frame: pd.DataFrame
    path: Path
    sheet: str | None
    encoding: str
    notes: tuple[Check, ...]

    @property
    def where(self) -> str:
        """Name of the file, and of the sheet, for messages."""
        return _where(self.path, self.sheet)

    def column(self, name: str) -> pd.Series:
        """The cells of a column, whose name may carry stray spaces or bidi marks.

        Raises
        ------
        DataError
            When there is no such column; the message has the nearest one.
        """
        from mmm.data.values import require_columns

        if faults := require_columns(self, {"column": name}):
            raise DataError(faults)
        return self.frame[clean_name(name)]


def read_table(path: Path, sheet: str | None = None) -> RawTable:
    """Read a table from CSV, TSV, XLSX, XLS, ODS or Parquet.

    Parameters
    ----------
    path
        The file. Its bytes decide what it is, whatever its suffix says.
    sheet
        Sheet of a workbook; default: the first visible sheet with a table.

    Raises
    ------
    DataError
        The file is missing, a folder, empty, locked, protected, damaged, not a table, or its header is at
        fault. The message says which file, what is wrong and what to do.
    """
    path = Path(path)
    head = _head(path)
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError([f"{path}: this is {what}, not a table. Save the table as CSV, XLSX or Parquet."])
    if head.startswith((_ZIP, OLD)):
        return _read_workbook(path, sheet)
    if sheet is not None:
        raise DataError([f'{path}: sheet "{sheet}" is named, and this is not a workbook. Take `sheet` out.'])
    if head.startswith(_PARQUET):
        return _read_parquet(path)
    return _read_text(path)


def _where(path: Path, sheet: str | None) -> str:
    return f'{path}, sheet "{sheet}"' if sheet else str(path)


def _head(path: Path) -> bytes:
    """First bytes of a file that is there, is a file, is not empty, and fits the memory."""
    try:
        about = path.stat()
        if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):  # a pipe may never end
            raise DataError([f"{path}: this is a pipe or a device, not a file. Save the table as a file."])
        if about.st_size > MOST_BYTES:
            raise DataError(
                [
                    f"{path}: {about.st_size / 2**30:.1f} GB are too many to read whole. Add the rows up to days or "
                    "weeks first, with a query (`docs/warehouse.md`)."
                ]
            )
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        raise DataError([f"{path}: there is no such file.{_neighbour(path)}"]) from None
    except IsADirectoryError:
        files = sorted(p.name for p in path.iterdir() if p.is_file())[:5]
        listed = f" Files in it: {', '.join(files)}." if files else ""
        raise DataError([f"{path}: this is a folder. Name one file.{listed}"]) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            [f"{path}: cannot be opened ({reason}). Check its rights, and close it in other programs."]
        ) from None
    if not head:
        raise DataError([f"{path}: the file is empty. Export it again."])
    return head


def _neighbour(path: Path) -> str:
    if not path.parent.is_dir():
        return f" There is no folder {path.parent} either."
    names = sorted(
        p.name for p in path.parent.iterdir() if p.is_file() and not p.name.startswith((".", "~$"))
    )
    near = nearest(path.name, names)
    if near:
        return f" Did you mean {near}?"
    return f" Files there: {', '.join(names[:5])}." if names else f" The folder {path.parent} is empty."


def _table(grid: Grid, path: Path, sheet: str | None, encoding: str, notes: list[Check]) -> RawTable:
    return RawTable(grid.frame(), path, sheet, encoding, (*notes, *grid.notes))


def _read_text(path: Path) -> RawTable:
    decoded = decode(path.read_bytes(), str(path))
    grid = find_table(split_rows(decoded.text, str(path)), str(path))
    return _table(grid, path, None, decoded.encoding, list(decoded.notes))


def _read_parquet(path: Path) -> RawTable:
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    try:
        with duckdb.connect(":memory:", config=offline) as connection:
            source = connection.read_parquet(str(path))
            # a time with a zone needs pytz and ICU to leave DuckDB: take its UTC reading
            wanted = ", ".join(
                f"make_timestamp(epoch_us({_quoted(name)})) AS {_quoted(name)}"
                if "TIME ZONE" in str(kind)
                else _quoted(name)
                for name, kind in zip(source.columns, source.types, strict=True)
            )
            zoned = [n for n, k in zip(source.columns, source.types, strict=True) if "TIME ZONE" in str(k)]
            _refuse_too_many(source, path)
            result = source.project(wanted)
            names, records = list(result.columns), result.fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError([f"{path}: this Parquet file cannot be read ({reason}). Write it again."]) from None
    rows = [Row(0, tuple(names)), *(Row(i, record) for i, record in enumerate(records, 1))]
    return _table(find_table(rows, str(path), header_known=True), path, None, "", _zones(path, zoned))


def _refuse_too_many(source: Any, path: Path) -> None:
    """A Parquet file of a few kilobytes can hold any number of equal rows: they are counted before they are read."""
    rows, columns = source.aggregate("count(*)").fetchall()[0][0], len(source.columns)
    if rows * columns > MOST_CELLS:
        raise DataError(
            [
                f"{path}: {rows:,} rows by {columns:,} columns are too many to read whole. Add them up to days or "
                "weeks first, with a query (`docs/warehouse.md`)."
            ]
        )


def _zones(path: Path, columns: list[str]) -> list[Check]:
    """Times that carry a zone become days of UTC: midnight in Jerusalem is the day before."""
    remedy = "Their days are those of UTC. Where the company's day is another, write plain dates."
    return [Check("time zone", "review", str(path), "", ", ".join(columns), remedy)] if columns else []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read_workbook(path: Path, sheet: str | None) -> RawTable:
    import python_calamine as calamine

    content = path.read_bytes()
    if content.startswith(OLD) and _ENCRYPTED in content:
        raise DataError([f"{path}: the workbook has a password. Save a copy without one."])
    try:
        with opened(path) as book:
            name, notes = _choose_sheet(book, path, sheet)
            rows = _sheet_rows(book, name, path)
    except calamine.PasswordError:
        raise DataError([f"{path}: the workbook has a password. Save a copy without one."]) from None
    except calamine.CalamineError as error:
        raise DataError(
            [f"{path}: the workbook cannot be read ({error}). Open it in Excel and save it again as XLSX."]
        ) from None
    return _table(find_table(rows, _where(path, name)), path, name, "", notes)


def table_sheets(path: Path) -> tuple[str | None, ...]:
    """Names of the visible sheets that hold a table; (None,) for a file that is no workbook.

    Raises
    ------
    DataError
        As `read_table`.
    """
    if not _head(path).startswith((_ZIP, OLD)):
        return (None,)
    first = read_table(path).sheet
    with opened(path) as book:
        return tuple(_sheets_with_table(book)) or (first,)


def _sheets_with_table(book: object) -> list[str]:
    """Visible sheets of at least two rows and two columns, in their order."""
    import python_calamine as calamine

    meta = book.sheets_metadata  # type: ignore[attr-defined]
    sheets = [m for m in meta if m.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = [m for m in sheets if m.visible == calamine.SheetVisibleEnum.Visible]
    tables = []
    for sheet in visible or sheets:
        candidate = book.get_sheet_by_name(sheet.name)  # type: ignore[attr-defined]
        if candidate.height >= 2 and candidate.width >= 2:
            tables.append(sheet.name)
    return tables


def _sheet_rows(book: object, name: str, path: Path) -> list[Row]:
    sheet = book.get_sheet_by_name(name)  # type: ignore[attr-defined]  # the extension module has no types
    if sheet.height * sheet.width > MOST_CELLS:
        raise DataError(
            [
                f"{_where(path, name)}: {sheet.height:,} rows by {sheet.width:,} columns are too many. "
                "Save it as Parquet."
            ]
        )
    down, right = sheet.start or (0, 0)
    left = (None,) * right
    return [Row(down + i, (*left, *cells)) for i, cells in enumerate(sheet.to_python(), 1)]


def _choose_sheet(book: object, path: Path, sheet: str | None) -> tuple[str, list[Check]]:
    """The sheet that is asked for, else the first visible one with at least two rows and two columns."""
    import python_calamine as calamine

    meta = book.sheets_metadata  # type: ignore[attr-defined]
    names = [m.name for m in meta if m.typ == calamine.SheetTypeEnum.WorkSheet]
    listed = ", ".join(f'"{name}"' for name in names)
    if sheet is not None:
        for name in names:
            if clean_name(name) == clean_name(sheet):
                return name, []
        near = nearest(sheet, names)
        hint = f' Did you mean "{near}"?' if near else ""
        raise DataError([f'{path}: no sheet "{sheet}".{hint} Sheets there: {listed}.'])
    tables = _sheets_with_table(book)
    if not tables:
        raise DataError([f"{path}: no sheet has a table. Sheets there: {listed}."])
    if len(tables) == 1:
        return tables[0], []
    others = ", ".join(f'"{name}"' for name in tables[1:])
    note = Check(
        "sheet", "review", str(path), "", tables[0], f"Read the first sheet. Name `sheet` to read {others}."
    )
    return tables[0], [note]
