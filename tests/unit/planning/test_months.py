"""A plan by calendar month."""

import numpy as np
import pandas as pd

from mmm.planning.months import months_table


def day(text):
    return np.datetime64(text)


def plan(*rows):
    return pd.DataFrame(rows, columns=["date", "purpose", "channel", "audience", "planned_spend"])


def test_a_week_in_two_months_is_shared_out_by_days_and_cents_add_up():
    table = plan(
        ("2027-01-25", "core", "tv", "", 70.0),  # 25 to 31 January: all of it
        ("2027-02-22", "core", "tv", "", 0.0),
        ("2027-03-29", "core", "tv", "", 100.01),  # three days of March, four of April
        ("2027-03-29", "test", "", "", 7.0),
    )
    found = months_table(table, "week", day("2027-01-01"), day("2027-06-30"))
    got = found.set_index(["month", "purpose", "channel"])["planned_spend"]
    assert got["2027-01", "core", "tv"] == 70.0
    assert got["2027-03", "core", "tv"] == 42.86
    assert got["2027-04", "core", "tv"] == 57.15
    assert (got["2027-03", "test", ""], got["2027-04", "test", ""]) == (3.0, 4.0)
    assert round(found["planned_spend"].sum(), 2) == 177.01


def test_money_of_a_week_that_the_window_cuts_lies_inside_the_window():
    table = plan(("2027-03-29", "core", "tv", "", 9.0), ("2026-12-28", "core", "tv", "", 5.0))
    found = months_table(table, "week", day("2027-01-01"), day("2027-03-31"))
    assert found.set_index("month")["planned_spend"].to_dict() == {"2027-01": 5.0, "2027-03": 9.0}


def test_regions_are_added_up():
    table = plan(("2027-01-04", "core", "tv", "", 1.5), ("2027-01-04", "core", "tv", "", 2.5)).assign(
        geo=["n", "s"]
    )
    found = months_table(table, "week", day("2027-01-01"), day("2027-03-31"))
    assert found.to_dict("records") == [
        {"month": "2027-01", "purpose": "core", "channel": "tv", "audience": "", "planned_spend": 4.0}
    ]
