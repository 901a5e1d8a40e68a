"""Past tests on the page: what they measured beside what the model says, contradictions first."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mmm.console.results import experiments_text
from mmm.reporting.html import render_html
from mmm.reporting.results import Results, load_results
from mmm.reporting.settings import ReportSettings
from mmm.reporting.tested import experiments_table, verdicts
from mmm.reporting.voice import voice_for

SETTINGS = ReportSettings()
ROW = {
    "id": "spring",
    "kind": "test",
    "channel": "facebook",
    "audience": "prospecting",
    "geos": "north;south",
    "start": "2026-03-02",
    "end": "2026-03-29",
    "cooldown": 2,
    "spend_change": 120e3,
    "lift": 210e3,
    "lift_lo": 140e3,
    "lift_hi": 280e3,
    "roi": 1.75,
    "roi_lo": 1.17,
    "roi_hi": 2.33,
    "model_lift": 300e3,
    "model_lift_lo": 240e3,
    "model_lift_hi": 360e3,
    "model_roi": 2.5,
    "model_roi_lo": 2.0,
    "model_roi_hi": 3.0,
    "without_lift": 600e3,
    "without_lift_lo": 480e3,
    "without_lift_hi": 720e3,
    "without_roi": 5.0,
    "without_roi_lo": 4.0,
    "without_roi_hi": 6.0,
    "tail_probability": 0.4,
    "tail_adjusted": 0.8,
    "weight": 0.35,
    "conflict": False,
    "settled": "",
    "widened": False,
    "reason": "",
}
CONFLICT = ROW | {"id": "<b>dark</b>", "tail_probability": 0.001, "tail_adjusted": 0.002, "conflict": True}

With = Callable[..., Results]


@pytest.fixture
def with_tests(run_folder: Path, tmp_path: Path) -> With:
    """The made-up run with past tests."""

    def made(*rows: dict[str, object]) -> Results:
        shutil.copytree(run_folder, tmp_path / "run")
        pd.DataFrame(list(rows)).to_csv(
            tmp_path / "run" / "experiments.csv", index=False, encoding="utf-8-sig"
        )
        return load_results(tmp_path / "run")

    return made


def test_a_run_without_past_tests_says_nothing_of_them(results: Results) -> None:
    assert verdicts(results, voice_for(results, SETTINGS)) == ()
    assert experiments_table(results, voice_for(results, SETTINGS)) is None
    assert "What past tests say" not in render_html(results, SETTINGS)


def test_each_test_is_a_sentence_and_contradictions_come_first_and_are_marked(with_tests: With) -> None:
    results = with_tests(ROW, CONFLICT)
    first, second = verdicts(results, voice_for(results, SETTINGS))
    assert first.conflict
    assert "disagree" in first.text
    assert "fewer than 1" in first.text
    assert not second.conflict
    assert "measured 1.75 (1.17 to 2.33); the model without tests 5.00 (4.00 to 6.00)" in second.text
    page = render_html(results, SETTINGS)
    assert len(re.findall(r'<li class="conflict">', page)) == 1
    assert "<b>dark</b>" not in page


def test_a_contradiction_that_somebody_settled_is_told_with_the_reason_and_no_longer_marked(
    with_tests: With,
) -> None:
    kept = CONFLICT | {"id": "kept", "settled": "kept", "reason": "a new creative <i>"}
    results = with_tests(ROW, kept, CONFLICT)
    voice = voice_for(results, SETTINGS)
    first, second, third = verdicts(results, voice)
    assert [said.conflict for said in (first, second, third)] == [True, False, False]
    assert "kept as it is: a new creative &lt;i&gt;" in second.text
    table = experiments_table(results, voice)
    assert table is not None
    assert [row[-1] for row in table.rows] == ["no", "yes, kept", "yes"]
    said = experiments_text(results.experiments).splitlines()
    assert said[1].endswith("settled, kept: a new creative <i>")
    assert said[2].startswith("DISAGREE")


def test_the_appendix_lists_every_test_with_all_three_lifts(with_tests: With) -> None:
    results = with_tests(ROW)
    table = experiments_table(results, voice_for(results, SETTINGS))
    assert table is not None
    (row,) = table.rows
    assert len(row) == len(table.head)
    told = dict(zip(table.head, row, strict=True))
    assert told["Regions"] == "north, south"
    assert (told["Lift, measured"], told["Lift, model without tests"], told["Lift, model"]) == (
        "210\u00a0k (140\u00a0k to 280\u00a0k)",
        "600\u00a0k (480\u00a0k to 720\u00a0k)",
        "300\u00a0k (240\u00a0k to 360\u00a0k)",
    )
    assert told["Weight"] == "35\u00a0%"


def test_a_terminal_reads_the_same_and_what_to_do_about_a_contradiction() -> None:
    told = experiments_text(pd.DataFrame([CONFLICT, ROW]))
    assert told.splitlines()[0] == (
        "Test spring of facebook / prospecting: measured 1.75 (1.17 to 2.33); the model without tests 5.00 "
        "(4.00 to 6.00), with them 2.50 (2.00 to 3.00). They agree."
    )
    assert "DISAGREE" in told
    assert "void" in told.splitlines()[-1]
    assert experiments_text(pd.DataFrame()) == ""
