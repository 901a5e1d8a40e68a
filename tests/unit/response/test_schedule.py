"""Schedules."""

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.errors import InternalFault
from mmm.response.schedule import Schedule

DATES = np.array(["2027-01-04", "2027-01-11"], "datetime64[D]")
SPEND = np.arange(8.0).reshape(2, 2, 2)


def test_totals_add_up_over_periods_and_geos():
    schedule = Schedule(DATES, ("north", "south"), (Cell("tv"), Cell("search")), SPEND)
    assert schedule.by_cell.tolist() == [0 + 2 + 4 + 6, 1 + 3 + 5 + 7]
    assert schedule.total == 28


def test_the_table_has_a_row_per_period_geo_and_cell_with_its_own_money():
    schedule = Schedule(DATES, ("north", "south"), (Cell("tv"), Cell("social", "new")), SPEND)
    table = schedule.frame("planned_spend")
    assert list(table.columns) == ["date", "channel", "audience", "geo", "planned_spend"]
    row = table[(table.date == "2027-01-11") & (table.geo == "south") & (table.audience == "new")]
    assert row.planned_spend.tolist() == [SPEND[1, 1, 1]]
    assert len(table) == 8


def test_a_national_schedule_has_no_geo_column_and_messages_only_where_there_are_some():
    national = Schedule(DATES, ("",), (Cell("tv"), Cell("social", "new", "sale")), SPEND[:, :1])
    assert list(national.frame().columns) == ["date", "channel", "audience", "message", "spend"]


def test_money_of_another_shape_than_the_axes_is_refused():
    with pytest.raises(InternalFault, match="shape"):
        Schedule(DATES, ("",), (Cell("tv"),), SPEND)
