"""What each system says of a channel, beside what the channel caused: the claim factor and where it goes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.three_counts import ThreeCounts
from mmm.dims import cell_columns, cell_row
from mmm.finance.bridge import Caused, claimed_money, groups
from mmm.finance.cents import whole_cents
from mmm.finance.people import too_few
from mmm.finance.windows import Windows
from mmm.inference.posterior import interval

Floats = NDArray[np.float64]

SYSTEMS = ("claimed", "attributed", "data_driven", "matched")
SHARED = ("attributed", "data_driven")
"""Ways of analytics to share out the orders it sees: to the click that came last, or by a model between clicks."""


def claims_table(
    counts: ThreeCounts, revenue: Floats, spend: Floats, caused: Caused | None, windows: Windows
) -> pd.DataFrame:
    """The table `claims.csv`: a row by window and leaf, channel and in total.

    Parameters
    ----------
    revenue, spend
        Of the company, shape (period,); of the leaves, shape (period, leaf).

    Returns
    -------
    Columns period, level, cell keys, spend, orders each system counts (claimed, attributed, data_driven, matched; nan
    where it does not count the leaf, and where the CRM knows fewer than five people), claimed_revenue (net of VAT),
    incremental (+lo, hi), claim_factor (+lo, hi): claimed over incremental money; claim_factor_change (+lo, hi):
    against the same window a year before, 0.1 is a tenth more; share of all orders that last click, and that a
    data-driven model, gives, and of all incremental money.
    """
    money = whole_cents(windows.sums(claimed_money(counts, revenue))) / 100.0
    spent = whole_cents(windows.sums(spend)) / 100.0
    effect = None if caused is None else whole_cents(caused.media.mean(axis=0)) / 100.0
    keys = cell_columns(counts.leaves)
    known = {name: windows.sums(counts.counted[name]) for name in SYSTEMS if name in counts.counted}
    counts_it = {name: np.isfinite(counts.counted[name]).any(axis=0) for name in known}
    rows = []
    for level, cell, mine in groups(counts.leaves):
        claimed = money[:, mine].sum(axis=1)
        claims = counts_it["claimed"][mine].any()
        drawn = None if caused is None else caused.media[:, :, mine].sum(axis=2)
        for w, period in enumerate(windows.names):
            row: dict[str, object] = {"period": period, "level": level, **cell_row(cell, keys)}
            row["spend"] = round(float(spent[w, mine].sum()), 2)
            for name in SYSTEMS:
                counted = name in known and counts_it[name][mine].any()
                told = float(known[name][w, mine].sum()) if counted else np.nan
                row[name] = np.nan if name == "matched" and too_few(told) else told
            row["claimed_revenue"] = round(float(claimed[w]), 2) if claims else np.nan
            row |= _factor(claimed, drawn, w, windows.year) if claims else _factor(claimed, None, w, 0)
            if drawn is not None and effect is not None:
                _, lo, hi = (round(float(x), 2) for x in interval(drawn[:, w]))
                mean = round(float(effect[w, mine].sum()), 2)
                row |= {"incremental": mean, "incremental_lo": lo, "incremental_hi": hi}
                row["incremental_share"] = _share(mean, effect[w].sum())
            for name in SHARED:
                if name in known:
                    row[f"{name}_share"] = _share(known[name][w, mine].sum(), known[name][w].sum())
            rows.append(row)
    front = ["period", "level", *keys, "spend", *SYSTEMS, "claimed_revenue"]
    ranged = [
        f"{name}{end}"
        for name in ("incremental", "claim_factor", "claim_factor_change")
        for end in ("", "_lo", "_hi")
    ]
    return pd.DataFrame(rows).reindex(
        columns=[*front, *ranged, *(f"{name}_share" for name in SHARED), "incremental_share"]
    )


def _factor(claimed: Floats, drawn: Floats | None, w: int, year: int) -> dict[str, float]:
    """Claim factor of a window and its change over a year; empty without a fit, and where nothing is claimed."""
    if drawn is None or claimed[w] <= 0 or drawn[:, w].mean() <= 0:
        return {}
    out = _ranged("claim_factor", claimed[w] / drawn[:, w].mean(), claimed[w] / drawn[:, w])
    before = w - year
    if year and before >= 0 and claimed[before] > 0 and drawn[:, before].mean() > 0:
        ratio = claimed[w] / claimed[before] * drawn[:, before] / drawn[:, w]
        middle = claimed[w] / claimed[before] * drawn[:, before].mean() / drawn[:, w].mean()
        out |= _ranged("claim_factor_change", middle - 1.0, ratio - 1.0)
    return out


def _ranged(name: str, value: float, draws: Floats) -> dict[str, float]:
    _, lo, hi = interval(draws)
    return {name: float(value), f"{name}_lo": float(lo), f"{name}_hi": float(hi)}


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else np.nan
