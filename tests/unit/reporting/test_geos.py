"""The plan by geo on the page and in the workbook: the same figures as the tables."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mmm.reporting.excel import write_workbook
from mmm.reporting.geos import geos_figure, geos_lead, geos_table, in_geos
from mmm.reporting.results import Results, load_results
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

SHARES = {"North": 0.25, "=South": 0.75}
ADDED = ["reference_spend", "current_spend", "planned_spend", "response", "response_lo", "response_hi"]


@pytest.fixture(scope="module")
def by_geo(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The made-up run with its money in two geos, outdoor bought for both at once."""
    folder = tmp_path_factory.mktemp("geos")
    for path in run_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    moves, plan = (
        pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig", keep_default_na=False)
        for name in ("moves", "plan")
    )
    cells = moves[(moves["level"] == "cell") & (moves["channel"] != "outdoor")]
    weeks = plan[(plan["purpose"] == "core") & (plan["channel"] != "outdoor")]
    inside, spent, rows = [], [plan[~plan.index.isin(weeks.index)].assign(geo="")], []
    for geo, share in SHARES.items():
        inside.append(cells.assign(geo=geo, **{name: share * cells[name].astype(float) for name in ADDED}))
        money = ["reference_spend", "current_spend", "planned_spend"]
        spent.append(weeks.assign(geo=geo, **{name: share * weeks[name].astype(float) for name in money}))
        rows.append(cells[ADDED].astype(float).sum().mul(share).to_dict() | {"level": "geo", "geo": geo})
    moves = pd.concat([moves.assign(geo=""), *inside, pd.DataFrame(rows)], ignore_index=True)
    moves.to_csv(folder / "moves.csv", index=False, encoding="utf-8-sig")
    pd.concat(spent).to_csv(folder / "plan.csv", index=False, encoding="utf-8-sig")
    return load_results(folder)


def test_the_page_has_a_line_for_each_geo_and_a_field_for_each_cell_in_it(by_geo: Results) -> None:
    voice = voice_for(by_geo, ReportSettings())
    table, figure = geos_table(by_geo, voice), geos_figure(by_geo, voice)
    assert table is not None
    assert [row[0] for row in table.rows] == list(SHARES)
    moved = by_geo.moves[(by_geo.moves["level"] == "geo") & (by_geo.moves["geo"] == "North")].iloc[0]
    assert table.rows[0][2] == voice.amounts.money(moved["planned_spend"])
    assert figure is not None
    fields = json.dumps(figure.spec).count('"change":')
    assert fields == len(SHARES) * (len(by_geo.cells) - 1)
    assert "Outdoor" in str(geos_lead(by_geo, voice))


def test_a_plan_by_cell_has_no_section_on_geos(results: Results) -> None:
    voice = voice_for(results, ReportSettings())
    assert in_geos(results).empty
    assert [geos_table(results, voice), geos_figure(results, voice), geos_lead(results, voice)] == [None] * 3


def test_the_workbook_has_every_cell_in_every_geo_with_totals(by_geo: Results, tmp_path: Path) -> None:
    write_workbook(by_geo, ReportSettings(), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    assert [name for name in book.sheetnames if "region" in name] == ["Plan by region", "Moves by region"]
    head, *rows = book["Moves by region"].iter_rows(values_only=True)
    assert head[:2] == ("Line", "Region")
    assert len(rows) == 1 + len(in_geos(by_geo))
    assert {row[1] for row in rows[:-1]} == set(SHARES)
    place = head.index("Plan")
    assert rows[-1][place] == pytest.approx(in_geos(by_geo)["planned_spend"].sum())
    weekly = list(book["Plan by region"].iter_rows(values_only=True))
    total = next(row for row in weekly if row[0] == "Total")
    assert max(value for value in total if isinstance(value, float)) == pytest.approx(by_geo.summary.budget)
    assert len(list(book["Moves"].iter_rows())) == 1 + len(by_geo.cells) + 1 + 1
