"""From rows of cells to a table: the header found, title and total rows left out, nothing interpreted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

import numpy as np
import pandas as pd

from mmm.data.names import clean_name, fold
from mmm.data.panel import Check
from mmm.data.readings import looks_like_date
from mmm.errors import DataError

LOOKED_AT = 200
"""Rows from which the header is found."""

LONGEST_CELL = 32_767
"""Characters of a cell, as many as Excel takes: more is a document, and would reach every page."""

_TOTAL = re.compile(
    r"totals?\s*:.+|totals? of [\d,]+ \w+|grand totals? \([\d,]+ \w+\)|"  # as ad platforms and CRMs write them
    r"(?:(?:grand|sub|overall)?[ ]?totals?|sum|average|mean|summe|gesamt(?:summe|ergebnis)?|insgesamt|"
    r'totale?|totaal|итого|всего|סה"כ(?: כללי)?|סהכ|סך הכל|סה כ|סיכום|ממוצע)[\s:.\d]*'
)
_NUMBER = re.compile(r"[-+(]?[^\w\s]?\s?\d[\d.,' \u00a0]*%?\)?\s?[^\w\s]?-?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file with its number there, counted from 1."""

    number: int
    cells: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table found among rows: names, rows of equal width, and what was left out."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[Check, ...]

    def frame(self) -> pd.DataFrame:
        """The cells as objects, indexed by the row of the file."""
        index = pd.Index([row.number for row in self.rows], name="row", dtype="int64")
        columns = (
            zip(*(row.cells for row in self.rows), strict=True) if self.rows else ([] for _ in self.names)
        )
        data = {}
        for name, cells in zip(self.names, columns, strict=True):
            column = np.empty(len(self.rows), dtype=object)
            column[:] = list(cells)
            data[name] = pd.Series(column, index=index, dtype=object)
        return pd.DataFrame(data, index=index)


def find_table(rows: Sequence[Row], where: str, *, header_known: bool = False) -> Grid:
    """Find the header, clean its names, and leave out title rows, total rows and empty columns.

    Parameters
    ----------
    rows
        All rows, with whatever stands above and below the table.
    where
        Name of the file and sheet, for messages.
    header_known
        The first row is the header and the rest is data (Parquet).

    Raises
    ------
    DataError
        No header, duplicate names, rows longer than the header, or no data below it.
    """
    _refuse_long_cells(rows, where)
    filled = [row for row in map(_clean, rows) if any(cell is not None for cell in row.cells)]
    if not filled:
        raise DataError([f"{where}: there is nothing in it. Export it again."])
    at = 0 if header_known else _find_header(filled, where)
    header, body = filled[at], filled[at + 1 :]
    notes = [] if at == 0 else [_skipped(filled[:at], where)]
    if not body:
        raise DataError([f"{where}: there is a header (row {header.number}) and no row below it."])
    _refuse_longer_rows(header, body, where)
    if not header_known:
        body, dropped = _drop_totals(header, body, where)
        notes += dropped
        if not body:
            raise DataError([f"{where}: all rows below the header (row {header.number}) are totals."])
    width = max(len(header.cells), *(len(row.cells) for row in body))
    body = [Row(row.number, row.cells + (None,) * (width - len(row.cells))) for row in body]
    names, kept, empty = _names(header, body, width, where)
    if len(kept) < width:
        body = [Row(row.number, tuple(row.cells[i] for i in kept)) for row in body]
    return Grid(names, tuple(body), (*notes, *empty, *_alike(names, where)))


def _refuse_long_cells(rows: Sequence[Row], where: str) -> None:
    for row in rows:
        for column, cell in enumerate(row.cells, 1):
            if isinstance(cell, str | bytes) and len(cell) > LONGEST_CELL:
                raise DataError(
                    [
                        f"{where}: row {row.number}, column {column} holds {len(cell):,} characters, and a cell takes "
                        f"{LONGEST_CELL:,}. Is a quote left open there? Else take the text out of the table."
                    ]
                )


def _clean(row: Row) -> Row:
    return Row(row.number, tuple(_clean_cell(cell) for cell in row.cells))


def _clean_cell(cell: object) -> object:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float) and cell != cell:  # nan
        return None
    return float(cell) if isinstance(cell, Decimal) else cell


def _is_text(cell: object) -> bool:
    """Whether a cell can be a name: text that is neither a number nor a date."""
    return isinstance(cell, str) and not _NUMBER.fullmatch(cell) and not looks_like_date(cell)


def _find_header(rows: Sequence[Row], where: str) -> int:
    """Position of the header: the first row about as wide as the table that holds names and no values."""
    head = rows[:LOOKED_AT]
    counts = [sum(cell is not None for cell in row.cells) for row in head]
    least = max(min(2, max(counts)), 0.5 * median(counts))
    for i, row in enumerate(head):
        if counts[i] < least:
            continue
        names = [cell for cell in row.cells if cell is not None]
        if sum(_is_text(cell) for cell in names) < 0.6 * len(names):
            if any(
                counts[j] > counts[i] and _all_text(head[j]) for j in range(i + 1, min(i + 11, len(head)))
            ):
                continue  # "Exported: | 2025-03-01", with the names further down
            shown = ", ".join(str(cell) for cell in names[:4])
            raise DataError(
                [
                    f"{where}: row {row.number} holds values ({shown}) instead of the names of the columns. "
                    "Put one row of names above the data, and one row per period below."
                ]
            )
        # a title or group row just above the names: fewer cells, and the next row is names again
        at = i
        while at + 1 < len(head) and counts[at + 1] > counts[at] and _all_text(head[at + 1]):
            at += 1
        return at
    raise DataError([f"{where}: no header row was found. Put one row of names above the data."])


