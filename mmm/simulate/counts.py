"""What three systems say about the same orders: platforms claim, analytics sees, the CRM closes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.simulate.facts import ORDER_VALUE, CellFacts

Floats = NDArray[np.float64]


def draw_counts(
    facts: Sequence[CellFacts],
    dates: NDArray[np.datetime64],
    effect: Floats,
    active: NDArray[np.bool_],
    orders: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Conversions by week and cell as platforms, analytics and the CRM count them.

    Platforms claim more than they caused, and the same order twice; analytics books some orders by last
    click and none to tv or outdoor; the CRM knows a part of what analytics saw.

    Parameters
    ----------
    effect
        True revenue by cell, shape (period, cell).
    active
        Whether the cell spent money in the week, shape (period, cell).
    orders
        Orders of the company, shape (period,).
    """
    frames = []
    for c, fact in enumerate(facts):
        caused = effect[:, c] / ORDER_VALUE
        swing = np.exp(0.08 * rng.normal(size=len(dates)))
        seen = rng.poisson((0.6 * caused * (fact.seen > 0) + fact.seen * orders) * swing * active[:, c])
        table = pd.DataFrame({"date": dates, "channel": fact.cell.channel, "audience": fact.cell.audience})
        if fact.claimed is None:
            table["platform_conversions"] = pd.array([pd.NA] * len(dates), dtype="Int64")
            table["platform_revenue"] = pd.array([pd.NA] * len(dates), dtype="Int64")
        else:
            claim = (fact.claimed * caused + fact.reached * orders) * swing * active[:, c]
            claimed = np.maximum(rng.poisson(claim), seen)
            value = claimed * ORDER_VALUE * np.exp(0.05 * rng.normal(size=len(dates)))
            table["platform_conversions"] = pd.array(claimed, dtype="Int64")
            table["platform_revenue"] = pd.array(np.round(value).astype(np.int64), dtype="Int64")
        table["analytics_conversions"] = seen
        table["crm_customers"] = rng.binomial(seen, fact.closed)
        frames.append(table)
    return pd.concat(frames).sort_values("date", kind="stable", ignore_index=True)
