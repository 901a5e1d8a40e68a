"""The workbook `plan.xlsx`: the tables of the report with exact figures, and totals that stay live.

Text is written as text, whatever it begins with; formulas are only our own totals and carry their value.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from mmm.reporting import appendix
from mmm.reporting.bridge import line_name
from mmm.reporting.buying import buying_columns
from mmm.reporting.decision import decide
from mmm.reporting.geos import in_geos
from mmm.reporting.goals import goal_sentences
from mmm.reporting.headline import caveats, headline
from mmm.reporting.limits_sheet import limits_sheet
from mmm.reporting.masthead import masthead
from mmm.reporting.moves import curve_of
from mmm.reporting.reserve_sheet import tests_sheet
from mmm.reporting.results import Results, at_level, cell_of, records
from mmm.reporting.retold import results_retold
from mmm.reporting.settings import ReportSettings
from mmm.reporting.statement import statement
from mmm.reporting.voice import voice_for
from mmm.reporting.what_if_sheet import what_if_sheet
from mmm.reporting.workbook import Book, Column, write_rows


def write_workbook(results: Results, settings: ReportSettings, path: Path) -> None:
    """Write the workbook of a run.

    Parameters
    ----------
    results
        The tables of a finished run.
    settings
        The language.
    path
        Where to write; an existing file is replaced.
    """
    voice = voice_for(results, settings)
    results = results_retold(results, voice)
    book = Book(path, voice, results.about.created)
    by_geo = in_geos(results)
    _decision_sheet(book, results)
    _plan_sheet(book, results, _key_columns(results))
    _pnl_sheet(book, results)
    _scenarios_sheet(book, results)
    _moves_sheet(book, results)
    what_if_sheet(book, results, len(_key_columns(results)))
    limits_sheet(book, results)
    if not by_geo.empty:
        _plan_sheet(book, results, [*_key_columns(results), "geo"])
        _geos_sheet(book, results, records(by_geo))
    tests_sheet(book, results)
    _returns_sheet(book, results, results.roi, "sheet.returns")
    if not results.segments.empty:
        _returns_sheet(book, results, results.segments, "sheet.segments")
    if not results.other_roi.empty:
        _returns_sheet(book, results, results.other_roi, "sheet.others")
    _curves_sheet(book, results)
    _bridge_sheet(book, results)
    _customers_sheet(book, results)
    if not results.about.withheld:
        _checks_sheet(book, results)
    _about_sheet(book, results)
    book.book.close()


def _decision_sheet(book: Book, results: Results) -> None:
    voice, about, summary = book.voice, results.about, results.summary
    sheet = book.sheet("sheet.decision")
    sheet.set_column(0, 0, 52)
    sheet.set_column(1, 9, 14)
    sheet.set_row(0, 26)
    values = {"name": voice.company, "window": voice.figures.window(summary.start, summary.end)}
    book.text(sheet, 0, 0, voice.text("title", values), "title")
    key = "book.money" if about.currency else "book.money_unnamed"
    money = voice.text(key, {"currency": about.currency})
    book.text(sheet, 1, 0, f"{money}. {voice.text('book.live')}", "note")
    row = 3
    approve, *rest = headline(decide(results), results, voice)
    beside = (*goal_sentences(results, voice), *caveats(results, voice))
    said = (approve, " ".join(rest), *(one.striptags() for one in beside))
    for sentence in said:
        sheet.merge_range(row, 0, row, 9, "", book.looks["lead"])
        book.text(sheet, row, 0, sentence, "lead")
        sheet.set_row(row, 19 * (1 + len(sentence) // 130))
        row += 1
    _statement_block(book, sheet, results, row + 1)


def _statement_block(book: Book, sheet: Worksheet, results: Results, row: int) -> None:
    """Plan, today's mix and change, each with its range."""
    voice = book.voice
    book.text(sheet, row, 0, voice.text("bridge.column.line"), "head")
    column = 1
    for key in ("plan", "current", "change"):
        for head in (f"bridge.column.{key}", "column.low", "column.high"):
            book.text(sheet, row, column, voice.text(head), "head_number")
            column += 1
    for line in statement(results):
        row += 1
        look = "money" if line.kind in ("money", "outcome") else "ratio"
        look = "strong_money" if line.strong else look
        name = line_name(line, results, voice)
        book.text(sheet, row, 0, name, "strong_text" if line.strong else "text")
        column = 1
        for figure in (line.plan, line.current, line.change):
            for value in (figure.mean, figure.lo, figure.hi):
                book.figure(sheet, row, column, value, look)
                column += 1


