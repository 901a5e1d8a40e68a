"""The page to sign and the report's part say the tables, and what comes from the data is text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from mmm.console.trials import rollout_text
from mmm.reporting.html import render_html
from mmm.reporting.proposal import render_proposal
from mmm.reporting.rollout import decisions, decisions_table
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

HOSTILE = "</script><b>tv</b>"
ABOUT = {
    "name": "acme",
    "currency": "USD",
    "gross_margin": 0.5,
    "start": "2027-01-01",
    "end": "2027-03-31",
    "data_until": "2026-12-27",
    "config_hash": "c0ffee" * 4,
    "key": "0123456789abcdef",
    "version": "0",
    "created": "2026-12-30T00:00:00+00:00",
}


def row(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": "spring",
        "channel": "tv",
        "audience": "",
        "decision": "scale",
        "action": "scale 1.5x",
        "multiple": 1.5,
        "hold_spend": 100_000.0,
        "spend": 150_000.0,
        "planned_spend": 120_000.0,
        "most_multiple": 2.0,
        "next_roi": 2.9,
        "next_roi_lo": 2.1,
        "next_roi_hi": 3.8,
        "p_next_pays": 0.97,
        "best_action": "scale 1.5x",
        "gain": 22_000.0,
        "gain_lo": 4_000.0,
        "gain_hi": 41_000.0,
        "probability_better": 0.96,
        "expected_regret": 150.0,
        "regret_allowed": 540.0,
        "money_at_risk": 3_000.0,
        "follow_up_value": 9_000.0,
        "follow_up_cost": 4_000.0,
        "follow_up_net": 5_000.0,
        "holdout": "north;south",
        "holdout_share": 0.08,
    }
    return found | changes


HELD = {"decision": "iterate", "action": "hold", "multiple": 1.0, "spend": 100_000.0, "p_next_pays": 0.7}


def tables(decided: dict[str, Any]) -> dict[str, list[Any]]:
    action = {
        "id": "spring", "profit": 5e5, "profit_lo": 4e5, "profit_hi": 6e5, "worst": 4.2e5, "switching_cost": 500.0,
        "score": 4.7e5, "gain": 0.0, "gain_lo": 0.0, "gain_hi": 0.0, "probability_better": 0.0,
        "expected_regret": 0.0, "money_at_risk": 0.0, "best": False, "why_not": "",
    }  # fmt: skip
    moves = decided["action"] != "hold"
    return {
        "rollout": [decided],
        "rollout_actions": [
            action | {"action": "hold", "multiple": 1.0, "spend": 1e5},
            action | {"action": "scale 1.5x", "multiple": 1.5, "spend": 1.5e5, "best": True},
            {"id": "spring", "action": "scale 2x", "multiple": 2.0, "spend": 2e5, "best": False,
             "why_not": "outside plan.bounds", "profit": None, "worst": None, "score": None, "gain": None,
             "probability_better": None, "money_at_risk": None},
        ],
        "rollout_steps": [
            {"id": "spring", "step": k, "start": f"2027-01-{1 + 14 * (k - 1):02d}", "multiple": 1 + k / 4,
             "spend_per_week": 9_000.0}
            for k in (1, 2)
        ] if moves else [],
        "rollout_moves": [
            {"channel": "tv", "audience": "", "hold_spend": 1e5, "spend": 1.5e5},
            {"channel": "radio", "audience": "", "hold_spend": 9e4, "spend": 4e4},
        ],
    }  # fmt: skip


def html(**changes: Any) -> str:
    return render_proposal(ABOUT, tables(row(**changes)), "en", {})


def page(**changes: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html(**changes)).replace("\u00a0", " "))


def test_the_page_says_the_decision_the_reasons_and_the_way() -> None:
    said = page()
    for words in (
        "Scale tv to 1.5 x of today's money: from 100.0 k to 150.0 k",
        "97 in 100 that the next unit there pays for itself",
        "Keep north, south as they are ( 8 % of the outcome )".replace("( ", "(").replace(" )", ")"),
        "Go back to today's money as soon as",
        "1.25 x",
        "outside plan.bounds",
        "scale to 1.5 x (best)",
        "c0ffeec0ffee / 0123456789abcdef",
    ):
        assert words in said or words.replace(" ", "") in said.replace(" ", ""), words
    assert said.index("radio") > said.index("Where the money comes from")


def test_where_nothing_moves_no_way_and_no_money_are_shown() -> None:
    said = page(**HELD)
    assert "Test again before tv is changed" in said
    assert "Nothing moves for now" in said
    assert "Where the money comes from" not in said
    assert "it is not sure enough: 70 in 100" in said


def test_stopping_counts_the_odds_on_its_own_side() -> None:
    said = page(decision="stop", action="stop", best_action="stop", spend=0.0, multiple=0.0, p_next_pays=0.04)
    assert "Stop tv : its 100.0 k" in said or "Stop tv: its 100.0 k" in said
    assert "96 in 100 that the next unit there does not pay for itself" in said
    assert "Bring the money back" in said


def test_the_page_runs_nothing_and_names_are_text() -> None:
    html = render_proposal(ABOUT | {"name": HOSTILE}, tables(row(channel=HOSTILE)), "en", {})
    assert "<script" not in html
    assert "<b>tv" not in html


ROWS = [row(), row(**HELD, id="summer"), row(decision="hold", best_action="hold", action="hold", id="autumn")]


def test_the_report_and_the_terminal_say_the_same_decisions(results: Any) -> None:
    voice = voice_for(results, ReportSettings())
    assert decisions(results, voice) == []
    assert decisions_table(results, voice) is None
    table = pd.DataFrame(ROWS)
    html = render_html(replace(results, rollout=table), ReportSettings())
    assert "What the tests ask for" in html
    for said in ("<strong>Scale</strong> TV", "<strong>Test again</strong>", "<strong>Hold</strong> TV"):
        assert said in html
    steps = pd.DataFrame(tables(ROWS[0])["rollout_steps"])
    assert rollout_text(table, steps, "USD", "SPRING").startswith("spring: SCALE 1.5X")
    assert rollout_text(table, steps, "USD", "summer").startswith("summer: TEST AGAIN")
    assert rollout_text(table, steps, "USD", "").count("in the window") == 3


@pytest.mark.parametrize("changes", [{}, HELD, {"decision": "stop", "best_action": "stop", "holdout": ""}])
def test_the_page_to_sign_is_hebrew_but_for_names_and_files(changes: dict[str, Any]) -> None:
    html = render_proposal(ABOUT, tables(row(**changes)), "he", {"tv": "טלוויזיה", "radio": "רדיו"})
    assert '<html lang="he" dir="rtl">' in html
    assert "טלוויזיה" in html
    body = re.sub(r"<style>.*?</style>|<code>.*?</code>|<[^>]+>|[0-9a-f]{12,}", " ", html, flags=re.DOTALL)
    files = {"rollout", "rollout_actions", "rollout_steps", "rollout_moves", "csv", "plan", "bounds"}
    given = {"acme", "USD", "spring", "north", "south", "mmm", "planner"}
    assert set(re.findall(r"[A-Za-z_]{2,}", body)) - files - given == set()
