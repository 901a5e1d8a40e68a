import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.series import runs_of, unit_jump, unusual


def test_one_typing_error_stands_out_and_ordinary_weeks_do_not():
    series = np.random.default_rng(1).lognormal(3, 0.2, 60)
    series[17] *= 10

    assert np.flatnonzero(unusual(series)).tolist() == [17]


def test_nan_never_stands_out():
    assert not unusual(np.full(20, np.nan)).any()


@pytest.mark.parametrize("factor", [100, 1000, 0.01, 0.001])
def test_a_change_of_unit_is_found_where_it_happens(factor):
    series = np.random.default_rng(2).lognormal(3, 0.3, 40)
    series[25:] *= factor

    found = unit_jump(series)

    assert found is not None
    assert found[0] == 25
    assert found[1] == pytest.approx(factor, rel=0.6)


@pytest.mark.parametrize("factor", [1, 5, 20])
def test_growth_is_no_change_of_unit(factor):
    series = np.random.default_rng(3).lognormal(3, 0.3, 40)
    series[25:] *= factor

    assert unit_jump(series) is None


def test_one_large_value_is_no_change_of_unit():
    series = np.full(20, 5.0)
    series[10] = 500

    assert unit_jump(series) is None


@given(st.lists(st.booleans(), max_size=30))
def test_runs_rebuild_the_flags(flags):
    rebuilt = np.zeros(len(flags), bool)
    for start, stop in runs_of(np.array(flags, bool)):
        rebuilt[start:stop] = True

    assert rebuilt.tolist() == flags
