"""Until when each source has rows, and how far it is behind the newest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.data.calendar import period_end
from mmm.data.tables import Tables


def sources_table(tables: Tables) -> pd.DataFrame:
    """The table `sources.csv`.

    Returns
    -------
    Columns source (key of the config), file, owner (who to ask, "" where the config does not say), rows, data_from,
    data_until (last day the last row covers), behind (days behind the newest source). Controls and events that are
    known ahead are newer than sales: they set no mark.
    """
    frames = {"data.outcome": tables.outcome}
    for frame in (tables.media, tables.counts, tables.organic, tables.controls):
        frames |= {str(key): rows for key, rows in frame.groupby("table", sort=False)}
    rows = []
    for key, frame in frames.items():
        info = tables.infos[key]
        days = frame["date"].to_numpy().astype("datetime64[D]")
        until = period_end(days.max(), info.spacing or "day")
        read = frame["row"].nunique()
        rows.append(
            {
                "source": key,
                "file": info.where,
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
