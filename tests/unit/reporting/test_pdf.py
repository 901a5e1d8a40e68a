"""The two pages to sign say what the page says, whatever the company is called."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from mmm.dims import Cell
from mmm.reporting.bridge import statement_rows
from mmm.reporting.decision import decide
from mmm.reporting.headline import headline
from mmm.reporting.pdf import render_pdf
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

HOSTILE = '#panic("x") $1/0$ *b* <script>'


def read(results: Results) -> tuple[int, str]:
    """Pages, and their text without what sets lines: spaces, hyphens at ends of lines."""
    reader = PdfReader(io.BytesIO(render_pdf(results, ReportSettings())))
    return len(reader.pages), plain(" ".join(page.extract_text() for page in reader.pages))


def plain(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad\u2010-]+", "", text)


@pytest.fixture(scope="module")
def pages(results: Results) -> tuple[int, str]:
    return read(results)


def test_there_are_two_pages_and_the_decision_stands_on_them_as_on_the_page(
    results: Results, pages: tuple[int, str]
) -> None:
    count, text = pages
    assert count == 2
    assert [text.count(f"{page}/2") for page in (1, 2)] == [1, 1]
    for sentence in headline(decide(results), results, voice_for(results, ReportSettings())):
        assert plain(sentence) in text


def test_every_figure_of_the_statement_stands_on_them(results: Results, pages: tuple[int, str]) -> None:
    voice = voice_for(results, ReportSettings())
    for row in statement_rows(results, voice):
        assert plain(row.name) in pages[1]
        for figure in (row.plan, row.plan_range, row.current, row.change):
            assert plain(figure) in pages[1]


def test_every_line_that_moves_has_its_money_and_its_reason(results: Results, pages: tuple[int, str]) -> None:
    moved = results.moves[results.moves["level"] == "cell"]
    money = voice_for(results, ReportSettings()).amounts.money
    for _, row in moved.iterrows():
        assert plain(f"{money(row['current_spend'])} → {money(row['planned_spend'])}") in pages[1]
        assert plain(str(row["why"])) in pages[1]


def test_it_ends_with_who_approves_when_and_of_which_run(results: Results, pages: tuple[int, str]) -> None:
    assert "Approvedby" in pages[1]
    assert results.about.config_hash in pages[1]


def test_sixty_lines_fit_two_pages_and_those_left_out_are_counted(make) -> None:
    cells = tuple(Cell(f"channel {i}", "all") for i in range(60))
    count, text = read(make(cells=cells, labels=()))
    shown = len(re.findall(r"channel\d+/all[−+\d]", text))
    assert count == 2
    assert re.search(r"(\d+)furtherlines", text)
    left = int(re.search(r"(\d+)furtherlines", text)[1])
    assert 60 - left == text.count("→")
    assert shown <= 60 - left


def test_one_line_makes_two_pages(make) -> None:
    assert read(make(cells=(Cell("tv"),), labels=()))[0] == 2


def test_markup_in_a_name_is_text(make) -> None:
    count, text = read(make(cells=(Cell(HOSTILE), Cell("x" * 80)), labels=()))
    assert count == 2
    assert plain(HOSTILE) in text
    assert "x" * 80 in text


@pytest.mark.parametrize(
    "without", [{"margin": None}, {"has_money": False, "margin": None, "currency": None}, {"compared": False}]
)
def test_a_run_without_a_margin_money_or_scenarios_has_its_pages(make, without: dict[str, object]) -> None:
    assert read(make(**without))[0] == 2


def test_the_same_run_makes_the_same_bytes(results: Results) -> None:
    assert render_pdf(results, ReportSettings()) == render_pdf(replace(results), ReportSettings())
