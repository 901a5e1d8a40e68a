"""Texts that a workbook writes once and shows often: counted as a reader would copy them, and bounded."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from mmm.data import workbook_texts
from mmm.data.workbook import opened
from mmm.data.workbook_guard import refuse_bombs
from mmm.errors import DataError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _book(path: Path, texts: str, cells: str) -> Path:
    """A workbook with these shared texts and cells."""
    whole = io.BytesIO()
    openpyxl.Workbook().save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part not in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"):
                new.writestr(part, old.read(part))
        new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{texts}</sst>')
        sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'
        new.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def _letters(path: Path) -> int:
    """Letters of all cells, as the reader has them."""
    with opened(path) as book:
        rows = book.get_sheet_by_index(0).to_python()
    return sum(len(value) for row in rows for value in row if isinstance(value, str))


TEXTS = (
    "<si/><si><t>four</t></si><!-- <si><t>no</t></si> --><si><r><t>se</t></r><r><t>ven &amp;</t></r></si>"
    "<x:si xmlns:x='u'><x:t>eleven or so</x:t></x:si>"
)
CELLS = (
    '<c r="A1" t="s"><v>1</v></c><c t="s" r="B1"><v>2</v></c><c r="C1"><v>3</v></c><c r=\'D1\' t=\'s\'><v>3</v></c>'
    '<c r="E1" s="3" t="s" ><v xml:space="preserve">1</v></c><c r="F1" t="s"><v>0</v></c><c r="G1" t = "s"><v>3</v></c>'
)


def test_letters_are_counted_as_the_reader_copies_them(tmp_path, monkeypatch):
    path = _book(tmp_path / "a.xlsx", TEXTS, CELLS)
    assert _letters(path) == 4 + 7 + 12 + 4 + 0 + 12
    for most, refused in ((39, False), (38, True)):
        monkeypatch.setattr(workbook_texts, "MOST_LETTERS", most)
        if refused:
            with pytest.raises(DataError, match=r"sheet1\.xml: the texts of its cells come to more than 38"):
                refuse_bombs(path)
        else:
            refuse_bombs(path)


ODD = ("x", " 1 ", "-1", "\u0661", "1" * 30, "1" * 5_000, "1</v><v>0", "<!-- -->1", "1</v><f>1</f><v>1")


@pytest.mark.parametrize("named", ODD)
def test_a_cell_that_is_written_otherwise_than_usual_counts_as_the_longest_text(tmp_path, monkeypatch, named):
    cells = f'<c r="A1" t="s"><v>{named}</v></c>'
    path = _book(tmp_path / "a.xlsx", f"<si><t>{'long' * 30}</t></si><si><t>a</t></si>", cells)
    monkeypatch.setattr(workbook_texts, "MOST_LETTERS", 119)
    with pytest.raises(DataError, match=r"sheet1\.xml: the texts"):
        refuse_bombs(path)


def test_one_long_text_in_few_cells_passes_whatever_the_others_are(tmp_path, monkeypatch):
    cells = "".join(f'<c t="s"><v>{0 if n else 1}</v></c>' for n in range(500))
    path = _book(tmp_path / "a.xlsx", f"<si><t>a</t></si><si><t>{'long' * 125}</t></si>", cells)
    monkeypatch.setattr(workbook_texts, "MOST_LETTERS", 1_000)
    refuse_bombs(path)
    assert _letters(path) == 999


def test_more_texts_than_a_sheet_may_have_cells_are_refused(tmp_path, monkeypatch):
    path = _book(tmp_path / "a.xlsx", "<si/>" * 11, '<c r="A1"><v>1</v></c>')
    monkeypatch.setattr(workbook_texts, "MOST_CELLS", 10)
    with pytest.raises(DataError, match=r"sharedStrings\.xml: more than 10 texts"):
        refuse_bombs(path)


def test_a_text_inside_another_is_no_workbook(tmp_path, monkeypatch):
    path = _book(tmp_path / "a.xlsx", "<si><si/></si>", '<c r="A1" t="s"><v>0</v></c>')
    monkeypatch.setattr(workbook_texts, "MOST_LETTERS", 1)
    with pytest.raises(DataError, match="begins inside another"):
        refuse_bombs(path)
