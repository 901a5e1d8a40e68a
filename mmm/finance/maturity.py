"""Young leads completed: what part of a cohort's orders has come by its age, and what is still to come.

The share of leads won by an age is estimated over all leads at once, those that are young as far as they are seen
(product limit, Kaplan & Meier 1958; a lead that is lost stays at risk and is never won, as in Fine & Gray 1999). Orders
still to come are leads x usual close rate x share that comes later, where the close rate is orders so far over leads
times the share that has come (Stanard 1985, "Cape Cod").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.axis import Axis, days_of
from mmm.data.calendar import detect_week_start
from mmm.data.creatives import leaves_of
from mmm.data.panel import Panel
from mmm.data.three_counts import ThreeCounts
from mmm.dims import cell_columns, cell_row
from mmm.finance.bridge import groups
from mmm.finance.people import too_few

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIPE = 0.95
"""Share of a cohort's orders that has come from which on it is ripe."""
AT_RISK = 30
"""Leads still looked at below which nothing is said of later ages."""
RATE_DAYS = 365
"""Days before the last one whose leads say how many usually close."""
COLUMNS = (
    *("leads", "won", "ripe", "is_ripe", "won_expected", "close_rate", "close_rate_expected", "lead_quality"),
)


@dataclass(frozen=True, slots=True)
class Maturity:
    """Leads of a company with what is still to come of them.

    Attributes
    ----------
    curve
        Share of a cohort's orders that has come by an age, shape (day,), 1 at its end and after it.
    month, period, leaf
        Month of each row's leads, period of the panel (-1 outside) and leaf of the counts (-1: none), shape (row,).
    leads, won
        Number, and of these won so far, shape (row,).
    ripe
        Share of their orders that has come, shape (row,).
    coming
        Orders still to come, shape (row,).
    """

    curve: Floats
    month: NDArray[np.datetime64]
    period: Ints
    leaf: Ints
    leads: Floats
    won: Floats
    ripe: Floats
    coming: Floats


def maturity_of(frame: pd.DataFrame, panel: Panel, counts: ThreeCounts) -> Maturity | None:
    """What is still to come of the leads of `Tables.leads`; None where none was won."""
    leads = frame["leads"].to_numpy(float) if len(frame) else np.zeros(0)
    if not (frame["won_on"].notna().to_numpy() & (leads > 0)).any():
        return None
    created = days_of(frame)
    won_on = frame["won_on"].to_numpy().astype("datetime64[D]")
    until = max(created.max(), won_on[~np.isnat(won_on)].max())
    age = (until - created).astype(np.int64)
    won = ~np.isnat(won_on)
    delay = np.where(won, (won_on - created).astype(np.int64), -1)
    curve = maturity_curve(age, delay, leads)
    ripe = curve[np.minimum(age, len(curve) - 1)]
    leaf = leaves_of(frame, counts.leaves)
    rate = close_rates(leaf, leads, np.where(won, leads, 0.0), ripe, age < RATE_DAYS, len(counts.leaves))
    axis = Axis(panel.dates, panel.geos, panel.grain, detect_week_start(panel.dates[:1]) or "monday")
    return Maturity(
        curve=curve,
        month=created.astype("datetime64[M]"),
        period=axis.period(created),
        leaf=leaf,
        leads=leads,
        won=np.where(won, leads, 0.0),
        ripe=ripe,
        coming=leads * rate[leaf] * (1.0 - ripe),
    )


