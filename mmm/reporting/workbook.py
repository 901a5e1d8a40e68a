"""A workbook and how rows are written into it: text as text, totals as live formulas with their value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from mmm.reporting.results import number
from mmm.reporting.voice import Voice

MONEY = "#,##0;[Red]-#,##0"
KEYS = ("line", "geo", "segment", "outcome_name", "level", "channel", "audience", "message")
"""Columns that say what a row is about; they stay in sight when a sheet is scrolled."""
RATIO = "0.00"
SHARE = "0 %"


_SPOKEN = ("text", "wrap", "title", "lead", "note", "head", "total_text", "strong_text")
"""Looks of words in the language of the report; a name in other letters keeps to their side of the column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a plain sheet: its heading, the column of the table, its number format and width."""

    head: str
    name: str
    style: str = "text"
    width: float = 13
    total: bool = False


class Book:
    """A workbook with the few formats all sheets share."""

    def __init__(self, path: Path, voice: Voice, created: str) -> None:
        self.voice = voice
        # In the files of a run text is never anything else: no formula, no link, no number made of words.
        self.book = xlsxwriter.Workbook(
            str(path),
            {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        self.book.set_properties({"title": "mmm-planner", "created": _moment(created)})
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        looks: dict[str, dict[str, Any]] = {
            "text": {},
            "wrap": {"text_wrap": True},
            "title": {"font_size": 16, "bold": True},
            "lead": {"font_size": 13, "text_wrap": True},
            "note": {"font_color": "#5D646B"},
            "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"},
            "head_number": {
                "bold": True,
                "bottom": 1,
                "text_wrap": True,
                "align": "right",
                "valign": "bottom",
            },
            "date": {"num_format": "d mmm yyyy", "bold": True, "bottom": 1, "align": "right"},
            "money": {"num_format": MONEY},
            "own": {
                "num_format": MONEY,
                "bg_color": "#FFF8DC",
                "border": 1,
                "border_color": "#D9D2B8",
                "locked": False,
            },
            "cents": {"num_format": "#,##0.00;[Red]-#,##0.00"},
            "ratio": {"num_format": RATIO},
            "share": {"num_format": SHARE},
            "whole": {"num_format": "0"},
            "total": {"num_format": MONEY, "bold": True, "top": 1},
            "row_total": {"num_format": MONEY, "bold": True},
            "total_cents": {"num_format": "#,##0.00;[Red]-#,##0.00", "bold": True, "top": 1},
            "total_text": {"bold": True, "top": 1},
            "strong_text": {"bold": True, "top": 1, "bottom": 1},
            "strong_money": {"num_format": MONEY, "bold": True, "top": 1, "bottom": 1},
            "flag": {"align": "center"},
            "code": {"align": "left", "reading_order": 1},
        }
        if self.from_the_right:
            for name in _SPOKEN:
                looks[name] |= {"align": "right", "reading_order": 2}
        self.looks: dict[str, Format] = {
            name: self.book.add_format({**base, **look}) for name, look in looks.items()
        }

    @property
    def from_the_right(self) -> bool:
        """Whether its sheets begin on the right."""
        return self.voice.catalogue.from_the_right

    def sheet(self, key: str) -> Worksheet:
        """A new sheet, set for printing on one page's width."""
        sheet = self.book.add_worksheet(self.voice.text(key))
        sheet.hide_gridlines(2)
        if self.from_the_right:
            sheet.right_to_left()
        sheet.set_default_row(17)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.5, 0.5, 0.6, 0.6)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def text(self, sheet: Worksheet, row: int, column: int, value: object, look: str = "text") -> None:
        """Write words as words, even those that begin like a formula."""
        sheet.write_string(row, column, "" if value is None else str(value), self.looks[look])

    def figure(self, sheet: Worksheet, row: int, column: int, value: float | None, look: str) -> None:
        """Write a number, or leave the cell empty where there is none."""
        if value is None:
            sheet.write_blank(row, column, None, self.looks[look])
        else:
            sheet.write_number(row, column, value, self.looks[look])

    def fit(self, sheet: Worksheet, row: int, texts: Iterable[tuple[object, float]]) -> None:
        """Make a row as high as its wrapped texts need, each with its column's width in characters."""
        lines = max((math.ceil(len(str(text or "")) / width) for text, width in texts), default=1)
        if lines > 1:
            sheet.set_row(row, 16 * lines + 1)

    def sum(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        cells: tuple[tuple[int, int], tuple[int, int]],
        value: float,
        look: str = "total",
    ) -> None:
        """Write a live total over a block of cells, with its value for readers that do not calculate."""
        (top, left), (bottom, right) = cells
        block = f"{xl_rowcol_to_cell(top, left)}:{xl_rowcol_to_cell(bottom, right)}"
        sheet.write_formula(row, column, f"=SUM({block})", self.looks[look], value)


def write_rows(
    book: Book,
    sheet: Worksheet,
    columns: Sequence[Column],
    rows: Sequence[dict[str, Any]],
    *,
    totals: bool = True,
) -> None:
    """Write a heading, the rows, and live totals of the columns that add up."""
    words = {"text", "wrap", "flag"}
    sheet.set_row(0, 34)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        book.text(sheet, 0, place, column.head, "head" if column.style in words else "head_number")
        for offset, row in enumerate(rows, start=1):
            value = row.get(column.name)
            if column.style in words:
                book.text(sheet, offset, place, value, column.style)
            else:
                book.figure(sheet, offset, place, number(value), column.style)
    wrapped = [column for column in columns if column.style == "wrap"]
    for offset, row in enumerate(rows, start=1):
        book.fit(sheet, offset, [(row.get(column.name), column.width) for column in wrapped])
    if totals:
        last = len(rows) + 1
        book.text(sheet, last, 0, book.voice.text("column.total"), "total_text")
        for place, column in enumerate(columns):
            if column.total:
                value = sum(number(row.get(column.name)) or 0.0 for row in rows)
                book.sum(sheet, last, place, ((1, place), (last - 1, place)), value)
    keys = sum(1 for column in columns if column.name in KEYS)
    sheet.freeze_panes(1, keys)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _moment(created: str) -> datetime:
    """The run's own time, so that the same run gives the same bytes."""
    try:
        return datetime.fromisoformat(created).replace(tzinfo=None)
    except ValueError:
        return datetime(2000, 1, 1)
