"""Past tests on a panel: cells, regions, periods, and exposure without them."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.experiments import read_experiments
from mmm.data.settings import ChannelSettings, DataSettings, ExperimentsTable
from mmm.errors import DataError

DATA = DataSettings.model_validate(
    {"source": "sales.csv", "date": "week", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}}
)
HEAD = "id,channel,audience,geos,start,end,cooldown,spend_change,lift,lift_se,method"
GEOS = ("north", "south", "west")


@pytest.fixture
def regions(make_panel):
    """Weeks from 1 January 2024; tv runs in all of them."""
    panel = make_panel(2, geos=GEOS)
    spend = np.maximum(panel.spend, 10.0)
    return replace(panel, spend=spend, exposure=5.0 * spend)


@pytest.fixture
def read(tmp_path):
    def read(panel, *lines, head=HEAD, channels=None, first=0):
        (tmp_path / "tests.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        table = ExperimentsTable(source="tests.csv")
        return read_experiments(table, DATA, channels or {}, tmp_path, panel, first=first)

    return read


def test_days_become_periods_and_the_cool_down_counts_in_weeks(regions, read):
    (found,), _ = read(regions, "a,tv,,south;north,2024-03-06,2024-04-02,2,50,80,30,")
    # weeks of 4, 11, 18, 25 March and 1 April, then two weeks from 2 April: until the week of 15 April
    dates = [str(regions.dates[i]) for i in (found.first, found.stop - 1, found.last - 1)]
    assert dates == ["2024-03-04", "2024-04-01", "2024-04-15"]
    assert found.geos == (0, 1)
    assert found.cells == (0,)
    assert found.within


def test_money_added_is_taken_out_in_proportion_to_what_was_spent(regions, read):
    (found,), _ = read(regions, "a,tv,,north,2024-03-04,2024-03-31,0,20,80,30,")
    was = regions.exposure[9:13][:, [0]][:, :, [0]]
    spent = regions.spend[9:13, 0, 0].sum()
    np.testing.assert_allclose(found.bau, was * (spent - 20) / spent, rtol=1e-12)


def test_money_taken_away_is_put_back_at_the_usual_level_of_each_region(regions, read):
    spend = regions.spend.copy()
    spend[20:24, :2, 0] = 0.0
    dark = replace(regions, spend=spend, exposure=5.0 * spend)
    (found,), _ = read(dark, "a,tv,,north;south,2024-05-20,2024-06-16,0,-300,-80,30,")
    assert (found.first, found.stop) == (20, 24)
    money = found.bau[:, :, 0] / 5.0
    assert money.sum() == pytest.approx(300)
    usual = spend[7:20, :2, 0].sum(axis=0)  # the 13 weeks before
    np.testing.assert_allclose(money, np.tile(300 / 4 * usual / usual.sum(), (4, 1)), rtol=1e-12)


def test_a_row_without_an_audience_is_about_the_whole_channel(regions, read):
    (whole, one), _ = read(
        regions,
        "a,search,,north,2024-03-04,2024-03-31,0,20,80,30,",
        "b,Search,BRAND,north,2024-06-03,2024-06-30,0,20,80,30,",
    )
    assert whole.cells == (1, 2)
    assert one.cells == (1,)


def test_old_spellings_of_a_channel_are_known(regions, read):
    (found,), _ = read(
        regions,
        "a,Google,brand,north,2024-03-04,2024-03-31,0,20,80,30,",
        channels={"search": ChannelSettings(was=("google",))},
    )
    assert found.cells == (1,)


def test_per_cent_is_of_what_the_treated_regions_would_have_had(regions, read):
    head = "id,channel,geos,start,end,cooldown,spend_change,lift_percent,lift_percent_se"
    (found,), _ = read(regions, "a,tv,north,2024-03-04,2024-03-31,1,20,25,10", head=head)
    there = regions.outcome[9:14, 0].sum()
    assert found.lift == pytest.approx(there / 5)  # 25 % more than four fifths of it
    assert found.lift_se == pytest.approx(0.8 * there * 0.10)


def test_every_fault_of_every_test_is_said_at_once(regions, read):
    with pytest.raises(DataError) as caught:
        read(
            regions,
            "a,tvv,,,2024-03-04,2024-03-31,0,20,80,30,",
            "b,search,brnd,,2024-03-04,2024-03-31,0,20,80,30,",
            "c,tv,,nort,2024-03-04,2024-03-31,0,20,80,30,",
            "d,tv,,,2023-03-04,2023-03-31,0,20,80,30,",
            "e,tv,,,2025-06-02,2025-06-29,4,20,80,30,",
        )
    told = caught.value.faults
    assert [fault.split("row ")[1][0] for fault in told] == list("23456")
    for fault, words in zip(told, ('"tv"', '"brand"', '"north"', "2023-03-04", "2025-07-27"), strict=True):
        assert words in fault


def test_a_test_before_the_modelled_periods_is_left_out_and_listed(regions, read):
    found, checks = read(regions, "a,tv,,north,2024-03-04,2024-03-31,0,20,80,30,", first=13)
    assert found == ()
    assert [(check.severity, check.where) for check in checks] == [("review", "a")]
    assert "left out" in checks[0].value


def test_a_switchback_of_a_national_series_is_not_counted_twice(make_panel, read):
    panel = make_panel(1)
    row = "a,tv,,,2024-03-04,2024-03-31,0,20,80,30,{}"
    found, checks = read(panel, row.format("Switch-back"))
    assert found == ()
    assert "left out" in checks[0].value
    found, _ = read(panel, row.format("user split"))
    assert len(found) == 1
    assert not found[0].within  # nothing in its rows was compared


def test_a_test_is_told_as_one_sentence_in_money(regions, read):
    _, checks = read(
        regions,
        "a,tv,,north;south,2024-03-04,2024-03-31,0,120,210,42.56,",
        "b,tv,,,2024-06-03,2024-06-30,0,-50,-100,10,",
    )
    told = [check.value for check in checks if check.severity == "pass"]
    assert told[0] == (
        "tv in north and south, 4 Mar 2024 to 31 Mar 2024: 120 more spend brought 210 (140 to 280) more revenue: "
        "1.75 back per unit spent"
    )
    assert told[1].endswith(
        "50 less spend brought 100 (84 to 116) less revenue: 2.00 lost per unit not spent"
    )


def test_a_change_of_spend_that_the_panel_does_not_hold_is_pointed_out(regions, read):
    spent = regions.spend[9:13, 0, 0].sum()
    _, checks = read(regions, f"a,tv,,north,2024-03-04,2024-03-31,0,{10 * spent:.0f},80,30,")
    (odd,) = [check for check in checks if check.severity == "review"]
    assert f"{spent:,.0f}" in odd.value
    usual = regions.spend[:13, 0, 0].mean()
    quiet = replace(regions, spend=regions.spend.copy())
    quiet.spend[13:17, 0, 0] = usual / 2
    _, checks = read(quiet, f"a,tv,,north,2024-04-01,2024-04-28,0,{-2 * usual:.2f},-80,30,")
    assert [check.severity for check in checks] == ["pass"]
