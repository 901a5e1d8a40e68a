"""Owned media in money: what each brings and costs, and the paid spend that would have bought the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.inference.posterior import interval

Floats = NDArray[np.float64]

COLUMNS = ("contribution", "paid_spend_saved", "return")


def owned_table(
    brought: Mapping[str, Floats],
    next_paid: Floats,
    outcome: float,
    costs: Mapping[str, float],
) -> pd.DataFrame:
    """The table `owned.csv`: a row for each owned medium.

    Parameters
    ----------
    brought
        By medium, in money over the periods of the fit, shape (draw,).
    next_paid
        What the next unit of paid spend brings over all paid media, shape (draw,).
    outcome
        Revenue of these periods.
    costs
        Of these periods, by medium.

    Returns
    -------
    Columns medium, contribution (+lo, hi), share_of_outcome, paid_spend_saved (+lo, hi): paid spend that would have
    brought the same at the margin, empty where more of it may bring nothing; cost, return (+lo, hi): contribution over
    cost.
    """
    rows = []
    for name, drawn in brought.items():
        row: dict[str, object] = {"medium": name, "share_of_outcome": float(drawn.mean() / outcome)}
        row |= _spread("contribution", drawn)
        if (next_paid > 0).mean() > 0.95:
            saved = drawn / np.where(next_paid > 0, next_paid, np.inf)
            row |= _spread("paid_spend_saved", saved)
            row["paid_spend_saved"] = float(drawn.mean() / next_paid.mean())
        if costs.get(name, 0.0) > 0:
            row |= {"cost": round(costs[name], 2)} | _spread("return", drawn / costs[name])
        rows.append(row)
    figures = [f"{name}{end}" for name in COLUMNS for end in ("", "_lo", "_hi")]
    front = [*figures[:3], "share_of_outcome", *figures[3:6], "cost", *figures[6:]]
    return pd.DataFrame(rows).reindex(columns=["medium", *front])


def _spread(name: str, draws: Floats) -> dict[str, float]:
    mean, lo, hi = interval(draws)
    return {name: float(mean), f"{name}_lo": float(lo), f"{name}_hi": float(hi)}
