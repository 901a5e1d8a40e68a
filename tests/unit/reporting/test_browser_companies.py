"""Pages of companies as they are, in a real browser: hostile and long names, one cell, sixty channels."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from browsing import heard, sideways, sideways_on_paper, undrawn, visit

from mmm.dims import Cell
from mmm.reporting.audiences import results_for
from mmm.reporting.html import render_html
from mmm.reporting.settings import Audience, ReportSettings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SCRIPT = "</script><script>alert(1)</script>"
LONG = "Mediaagenturmarkenbekanntheitskampagnenverlängerungssonderveröffentlichungsreihe"
CODED = "IL_FB_Prospecting_Video-15s_Lookalike-3pct_Women-25-44_Spring-Sale_2026-Q4_v0012"
HEBREW = "פרסום חוצות ושלטים"
HARD = (
    Cell(SCRIPT, "<img src=x onerror=alert(2)>"),
    Cell('=cmd|" /C calc"!A0', "brand"),
    Cell(LONG, CODED),
    Cell(HEBREW, "קהל רחב, גילאי 25-44"),
    Cell("tv"),
)
COMPANIES: dict[str, dict[str, Any]] = {
    "hard names": {"cells": HARD, "labels": (), "name": f"{HEBREW} {SCRIPT}"},
    "one cell": {"cells": (Cell("tv"),), "labels": (), "moves": False},
    "nothing to move": {"moves": False},
    "sixty channels": {"cells": tuple(Cell(f"channel {n}") for n in range(60)), "labels": ()},
}
assert len(LONG) == len(CODED) == 80


def _is_whole(browser: Any, path: Path, html: str, language: str, listen: bool = True) -> None:
    """Quiet, drawn, as wide as its window and its paper, in its direction, and open to who does not see it."""
    path.write_text(html, encoding="utf-8")
    found = visit(browser, path.as_uri())
    page = found.page
    assert undrawn(page) == 0
    assert page.evaluate("getComputedStyle(document.body).direction") == (
        "rtl" if language == "he" else "ltr"
    )
    assert {width: sideways(page, width) for width in (1280, 390)} == {1280: 0, 390: 0}
    assert sideways_on_paper(page) == 0
    if listen:
        page.set_viewport_size({"width": 390, "height": 900})
        assert heard(page, "serious", "critical") == []
    assert found.faults == []
    page.close()


@pytest.mark.parametrize(
    ("company", "language", "audience", "listen"),
    [
        ("hard names", "en", "analyst", True),
        ("hard names", "he", "cfo", True),
        ("one cell", "en", "cfo", True),
        ("one cell", "he", "agency", False),
        ("nothing to move", "he", "marketing", False),
        ("sixty channels", "en", "agency", False),
    ],
)
def test_the_report_of_any_company_is_whole(
    browser: Any, make: Any, tmp_path: Path, company: str, language: Any, audience: Audience, listen: bool
) -> None:
    results = results_for(make(**COMPANIES[company]), audience)
    html = render_html(results, ReportSettings(language=language), audience=audience)
    _is_whole(browser, tmp_path / "report.html", html, language, listen)


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("kind", ["readout", "proposal", "portfolio"])
def test_a_page_beside_the_report_is_whole(browser: Any, tmp_path: Path, kind: str, language: str) -> None:
    _is_whole(browser, tmp_path / "page.html", BESIDE[kind](language), language)


def _readout(language: str) -> str:
    told = _beside("test_readout")
    names = {"channel": LONG, "audience": SCRIPT, "geos": [HEBREW, CODED], "name": f"{HEBREW} {SCRIPT}"}
    html: str = told.page(language, {}, flags=told.WARNED, preview=told.PREVIEWED, **names)
    return html


def _proposal(language: str) -> str:
    told = _beside("test_proposal")
    decided = told.row(channel=LONG, audience=SCRIPT, holdout=f"{HEBREW};{CODED}")
    about = told.ABOUT | {"name": f"{HEBREW} {SCRIPT}"}
    html: str = told.render_proposal(about, told.tables(decided), language, {"radio": HEBREW})
    return html


def _portfolio(language: str) -> str:
    told = _beside("test_portfolio")
    names = {"a": HEBREW, "b": LONG}
    tables = {
        name: [row | {"market": names.get(row["market"], row["market"])} for row in rows]
        for name, rows in told.TABLES.items()
    }
    html: str = told.render_portfolio(told.TOLD | {"name": SCRIPT}, tables, language, {LONG: {"tv": CODED}})
    return html


BESIDE = {"readout": _readout, "proposal": _proposal, "portfolio": _portfolio}


def _beside(name: str) -> Any:
    """A file of tests beside this one, for the page it makes."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
