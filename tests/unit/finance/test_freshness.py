"""Each source says its file; what came through the warehouse says the export's own, not a file of ours."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from mmm.data.reader import TableInfo
from mmm.finance.freshness import sources_table


def test_an_export_is_called_by_its_adapter_and_its_own_file() -> None:
    days = pd.to_datetime(["2026-01-05", "2026-01-12"])
    keys = {"data.outcome": "sales.csv", "data.media[1]": "data/acme/panel/google_ads-a.csv-spend.parquet"}
    keys |= {"data.attribution[1]": "../data/acme/panel/google_ads-a.csv-media.parquet"}
    infos = {key: TableInfo(key, file, True, False, "week", "monday", "") for key, file in keys.items()}
    frames = {key: pd.DataFrame({"table": key, "date": days, "row": [1, 2]}) for key in keys}
    empty = pd.DataFrame({"table": [], "date": [], "row": []})
    tables = SimpleNamespace(
        infos=infos, outcome=frames["data.outcome"], media=frames["data.media[1]"],
        counts=frames["data.attribution[1]"], organic=empty, controls=empty,
    )  # fmt: skip
    named = {keys["data.media[1]"].split("/")[-1]: ("google_ads", "exports/a b.csv")}
    named |= {keys["data.attribution[1]"].split("/")[-1]: ("google_ads", "exports/a b.csv")}
    found = sources_table(tables, named)  # type: ignore[arg-type]
    assert found["file"].tolist() == ["sales.csv", "exports/a b.csv", "exports/a b.csv"]
    assert found["source"].tolist() == ["data.outcome", "google_ads (spend)", "google_ads (counts)"]
    asked = {keys["data.media[1]"].split("/")[-1]: ("", "postgres://${URL}/base")}
    assert sources_table(tables, asked)["file"].tolist()[1] == "postgres://${URL}/base"  # type: ignore[arg-type]
    assert sources_table(tables, asked)["source"].tolist() == list(keys)  # type: ignore[arg-type]
    assert sources_table(tables)["source"].tolist() == list(keys)  # type: ignore[arg-type]
