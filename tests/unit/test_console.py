"""What a person at a terminal reads."""

from __future__ import annotations

import io
import math
import re

import pandas as pd
import pytest

from mmm.console import plans, words
from mmm.console.plans import plan_text
from mmm.console.results import checks_text, roi_text
from mmm.console.terminal import ProgressLine, ask, painted
from mmm.console.trust import stress_text
from mmm.console.words import aligned, in_100, money, percent, ratio, width_of
from mmm.data.panel import Check


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_columns_end_or_begin_on_one_line() -> None:
    text = aligned([["name", "spend"], ["tv", "1,300,000"], ["search", "9"]], right=[1])
    assert text == "name        spend\ntv      1,300,000\nsearch          9"


def test_hebrew_with_marks_takes_the_columns_a_terminal_gives_it() -> None:
    plain, marked = aligned([["\u05d0\u05d1", "x"]]), aligned([["\u05d0\u05b8\u05d1\u200f", "x"]])
    assert plain.index("x") == 4
    assert marked.index("x") == 4 + 2  # the vowel and the bidi mark take no column


@pytest.mark.parametrize(
    ("value", "said"),
    [(1_300_000, "1,300,000"), (-1234.5, "-1,234"), (2.5, "2.50"), (3.0, "3"), (math.nan, "-"), (None, "-")],
)
def test_money_has_thousands_and_nothing_is_a_dash(value: object, said: str) -> None:
    assert money(value) == said


def test_shares_returns_and_chances_read_as_a_person_says_them() -> None:
    assert percent(0.0123, 1) == "1.2 %"
    assert ratio(1.234) == "1.23"
    assert [in_100(p) for p in (0.0, 0.001, 0.87, 0.999, 1.0, None)] == [
        "0 in 100",
        "under 1 in 100",
        "87 in 100",
        "over 99 in 100",
        "100 in 100",
        "-",
    ]


def test_checks_come_worst_first_with_count_and_next_step() -> None:
    text = checks_text(
        [
            Check("dates", "pass", "w.csv", "", "156 weeks", ""),
            Check("gaps", "fail", "w.csv", "12-14", "3 missing", "fill the weeks in"),
            Check("scale", "review", "w.csv", "", "media are 70 % of revenue", "is revenue per month?"),
        ],
        "a.yaml",
    )
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["fail", "->", "review", "->", "pass"]
    assert lines[0] == "fail    gaps - w.csv rows 12-14: 3 missing"
    assert lines[1].strip() == "-> fill the weeks in"
    assert lines[-2:] == ["1 pass, 1 review, 1 fail", "Next: mend what fails, then mmm check a.yaml"]


def test_good_checks_lead_to_a_run() -> None:
    assert checks_text([Check("dates", "pass", "", "", "", "")], "a.yaml").endswith("Next: mmm run a.yaml")


ROI = pd.DataFrame(
    {
        "level": ["cell", "channel", "total", "cell"],
        "channel": ["tv", "tv", "", "facebook"],
        "audience": ["", "", "", "prospecting"],
        "spend": [1000.0, 1000.0, 3000.0, 2000.0],
        "contribution": [1500.0, 1500.0, 3500.0, 2000.0],
        "roi": [1.5, 1.5, 3.5 / 3, 1.0],
        "roi_lo": [0.5, 0.5, 0.9, 0.2],
        "roi_hi": [2.5, 2.5, 1.4, 1.9],
        "mroi": [0.8, 0.8, math.nan, 0.6],
        "p_pays": [0.4, 0.4, 0.2, math.nan],
        "evidence": ["data", None, None, "prior"],
    }
)


def test_the_roi_table_shows_cells_then_the_total_with_ranges_and_currency() -> None:
    lines = roi_text(ROI, "USD").splitlines()
    assert [line.split("  ")[0] for line in lines[1:4]] == ["tv", "facebook / prospecting", "total"]
    assert lines[1].split()[1:] == [
        "1,000",
        "1,500",
        "1.50",
        "(0.50",
        "to",
        "2.50)",
        "0.80",
        "40",
        "in",
        "100",
        "data",
    ]
    assert lines[2].split()[-2:] == ["-", "prior"]
    assert lines[4] == "Money in USD."
    assert "names none" in roi_text(ROI, None)


def test_a_count_without_value_shows_its_cost_per_outcome() -> None:
    counts = ROI.drop(columns=["roi", "roi_lo", "roi_hi", "mroi", "p_pays"]).assign(
        cost_per_outcome=[0.5, 0.5, 0.6, 0.7],
        marginal_cost_per_outcome=[0.9, 0.9, 1.0, 1.1],
        contribution_lo=1.0,
        contribution_hi=2.0,
    )
    lines = roi_text(counts, "USD").splitlines()
    assert "cost per outcome" in lines[0]
    assert "ROI" not in lines[0]
    assert lines[1].split()[-3:] == ["0.50", "0.90", "data"]


