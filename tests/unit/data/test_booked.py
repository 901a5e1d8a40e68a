"""What the owner of a table says of it: currency, VAT and fee by date, how dates are written, whose it is."""

from datetime import date

import numpy as np
import pytest

from mmm.data.booked import booking, steps
from mmm.data.tables import load_tables
from mmm.errors import ConfigError, DataError

SALES = "week,revenue,tv\n2024-12-23,118,100\n2024-12-30,236,100\n2025-01-06,354,100\n"


@pytest.fixture
def load(write_company):
    def read(*data, finance="{}", sales=SALES, **tables):
        files = {"sales.csv": sales} | {f"{name}.csv": text for name, text in tables.items()}
        lines = ["data:", "  source: sales.csv", "  date: week", *(f"  {line}" for line in data)]
        config = write_company(files, *lines, f"finance: {finance}")
        booked = booking(config.currency, config.finance.rates, config.folder)
        return load_tables(config.data, config.calendar, config.channels, config.folder, booked)

    return read


def test_a_rate_holds_from_its_day_until_the_next():
    rate = steps({date(2025, 1, 1): 0.18, date(2020, 1, 1): 0.17})
    days = np.array(["2019-12-31", "2020-01-01", "2024-12-31", "2025-01-01", "2030-01-01"], "datetime64[D]")
    np.testing.assert_array_equal(rate.at(days), [np.nan, 0.17, 0.17, 0.18, 0.18])
    assert steps(0.5).at(days).tolist() == [0.5] * 5


def test_vat_by_date_comes_out_of_each_amount_at_the_rate_of_its_day(load):
    found = load(
        "outcome: {value: revenue, vat_included: {2020-01-01: 0.18, 2024-12-30: 0.0}}", "media: {tv: tv}"
    )
    np.testing.assert_allclose(found.outcome["outcome"], [100, 236, 354])
    np.testing.assert_allclose(found.media["spend"], 100)


def test_an_amount_before_the_first_rate_is_a_fault_that_names_its_row(load):
    with pytest.raises(DataError, match=r"no vat_included before 2024-12-30.*row 2 from 2024-12-23"):
        load("outcome: {value: revenue, vat_included: {2024-12-30: 0.18}}", "media: {tv: tv}")


def test_the_agency_fee_comes_on_top_of_media_and_of_nothing_else(load):
    found = load("fee: 0.12", "outcome: {value: revenue}", "media: {tv: tv}")
    np.testing.assert_allclose(found.media["spend"], 112)
    np.testing.assert_allclose(found.outcome["outcome"], [118, 236, 354])
    with pytest.raises(ConfigError, match="put it on a table of media"):
        load("outcome: {value: revenue, fee: 0.12}", "media: {tv: tv}")


@pytest.mark.parametrize(
    ("rates", "worth"),
    [
        ("{EUR: 2}", [200, 200, 200]),
        ("{EUR: {2024-01-01: 2, 2025-01-01: 3}}", [200, 200, 300]),
        ("{EUR: {source: rates.csv}}", [110, 120, 120]),
    ],
)
def test_another_currency_is_worth_what_finance_says_that_day(load, rates, worth):
    found = load(
        "outcome: {value: revenue}",
        "media: [{currency: EUR, cells: [{channel: tv, spend: tv}]}]",
        finance=f"{{rates: {rates}}}",
        rates="date,rate\n2024-12-30,1.2\n2024-12-02,1.1\n",
    )
    np.testing.assert_allclose(found.media["spend"], worth)
    np.testing.assert_allclose(found.outcome["outcome"], [118, 236, 354])


def test_a_currency_without_a_rate_is_refused_with_the_line_to_write(load):
    with pytest.raises(DataError, match=r"amounts in EUR.*finance\.rates: \{EUR: \.\.\.\}"):
        load("outcome: {value: revenue}", "media: [{currency: EUR, cells: [{channel: tv, spend: tv}]}]")


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("date,rate\n2024-01-01,1\n2024-01-01,2\n", "more than one rate of EUR on 2024-01-01"),
        ("date,rate\n2024-01-01,0\n", "not above zero in row 2"),
        ("day,rate\n2024-01-01,1\n", 'no column "date"'),
    ],
)
def test_a_table_of_rates_that_cannot_be_meant_is_refused(load, table, fault):
    with pytest.raises(DataError, match=fault):
        load(
            "outcome: {value: revenue}",
            "media: {tv: tv}",
            finance="{rates: {EUR: {source: rates.csv}}}",
            rates=table,
        )


def test_a_code_that_is_none_is_refused(load):
    with pytest.raises(ConfigError, match="no code of a currency"):
        load("outcome: {value: revenue}", "media: {tv: tv}", finance="{rates: {euro: 1.1}}")


def test_weeks_named_by_their_last_day_begin_six_days_before(load):
    found = load("week_label: last", "outcome: {value: revenue}", "media: {tv: tv}")
    assert found.outcome["date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2024-12-17",
        "2024-12-24",
        "2024-12-31",
    ]
    assert found.infos["data.outcome"].weekday == "tuesday"


def test_a_last_day_of_rows_that_are_no_weeks_is_refused(load):
    daily = "week,revenue,tv\n" + "".join(f"2025-01-{day:02d},5,1\n" for day in range(1, 20))
    with pytest.raises(DataError, match="not a week apart"):
        load("outcome: {value: revenue, week_label: last}", "media: {tv: tv}", sales=daily)


AMBIGUOUS = "week,revenue,tv\n01/02/2025,5,1\n02/02/2025,6,1\n03/02/2025,7,1\n"


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("DD/MM/YYYY", ["2025-02-01", "2025-02-02", "2025-02-03"]),
        ("%m/%d/%Y", ["2025-01-02", "2025-02-02", "2025-03-02"]),
        ("m/d/y", ["2025-01-02", "2025-02-02", "2025-03-02"]),
    ],
)
def test_dates_are_read_as_their_owner_writes_them(load, written, days):
    found = load(f'date_format: "{written}"', "outcome: {value: revenue}", "media: {tv: tv}", sales=AMBIGUOUS)
    assert found.outcome["date"].dt.strftime("%Y-%m-%d").tolist() == days


def test_dates_written_otherwise_than_said_are_a_fault(load):
    with pytest.raises(DataError, match="`date_format` is d/m/y, and 3 of 3 dates are written otherwise"):
        load("date_format: d/m/y", "outcome: {value: revenue}", "media: {tv: tv}")


def test_an_unknown_way_to_write_dates_is_refused(load):
    with pytest.raises(ConfigError, match="date_format"):
        load("date_format: whenever", "outcome: {value: revenue}", "media: {tv: tv}")


def test_a_table_has_its_own_owner_or_that_of_all(load):
    found = load("owner: data team", "outcome: {value: revenue, owner: finance}", "media: {tv: tv}")
    assert found.infos["data.outcome"].owner == "finance"
    assert found.infos["data.media[1]"].owner == "data team"
