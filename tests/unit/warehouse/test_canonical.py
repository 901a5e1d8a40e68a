"""The data contract: every table has a key of its own columns, and a frame of it has its columns and types."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmm.warehouse.canonical import CANONICAL, CRM, LINEAGE, MEDIA, CanonicalTable


@pytest.mark.parametrize("table", CANONICAL.values(), ids=lambda table: table.name)
def test_keys_are_columns_that_are_days_or_text_and_no_column_is_lineage(table: CanonicalTable) -> None:
    kinds = {column.name: column.kind for column in table.columns}
    assert {kinds[name] for name in table.key} <= {"day", "text"}
    assert set(table.names).isdisjoint(LINEAGE)
    assert table.identity == "" or kinds[table.identity] == "text"
    assert table.day == "" or kinds[table.day] == "day"


def test_what_a_source_does_not_say_is_empty_text_and_no_number() -> None:
    frame = MEDIA.frame({"date": ["2026-01-05"], "channel": "search", "spend": [12.5]}, [2])
    assert list(frame.columns) == [*MEDIA.names, "row"]
    assert frame.loc[0, "date"] == pd.Timestamp("2026-01-05")
    assert frame.loc[0, "campaign"] == ""
    assert np.isnan(frame.loc[0, "clicks"])
    assert (frame.loc[0, "spend"], frame.loc[0, "row"]) == (12.5, 2)


def test_rows_of_a_filtered_frame_keep_their_order() -> None:
    kept = pd.DataFrame({"date": ["2026-01-05", "2026-01-06"], "channel": ["a", "b"], "spend": [1.0, 2.0]})[
        1:
    ]
    frame = MEDIA.frame(kept, [7])
    assert frame[["channel", "spend"]].to_numpy().tolist() == [["b", 2.0]]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"date": ["2026-01-05"], "channel": ["a"], "cost": [1.0]}, "no column 'cost'"),
        ({"date": ["2026-01-05"], "channel": [""]}, "needs channel"),
        ({"date": [None], "channel": ["a"]}, "needs date"),
        ({"date": ["2026-01-05"], "channel": ["a"], "spend": [1e13]}, "no amount"),
    ],
)
def test_a_frame_that_is_not_of_the_table_is_refused(columns: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MEDIA.frame(columns, [1])


def test_a_lead_is_known_by_its_hash_alone() -> None:
    assert CRM.identity == "lead_id_hash"
    assert {"email", "phone", "name"}.isdisjoint(CRM.names)
