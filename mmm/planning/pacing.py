"""What was spent against the approved plan, period by period, and the pace that still ends on it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.data.panel import Dates, Floats, Panel
from mmm.planning.money import spread

PACING = ("date", "level", "channel", "approved_spend", "spent", "gap", "gap_to_date", "to_spend")


def spent_by_channel(panel: Panel, dates: Dates, share: Floats) -> pd.DataFrame:
    """Money really spent in the periods of a window that the data cover: rows are their first days.

    Parameters
    ----------
    dates, share
        Periods of the window, and the share of each inside it, shape (period,).
    """
    covered = dates <= panel.dates[-1]
    places = np.searchsorted(panel.dates, dates[covered])
    money = panel.spend[places].sum(axis=1) * share[covered][:, None]
    names = [cell.channel for cell in panel.cells]
    by_cell = pd.DataFrame(money, index=dates[covered].astype(str), columns=names)
    return by_cell.T.groupby(level=0, sort=False).sum().T


def pacing_table(approved: pd.DataFrame, spent: pd.DataFrame, dates: Dates) -> pd.DataFrame:
    """The table `pacing.csv`: rows of every channel, then of all together (`total`).

    `gap` is what was spent less what was approved; in periods to come `to_spend` ends on the approved sum, in the
    proportions of the plan, and nothing where more is spent already. Money for tests without a channel is in neither.

    Parameters
    ----------
    approved
        The approved `plan.csv`.
    spent
        From `spent_by_channel`.
    dates
        Periods of the window.
    """
    named = approved[approved["channel"] != ""]
    wanted = named.pivot_table(
        index="date", columns="channel", values="planned_spend", aggfunc="sum", sort=False
    )
    channels = list(dict.fromkeys([*wanted.columns, *spent.columns]))
    wanted = wanted.reindex(index=dates.astype(str), columns=channels).fillna(0.0)
    really = spent.reindex(columns=channels).fillna(0.0)
    parts = {("channel", name): (wanted[name], really[name]) for name in channels}
    parts["total", ""] = wanted.sum(axis=1), really.sum(axis=1)
    ahead = {key: _to_come(*sides) for key, sides in parts.items() if key[0] == "channel"}
    ahead["total", ""] = np.sum(list(ahead.values()), axis=0) if ahead else np.zeros(len(dates) - len(really))
    rows = []
    for (level, channel), (plan, money) in parts.items():
        gap = money.to_numpy() - plan.to_numpy()[: len(money)]
        to_date = np.cumsum(gap)
        for k, date in enumerate(dates.astype(str)):
            past = k < len(money)
            known = (money.iloc[k], gap[k], to_date[k]) if past else (np.nan,) * 3
            coming = np.nan if past else float(ahead[level, channel][k - len(money)])
            values = (plan.iloc[k], *known, coming)
            rows.append((date, level, channel, *(round(float(value), 2) for value in values)))
    return pd.DataFrame(rows, columns=list(PACING))


def _to_come(plan: pd.Series, spent: pd.Series) -> Floats:
    """Money of each period to come that ends on the approved sum, in whole cents, shape (period to come,)."""
    coming = plan.to_numpy()[len(spent) :]
    left = round(float(plan.sum() - spent.sum()), 2)
    if not len(coming) or left <= 0:
        return np.zeros(len(coming))
    return spread(left, coming if coming.sum() > 0 else np.ones(len(coming)))
