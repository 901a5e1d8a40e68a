"""Shares of money and of what it brought: they add up, and a page without two channels has none."""

from __future__ import annotations

import json

import pytest

from mmm.dims import Cell
from mmm.reporting.audiences import results_for
from mmm.reporting.settings import ReportSettings
from mmm.reporting.shares import shares_figure, shares_table
from mmm.reporting.voice import voice_for


def _rows(figure):
    (rows,) = figure.spec["datasets"].values()
    return rows


def test_shares_of_channels_are_those_of_their_cells_and_add_up_to_one(results):
    rows = _rows(shares_figure(results, voice_for(results, ReportSettings())))
    cells = results.roi[results.roi["level"] == "cell"]
    for line, name in (("0", "spend"), ("1", "contribution")):
        shown = {row["name"]: row["share"] for row in rows if row["line"] == line}
        brought = cells.groupby("channel")[name].sum() / cells[name].sum()
        assert sum(shown.values()) == pytest.approx(1, abs=1e-3)
        assert shown["Facebook"] == pytest.approx(brought["facebook"], rel=1e-3)


def test_the_table_behind_has_a_line_for_each_channel(results):
    table = shares_table(results, voice_for(results, ReportSettings()))
    assert [row[0] for row in table.rows] == ["TV", "Outdoor", "Search", "Facebook", "TikTok"]
    assert len(table.head) == len(table.rows[0])


def test_one_channel_shares_with_nobody(make):
    found = make(cells=(Cell("tv", "a"), Cell("tv", "b")), labels=())
    assert shares_figure(found, voice_for(found, ReportSettings())) is None


def test_an_agency_sees_shares_without_profit(results):
    shown = results_for(results, "agency")
    figure = shares_figure(shown, voice_for(shown, ReportSettings()))
    assert figure is not None
    assert "profit" not in json.dumps(figure.spec)
