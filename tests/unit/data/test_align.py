from datetime import date, timedelta

import numpy as np
import pytest

from mmm.data.align import align_tables, build_panel
from mmm.data.tables import load_tables
from mmm.dims import Cell
from mmm.errors import ConfigError, DataError


def aligned(config):
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    return align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )


def weeks(count, first="2025-01-06"):
    return [str(np.datetime64(first) + np.timedelta64(7 * n, "D")) for n in range(count)]


def csv(head, rows):
    return head + "\n" + "\n".join(",".join(str(part) for part in row) for row in rows) + "\n"


def reviews(result):
    return {check.check: check for check in result.checks if check.severity == "review"}


NATIONAL = ("data:", "  date: week", "  outcome: {source: sales.csv, value: revenue}")
GEO = (
    "data:",
    "  date: week",
    "  geo: region",
    "  outcome: {source: sales.csv, value: revenue, population: people}",
)
LONG = "  media: [{source: media.csv, channel: channel, spend: spend}]"


def test_a_weekly_company_becomes_the_arrays_written_by_hand(write_company):
    rows = [(w, 100 + n, 10 * n, 5, 1000 * n, 3.5 + n, n % 2) for n, w in enumerate(weeks(5))]
    config = write_company(
        {"all.csv": csv("week,revenue,tv,search,clicks,price,mail", rows)},
        "data:",
        "  source: all.csv",
        "  date: week",
        "  outcome: {value: revenue}",
        "  media: [{cells: [{channel: tv, spend: tv}, {channel: search, audience: brand, spend: search}]}]",
        "  controls: [{name: price, role: precision}]",
        "  organic: [mail]",
    )

    panel = aligned(config).panel

    assert panel.dates.astype(str).tolist() == weeks(5)
    assert panel.geos == ("",)
    assert panel.cells == (Cell("tv"), Cell("search", "brand"))
    assert panel.outcome.tolist() == [[100], [101], [102], [103], [104]]
    assert panel.spend[:, 0].tolist() == [[0, 5], [10, 5], [20, 5], [30, 5], [40, 5]]
    assert (panel.exposure == panel.spend).all()
    assert not panel.has_exposure.any()
    assert panel.controls[:, 0, 0].tolist() == [3.5, 4.5, 5.5, 6.5, 7.5]
    assert panel.control_roles == ("precision",)
    assert panel.organic[:, 0, 0].tolist() == [0, 1, 0, 1, 0]
    assert panel.unit_value is not None
    assert (panel.unit_value == 1).all()
    assert panel.population is None
    assert panel.modelled.all()
    assert panel.first == 0
    assert str(panel.data_until) == "2025-02-09"


def test_a_treatment_has_the_baseline_value_that_is_written_or_seen(write_company):
    rows = [(w, 100 + n, 10 * n, 3.5 + n, n % 2, n) for n, w in enumerate(weeks(5))]
    config = write_company(
        {"all.csv": csv("week,revenue,tv,price,promo,stores", rows)},
        "data:",
        "  source: all.csv",
        "  date: week",
        "  outcome: {value: revenue}",
        "  media: {tv: tv}",
        "  controls:",
        "    - {name: price, role: treatment, baseline: max}",
        "    - {name: promo, role: treatment, baseline: 0}",
        "    - stores",
    )
    assert aligned(config).panel.treatments == {"price": 7.5, "promo": 0.0}


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("{name: price, role: treatment}", "needs `baseline`"),
        ("{name: price, baseline: 9.9}", "only `role: treatment`"),
    ],
)
def test_a_baseline_value_belongs_to_a_treatment_and_to_no_other_control(column, told, write_company):
    with pytest.raises(ConfigError, match=told):
        write_company({}, *NATIONAL, "  media: {tv: tv}", f"  controls: [{column}]")


def test_daily_rows_are_added_up_and_the_unfinished_week_is_left_out_and_listed(write_company):
    days = [date(2025, 1, 5) + timedelta(n) for n in range(24)]  # Sunday 5 January to Tuesday 28 January
    rows = [(day, n + 1, 2) for n, day in enumerate(days)]
    config = write_company(
        {"all.csv": csv("week,revenue,tv", rows)},
        "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
        "calendar: {week_starts: sunday}",
    )

    result = aligned(config)

    assert result.panel.outcome[:, 0].tolist() == [sum(range(1, 8)), sum(range(8, 15)), sum(range(15, 22))]
    assert result.panel.spend[:, 0, 0].tolist() == [14, 14, 14]
    assert str(result.panel.data_until) == "2025-01-25"
    assert reviews(result)["incomplete period"].rows == "2025-01-26 to 2025-01-28"