def _plan_sheet(book: Book, results: Results, keys: list[str]) -> None:
    """Money by cell (or cell and geo) and period: the plan with its tests, then today's mix; totals live both ways."""
    voice = book.voice
    sheet = book.sheet("sheet.plan.geo" if "geo" in keys else f"sheet.plan.{results.about.grain}")
    wide = len(keys)
    sheet.set_column(0, wide - 1, 16)
    row = 0
    for key, column in (("book.planned", "planned_spend"), ("book.current", "current_spend")):
        table = _by_period(results, column, keys)
        dates = list(table.columns)
        sheet.set_column(wide, wide + len(dates), 12)
        begun = key == "book.planned" and results.summary.spent > 0
        title = voice.text(
            f"{key}.begun" if begun else key, {"day": voice.figures.day(results.summary.data_until)}
        )
        book.text(sheet, row, 0, title, "title")
        sheet.set_row(row, 26)
        row += 1
        for place, name in enumerate(keys):
            book.text(sheet, row, place, voice.text(f"column.{name}"), "head")
        for place, date in enumerate(dates):
            sheet.write_datetime(row, wide + place, pd.Timestamp(date).to_pydatetime(), book.looks["date"])
        book.text(sheet, row, wide + len(dates), voice.text("column.total"), "head_number")
        top = row + 1
        for offset, (names, amounts) in enumerate(zip(table.index, table.to_numpy(), strict=True)):
            line = top + offset
            shown = names if any(names) else (voice.text("tests"), *names[1:])
            for place, name in enumerate(shown):
                book.text(sheet, line, place, name)
            for place, amount in enumerate(amounts):
                book.figure(sheet, line, wide + place, float(amount), "money")
            block = ((line, wide), (line, wide + len(dates) - 1))
            book.sum(sheet, line, wide + len(dates), block, float(amounts.sum()), "row_total")
        row = top + len(table)
        book.text(sheet, row, 0, voice.text("column.total"), "total_text")
        for place in range(1, wide):
            book.text(sheet, row, place, "", "total_text")
        totals = [*table.to_numpy().sum(axis=0), table.to_numpy().sum()]
        for place, total in enumerate(totals):
            book.sum(sheet, row, wide + place, ((top, wide + place), (row - 1, wide + place)), float(total))
        lines = [
            (names[0], float(x)) for names, x in zip(table.index, table.to_numpy().sum(axis=1), strict=True)
        ]
        buying_columns(book, sheet, results.about, top - 1, wide + len(dates), lines)
        row += 3
    sheet.freeze_panes(2, wide)
    sheet.repeat_columns(0, wide - 1)


def _by_period(results: Results, column: str, keys: list[str]) -> pd.DataFrame:
    """Money by cell (rows, in the order of the plan, tests last) and first day of the period."""
    named = _key_columns(results)
    order = [tuple(getattr(cell, key) for key in named) for cell in results.cells]
    table = results.plan.pivot_table(index=keys, columns="date", values=column, aggfunc="sum", sort=False)
    table = table.fillna(0.0).sort_index(axis=1)
    index = [tuple(names) if isinstance(names, tuple) else (names,) for names in table.index]
    place = {names: i for i, names in enumerate(order)}
    positions = sorted(range(len(index)), key=lambda i: place.get(index[i][: len(named)], len(place)))
    return table.iloc[positions]


def _key_columns(results: Results) -> list[str]:
    return [name for name in ("channel", "audience", "message") if name in results.plan]


def _bridge_sheet(book: Book, results: Results) -> None:
    """Every step of the money bridge by window and cell; none where nothing says what platforms claim."""
    if results.bridge.empty:
        return
    voice = book.voice
    sheet = book.sheet("sheet.bridge")
    rows = [
        row
        | {
            "step": voice.text(f"claims.step.{row['step']}"),
            "kind": voice.retold(row.get("kind")),
            "name": voice.cell(cell_of(row)) or voice.text("claims.total"),
        }
        for row in records(results.bridge)
    ]
    columns = [
        Column(voice.text("column.period"), "period", width=24),
        Column(voice.text("column.cell"), "name", width=24),
        Column(voice.text("column.step"), "step", width=20),
        Column(voice.text("column.kind"), "kind"),
        Column(voice.text("column.amount"), "value", "money"),
        *(
            Column(voice.text(f"column.{word}"), f"value_{end}", "money")
            for end, word in (("lo", "low"), ("hi", "high"))
        ),
    ]
    write_rows(book, sheet, columns, rows, totals=False)


