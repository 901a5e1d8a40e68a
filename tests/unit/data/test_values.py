import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.values import DateColumn, NumberColumn, parse_dates, parse_numbers, require_columns


def numbers(*cells: object) -> NumberColumn:
    series = pd.Series(cells, index=range(2, 2 + len(cells)), dtype=object)
    return parse_numbers(series, where="a.csv", column="tv")


def dates(*cells: object, hint: bool | None = None, allow_empty: bool = False) -> DateColumn:
    series = pd.Series(cells, index=range(2, 2 + len(cells)), dtype=object)
    return parse_dates(series, where="a.csv", column="week", dayfirst_hint=hint, allow_empty=allow_empty)


def days(*iso: str) -> list[dt.date]:
    return [dt.date.fromisoformat(day) for day in iso]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1234.5", 1234.5),
        ("1,234,567.8", 1234567.8),
        ("1.234.567,8", 1234567.8),
        ("1'234'567.8", 1234567.8),
        ("1 234 567,8", 1234567.8),
        ("1\u00a0234\u00a0567", 1234567.0),
        ("12,34,567", 1234567.0),
        ("₪1,200", 1200.0),
        ("1,200 ₪", 1200.0),
        ('1,200 ש"ח', 1200.0),
        ("NIS 1,200", 1200.0),
        ("$5.50", 5.5),
        ("-$5", -5.0),
        ("$-5", -5.0),
        ("(5)", -5.0),
        ("(€1,200.50)", -1200.5),
        ("5-", -5.0),
        ("\u22125", -5.0),
        ("\u200e-5", -5.0),
        ("+5", 5.0),
        ("35%", 0.35),
        ("35 %", 0.35),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("0,125", 0.125),
        ("0", 0.0),
    ],
)
def test_a_number_is_read_as_people_write_it(written, meant):
    read = numbers(written)
    assert read.faults == ()
    assert read.values[0] == pytest.approx(meant, rel=1e-15)


@pytest.mark.parametrize(
    "empty", ["", " ", "na", "N/A", "#N/A", "NULL", "-", "–", None, float("nan"), pd.NaT]
)
def test_a_word_for_nothing_is_an_empty_cell_and_no_fault(empty):
    read = numbers(empty, "7")
    assert read.faults == ()
    assert math.isnan(read.values[0])
    assert read.values[1] == 7


def test_cells_of_workbooks_and_parquet_keep_their_value():
    assert numbers(3, 2.5, True, Decimal("1.25"), np.float32(0.5)).values.tolist() == [3, 2.5, 1, 1.25, 0.5]


@pytest.mark.parametrize(
    "text", ["abc", "12abc", "1 2", "--5", "1.2.3", "inf", "1,23,4", "05/01/2025", "#DIV/0!", "5k"]
)
def test_text_in_a_number_is_a_fault_with_its_row_and_value(text):
    read = numbers("1", text, "2")
    assert len(read.faults) == 1
    assert f'row 3 "{text}"' in read.faults[0]
    assert "a.csv" in read.faults[0]
    assert '"tv"' in read.faults[0]


def test_a_date_or_an_infinite_number_of_a_workbook_is_a_fault():
    assert "row 2" in numbers(dt.date(2025, 1, 5)).faults[0]
    assert "row 2" in numbers(float("inf")).faults[0]


def test_the_first_rows_are_quoted_and_the_others_counted():
    fault = numbers(*["bad"] * 8).faults[0]
    assert "8 values" in fault
    assert "row 2" in fault
    assert "row 5" not in fault
    assert "and 5 more" in fault


def test_the_column_decides_whether_a_comma_is_decimal():
    assert numbers("1,234", "2,5").values.tolist() == [1.234, 2.5]
    assert numbers("1,234", "2.5").values.tolist() == [1234, 2.5]
    assert numbers("1.234", "2,5").values.tolist() == [1234, 2.5]
    assert numbers("1.234", "2.5").values.tolist() == [1.234, 2.5]


def test_doubt_about_thousands_is_said_aloud():
    assert numbers("1.234", "12.345").values.tolist() == [1.234, 12.345]
    assert "1.234 was read with a decimal point" in numbers("1.234", "12.345").notes[0]
    assert numbers("1.234", "950").values.tolist() == [1234, 950]
    assert "thousands" in numbers("1.234", "950").notes[0]
    assert numbers("1,234", "950").notes == ()