def test_a_first_week_that_is_not_whole_is_history_without_an_outcome(write_company):
    days = [date(2025, 1, 8) + timedelta(n) for n in range(12)]  # Wednesday 8 to Sunday 19 January
    config = write_company(
        {"all.csv": csv("week,revenue,tv", [(day, 1, 2) for day in days])},
        "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
        "calendar: {week_starts: monday}",
    )

    panel = aligned(config).panel

    assert np.isnan(panel.outcome[0, 0])
    assert panel.outcome[1:, 0].tolist() == [7]
    assert panel.spend[:, 0, 0].tolist() == [10, 14]
    assert panel.modelled.tolist() == [False, True]


def test_months_of_days_are_whole_months(write_company):
    days = [date(2025, 1, 1) + timedelta(n) for n in range(62)]  # to 3 March
    config = write_company(
        {"all.csv": csv("week,revenue,tv", [(day, 1, 2) for day in days])},
        "data: {grain: month, source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
    )

    panel = aligned(config).panel

    assert panel.outcome[:, 0].tolist() == [31, 28]
    assert str(panel.data_until) == "2025-02-28"


def test_a_missing_week_of_the_outcome_fails_by_its_date(write_company):
    rows = [(w, 1, 2) for n, w in enumerate(weeks(6)) if n != 3]
    config = write_company(
        {"all.csv": csv("week,revenue,tv", rows)},
        "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
    )

    with pytest.raises(DataError) as caught:
        aligned(config)

    assert [fault.split(" for ")[1].split(".")[0] for fault in caught.value.faults] == ["2025-01-27"] * 2
    assert "no media row" in caught.value.faults[1]


def test_an_empty_outcome_fails_unless_its_period_is_excluded(write_company):
    rows = [(w, "" if n == 3 else 1, 2) for n, w in enumerate(weeks(6))]
    data = "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}"
    table = {"all.csv": csv("week,revenue,tv", rows)}

    with pytest.raises(DataError, match="the outcome is empty for 2025-01-27"):
        aligned(write_company(table, data))
    excluded = "calendar: {exclude: [{start: 2025-01-29, end: 2025-01-30, reason: closed}]}"
    panel = aligned(write_company(table, data, excluded)).panel
    assert panel.modelled.tolist() == [True, True, True, False, True, True]
    assert panel.spend[3, 0, 0] == 2


def test_media_before_the_first_outcome_are_history_and_a_long_table_may_skip_weeks(write_company):
    sales = csv("week,revenue", [(w, 50) for w in weeks(6)[2:]])
    media = csv(
        "week,channel,spend", [(weeks(6)[0], "tv", 7), (weeks(6)[4], "tv", 9), (weeks(6)[4], "tv", 1)]
    )
    result = aligned(write_company({"sales.csv": sales, "media.csv": media}, *NATIONAL, LONG))

    assert result.panel.spend[:, 0, 0].tolist() == [7, 0, 0, 0, 10, 0]
    assert result.panel.first == 2
    assert np.isnan(result.panel.outcome[:2]).all()
    assert result.panel.modelled.tolist() == [False, False, True, True, True, True]
    assert reviews(result)["media end early"].rows == "after 2025-02-03"


def test_an_outcome_before_any_media_is_left_out_and_listed(write_company):
    sales = csv("week,revenue", [(w, n) for n, w in enumerate(weeks(6))])
    media = csv("week,tv", [(w, 1) for w in weeks(7)[2:]])
    result = aligned(
        write_company(
            {"sales.csv": sales, "media.csv": media},
            *NATIONAL,
            "  media: [{source: media.csv, cells: [{channel: tv, spend: tv}]}]",
        )
    )

    assert result.panel.outcome[:, 0].tolist() == [2, 3, 4, 5]
    assert "2 periods" in reviews(result)["outcome before media"].value
    assert any(check.check == "media after outcome" for check in result.checks)


def test_national_media_are_split_by_population_and_flagged(write_company):
    rows = [(w, geo, n, people) for n, w in enumerate(weeks(4)) for geo, people in (("N", 300), ("S", 100))]
    sales = csv("week,region,revenue,people", rows)
    media = csv("week,channel,spend", [(w, "tv", 8) for w in weeks(4)])
    result = aligned(write_company({"sales.csv": sales, "media.csv": media}, *GEO, LONG))

    assert result.panel.geos == ("N", "S")
    assert result.panel.spend[:, :, 0].tolist() == [[6, 2]] * 4
    assert result.panel.national_cells.tolist() == [True]
    assert result.panel.population is not None
    assert result.panel.population.tolist() == [300, 100]


