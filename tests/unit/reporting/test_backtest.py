"""What pages say of forecasts from earlier days is what the tables say, and nothing where there are none."""

from __future__ import annotations

from typing import Any

import pytest

from mmm.reporting.amounts import NOTHING
from mmm.reporting.appendix import reviews_table
from mmm.reporting.backtest import backtest_figure, backtest_sentence, backtest_table
from mmm.reporting.html import render_html
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import Voice, voice_for


@pytest.fixture(scope="module")
def voice(results: Results) -> Voice:
    return voice_for(results, ReportSettings())


def test_every_horizon_has_a_row_and_the_sum_is_last(results: Results, voice: Voice) -> None:
    table = backtest_table(results, voice)
    assert table is not None
    assert [row[0] for row in table.rows] == ["1", "2", "All together"]
    error = (0.02 + 0.03) / (1.02 + 0.97)
    assert table.rows[0][1:3] == ("2", f"{100 * error:.1f}\u00a0%")
    assert table.rows[1][5] == "50\u00a0%"
    assert table.rows[0][6] == NOTHING


def test_the_chart_has_every_forecast_and_not_their_sums(results: Results, voice: Voice) -> None:
    figure = backtest_figure(results, voice)
    assert figure is not None
    (rows,) = figure.spec["datasets"].values()
    assert len(rows) == 4
    assert rows[0] == {
        "date": "2026-06-29",
        "origin": "2026-06-28",
        "actual": 102.0,
        "expected": 100.0,
        "lo": 90.0,
        "hi": 110.0,
    }


def test_the_sentence_counts_periods(results: Results, voice: Voice) -> None:
    said = str(backtest_sentence(results, voice))
    error = (2.0 + 27.5 + 3.0 + 1.1) / (102 + 137.5 + 97 + 111.1)
    assert f"missed by {100 * error:.1f}\u00a0% on average" in said
    assert "2 earlier days" in said
    assert "75\u00a0in\u00a0100" in said


def test_the_page_shows_checks_of_the_fit_and_the_backtest_where_there_are_any(
    results: Results, make: Any
) -> None:
    shown = render_html(results, ReportSettings())
    without = make(tried=False)
    hidden = render_html(without, ReportSettings())
    for heading in ("Checks of the fit", "Backtest", "earlier days"):
        assert heading in shown
        assert heading not in hidden
    assert backtest_figure(without, voice_for(without, ReportSettings())) is None
    assert reviews_table(without, voice_for(without, ReportSettings())) is None
    assert "Checks of the fit: 1 to review" in shown
    assert shown.index("demand chasing") < shown.index("one-step coverage")