def test_two_decimal_marks_in_one_column_are_a_fault():
    assert 'row 2 "1,5"' in numbers("1,5", "1.5", "2.5").faults[0]
    assert "1,234 and 1.234" in numbers("1,234", "1.234").faults[0]


def test_two_currencies_in_one_column_are_a_fault():
    assert "more than one currency" in numbers("$5", "₪5").faults[0]
    assert numbers("₪5", "5 NIS", "5").faults == ()


def test_what_programs_write_is_read_as_it_is():
    written = ["12", "-3", "1.5", "0.125", "1e-05", "2.5E+10", "1234.567"]
    assert numbers(*written).values.tolist() == [float(text) for text in written]
    assert "1e400" in numbers("1.5", "1e400").faults[0]


@given(st.floats(-1e12, 1e12).map(lambda x: round(x, 2)))
def test_a_printed_number_comes_back_under_either_convention(number):
    english = f"{number:,.2f}"
    european = english.translate(str.maketrans(",.", ".,"))
    assert numbers(english).values[0] == pytest.approx(number, abs=1e-9)
    assert numbers(european).values[0] == pytest.approx(number, abs=1e-9)


def test_weeks_written_day_first_are_days_first_though_every_day_could_be_a_month():
    read = dates("05/01/2025", "12/01/2025")
    assert read.reading == "d/m/y"
    assert read.values.tolist() == days("2025-01-05", "2025-01-12")


def test_weeks_written_month_first_are_read_month_first():
    read = dates("01/05/2025", "01/12/2025")
    assert read.reading == "m/d/y"
    assert read.values.tolist() == days("2025-01-05", "2025-01-12")


@pytest.mark.parametrize(
    "form", ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%y", "%m/%d/%Y", "%m/%d/%y", "%y-%m-%d", "%Y/%m/%d"]
)
@settings(max_examples=25)
@given(start=st.dates(dt.date(2012, 1, 1), dt.date(2027, 1, 1)), weeks=st.integers(8, 60))
def test_a_weekly_column_comes_back_whatever_the_order_of_its_parts(form, start, weeks):
    meant = [start + dt.timedelta(weeks=i) for i in range(weeks)]
    read = dates(*(day.strftime(form) for day in meant))
    assert read.faults == ()
    assert read.values.tolist() == meant


def test_the_order_of_rows_and_repeats_do_not_matter():
    read = dates("19/01/2026", "05/01/2026", "12/01/2026", "05/01/2026")
    assert read.values.tolist() == days("2026-01-19", "2026-01-05", "2026-01-12", "2026-01-05")


def test_two_equally_regular_readings_ask_with_both_readings_and_the_remedy():
    read = dates("01/01/2025", "02/01/2025", "03/01/2025")
    assert len(read.faults) == 1
    for part in (
        '"02/01/2025"',
        '"03/01/2025"',
        "2025-01-02",
        "2025-02-01",
        "d/m/y",
        "m/d/y",
        "2025-01-31",
        "`date_format: DD/MM/YYYY`",
    ):
        assert part in read.faults[0]


def test_a_hint_breaks_a_tie_and_never_a_clear_case():
    assert dates("05/06/2025", hint=True).values.tolist() == days("2025-06-05")
    assert dates("05/06/2025", hint=False).values.tolist() == days("2025-05-06")
    assert dates("05/01/2025", "12/01/2025", hint=False).values.tolist() == days("2025-01-05", "2025-01-12")


def test_readings_that_agree_are_no_question():
    assert dates("05/05/2025").values.tolist() == days("2025-05-05")


def test_one_date_that_does_not_fit_the_order_of_the_column_is_named():
    fault = dates("13/01/2025", "01/14/2025", "27/01/2025").faults[0]
    assert 'row 3 "01/14/2025"' in fault


def test_dates_a_workbook_turned_around_are_a_fault():
    read = dates(dt.datetime(2025, 5, 1), dt.datetime(2025, 12, 1), "19/01/2025", "26/01/2025")
    assert 'row 4 "19/01/2025"' in read.faults[0]


