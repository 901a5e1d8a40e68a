from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.calendar import (
    DAY,
    WEEKDAYS,
    detect_spacing,
    detect_week_start,
    next_periods,
    overlap_share,
    period_days,
    period_end,
    period_range,
    period_start,
    period_starts,
    split_window,
    year_earlier,
)
from mmm.errors import InputError

DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
GRAINS = st.sampled_from(["day", "week", "month"])
STARTS = st.sampled_from(WEEKDAYS)


@given(DAYS, STARTS)
def test_a_week_starts_on_its_weekday_and_at_most_six_days_earlier(day, start):
    first = period_start(day, "week", start).astype(object)

    assert first.weekday() == WEEKDAYS.index(start)
    assert 0 <= (day - first).days <= 6


@given(DAYS)
def test_a_month_starts_on_its_first_day(day):
    assert period_start(day, "month").astype(object) == day.replace(day=1)


@given(DAYS, st.integers(0, 400), GRAINS, STARTS)
def test_a_range_has_no_gaps_and_covers_its_ends(first, length, grain, start):
    last = first + timedelta(days=length)
    dates = period_range(first, last, grain, start)
    days = period_days(dates, grain)

    assert (np.diff(dates).astype(int) == days[:-1]).all()
    assert dates[0] <= np.datetime64(first) < dates[0] + int(days[0]) * DAY
    assert dates[-1] <= np.datetime64(last) < dates[-1] + int(days[-1]) * DAY


@given(DAYS, st.integers(0, 300), GRAINS, STARTS)
def test_window_shares_times_days_sum_to_the_days_of_the_window(first, length, grain, start):
    window = split_window(first, first + timedelta(days=length), grain, start)
    inside = window.share * period_days(window.dates, grain)

    assert inside.sum() == pytest.approx(length + 1)
    assert ((window.share > 0) & (window.share <= 1)).all()
    assert (window.share[1:-1] == 1).all()


def test_a_window_that_begins_in_mid_week_has_a_short_first_period():
    window = split_window(date(2027, 1, 1), date(2027, 3, 31), "week", "monday")  # Friday to Wednesday

    assert window.dates[0] == np.datetime64("2026-12-28")
    assert window.share[0] == pytest.approx(3 / 7)
    assert window.share[-1] == pytest.approx(3 / 7)
    assert len(window.dates) == 14


def test_a_window_that_ends_before_it_starts_is_refused():
    with pytest.raises(InputError, match="ends 2027-01-01 before it starts 2027-01-02"):
        split_window("2027-01-02", "2027-01-01", "week")


def test_february_of_a_leap_year_has_29_days():
    assert period_days(np.array(["2024-02-01", "2025-02-01"], "datetime64[D]"), "month").tolist() == [29, 28]


@given(DAYS, GRAINS, STARTS)
def test_next_periods_continue_a_range(day, grain, start):
    dates = period_range(day, day + timedelta(days=200), grain, start)

    assert (next_periods(dates[3], len(dates) - 4, grain) == dates[4:]).all()


def test_the_week_start_is_what_all_dates_share():
    sundays = np.datetime64("2025-01-05") + 7 * DAY * np.arange(5)

    assert detect_week_start(sundays) == "sunday"
    assert detect_week_start(np.append(sundays, np.datetime64("2025-02-10"))) is None


def test_spacing_is_seen_through_gaps_and_repeats():
    days = np.datetime64("2025-01-06") + DAY * np.arange(60)
    weeks = np.delete(np.datetime64("2025-01-06") + 7 * DAY * np.arange(20), [3, 4])

    assert detect_spacing(np.repeat(days, 3)) == "day"
    assert detect_spacing(weeks) == "week"
    assert detect_spacing(period_range("2024-01-31", "2024-12-31", "month")) == "month"
    assert detect_spacing(weeks[:2]) is None


@given(DAYS, GRAINS)
def test_a_period_ends_the_day_before_the_next_begins(day, grain):
    first = period_start(day, grain)

    assert period_end(first, grain) + DAY == next_periods(first, 1, grain)[0]


@pytest.mark.parametrize(
    ("grain", "day", "earlier"),
    [
        ("day", "2025-03-04", "2024-03-05"),
        ("week", "2025-03-03", "2024-03-04"),
        ("month", "2025-03-01", "2024-03-01"),
    ],
)
def test_a_year_earlier_keeps_the_weekday_or_the_month(grain, day, earlier):
    assert str(year_earlier(day, grain)) == earlier


def test_overlapping_spans_count_a_day_once():
    dates = period_range("2025-01-06", "2025-01-19", "week")
    starts = np.array(["2025-01-08", "2025-01-09"], "datetime64[D]")
    ends = np.array(["2025-01-10", "2025-01-13"], "datetime64[D]")

    assert overlap_share(starts, ends, dates, "week") == pytest.approx([5 / 7, 1 / 7])


def test_periods_of_many_days_equal_periods_of_each_day():
    days = np.datetime64("2025-02-20") + DAY * np.arange(20)
    one_by_one = [period_start(day, "week", "sunday") for day in days]

    assert period_starts(days, "week", "sunday").tolist() == [d.astype(object) for d in one_by_one]
