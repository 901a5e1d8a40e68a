"""Until when each source has rows, and how far it is behind the newest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import numpy as np
import pandas as pd

from mmm.data.calendar import period_end
from mmm.data.tables import Tables


def sources_table(tables: Tables, called: Mapping[str, tuple[str, str]] | None = None) -> pd.DataFrame:
    """The table `sources.csv`.

    Parameters
    ----------
    called
        What people call files of ours that stand for theirs, by their names: adapter ("" for none), and where.

    Returns
    -------
    Columns source (key of the config), file, owner (who to ask, "" where the config does not say), rows, data_from,
    data_until (last day the last row covers), behind (days behind the newest source). Controls and events that are
    known ahead are newer than sales: they set no mark.
    """
    frames = {"data.outcome": tables.outcome}
    for frame in (tables.media, tables.counts, tables.organic, tables.controls):
        frames |= {str(key): rows for key, rows in frame.groupby("table", sort=False)}
    spent = set(tables.media["table"])
    rows = []
    for key, frame in frames.items():
        info = tables.infos[key]
        days = frame["date"].to_numpy().astype("datetime64[D]")
        until = period_end(days.max(), info.spacing or "day")
        read = frame["row"].nunique()
        adapter, file = (called or {}).get(PurePath(info.where).name, ("", info.where))
        rows.append(
            {
                "source": f"{adapter} ({'spend' if key in spent else 'counts'})" if adapter else key,
                "file": file,
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
