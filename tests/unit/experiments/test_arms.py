from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import DataError
from mmm.experiments.arms import place


def test_the_window_takes_the_cool_down_and_the_rest_is_history(tested, design) -> None:
    arms, checks = place(design, tested(), {})
    assert (arms.pre, arms.stop, len(arms.dates)) == (104, 110, 112)
    assert arms.names[:4] == design.geos
    assert arms.outcome.shape == (112, 12)
    assert arms.spend[103:105, 0].tolist() == [50.0, 150.0]
    assert arms.unit_value == 2.0
    assert checks == []


def test_named_controls_are_the_only_ones_compared(tested, design) -> None:
    arms, _ = place(replace(design, controls=("region 9", "region 7")), tested(), {})
    assert arms.names == (*design.geos, "region 7", "region 9")


def test_weeks_of_another_test_are_no_history_and_one_at_the_same_time_is_pointed_out(tested, design) -> None:
    panel = tested()
    earlier = replace(
        design, id="earlier", start=panel.dates[50], end=panel.dates[53] + np.timedelta64(6, "D")
    )
    same = replace(design, id="same time", geos=("region 0", "region 11"), cooldown=0)
    arms, checks = place(design, panel, {}, [design, earlier, same])
    assert arms.pre == 104 - 6  # four weeks and a cool-down of two
    assert [check.check for check in checks] == ["overlap"]
    assert "1 of the same regions" in checks[0].value


def test_excluded_weeks_are_no_history_and_inside_the_test_they_are_pointed_out(tested, design) -> None:
    panel = tested()
    modelled = panel.modelled.copy()
    modelled[[20, 21, 106]] = False
    arms, checks = place(design, replace(panel, modelled=modelled), {})
    assert arms.pre == 102
    assert [check.check for check in checks] == ["excluded"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"controls": ("region 1", "region 9")}, "has region 1 in both arms"),
        ({"geos": ()}, "names no treated regions"),
        ({"geos": tuple(f"region {i}" for i in range(12))}, "treats every region"),
        ({"geos": ("region 13",)}, 'no region "region 13"; did you mean'),
        ({"channel": "telly"}, 'no table has the channel "telly"'),
        ({"end": np.datetime64("2030-01-06")}, "and the data end 2026-04-19; load the rows"),
        ({"end": np.datetime64("2020-01-06")}, "before it starts"),
        ({"start": np.datetime64("2019-01-07")}, "and the data start 2024-01-01"),
        ({"start": np.datetime64("2024-02-05")}, "has 5 before it that can be compared; 107 are needed"),
        ({"pairs": (("region 0", "region 1"),)}, "a pair is a treated region and one of the others"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_what_to_do(tested, design, change, says) -> None:
    with pytest.raises(DataError) as caught:
        place(replace(design, **change), tested(), {})
    assert says in str(caught.value)


def test_a_country_without_regions_has_nothing_to_compare(make_panel, design) -> None:
    with pytest.raises(DataError) as caught:
        place(design, make_panel(), {})
    assert "no regions to compare" in str(caught.value)
