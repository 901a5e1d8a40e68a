"""Whom to ask about each source, and how old it is."""

from dataclasses import replace

import pandas as pd
import pytest

from mmm.reporting.appendix import sources_table
from mmm.reporting.html import render_html
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for


@pytest.fixture
def with_sources(results):
    rows = [
        {
            "source": "data.outcome",
            "file": "finance.csv",
            "owner": "Dana <finance>",
            "data_until": "2026-11-15",
        },
        {"source": "data.media[1]", "file": "../data/media.csv", "owner": "", "data_until": "2026-11-22"},
    ]
    return replace(results, sources=pd.DataFrame(rows))


def test_each_source_has_its_owner_its_last_day_and_its_age(with_sources):
    found = sources_table(with_sources, voice_for(with_sources, ReportSettings()))
    assert [row[0] for row in found.rows] == ["data.outcome", "data.media[1]"]
    assert [row[4] for row in found.rows] == ["finance.csv", "media.csv"]
    assert [row[1] for row in found.rows] == ["Dana <finance>", "–"]
    assert [row[3] for row in found.rows] == ["7 days", "0 days"]  # the run was made on 22 November 2026


def test_the_page_shows_sources_as_text_and_none_where_a_run_has_none(results, with_sources):
    page = render_html(with_sources, ReportSettings())
    assert "Dana &lt;finance&gt;" in page
    assert ">Sources<" in page
    assert ">Sources<" not in render_html(results, ReportSettings())