def _all_text(row: Row) -> bool:
    return all(_is_text(cell) for cell in row.cells if cell is not None)


def _shown(row: Row) -> str:
    return ", ".join(str(cell) for cell in row.cells if cell is not None)[:80]


def _skipped(rows: Sequence[Row], where: str) -> Check:
    numbers = ", ".join(str(row.number) for row in rows[:5])
    return Check("title rows", "pass", where, numbers, _shown(rows[0]), "Skipped: the header comes below.")


def _refuse_longer_rows(header: Row, body: Sequence[Row], where: str) -> None:
    width = len(header.cells)
    longer = [row for row in body if len(row.cells) > width and any(c is not None for c in row.cells[width:])]
    if longer:
        first = longer[0]
        more = f" (and {len(longer) - 1} more rows)" if len(longer) > 1 else ""
        raise DataError(
            [
                f"{where}: row {first.number} has {len(first.cells)} cells and the header {width}{more}: "
                f"{_shown(first)}. A comma inside a number or a name needs quotes around it."
            ]
        )


def _drop_totals(header: Row, body: list[Row], where: str) -> tuple[list[Row], list[Check]]:
    """Leave out repeated headers, rows named Total, a last row of sums, and remarks at the foot."""
    dated = any(looks_like_date(cell) for row in body[:20] for cell in row.cells)
    dropped: dict[str, list[Row]] = {"total rows": [], "remarks": [], "repeated header": []}
    kept: list[Row] = []
    dated_totals: list[Row] = []
    for row in body:
        if row.cells == header.cells:
            dropped["repeated header"].append(row)
        elif any(isinstance(c, str) and not c[0].isdigit() and _TOTAL.fullmatch(fold(c)) for c in row.cells):
            has_date = dated and any(looks_like_date(cell) for cell in row.cells)
            (dated_totals if has_date else dropped["total rows"]).append(row)
            if has_date:
                kept.append(row)
        else:
            kept.append(row)
    usual = median([_count(row) for row in kept[:LOOKED_AT]]) if kept else 0
    while len(kept) > 1 and usual >= 2 and _count(kept[-1]) == 1 and _all_text(kept[-1]):
        dropped["remarks"].insert(0, kept.pop())
    if len(kept) > 3 and _is_sum(kept[-1], kept[:-1], dated):
        dropped["total rows"].append(kept.pop())
    notes = [_left_out(name, rows, where) for name, rows in dropped.items() if rows]
    if dated_totals:
        numbers = ", ".join(str(row.number) for row in dated_totals[:5])
        remedy = (
            "Kept, for they have a date. If they add up other rows, take them out: money is counted twice."
        )
        notes.append(Check("total rows", "review", where, numbers, _shown(dated_totals[0]), remedy))
    return kept, notes


def _left_out(name: str, rows: Sequence[Row], where: str) -> Check:
    numbers = ", ".join(str(row.number) for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return Check(
        name, "review", where, numbers + more, _shown(rows[0]), "Left out. If it is data, give it a date."
    )


def _count(row: Row) -> int:
    return sum(cell is not None for cell in row.cells)


def _is_sum(last: Row, above: Sequence[Row], dated: bool) -> bool:
    """Whether the last row has no date (or fewer cells than the others) and its numbers are column sums."""
    has_date = any(looks_like_date(cell) for cell in last.cells)
    if has_date or not (dated or _count(last) < median([_count(row) for row in above[-LOOKED_AT:]])):
        return False
    from mmm.data.values import parse_numbers

    equal = 0
    for i, cell in enumerate(last.cells):
        if cell is None or isinstance(cell, bool):
            continue
        column = pd.Series(
            [*(row.cells[i] if i < len(row.cells) else None for row in above), cell], dtype=object
        )
        numbers = parse_numbers(column, where="", column="")
        if numbers.faults:
            continue
        total = float(np.nansum(numbers.values[:-1]))
        if abs(total - numbers.values[-1]) > 1e-6 * abs(total) + 0.01 * len(above):
            return False
        equal += total != 0
    return equal > 0


def _names(
    header: Row, body: Sequence[Row], width: int, where: str
) -> tuple[tuple[str, ...], list[int], list[Check]]:
    """Cleaned names, the positions kept, and a note for each named column that is wholly empty."""
    cells = (*header.cells, *(None,) * (width - len(header.cells)))
    has_value = [any(row.cells[i] is not None for row in body) for i in range(width)]
    names, kept, notes = [], [], []
    for i, cell in enumerate(cells):
        name = clean_name(cell) if cell is not None else ""
        if has_value[i]:
            names.append(name or f"column {i + 1}")
            kept.append(i)
        elif name:
            notes.append(Check("empty column", "review", where, "", name, "Left out: it holds no value."))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        listed = ", ".join(f'"{name}"' for name in twice)
        raise DataError([f"{where}: more than one column is called {listed}. Give each a name of its own."])
    return tuple(names), kept, notes


def _alike(names: Sequence[str], where: str) -> list[Check]:
    """Names that differ only in case, dashes or quotes: one or two?"""
    by_fold: dict[str, list[str]] = {}
    for name in names:
        by_fold.setdefault(fold(name), []).append(name)
    return [
        Check("similar columns", "review", where, "", " | ".join(alike), "Are these one or two?")
        for alike in by_fold.values()
        if len(alike) > 1
    ]
