"""A filled workbook is the config that says the same, in either language, and every fault names its cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from mmm.book.reading import read_book
from mmm.book.words import SETTINGS, SHEETS
from mmm.cli import shell
from mmm.config import load_config
from mmm.data.readouts import read_readouts
from mmm.data.tables import load_tables
from mmm.errors import ConfigError
from mmm.stages.keys import fit_key, plan_key
from mmm.stages.prepare import prepare

Fill = Callable[..., Path]

FULL = {
    "currency": "usd",
    "data.outcome.vat_included": 0.17,
    "data.media[1].vat_included": 0.17,
    "calendar.holidays": "US, IL",
    "plan.window.start": date(2026, 1, 5),
    "plan.window.end": date(2026, 4, 5),
    "plan.budget": 400_000,
    "plan.reserve_for_tests": 0.12,
    "plan.change": 0.3,
}
SHEETS_FULL = {
    "factors": [[date(2024, 1, 1), 1.0], [date(2024, 1, 8), 1.02]],
    "limits": [["TV", None, 50_000, "1.4x", None], ["Social", "all", None, None, 12_000]],
    "tests": [["geo-1", "Search", None, date(2024, 5, 6), date(2024, 6, 2), 9_000, 15_000, 4_000, None]],
    "events": [[date(2024, 11, 25), date(2024, 12, 1), "sale"]],
}
AS_YAML = """
name: acme
currency: USD
data:
  source: book.xlsx
  sheet: Data
  date: Week
  outcome: {value: Revenue, vat_included: 0.17}
  media:
    - vat_included: 0.17
      cells:
        - {channel: TV, spend: TV}
        - {channel: Search, spend: Search}
        - {channel: Social, audience: new customers, spend: Social / new customers}
        - {channel: Social, audience: all, spend: Social / all}
  controls: {source: book.xlsx, sheet: Other factors, date: Week, columns: [Price index]}
  events: {source: book.xlsx, sheet: Events, date: First day, end: Last day, name: Event}
calendar: {holidays: [US, IL]}
experiments: {source: book.xlsx, sheet: Past tests}
finance: {gross_margin: 0.4}
plan:
  window: {start: 2026-01-05, end: 2026-04-05}
  budget: 400_000
  reserve_for_tests: 0.12
  change: 0.3
  bounds: [{channel: TV, min: 50_000, max: 1.4x}]
  fixed: [{channel: Social, audience: all, spend: 12_000}]
