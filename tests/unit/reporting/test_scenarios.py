"""Scenarios on the page and in the workbook: the figures of their tables, and nothing where there are none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mmm.reporting.goals import INSIDE, goal_sentences, goals_tree, splits_sentence, splits_table
from mmm.reporting.html import render_html
from mmm.reporting.scenarios import (
    frontier_figure,
    frontier_table,
    pairs_table,
    scenarios_lead,
    scenarios_table,
    walk,
    without_plan,
)
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for


@pytest.fixture(scope="session")
def voice(results):
    return voice_for(results, ReportSettings())


def test_every_scenario_has_a_line_with_the_figures_of_its_row(results, voice):
    table = scenarios_table(results, voice)
    assert [row[0] for row in table.rows] == results.scenarios.scenario.tolist()
    row = results.scenarios.set_index("scenario").loc["-20 %"]
    line = next(line for line in table.rows if line[0] == "-20 %")
    assert line[1] == voice.amounts.money(row.spend)
    assert line[2] == voice.amounts.money(row.profit)
    assert line[5] == f"{100 * row.probability_better:.0f}\u00a0in\u00a0100"
    assert table.rows[0][5] == "\u2013"  # today's mix does not beat itself


def test_a_scenario_without_a_plan_says_why(results, voice):
    assert without_plan(results, voice) == ("tiny: no plan meets the limits.",)


def test_the_lead_names_the_budget_at_which_the_next_unit_stops_paying(results, voice):
    turn = results.frontier.set_index("point").loc["break_even", "budget"]
    said = scenarios_lead(results, voice)
    assert voice.amounts.money(turn) in said
    side = "bring less than they cost" if turn < results.summary.budget else "would still pay"
    assert side in said


def test_without_a_margin_revenue_is_compared_and_nothing_is_said_to_pay(make):
    found = make(margin=None)
    voice = voice_for(found, ReportSettings())
    assert scenarios_table(found, voice).head[2] == "Revenue"
    assert "pay" not in scenarios_lead(found, voice)


def test_a_count_without_a_value_is_compared_in_units(make):
    found = make(has_money=False)
    voice = voice_for(found, ReportSettings())
    table = scenarios_table(found, voice)
    assert table.head[2] == "Units"
    assert table.head[4] == "Cost per unit"
    assert table.rows[0][2] == f"{found.scenarios.outcome[0]:,.0f}"


def test_the_chart_has_every_budget_and_every_scenario_that_has_a_plan(results, voice):
    spec = frontier_figure(results, voice).spec
    sizes = {len(rows) for rows in spec["datasets"].values()}
    known = int(results.scenarios.profit.notna().sum())
    assert {len(results.frontier), known + 1, 1} <= sizes
    assert len(frontier_table(results, voice).rows) == len(results.frontier)


def test_the_slider_has_every_budget_in_order_and_begins_at_the_plan(results, voice):
    steps, table = walk(results, voice), frontier_table(results, voice)
    assert [step.budget for step in steps] == [budget / 1e3 for budget in results.frontier.budget]
    assert [step.budget for step in steps if step.is_plan] == [results.summary.budget / 1e3]
    for step, (budget, _, value, span, *_) in zip(steps, table.rows, strict=True):
        assert all(figure in step.said for figure in (budget, value, span))
    layers = frontier_figure(results, voice).spec["layer"]
    marked = [layer for layer in layers if "walk" in json.dumps(layer)]
    assert len(marked) == 2


def test_odds_of_a_pair_add_up(results, voice):
    table = pairs_table(results, voice)
    for i, row in enumerate(table.rows):
        for j, other in enumerate(table.rows):
            if i != j:
                assert int(row[1 + j]) + int(other[1 + i]) in {99, 100, 101}


def test_a_run_without_scenarios_has_no_such_section(make):
    found = make(compared=False)
    assert scenarios_table(found, voice_for(found, ReportSettings())) is None
    assert 'id="scenarios"' not in render_html(found, ReportSettings())
    assert 'id="scenarios"' in render_html(make(), ReportSettings())


# --- goals, and how sure the split is ------------------------------------------------------------------


def test_goals_stand_under_those_they_serve_with_their_owner(results, voice):
    told = results.goals.assign(expected=18e6, expected_lo=17e6, expected_hi=19e6)
    above = told.assign(under=["company", "Base", "Q1 revenue"])
    rows = goals_tree(replace(results, goals=above), voice).rows
    assert [row[0] for row in rows] == [
        "company",
        *(k * INSIDE + name for k, name in enumerate(told["goal"], start=1)),
    ]
    assert {row[1] for row in rows[1:]} == {"marketing"}
    assert voice.amounts.money(18e6) in rows[1]
    assert goals_tree(replace(results, goals=told), voice) is None
    ring = told.assign(under=["Q1 revenue", "Base", ""])
    assert goals_tree(replace(results, goals=ring), voice) is None


def test_each_goal_says_its_odds_what_can_be_promised_and_the_budget_that_makes_it_safe(results, voice):
    question, base, main, stretch = (str(said) for said in goal_sentences(results, voice))
    assert question == "Can it be done?"
    assert "93\u00a0in\u00a0100" in base
    assert "needs" not in base
    budget = results.goals.set_index("goal").loc["Q1 revenue", "budget_80"]
    assert f"needs about {voice.amounts.money(budget)}" in main
    assert "17,600\u00a0k is what you can promise" in main
    assert "the best is 31\u00a0in\u00a0100" in stretch


def test_a_goal_may_be_called_anything(results, voice):
    named = results.goals.assign(goal="<script>", question="<b>?")
    said = goal_sentences(replace(results, goals=named), voice)
    assert not any("<script>" in str(part) or "<b>?" in str(part) for part in said)


def test_the_split_is_as_sure_as_its_table_says(results, voice):
    total = results.best_splits[results.best_splits.level == "total"].iloc[0]
    said = splits_sentence(results, voice)
    assert voice.amounts.money(total.moved) in said
    assert voice.amounts.money(total.worth_knowing) in said
    assert len(splits_table(results, voice).rows) == len(results.cells)