MOVES = pd.DataFrame(
    {
        "level": ["cell", "cell", "total"],
        "channel": ["tv", "search", ""],
        "audience": ["", "", ""],
        "reference_spend": [500.0, 400.0, 900.0],
        "current_spend": [600.0, 480.0, 1080.0],
        "planned_spend": [900.0, 180.0, 1080.0],
        "mroi_planned": [1.2, 1.4, math.nan],
        "binding": ["upper", "", ""],
        "binding_price": [0.21, math.nan, math.nan],
    }
)
SUMMARY = {
    "budget": 1200.0,
    "core": 1080.0,
    "reserve": 120.0,
    "profit": 300.0,
    "profit_lo": 100.0,
    "profit_hi": 500.0,
    "current_profit": 250.0,
    "current_profit_lo": 50.0,
    "current_profit_hi": 450.0,
    "gain": 50.0,
    "gain_lo": -10.0,
    "gain_hi": 110.0,
    "probability_better": 0.87,
    "gap": 0.00004,
    "gap_money": 0.01,
    "gave_way": ("the bound of radio gave way: 12 to 20",),
}


def test_the_plan_says_money_gain_gap_and_what_binds() -> None:
    text = plan_text(SUMMARY, MOVES, "ILS")
    assert "tv      " in text
    assert "+50 %" in text
    assert "-62 %" in text
    for line in (
        "Budget 1,200 ILS: 1,080 planned, 120 kept for tests",
        "Profit after media: 300 (90 %: 100 to 500); today's mix: 250 (90 %: 50 to 450)",
        "Gain over today's mix at equal money: 50 (90 %: -10 to 110)",
        "Better than today's mix: 87 in 100",
        "Gap to the best possible plan: at most 0.004 % (0.01 ILS)",
        "Binds: tv (upper): one more ILS of room is worth 0.21 ILS",
        "Gave way: the bound of radio gave way: 12 to 20",
    ):
        assert line in text.splitlines()


def test_without_a_margin_the_plan_speaks_of_revenue() -> None:
    summary = {**SUMMARY, "profit": None, "revenue": 900.0, "revenue_lo": 1.0, "revenue_hi": 2.0}
    text = plan_text({**summary, "current_revenue": 800.0}, MOVES.assign(binding=""), None)
    assert "Revenue from media: 900 (90 %: 1 to 2); today's mix: 800" in text
    assert "Profit" not in text
    assert "Binds: nothing but the budget" in text


def test_a_plan_of_counts_speaks_of_outcomes_and_their_cost() -> None:
    moves = MOVES.assign(mroi_planned=math.nan, marginal_cost_per_outcome_planned=[3.5, 4.0, math.nan])
    summary = {**SUMMARY, "profit": None, "outcome": 40.0, "outcome_lo": 30.0, "outcome_hi": 50.0}
    text = plan_text({**summary, "objective": "outcome"}, moves, "ILS")
    assert "cost of the next" in text.splitlines()[0]
    assert "3.50" in text.splitlines()[1]
    assert "Outcome from media: 40 (90 %: 30 to 50)" in text
    assert "(0.01 outcomes)" in text
    assert "is worth 0.21 outcomes" in text


def test_the_window_the_reserve_and_what_is_left_are_told() -> None:
    reserve = pd.DataFrame({"level": ["reserve"], "current_spend": [120.0], "planned_spend": [120.0]})
    moves = pd.concat([MOVES, reserve], ignore_index=True)
    told = {
        "window": {"start": "2027-01-01", "end": "2027-03-31"},
        "data_until": "2026-12-20",
        "unspent": 50.0,
    }
    lines = plan_text({**SUMMARY, **told}, moves, None).splitlines()
    assert lines[3].split("  ")[0] == "for tests"
    assert lines[4].split("  ")[0] == "total"
    assert "Window 2027-01-01 to 2027-03-31; data until 2026-12-20" in lines
    assert "Budget 1,200: 1,080 planned, 120 kept for tests, 50 left unspent" in lines


def test_progress_on_a_terminal_is_one_line_that_is_wiped() -> None:
    stream, seconds = _Terminal(), iter([0.0, 1.0, 12.0])
    line = ProgressLine(stream, clock=lambda: next(seconds))
    line("sampling, 10 of 100 draws")
    line("plan")
    line.close()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().startswith("\rsampling, 10 of 100 draws  1 s\rplan  12 s ")
    last = stream.getvalue().split("\r")[-3:]
    assert last[0].rstrip() == "plan  12 s"
    assert last[1].strip() == ""
    assert last[2] == ""


def test_progress_elsewhere_is_plain_lines_and_mere_numbers_wait_ten_seconds() -> None:
    stream, seconds = io.StringIO(), iter([0.0, 1.0, 2.0, 11.5, 12.0])
    line = ProgressLine(stream, clock=lambda: next(seconds))
    for message in ("sampling 10 %", "sampling 20 %", "sampling 90 %", "plan"):
        line(message)
    line.close()
    assert stream.getvalue() == "sampling 10 %\nsampling 90 %\nplan\n"