def _pnl_sheet(book: Book, results: Results) -> None:
    """Every line of profit and loss, as in `pnl.csv`; none where the outcome has no money value."""
    if results.pnl.empty:
        return
    voice = book.voice
    rows = [
        row
        | {
            "mix": voice.text(f"pnl.mix.{row['mix']}"),
            "line": voice.text(f"pnl.line.{row['line']}"),
            "unit": voice.retold(row["unit"]),
            "channel": voice.text("tests") if row["channel"] == "tests" else voice.channel(row["channel"]),
        }
        for row in records(results.pnl)
    ]
    parts = ("mix", "month", "channel", *(["segment"] if (results.pnl["segment"] != "").any() else []))
    columns = [
        *(Column(voice.text(f"column.{name}"), name, width=16) for name in parts),
        Column(voice.text("column.line"), "line", width=24),
        Column(voice.text("column.unit"), "unit"),
        Column(voice.text("column.amount"), "value", "cents", 16),
        *(
            Column(voice.text(f"column.{word}"), f"value_{end}", "cents", 16)
            for end, word in (("lo", "low"), ("hi", "high"))
        ),
    ]
    write_rows(book, book.sheet("sheet.pnl"), columns, rows, totals=False)


def _customers_sheet(book: Book, results: Results) -> None:
    """What a new customer costs and leaves by line; none where new customers are not known."""
    if results.customers.empty:
        return
    voice = book.voice
    figures = (
        *(("new_customers", "new_customers", "money"), ("full_cac", "cac", "ratio")),
        *(("marginal_cac", "next_cac", "ratio"), ("lifetime_value", "lifetime_value", "ratio")),
        *(("value_to_cac", "value_to_cac", "ratio"), ("payback_months", "payback", "money")),
    )
    columns = [
        Column(voice.text("column.level"), "level", width=10),
        *_keys(book, results),
        Column(voice.text("column.spend"), "spend", "money"),
        Column(voice.text("column.handling"), "handling", "money"),
    ]
    for name, head, style in figures:
        columns.append(Column(voice.text(f"column.{head}"), name, style))
        columns += [
            Column(voice.text(f"column.{word}"), f"{name}_{end}", style)
            for end, word in (("lo", "low"), ("hi", "high"))
        ]
    columns += [
        Column(voice.text("column.claimed_cost"), "claimed_cost_per_order", "ratio"),
        Column(voice.text("column.customer_counted"), "cost_per_customer", "ratio"),
        Column(voice.text("column.p_pays_back"), "p_pays_back", "share"),
    ]
    rows = [row | {"level": voice.retold(row["level"])} for row in records(results.customers)]
    write_rows(book, book.sheet("sheet.customers"), columns, rows, totals=False)


def _scenarios_sheet(book: Book, results: Results) -> None:
    """Scenarios in a line each, then their splits; none where the run has none."""
    if results.scenarios.empty:
        return
    voice = book.voice
    sheet = book.sheet("sheet.scenarios")
    names = [(name, f"measure.{name}") for name in ("revenue", "profit", "npv")]
    names.append(("outcome", "measure.units"))
    columns = [
        Column(voice.text("column.scenario"), "scenario", width=24),
        Column(voice.text("column.spend"), "spend", "money"),
    ]
    for name, head in names:
        if name in results.scenarios and results.scenarios[name].notna().any():
            columns.append(Column(voice.text(f"column.{head}"), name, "money"))
            for end, word in (("lo", "low"), ("hi", "high")):
                columns.append(Column(voice.text(f"column.{word}"), f"{name}_{end}", "money"))
    returns = ("roi", "return") if results.about.has_money else ("cost_per_outcome", "cost")
    if returns[0] in results.scenarios:
        columns.append(Column(voice.text(f"column.{returns[1]}"), returns[0], "ratio"))
    columns += [
        Column(voice.text("column.better"), "probability_better", "share"),
        Column(voice.text("column.regret"), "expected_regret", "money"),
    ]
    write_rows(book, sheet, columns, records(results.scenarios), totals=False)
    _splits(book, sheet, results, len(results.scenarios) + 3)