"""


def test_a_workbook_is_the_config_that_says_the_same(filled: Fill, tmp_path: Path) -> None:
    book = load_config(filled(FULL, SHEETS_FULL))
    (tmp_path / "acme.yaml").write_text(AS_YAML, encoding="utf-8")
    assert book.model_dump() == load_config(tmp_path / "acme.yaml").model_dump()


def test_the_text_of_a_workbook_is_that_config_too(filled: Fill, tmp_path: Path) -> None:
    book = load_config(filled(FULL, SHEETS_FULL))
    (tmp_path / "again.yaml").write_text(book.text, encoding="utf-8")
    assert load_config(tmp_path / "again.yaml").digest == book.digest


def test_a_workbook_in_hebrew_says_the_same_with_other_names(filled: Fill) -> None:
    chosen = {"calendar.week_starts": ("Monday", "שני"), "plan.reference": ("Last year", "שנה שעברה")}
    told = []
    for language, tv, name in (("en", "TV", "en.xlsx"), ("he", "טלוויזיה", "he.xlsx")):
        settings = {key: words[language == "he"] for key, words in chosen.items()}
        rows = {
            "limits": [[tv, None, 50_000, None, None]],
            "tests": [[tv if r == "Search" else r for r in SHEETS_FULL["tests"][0]]],
        }
        told.append(load_config(filled({**FULL, **settings}, rows, language, name)))
    english, hebrew = told
    assert hebrew.calendar == english.calendar
    assert hebrew.plan.reference == "last_year"
    assert [bound.min for bound in hebrew.plan.bounds] == [bound.min for bound in english.plan.bounds]
    tables = [load_tables(one.data, one.calendar, one.channels, one.folder) for one in told]
    np.testing.assert_array_equal(tables[0].media["spend"], tables[1].media["spend"])
    np.testing.assert_array_equal(tables[0].outcome["outcome"], tables[1].outcome["outcome"])
    tests = []
    for config in told:
        assert config.experiments is not None
        ((test,), _, faults) = read_readouts(config.experiments, config.data, config.folder)
        assert not faults
        tests.append((test.id, test.start, test.end, test.spend_change, test.lift, test.lift_se))
    assert tests[0] == tests[1]


def test_a_company_of_several_words_keeps_its_name_on_the_pages(filled: Fill) -> None:
    config = load_config(filled({"name": "Acme & Sons Ltd."}))
    assert config.name == "Acme-Sons-Ltd."
    assert config.report.brand.name == "Acme & Sons Ltd."


def test_a_new_budget_keeps_the_fit_and_a_new_week_does_not(filled: Fill) -> None:
    def keys(path: Path) -> tuple[str, str]:
        config = load_config(path)
        fitted = fit_key(config, prepare(config))
        return fitted, plan_key(config, fitted)

    before = keys(filled({"plan.budget": 400_000}))
    other = keys(filled({"plan.budget": 500_000}))
    longer = keys(filled({"plan.budget": 400_000}, {"events": SHEETS_FULL["events"]}))
    assert before[0] == other[0]
    assert before[1] != other[1]
    assert before[0] != longer[0]


def _cell_of(key: str) -> str:
    """The cell of a setting in the template."""
    row = 1
    for _, group in SETTINGS:
        row += 1
        for one in group:
            row += 1
            if one.key == key:
                return f"B{row}"
    raise AssertionError(key)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"currency": "dollars"}, f"cell {_cell_of('currency')}: "),
        ({"plan.reserve_for_tests": 0.05}, f"cell {_cell_of('plan.reserve_for_tests')}: below 0.10"),
        ({"plan.budget": "a lot"}, f"cell {_cell_of('plan.budget')}: 'a lot' is not an amount"),
        (
            {"calendar.week_starts": "someday"},
            f'cell {_cell_of("calendar.week_starts")}: "someday" cannot be chosen',
        ),
        ({"plan.window.start": date(2026, 1, 5)}, f"cell {_cell_of('plan.window.end')}: missing"),
        ({"name": None}, f"cell {_cell_of('name')}: the company has no name"),
    ],
)
def test_a_fault_of_a_setting_names_its_cell(filled: Fill, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(filled(settings))
    (fault,) = caught.value.faults
    assert fault.startswith(f'sheet "Settings", {said}')


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"limits": [["TV", None, -5, None, None]]}, 'sheet "Limits", cell C2: -5 is below 0'),
        ({"limits": [["TV", None, None, None, None]]}, 'sheet "Limits", cell A2: this row has no amount'),
        ({"limits": [[None, None, 5, None, None]]}, 'sheet "Limits", cell A2: a limit names its channel'),
        ({"limits": [["TV", None, 9, 8, None]]}, 'sheet "Limits", cell A2 (TV): min 9 is above'),
        ({"limits": [["Radio", None, 9, None, None]]}, "sheet \"Limits\", cell A2: unknown channel 'Radio'"),
        (
            {"data": [[date(2024, 1, 1), "many"]]},
            'sheet "Data", column B ("Revenue"): 1 value cannot be read',
        ),
        ({"data": [[date(2024, 1, 1), 1, None]]}, 'sheet "Data": the spend of TV is empty in row 2'),
        (
            {"events": [[date(2024, 11, 25), date(2024, 11, 1), "sale"]]},
            'sheet "Events": an event ends before',
        ),
        (
            {"tests": [["g", "TV", None, date(2024, 5, 6), date(2024, 6, 2), 9, 15, 0, None]]},
            '"Past tests", row 2: lift_se',
        ),
    ],
)
def test_a_fault_of_a_sheet_names_its_place(
    filled: Fill, sheets: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = dict(sheets)
    path = filled({}, {key: value for key, value in rows.items() if key != "data"})
    if "data" in rows:
        book = openpyxl.load_workbook(path)
        for j, value in enumerate(rows["data"][0], start=1):
            book["Data"].cell(2, j).value = value
        book.save(path)
    assert shell.execute(["check", str(path)]) == 1
    told = capsys.readouterr()
    assert said in told.err + told.out


def _renamed(path: Path, sheet: str, cell: str, value: str | None, title: str | None = None) -> Path:
    book = openpyxl.load_workbook(path)
    if value is not None:
        book[sheet][cell] = value
    if title is not None:
        book[sheet].title = title
    book.save(path)
    return path


def test_what_is_misspelled_is_named_with_the_nearest_word(filled: Fill) -> None:
    for args, said in (
        (
            ("Settings", _cell_of("plan.budget").replace("B", "A"), "Budgett"),
            'is no setting; did you mean "Budget"?',
        ),
        (
            ("Limits", "C1", "Leest"),
            'sheet "Limits", cell C1: "Leest" is no column of this sheet; did you mean "Least"?',
        ),
        (("Limits", "A1", None, "Limit"), 'sheet "Limit" is not known; did you mean "Limits"?'),
        (("Data", "A1", None, "Weeks"), 'there is no sheet "Data"'),
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(_renamed(filled({"plan.budget": 5}), *args))
        assert any(said in fault for fault in caught.value.faults), caught.value.faults


def test_a_setting_given_twice_is_refused(filled: Fill) -> None:
    with pytest.raises(ConfigError, match=r'"Budget" stands in A\d+ already'):
        load_config(_renamed(filled(), "Settings", "A60", "Budget"))


def test_sheets_of_ones_own_are_left_alone(filled: Fill) -> None:
    path = filled()
    book = openpyxl.load_workbook(path)
    book.create_sheet("My calculations")["A1"] = "=1+1"
    book.save(path)
    assert (
        load_config(path).digest
        == load_config(filled(name="plain.xlsx")).model_copy(update={"data": load_config(path).data}).digest
    )


def test_a_column_of_the_template_that_nobody_filled_is_no_channel(filled: Fill) -> None:
    path = filled()
    book = openpyxl.load_workbook(path)
    for row in range(2, 200):
        book["Data"].cell(row, 6).value = None
    book.save(path)
    assert [cell.spend for cell in load_config(path).data.media[0].cells] == [
        "TV",
        "Search",
        "Social / new customers",
    ]


def test_a_file_that_only_begins_like_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(path)


def test_every_sheet_of_the_template_is_read_or_for_the_reader(filled: Fill) -> None:
    raw, book = read_book(filled(FULL, SHEETS_FULL))
    sheets = {part for place in book.places.values() for part in SHEETS if f'"{SHEETS[part].en}"' in place}
    assert sheets == set(SHEETS) - {"guide", "example"}
    assert raw["data"]["source"] == "book.xlsx"


PAGE = (Path(__file__).parents[3] / "docs" / "excel.md").read_text("utf-8")


def test_the_page_lists_the_sheets_that_are_read() -> None:
    told = re.findall(r"^\| ([A-Z][a-z ]+) \|", PAGE, re.MULTILINE)
    assert told == [term.en for key, term in SHEETS.items() if key not in ("guide", "example")]


def test_the_faults_on_the_page_are_what_is_said(
    filled: Fill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled({"currency": "dollars"}, {"limits": [["TV", None, -5, None, None]]})
    monkeypatch.chdir(path.parent)
    assert shell.execute(["check", path.name]) == 1
    (told,) = re.findall(r"^    mmm: book(?:.*\n    )*.*$", PAGE, re.MULTILINE)
    assert capsys.readouterr().err.splitlines() == [line.removeprefix("    ") for line in told.splitlines()]


def test_the_columns_on_the_page_are_read_as_it_says(filled: Fill) -> None:
    head, row = (line.split("|") for line in re.findall(r"^    (?=Week|2026)(.*)$", PAGE, re.MULTILINE))
    path = filled()
    book = openpyxl.load_workbook(path)
    book["Data"].delete_rows(1, 200)
    for column, (name, value) in enumerate(zip(head, row, strict=True), start=1):
        book["Data"].cell(1, column).value = name.strip()
        book["Data"].cell(2, column).value = (
            int(value) if value.strip().isdigit() else date.fromisoformat(value.strip())
        )
    book.save(path)
    cells = load_config(path).data.media[0].cells
    assert [(cell.channel, cell.audience) for cell in cells][-2:] == [
        ("Social", "new customers"),
        ("Social", "all"),
    ]
