"""An empty workbook to fill in: settings with what each means, data, limits, tests, events, an example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mmm.book.words import (
    COLUMNS_OF_SETTINGS,
    DATA,
    GUIDE,
    HEADINGS,
    SETTINGS,
    SHEETS,
    Heading,
    Kind,
    Language,
    Setting,
)

ROWS = 1000
"""Rows of a sheet that are formatted for what goes into them."""

_FORMATS: dict[Kind, str] = {
    **dict.fromkeys(("text", "code", "choice", "list", "name"), "@"),
    "money": "#,##0.##",
    "amount": "#,##0.##",
    "share": "0.##%",
    "day": "yyyy-mm-dd",
}
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)


def write_template(path: Path, language: Language = "en") -> None:
    """Write an empty workbook.

    Parameters
    ----------
    path
        Where to write.
    language
        Language of sheets, settings and headings; a filled workbook is read in either.
    """
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        _Template(book, language).write(path.name)


class _Template:
    """The workbook being written, with the looks its sheets share."""

    def __init__(self, book: xlsxwriter.Workbook, language: Language) -> None:
        self.book = book
        self.language = language
        self.looks: dict[str, Format] = {}

    def write(self, name: str) -> None:
        self._guide(name)
        self._settings()
        for key, headings in HEADINGS.items():
            self._table(key, headings)
        self._example()
        self.book.worksheets()[0].activate()

    def _look(self, **look: Any) -> Format:
        key = repr(sorted(look.items()))
        if key not in self.looks:
            self.looks[key] = self.book.add_format(
                {
                    "font_name": "Calibri",
                    "font_size": 11,
                    "reading_order": 2 if self.language == "he" else 1,
                    **look,
                }
            )
        return self.looks[key]

    def _sheet(self, key: str) -> Worksheet:
        sheet = self.book.add_worksheet(SHEETS[key].said(self.language))
        if self.language == "he":
            sheet.right_to_left()
        return sheet

    def _guide(self, name: str) -> None:
        sheet = self._sheet("guide")
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 4)
        sheet.set_column(1, 1, 96)
        title, *steps = (term.said(self.language).format(book=name) for term in GUIDE)
        sheet.write_string(0, 1, title, self._look(bold=True, font_size=16))
        for row, step in enumerate(steps, start=2):
            sheet.write_number(row, 0, row - 1, self._look(bold=True, valign="top", font_color="#5D646B"))
            sheet.write_string(row, 1, step, self._look(text_wrap=True, valign="top"))
            sheet.set_row(row, 17 * math.ceil(len(step) / 90) + 4)

    def _settings(self) -> None:
        sheet = self._sheet("settings")
        sheet.hide_gridlines(2)
        for column, (term, width) in enumerate(zip(COLUMNS_OF_SETTINGS, (32, 24, 80), strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, term.said(self.language), self._look(bold=True, bottom=1))
        row = 1
        for group, settings in SETTINGS:
            sheet.write_string(row, 0, group.said(self.language), self._look(bold=True, font_color="#1F3A5F"))
            for row, setting in enumerate(settings, start=row + 1):  # noqa: B020 - rows run on through the groups
                self._setting(sheet, row, setting)
            row += 1
        sheet.freeze_panes(1, 1)

    def _setting(self, sheet: Worksheet, row: int, setting: Setting) -> None:
        sheet.write_string(row, 0, setting.label.said(self.language), self._look(valign="top"))
        filled = self._look(
            num_format=_FORMATS[setting.kind], bg_color="#FFF8DC", border=1, border_color="#D9D2B8"
        )
        sheet.write_blank(row, 1, None, filled)
        about = setting.about.said(self.language)
        sheet.write_string(row, 2, about, self._look(text_wrap=True, valign="top", font_color="#5D646B"))
        told = _accepted(setting.kind)
        if setting.choices is not None:
            told = {
                "validate": "list",
                "source": [term.said(self.language) for term in setting.choices.values()],
            }
        if told:
            sheet.data_validation(row, 1, row, 1, {**told, "error_message": about[:250]})

    def _table(self, key: str, headings: Sequence[Heading]) -> None:
        sheet = self._sheet(key)
        for column, heading in enumerate(headings):
            label, about = heading.label.said(self.language), heading.about.said(self.language)
            sheet.set_column(
                column, column, max(14, len(label) + 4), self._look(num_format=_FORMATS[heading.kind])
            )
            sheet.write_string(0, column, label, self._look(bold=True, bottom=1, bg_color="#EEF2F7"))
            sheet.write_comment(0, column, about, {"x_scale": 1.6, "author": "mmm"})
            if heading.kind == "day":
                sheet.data_validation(
                    1, column, ROWS, column, {**_accepted("day"), "error_message": about[:250]}
                )
        sheet.freeze_panes(1, 1)

    def _example(self) -> None:
        """Weeks that could stand on the sheet of data; made up, and never read."""
        sheet = self._sheet("example")
        for column, heading in enumerate(DATA):
            label = heading.label.said(self.language)
            sheet.set_column(column, column, max(14, len(label) + 4))
            sheet.write_string(0, column, label, self._look(bold=True, bottom=1, bg_color="#EEF2F7"))
        for row in range(8):
            day = date(2026, 1, 5) + timedelta(weeks=row)
            sheet.write_datetime(
                row + 1, 0, day, self._look(num_format=_FORMATS["day"], font_color="#5D646B")
            )
            figures = (412_300 + 7_150 * row, 30_000 if row % 4 < 2 else 0, 12_400 + 310 * row, 8_000, 5_250)
            for column, figure in enumerate(figures, start=1):
                sheet.write_number(
                    row + 1, column, figure, self._look(num_format=_FORMATS["amount"], font_color="#5D646B")
                )


def _accepted(kind: Kind) -> dict[str, Any]:
    """What Excel accepts in a cell; money of limits and budgets may also be words, as 1.3m or 0.8x."""
    if kind == "day":
        return {"validate": "date", "criteria": "between", "minimum": _FIRST, "maximum": _LAST}
    if kind == "share":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
    if kind == "amount":
        return {"validate": "decimal", "criteria": ">", "value": 0}
    if kind == "code":
        return {"validate": "length", "criteria": "==", "value": 3}
    return {}
