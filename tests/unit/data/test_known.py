"""What was known when a model was fitted, and what newer tables say otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.data.align import align_tables
from mmm.data.known import as_one_frame, as_then, differences, from_one_frame
from mmm.data.settings import CalendarSettings, DataSettings
from mmm.data.tables import Tables, load_tables

UNTIL = np.datetime64("2025-10-12")  # a Sunday: forty weeks from 6 January


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., tuple[Tables, DataSettings]]:
    """Tables of so many weeks with two channels and a control; `change` edits the rows first."""

    def make(
        weeks: int, change: Callable[[pd.DataFrame], Any] = lambda rows: None
    ) -> tuple[Tables, DataSettings]:
        rows = pd.DataFrame(
            {
                "week": pd.date_range("2025-01-06", periods=weeks, freq="7D").strftime("%Y-%m-%d"),
                "revenue": 1000.0 + np.arange(weeks),
                "tv": 10.0 + np.arange(weeks),
                "NA": 5.0,
                "price": 1.0 + 0.01 * np.arange(weeks),
            }
        )
        change(rows)
        rows.to_csv(tmp_path / "weekly.csv", index=False)
        data = DataSettings.model_validate(
            {
                "source": "weekly.csv",
                "date": "week",
                "outcome": {"value": "revenue"},
                "media": {"tv": "tv", "NA": "NA"},
                "controls": {"columns": ["price"]},
            }
        )
        return load_tables(data, CalendarSettings(), {}, tmp_path), data

    return make


def panel_of(tables: Tables, data: DataSettings) -> Any:
    return align_tables(tables, name="a", currency="USD", data=data, calendar=CalendarSettings()).panel


def test_tables_come_back_from_one_frame_as_the_same_panel(load: Any, tmp_path: Path) -> None:
    from mmm.warehouse.snapshot import write_snapshot

    tables, data = load(40)
    write_snapshot(as_one_frame(tables), tmp_path / "known.parquet")
    import duckdb

    rows = duckdb.connect().read_parquet(str(tmp_path / "known.parquet")).df()
    back = from_one_frame(rows, load(52)[0])
    one, two = panel_of(tables, data), panel_of(back, data)
    assert (one.cells, one.control_names) == (two.cells, two.control_names)
    for name in ("dates", "outcome", "spend", "exposure", "controls"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert differences(back, tables, UNTIL).empty


def test_every_kind_of_change_is_counted_with_its_days_and_sums(load: Any) -> None:
    old, _ = load(40)

    def edit(rows: pd.DataFrame) -> None:
        rows.loc[3, "revenue"] += 7.0
        rows.loc[[4, 5], "tv"] = [0.0, 1.0]

    new, _ = load(42, edit)
    gone = replace(new, controls=new.controls[new.controls["date"] != "2025-01-06"])
    table = differences(old, gone, UNTIL).set_index(["table", "series", "change"])
    assert table.loc[("outcome", "", "revised")].to_list() == [1, "2025-01-27", "2025-01-27", 1003, 1010]
    assert table.loc[("media", "tv", "revised")].to_list() == [2, "2025-02-03", "2025-02-10", 29, 1]
    assert table.loc[("media", "tv", "new"), "rows"] == 2
    assert table.loc[("media", "NA", "new"), "after"] == 10
    assert table.loc[("controls", "price", "gone"), ["rows", "first"]].to_list() == [1, "2025-01-06"]
    late = differences(new, old, UNTIL)
    assert set(late["change"]) == {"gone", "revised"}


def test_rows_that_were_missing_before_are_added_to_the_past(load: Any) -> None:
    new, _ = load(40)
    old = replace(new, outcome=new.outcome.iloc[1:])
    (row,) = differences(old, new, UNTIL).to_dict("records")
    assert (row["change"], row["rows"], row["first"]) == ("added", 1, "2025-01-06")


def test_the_tables_of_then_hold_old_values_and_what_only_the_new_ones_know_up_to_the_same_day(
    load: Any,
) -> None:
    old, _ = load(40)
    new, data = load(44, lambda rows: rows.__setitem__("tv", rows["tv"] * 2))
    narrow = replace(old, media=old.media[old.media["channel"] == "tv"], controls=old.controls.iloc[:0])
    panel = panel_of(as_then(narrow, new, UNTIL), data)
    before, after = panel_of(old, data), panel_of(new, data)
    assert len(panel.dates) == 40
    tv = [cell.channel for cell in panel.cells].index("tv")
    np.testing.assert_array_equal(panel.spend[:, :, tv], before.spend[:, :, tv])
    np.testing.assert_array_equal(panel.controls, after.controls[:40])
    assert {cell.channel for cell in panel.cells} == {"tv", "NA"}
