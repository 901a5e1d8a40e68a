"""The report in Hebrew: page, pages to sign, workbook; nothing of it is left in English."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from mmm.reporting.excel import write_workbook
from mmm.reporting.html import render_html
from mmm.reporting.pdf import render_pdf
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings

HEBREW = ReportSettings(language="he")
LABELS = (
    *(("tv", "טלוויזיה"), ("outdoor", "שילוט חוצות"), ("search", "חיפוש")),
    *(("facebook", "פייסבוק"), ("tiktok", "טיקטוק")),
)
GIVEN = {
    *(
        "acme",
        "tv",
        "brand",
        "generic",
        "prospecting",
        "retargeting",
        "lookalike",
        "price",
        "tiny",
        "media",
        "placebo",
    ),
    *("Can", "it", "be", "done", "Base", "revenue", "Stretch"),
}
"""Names and words that the config or the data give."""
KEPT = {
    "ILS",
    "ROMI",
    "ROI",
    "MAPE",
    "ESS",
    "adstock",
    "R-hat",
    "JavaScript",
    "mmm-planner",
    "csv",
    "checks",
    "reviews",
    "stress",
}
"""Abbreviations of the trade, and files."""


@pytest.fixture
def hebrew(make: Any) -> Results:
    """A run whose channels have Hebrew labels."""
    found: Results = make(labels=LABELS, currency="ILS", stressed=True, config_text="")
    said = ("After the window each cell is taken to spend at its mean rate by week of the reference.",)
    method = "dynamic program on 400 steps, polished; certified on 500 draws"
    return replace(found, summary=replace(found.summary, assumptions=said, method=method))


def _words(page: str) -> set[str]:
    """Latin words that a reader of the page sees or hears."""
    page = re.sub(r"[0-9a-f]{16,}", "", page)
    body = re.sub(r"<style>.*?</style>|<script.*?</script>|<code>.*?</code>", "", page, flags=re.DOTALL)
    heard = " ".join(re.findall(r'(?:aria-label|data-failed|alt)="([^"]*)"', body))
    return set(re.findall(r"[A-Za-z][A-Za-z-]+", unescape(re.sub(r"<[^>]+>", "\n", body) + heard)))


def test_the_page_is_hebrew_from_right_to_left_but_for_names_and_abbreviations(hebrew: Results) -> None:
    page = render_html(hebrew, HEBREW)
    assert '<html lang="he" dir="rtl">' in page
    assert "לאשר" in page
    assert _words(page) - GIVEN - KEPT == set()


def test_an_english_page_runs_from_left_to_right_without_marks(results: Results) -> None:
    page = render_html(results, ReportSettings())
    assert '<html lang="en" dir="ltr">' in page
    assert re.search("[\u2066-\u2069]", page[: page.index("<script>")]) is None


def test_both_languages_say_the_same_figures(hebrew: Results) -> None:
    spoken = [render_html(hebrew, settings) for settings in (ReportSettings(), HEBREW)]
    cells = [
        re.findall(
            r"\d[\d,.]*", re.sub("[\u2066-\u2069]", "", " ".join(re.findall(r"<td[^>]*>(.*?)</td>", page)))
        )
        for page in spoken
    ]
    assert [len(found) > 500 for found in cells] == [True, True]
    assert sorted(cells[0]) == sorted(cells[1])


def test_the_pages_to_sign_are_two_in_hebrew_too(hebrew: Results) -> None:
    pages = PdfReader(io.BytesIO(render_pdf(hebrew, HEBREW))).pages
    text = " ".join(page.extract_text() for page in pages)
    assert len(pages) == 2
    assert sum("\u05d0" <= letter <= "\u05ea" for letter in text) > 1000
    assert "Goes" not in text


def test_the_sheets_of_the_workbook_begin_on_the_right(hebrew: Results, tmp_path: Path) -> None:
    write_workbook(hebrew, HEBREW, tmp_path / "plan.xlsx")
    with zipfile.ZipFile(tmp_path / "plan.xlsx") as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert all('rightToLeft="1"' in book.read(name).decode() for name in sheets)
        assert 'horizontal="right"' in (looks := book.read("xl/styles.xml").decode())
        assert 'readingOrder="2"' in looks
        said = book.read("xl/sharedStrings.xml").decode() + book.read("xl/workbook.xml").decode()
    assert 'name="החלטה"' in said
    told = re.sub(r"[0-9a-f]{16,}", "", " ".join(re.findall(r"<t[^>]*>([^<\[][^<]*)</t>", said)))
    words = set(re.findall(r"[A-Za-z][A-Za-z-]+", told))
    names = {
        "search",
        "facebook",
        "tiktok",
        "outdoor",
        "csv",
        "R-hat",
        "mmm",
        "plan",
        "xlsx",
        "CONFIG",
        "bounds",
    }
    hidden = {"limits", "channel", "audience", "current", "planned", "spend", "least", "most", "min", "max"}
    assert words - GIVEN - KEPT - names - hidden == set()