@pytest.mark.parametrize(
    ("written", "meant", "reading"),
    [
        ("2025-01-05", "2025-01-05", "iso"),
        ("2025-1-5", "2025-01-05", "iso"),
        ("2025-01-05T13:30:00Z", "2025-01-05", "iso"),
        ("2025-01-05 00:00:00", "2025-01-05", "iso"),
        ("20250105", "2025-01-05", "iso"),
        (20250105, "2025-01-05", "iso"),
        ("45662", "2025-01-05", "excel serial"),
        (45662.75, "2025-01-05", "excel serial"),
        ("2025-W05", "2025-01-27", "iso week"),
        ("2025W05", "2025-01-27", "iso week"),
        ("2020-W53", "2020-12-28", "iso week"),
        ("202553", None, ""),
        ("202052", "2020-12-21", "iso week"),
        ("202505", "2025-05-01", "month"),
        ("2025-05", "2025-05-01", "month"),
        ("05/2025", "2025-05-01", "month"),
        ("May 2025", "2025-05-01", "month"),
        ("Jan-25", "2025-01-01", "month"),
        ("5 January 2025", "2025-01-05", "month name"),
        ("5-Jan-25", "2025-01-05", "month name"),
        ("Jan 5, 2025", "2025-01-05", "month name"),
        ("5 בינואר 2025", "2025-01-05", "month name"),
        ("12 במרץ 2025", "2025-03-12", "month name"),
        ("31 דצמבר 2024", "2024-12-31", "month name"),
        ("Sun 26/01/2025", "2025-01-26", "d/m/y"),
        ("26/01/2025 - 01/02/2025", "2025-01-26", "d/m/y"),
        ("26/01/2025 14:05", "2025-01-26", "d/m/y"),
        (dt.datetime(2025, 1, 5, 23, 59), "2025-01-05", "date"),
        (np.datetime64("2025-01-05"), "2025-01-05", "date"),
        (pd.Timestamp("2025-01-05", tz="Asia/Jerusalem"), "2025-01-05", "date"),
        ("31/02/2025", None, ""),
        ("Jan 05", None, ""),
        ("1925-01-05", None, ""),
        ("2025", None, ""),
        ("total", None, ""),
        (True, None, ""),
    ],
)
def test_a_date_is_read_as_people_write_it_or_is_a_fault(written, meant, reading):
    read = dates(written)
    assert read.reading == reading
    if meant is None:
        assert f'row 2 "{written}"' in read.faults[0]
    else:
        assert read.faults == ()
        assert read.values.tolist() == days(meant)


def test_a_year_with_a_number_beyond_twelve_makes_the_column_weeks():
    assert dates("202512", "202513").values.tolist() == days("2025-03-17", "2025-03-24")


@given(st.dates(dt.date(1971, 1, 1), dt.date(2090, 1, 1)))
def test_an_excel_serial_is_the_day_excel_means(day):
    # Excel's day 36526 is 1 January 2000
    serial = 36526 + (day - dt.date(2000, 1, 1)).days
    assert dates(serial).values.tolist() == [day]


def test_an_empty_date_is_a_fault_unless_it_may_be_empty():
    assert "row 3" in dates("2025-01-05", None).faults[0]
    read = dates("2025-01-05", None, allow_empty=True)
    assert read.faults == ()
    assert np.isnat(read.values[1])


def test_dates_written_in_two_ways_are_read_and_noted():
    read = dates("2025-01-05", "12 January 2025")
    assert read.values.tolist() == days("2025-01-05", "2025-01-12")
    assert "more than one way" in read.notes[0]


def test_a_missing_column_is_named_with_the_nearest_and_those_there(tmp_path):
    from mmm.data.files import read_table

    path = tmp_path / "a.csv"
    path.write_text("week,\u200frevenue\u00a0net,tv_spend,radio\n2025-01-05,1,2,\n", encoding="utf-8")
    raw = read_table(path)
    wanted = {
        "data.date": "week",
        "data.outcome.value": "revenue  net",
        "x": "tv_spent",
        "y": "zzz",
        "z": "radio",
    }
    faults = require_columns(raw, wanted)
    assert len(faults) == 3
    assert 'no column "tv_spent" (`x`)' in faults[0]
    assert 'Did you mean "tv_spend"?' in faults[0]
    assert '"week", "revenue net", "tv_spend"' in faults[1]
    assert "Did you mean" not in faults[1]
    assert "wholly empty" in faults[2]
