"""The workbook's sheet to try other money on: live formulas that read each line's curve on the sheet of curves.

Between its points a curve is a straight line. The curves are means over a part of the draws; each is scaled so that the
planned money brings exactly what the plan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xlsxwriter.utility import quote_sheetname, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from mmm.reporting.moves import curve_of
from mmm.reporting.results import Results, at_level, cell_of, number, records
from mmm.reporting.workbook import Book

_FIRST = 3
"""Row of the first line."""
_A_CENT = 0.01
_PLAN, _YOURS, _BRINGS, _BRINGS_YOURS, _PROFIT, _PROFIT_YOURS, _NOTE, _SCALE, _POINT = range(1, 10)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the plan: its money, what it brings, its margin, and its points on the sheet of curves."""

    name: str
    money: float
    brings: float
    margin: float | None
    scale: float
    first: int
    points: int
    point: int
    most_seen: float
    end: float

    def profit(self, brings: float, money: float) -> float:
        """What is left of what it brings; 0 without a margin."""
        return (self.margin or 0.0) * brings - money


def what_if_sheet(book: Book, results: Results, keys: int) -> None:
    """A row for each line with its money to change, then tests and totals; profit where there is a margin.

    Parameters
    ----------
    keys
        How many columns of the sheet of curves name the line; money and what it brings follow them.
    """
    lines = _lines(results, book)
    has_profit = results.about.has_money and all(line.margin is not None for line in lines)
    sheet = _headed(book, has_profit=has_profit)
    for row, line in enumerate(lines, start=_FIRST):
        book.text(sheet, row, 0, line.name)
        book.figure(sheet, row, _PLAN, line.money, "money")
        sheet.write_number(row, _YOURS, line.money, book.looks["own"])
        amount = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1e15}
        sheet.data_validation(row, _YOURS, row, _YOURS, amount)
        book.figure(sheet, row, _BRINGS, line.brings, "money")
        _brings(book, sheet, row, line, keys)
        if has_profit:
            profit = line.profit(line.brings, line.money)
            for column, brings, money in ((_PROFIT, _BRINGS, _PLAN), (_PROFIT_YOURS, _BRINGS_YOURS, _YOURS)):
                cells = [xl_rowcol_to_cell(row, at) for at in (brings, money)]
                formula = f"={line.margin!r}*{cells[0]}-{cells[1]}"
                sheet.write_formula(row, column, formula, book.looks["money"], profit)
    _totals(book, sheet, results, lines, has_profit=has_profit)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _headed(book: Book, *, has_profit: bool) -> Worksheet:
    """The sheet with its headings; what only formulas need is hidden."""
    voice, sheet = book.voice, book.sheet("sheet.what_if")
    sheet.set_column(0, 0, 36)
    sheet.set_column(_PLAN, _BRINGS_YOURS, 15)
    sheet.set_column(_PROFIT, _PROFIT_YOURS, 15, None, {"hidden": not has_profit})
    sheet.set_column(_NOTE, _NOTE, 34)
    sheet.set_column(_SCALE, _POINT, None, None, {"hidden": True})
    sheet.merge_range(0, 0, 0, _NOTE, "", book.looks["lead"])
    book.text(sheet, 0, 0, voice.text("book.what_if"), "lead")
    sheet.set_row(0, 36)
    heads = ["cell", "after", "your_money", "brings_plan", "brings_yours"]
    heads += ["profit_plan", "profit_yours"] if has_profit else []
    for column, name in enumerate(heads):
        book.text(
            sheet, _FIRST - 1, column, voice.text(f"column.{name}"), "head_number" if column else "head"
        )
    sheet.freeze_panes(_FIRST, 1)
    return sheet


