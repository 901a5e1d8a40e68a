"""The bridge on the page and in the workbook: the figures of its tables, closing, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from mmm.reporting.claims import claims_figure, claims_lead, claims_sentences, claims_table, steps_table
from mmm.reporting.excel import write_workbook
from mmm.reporting.html import render_html
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

BEFORE, LAST = "2026-06-29/2026-09-27", "2026-09-28/2026-12-27"
STEPS = [
    ("claimed", "level", 900_000.25),
    ("overlap", "change", -150_000.00),
    ("not_closed", "change", -250_000.25),
    ("matched", "level", 500_000.00),
    ("not_caused", "change", -80_000.50),
    ("incremental", "level", 419_999.50),
    ("base", "change", 1_600_000.00),
    ("residual", "change", -19_999.50),
    ("finance", "level", 2_000_000.00),
]


@pytest.fixture(scope="module")
def bridged(results):
    ranged = ("incremental", "not_caused")
    bridge = pd.DataFrame(
        [
            {"period": period, "level": "total", "channel": "", "audience": "", "step": step, "kind": kind}
            | {"value": value, "value_lo": value - 5e4 if step in ranged else None}
            | {"value_hi": value + 6e4 if step in ranged else None}
            for period in (BEFORE, LAST)
            for step, kind, value in STEPS
        ]
    )
    claims = pd.DataFrame(
        [
            {"period": LAST, "level": level, "channel": channel, "audience": "", "claimed": orders}
            | {
                "attributed": 400.0,
                "matched": 300.0,
                "claimed_revenue": 50.0 * (orders or 0),
                "incremental": 9e4,
            }
            | {"incremental_lo": 7e4, "incremental_hi": 12e4, "claim_factor": factor, "claim_factor_lo": 2.0}
            | {"claim_factor_hi": 6.0, "claim_factor_change": 0.1, "attributed_share": clicked}
            | {"incremental_share": 0.25}
            for level in ("cell", "channel")
            for channel, orders, factor, clicked in (("search", 900.0, 4.18, 0.61), ("tv", None, None, 0.0))
        ]
    )
    return replace(results, bridge=bridge, claims=claims.astype({"claimed": float, "claim_factor": float}))


@pytest.fixture(scope="module")
def voice(bridged):
    return voice_for(bridged, ReportSettings())


def test_every_bar_begins_where_the_one_before_it_ends(bridged, voice):
    bars = next(iter(claims_figure(bridged, voice).spec["datasets"].values()))
    reached = 0.0
    for bar, (_, kind, value) in zip(bars, STEPS, strict=True):
        assert bar["from"] == pytest.approx(0.0 if kind == "level" else reached)
        assert bar["to"] == pytest.approx(value / 1e3 if kind == "level" else reached + value / 1e3)
        reached = bar["to"]
    assert reached == pytest.approx(2_000.0)


def test_the_lead_has_the_money_of_the_last_window(bridged, voice):
    said = claims_lead(bridged, voice)

    assert "28 September 2026" in said.replace("\u00a0", " ")
    for step in ("claimed", "matched", "incremental"):
        assert voice.amounts.money({name: value for name, _, value in STEPS}[step]) in said


def test_sentences_name_the_channel_that_claims_most_and_whom_last_click_favours(bridged, voice):
    most, click = claims_sentences(bridged, voice)

    assert "4.18" in most
    assert voice.channel("search") in most
    assert "61" in click
    assert "25" in click


def test_a_data_driven_model_has_its_sentence_and_its_column_where_it_counts(bridged, voice):
    shares = bridged.claims["channel"].map({"search": 0.2, "tv": 0.8})
    driven = replace(bridged, claims=bridged.claims.assign(data_driven=120.0, data_driven_share=shares))
    *_, said = claims_sentences(driven, voice)
    assert voice.channel("tv") in said
    assert "80" in said
    assert voice.text("column.data_driven") in claims_table(driven, voice).head
    assert voice.text("column.data_driven") not in claims_table(bridged, voice).head


def test_the_table_behind_is_to_the_cent_and_a_channel_nobody_claims_has_no_factor(bridged, voice):
    assert steps_table(bridged, voice).rows[0][2] == "900,000.25"
    tv = next(row for row in claims_table(bridged, voice).rows if row[0] == voice.channel("tv"))
    assert (tv[1], tv[4]) == ("\u2013", "\u2013")


def test_page_and_workbook_have_it_and_other_runs_have_not(bridged, results, tmp_path):
    assert 'id="claims"' in render_html(bridged, ReportSettings())
    assert 'id="claims"' not in render_html(results, ReportSettings())
    write_workbook(bridged, ReportSettings(), tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Money bridge"]
    values = [row[4] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert values[-len(STEPS) :] == [value for _, _, value in STEPS]
