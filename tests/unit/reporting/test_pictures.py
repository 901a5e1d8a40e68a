"""Pictures for slides are the charts of the page, in its language, each as two files."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import pytest

from mmm.dims import Cell
from mmm.reporting.html import Page, render_page
from mmm.reporting.pictures import SMALL_WIDTH, WIDTH, picture
from mmm.reporting.report import write_report
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings


@pytest.fixture(scope="module")
def page(results: Results) -> Page:
    return render_page(results, ReportSettings())


@pytest.fixture(scope="module")
def drawn(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    write_report(results, ReportSettings(audiences=("cfo", "agency")), folder)
    return folder / "figures"


def _size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_every_chart_of_the_page_is_an_svg_and_a_png_as_wide_as_a_slide(page: Page, drawn: Path) -> None:
    shown = set(re.findall(r'data-spec="(chart-[a-z]+)', page.html))
    assert set(page.charts) == shown
    names = {path.stem for path in drawn.iterdir()}
    assert len(names) == len(shown)
    assert {path.name for path in drawn.iterdir()} == {
        f"{n}.{kind}" for n in names for kind in ("svg", "png")
    }
    for name in names:
        width, height = _size((drawn / f"{name}.png").read_bytes())
        assert 2 * WIDTH <= width <= 2.5 * WIDTH
        assert 300 <= height <= 3000
        svg = (drawn / f"{name}.svg").read_text("utf-8")
        assert svg.startswith("<svg")
        assert 'fill="white"' in svg  # readable on a slide of any colour


def test_small_charts_stand_on_one_picture_each_with_its_name_and_its_data(page: Page, drawn: Path) -> None:
    svg = (drawn / "response-curves.svg").read_text("utf-8")
    for one in page.charts["chart-curve"]:
        assert f">{one.title}<" in svg
    lines = re.findall(r'<g class="mark-line role-mark[^>]*>(.*?)</g>', svg)
    assert len(lines) >= len(page.charts["chart-curve"])
    assert all(" d=" in line for line in lines)
    spec = picture("chart-curve", page.charts["chart-curve"], page.voice)
    assert {part["width"] for part in spec["concat"]} == {SMALL_WIDTH}


def test_colours_that_the_page_explains_beside_a_chart_are_explained_on_the_picture(drawn: Path) -> None:
    svg = (drawn / "decomposition.svg").read_text("utf-8")
    assert "role-legend" in svg
    assert ">TV<" in svg


def test_pictures_speak_the_language_of_the_report(results: Results) -> None:
    page = render_page(results, ReportSettings(language="he"))
    spec = picture("chart-bridge", page.charts["chart-bridge"], page.voice)
    assert re.search("[\u05d0-\u05ea]", spec["title"]["text"])
    assert spec["title"]["anchor"] == "end"


def test_a_hostile_name_is_text_on_a_picture(make: Any, tmp_path: Path) -> None:
    cells = (Cell("</script><script>alert(1)</script>", "../../x"), Cell("tv"))
    write_report(make(cells=cells, labels=()), ReportSettings(), tmp_path)
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".png"}
    assert not any("<script" in path.read_text("utf-8") for path in (tmp_path / "figures").glob("*.svg"))
