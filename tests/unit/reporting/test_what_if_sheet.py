"""The sheet to try other money on: its formulas give the plan's figures, and those of the curves anywhere else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from mmm.reporting.excel import write_workbook
from mmm.reporting.moves import curve_of
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings

LIBREOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(LIBREOFFICE is None, reason="no LibreOffice on this machine")


@pytest.fixture(scope="module")
def path(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(results, ReportSettings(), path)
    return path


def _others(results: Results) -> list[float]:
    """Other money of each line: nothing, between points, at the plan, beyond what was seen, beyond the curve."""
    factors = (0.0, 0.37, 1.0, 1.9, 40.0, 1.21)
    cells = results.moves[results.moves["level"] == "cell"]
    return [factors[i % len(factors)] * money for i, money in enumerate(cells["planned_spend"])]


@pytest.fixture(scope="module")
def again(
    results: Results, path: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, openpyxl.Workbook]:
    """The workbook as it is and with other money, calculated anew by LibreOffice: openpyxl keeps no values."""
    folder = tmp_path_factory.mktemp("recalculated")
    as_it_is, changed = openpyxl.load_workbook(path), openpyxl.load_workbook(path)
    for row, money in enumerate(_others(results), start=4):
        changed["What if"].cell(row, 3).value = money
    for name, book in (("as_it_is", as_it_is), ("changed", changed)):
        book.save(folder / f"{name}.xlsx")
    assert LIBREOFFICE is not None
    subprocess.run(
        [
            *(LIBREOFFICE, f"-env:UserInstallation=file://{folder}/profile", "--headless"),
            *("--convert-to", "xlsx", "--outdir", str(folder / "out")),
            *(str(folder / "as_it_is.xlsx"), str(folder / "changed.xlsx")),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return {
        name: openpyxl.load_workbook(folder / "out" / f"{name}.xlsx", data_only=True)
        for name in ("as_it_is", "changed")
    }


@needs_libreoffice
def test_every_formula_of_the_workbook_calculates_to_the_value_it_carries(
    path: Path, again: dict[str, openpyxl.Workbook]
) -> None:
    formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    seen = 0
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            carried, found = (
                book[sheet.title][cell.coordinate].value for book in (values, again["as_it_is"])
            )
            if isinstance(carried, str) or carried is None:
                assert (found or "") == (carried or "")
            else:
                assert found == pytest.approx(carried, rel=1e-9, abs=1e-6), (sheet.title, cell.coordinate)
            seen += 1
    assert seen > 100


@needs_libreoffice
def test_other_money_brings_what_the_curve_says(
    results: Results, again: dict[str, openpyxl.Workbook]
) -> None:
    sheet = again["changed"]["What if"]
    brought = []
    for row, (cell, money) in enumerate(zip(results.cells, _others(results), strict=True), start=4):
        curve = curve_of(results, cell)
        line = results.moves[(results.moves["level"] == "cell")].iloc[row - 4]
        at_plan, read = np.interp([line["planned_spend"], money], curve["spend"], curve["response"])
        want = read * line["response"] / at_plan
        assert sheet.cell(row, 5).value == pytest.approx(want, rel=1e-9)
        assert sheet.cell(row, 7).value == pytest.approx(0.55 * want - money, rel=1e-9)
        seen, end = curve.loc[curve["observed"], "spend"].max(), curve["spend"].max()
        if not line["extrapolated"]:  # the plan's own money was seen, whatever points the curve has
            seen = max(seen, line["planned_spend"])
        said = "held at its end" if money > end else "ever spent" if money > seen else ""
        assert said in (sheet.cell(row, 8).value or "")
        assert bool(sheet.cell(row, 8).value) == bool(said)
        brought.append(want)
    total = _row_of(sheet, "Total")
    assert sheet.cell(total, 5).value == pytest.approx(sum(brought))
    assert sheet.cell(total, 3).value == pytest.approx(sum(_others(results)) + results.summary.reserve)


def _row_of(sheet: Worksheet, name: str) -> int:
    return next(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == name)


def test_the_plan_s_money_brings_the_plan_s_figures(results: Results, path: Path) -> None:
    sheet = openpyxl.load_workbook(path, data_only=True)["What if"]
    total = _row_of(sheet, "Total")
    told = {name: sheet.cell(total, column).value for column, name in enumerate("abcdefg", start=1)}
    assert told["b"] == told["c"] == pytest.approx(results.summary.budget)
    assert told["d"] == told["e"] == pytest.approx(results.summary.plan.revenue.mean)
    assert told["f"] == told["g"] == pytest.approx(results.summary.plan.profit.mean)


def test_only_the_money_to_try_can_be_written(results: Results, path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["What if"]
    assert sheet.protection.sheet
    free = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert free == {f"C{row}" for row in range(4, 4 + len(results.cells))}


def test_without_a_margin_there_is_no_profit_on_the_sheet(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for options in ({"margin": None}, {"has_money": False}):
        write_workbook(make(**options), ReportSettings(), tmp_path / "plan.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["What if"]
        assert sheet.column_dimensions["F"].hidden
        assert not any(
            re.search(r"^=[\d.]+\*E", str(cell.value)) for row in sheet.iter_rows() for cell in row
        )
