"""The money of a plan by calendar month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.data.calendar import period_days
from mmm.data.settings import Grain
from mmm.dims import CELL_KEYS
from mmm.planning.money import spread


def months_table(plan: pd.DataFrame, grain: Grain, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
    """Planned money by calendar month, purpose and cell, in whole cents: it adds up to `plan.csv` exactly.

    Money of a period that lies in two months is shared out by its days inside the window.

    Parameters
    ----------
    plan
        The table `plan.csv`.
    start, end
        First and last day of the window.
    """
    keys = ["purpose", *(key for key in CELL_KEYS if key in plan)]
    money = plan.groupby([*keys, "date"], sort=False)["planned_spend"].sum().reset_index()
    dates = money["date"].to_numpy("datetime64[D]")
    parts = []
    for row, (first, days) in enumerate(zip(dates, period_days(dates, grain), strict=True)):
        every = first + np.arange(days)
        inside = every[(every >= start) & (every <= end)]
        months, count = np.unique(inside.astype("datetime64[M]"), return_counts=True)
        amounts = spread(float(money["planned_spend"].iloc[row]), count.astype(np.float64))
        parts.append(pd.DataFrame({"row": row, "month": months.astype(str), "planned_spend": amounts}))
    split = pd.concat(parts, ignore_index=True).join(money[keys], on="row")
    table = split.groupby(["month", *keys], sort=False)["planned_spend"].sum().round(2).reset_index()
    return table.sort_values("month", kind="stable", ignore_index=True)
