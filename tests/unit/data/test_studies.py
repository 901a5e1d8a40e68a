"""Returns that others found, put on a panel."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.settings import DataSettings, StudiesTable
from mmm.data.studies import read_studies
from mmm.errors import DataError

DATA = DataSettings.model_validate(
    {"source": "sales.csv", "date": "week", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}}
)


@pytest.fixture
def read(tmp_path):
    def read(panel, head, *lines, first=8):
        (tmp_path / "studies.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return read_studies(StudiesTable(source="studies.csv"), DATA, {}, tmp_path, panel, first=first)

    return read


def test_a_return_without_dates_is_about_all_that_is_modelled_and_its_error_counts_twice(make_panel, read):
    panel = make_panel()
    (found,), (check,) = read(panel, "id,channel,roi,roi_se,method", "mta,tv,2.5,0.5,attribution")
    spend = panel.spend[8:, 0, 0].sum()
    assert (found.first, found.stop, found.last, found.cells) == (8, len(panel.dates), len(panel.dates), (0,))
    assert found.study
    assert not found.within
    assert found.spend_change == pytest.approx(spend)
    assert (found.lift, found.lift_se) == (pytest.approx(2.5 * spend), pytest.approx(2 * 0.5 * spend))
    assert not found.bau.any()
    assert check.severity == "pass"
    # 1.645 x 0.5 either side of 2.5
    assert "a study (attribution) says 2.5 (1.68 to 3.32) back per unit spent" in check.value
    assert "counts 2 times" in check.value


def test_trust_is_the_share_of_the_precision_that_counts(make_panel, read):
    panel = make_panel()
    (half, full), _ = read(panel, "id,channel,roi,roi_se,trust", "a,tv,2,1,0.5", "b,tv,2,1,1")
    assert half.lift_se**2 == pytest.approx(2 * full.lift_se**2)


def test_a_study_of_given_days_is_about_the_spend_of_these_days(make_panel, read):
    panel = make_panel(unit_value=5.0)
    (found,), _ = read(
        panel, "id,channel,start,end,roi,roi_lo,roi_hi,level", "a,search,2024-04-01,2024-06-30,2,1,3,90"
    )
    spend = panel.spend[13:26][:, :, [1, 2]].sum()
    assert (found.first, found.stop, found.cells) == (13, 26, (1, 2))
    assert found.lift == pytest.approx(2 * spend / 5.0)  # units of the outcome, worth 5 each
    assert found.lift_se == pytest.approx(2 * spend / 5.0 / 1.644854, rel=1e-6)


def test_a_study_from_before_the_modelled_weeks_is_left_out_and_listed(make_panel, read):
    found, (check,) = read(make_panel(), "id,channel,start,end,roi,roi_se", "a,tv,2024-01-01,2024-06-30,2,1")
    assert found == ()
    assert check.severity == "review"
    assert "2024-02-26" in check.value


def test_every_fault_is_said_at_once(make_panel, read):
    panel = make_panel()
    panel = replace(panel, spend=np.where(np.arange(3) == 0, 0.0, panel.spend))
    with pytest.raises(DataError) as caught:
        read(
            panel,
            "id,channel,start,end,roi,roi_se,trust",
            "a,tv,,,2,1,",
            "b,search,2024-03-04,,2,1,",
            "c,search,,,,1,",
            "d,search,,,2,0,",
            "e,search,,,2,1,1.5",
            "f,radio,,,2,1,",
        )
    told = dict(fault.split("row ", 1)[1].split(": ", 1) for fault in caught.value.faults)
    for row, word in {
        "3": "one of start and end",
        "4": "no roi",
        "5": "roi_se is 0",
        "6": "trust is 1.5",
    }.items():
        assert word in told[row], row
    with pytest.raises(DataError) as caught:
        read(panel, "id,channel,roi,roi_se", "a,tv,2,1", "f,radio,2,1", "g,search,-0.5,1")
    told = dict(fault.split("row ", 1)[1].split(": ", 1) for fault in caught.value.faults)
    assert "no spend" in told["2"]
    assert "radio" in told["3"]
    assert "4" not in told
