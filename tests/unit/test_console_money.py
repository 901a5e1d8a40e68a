"""Scorecard and bridge on a terminal: within 100 columns, and no figure that the tables do not have."""

import pandas as pd

from mmm.console.money import bridge_text, scorecard_text
from mmm.console.words import width_of

LAST, BEFORE = "2026-08-17/2026-11-15", "2026-05-18/2026-08-16"


def card_row(kpi, value, usual, *, level="channel", channel="search", goal="sales", n=500.0, period=LAST):
    past = {"previous": usual, "same_period_last_year": usual, "benchmark": usual}
    return {"period": period, "level": level, "channel": channel, "audience": "", "goal": goal, "kpi": kpi} | {
        "value": value, "n": n, **past,
    }  # fmt: skip


CARD = pd.DataFrame(
    [
        card_row("revenue", 9.9e6, 9.0e6, level="total", channel="", goal=""),
        card_row("spend", 120_000.0, 100_000.0, goal=""),
        card_row("close_rate", 0.31, 0.52),
        card_row("cost_per_customer", 10.5, 10.4),
        card_row("close_rate", 0.1, 0.9, channel="tiny", n=3.0),
        card_row("spend", 7.0, 8.0, goal="", period=BEFORE),
    ]
)
SOURCES = pd.DataFrame([{"source": "data.outcome", "data_until": "2026-11-15", "behind": 0.0}])


def bridge_rows(steps):
    return pd.DataFrame(
        [
            {"period": LAST, "level": "total", "step": step, "kind": kind}
            | {"value": value, "value_lo": lo, "value_hi": hi}
            for step, kind, value, lo, hi in steps
        ]
    )  # fmt: skip


CLAIMS = pd.DataFrame(
    [
        {
            "period": LAST,
            "level": level,
            "channel": channel,
            "audience": "",
            "claimed": 640.0,
            "attributed": 530.0,
        }
        | {"matched": 400.0, "claim_factor": 4.2, "claim_factor_lo": 2.9, "claim_factor_hi": 6.4}
        | {"claim_factor_change": 0.07}
        for level, channel in (("cell", "search"), ("total", ""))
    ]
)


def test_the_scorecard_shows_the_last_window_and_what_is_far_from_usual():
    text = scorecard_text(CARD, SOURCES, "USD")

    assert "2026-08-17 to 2026-11-15" in text
    assert "search: close rate 31.0 %, usually 52.0 % (-40 %)" in text
    assert "tiny: close rate" not in text  # three leads are no rate
    assert BEFORE not in text
    assert max(map(width_of, text.splitlines())) <= 100


def test_the_bridge_shows_changes_and_levels_apart_and_its_range():
    steps = [
        ("claimed", "level", 1000.0, None, None),
        ("overlap", "change", -200.5, None, None),
        ("matched", "level", 799.5, None, None),
        ("not_caused", "change", -99.5, -150.0, -20.0),
        ("incremental", "level", 700.0, 649.5, 779.5),
        ("residual", "change", 300.25, None, None),
        ("finance", "level", 1000.25, None, None),
    ]
    text = bridge_text(bridge_rows(steps), CLAIMS, {"fitted": True}, "USD")
    lines = {line.split("  ")[0]: line for line in text.splitlines()}

    assert "-200.50" in lines["claimed by several"]
    assert "1,000.25" in lines["finance books"]
    assert "unexplained" in lines
    assert "2.90 to 6.40" in lines["search"]
    assert max(map(width_of, text.splitlines())) <= 100


def test_without_a_fit_the_bridge_says_what_is_missing():
    steps = [(step, kind, 10.0, None, None) for step, kind in (("claimed", "level"), ("residual", "change"))]
    text = bridge_text(bridge_rows(steps), CLAIMS, {"fitted": False}, None)

    assert "mmm fit" in text
    assert "claimed / caused" not in text