def test_enter_and_the_end_of_input_take_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["", " ILS "])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert [ask("Currency?", "USD") for _ in range(2)] == ["USD", "ILS"]

    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert ask("Currency?", "USD") == "USD"


def test_what_survives_is_a_line_a_cell_then_the_placebos_and_what_could_not_be_fitted() -> None:
    keys = {"channel": "tv", "audience": ""}
    summary = pd.DataFrame(
        [keys | {"value": 2.5, "lowest": 1.0, "highest": 4.0, "verdict": "pays", "survives": "turns"}]
    )
    hidden = pd.DataFrame([keys | {"robustness": 0.12}])
    shares = {"share_of_outcome": 0.004, "share_of_outcome_prior": 0.05}
    placebo = {
        "channel": "placebo",
        "audience": "",
        "roi": 0.31,
        "roi_lo": 0.05,
        "roi_hi": 0.9,
        "p_pays": 0.004,
    }
    stress = pd.DataFrame(
        [
            {"kind": "placebo", "spec": "tv, 60 weeks later", **keys, "roi": 2.4, "refused": ""},
            {
                "kind": "placebo",
                "spec": "tv, 60 weeks later",
                **placebo,
                "p_pays_prior": 0.5,
                **shares,
                "refused": "",
            },
            {"kind": "setting", "spec": "history none", "refused": "Too short."},
        ]
    )
    said = stress_text(stress, summary, hidden).splitlines()
    assert said[1].split() == ["tv", "2.50", "1.00", "4.00", "pays", "turns", "12", "%"]
    assert said[-2] == (
        "Placebo (tv, 60 weeks later) is given 0.31 (90 %: 0.05 to 0.90); before the data 50 in 100 to pay, "
        "after under 1 in 100; 0.4 % of the outcome, before the data 5.0 %"
    )
    assert said[-1] == "Not fitted: history none. Too short."


def _long_moves() -> pd.DataFrame:
    name = "Paid social in the north and in the south, prospecting, everybody over 35"
    row = {"level": "cell", "channel": name, "audience": "look-alikes_of_customers_of_the_last_two_years"}
    money = {"reference_spend": 1_234_567.0, "current_spend": 1_234_567.0, "planned_spend": 2_345_678.0}
    rest = {"mroi_planned": 1.25, "binding": "max of the group paid social", "message": "", "geo": ""}
    return pd.DataFrame(
        [row | money | rest, row | money | rest | {"level": "total", "channel": "", "audience": ""}]
    )


def test_a_table_wider_than_the_terminal_is_folded_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = plans.moves_text(_long_moves())
    assert max(map(width_of, wide.splitlines())) > 120
    for columns in (80, 60):
        monkeypatch.setattr(words, "terminal_width", lambda columns=columns: columns)
        told = plans.moves_text(_long_moves())
        assert max(map(width_of, told.splitlines())) <= columns
        for value in ("1,234,567", "2,345,678", "+90 %", "1.25", "max of the group paid social", "next unit"):
            assert told.count(value) == wide.count(value)
        names = "".join(line[: columns // 3] for line in told.splitlines()).replace(" ", "")
        for part in ("Paidsocial", "prospecting", "everybody", "look-alikes", "customers", "years"):
            assert part in names


def test_a_table_that_fits_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aligned([["name", "a"], ["x", "1"]], right=[1])
    monkeypatch.setattr(words, "terminal_width", lambda: 80)
    assert aligned([["name", "a"], ["x", "1"]], right=[1]) == before == "name  a\nx     1"


def test_text_that_goes_into_a_file_is_never_folded() -> None:
    assert words.terminal_width() is None


def test_progress_tells_the_time_left_once_the_pace_is_known() -> None:
    stream, seconds = _Terminal(), iter([0.0, 10.0, 12.0, 20.0, 40.0, 41.0])
    line = ProgressLine(stream, clock=lambda: next(seconds))
    for message in ("sampling 0 %", "sampling 1 %", "sampling 25 %", "sampling 75 %", "plan"):
        line(message)
    shown = [part.rstrip() for part in stream.getvalue().split("\r")[1:]]
    assert shown == [
        "sampling 0 %  [....................]  10 s",
        "sampling 1 %  [....................]  12 s",
        "sampling 25 %  [#####...............]  20 s, 30 s left",  # a quarter took ten seconds
        "sampling 75 %  [###############.....]  40 s, 10 s left",
        "plan  41 s",
    ]


def test_verdicts_are_in_colour_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    text = "fail    one - two\n        -> do this\nreview  x\npass    y\n1 pass, 0 review"
    assert painted(text, io.StringIO()) == text
    seen = painted(text, _Terminal())
    assert seen.count("\x1b[0m") == 3
    assert re.sub(r"\x1b\[[\d;]*m", "", seen) == text
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted(text, _Terminal()) == text


def test_a_message_longer_than_the_terminal_stays_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = _Terminal()
    ProgressLine(stream, clock=lambda: 0.0)("reading " + "x" * 100)
    assert len(stream.getvalue().strip("\r").rstrip()) <= 39
