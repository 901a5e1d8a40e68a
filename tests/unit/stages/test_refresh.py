"""What each change did to the returns."""

from __future__ import annotations

import pandas as pd

from mmm.stages.refresh import moved_table


def roi(**values: float) -> pd.DataFrame:
    rows = [("cell", name, "", value, value - 1, value + 1) for name, value in values.items()]
    rows.append(("total", "", "", 3.0, 2.0, 4.0))
    return pd.DataFrame(rows, columns=["level", "channel", "audience", "roi", "roi_lo", "roi_hi"])


def test_each_step_begins_where_the_one_before_it_ended() -> None:
    table = moved_table([roi(tv=2.0), roi(tv=2.5), roi(tv=2.2)], ["config", "rows"])
    tv = table[table["channel"] == "tv"].set_index("step")
    assert tv["before"].to_list() == [2.0, 2.5]
    assert tv["after"].to_list() == [2.5, 2.2]
    assert tv["change"].round(12).to_list() == [0.5, -0.3]
    assert tv.loc["rows", ["after_lo", "after_hi"]].to_list() == [1.2000000000000002, 3.2]
    assert table["level"].to_list() == ["cell", "cell", "total", "total"]


def test_a_channel_that_is_new_has_no_return_before_and_none_is_made_up() -> None:
    table = moved_table([roi(tv=2.0), roi(tv=2.0), roi(tv=2.0, radio=1.0)], ["revised", "rows"])
    radio = table[table["channel"] == "radio"]
    assert radio["step"].to_list() == ["rows"]
    assert radio["before"].isna().all()
    assert radio["change"].isna().all()
