"""What the page says of segments and of further outcomes, and that it says nothing where there are none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from mmm.reporting.html import render_html
from mmm.reporting.results import load_results
from mmm.reporting.segments import others_table, segments_figure, segments_lead, segments_table
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import voice_for

SETTINGS = ReportSettings()


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.fixture
def parted(run_folder: Path, tmp_path: Path):
    """The made-up run with its returns in two segments, one three times the other, and leads beside them."""
    folder = Path(shutil.copytree(run_folder, tmp_path / "run"))
    roi = read(folder / "roi.csv")
    numbers = ["contribution", "contribution_lo", "contribution_hi", "roi", "roi_lo", "roi_hi", "mroi"]
    whole = roi[roi["level"] == "cell"].assign(level="total", channel="", audience="").tail(1)
    whole[numbers] = roi.loc[roi["level"] == "cell", numbers].astype(float).sum().astype(str).tolist()
    roi = pd.concat([roi[roi["level"] != "total"], whole])
    parts = [roi.assign(segment="")]
    for name, share in (("new <b>", 0.25), ("existing", 0.75)):
        part = roi.assign(segment=name)
        part[numbers] = (part[numbers].astype(float) * share).astype(str)
        parts.append(part)
    pd.concat(parts).to_csv(folder / "roi.csv", index=False, encoding="utf-8-sig")
    leads = roi.assign(outcome_name="leads", contribution="1200", roi="", roi_lo="", roi_hi="")
    leads = leads.assign(cost_per_outcome="41.5", cost_per_outcome_lo="30", cost_per_outcome_hi="60")
    leads.to_csv(folder / "other_roi.csv", index=False, encoding="utf-8-sig")
    return load_results(folder)


def test_frames_are_about_the_whole_and_segments_stand_apart(parted, results):
    assert len(parted.roi) == len(results.roi) + (results.roi["level"] != "total").all()
    assert "segment" not in parted.roi
    assert set(parted.segments["segment"]) == {"new <b>", "existing"}


def test_a_line_of_each_segment_has_its_share(parted):
    voice = voice_for(parted, SETTINGS)
    table = segments_table(parted, voice)
    each = (parted.segments["level"].isin(["cell", "total"])).sum() // 2
    assert len(table.rows) == 2 * each
    assert [row[0] for row in table.rows[::each]] == ["new <b>", "existing"]
    said = segments_lead(parted, voice)
    assert "25" in said[1]
    assert "75" in said[2]
    assert "new &lt;b&gt;" in said[1]  # a name of the data is text
    assert segments_figure(parted, voice) is not None


def test_further_outcomes_have_units_and_what_one_costs(parted):
    rows = others_table(parted, voice_for(parted, SETTINGS)).rows
    assert {row[0] for row in rows} == {"leads"}
    assert rows[0][3:] == ("1,200", "41.50", "30.00 to 60.00")


def test_the_page_has_both_sections_and_without_them_neither(parted, results):
    page = render_html(parted, SETTINGS)
    assert 'id="segments"' in page
    assert 'id="others"' in page
    plain = render_html(results, SETTINGS)
    assert 'id="segments"' not in plain
    assert 'id="others"' not in plain
    voice = voice_for(results, SETTINGS)
    assert (segments_lead(results, voice), segments_figure(results, voice)) == ((), None)
    assert (segments_table(results, voice), others_table(results, voice)) == (None, None)
