"""Names that are programs elsewhere, planted wherever a name may stand, are text in every file that people open."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader

from mmm.dims import Cell
from mmm.reporting.report import write_report
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings
from mmm.stages.tables import write_csv

NAMES = {
    "channel": '=cmd|" /C calc"!A0',
    "other channel": "+HYPERLINK(1)",
    "audience": "<script>alert(1)</script>",
    "other audience": "-1+1",
    "third channel": "@SUM(1+1)",
    "event": "</script><img src=x onerror=alert(2)>",
    "campaign": '=WEBSERVICE("http://evil.example")',
    "creative": "javascript:alert(3)",
    "company": "<svg onload=alert(4)>",
}
CELLS = (
    Cell(NAMES["channel"], NAMES["audience"]),
    Cell(NAMES["other channel"], NAMES["other audience"]),
    Cell(NAMES["third channel"]),
)


class _Elements(HTMLParser):
    """Which elements a page has, and with what."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def hostile(make: Any) -> Results:
    """A made-up run with each name in its place: cells, company, an event in the tables, a campaign, an ad."""
    results: Results = make(cells=CELLS, labels=(), name=NAMES["company"])
    parts = results.contributions
    component = parts["component"].replace("holidays", f"event:{NAMES['event']}")
    checks = results.checks.assign(where=NAMES["event"], value=NAMES["channel"], remedy=NAMES["campaign"])
    line = {"channel": NAMES["channel"], "audience": NAMES["audience"], "campaign": NAMES["campaign"]}
    line |= {"creative": NAMES["creative"], "spend": 1000.0, "age_days": 30.0, "wear": -0.2}
    line |= {"contribution": 3e3, "contribution_lo": 2e3, "contribution_hi": 4e3}
    line |= {"qualified": 40.0, "won_revenue": 5e3}
    return replace(
        results,
        contributions=parts.assign(component=component),
        checks=checks,
        creatives=pd.DataFrame([line]),
    )


def test_in_pages_sheets_and_workbooks_a_name_is_text(hostile: Results, tmp_path: Path) -> None:
    plain_run = write_report(hostile, ReportSettings(audiences=["cfo", "marketing", "agency"]), tmp_path)
    assert {path.suffix for path in plain_run} == {".html", ".pdf", ".xlsx"}
    for path in plain_run:
        {".html": _look_at_page, ".pdf": _look_at_sheets, ".xlsx": _look_at_workbook}[path.suffix](path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "evil.example" in page  # the campaign is told, and told as text


def _look_at_page(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for name in NAMES.values():
        if "<" in name:
            assert name not in source, path
    for tag, attributes in _Elements(source).found:
        assert not [name for name in attributes if name.startswith("on")], (path, tag)
        assert not (attributes.get("href") or "").startswith(("javascript:", "http")), (path, tag)
        assert not (tag == "img" and attributes.get("src") == "x"), path


def _look_at_sheets(path: Path) -> None:
    reader = PdfReader(io.BytesIO(path.read_bytes()))
    text = re.sub(r"\s+|\u200b|\u00ad", "", " ".join(page.extract_text() for page in reader.pages))
    assert re.sub(r"\s+", "", NAMES["channel"]) in text
    assert not [note for page in reader.pages for note in page.get("/Annots", [])]


def _look_at_workbook(path: Path) -> None:
    seen = set()
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None, (path, cell)
                if cell.data_type == "f":
                    assert "cmd" not in cell.value, (path, cell.value)
                    assert "HYPERLINK" not in cell.value, (path, cell.value)
                    assert "WEBSERVICE" not in cell.value, (path, cell.value)
                elif isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    assert cell.data_type == "s", (path, cell)
                    seen.add(cell.value)
    assert {NAMES["channel"], NAMES["other channel"], NAMES["other audience"], NAMES["third channel"]} <= seen


def test_in_csv_a_name_is_what_it_is(hostile: Results, tmp_path: Path) -> None:
    """Programs match names between tables: nothing is put before them."""
    write_csv(hostile.moves, tmp_path / "moves.csv")
    write_csv(hostile.creatives, tmp_path / "creatives.csv")
    told = set()
    for table in ("moves.csv", "creatives.csv"):
        with (tmp_path / table).open(encoding="utf-8-sig", newline="") as file:
            told |= {value for row in csv.reader(file) for value in row}
    planted = {NAMES[key] for key in ("channel", "audience", "third channel", "campaign", "creative")}
    assert planted <= told
