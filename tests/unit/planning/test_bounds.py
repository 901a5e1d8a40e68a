"""Bounds of each cell, and what gives way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.dims import Cell
from mmm.errors import ConfigError, Infeasible
from mmm.planning.bounds import cell_bounds
from mmm.planning.settings import PlanSettings

CELLS = (Cell("tv"), Cell("search"), Cell("social", "new"), Cell("social", "known"))
REFERENCE = np.array([400.0, 300.0, 200.0, 100.0])


def bounds(core=900.0, *, reference=REFERENCE, largest=None, fixed=None, evidence=("data",) * 4, **keys):
    return cell_bounds(
        CELLS,
        PlanSettings.model_validate(keys),
        current=reference * core / reference.sum(),
        reference=reference,
        largest=2 * reference if largest is None else np.array(largest),
        fixed=np.full(4, np.nan) if fixed is None else np.array(fixed),
        evidence=evidence,
        core=core,
    )


def test_by_default_each_cell_stays_within_half_of_the_scaled_reference():
    found = bounds()
    np.testing.assert_allclose(found.lower, 0.5 * 0.9 * REFERENCE)
    np.testing.assert_allclose(found.upper, 1.5 * 0.9 * REFERENCE)
    assert set(found.lower_by) == set(found.upper_by) == {"change"}
    assert found.gave_way == ()


def test_an_entry_for_a_channel_holds_for_each_of_its_cells_and_one_with_the_audience_goes_before():
    entries = [
        {"channel": "social", "audience": "known", "max": 111},
        {"channel": "social", "min": 50, "max": "1.2x"},
    ]
    found = bounds(bounds=entries)
    np.testing.assert_allclose(found.lower[2:], 50)
    np.testing.assert_allclose(found.upper[2:], [1.2 * 0.9 * 200, 111])
    assert found.upper_by[2:] == ("bound", "bound")
    np.testing.assert_allclose(found.lower[:2], 0.5 * 0.9 * REFERENCE[:2])


def test_a_cell_graded_prior_moves_by_four_fifths_of_the_change():
    found = bounds(evidence=("data", "prior", "data", "experiment"))
    np.testing.assert_allclose([found.lower[1], found.upper[1]], [0.6 * 270, 1.4 * 270])
    assert found.lower_by[1] == found.upper_by[1] == "guard"
    np.testing.assert_allclose(found.upper[0], 1.5 * 360)


def test_the_guard_holds_inside_a_wider_max_and_where_change_is_free():
    entries = [{"channel": "search", "max": "3x"}]
    found = bounds(evidence=("data", "prior", "data", "data"), bounds=entries, change=None)
    np.testing.assert_allclose([found.lower[1], found.upper[1]], [0.6 * 270, 1.4 * 270])
    assert found.upper[0] == 900  # 1.5 times the most ever is 1,200, and there is no more than 900
    assert found.upper[3] == 300
    assert found.lower[0] == 0


def test_a_dark_cell_is_bounded_by_its_own_largest_window_and_stays_dark_where_it_is_an_assumption():
    dark = np.array([400.0, 300.0, 200.0, 5.0])
    found = bounds(reference=dark, largest=[800, 600, 400, 100])
    assert (found.lower[3], found.upper[3]) == (0, 150)
    found = bounds(reference=dark, largest=[800, 600, 400, 100], evidence=("data",) * 3 + ("prior",))
    current = 900 * 5 / 905
    np.testing.assert_allclose([found.lower[3], found.upper[3]], [0.6 * current, 1.4 * current])


def test_no_cell_goes_past_one_and_a_half_times_the_most_ever_unless_the_user_gave_a_max():
    largest = [300, 600, 400, 200]
    assert bounds(largest=largest).upper[0] == 450
    assert bounds(largest=largest).upper_by[0] == "extrapolation"
    assert bounds(largest=largest, bounds=[{"channel": "tv", "max": 700}]).upper[0] == 700


def test_a_min_above_a_default_limit_makes_the_default_give_way_and_says_so():
    found = bounds(evidence=("data", "prior", "data", "data"), bounds=[{"channel": "search", "min": 400}])
    assert (found.lower[1], found.upper[1]) == (400, 400)
    assert any("search" in line and "400" in line for line in found.gave_way)


def test_committed_money_is_both_bounds():
    found = bounds(fixed=[500.0, np.nan, np.nan, np.nan])
    assert (found.lower[0], found.upper[0], found.lower_by[0]) == (500, 500, "fixed")


def test_as_few_defaults_as_can_be_give_way_upwards_and_each_says_what_it_left():
    capped = [{"channel": "tv", "max": 100}, {"channel": "search", "max": 100}]
    found = bounds(bounds=capped)  # within change the two others take 1.5 * 180 + 1.5 * 90
    np.testing.assert_allclose(found.upper, [100, 100, 600, 300])
    assert len(found.gave_way) == 1
    assert "+-50 %" in found.gave_way[0]
    assert "only 605 of 900" in found.gave_way[0]

    found = bounds(bounds=capped, evidence=("data", "data", "prior", "prior"))
    assert ["assumption" in line for line in found.gave_way] == [False, True]

    found = bounds(bounds=capped, evidence=("data", "data", "data", "prior"))
    np.testing.assert_allclose(found.upper[2:], [600, 126])  # 100 + 100 + 600 + 126 will do: the guard stays

    found = bounds(bounds=capped, largest=[800, 600, 100, 100])
    assert "1.5 times" in found.gave_way[-1]
    assert found.upper[:2].tolist() == [100, 100]


def test_defaults_give_way_downwards_too():
    found = bounds(fixed=[800.0, np.nan, np.nan, np.nan])
    assert found.lower.sum() <= 900
    assert found.lower[1:].tolist() == [0, 0, 0]
    assert "Downwards" in found.gave_way[0]


def test_spending_less_needs_no_upper_bound_to_give_way():
    entries = [{"channel": "tv", "max": 1}, {"channel": "search", "max": 1}, {"channel": "social", "max": 1}]
    assert bounds(bounds=entries, spend="at_most").upper.tolist() == [1, 1, 1, 1]


def test_least_amounts_above_the_money_are_infeasible_with_the_smallest_mend():
    entries = [{"channel": "tv", "min": 700}, {"channel": "search", "min": 400}]
    with pytest.raises(Infeasible) as error:
        bounds(bounds=entries)
    for word in ("tv 700", "search 400", "1,100", "900", "by 200"):
        assert word in str(error.value)


def test_most_amounts_below_the_money_are_infeasible_with_the_smallest_mend():
    entries = [
        {"channel": "tv", "max": 100},
        {"channel": "search", "max": 100},
        {"channel": "social", "max": 50},
    ]
    with pytest.raises(Infeasible) as error:
        bounds(bounds=entries)
    for word in ("tv 100", "social / new 50", "300", "by 600", "at_most"):
        assert word in str(error.value)


def test_a_min_above_a_max_given_as_times_the_reference_is_refused_with_both_in_money():
    with pytest.raises(ConfigError, match=r"tv has a min of 500 above its max of 360"):
        bounds(bounds=[{"channel": "tv", "min": 500, "max": "1x"}])


amount = st.one_of(st.none(), st.floats(0, 2000))


@given(
    st.lists(st.floats(0.01, 1000), min_size=4, max_size=4),
    st.lists(st.floats(0.2, 5), min_size=4, max_size=4),
    st.lists(st.sampled_from(["data", "prior", "experiment"]), min_size=4, max_size=4),
    st.floats(100, 5000),
    st.one_of(st.none(), st.floats(0.05, 2)),
    amount,
    amount,
)
def test_bounds_leave_a_plan_or_the_user_alone_is_to_blame(
    reference, times, evidence, core, change, least, most
):
    reference = np.array(reference)
    if least is not None and most is not None and least > most:
        least, most = most, least
    entries = [{"channel": "tv", "min": least, "max": most}]
    try:
        found = bounds(
            core,
            reference=reference,
            largest=reference * times,
            evidence=tuple(evidence),
            change=change,
            bounds=entries,
        )
    except Infeasible:
        assert least is not None
        assert least > core
        return
    assert np.all(found.lower <= found.upper + 0.01)
    assert found.lower.sum() <= core + 0.01
    assert found.upper.sum() >= core - 0.01
    assert least is None or found.lower[0] >= least - 0.01
    assert most is None or found.upper[0] <= most + 0.01
