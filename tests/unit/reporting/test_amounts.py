"""Figures as people read them."""

from __future__ import annotations

from datetime import date as Date

import pytest

from mmm.reporting.amounts import NOTHING, Figures, amounts_for
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.results import Estimate

ENGLISH, HEBREW = (Figures(catalogue_for(language)) for language in ("en", "he"))


@pytest.mark.parametrize(
    ("budget", "value", "written"),
    [
        (1.3e6, 1_300_000.0, "1,300\u00a0k"),
        (1.3e6, -8_400.0, "\u22128\u00a0k"),
        (1.3e6, -12.0, "0\u00a0k"),
        (2e5, 6_440.0, "6.4\u00a0k"),
        (8e3, 6_440.0, "6.44\u00a0k"),
        (1.3e6, None, NOTHING),
        (1.3e6, float("nan"), NOTHING),
    ],
)
def test_money_is_in_thousands_with_a_true_minus_and_no_minus_zero(
    budget: float, value: float | None, written: str
) -> None:
    assert amounts_for(ENGLISH, budget, "USD", True).money(value) == written


def test_a_range_carries_its_signs_and_is_empty_when_one_end_is() -> None:
    amounts = amounts_for(ENGLISH, 1.3e6, "USD", True)
    assert amounts.money_range(Estimate(1.0, -5e3, 89e3), signed=True) == "\u22125\u00a0k to +89\u00a0k"
    assert amounts.money_range(Estimate(1.0, None, 89e3)) == NOTHING


def test_a_count_is_written_in_units_and_money_still_in_thousands() -> None:
    amounts = amounts_for(ENGLISH, 1.3e6, "USD", False)
    assert amounts.outcome(85_211.4) == "85,211"
    assert amounts.money(85_211.4) == "85\u00a0k"


@pytest.mark.parametrize("budget", [1_004_900.0, 1_300_000.0, 999_499.5, 61_234.0, 8_765.43])
def test_a_budget_and_its_two_parts_add_up_as_they_are_written(budget: float) -> None:
    amounts = amounts_for(ENGLISH, budget, "USD", True)
    reserve = budget / 10
    written = (amounts.money(budget), amounts.rest(budget, reserve), amounts.money(reserve))
    whole, core, tests = (float(text.split("\u00a0")[0].replace(",", "")) for text in written)
    assert core + tests == pytest.approx(whole, abs=1e-9)
    assert core == pytest.approx((budget - reserve) / 1e3, abs=1.01 * 10**-amounts.decimals)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.93, "93 in 100"),
        (0.9951, "more than 99 in 100"),
        (1.0, "more than 99 in 100"),
        (0.0, "fewer than 1 in 100"),
    ],
)
def test_odds_never_claim_certainty(value: float, written: str) -> None:
    assert ENGLISH.odds(value).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        ((2027, 1, 1), (2027, 3, 31), "Q1 2027"),
        ((2027, 10, 1), (2027, 12, 31), "Q4 2027"),
        ((2027, 2, 1), (2027, 2, 28), "February 2027"),
        ((2027, 1, 1), (2027, 12, 31), "2027"),
        ((2027, 2, 1), (2027, 4, 30), "1 February 2027 to 30 April 2027"),
        ((2026, 11, 16), (2027, 2, 14), "16 November 2026 to 14 February 2027"),
    ],
)
def test_a_window_has_the_name_finance_gives_it(
    start: tuple[int, int, int], end: tuple[int, int, int], name: str
) -> None:
    assert ENGLISH.window(Date(*start), Date(*end)).replace("\u00a0", " ") == name


def test_small_words_of_a_sentence() -> None:
    assert ENGLISH.listed(["a", "b", "c"]) == "a, b and c"
    assert ENGLISH.listed(["a"]) == "a"
    assert ENGLISH.percent(-0.283, signed=True) == "\u221228\u00a0%"
    assert ENGLISH.ratio(2.345) in ("2.34", "2.35")


def test_hebrew_keeps_the_sign_left_of_the_number_and_says_thousands_in_a_word() -> None:
    amounts = amounts_for(HEBREW, 1.3e6, "ILS", True)
    assert amounts.money(-5e3) == "\u2066\u22125\u2069\u00a0אלף"
    assert amounts.money_range(Estimate(1.0, -5e3, 89e3), signed=True) == (
        "\u2066\u22125\u2069\u00a0אלף עד \u2066+89\u2069\u00a0אלף"
    )
    assert HEBREW.percent(-0.283) == "\u2066\u221228%\u2069"
    assert HEBREW.odds(0.93) == "93\u00a0מתוך\u00a0100"
    assert HEBREW.listed(["טלוויזיה", "חיפוש", "רדיו"]) == "טלוויזיה, חיפוש ו־רדיו"


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        ((2027, 1, 1), (2027, 3, 31), "רבעון 1 של 2027"),
        ((2027, 2, 1), (2027, 2, 28), "פברואר 2027"),
        ((2027, 2, 1), (2027, 4, 30), "1 בפברואר 2027 עד 30 באפריל 2027"),
    ],
)
def test_a_window_has_its_hebrew_name(
    start: tuple[int, int, int], end: tuple[int, int, int], name: str
) -> None:
    assert HEBREW.window(Date(*start), Date(*end)).replace("\u00a0", " ") == name
