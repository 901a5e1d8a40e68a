"""The statement: it adds up, and says only what is known."""

from __future__ import annotations

import pytest

from mmm.reporting.results import Results
from mmm.reporting.statement import Line, statement


def _lines(results: Results) -> dict[str, Line]:
    return {line.key: line for line in statement(results)}


@pytest.mark.parametrize("which", ["plan", "current"])
def test_gross_margin_less_spend_is_profit_after_media(results: Results, which: str) -> None:
    lines = {key: getattr(line, which).mean for key, line in _lines(results).items()}
    assert lines["margin"] == pytest.approx(0.55 * lines["revenue"])
    assert lines["profit"] == pytest.approx(lines["margin"] - lines["spend"])
    assert lines["roi"] == pytest.approx(lines["revenue"] / lines["spend"])
    assert lines["romi"] == pytest.approx(lines["profit"] / lines["spend"])


def test_a_difference_has_a_range_only_where_the_run_states_one(results: Results) -> None:
    lines = _lines(results)
    assert lines["profit"].change == results.summary.gain
    assert lines["revenue"].change.lo is None


def test_without_a_margin_there_is_no_profit_line(make) -> None:  # type: ignore[no-untyped-def]
    assert _lines(make(margin=None)).keys() == {"spend", "tests", "revenue", "roi", "next"}


def test_an_outcome_without_money_is_counted_and_costed(make) -> None:  # type: ignore[no-untyped-def]
    results = make(margin=None, has_money=False)
    lines = _lines(results)
    assert lines.keys() == {"spend", "tests", "units", "cost", "next_cost"}
    brought = results.moves.loc[results.moves["level"] == "cell", "response"].sum()
    assert lines["units"].plan.mean == pytest.approx(brought)
    assert lines["cost"].plan.mean == pytest.approx(results.summary.budget / brought)
