"""The page of a test says its figures, and what comes from the data is text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from mmm.reporting.readout import render_readout

HOSTILE = "</script><b>tv</b>"


def figures(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": "spring",
        "channel": "tv",
        "audience": "",
        "message": "",
        "geos": ["north", "south"],
        "controls": ["east", "west"],
        "start": "2026-03-02",
        "end": "2026-03-15",
        "cooldown": 1,
        "lift": 45_000.0,
        "lift_lo": 5_000.0,
        "lift_hi": 85_000.0,
        "lift_se": 20_000.0,
        "percent": 0.031,
        "in_money": True,
        "unit_value": 2.0,
        "value": 90_000.0,
        "spend_change": 60_000.0,
        "spend_planned": None,
        "spend_seen": 60_000.0,
        "spend_seen_se": 1_000.0,
        "roi": 1.5,
        "roi_lo": 0.2,
        "roi_hi": 2.8,
        "error": "placebo",
        "placebos": 44,
        "r2": 0.91,
        "p_value": 0.04,
        "assignments": 210,
        "beside": [{"method": "synthetic control", "lift": 50_000.0, "lift_se": None}],
        "flags": [],
        "preview": {"state": "none", "why": "there is no finished fit"},
        "name": "acme",
        "currency": "USD",
        "gross_margin": 0.5,
        "data_until": "2026-06-28",
        "config_hash": "c0",
        "version": "0",
        "created": "2026-07-01T00:00:00+00:00",
    }
    return found | changes


def course() -> pd.DataFrame:
    dates = pd.date_range("2025-12-01", periods=16, freq="7D").strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "date": dates,
            "part": ["history"] * 13 + ["test"] * 2 + ["cooldown"],
            "actual": 500_000.0,
            "expected": 485_000.0,
            "expected_lo": 450_000.0,
            "expected_hi": 520_000.0,
            "effect": [None] * 13 + [15_000.0] * 3,
            "cumulative": [None] * 13 + [15_000.0, 30_000.0, 45_000.0],
            "cumulative_lo": [None] * 13 + [0.0, 2_000.0, 5_000.0],
            "cumulative_hi": [None] * 13 + [30_000.0, 60_000.0, 85_000.0],
        }
    )


def page(language: str = "en", labels: Mapping[str, str] | None = None, **changes: Any) -> str:
    return render_readout(figures(**changes), course(), "readout-spring", language, labels or {})


def words(html: str) -> str:
    body = re.sub(r"<(script|style).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", body).replace("\u00a0", " ").split())


def test_money_the_effect_and_its_range_are_said_in_money() -> None:
    said = words(page())
    assert "60.0 k more for tv in north and south, 2 March 2026 to 15 March 2026" in said
    assert "+90.0 k of outcome in money against what would have been (90 %: +10.0 k to +170.0 k)" in said
    assert "The range leaves out zero" in said
    assert "pays from a return of 2.00 on" in said
    assert "4 in 100" in said
    assert "44 windows of the history" in said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lift_lo": -5_000.0}, "this test alone cannot tell its effect from none"),
        ({"spend_change": -60_000.0}, "60.0 k less for tv"),
        ({"roi": None, "roi_lo": None, "roi_hi": None}, "the change of spend is not clear of its noise"),
        ({"in_money": False, "unit_value": None, "value": None}, "+45,000 units of the outcome"),
        ({"error": "memory", "placebos": 0}, "The history is too short"),
        (
            {
                "flags": [
                    {
                        "check": "spend",
                        "severity": "fail",
                        "rows": "",
                        "value": "none spent",
                        "remedy": "Mend",
                    }
                ]
            },
            "This is no result to use: none spent",
        ),
    ],
)
def test_each_kind_of_result_is_said_in_its_own_words(changes: dict[str, Any], says: str) -> None:
    assert says in words(page(**changes))


def test_names_from_the_data_are_text_and_nothing_is_fetched() -> None:
    html = page(id=HOSTILE, channel=HOSTILE, geos=[HOSTILE], controls=[HOSTILE])
    assert HOSTILE not in html
    assert not re.search(r"(src|href)=[\"']https?:", html)
    assert "default-src 'none'" in html


WARNED = [
    {"check": "overlap", "severity": "review", "rows": "2026-03-02 to 2026-03-22",
     "value": "summer ran at the same time in other regions", "remedy": "Its effect is part of this result. Tests of "
     "two things in the same weeks need regions of their own."},
    {"check": "spend", "severity": "fail", "rows": "", "value": "planned was +60,000, and the data show +2 give or "
     "take 1,000", "remedy": "said in no other language"},
]  # fmt: skip
PREVIEWED = {
    "state": "previewed", "effective": 210.4, "money": {"moved": 2e4, "worth": 3e3, "objective": "profit"},
    "cells": [{"channel": "tv", "audience": "", "message": "", "before": 1e5, "after": 1.2e5, "p_pays_before": 0.6,
               "p_pays_after": 0.9, **{f"roi_{when}{end}": 1.5 for when in ("before", "after")
                                       for end in ("", "_lo", "_hi")}}],
}  # fmt: skip
GIVEN = {"acme", "USD", "north", "south", "east", "west", "spring", "summer", "price"}
KEPT = {"JavaScript", "mmm", "planner", "readout-spring", "json", "csv"}


@pytest.mark.parametrize(
    "changes",
    [
        {"preview": {"state": "none", "why": "there is no finished fit of these data and settings"}},
        {"flags": WARNED, "preview": PREVIEWED, "adjusted_for": ["price"]},
        {"spend_change": -6e4, "lift_lo": -1.0, "roi": None, "error": "memory", "placebos": 0},
        {"in_money": False, "unit_value": None, "value": None, "geos": [f"{k}" for k in range(9)]},
        {"preview": {"state": "refit", "why": "a test that the fit used has been taken out since"}},
    ],
)
def test_the_page_is_hebrew_from_right_to_left_but_for_names_and_files(changes: dict[str, Any]) -> None:
    html = page("he", {"tv": "טלוויזיה"}, **changes)
    assert '<html lang="he" dir="rtl">' in html
    assert "טלוויזיה" in words(html)
    said = re.sub(r"<code>.*?</code>|\d{4}-\d\d-\d\dT[\d:+]*", "", html)
    assert set(re.findall(r"[A-Za-z][A-Za-z-]+", words(said))) - GIVEN - KEPT - {"c0", "mmm-planner"} == set()


def test_both_languages_say_the_same_figures() -> None:
    pages = [page(language, flags=WARNED, preview=PREVIEWED) for language in ("en", "he")]
    cells = [" ".join(re.findall(r"<td[^>]*>(.*?)</td>", html)) for html in pages]
    figures = [re.findall(r"\d[\d,.]*", re.sub("[\u2066-\u2069]", "", told)) for told in cells]
    assert len(figures[0]) > 40
    assert sorted(figures[0]) == sorted(figures[1])
