"""The main job on a small company: what is in the folder, and that every number agrees with every other."""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import mmm
from mmm.config import load_config

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

Read = Callable[[Path], pd.DataFrame]
RANGE = ("", "_lo", "_hi")


def _ranged(*names: str) -> list[str]:
    return [f"{name}{end}" for name in names for end in RANGE]


COLUMNS = {
    "roi": [
        *("level", "channel", "audience", "geo", "spend"),
        *_ranged("contribution", "roi"),
        "roi_median",
        *_ranged("mroi", "romi"),
        *("p_pays", "p_pays_prior", "share_of_spend", "share_of_contribution", "evidence"),
    ],
    "contributions": ["date", "component", "channel", "audience", *_ranged("value")],
    "curves": ["channel", "audience", "spend", *_ranged("response"), "mroi", "observed"],
    "fit": ["date", "geo", "actual", *_ranged("expected"), "baseline"],
    "checks": ["check", "severity", "where", "rows", "value", "remedy"],
    "plan": [
        *("date", "purpose", "channel", "audience", "geo"),
        *("reference_spend", "current_spend", "planned_spend"),
    ],
    "scenarios": [
        *("scenario", "budget", "spend", "reserve"),
        *_ranged("revenue", "profit", "roi", "romi"),
        *("probability_better", "expected_regret", "note"),
    ],
    "scenario_plans": [
        *("scenario", "level", "channel", "audience", "current_spend", "planned_spend"),
        *_ranged("response"),
    ],
    "scenario_pairs": [
        *("scenario", "against", "probability_better", *_ranged("difference"), "expected_regret"),
    ],
    "frontier": [
        *("point", "budget", "spend", "reserve", *_ranged("revenue", "profit", "roi", "romi"), "next_unit"),
    ],
    "moves": [
        *("level", "channel", "audience", "reference_spend", "current_spend", "planned_spend", "change"),
        *_ranged("response"),
        *("roi", "mroi_current", "mroi_planned", "evidence", "binding", "binding_price"),
        *("extrapolated", "why", "flip"),
    ],
}
PLAN_KEYS = [
    *("window", "data_until", "budget", "core", "reserve"),
    *_ranged("profit", "revenue", "roi", "romi"),
    *_ranged("current_profit", "current_revenue", "current_roi", "current_romi", "forecast"),
    *("probability_better", "expected_regret", "gap", "gap_money", "method", "seconds"),
    *("shadow_price", "reserve_price"),
]


