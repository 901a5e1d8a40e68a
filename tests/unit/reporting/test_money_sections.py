"""Customers, profit and loss, scorecard and buyer's columns: the figures of their tables, and nothing without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mmm.dims import Cell
from mmm.finance.economics import Economics
from mmm.finance.pnl import Flows, Terms, pnl_table
from mmm.reporting import customers, pnl, scorecard
from mmm.reporting.excel import write_workbook
from mmm.reporting.html import render_html
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

QUARTER = "2026-08-17/2026-11-15"


@pytest.fixture(scope="module")
def told(results):
    """The made-up run with two channels in each of the tables."""
    rng = np.random.default_rng(1)
    revenue = 100e3 * rng.uniform(0.5, 1.5, (2, 300, 8))
    media = np.zeros((3, 8))
    media[:, :6] = [[30e3], [20e3], [5e3]]
    weeks = np.datetime64("2027-01-04") + 7 * np.arange(8)
    flows = Flows(revenue, media, np.zeros((2, 8)), 0.0, revenue)
    cells, terms = (Cell("tv"), Cell("search")), Terms(0.05, 0.0, 30, 0)
    table = pnl_table(
        {"plan": flows, "current": flows}, cells, Economics(0.5), terms, weeks, "week", weeks[0]
    )
    rows = [
        {
            "period": QUARTER,
            "level": level,
            "channel": channel,
            "audience": "",
            "campaign": "",
            "creative": "",
        }
        | {"goal": "sales", "kpi": kpi, "value": value, "previous": 9.0, "same_period_last_year": 8.0}
        | {"benchmark": usual, "n": 400.0}
        for level, channel, kpi, value, usual in (
            ("channel", "search", "cost_per_customer", 12.0, 8.0),
            ("channel", "tv", "cost_per_1000_exposures", 4.0, 4.1),
            ("channel", "facebook", "cost_per_order", 5.0, 5.0),
            ("total", "", "revenue", 2e6, 1.9e6),
        )
    ]
    moved = [
        {"period": QUARTER, "against": "same_period_last_year", "level": "channel", "channel": "search"}
        | {
            "audience": "",
            "kpi": "cost_per_customer",
            "factor": factor,
            "before": 1.0,
            "value": 1.5,
            "effect": effect,
        }
        for factor, effect in (("spend_per_clicks", -0.5), ("clicks_per_matched", 4.5))
    ]
    cost = {"known_by": "segment", "spend": 1e6, "handling": 0.0, "claimed_cost_per_order": 3.0}
    cost |= {"cost_per_customer": 7.0, "p_pays_back": 0.93, "marginal_cac": 31.0}
    for name, three in {
        "new_customers": (40e3, 30e3, 50e3),
        "full_cac": (25.0, 20.0, None),
        "lifetime_value": (60.0, 60.0, 60.0),
        "value_to_cac": (2.4, 1.8, 3.0),
        "payback_months": (5.0, 3.0, None),
    }.items():
        cost |= dict(zip((name, f"{name}_lo", f"{name}_hi"), three, strict=True))
    lines = [
        {"period": "all", "level": level, "channel": c, "audience": "", **cost}
        for level, c in (("cell", "tv"), ("total", ""))
    ]
    about = replace(
        results.about,
        fees={"default": 0.1, "tv": 0.25},
        vat=0.18,
        channel_goals={"default": "sales", "tv": "awareness"},
    )
    return replace(
        results,
        about=about,
        pnl=table,
        scorecard=pd.DataFrame(rows),
        drivers=pd.DataFrame(moved),
        customers=pd.DataFrame(lines).astype({"full_cac_hi": float, "payback_months_hi": float}),
    )


@pytest.fixture(scope="module")
def voice(told):
    return voice_for(told, ReportSettings())


def test_every_bar_of_profit_and_loss_begins_where_the_one_before_ends(told, voice):
    bars = next(iter(pnl.pnl_figure(told, voice).spec["datasets"].values()))
    whole = {name: figure.mean for name, figure in pnl.lines_of(told, "plan").items()}
    reached = 0.0
    for bar in bars:
        assert bar["from"] in (pytest.approx(0.0), pytest.approx(reached))
        reached = bar["to"]
    assert reached == pytest.approx(whole["contribution"] / 1e3)
    assert len(bars) == 7  # handling and what is paid once are nothing here


def test_the_lead_says_what_is_left_and_how_much_cash_is_out(told, voice):
    said = " ".join(pnl.pnl_lead(told, voice))
    whole = pnl.lines_of(told, "plan")
    for name in ("contribution", "break_even_revenue", "cash_needed"):
        assert voice.amounts.money(whole[name].mean) in said


def test_months_end_with_the_last_that_moves_and_tests_have_a_line(told, voice):
    months = [row[0] for row in pnl.months_table(told, voice).rows]
    assert months[0] == "2027-01"
    assert months == sorted(months)
    assert [row[0] for row in pnl.channels_table(told, voice).rows] == [
        voice.channel("tv"),
        voice.channel("search"),
        voice.text("tests"),
    ]


def test_a_channel_is_judged_by_what_it_is_for_and_the_worst_is_named_with_its_rate(told, voice):
    rows = {row[0]: row for row in scorecard.channels_table(told, voice).rows}
    assert rows[voice.channel("tv")][2] == voice.text("kpi.cost_per_1000_exposures")
    assert rows[voice.channel("search")][3:7] == ("12.00", "9.00", "8.00", "8.00")
    verdict, worst, broken = scorecard.scorecard_lead(told, voice)
    assert "1 of 3" in verdict
    assert "50" in worst
    assert voice.text("driver.clicks_per_matched") in broken
    assert "+4.50" in broken


def test_a_cost_without_an_upper_end_says_so_and_never_is_a_word(told, voice):
    row = customers.customers_table(told, voice).rows[0]
    assert "20.00 +" in row
    assert f"5 (3\u2013{voice.text('customers.never')})" in row
    assert "25.00" in customers.customers_lead(told, voice)


def test_page_and_workbook_have_the_sections_and_other_runs_have_not(told, results, tmp_path):
    page, plain = (render_html(one, ReportSettings()) for one in (told, results))
    for name in ("pnl", "scorecard", "customers"):
        assert f'id="{name}"' in page
        assert f'id="{name}"' not in plain
    write_workbook(told, ReportSettings(), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert {"Profit and loss", "Customers"} <= set(book.sheetnames)
    written = [row[5] for row in book["Profit and loss"].iter_rows(min_row=2, values_only=True)]
    np.testing.assert_allclose([x for x in written if x is not None], told.pnl["value"].dropna())


def test_net_and_fee_are_the_planned_money_and_gross_is_it_with_vat(told, tmp_path):
    write_workbook(told, ReportSettings(), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)["Plan by week"]
    head = next(row for row in sheet.iter_rows() if any(cell.value == "Net media" for cell in row))
    place = next(cell.column for cell in head if cell.value == "Net media")
    for row in sheet.iter_rows(min_row=head[0].row + 1, max_row=head[0].row + 11):
        total, net, fee, vat, gross = (row[place - 2 + k].value for k in range(5))
        share = 0.25 if row[0].value == "tv" else 0.1
        assert net == pytest.approx(total / (1 + share), abs=0.01)
        assert net + fee == pytest.approx(total, abs=0.001)
        assert gross == pytest.approx(total * 1.18, abs=0.02)
        assert vat == pytest.approx(total * 0.18, abs=0.01)
