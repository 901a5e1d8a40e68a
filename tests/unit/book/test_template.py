"""The workbook to fill in: opens in both languages, explains every line, and is empty."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from mmm.book.template import write_template
from mmm.book.words import HEADINGS, SETTINGS, SHEETS, Language
from mmm.cli import shell
from mmm.config import Config, load_config
from mmm.errors import ConfigError


@pytest.mark.parametrize("language", ["en", "he"])
def test_every_setting_has_its_explanation_and_an_empty_cell(tmp_path: Path, language: Language) -> None:
    write_template(tmp_path / "book.xlsx", language)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == [term.said(language) for term in SHEETS.values()]
    assert all(bool(sheet.sheet_view.rightToLeft) == (language == "he") for sheet in book)
    sheet = book[SHEETS["settings"].said(language)]
    told = {row[0].value: (row[1].value, row[2].value) for row in sheet.iter_rows(min_row=2, max_col=3)}
    for _, group in SETTINGS:
        for one in group:
            assert told[one.label.said(language)] == (None, one.about.said(language))
    for key, headings in HEADINGS.items():
        head = book[SHEETS[key].said(language)][1]
        assert [cell.value for cell in head] == [one.label.said(language) for one in headings]
        assert all(cell.comment is not None for cell in head)


def test_what_can_be_chosen_is_what_the_config_knows(tmp_path: Path) -> None:
    write_template(tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Settings"]
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    choices = [one.choices for _, group in SETTINGS for one in group if one.choices is not None]
    assert [said.strip('"').split(",") for said in lists] == [
        [term.en for term in told.values()] for told in choices
    ]


def test_an_empty_template_says_what_is_to_be_filled_in(tmp_path: Path) -> None:
    write_template(tmp_path / "book.xlsx")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "book.xlsx")
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        'sheet "Settings", cell B3',
        'sheet "Data", cell A2',
    ]


def test_no_word_stands_for_two_settings_or_two_sheets() -> None:
    labels = [word for _, group in SETTINGS for one in group for word in set(one.label.both)]
    sheets = [word for term in SHEETS.values() for word in set(term.both)]
    assert len(labels) == len(set(labels))
    assert len(sheets) == len(set(sheets))


def test_the_keys_of_settings_are_keys_of_a_config() -> None:
    for _, group in SETTINGS:
        for one in group:
            assert one.key.partition(".")[0] in Config.model_fields


def test_the_command_writes_once_and_never_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new" / "book.xlsx"
    assert shell.execute(["template", str(place), "--language", "he"]) == 0
    assert "mmm check" in capsys.readouterr().out
    before = place.read_bytes()
    assert shell.execute(["template", str(place)]) == 1
    assert place.read_bytes() == before
    assert shell.execute(["template", str(tmp_path / "book.csv")]) == 2
    assert "ends in .xlsx" in capsys.readouterr().err