def maturity_curve(age: Ints, delay: Ints, leads: Floats) -> Floats:
    """Share of the orders of a cohort that has come by each age in days, shape (day,); its last value is 1.

    Parameters
    ----------
    age
        Days that each row's leads have been looked at, shape (row,).
    delay
        Days until they were won; -1 for leads that are not.
    leads
        How many they are.
    """
    days = int(age.max()) + 1
    won = delay >= 0
    events = np.bincount(delay[won], weights=leads[won], minlength=days)
    seen_until = np.where(won, delay, age)
    left = np.bincount(seen_until, weights=leads, minlength=days)
    at_risk = leads.sum() - np.concatenate([[0.0], np.cumsum(left)[:-1]])
    enough = np.flatnonzero(at_risk >= min(AT_RISK, at_risk[0]))
    last = int(enough[-1]) + 1
    hazard = np.divide(events, at_risk, out=np.zeros(days), where=at_risk > 0)[:last]
    share = 1.0 - np.cumprod(1.0 - hazard)
    return share / share[-1] if share[-1] > 0 else np.ones(1)


def close_rates(
    leaf: Ints, leads: Floats, won: Floats, ripe: Floats, recent: NDArray[np.bool_], leaves: int
) -> Floats:
    """Orders that a lead of each leaf becomes in the end, and last that of all, shape (leaf + 1,).

    A leaf with too few leads that are ripe has that of all.
    """
    seen = leads * ripe * recent
    whole = min(1.0, float((won * recent).sum() / seen.sum())) if seen.sum() > 0 else 0.0
    rate = np.full(leaves + 1, whole)
    for k in range(leaves):
        mine = leaf == k
        if seen[mine].sum() >= AT_RISK:
            rate[k] = min(1.0, float((won * recent)[mine].sum() / seen[mine].sum()))
    return rate


def leads_table(found: Maturity, counts: ThreeCounts) -> pd.DataFrame:
    """The table `leads.csv`: leads by the month they came in, for each leaf, channel and in total.

    Columns month, level, cell keys, leads, won (so far), ripe (share of their orders that has come), is_ripe (`ripe` or
    `not ripe`), won_expected (with those still to come), close_rate (so far), close_rate_expected, lead_quality (chance
    to close over that of all leads of the month). Figures about fewer than five people are left out.
    """
    keys = cell_columns(counts.leaves)
    rows = []
    for level, cell, mine in groups(counts.leaves):
        member = np.isin(found.leaf, mine) if level != "total" else np.ones(len(found.leaf), bool)
        for month in np.unique(found.month):
            here = found.month == month
            row = _cohort(found, member & here)
            if row:
                everyone = _cohort(found, here)["close_rate_expected"]
                quality = row["close_rate_expected"] / everyone if everyone > 0 else np.nan
                row["lead_quality"] = quality
                rows.append({"month": str(month), "level": level, **cell_row(cell, keys), **row})
    return pd.DataFrame(rows, columns=["month", "level", *keys, *COLUMNS])


def _cohort(found: Maturity, here: NDArray[np.bool_]) -> dict[str, float]:
    leads = float(found.leads[here].sum())
    if leads == 0 or bool(too_few(leads)):
        return {}
    won, coming = float(found.won[here].sum()), float(found.coming[here].sum())
    ripe = float((found.leads * found.ripe)[here].sum() / leads)
    few = bool(too_few(won))
    row = {"leads": leads, "won": np.nan if few else won, "ripe": ripe}
    row |= {"is_ripe": "ripe" if ripe >= RIPE else "not ripe"}  # type: ignore[dict-item]
    row |= {"won_expected": won + coming, "close_rate": np.nan if few else won / leads}
    return row | {"close_rate_expected": (won + coming) / leads}


def expected_series(found: Maturity, periods: int, leaves: int) -> dict[str, Floats]:
    """Leads, those whose orders have come, and orders in the end, by period and leaf; nan where a leaf has none."""
    inside = (found.period >= 0) & (found.leaf >= 0)
    at = (found.period[inside], found.leaf[inside])
    series = {"cohort": found.leads, "ripe": found.leads * found.ripe, "expected": found.won + found.coming}
    out = {}
    for name, values in series.items():
        table = np.full((periods, leaves), np.nan)
        table[:, np.unique(at[1])] = 0.0
        np.add.at(table, at, values[inside])
        out[name] = table
    return out