def _splits(book: Book, sheet: Worksheet, results: Results, row: int) -> None:
    """Money of every cell in every scenario, a column each, with live totals."""
    voice = book.voice
    table = results.scenario_plans
    names = [str(name) for name in dict.fromkeys(table["scenario"])]
    book.text(sheet, row, 0, voice.text("column.cell"), "head")
    for place, name in enumerate(names, start=1):
        book.text(sheet, row, place, name, "head_number")
    top = row + 1
    parts = table[table["level"].isin(["cell", "reserve"])]
    lines = [voice.cell(cell) for cell in results.cells] + [voice.text("tests")]
    for offset, line in enumerate(lines):
        book.text(sheet, top + offset, 0, line)
    for place, name in enumerate(names, start=1):
        amounts = [float(amount) for amount in parts.loc[parts["scenario"] == name, "planned_spend"]]
        for offset, amount in enumerate(amounts):
            book.figure(sheet, top + offset, place, amount, "money")
        last = top + len(lines)
        book.sum(sheet, last, place, ((top, place), (last - 1, place)), sum(amounts))
    book.text(sheet, top + len(lines), 0, voice.text("column.total"), "total_text")


def _moves_sheet(book: Book, results: Results) -> None:
    """Where the money moves: cells, then tests, with a chart."""
    sheet = book.sheet("sheet.moves")
    columns = _move_columns(book, results)
    rows = [_move_row(book, row) for row in records(at_level(results.moves, "cell"))]
    tests = {"line": book.voice.text("tests"), "reference_spend": 0.0, "change_money": 0.0, "response": 0.0}
    reserve = results.summary.reserve
    rows.append({**tests, "current_spend": reserve, "planned_spend": reserve})
    write_rows(book, sheet, columns, rows)
    _chart(book, sheet, columns, len(rows))


def _geos_sheet(book: Book, results: Results, found: Sequence[dict[str, Any]]) -> None:
    """Where the money moves, every cell in every geo."""
    line, *rest = _move_columns(book, results)
    geo = Column(book.voice.text("column.geo"), "geo", width=18)
    rows = [_move_row(book, row) for row in found]
    write_rows(book, book.sheet("sheet.moves.geo"), [line, geo, *rest], rows)


def _move_row(book: Book, row: dict[str, Any]) -> dict[str, Any]:
    voice = book.voice
    return row | {
        "line": voice.cell(cell_of(row)),
        "change_money": round(row["planned_spend"] - row["current_spend"], 2),
        "grade": voice.text(f"evidence.grade.{row['evidence']}") if row["evidence"] else "",
        "beyond": voice.text("yes" if row["extrapolated"] else "no"),
        "binding": voice.retold(row["binding"]),
    }


def _move_columns(book: Book, results: Results) -> list[Column]:
    voice, money = book.voice, results.about.has_money
    returns = (
        [("return", "roi"), ("next_now", "mroi_current"), ("next_planned", "mroi_planned")]
        if money
        else [
            ("cost", "cost_per_outcome"),
            ("next_now", "marginal_cost_per_outcome_current"),
            ("next_planned", "marginal_cost_per_outcome_planned"),
        ]
    )
    columns = [
        Column(voice.text("column.cell"), "line", width=26),
        *_keys(book, results),
        *(
            Column(voice.text(f"column.{head}"), name, "money", 14, total=True)
            for head, name in (
                ("reference", "reference_spend"),
                ("before", "current_spend"),
                ("after", "planned_spend"),
                ("change", "change_money"),
                ("brings", "response"),
            )
        ),
        Column(voice.text("column.low"), "response_lo", "money", 14),
        Column(voice.text("column.high"), "response_hi", "money", 14),
        *(Column(voice.text(f"column.{head}"), name, "ratio", 11) for head, name in returns),
        Column(voice.text("column.evidence"), "grade", "flag", 13),
        Column(voice.text("column.limit"), "binding", "flag", 10),
        Column(voice.text("column.price"), "binding_price", "ratio", 11),
        Column(voice.text("column.beyond"), "beyond", "flag", 11),
        Column(voice.text("column.why"), "why", "wrap", 55),
        Column(voice.text("column.flip"), "flip", "wrap", 45),
    ]
    private = {"binding_price", "why", "flip"} - set(results.moves.columns)
    return [column for column in columns if column.name not in private]


