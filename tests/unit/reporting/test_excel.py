"""The workbook: the same figures as the tables, live totals, and text that stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook

from mmm.dims import Cell
from mmm.errors import InputError
from mmm.reporting.excel import write_workbook
from mmm.reporting.report import write_report
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings


@pytest.fixture(scope="module")
def path(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(results, ReportSettings(), path)
    return path


@pytest.fixture(scope="module")
def formulas(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def values(path: Path) -> Workbook:
    return openpyxl.load_workbook(path, data_only=True)


def test_the_sheets_are_those_a_reader_was_promised(values: Workbook) -> None:
    names = [
        "Decision",
        "Plan by week",
        "Scenarios",
        "Moves",
        "What if",
        "Limits",
        "Returns",
        "Curves",
        "Checks",
        "About",
    ]
    assert values.sheetnames == names


def test_money_by_week_equals_the_table(results: Results, values: Workbook) -> None:
    sheet = values["Plan by week"]
    cell = results.plan[(results.plan["channel"] == "search") & (results.plan["audience"] == "generic")]
    row = next(row for row in sheet.iter_rows(values_only=True) if row[:2] == ("search", "generic"))
    assert list(row[2:15]) == pytest.approx(cell["planned_spend"].tolist())
    total = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "Total")
    assert total[15] == pytest.approx(results.summary.budget)


def test_totals_are_live_and_carry_the_value_they_calculate(formulas: Workbook, values: Workbook) -> None:
    found = 0
    for name in ("Plan by week", "Moves"):
        for row in formulas[name].iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                match = re.fullmatch(r"=SUM\((\w+):(\w+)\)", cell.value)
                assert match is not None, cell.value
                block = values[name][f"{match[1]}:{match[2]}"]
                parts = [float(one.value or 0) for line in block for one in line]
                assert values[name][cell.coordinate].value == pytest.approx(sum(parts))
                found += 1
    assert found > 40


def test_moves_equal_the_table_to_the_fifteen_digits_of_a_workbook(
    results: Results, values: Workbook
) -> None:
    head, *rows = values["Moves"].iter_rows(values_only=True)
    place = {name: i for i, name in enumerate(head)}
    moves = results.moves[results.moves["level"] == "cell"]
    for row, want in zip(rows, moves.itertuples(), strict=False):
        assert row[place["Channel"]] == want.channel
        assert row[place["Plan"]] == pytest.approx(want.planned_spend, rel=1e-14)
        assert row[place["Brings"]] == pytest.approx(want.response, rel=1e-14)
        assert row[place["Next unit, plan"]] == pytest.approx(want.mroi_planned, rel=1e-14)
        assert row[place["Why"]] == want.why


def test_the_decision_sheet_says_what_the_page_says(results: Results, values: Workbook) -> None:
    from mmm.reporting.html import render_html

    page = render_html(results, ReportSettings())
    sheet = values["Decision"]
    profit = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "Profit after media")
    assert profit[1] == pytest.approx(results.summary.plan.profit.mean, rel=1e-14)
    assert f"<td>{profit[1] / 1e3:,.0f}\u00a0k<small>" in page
    gain = results.summary.gain
    assert profit[7:10] == pytest.approx((gain.mean, gain.lo, gain.hi), rel=1e-14)


def test_text_that_begins_like_a_formula_stays_text(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    names = (
        '=HYPERLINK("http://x","y")',
        "+1+1",
        "-2",
        "@SUM(A1)",
        "http://x.example",
        "<script>alert(1)</script>",
    )
    results = make(cells=tuple(Cell(name) for name in names), labels=(), config_text="=1+1\n@x")
    write_workbook(results, ReportSettings(), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    seen = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert sheet.title == "What if" or cell.value.startswith("=SUM(")
                elif cell.value in (*names, "=1+1", "@x"):
                    assert cell.data_type == "s"
                    assert cell.hyperlink is None
                    seen.add(cell.value)
    assert seen == {*names, "=1+1", "@x"}


def test_tests_and_the_reserve_stand_in_a_sheet_and_add_up_to_the_cent(
    results: Results, tmp_path: Path
) -> None:
    money = {
        "spend": [30_000.17, 0.0],
        "incremental_spend": [15_000.09, -20_000.33],
        "withheld": [0.0, 20_000.33],
    }
    tests = pd.DataFrame(
        {
            "id": ["more", "=dark"],
            "state": ["approved", "proposed"],
            "channel": ["tv", "search"],
            "audience": ["", "generic"],
            "kind": ["geo split, heavy-up", "geo split, go-dark"],
            "start": ["2027-01-04", "2027-02-01"],
            "weeks": [8, 4],
            "cooldown": [2, 1],
            **money,
            "reserve_used": [30_000.17, 20_000.33],
            "power": [0.8, 0.4],
            "assurance": [0.7, 0.35],
            "value_of_information": [9_000.0, 400.0],
            "opportunity_cost": [-1_000.0, 700.0],
            "net_value": [10_000.0, -300.0],
            "answers": ["below 1.40: stop (20 %)", "whatever comes out: keep (100 %)"],
        }
    )
    told = {"floor": 50_000.0, "placed": 30_000.17, "withheld": 20_000.33, "without_test": 0.5}
    run = replace(results, tests=tests, designed={**told, "reserve": 50_001.0})
    write_workbook(run, ReportSettings(), tmp_path / "plan.xlsx")
    shown = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)["Tests"]
    rows = list(shown.iter_rows(values_only=True))
    place = {name: i for i, name in enumerate(rows[0]) if name}
    assert [row[0] for row in rows[1:3]] == ["more", "=dark"]
    heads = {"Money spent": "spend", "Of it extra": "incremental_spend", "Withheld": "withheld"}
    for head, name in heads.items():
        assert [row[place[head]] for row in rows[1:3]] == money[name]
        assert round(100 * rows[3][place[head]]) == round(100 * sum(money[name]))
    lines = {row[0]: row[1] for row in rows[5:] if row[0]}
    assert round(100 * lines["Reserve of the plan"]) == 5_000_100
    assert lines["Least reserve that was asked for"] == 50_000.0
    live = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Tests"]
    assert sum(cell.data_type == "f" for row in live.iter_rows() for cell in row) == 5


def test_the_same_run_gives_the_same_bytes(results: Results, path: Path, tmp_path: Path) -> None:
    write_workbook(results, ReportSettings(), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def test_sheets_keep_their_headings_in_sight(values: Workbook) -> None:
    assert values["Plan by week"].freeze_panes == "C3"
    assert values["Moves"].freeze_panes == "D2"


@pytest.mark.parametrize("options", [{"margin": None}, {"margin": None, "has_money": False}])
def test_a_workbook_without_margin_or_money_has_no_profit(make, tmp_path: Path, options: dict) -> None:  # type: ignore[no-untyped-def]
    write_workbook(make(**options), ReportSettings(), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Decision"]
    assert "Profit after media" not in {row[0] for row in sheet.iter_rows(values_only=True)}


def test_a_report_is_a_page_two_pages_to_sign_and_a_workbook(results: Results, tmp_path: Path) -> None:
    page, sheets, book = write_report(results, ReportSettings(), tmp_path / "new")
    assert (page.name, sheets.name, book.name) == ("report.html", "report.pdf", "plan.xlsx")
    assert sheets.read_bytes().startswith(b"%PDF-")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_folder_that_cannot_be_written_is_said(results: Results, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(results, ReportSettings(), tmp_path / "file")
