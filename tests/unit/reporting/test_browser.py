"""The page in a real browser: drawn, quiet, whole, and at home on a phone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from browsing import heard, visit

from mmm.reporting.html import render_html
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def page_file(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_html(results, ReportSettings()), encoding="utf-8")
    return path


def _open(browser: Any, path: Path, width: int) -> tuple[Any, list[str]]:
    """The page when its charts are drawn, and everything it complained of or fetched."""
    found = visit(browser, path.as_uri(), width)
    return found.page, found.faults


@pytest.mark.parametrize("width", [1280, 640, 390])
def test_the_page_opens_quietly_with_all_charts_and_no_sideways_scroll(
    browser: Any, page_file: Path, width: int
) -> None:
    page, faults = _open(browser, page_file, width)
    boxes = page.locator(".chart").count()
    assert faults == []
    assert boxes >= 20
    assert page.locator(".chart[data-state=drawn] svg").count() == boxes
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    empty = (
        "[...document.querySelectorAll('.chart svg')].filter(s => !s.querySelector('path[d], line')).length"
    )
    assert page.evaluate(empty) == 0
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_decision_stands_on_the_first_screen(
    browser: Any, page_file: Path, width: int, height: int
) -> None:
    page, _ = _open(browser, page_file, width)
    box = page.locator(".lede").nth(1).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < height
    page.close()


def test_tables_open_by_keyboard(browser: Any, page_file: Path) -> None:
    page, _ = _open(browser, page_file, 1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    first = page.locator("details").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    page.close()


def test_a_hostile_name_runs_nothing(browser: Any, make: Any, tmp_path: Path) -> None:
    from mmm.dims import Cell

    cells = (Cell("</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>"), Cell("tv"))
    path = tmp_path / "hostile.html"
    path.write_text(render_html(make(cells=cells, labels=()), ReportSettings()), encoding="utf-8")
    page, faults = _open(browser, path, 1280)
    assert faults == []
    assert page.locator(".chart[data-state=drawn] svg").count() == page.locator(".chart").count()
    page.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_page_prints_with_charts_as_wide_as_the_paper(
    browser: Any, page_file: Path, tmp_path: Path, paper: str
) -> None:
    page, faults = _open(browser, page_file, 1280)
    page.pdf(path=str(tmp_path / "page.pdf"), format=paper)
    assert faults == []
    pages = (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n")
    assert 4 <= pages <= 16
    page.close()


@pytest.fixture(scope="module")
def hebrew_file(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hebrew") / "report.html"
    path.write_text(render_html(results, ReportSettings(language="he")), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [1280, 390])
def test_the_hebrew_page_is_mirrored_and_as_quiet(browser: Any, hebrew_file: Path, width: int) -> None:
    page, faults = _open(browser, hebrew_file, width)
    assert faults == []
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".chart[data-state=drawn] svg").count() == page.locator(".chart").count()
    ends = page.evaluate(
        "[...document.querySelectorAll('.bar')].map(b => { const r = b.getBoundingClientRect(), "
        "p = b.parentElement.getBoundingClientRect(); return [Math.abs(r.right - p.right), r.left - p.left]; })"
    )
    assert max(right for right, _ in ends) < 1
    assert max(left for _, left in ends) > 10
    page.close()


def test_names_of_a_mirrored_chart_stand_right_of_its_bars(browser: Any, hebrew_file: Path) -> None:
    page, _ = _open(browser, hebrew_file, 1280)
    chart = page.locator("[data-spec=chart-bridge] svg")
    name = chart.locator(".role-axis-label text", has_text="עלות המכר").bounding_box()
    bar = chart.locator(".mark-rect.role-mark path").first.bounding_box()
    assert name is not None
    assert bar is not None
    assert name["x"] + name["width"] / 2 > bar["x"] + bar["width"]
    page.close()


@pytest.mark.parametrize(
    ("file", "width", "colours"), [("page_file", 1280, "light"), ("hebrew_file", 390, "dark")]
)
def test_a_reader_who_does_not_see_the_page_finds_everything(
    browser: Any, request: pytest.FixtureRequest, file: str, width: int, colours: Any
) -> None:
    page, _ = _open(browser, request.getfixturevalue(file), width)
    page.emulate_media(color_scheme=colours)
    assert heard(page, unfold=colours == "light") == []  # once is enough: it takes axe a quarter of a minute
    page.close()


@pytest.mark.parametrize("kind", ["readout", "proposal"])
def test_pages_of_a_test_are_as_open(browser: Any, kind: str) -> None:
    told = _beside(f"test_{kind}")
    html = told.html() if kind == "proposal" else told.page()
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.set_content(html)
    assert heard(page) == []
    page.close()


def test_what_axe_finds_is_seen(browser: Any, page_file: Path) -> None:
    page, _ = _open(browser, page_file, 1280)
    page.evaluate("document.querySelector('.bars').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('.lede').style.color = '#d8d8d8'")
    assert {one.split(" ")[0] for one in heard(page)} == {"role-img-alt", "color-contrast"}
    page.close()


def _beside(name: str) -> Any:
    """A file of tests beside this one, for the page it makes."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