def test_without_population_national_media_follow_the_outcome(write_company):
    rows = [(w, geo, value) for w in weeks(4) for geo, value in (("N", 1), ("S", 3))]
    media = csv("week,channel,spend", [(w, "tv", 8) for w in weeks(4)])
    config = write_company(
        {"sales.csv": csv("week,region,revenue", rows), "media.csv": media},
        "data:",
        "  date: week",
        "  outcome: {source: sales.csv, value: revenue, geo: region}",
        LONG,
    )

    assert aligned(config).panel.spend[0, :, 0].tolist() == [2, 6]


def test_regional_media_and_national_controls_meet_on_the_regions(write_company):
    rows = [(w, geo, 5, 10, 1 if geo == "N" else 2) for w in weeks(3) for geo in ("S", "N")]
    prices = csv("week,price", [(w, n) for n, w in enumerate(weeks(3))])
    config = write_company(
        {"sales.csv": csv("week,region,revenue,people,tv", rows), "prices.csv": prices},
        *GEO,
        "  media: [{source: sales.csv, cells: [{channel: tv, spend: tv}]}]",
        "  controls: {source: prices.csv, columns: [price]}",
    )

    panel = aligned(config).panel

    assert panel.spend[:, :, 0].tolist() == [[1, 2]] * 3
    assert panel.controls[:, :, 0].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert not panel.national_cells.any()


def test_a_region_that_is_short_of_rows_or_unknown_is_named(write_company):
    rows = [
        (w, geo, 5, 10)
        for n, w in enumerate(weeks(4))
        for geo in ("North", "South")
        if (n, geo) != (2, "South")
    ]
    media = csv(
        "week,region,channel,spend", [(w, geo, "tv", 1) for w in weeks(4) for geo in ("north", "Sout")]
    )
    config = write_company(
        {"sales.csv": csv("week,region,revenue,people", rows), "media.csv": media}, *GEO, LONG
    )

    with pytest.raises(DataError) as caught:
        aligned(config)

    said = "\n".join(caught.value.faults)
    assert "no row for 2025-01-20 South" in said
    assert "region 'Sout' is not in the outcome" in said
    assert "did you mean 'South'?" in said
    assert "'north'" not in said


def test_spend_without_exposure_is_a_fault_with_its_weeks(write_company):
    rows = [(w, 10, 5, 0 if n == 2 else 100) for n, w in enumerate(weeks(4))]
    config = write_company(
        {"sales.csv": csv("week,revenue,tv,grp", rows)},
        *NATIONAL,
        "  media: [{source: sales.csv, cells: [{channel: tv, spend: tv, exposure: grp}]}]",
    )

    with pytest.raises(DataError, match="tv: spend without exposure in 2025-01-20"):
        aligned(config)


def test_exposure_that_never_cost_anything_joins_the_organic_media(write_company):
    rows = [(w, 10, 5, 100 + n, 0) for n, w in enumerate(weeks(4))]
    config = write_company(
        {"sales.csv": csv("week,revenue,tv,views,zero", rows)},
        *NATIONAL,
        "  media:",
        "  - source: sales.csv",
        "    cells: [{channel: blog, spend: zero, exposure: views}, {channel: tv, spend: tv}]",
    )

    result = aligned(config)

    assert result.panel.cells == (Cell("tv"),)
    assert result.panel.organic_names == ("blog",)
    assert result.panel.organic[:, 0, 0].tolist() == [100, 101, 102, 103]
    assert "data.organic" in reviews(result)["exposure without spend"].remedy


def test_money_per_unit_is_weighted_by_units_and_fills_where_nothing_was_sold(write_company):
    days = [date(2025, 1, 6) + timedelta(n) for n in range(21)]
    orders = [1, 2, 1, 2, 1, 2, 1, *[0] * 7, *[3] * 7]
    prices = [10, 16, 10, 16, 10, 16, 10, *[""] * 7, *[20] * 7]
    rows = [(*row, 1) for row in zip(days, orders, prices, strict=True)]
    config = write_company(
        {"all.csv": csv("week,orders,price,tv", rows)},
        "data:",
        "  source: all.csv",
        "  date: week",
        "  outcome: {value: orders, kind: count, value_per_unit: price}",
        "  media: {tv: tv}",
        "calendar: {week_starts: monday}",
    )

    panel = aligned(config).panel

    first, third = 4 * 10 + 3 * 2 * 16, 7 * 3 * 20
    assert panel.unit_value is not None
    assert panel.unit_value[:, 0].tolist() == pytest.approx([first / 10, (first + third) / 31, 20])


