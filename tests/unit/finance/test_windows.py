import numpy as np
import pytest

from mmm.finance.windows import trailing_windows

WEEKS = np.datetime64("2025-01-06") + 7 * np.arange(30)


def test_windows_are_whole_and_end_with_the_last_usable_period():
    usable = np.ones(30, bool)
    usable[29] = False

    windows = trailing_windows(WEEKS, "week", usable, 13)

    assert windows.names == ("2025-01-27/2025-04-27", "2025-04-28/2025-07-27")
    assert windows.inside.sum(axis=1).tolist() == [13, 13]
    assert windows.year == 4


def test_windows_do_not_reach_over_a_period_that_is_not_usable():
    usable = np.ones(30, bool)
    usable[10] = False

    assert trailing_windows(WEEKS, "week", usable, 13).names == ("2025-05-05/2025-08-03",)


def test_a_short_history_is_one_shorter_window():
    windows = trailing_windows(WEEKS[:5], "week", np.ones(5, bool), 13)

    assert windows.inside.tolist() == [[True] * 5]
    assert windows.year == 0


def test_nothing_usable_is_refused():
    with pytest.raises(ValueError, match="no period"):
        trailing_windows(WEEKS, "week", np.zeros(30, bool), 13)
