"""Campaigns, leads and the funnel on the page: what stands there is in the tables, and what is young is called so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmm.reporting import funnel, ledger, scorecard
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

QUARTER = "2026-08-17/2026-11-15"


def figures(*rows):
    """Rows of the scorecard: level, channel, figure, value, usual, counted."""
    names = ("level", "channel", "kpi", "value", "benchmark", "n")
    table = pd.DataFrame(rows, columns=list(names))
    empty = dict.fromkeys(("audience", "campaign", "creative", "goal"), "")
    return table.assign(period=QUARTER, previous=np.nan, same_period_last_year=np.nan, **empty)


@pytest.fixture(scope="module")
def told(results):
    card = figures(
        ("channel", "search", "cost_per_customer", 20.0, 10.0, 400.0),
        ("channel", "search", "cost_per_expected_customer", 10.5, 10.0, 800.0),
        ("channel", "search", "ripe_share", 0.5, 0.5, 900.0),
        ("channel", "search", "click_rate", 0.02, 0.02, 9000.0),
        ("channel", "search", "close_rate", 0.10, 0.20, 400.0),
        ("channel", "search", "lead_rate", 0.04, 0.05, 400.0),
        ("channel", "tv", "cost_per_1000_exposures", 4.0, 5.0, 900.0),
        ("total", "", "spend_per_order", 3.0, 4.0, 900.0),
        ("total", "", "cost_per_customer", 18.0, 9.0, 400.0),
        ("creative", "search", "click_rate", 0.5, 0.5, 900.0),
    )
    lines = [
        {
            "period": QUARTER,
            "channel": "search",
            "audience": "",
            "campaign": "Shoes",
            "creative": f"ad {k:02}",
        }
        | {"first_day": "2026-01-05", "last_day": "2026-11-09", "age_days": 315.0, "spend": 1000.0 * k}
        | {"exposure": 1e5, "clicks": 2e3, "click_rate": 0.02, "leads": 90.0, "qualified": 40.0}
        | {"cost_per_qualified_lead": 25.0 * k, "won": np.nan, "won_revenue": np.nan, "wear": -0.25}
        | {"contribution": 3000.0 * k, "contribution_lo": 2000.0 * k, "contribution_hi": 4000.0 * k}
        | {"allocated_by": "exposure"}
        for k in range(1, 21)
    ]
    months = [
        {
            "month": f"2026-{k:02}",
            "level": level,
            "channel": c,
            "audience": "",
            "leads": 100.0,
            "won": 30.0 - k,
        }
        | {"ripe": 1.0 - k / 20, "is_ripe": "ripe" if k < 2 else "not ripe", "won_expected": 30.0}
        | {"close_rate": 0.3 - k / 100, "close_rate_expected": 0.3, "lead_quality": 1.5 if c else 1.0}
        for level, c in (("channel", "search"), ("channel", "tv"), ("total", ""))
        for k in range(1, 9)
    ]
    goals = {"default": "sales", "tv": "awareness"}
    return replace(
        results,
        about=replace(results.about, channel_goals=goals),
        scorecard=card,
        creatives=pd.DataFrame(lines),
        leads=pd.DataFrame(months),
    )


@pytest.fixture(scope="module")
def voice(told):
    return voice_for(told, ReportSettings())


def test_young_leads_are_judged_with_the_orders_that_are_still_to_come(told, voice):
    rows = {row["channel"]: row["kpi"] for row in scorecard.judged(told)}
    assert rows == {"search": "cost_per_expected_customer", "tv": "cost_per_1000_exposures"}
    ripe = told.scorecard.assign(
        value=told.scorecard["value"].where(told.scorecard["kpi"] != "ripe_share", 0.99)
    )
    rows = {row["channel"]: row["kpi"] for row in scorecard.judged(replace(told, scorecard=ripe))}
    assert rows["search"] == "cost_per_customer"
    assert any("not ripe" in cell for row in scorecard.channels_table(told, voice).rows for cell in row)


def test_the_tree_has_goals_under_the_company_and_channels_under_their_goal(told, voice):
    names = [row[0] for row in funnel.kpi_tree(told, voice).rows]
    depth = [len(name) - len(name.lstrip(funnel.INSIDE)) for name in names]
    assert depth == [0, 1, 2, 1, 2]
    assert [name.strip() for name in names] == [
        "The company",
        "awareness",
        voice.channel("tv"),
        "sales",
        voice.channel("search"),
    ]
    assert funnel.kpi_tree(told, voice).rows[0][-1] == "−25\xa0%"  # 3 where 4 is usual


def test_the_funnel_breaks_at_the_step_furthest_below_what_is_usual(told, voice):
    table = funnel.funnel_table(told, voice)
    broken = {row[1]: row[2] for row in table.rows}
    assert [name for name, said in broken.items() if said] == [voice.text("kpi.close_rate")]
    fine = figures(("channel", "search", "close_rate", 0.2, 0.2, 400.0))
    assert [row[2] for row in funnel.funnel_table(replace(told, scorecard=fine), voice).rows] == [""]
    assert funnel.funnel_table(replace(told, scorecard=fine.head(0)), voice) is None


def test_the_ledger_shows_the_lines_with_the_most_money_and_what_is_counted(told, voice):
    table = ledger.creatives_table(told, voice)
    assert len(table.rows) == ledger.SHOWN
    assert table.rows[0][1] == "Shoes / ad 20"
    assert table.head[-2:] == (voice.text("column.qualified"), voice.text("column.wear"))  # nothing was won
    assert table.rows[0][-1] == "−25\xa0%"
    assert ledger.creatives_table(replace(told, creatives=pd.DataFrame()), voice) is None


def test_months_of_leads_say_which_are_not_ripe_and_what_they_become(told, voice):
    table = ledger.leads_table(told, voice)
    assert [row[0] for row in table.rows] == [f"2026-{k:02}" for k in range(3, 9)]
    assert {row[1] for row in table.rows} == {"not ripe"}
    assert {row[5] for row in table.rows} == {"30"}
    quality = ledger.quality_table(told, voice)
    assert [row[2] for row in quality.rows] == ["1.50", "1.50"]
    assert ledger.leads_table(replace(told, leads=pd.DataFrame()), voice) is None
