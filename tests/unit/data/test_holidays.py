import numpy as np
import pytest

from mmm.data.calendar import period_range
from mmm.data.holidays import event_features, holiday_features
from mmm.data.settings import HolidaySettings
from mmm.errors import ConfigError


def column(result, name):
    names, matrix = result
    return matrix[:, names.index(name)]


def test_the_pull_rises_before_the_day_and_fades_after_it():
    days = period_range("2025-07-01", "2025-07-08", "day")
    pull = column(
        holiday_features(days, "day", HolidaySettings(countries=("US",), lead=3, lag=1)), "Independence Day"
    )

    assert pull == pytest.approx([0.25, 0.5, 0.75, 1, 0.5, 0, 0, 0])


def test_a_week_holds_the_mean_pull_of_its_days():
    settings = HolidaySettings(countries=("US",), lead=3, lag=1)
    weeks = period_range("2025-06-23", "2025-07-07", "week")

    pull = column(holiday_features(weeks, "week", settings), "Independence Day")

    assert pull == pytest.approx([0, (0.25 + 0.5 + 0.75 + 1 + 0.5) / 7, 0])


def test_months_add_up_to_the_same_days_as_weeks():
    settings = HolidaySettings(countries=("US",))
    days = period_range("2025-01-01", "2025-12-31", "day")
    months = period_range("2025-01-01", "2025-12-31", "month")
    by_day = column(holiday_features(days, "day", settings), "Thanksgiving Day")
    by_month = column(holiday_features(months, "month", settings), "Thanksgiving Day")

    assert by_month[10] == pytest.approx(by_day[304:334].sum() / 30)


def test_observed_days_belong_to_the_holiday_and_overlaps_take_the_larger():
    days = period_range("2022-12-25", "2022-12-29", "day")  # Christmas on a Sunday, observed on Monday
    result = holiday_features(days, "day", HolidaySettings(countries=("US",), lead=0, lag=2))

    assert not [name for name in result[0] if "observed" in name]
    assert column(result, "Christmas Day") == pytest.approx([1, 1, 2 / 3, 1 / 3, 0])


@pytest.mark.parametrize("language", ["he_IL.UTF-8", "de_DE.UTF-8", "C"])
def test_names_are_english_on_every_machine(monkeypatch, language):
    for variable in ("LANG", "LANGUAGE", "LC_ALL"):
        monkeypatch.setenv(variable, language)
    weeks = period_range("2025-01-05", "2025-12-28", "week", "sunday")

    names, _ = holiday_features(weeks, "week", HolidaySettings(countries=("IL", "DE")))

    assert {"Pesach", "Purim", "Hanukkah", "Rosh Hashanah", "Easter Monday"} <= set(names)
    assert all(name.isascii() for name in names)


@pytest.mark.parametrize(
    ("year", "first_day"), [(2024, "2024-04-23"), (2025, "2025-04-13"), (2026, "2026-04-02")]
)
def test_passover_moves_with_the_hebrew_calendar(year, first_day):
    days = period_range(f"{year}-03-01", f"{year}-05-31", "day")
    settings = HolidaySettings(countries=("IL",), lead=0, lag=0)

    pull = column(holiday_features(days, "day", settings), "Pesach")

    assert str(days[np.flatnonzero(pull)[0]]) == first_day
    assert pull.sum() == 6  # "Pesach" and the days called "Pesach holiday"


def test_a_holiday_just_after_the_last_day_still_pulls_by_its_ramp():
    days = period_range("2024-12-20", "2024-12-23", "day")
    pull = column(
        holiday_features(days, "day", HolidaySettings(countries=("US",), lead=3, lag=0)), "Christmas Day"
    )

    assert pull == pytest.approx([0, 0, 0.25, 0.5])


def test_holidays_that_never_pull_are_left_out_unless_asked_for():
    weeks = period_range("2025-02-03", "2025-03-02", "week")
    settings = HolidaySettings(countries=("US",))

    seen, _ = holiday_features(weeks, "week", settings)
    asked, matrix = holiday_features(
        weeks, "week", settings, names=("Christmas Day", "Washington's Birthday")
    )

    assert "Christmas Day" not in seen
    assert asked == ("Christmas Day", "Washington's Birthday")
    assert matrix[:, 0].max() == 0 < matrix[:, 1].max()


def test_dropped_names_leave():
    weeks = period_range("2025-01-06", "2025-12-29", "week")

    names, _ = holiday_features(weeks, "week", HolidaySettings(countries=("US",), drop=("groundhog day",)))

    assert "Groundhog Day" not in names
    assert "Halloween" in names


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"countries": ("ISR AEL",)}, "did you mean 'IL'"),
        ({"countries": ("US-XX",)}, "no region 'XX'"),
        ({"countries": ("US",), "drop": ("Hallowen",)}, "did you mean 'Halloween'"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(settings, said):
    with pytest.raises(ConfigError, match=said):
        holiday_features(
            period_range("2025-01-06", "2025-03-03", "week"), "week", HolidaySettings(**settings)
        )


def test_events_of_one_name_share_a_column():
    weeks = period_range("2025-01-06", "2025-01-26", "week")
    starts = np.array(["2025-01-06", "2025-01-25", "2024-01-01"], "datetime64[D]")
    ends = np.array(["2025-01-07", "2025-02-25", "2024-01-02"], "datetime64[D]")

    names, shares = event_features(starts, ends, ["sale", "sale", "old"], weeks, "week")

    assert names == ("sale",)
    assert shares[:, 0] == pytest.approx([2 / 7, 0, 2 / 7])


def test_an_own_calendar_has_the_same_ramps_and_joins_a_country_s_holiday_of_its_name():
    days = period_range("2025-07-01", "2025-07-31", "day")
    settings = HolidaySettings(countries=("US",), lead=1, lag=0)
    own = {
        "Founder's day (observed)": np.array(["2025-07-20"], "datetime64[D]"),
        "Independence Day": np.array(["2025-07-10"], "datetime64[D]"),
    }

    names, matrix = holiday_features(days, "day", settings, own=own)

    at = {name: matrix[:, i] for i, name in enumerate(names)}
    assert at["Founder's day"].nonzero()[0].tolist() == [18, 19]
    assert at["Founder's day"][[18, 19]] == pytest.approx([0.5, 1])
    assert at["Independence Day"].nonzero()[0].tolist() == [2, 3, 8, 9]


def test_an_own_calendar_can_stand_alone_and_something_has_to():
    own = {"Fair": np.array(["2025-07-02", "2026-07-08"], "datetime64[D]")}
    settings = HolidaySettings(source="days.csv", lead=0, lag=0)
    days = period_range("2026-07-01", "2026-07-31", "day")
    names, matrix = holiday_features(days, "day", settings, own=own)
    assert names == ("Fair",)
    assert matrix[:, 0].nonzero()[0].tolist() == [7]
    with pytest.raises(ValueError, match="name `countries`, or a `source`"):
        HolidaySettings(lead=3)
