"""The tables of a published run in a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mmm.cli import shell
from mmm.runs.files import sha256
from mmm.runs.manifest import Manifest, write_manifest

CONFIG = """
name: acme
currency: USD
data: {source: weekly.csv, date: week, outcome: {value: revenue}, media: {tv: tv_spend}}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published run with one table, one that is empty, and something that is no table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme.yaml").write_text(CONFIG)
    folder = tmp_path / "reports" / "acme"
    folder.mkdir(parents=True)
    texts = {
        "roi.csv": '\ufefflevel,note\ncell,"two\nlines, and a comma"\n',
        "tests.csv": "\n",
        "plan.json": "{}",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    hashes = {name: sha256(folder / name) for name in texts}
    versions = {"mmm-planner": "0.1.0"}
    write_manifest(folder, Manifest("r1", "acme", "2027-01-04", "run", versions, "", "c0", {}, 7, (), hashes))
    return folder


def test_every_table_and_a_line_about_the_run_are_written(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert shell.execute(["export", "acme.yaml", "--to", "sqlite:///bi.db"]) == 0
    assert "2 tables, 2 rows, as mmm_... in sqlite:///bi.db" in capsys.readouterr().out
    with closing(sqlite3.connect("bi.db")) as base:
        assert base.execute("SELECT * FROM mmm_roi").fetchall() == [
            ("r1", "acme", "cell", "two\nlines, and a comma")
        ]
        told = base.execute("SELECT run_id, command, seed, version FROM mmm_runs").fetchall()
    assert told == [("r1", "run", 7.0, "0.1.0")]


def test_a_run_that_was_edited_or_is_not_there_is_not_handed_over(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "roi.csv").write_text("level\nother\n")
    assert shell.execute(["export", "acme.yaml", "--to", "sqlite:///bi.db"]) == 1
    assert "changed: roi.csv" in capsys.readouterr().err
    assert shell.execute(["export", "acme.yaml", "--to", "sqlite:///bi.db", "--out", "none"]) == 1
    assert "no finished run" in capsys.readouterr().err
    assert not Path("bi.db").exists()
