"""A filled workbook: the template, with settings and weeks written into it as a person would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mmm.book.template import write_template
from mmm.book.words import SETTINGS, SHEETS, Language

FIRST = date(2024, 1, 1)

Fill = Callable[..., Path]


def weeks(n: int = 104) -> list[list[Any]]:
    """Weeks of a company that spends on two channels, one of them in two audiences."""
    return [
        [
            FIRST + timedelta(weeks=i),
            90_000 + 700 * (i % 13) + 11 * i,
            20_000 if i % 6 < 3 else 4_000,
            5_000 + 210 * (i % 9),
            3_000 + 90 * (i % 17),
            1_000 + 70 * (i % 5),
        ]
        for i in range(n)
    ]


def fill(
    path: Path,
    settings: Mapping[str, Any],
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    language: Language = "en",
) -> Path:
    """Fill in a template; settings by key of the config, rows by key of the sheet."""
    write_template(path, language)
    book = openpyxl.load_workbook(path)
    labels = {one.key: one.label.said(language) for _, group in SETTINGS for one in group}
    sheet = book[SHEETS["settings"].said(language)]
    row_of = {sheet.cell(row, 1).value: row for row in range(1, sheet.max_row + 1)}
    for key, value in settings.items():
        sheet.cell(row_of[labels[key]], 2).value = value
    for key, rows in sheets.items():
        sheet = book[SHEETS[key].said(language)]
        for i, row in enumerate(rows, start=2):
            for j, value in enumerate(row, start=1):
                sheet.cell(i, j).value = value
    book.save(path)
    return path


@pytest.fixture
def filled(tmp_path: Path) -> Fill:
    """Makes a filled workbook of given settings and sheets, the company `acme` with two years of weeks."""

    def make(
        settings: Mapping[str, Any] | None = None,
        sheets: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        language: Language = "en",
        name: str = "book.xlsx",
    ) -> Path:
        told = {"name": "acme", "currency": "USD", "finance.gross_margin": 0.4, **(settings or {})}
        return fill(tmp_path / name, told, {"data": weeks(), **(sheets or {})}, language)

    return make
