"""What the page says of an approved plan is what the tables say."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from mmm.reporting.held import held_figure, held_lead, held_table, moved_table, pacing_table
from mmm.reporting.html import render_html
from mmm.reporting.record import record_sentence, record_table
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import Voice, voice_for

JUDGED = {
    "approved": {
        "number": 2,
        "window": {"start": "2026-10-01", "end": "2026-12-31"},
        "by": "<b>Dana</b>",
        "on": "2026-09-20T10:00:00+00:00",
    },
    "known": 1,
    "periods": 2,
    "grain": "week",
    "weeks_inside": 1,
    "data_until": "2026-10-04",
    "alarms": [{"alarm": "return moved", "what": "tv: the return is 1 by now"}],
}
NUMBERS = {
    "approved_spend": 100e3,
    "spent": 90e3,
    "expected": 1000e3,
    "expected_lo": 900e3,
    "expected_hi": 1100e3,
    "as_spent": 980e3,
    "as_spent_lo": 880e3,
    "as_spent_hi": 1080e3,
    "happened": 950e3,
    "miss": -50e3,
    "spent_otherwise": -20e3,
    "calendar_and_controls": -40e3,
    "model": 10e3,
}


@pytest.fixture(scope="module")
def judged(results: Results) -> Results:
    week = {"expected": 1.0, "as_known": 1e3, "as_known_lo": 0.0, "as_known_hi": 2e3, "happened": 3e3}
    rows = [
        ("2026-09-28", "tv", 100e3, 90e3, -10e3, -10e3, None),
        ("2026-10-05", "tv", 50e3, None, None, None, 60e3),
    ]
    columns = ["date", "channel", "approved_spend", "spent", "gap", "gap_to_date", "to_spend"]
    moved = {"level": "cell", "channel": "tv", "audience": "", "before": 2.0, "after": 1.5, "change": -0.5}
    return replace(
        results,
        held=pd.DataFrame([{"level": "total", "channel": "", **NUMBERS, "held": True}]),
        held_weeks=pd.DataFrame([{"date": pd.Timestamp("2026-09-28"), **week}]),
        pacing=pd.DataFrame(rows, columns=columns).assign(level="channel"),
        refresh=pd.DataFrame([{**moved, "step": "rows"}]),
        judged=JUDGED,
        record={**JUDGED["approved"], "budget": 1.7e6},
        plan_of_record=pd.DataFrame(
            [{"level": "total", "channel": "", "approved_spend": 2e5, "planned_spend": 3e5, "change": 1e5}]
        ),
    )


@pytest.fixture(scope="module")
def voice(judged: Results) -> Voice:
    return voice_for(judged, ReportSettings())


def test_the_sentences_say_the_forecast_what_happened_and_the_parts(judged: Results, voice: Voice) -> None:
    said = " ".join(held_lead(judged, voice)).replace("\u00a0", " ").replace("\u2212", "-")
    for words in (
        "1 of 2 weeks of Q4 2026",
        "number 2",
        "1,000 k",
        "950 k",
        "-50 k",
        "880 k to 1,080 k",
        "held",
    ):
        assert words in said
    assert "-20 k is money spent otherwise, -40 k calendar" in said
    assert "10 k is the model" in said
    assert "Alarm" in said
    assert "<b>" not in said


def test_tables_hold_the_same_figures(judged: Results, voice: Voice) -> None:
    held, pacing, moved = (table(judged, voice) for table in (held_table, pacing_table, moved_table))
    assert held is not None
    assert pacing is not None
    assert moved is not None
    assert held.rows[0][0] == "Whole outcome"
    assert held.rows[0][-1] == "held"
    plain = [cell.replace("\u00a0", " ").replace("\u2212", "-") for cell in pacing.rows[0]]
    assert plain == ["TV", "100 k", "90 k", "-10 k", "-10 %", "50 k", "60 k"]
    assert [cell.replace("\u2212", "-") for cell in moved.rows[0]] == ["TV", "2.00", "-0.50", "1.50"]
    assert moved.head[2] == "New rows"
    record = record_table(judged, voice)
    assert record is not None
    assert record.rows[0][1:] == ("200\u00a0k", "300\u00a0k", "+100\u00a0k")
    assert "Plan of record 2: 1,700" in str(record_sentence(judged, voice))


def test_the_section_stands_on_the_page_and_nothing_where_no_plan_was_approved(
    judged: Results, results: Results
) -> None:
    page = render_html(judged, ReportSettings())
    assert 'id="held"' in page
    assert "chart-held" in page
    plain = render_html(results, ReportSettings())
    assert 'id="held"' not in plain
    assert "Plan of record" not in plain
    voice = voice_for(results, ReportSettings())
    assert held_lead(results, voice) == ()
    assert held_figure(results, voice) is None
