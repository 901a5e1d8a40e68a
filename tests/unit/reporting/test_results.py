"""Reading a run back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from mmm.dims import Cell
from mmm.errors import InputError
from mmm.reporting.results import Results, at_level, load_results


def test_a_missing_table_is_named_with_the_command_that_makes_it(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / "moves.csv").unlink()
    with pytest.raises(InputError, match=r"moves\.csv is not in .*mmm run"):
        load_results(tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.json", "{"),
        ("plan.json", "{}"),
        ("about.json", "[1]"),
        ("fit.csv", "date,actual\n2026-01-01,x\n"),
    ],
)
def test_a_broken_file_is_named_and_never_a_traceback(
    run_folder: Path, tmp_path: Path, name: str, content: str
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        load_results(tmp_path / "run")


def test_stages_in_several_folders_read_as_one_run(
    run_folder: Path, tmp_path: Path, results: Results
) -> None:
    first, second = tmp_path / "fit", tmp_path / "plan"
    shutil.copytree(run_folder, first)
    second.mkdir()
    for name in ("plan.json", "plan.csv", "moves.csv"):
        shutil.move(first / name, second / name)
    pd.testing.assert_frame_equal(load_results(first, second).moves, results.moves)


def test_a_channel_called_na_or_none_keeps_its_name(make) -> None:  # type: ignore[no-untyped-def]
    cells = (Cell("NA"), Cell("None", "null"), Cell("0012"), Cell("1e5"))
    assert make(cells=cells, labels=()).cells == cells


def test_rows_of_single_geos_are_left_out_of_a_level() -> None:
    frame = pd.DataFrame(
        {"level": ["cell", "cell", "total"], "geo": ["", "north", ""], "roi": [1.0, 2.0, 3.0]}
    )
    assert at_level(frame, "cell")["roi"].tolist() == [1.0]