def test_a_count_without_a_value_has_no_money(write_company):
    rows = [(w, 10, 5) for w in weeks(4)]
    config = write_company(
        {"all.csv": csv("week,orders,tv", rows)},
        "data: {source: all.csv, date: week, outcome: {value: orders, kind: count}, media: {tv: tv}}",
    )

    assert aligned(config).panel.unit_value is None


def test_week_starts_that_disagree_fail_and_the_config_settles_last_days(write_company):
    sales = csv("week,revenue", [(w, 1) for w in weeks(5)])
    media = csv("week,channel,spend", [(w, "tv", 1) for w in weeks(5, "2025-01-12")])  # Sundays
    tables = {"sales.csv": sales, "media.csv": media}

    with pytest.raises(DataError, match=r"start on monday in .*sales.* and on sunday in .*media"):
        aligned(write_company(tables, *NATIONAL, LONG))
    with pytest.raises(DataError, match=r"`calendar\.week_starts` is wednesday"):
        aligned(write_company(tables, *NATIONAL, LONG, "calendar: {week_starts: wednesday}"))
    result = aligned(write_company(tables, *NATIONAL, LONG, "calendar: {week_starts: monday}"))
    assert result.panel.spend[:, 0, 0].tolist() == [1] * 5
    assert reviews(result)["week starts"].value == "dated sunday"


def test_sunday_weeks_are_seen_in_the_outcome(write_company):
    rows = [(w, 1, 2) for w in weeks(5, "2025-01-05")]
    config = write_company(
        {"all.csv": csv("week,revenue,tv", rows)},
        "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
    )

    assert aligned(config).panel.dates.astype(str).tolist() == weeks(5, "2025-01-05")


def test_monthly_rows_in_a_weekly_model_are_refused(write_company):
    months = [date(2025, m, 1) for m in range(1, 7)]
    sales = csv("week,revenue", [(w, 1) for w in weeks(25)])
    media = csv("week,channel,spend", [(day, "tv", 1) for day in months])

    with pytest.raises(DataError, match="rows are by month and the model by week"):
        aligned(write_company({"sales.csv": sales, "media.csv": media}, *NATIONAL, LONG))


def test_a_control_with_a_hole_fails_and_its_history_takes_the_first_value(write_company):
    prices = [(w, "" if n == 4 else n) for n, w in enumerate(weeks(6)) if n >= 2]
    media = csv("week,channel,spend", [(weeks(6)[0], "tv", 7), (weeks(6)[5], "tv", 7)])
    controls = "  controls: {source: prices.csv, columns: [price]}"
    tables = {"sales.csv": csv("week,revenue", [(w, 50) for w in weeks(6)[2:]]), "media.csv": media}

    with pytest.raises(DataError, match='"price" has no value for 2025-02-03'):
        aligned(write_company({**tables, "prices.csv": csv("week,price", prices)}, *NATIONAL, LONG, controls))
    whole = [(w, n) for n, w in enumerate(weeks(6)) if n >= 2]
    result = aligned(
        write_company({**tables, "prices.csv": csv("week,price", whole)}, *NATIONAL, LONG, controls)
    )
    assert result.panel.controls[:, 0, 0].tolist() == [2, 2, 2, 3, 4, 5]


def test_events_and_holidays_stand_on_the_same_weeks(write_company):
    rows = [(w, 1, 2) for w in weeks(5)]
    events = "date,end,name\n2025-01-10,2025-01-14,sale\n2027-01-01,2027-01-02,later\n"
    result = aligned(
        write_company(
            {"sales.csv": csv("week,revenue,tv", rows), "events.csv": events},
            *NATIONAL,
            "  media: [{source: sales.csv, cells: [{channel: tv, spend: tv}]}]",
            "  events: {source: events.csv, date: date, end: end, name: name}",
            "calendar: {holidays: {countries: [US], lead: 0, lag: 0}}",
        )
    )

    assert result.panel.event_names == ("sale",)
    assert result.panel.events[:, 0].tolist() == pytest.approx([3 / 7, 2 / 7, 0, 0, 0])
    assert reviews(result)["events"].value == "later"
    king = result.panel.holiday_names.index("Martin Luther King Jr. Day")
    assert result.panel.holidays[:, king].tolist() == pytest.approx([0, 0, 1 / 7, 0, 0])


def test_a_weekly_text_event_lasts_its_week(write_company):
    rows = [(w, 1, 2, "sale" if n == 2 else "na") for n, w in enumerate(weeks(5))]
    config = write_company(
        {"all.csv": csv("week,revenue,tv,events", rows)},
        "data:",
        "  source: all.csv",
        "  date: week",
        "  outcome: {value: revenue}",
        "  media: {tv: tv}",
        "  events: {name: events}",
    )

    assert aligned(config).panel.events[:, 0].tolist() == [0, 0, 1, 0, 0]


