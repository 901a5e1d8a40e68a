"""Until when each source has rows, and how far it is behind the newest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import numpy as np
import pandas as pd

from mmm.data.calendar import period_end
from mmm.data.tables import Tables


def sources_table(tables: Tables, exports: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The table `sources.csv`.

    Parameters
    ----------
    exports
        What exports are called, adapter and file, by the file of the warehouse that stands for them.

    Returns
    -------
    Columns source (key of the config), file, owner (who to ask, "" where the config does not say), rows, data_from,
    data_until (last day the last row covers), behind (days behind the newest source). Controls and events that are
    known ahead are newer than sales: they set no mark.
    """
    frames = {"data.outcome": tables.outcome}
    for frame in (tables.media, tables.counts, tables.organic, tables.controls):
        frames |= {str(key): rows for key, rows in frame.groupby("table", sort=False)}
    named = {file: told.split(" ", 1) for file, told in (exports or {}).items()}
    spent = set(tables.media["table"])
    rows = []
    for key, frame in frames.items():
        info = tables.infos[key]
        days = frame["date"].to_numpy().astype("datetime64[D]")
        until = period_end(days.max(), info.spacing or "day")
        read = frame["row"].nunique()
        whose = named.get(PurePath(info.where).name)
        rows.append(
            {
                "source": key if whose is None else f"{whose[0]} ({'spend' if key in spent else 'counts'})",
                "file": info.where if whose is None else whose[1],
                "owner": info.owner,
                "rows": read,
                "data_from": days.min(),
                "data_until": until,
            }
        )
    table = pd.DataFrame(rows)
    marks = table.loc[~table["source"].isin(["data.controls", "data.organic"]), "data_until"]
    behind = (marks.max() - table["data_until"]).dt.days
    table["behind"] = np.maximum(behind, 0)
    for name in ("data_from", "data_until"):
        table[name] = table[name].dt.strftime("%Y-%m-%d")
    return table
