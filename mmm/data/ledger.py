"""Campaigns and ads by day, and leads by the days they came in and were won, read as they are written.

They stand beside counts: no fit depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mmm.data.count_settings import CreativesTable, LeadsTable
from mmm.data.names import fold
from mmm.data.reader import Opened, Reader, rows_words
from mmm.data.settings import ChannelSettings

LINE = ("channel", "audience", "campaign", "creative")
LEDGER = ("spend", "exposure", "clicks", "leads", "qualified", "won", "won_revenue")
"""What is counted of a campaign or an ad."""


def no_creatives() -> pd.DataFrame:
    """No rows, with the columns that rows would have."""
    return pd.DataFrame({name: pd.Series([], dtype="object") for name in ("date", *LINE, *LEDGER, "row")})


def no_leads() -> pd.DataFrame:
    """No rows, with the columns that rows would have."""
    names = ("date", "channel", "audience", "won_on", "leads", "row")
    return pd.DataFrame({name: pd.Series([], dtype="object") for name in names})


def read_creatives(
    reader: Reader, table: CreativesTable, channels: Mapping[str, ChannelSettings]
) -> pd.DataFrame:
    """Rows of `data.creatives`: date, names of the line, what `LEDGER` counts (nan where it does not), row.

    Money is as finance books it. Faults go to the reader.
    """
    key = "data.creatives"
    opened = reader.open(table, key, {name: getattr(table, name) for name in (*LINE, *LEDGER)})
    if opened is None:
        return no_creatives()
    del reader.infos[key]  # it says nothing about weeks or regions of the panel
    raw = opened.raw
    columns: dict[str, object] = {"date": opened.days.astype("datetime64[s]")}
    for name in LINE:
        column = getattr(table, name)
        columns[name] = reader.text(raw, column) if column else ""
    for name in LEDGER:
        column = getattr(table, name)
        if column is None:
            columns[name] = np.nan
        elif name in ("spend", "won_revenue"):
            columns[name] = reader.money(opened, column, table, fee=name == "spend")
        else:
            columns[name] = reader.numbers(raw, column)
    frame = pd.DataFrame(columns, index=range(len(raw.frame))).assign(row=opened.rows)
    _refuse_below_zero(reader, opened, frame, LEDGER)
    return frame.assign(channel=_known(frame["channel"], channels))


def read_leads(reader: Reader, table: LeadsTable, channels: Mapping[str, ChannelSettings]) -> pd.DataFrame:
    """Rows of `data.leads`: date (it came in), channel, audience, won_on (NaT: not won), leads, row.

    Faults go to the reader: an order before its lead, counts below zero.
    """
    key = "data.leads"
    wanted = {name: getattr(table, name) for name in ("channel", "audience", "won_on", "leads")}
    opened = reader.open(table, key, wanted)
    if opened is None:
        return no_leads()
    del reader.infos[key]  # it says nothing about weeks or regions of the panel
    raw = opened.raw
    won = reader.dates(raw, table.won_on, allow_empty=True, table=table)
    if early := opened.rows[won < opened.days].tolist():
        reader.faults.append(
            f'{raw.where}: a lead is won ("{table.won_on}") before it came in, in {rows_words(early)}. Mend the dates'
        )
    frame = pd.DataFrame(
        {
            "date": opened.days.astype("datetime64[s]"),
            "channel": reader.text(raw, table.channel),
            "audience": reader.text(raw, table.audience) if table.audience else "",
            "won_on": won.astype("datetime64[s]"),
            "leads": reader.numbers(raw, table.leads) if table.leads else 1.0,
            "row": opened.rows,
        },
        index=range(len(raw.frame)),
    )
    _refuse_below_zero(reader, opened, frame, ("leads",))
    return frame.assign(channel=_known(frame["channel"], channels))


def _known(names: pd.Series, channels: Mapping[str, ChannelSettings]) -> list[str]:
    """Channels under the names of the config."""
    known = {fold(name): key for key, found in channels.items() for name in (key, *found.was)}
    return [known.get(fold(name), name) for name in names]


def _refuse_below_zero(reader: Reader, opened: Opened, frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    for name in names:
        if below := frame.loc[frame[name] < 0, "row"].tolist():
            reader.faults.append(
                f"{opened.raw.where}: {name} is below zero in {rows_words(below)}. Write what was counted or spent"
            )