@pytest.fixture(scope="module")
def plan(finished) -> dict:  # type: ignore[no-untyped-def]
    return json.loads((finished.folder / "plan.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(finished) -> str:  # type: ignore[no-untyped-def]
    """The words of the page, one space between any two."""
    text = (finished.folder / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<(script|style|svg).*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture(scope="module")
def book(finished) -> openpyxl.Workbook:  # type: ignore[no-untyped-def]
    return openpyxl.load_workbook(finished.folder / "plan.xlsx", data_only=True)


def test_the_main_job_ends_with_the_path_of_the_report(finished) -> None:  # type: ignore[no-untyped-def]
    assert finished.said.code == 0
    assert finished.said.out.splitlines()[-1] == str(finished.folder / "report.html")
    assert "Traceback" not in finished.said.err


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_the_columns_of_the_contract_in_its_order(finished, read: Read, name: str) -> None:  # type: ignore[no-untyped-def]
    found = list(read(finished.folder / f"{name}.csv").columns)
    assert [column for column in found if column in COLUMNS[name]] == COLUMNS[name]


def test_tables_begin_with_the_mark_that_tells_excel_utf_8(finished) -> None:  # type: ignore[no-untyped-def]
    for path in finished.folder.glob("*.csv"):
        assert path.read_bytes()[:3] == b"\xef\xbb\xbf", path.name


def test_the_json_files_have_the_keys_of_the_contract(finished, plan: dict) -> None:  # type: ignore[no-untyped-def]
    diagnostics = json.loads((finished.folder / "diagnostics.json").read_text(encoding="utf-8"))
    wanted = {
        "rhat_max",
        "ess_bulk_min",
        "ess_tail_min",
        "divergences",
        "seconds",
        "r2",
        "mape",
        "coverage_90",
    }
    assert wanted <= set(diagnostics)
    assert "fit" in diagnostics["seconds"]
    assert set(PLAN_KEYS) <= set(plan)


def test_the_manifest_lists_every_file_with_its_hash_and_nothing_else(finished) -> None:  # type: ignore[no-untyped-def]
    manifest = json.loads((finished.folder / "manifest.json").read_text(encoding="utf-8"))
    inside = [p.relative_to(finished.folder) for p in finished.folder.rglob("*") if p.is_file()]
    there = {p.as_posix() for p in inside if not p.parts[0].startswith(".")}
    assert set(manifest["artefacts"]) == there - {"manifest.json"}
    assert there >= {
        "posterior.nc",
        "report.html",
        "report.pdf",
        "plan.xlsx",
        "plan.json",
        "diagnostics.json",
        "figures/response-curves.svg",
        "figures/response-curves.png",
    }
    for name, digest in manifest["artefacts"].items():
        assert hashlib.sha256((finished.folder / name).read_bytes()).hexdigest() == digest, name
    for path, digest in manifest["inputs"].items():
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest, path
    assert {Path(path).name for path in manifest["inputs"]} == {"sales.csv", "media.csv", "controls.csv"}
    made = [stage["name"] for stage in manifest["stages"]]
    assert made == ["check", "fit", "money", "plan", "tests", "pnl", "scenarios", "report"]
    assert manifest["config"]["text"] == finished.small.config.read_text()


def test_nothing_is_left_of_the_work_but_the_stages(finished) -> None:  # type: ignore[no-untyped-def]
    hidden = {path.name for path in finished.folder.iterdir() if path.name.startswith(".")}
    assert hidden == {".owner", ".stages"}
    stages = sorted(path.name.split("-")[0] for path in (finished.folder / ".stages").iterdir())
    assert stages == ["check", "fit", "money", "plan", "pnl", "report", "scenarios", "tests"]


def test_the_plan_sums_to_the_budget_with_a_tenth_for_tests(finished, read: Read, plan: dict) -> None:  # type: ignore[no-untyped-def]
    table = read(finished.folder / "plan.csv")
    by_purpose = table.groupby("purpose")["planned_spend"].sum()
    assert set(by_purpose.index) == {"core", "test"}
    assert by_purpose.sum() == pytest.approx(300_000, abs=1e-6)
    assert by_purpose["test"] >= 30_000 - 1e-9
    assert table["current_spend"].sum() == pytest.approx(300_000, abs=1e-6)
    assert (plan["budget"], plan["core"] + plan["reserve"]) == (300_000, 300_000)
    assert plan["reserve"] == pytest.approx(by_purpose["test"])
    tests = table[table["purpose"] == "test"]
    assert list(tests["channel"]) == [""] * 8
    assert list(tests["date"]) == list(table.loc[table["purpose"] == "core", "date"].unique())


def test_moves_and_plan_give_each_cell_the_same_money(finished, read: Read) -> None:  # type: ignore[no-untyped-def]
    table, moves = read(finished.folder / "plan.csv"), read(finished.folder / "moves.csv")
    keys, money = ["channel", "audience"], ["reference_spend", "current_spend", "planned_spend"]
    core = table[table["purpose"] == "core"].groupby(keys)[money].sum()
    cells = moves[moves["level"] == "cell"].set_index(keys)[money].loc[core.index]
    np.testing.assert_allclose(cells.astype(float), core, atol=1e-6)


def test_contributions_tie_to_the_outcome_of_the_file(finished, read: Read) -> None:  # type: ignore[no-untyped-def]
    parts = read(finished.folder / "contributions.csv").groupby("date")["value"].sum()
    sales = read(finished.small.folder / "sales.csv").groupby("week")["revenue"].sum()
    assert len(parts) == 80 - 6  # the first six weeks serve as history
    np.testing.assert_allclose(parts, sales.loc[parts.index], rtol=1e-9)


def test_the_fit_shows_the_outcome_of_the_file_by_region_and_in_total(finished, read: Read) -> None:  # type: ignore[no-untyped-def]
    fit = read(finished.folder / "fit.csv").set_index(["date", "geo"])["actual"].astype(float)
    sales = read(finished.small.folder / "sales.csv")
    by_region = sales.set_index(["week", "region"])["revenue"]
    total = sales.assign(region="").groupby(["week", "region"])["revenue"].sum()
    assert len(fit) == 3 * (80 - 6)
    np.testing.assert_allclose(fit, pd.concat([by_region, total]).loc[fit.index], rtol=1e-12)


def test_returns_stand_on_the_spend_of_the_file_and_on_the_contributions(finished, read: Read) -> None:  # type: ignore[no-untyped-def]
    roi = read(finished.folder / "roi.csv")
    cells = roi[roi["level"] == "cell"].set_index(["channel", "audience"])
    parts = read(finished.folder / "contributions.csv")
    media = read(finished.small.folder / "media.csv")
    spend = media[media["week"] >= parts["date"].min()].groupby(["channel", "audience"])["spend"].sum()
    brought = parts[parts["component"] == "media"].groupby(["channel", "audience"])["value"].sum()
    order = cells.index
    np.testing.assert_allclose(cells["spend"].astype(float), spend.loc[order], rtol=1e-12)
    np.testing.assert_allclose(cells["contribution"].astype(float), brought.loc[order], rtol=1e-9)
    np.testing.assert_allclose(
        cells["roi"].astype(float),
        cells["contribution"].astype(float) / cells["spend"].astype(float),
        rtol=1e-9,
    )
    total = roi[roi["level"] == "total"].iloc[0]
    assert float(total["contribution"]) == pytest.approx(float(brought.sum()), rel=1e-9)


def test_profit_is_margin_times_revenue_less_the_whole_budget(plan: dict) -> None:
    for prefix in ("", "current_"):
        assert plan[f"{prefix}profit"] == pytest.approx(0.55 * plan[f"{prefix}revenue"] - 300_000, rel=1e-9)
    assert plan["gain"] == pytest.approx(plan["profit"] - plan["current_profit"], abs=1e-6)
    assert 0 <= plan["gap"] < 0.01


def _thousands(value: float) -> str:
    return f"{value / 1e3:,.1f} k".replace("-", "\u2212").replace("\u22120.0 k", "0 k")


def test_scenarios_hold_the_plan_and_todays_mix_as_plan_json_has_them(
    finished, read: Read, plan: dict
) -> None:  # type: ignore[no-untyped-def]
    table = read(finished.folder / "scenarios.csv").set_index("scenario")
    for name, prefix in (("optimum", ""), ("keep", "current_")):
        for figure in _ranged("profit", "revenue", "roi"):
            assert float(table.loc[name, figure]) == pytest.approx(plan[prefix + figure])
    assert float(table.loc["optimum", "probability_better"]) == plan["probability_better"]
    frontier = read(finished.folder / "frontier.csv").set_index("point")
    assert float(frontier.loc["plan", "profit"]) == pytest.approx(plan["profit"])
    splits = read(finished.folder / "scenario_plans.csv")
    planned = splits[(splits.scenario == "optimum") & (splits.level == "cell")].planned_spend.astype(float)
    assert planned.sum() == pytest.approx(plan["core"])


def test_the_page_and_the_book_compare_the_scenarios(page: str, book: openpyxl.Workbook) -> None:
    assert "More money, less money" in page
    names = [row[0].value for row in book["Scenarios"].iter_rows(min_row=2, max_row=7)]
    assert names == ["keep", "-20 %", "-10 %", "+10 %", "+20 %", "optimum"]


def test_the_page_says_what_plan_json_says(page: str, plan: dict) -> None:
    assert "Money in thousands of USD" in page
    for line, name in (("Profit after media", "profit"), ("Incremental revenue", "revenue")):
        said = " ".join(
            f"{_thousands(plan[p + name])} {_thousands(plan[f'{p}{name}_lo'])} to {_thousands(plan[f'{p}{name}_hi'])}"
            for p in ("", "current_")
        )
        assert f"{line} {said}" in page
    assert f"{math.floor(100 * plan['probability_better'] + 0.5)} in 100" in page  # a half counts as one
    assert f"{_thousands(plan['budget'])} of spend brings {_thousands(plan['revenue'])} of revenue" in page
    assert _thousands(plan["forecast"]) in page


def test_the_page_says_what_moves_csv_says(finished, read: Read, page: str) -> None:  # type: ignore[no-untyped-def]
    moves = read(finished.folder / "moves.csv")
    for row in moves[moves["level"] == "cell"].itertuples():
        name = " / ".join(part for part in (row.channel, row.audience) if part)
        amounts = [float(x) for x in (row.reference_spend, row.current_spend, row.planned_spend)]
        assert f"{name} {' '.join(map(_thousands, amounts))}" in page
        assert f"{_thousands(amounts[1])} \u2192 {_thousands(amounts[2])}" in page
        assert row.why in page


def test_the_workbook_says_what_plan_json_says(book: openpyxl.Workbook, plan: dict) -> None:
    rows = {row[0]: row for row in book["Decision"].iter_rows(values_only=True) if row[0]}
    for line, name in (("Profit after media", "profit"), ("Incremental revenue", "revenue")):
        want = [plan[f"{p}{name}{end}"] for p in ("", "current_") for end in RANGE]
        assert rows[line][1:7] == pytest.approx(want, rel=1e-14)
    assert rows["Profit after media"][7:10] == pytest.approx([plan[f"gain{e}"] for e in RANGE], rel=1e-14)
    totals = [row for row in book["Plan by week"].iter_rows(values_only=True) if row[0] == "Total"]
    assert [row[-1] for row in totals] == pytest.approx([300_000, 300_000])


def test_the_workbook_says_what_roi_csv_says(finished, read: Read, book: openpyxl.Workbook) -> None:  # type: ignore[no-untyped-def]
    roi = read(finished.folder / "roi.csv")
    _, *rows = book["Returns"].iter_rows(values_only=True)
    names = [
        "spend",
        *_ranged("contribution", "roi", "mroi", "romi"),
        *("p_pays_prior", "p_pays", "share_of_spend", "share_of_contribution"),
    ]
    assert len(rows) == len(roi)
    for row, want in zip(rows, roi.to_dict("records"), strict=True):
        figures = [x for x in row if isinstance(x, int | float)]
        assert figures == pytest.approx([float(want[n]) for n in names if want[n] != ""], rel=1e-14)
        assert [x or "" for x in row[:4]] == [want[key] for key in ("level", "channel", "audience", "geo")]


def test_the_example_of_the_contract_works(finished, no_sampling: list[str], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    config = mmm.load_config(finished.small.config)
    run = mmm.run(config, out=finished.copy(tmp_path / "acme"))
    roi = run.roi()
    assert {"cell", "channel", "geo", "total"} <= set(roi["level"])
    assert roi["roi"].notna().all()
    assert 0 <= run.plan.gap < 0.01
    assert not no_sampling


def test_python_and_the_command_read_the_same_config(finished) -> None:  # type: ignore[no-untyped-def]
    manifest = json.loads((finished.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["config"]["hash"] == load_config(finished.small.config).digest