def test_build_panel_is_the_panel_of_align_tables(write_company):
    config = write_company(
        {"all.csv": csv("week,revenue,tv", [(w, 1, 2) for w in weeks(5)])},
        "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
    )
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)

    panel = build_panel(tables, name="acme", currency=None, data=config.data, calendar=config.calendar)

    assert (panel.name, panel.currency) == ("acme", None)
    assert (panel.outcome == aligned(config).panel.outcome).all()


def test_a_week_whose_daily_media_are_not_complete_is_left_out(write_company):
    sales = csv("week,revenue", [(w, 10) for w in weeks(4)])
    media = csv("week,tv", [(date(2025, 1, 6) + timedelta(n), 1) for n in range(24)])
    result = aligned(
        write_company(
            {"sales.csv": sales, "media.csv": media},
            *NATIONAL,
            "  media: [{source: media.csv, cells: [{channel: tv, spend: tv}]}]",
        )
    )

    assert result.panel.spend[:, 0, 0].tolist() == [7, 7, 7]
    assert reviews(result)["incomplete period"].rows == "2025-01-27 to 2025-01-29"


def test_a_mistyped_year_is_a_fault_and_not_a_long_panel(write_company):
    rows = [(w, 1, 2) for w in weeks(5)]
    wide = "  media: [{source: sales.csv, cells: [{channel: tv, spend: tv}]}]"
    late = csv("week,revenue,tv", [*rows, ("2045-02-13", 1, 2)])
    early = csv("week,channel,spend", [(w, "tv", 1) for w in ("2005-01-03", *weeks(5))])
    sales = csv("week,revenue", [row[:2] for row in rows])

    with pytest.raises(DataError, match=r"no row between 2025-02-03 and 2045-02-13.*Is a year mistyped\?"):
        aligned(write_company({"sales.csv": late}, *NATIONAL, wide))
    with pytest.raises(DataError, match="the media tables: no row between 2005-01-03 and 2025-01-06"):
        aligned(write_company({"sales.csv": sales, "media.csv": early}, *NATIONAL, LONG))


def test_two_spellings_of_one_region_are_a_fault(write_company):
    rows = [(w, geo, 5, 10) for w in weeks(3) for geo in ("North", "north")]
    media = csv("week,channel,spend", [(w, "tv", 8) for w in weeks(3)])
    sales = csv("week,region,revenue,people", rows)

    with pytest.raises(DataError, match="'North' and 'north' differ only in spelling"):
        aligned(write_company({"sales.csv": sales, "media.csv": media}, *GEO, LONG))


def test_excluding_everything_is_a_fault(write_company):
    config = write_company(
        {"all.csv": csv("week,revenue,tv", [(w, 1, 2) for w in weeks(5)])},
        "data: {source: all.csv, date: week, outcome: {value: revenue}, media: {tv: tv}}",
        "calendar: {exclude: [{start: 2024-01-01, end: 2026-01-01}]}",
    )

    with pytest.raises(DataError, match="leaves no period with an outcome"):
        aligned(config)


def test_a_long_table_that_stops_after_rows_for_every_week_is_a_fault(write_company):
    sales = csv("week,revenue", [(w, 10) for w in weeks(40)])
    rows = [(w, "tv", 5) for w in weeks(34)]
    stops = csv("week,channel,spend", rows)
    says_zero = csv("week,channel,spend", [*rows, (weeks(40)[-1], "tv", 0)])

    with pytest.raises(DataError, match="until 2025-08-25, and none for the 6 after it"):
        aligned(write_company({"sales.csv": sales, "media.csv": stops}, *NATIONAL, LONG))
    panel = aligned(write_company({"sales.csv": sales, "media.csv": says_zero}, *NATIONAL, LONG)).panel
    assert panel.spend[34:].tolist() == [[[0]]] * 6


def test_media_by_region_are_added_up_in_a_national_model(write_company):
    media = csv("week,region,channel,spend", [(w, geo, "tv", 4) for w in weeks(3) for geo in ("N", "S")])
    config = write_company(
        {"sales.csv": csv("week,revenue", [(w, 10) for w in weeks(3)]), "media.csv": media},
        *NATIONAL,
        "  media: [{source: media.csv, geo: region, channel: channel, spend: spend}]",
    )

    panel = aligned(config).panel

    assert panel.spend[:, :, 0].tolist() == [[8]] * 3
    assert not panel.national_cells.any()