def _chart(book: Book, sheet: Worksheet, columns: Sequence[Column], rows: int) -> None:
    """A native bar chart of today's mix and the plan, under the table."""
    name = sheet.get_name()
    chart = book.book.add_chart({"type": "bar"})
    names = [column.name for column in columns]
    for column, colour in (("current_spend", "#B9BFC5"), ("planned_spend", "#1F3A5F")):
        place = names.index(column)
        chart.add_series(
            {
                "name": [name, 0, place],
                "categories": [name, 1, 0, rows, 0],
                "values": [name, 1, place, rows, place],
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    chart.set_title({"name": book.voice.text("book.chart"), "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis(
        {
            "reverse": book.from_the_right,
            "num_format": "#,##0",
            "major_gridlines": {"visible": True, "line": {"color": "#ECEEF0"}},
        }
    )
    chart.set_size({"width": 900, "height": max(320, 34 * rows)})
    sheet.insert_chart(rows + 4, 0, chart, {"description": book.voice.text("book.chart")})


def _returns_sheet(book: Book, results: Results, table: pd.DataFrame, name: str) -> None:
    """Returns by level: of the whole outcome, or of its segments."""
    voice = book.voice
    sheet = book.sheet(name)
    found = {
        "spend": ("spend", "money"),
        "contribution": ("contribution", "money"),
        "roi": ("return", "ratio"),
        "cost_per_outcome": ("cost", "ratio"),
        "mroi": ("next", "ratio"),
        "marginal_cost_per_outcome": ("next", "ratio"),
        "romi": ("romi", "ratio"),
        "p_pays_prior": ("pays_before", "share"),
        "p_pays": ("pays_after", "share"),
        "share_of_spend": ("share_spend", "share"),
        "share_of_contribution": ("share_contribution", "share"),
    }
    columns = [Column(voice.text("column.level"), "level", width=10), *_keys(book, results)]
    for name in ("segment", "outcome_name"):
        if name in table:
            columns = [Column(voice.text(f"column.{name}"), name, width=14), *columns]
    if "geo" in table:
        columns.append(Column(voice.text("column.geo"), "geo"))
    for figure, (head, style) in found.items():
        if figure not in table:
            continue
        columns.append(Column(voice.text(f"column.{head}"), figure, style))
        for end, word in (("lo", "low"), ("hi", "high")):
            if f"{figure}_{end}" in table:
                columns.append(Column(voice.text(f"column.{word}"), f"{figure}_{end}", style))
    columns.append(Column(voice.text("column.evidence"), "evidence", "flag"))
    rows = [row | {name: voice.retold(row[name]) for name in ("level", "evidence")} for row in records(table)]
    write_rows(book, sheet, columns, rows, totals=False)


def _curves_sheet(book: Book, results: Results) -> None:
    voice = book.voice
    sheet = book.sheet("sheet.curves")
    columns = [
        *_keys(book, results),
        Column(voice.text("column.spend"), "spend", "money"),
        Column(voice.text("column.brings"), "response", "money"),
        Column(voice.text("column.low"), "response_lo", "money"),
        Column(voice.text("column.high"), "response_hi", "money"),
        Column(voice.text("column.next"), "mroi", "ratio"),
        Column(voice.text("column.inside"), "inside", "flag"),
    ]
    rows = [
        row | {"inside": voice.text("yes" if row["observed"] else "no")}
        for cell in results.cells
        for row in records(curve_of(results, cell))
    ]
    write_rows(book, sheet, columns, rows, totals=False)


def _checks_sheet(book: Book, results: Results) -> None:
    sheet = book.sheet("sheet.checks")
    table = appendix.checks_table(results, book.voice)
    widths = (28, 10, 28, 12, 16, 80)
    for place, (name, width) in enumerate(zip(table.head, widths, strict=True)):
        sheet.set_column(place, place, width)
        book.text(sheet, 0, place, name, "head")
    for row, values in enumerate(table.rows, start=1):
        for place, value in enumerate(values):
            book.text(sheet, row, place, value, "wrap")
        book.fit(sheet, row, zip(values, widths, strict=True))
    sheet.freeze_panes(1, 1)


def _about_sheet(book: Book, results: Results) -> None:
    voice = book.voice
    sheet = book.sheet("sheet.about")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    book.text(sheet, 0, 0, masthead(results, voice).trace, "note")
    row = 2
    for table in (appendix.run_table(results, voice), appendix.diagnostics_table(results, voice)):
        for values in table.rows:
            for place, value in enumerate(values):
                book.text(sheet, row, place, value, "wrap" if place else "text")
            row += 1
        row += 1
    if results.about.config_text:
        book.text(sheet, row, 0, voice.text("appendix.config"), "head")
    for line in results.about.config_text.splitlines():
        row += 1
        book.text(
            sheet, row, 1 if book.from_the_right else 0, line, "code"
        )  # the column with room on its right


def _keys(book: Book, results: Results) -> list[Column]:
    return [Column(book.voice.text(f"column.{name}"), name, width=16) for name in _key_columns(results)]
