"""The page of a portfolio says its tables, in either language, and what comes from the data is text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mmm.reporting.portfolio import render_portfolio

HOSTILE = "</script><b>tv</b>"
SPREAD = {"gain": 42_000.0, "gain_lo": -5_000.0, "gain_hi": 89_000.0}
TOLD: dict[str, Any] = {
    "name": "group", "currency": "EUR", "start": "2027-01-01", "end": "2027-03-31", "budget": 2e6,
    "value": 3e6, "value_lo": 2e6, "value_hi": 4e6, **SPREAD, "objective": "profit", "probability_better": 0.93,
    "gap": 0.0012, "gap_money": 3_600.0, "shadow_price": 0.31, "gain_within": 30_000.0, "gain_between": 12_000.0,
    "groups": [{"name": "tv everywhere", "spend": 7e5, "lower": 0.0, "upper": 7e5, "binding": "upper", "price": 0.2}],
    "gave_way": ["`plan.change` of the markets gave way: within it no plan meets the limits of markets and groups",
                 "a: Upwards, the limit of +-50 % around the scaled reference gave way: with it only 5 of 7 could be "
                 "placed."],
    "config_hash": "c0ffee" * 4, "data_until": "2026-12-27", "version": "0",
}  # fmt: skip


def market(name: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "level": "market" if name else "total", "market": name, "currency": "GBP", "rate": 1.1,
        "current_budget": 9e5, "planned_budget": 1e6, "planned_local": 909_091.0, "change": 1e5, "revenue": 4e6,
        "value": 1.5e6, **SPREAD, "probability_better": 0.9, "lower": None, "upper": 1e6, "binding": "upper",
        "price": 0.12,
    }  # fmt: skip
    return found | changes


TABLES: dict[str, list[Any]] = {
    "markets": [market("a"), market("b", change=-1e5, binding=""), market("", planned_local=None)],
    "market_moves": [
        {"market": name, "channel": "tv", "audience": "brand", "message": "", "evidence": grade,
         "current_spend": 2e5, "planned_spend": 3e5, "change": 1e5, "mroi": 1.9, "planned_mroi": 1.4}
        for name, grade in (("a", "experiment"), ("b", "prior"))
    ],
    "pooled": [
        {"market": "a", "channel": "tv", "prior_median": 1.0, "prior_sigma": 0.8, "pooled_median": 1.5,
         "pooled_sigma": 0.4, "others": 2, "roi_alone": 1.2, "roi_pooled": 1.4}
    ],
}  # fmt: skip


def page(language: str = "en", **changes: Any) -> str:
    labels = {"a": {"tv": "טלוויזיה" if language == "he" else "Television"}}
    return render_portfolio(TOLD | changes, TABLES, language, labels)


def words(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ").split())


def test_the_decision_the_markets_and_what_gave_way_are_said() -> None:
    said = words(page())
    for part in (
        "group One budget over several markets, Q1 2027",
        "that is +42 k profit after media (90 %: −5 k to +89 k)",
        "0.12 % at most below the best plan",
        "moving money between markets adds +12 k",
        "a gets 100 k more than its share today",
        "909,091 GBP",
        "Television / brand",
        "tv everywhere 700 k – 700 k at its most 0.20",
        "a: Upwards, the limit",
        "1.50 (0.40)",
    ):
        assert part in re.sub(r" ([.,:)])", r"\1", said.replace(" (", " (")), part


def test_without_limits_and_pooling_their_parts_are_left_out() -> None:
    free = [row | {"upper": None} for row in TABLES["markets"]]
    html = render_portfolio(TOLD | {"groups": []}, TABLES | {"markets": free, "pooled": []}, "en", {})
    assert 'id="limits"' not in html
    assert 'id="pooled"' not in html


@pytest.mark.parametrize(
    "changes", [{}, {"objective": "revenue", "shadow_price": None, "gain_between": None}]
)
def test_the_page_is_hebrew_from_right_to_left_but_for_names_and_files(changes: dict[str, Any]) -> None:
    html = page("he", **changes)
    assert '<html lang="he" dir="rtl">' in html
    assert "טלוויזיה / brand" in html
    said = re.sub(r"[0-9a-f]{12}|`[^`]*`", "", words(html))
    files = {"portfolio", "json", "markets", "csv", "market_moves"}
    given = {"group", "EUR", "GBP", "tv", "everywhere", "brand", "mmm", "planner", "ROI"}
    assert set(re.findall(r"[A-Za-z_]{2,}", said)) - files - given == set()


def test_both_languages_say_the_same_figures() -> None:
    found = [
        re.findall(
            r"\d[\d,.]*",
            re.sub("[\u2066-\u2069]", "", " ".join(re.findall(r"<td[^>]*>(.*?)</td>", page(language)))),
        )
        for language in ("en", "he")
    ]
    assert len(found[0]) > 40
    assert sorted(found[0]) == sorted(found[1])


def test_the_page_runs_nothing_and_names_are_text() -> None:
    html = page(name=HOSTILE, groups=[TOLD["groups"][0] | {"name": HOSTILE}], gave_way=[HOSTILE])
    assert "<script" not in html
    assert "<b>tv" not in html
