import numpy as np
import pytest

from mmm.data.align import align_tables
from mmm.data.calendar import next_periods
from mmm.data.future import future_features
from mmm.data.tables import load_tables
from mmm.errors import InputError

WEEKS = [str(np.datetime64("2025-01-06") + np.timedelta64(7 * n, "D")) for n in range(60)]
ALL = "week,revenue,tv,price,mail\n" + "".join(f"{w},100,5,{n},{n % 3}\n" for n, w in enumerate(WEEKS))
CONFIG = (
    "data:",
    "  source: all.csv",
    "  date: week",
    "  outcome: {value: revenue}",
    "  media: {tv: tv}",
    "  controls: [price]",
    "  organic: [mail]",
)


def features(config, count):
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    panel = align_tables(
        tables, name="acme", currency="USD", data=config.data, calendar=config.calendar
    ).panel
    dates = next_periods(panel.dates[-1], count, panel.grain)
    return panel, future_features(tables, panel, config.data, config.calendar, dates)


def test_without_a_future_table_the_same_week_a_year_earlier_is_assumed(write_company):
    _, future = features(write_company({"all.csv": ALL}, *CONFIG), 4)

    assert future.dates.astype(str).tolist() == ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
    assert future.controls[:, 0, 0].tolist() == [8, 9, 10, 11]  # 52 weeks before the weeks 60 to 63
    assert future.organic[:, 0, 0].tolist() == [8 % 3, 9 % 3, 10 % 3, 11 % 3]
    assert future.assumed == ("price", "mail")


def test_more_than_a_year_ahead_goes_two_years_back(write_company):
    _, future = features(write_company({"all.csv": ALL}, *CONFIG), 60)

    assert future.controls[52, 0, 0] == 8


def test_with_less_than_a_year_the_last_value_is_assumed(write_company):
    short = "\n".join(ALL.splitlines()[:11]) + "\n"
    _, future = features(write_company({"all.csv": short}, *CONFIG), 3)

    assert future.controls[:, 0, 0].tolist() == [9, 9, 9]


def test_what_is_given_ahead_is_used_and_only_the_rest_is_assumed(write_company):
    ahead = "week,price\n2026-03-02,70\n2026-03-09,71\n"
    config = write_company(
        {"all.csv": ALL, "ahead.csv": ahead}, *CONFIG, "  future: {source: ahead.csv, date: week}"
    )

    _, two = features(config, 2)
    _, three = features(config, 3)

    assert two.controls[:, 0, 0].tolist() == [70, 71]
    assert two.assumed == ("mail",)
    assert three.controls[:, 0, 0].tolist() == [70, 71, 10]
    assert three.assumed == ("price", "mail")


def test_rows_of_a_control_past_the_outcome_are_known_ahead(write_company):
    prices = "week,price\n" + "".join(f"{w},{n}\n" for n, w in enumerate(WEEKS)) + "2026-03-02,99\n"
    config = write_company(
        {"all.csv": ALL, "prices.csv": prices},
        *CONFIG[:-2],
        "  controls: {source: prices.csv, columns: [price]}",
    )

    _, future = features(config, 1)

    assert future.controls[0, 0, 0] == 99
    assert future.assumed == ()


def test_holidays_and_events_keep_the_columns_of_the_panel(write_company):
    events = "date,name\n2025-05-01,sale\n2026-03-03,sale\n2026-03-04,new\n"
    config = write_company(
        {"all.csv": ALL, "events.csv": events},
        *CONFIG,
        "  events: {source: events.csv, date: date, name: name}",
        "calendar: {holidays: {countries: [US], lead: 0, lag: 0}}",
    )

    panel, future = features(config, 6)

    assert panel.event_names == ("sale",)
    assert future.events[:, 0].tolist() == pytest.approx([1 / 7, 0, 0, 0, 0, 0])
    assert future.holidays.shape == (6, len(panel.holiday_names))
    easter = panel.holiday_names.index("Easter Sunday")  # 5 April 2026
    assert future.holidays[:, easter].tolist() == pytest.approx([0, 0, 0, 0, 1 / 7, 0])


def test_national_values_ahead_reach_every_region(write_company):
    rows = "".join(f"{w},{g},10,5,{n},3\n" for n, w in enumerate(WEEKS) for g in ("N", "S"))
    config = write_company(
        {
            "all.csv": "week,region,revenue,tv,price,people\n" + rows,
            "ahead.csv": "week,price\n2026-03-02,70\n",
        },
        "data:",
        "  source: all.csv",
        "  date: week",
        "  geo: region",
        "  outcome: {value: revenue, population: people}",
        "  media: {tv: tv}",
        "  controls: [price]",
        "  future: {source: ahead.csv, date: week}",
    )

    _, future = features(config, 1)

    assert future.controls[:, :, 0].tolist() == [[70, 70]]


def test_periods_inside_the_data_are_refused(write_company):
    config = write_company({"all.csv": ALL}, *CONFIG)
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    panel = align_tables(
        tables, name="acme", currency="USD", data=config.data, calendar=config.calendar
    ).panel

    with pytest.raises(InputError, match="ask for periods after the data"):
        future_features(tables, panel, config.data, config.calendar, panel.dates[-1:])


def test_an_own_calendar_that_ends_before_the_coming_periods_is_listed(write_company):
    calendar = ("calendar:", "  holidays: {source: days.csv, lead: 0, lag: 0}")
    held = "date,name\n2025-03-04,Fair\n"
    _, future = features(write_company({"all.csv": ALL, "days.csv": held}, *CONFIG, *calendar), 2)
    assert future.assumed[-1] == "holidays of the own calendar: none"
    assert not future.holidays.any()

    held += "2026-03-10,Fair\n"
    _, future = features(write_company({"all.csv": ALL, "days.csv": held}, *CONFIG, *calendar), 2)
    assert "holidays of the own calendar: none" not in future.assumed
    assert future.holidays[:, 0].tolist() == [0, pytest.approx(1 / 7)]