def _lines(results: Results, book: Book) -> list[_Line]:
    """The cells in the order of the plan; their points stand in that order on the sheet of curves."""
    moved = {cell_of(row): row for row in records(at_level(results.moves, "cell"))}
    about, lines, first = results.about, [], 1
    for cell in results.cells:
        curve, row = curve_of(results, cell), moved[cell]
        spend = curve["spend"].to_numpy(np.float64)
        money, brings = float(row["planned_spend"]), float(row["response"])
        read = float(np.interp(money, spend, curve["response"]))
        seen = spend[curve["observed"].to_numpy(bool)]
        lines.append(
            _Line(
                name=book.voice.cell(cell),
                money=money,
                brings=brings,
                margin=about.gross_margins.get(cell.channel, about.gross_margin),
                scale=brings / read if read else 1.0,
                first=first,
                points=len(spend),
                point=min(int(np.searchsorted(spend, money, "right")), len(spend) - 1),
                most_seen=max(float(seen.max(initial=0.0)), 0.0 if row["extrapolated"] else money),
                end=float(spend[-1]),
            )
        )
        first += len(spend)
    return lines


def _brings(book: Book, sheet: Worksheet, row: int, line: _Line, keys: int) -> None:
    """What the line's own money brings: its place on the curve, the straight line there, and a word beyond it."""
    curves = quote_sheetname(book.voice.text("sheet.curves"))
    rows = (line.first, line.first + line.points - 1)
    spend, brings = (
        f"{curves}!" + ":".join(xl_rowcol_to_cell(at, column, row_abs=True, col_abs=True) for at in rows)
        for column in (keys, keys + 1)
    )
    money, scale, at = (xl_rowcol_to_cell(row, column) for column in (_YOURS, _SCALE, _POINT))
    sheet.write_number(row, _SCALE, line.scale)
    sheet.write_formula(row, _POINT, f"=MIN(MATCH({money},{spend},1),{line.points - 1})", None, line.point)
    x0, x1, y0, y1 = (f"INDEX({block},{at}{k})" for block in (spend, brings) for k in ("", "+1"))
    formula = f"={scale}*({y0}+(MIN({money},{line.end!r})-{x0})*({y1}-{y0})/({x1}-{x0}))"
    sheet.write_formula(row, _BRINGS_YOURS, formula, book.looks["money"], line.brings)
    end, beyond = (book.voice.text(f"what_if.{key}") for key in ("end", "beyond"))
    note = f'=IF({money}>{line.end!r},"{end}",IF({money}>{line.most_seen!r},"{beyond}",""))'
    said = end if line.money > line.end else beyond if line.money > line.most_seen else ""
    sheet.write_formula(row, _NOTE, note, book.looks["note"], said)


def _totals(
    book: Book, sheet: Worksheet, results: Results, lines: Sequence[_Line], *, has_profit: bool
) -> None:
    """Money for tests with what they bring, what profit counts beside lines, and live totals."""
    voice, summary = book.voice, results.summary
    row = _FIRST + len(lines)
    (tests,) = records(at_level(results.moves, "reserve")) or [{}]
    brought, reserve = number(tests.get("response")) or 0.0, summary.reserve
    profit = (results.about.gross_margin or 0.0) * brought - reserve
    book.text(sheet, row, 0, voice.text("tests"))
    for columns, value in (
        ((_PLAN, _YOURS), reserve),
        ((_BRINGS, _BRINGS_YOURS), brought),
        ((_PROFIT, _PROFIT_YOURS), profit),
    ):
        for column in columns if has_profit or columns[0] < _PROFIT else ():
            book.figure(sheet, row, column, value, "money")
    sums = {
        (_PLAN, _YOURS): sum(line.money for line in lines) + reserve,
        (_BRINGS, _BRINGS_YOURS): sum(line.brings for line in lines) + brought,
    }
    whole = summary.plan.profit.mean
    if has_profit and whole is not None:
        known = sum(line.profit(line.brings, line.money) for line in lines) + profit
        if abs(whole - known) > _A_CENT:
            row += 1
            book.text(sheet, row, 0, voice.text("what_if.rest"))
            for column in (_PROFIT, _PROFIT_YOURS):
                book.figure(sheet, row, column, whole - known, "money")
        sums[(_PROFIT, _PROFIT_YOURS)] = whole
    book.text(sheet, row + 1, 0, voice.text("column.total"), "total_text")
    for columns, value in sums.items():
        for column in columns:
            book.sum(sheet, row + 1, column, ((_FIRST, column), (row, column)), value)
