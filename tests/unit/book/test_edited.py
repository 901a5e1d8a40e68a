"""Limits written into the workbook of a run are those the next plan keeps; of anything else it is refused."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mmm.book.edited import edited_bounds
from mmm.cli import shell
from mmm.config import load_config
from mmm.errors import InputError
from mmm.planning.settings import CellBound
from mmm.reporting.excel import write_workbook
from mmm.reporting.results import load_results
from mmm.reporting.settings import ReportSettings

HASH = "a11ce"
_MADE = Path(__file__).parents[1] / "reporting" / "made_up_run.py"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of a made-up run of ten lines, the first with a least amount of its own."""
    spec = importlib.util.spec_from_file_location("made_up_run_of_a_book", _MADE)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    folder = tmp_path_factory.mktemp("run")
    write_workbook(load_results(made.write_run(folder)), ReportSettings(), folder / "plan.xlsx")
    return folder / "plan.xlsx"


@pytest.fixture
def edit(written: Path, tmp_path: Path) -> Callable[..., Path]:
    """Writes values into cells of the sheet of limits, by their name."""

    def make(delete: int | None = None, **cells: Any) -> Path:
        book = openpyxl.load_workbook(written)
        for cell, value in cells.items():
            book["Limits"][cell] = value
        if delete is not None:
            book["Limits"].delete_rows(delete)
        book.save(tmp_path / "plan.xlsx")
        return tmp_path / "plan.xlsx"

    return make


def _of(channel: str, audience: str = "", **amounts: Any) -> CellBound:
    return CellBound.model_validate({"channel": channel, "audience": audience, "message": "", **amounts})


def test_a_workbook_as_it_was_written_asks_what_the_config_asked(written: Path) -> None:
    assert edited_bounds(written, HASH, [CellBound(channel="tv", min=1000)]) == (_of("tv", min=1000),)


def test_what_is_written_into_the_free_cells_is_the_limit(edit: Callable[..., Path]) -> None:
    path = edit(H4=None, I4=250_000, H6="0.5x", I6=100_000)
    found = edited_bounds(path, HASH, [CellBound(channel="tv", min=1000)])
    assert found == (_of("tv", max=250_000), _of("search", "brand", min="0.5x", max=100_000))


def test_what_the_sheet_cannot_say_stays(written: Path) -> None:
    kept = CellBound(channel="outdoor", max=9_000, lot=2_000)
    assert edited_bounds(written, HASH, [kept]) == (
        CellBound(channel="outdoor", lot=2_000),
        _of("tv", min=1000),
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"H5": "much"}, "cell H5: 'much' is not an amount of money"),
        ({"I5": -3}, "cell I5: -3 is below 0"),
        ({"H5": 9, "I5": 8}, "cell H5: the least, 9, is above the most, 8"),
        ({"B5": "radio"}, 'cell B5: "radio" is no line of this plan; it was "outdoor"'),
        ({"I30": 5}, "cell I30: this row is no line of the plan"),
        ({"delete": 6}, "10 lines were written, 9 are there"),
    ],
)
def test_a_fault_names_sheet_and_cell(edit: Callable[..., Path], cells: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        edited_bounds(edit(**cells), HASH, [])
    assert f'sheet "Limits"{":" if "delete" in cells else ","} {said}' in str(caught.value)


def test_a_workbook_of_something_else_is_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of another config"):
        edited_bounds(written, "0ther", [])
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    (tmp_path / "text.xlsx").write_text("week,tv\n")
    for name, said in (
        ("empty.xlsx", "no sheet of limits"),
        ("text.xlsx", "no workbook"),
        ("none.xlsx", "no such file"),
    ):
        with pytest.raises(InputError, match=said):
            edited_bounds(tmp_path / name, HASH, [])


CONFIG = """
name: acme
currency: USD
data: {source: weekly.csv, date: week, outcome: {value: revenue}, media: {tv: tv, outdoor: outdoor}}
plan: {budget: 1000, bounds: [{channel: tv, min: 10}]}
"""


def test_a_new_limit_keeps_a_workbook_valid_and_a_new_budget_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CONFIG)
    (tmp_path / "b.yaml").write_text(CONFIG.replace("min: 10", "max: 30"))
    (tmp_path / "c.yaml").write_text(CONFIG.replace("1000", "2000"))
    first, limited, richer = (load_config(tmp_path / f"{name}.yaml").digest_but_bounds for name in "abc")
    assert first == limited != richer


def test_the_command_line_refuses_a_workbook_of_another_config(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "acme.yaml").write_text(CONFIG)
    assert shell.execute(["plan", str(tmp_path / "acme.yaml"), "--bounds", str(written)]) == 1
    assert "plan.xlsx: this workbook is of another config" in capsys.readouterr().err
    two = ["run", str(tmp_path / "acme.yaml"), str(tmp_path / "acme.yaml"), "--bounds", str(written)]
    assert shell.execute(two) == 2
