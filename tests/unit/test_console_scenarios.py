"""What `mmm scenarios` prints is what its tables say."""

from __future__ import annotations

import pandas as pd

from mmm.console.scenarios import goals_text, scenarios_text

SCENARIOS = pd.DataFrame(
    {
        "scenario": ["keep", "more", "tiny"],
        "spend": [1000.0, 1200.0, None],
        "profit": [300.0, 350.0, None],
        "profit_lo": [-100.0, -50.0, None],
        "profit_hi": [700.0, 800.0, None],
        "roi": [2.0, 1.9, None],
        "probability_better": [None, 0.72, None],
        "expected_regret": [60.0, 20.0, None],
        "note": ["This is today's mix.", "", "no plan meets the limits"],
    }
)
PAIRS = pd.DataFrame(
    {"scenario": ["keep", "more"], "against": ["more", "keep"], "probability_better": [0.28, 0.72]}
)


def frontier(point):
    return pd.DataFrame({"point": ["", point], "budget": [500.0, 1100.0]})


def test_every_scenario_has_a_line_and_one_without_a_plan_its_reason():
    text = scenarios_text(SCENARIOS, PAIRS, frontier("break_even"), "USD")
    lines = text.splitlines()
    assert lines[2].split() == ["more", "1,200", "350", "(-50", "to", "800)", "1.90", "72", "in", "100", "20"]
    assert "No plan: tiny: no plan meets the limits." in lines
    assert "The next unit of budget pays for itself up to about 1,100." in lines
    assert next(line for line in lines if line.startswith("more") and "72" in line and "-" in line)
    assert lines[-1] == "Money in USD."


def test_where_the_next_unit_does_not_turn_nothing_is_claimed():
    text = scenarios_text(SCENARIOS, PAIRS, frontier("plan"), None)
    assert "No budget was found" in text


def test_each_goal_is_a_sentence_with_its_odds():
    goals = pd.DataFrame(
        {
            "goal": ["safe", "dear", "moon"],
            "target": [900.0, 1000.0, 5000.0],
            "probability": [0.9, 0.38, 0.0],
            "reached_80": [950.0, 950.0, 950.0],
            "budget": [100.0, 100.0, 100.0],
            "budget_80": [80.0, 160.0, None],
            "best_probability": [0.99, 0.9, 0.1],
            "best_budget": [160.0, 160.0, 150.0],
        }
    )
    safe, dear, moon = goals_text(goals).splitlines()
    assert safe == "Goal safe: 90 in 100 to reach 900; 950 can be promised with 80 in 100."
    assert dear.endswith("80 in 100 for 1,000 needs about 160.")
    assert moon.endswith("the best is 10 in 100, with 150.")
    assert goals_text(pd.DataFrame()) == ""
