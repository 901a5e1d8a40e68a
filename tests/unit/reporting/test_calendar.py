"""The calendar of a plan: every amount of plan.csv, by channel and period, and where the past ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmm.reporting.calendar import by_channel, calendar_figure, calendar_sentence, calendar_table
from mmm.reporting.decision import decide
from mmm.reporting.headline import headline
from mmm.reporting.html import render_html
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for


@pytest.fixture(scope="session")
def voice(results):
    return voice_for(results, ReportSettings())


@pytest.fixture(scope="session")
def begun(results):
    """The same run with its first three weeks spent."""
    plan = results.plan.copy()
    days = sorted(plan.date.unique())[:3]
    plan.loc[plan.date.isin(days) & (plan.purpose == "core"), "purpose"] = "spent"
    early = plan.date.isin(days) & (plan.purpose == "test")
    plan.loc[early, "date"] = plan.loc[plan.purpose == "core", "date"].min()  # the reserve lies ahead
    spent = float(plan.loc[plan.purpose == "spent", "planned_spend"].sum())
    return replace(results, plan=plan, summary=replace(results.summary, spent=spent, free=1.0))


def test_money_by_channel_and_week_is_that_of_the_plan(results):
    table = by_channel(results)
    assert list(table.columns) == ["tv", "outdoor", "search", "facebook", "tiktok", ""]
    for channel in ("search", "facebook"):
        rows = results.plan[results.plan.channel == channel].groupby("date").planned_spend.sum()
        assert table[channel].tolist() == pytest.approx(rows.tolist())
    assert table[""].sum() == pytest.approx(results.summary.reserve)


def test_the_largest_amount_is_the_darkest_and_every_tile_has_its_amount_in_words(results, voice):
    figure = calendar_figure(results, voice)
    rows = next(iter(figure.spec["datasets"].values()))
    table = by_channel(results)
    assert len(rows) == table.size
    top = max(rows, key=lambda row: row["share"])
    assert top["share"] == 1.0
    assert top["text"] == voice.amounts.money(table.to_numpy().max())
    assert rows[0]["end"] == rows[1]["start"]


def test_the_table_adds_up(results, voice):
    table = calendar_table(results, voice)
    assert len(table.rows) == results.plan.date.nunique() + 1
    assert table.rows[-1][-1] == voice.amounts.money(results.plan.planned_spend.sum())


def test_a_window_that_has_begun_has_a_line_where_the_plan_begins(begun, results, voice):
    figure = calendar_figure(begun, voice)
    first = begun.plan[begun.plan.purpose == "core"].date.min()
    assert [{"start": f"{first:%Y-%m-%d}"}] in figure.spec["datasets"].values()
    assert "Left of the line" in calendar_sentence(begun, voice)
    assert "Left of the line" not in calendar_sentence(results, voice)


def test_the_page_has_the_calendar_and_says_what_is_spent_and_free(begun):
    page = render_html(begun, ReportSettings())
    assert "chart-calendar" in page
    assert "stays as it was" in page


def test_a_plan_that_moves_money_between_weeks_alone_says_so(results, voice):
    plan = results.plan.copy()
    core = plan.purpose == "core"
    plan.loc[core, "current_spend"] = plan.loc[core, "planned_spend"]
    late = plan.date == plan.date.max()
    plan.loc[core & ~late, "current_spend"] += (
        plan.loc[core & late, "planned_spend"].sum() / (core & ~late).sum()
    )
    plan.loc[core & late, "current_spend"] = 0.0
    moves = results.moves.copy()
    moves["current_spend"] = moves["planned_spend"]
    found = decide(replace(results, plan=plan, moves=moves))
    assert found.only_weeks
    moved = float(plan.loc[core & late, "planned_spend"].sum())
    assert found.moved_weeks == pytest.approx(moved)
    said = " ".join(headline(found, results, voice))
    assert f"{voice.amounts.money(moved)} of it to other weeks" in said.replace("*", "")
