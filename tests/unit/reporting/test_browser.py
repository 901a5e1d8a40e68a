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


def test_the_slider_walks_along_the_budgets_by_keyboard(
    browser: Any, page_file: Path, results: Results
) -> None:
    page, faults = _open(browser, page_file, 1280)
    budgets = results.frontier.sort_values("budget").to_dict("records")
    at = [row["point"] for row in budgets].index("plan")
    slider, said = page.locator("#walk"), page.locator(".walk output")
    assert f"{budgets[at]['budget'] / 1e3:,.0f}\xa0k" in said.inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    told = said.inner_text()
    for name in ("budget", "profit", "profit_lo", "profit_hi"):
        assert f"{budgets[at + 1][name] / 1e3:,.0f}\xa0k".replace("-", "\u2212") in told
    assert slider.get_attribute("aria-valuetext") == told
    marks = page.locator("[data-spec=chart-frontier] .mark-symbol.role-mark").last.locator("path")
    seen = [marks.nth(i).get_attribute("opacity") for i in range(marks.count())]
    assert seen == ["1" if i == at + 1 else "0" for i in range(len(budgets))]
    page.emulate_media(media="print")
    assert not slider.is_visible()
    assert faults == []
    page.close()


TEXTS = """[...document.querySelectorAll('.chart svg text')].filter(one => one.textContent.trim()).map(one => [
  getComputedStyle(one).fill,
  getComputedStyle(one.closest('.appendix') || document.body).backgroundColor])"""


@pytest.mark.parametrize(("colours", "media"), [("light", "screen"), ("dark", "screen"), ("dark", "print")])
def test_charts_are_read_on_light_paper_and_dark_and_print_is_light(
    browser: Any, page_file: Path, colours: Any, media: Any
) -> None:
    page, _ = _open(browser, page_file, 1280)
    page.emulate_media(color_scheme=colours, media=media)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (_light(paper) < 0.02) == ((colours, media) == ("dark", "screen"))
    assert (_light(paper) == 1.0) == ((colours, media) != ("dark", "screen"))
    read = [
        (_light(fill), _light(paper if behind.endswith(", 0)") else behind))
        for fill, behind in page.evaluate(TEXTS)
    ]
    assert len(read) > 200
    assert min((max(pair) + 0.05) / (min(pair) + 0.05) for pair in read) >= 4.5
    page.close()


def _light(colour: str) -> float:
    """Relative luminance of what a browser calls `rgb(27, 31, 36)`."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(", ")[:3]]
    line = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), line, strict=True))


def test_no_column_of_a_table_is_out_of_sight_on_a_desk_and_on_a_phone_a_shade_says_so(
    browser: Any, page_file: Path
) -> None:
    page, _ = _open(browser, page_file, 1280)
    page.evaluate(OPEN_ALL)
    beyond = (
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
    )
    assert page.evaluate(beyond) == 0
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate(beyond) > 0
    shades = page.evaluate("getComputedStyle(document.querySelector('.scroll')).backgroundAttachment")
    assert shades.split(", ") == ["local", "local", "scroll", "scroll"]
    page.close()


OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def _found(page: Any) -> list[str]:
    """What axe-core finds, however small, with everything on the page unfolded."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(OPEN_ALL)
    faults = Axe().run(page).response["violations"]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}" for one in faults]


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
