"""What winning a new customer cost and leaves: incremental and marginal cost, lifetime value, payback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.three_counts import ThreeCounts
from mmm.dims import cell_columns, cell_row
from mmm.finance.bridge import groups
from mmm.finance.lifetime import Lifetime, payback_month
from mmm.finance.people import too_few
from mmm.inference.posterior import interval

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NewCustomers:
    """New customers that paid media caused in the periods of the fit.

    Attributes
    ----------
    brought
        Shape (draw, cell).
    following
        Per further unit of money, spread as the cell's spend was, shape (draw, cell).
    spend
        Money of each cell in these periods, shape (cell,).
    inside
        These periods, shape (period,).
    known_by
        segment, outcome, or share (new customers follow the outcome).
    """

    brought: Floats
    following: Floats
    spend: Floats
    inside: Flags
    known_by: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What systems counted of a group of cells, and the money of the periods they did it in."""

    number: float
    spend: float


def customers_table(
    found: NewCustomers,
    counts: ThreeCounts,
    spend: Floats,
    lifetimes: Mapping[str, Lifetime],
    handling: float,
    period: str,
    *,
    seed: int,
) -> pd.DataFrame:
    """The table `customers.csv`: a row for each leaf of the counts, each channel of several, and the total.

    A cost is money over customers at their mean, and at the ends of their range; an end is empty where media may have
    brought none. Handling is what sales spends on the leads counted for the money.

    Parameters
    ----------
    spend
        Money of the leaves, shape (period, leaf).
    lifetimes
        By channel, with a `default`; empty where nothing is known of it.
    handling
        Cost of a lead.
    period
        What the periods of the fit are called.
    """
    keys = cell_columns(counts.leaves)
    draws = len(found.brought)
    drawn = {name: one.drawn(draws, seed) for name, one in lifetimes.items()}
    rows = []
    for level, cell, mine in groups(counts.leaves):
        cells = np.flatnonzero(counts.members[mine].any(axis=0))
        money = float(found.spend[cells].sum())
        if money <= 0:
            continue
        brought = found.brought[:, cells].sum(axis=1)
        following = found.following[:, cells] @ (found.spend[cells] / money)
        leads = _counted(counts, "leads", mine, spend, found.inside)
        handled = handling * leads.number * money / leads.spend if leads.spend > 0 else 0.0
        row: dict[str, object] = {"period": period, "level": level, **cell_row(cell, keys)}
        row |= {"known_by": found.known_by, "spend": round(money, 2), "handling": round(handled, 2)}
        row |= _spread("new_customers", brought)
        row |= _cost("cac", money, brought) | _cost("full_cac", money + handled, brought)
        row |= _cost("marginal_cac", 1.0, following)
        for name, column in (("claimed", "claimed_cost_per_order"), ("matched", "cost_per_customer")):
            one = _counted(counts, name, mine, spend, found.inside)
            told = one.number > 0 and not (name == "matched" and too_few(one.number))
            row[column] = one.spend / one.number if told else np.nan
        channels = [counts.leaves[k].channel for k in mine for _ in range(int(counts.members[k].sum()))]
        each = np.concatenate([np.flatnonzero(counts.members[k]) for k in mine])
        if drawn:
            own = [drawn.get(name, drawn["default"]) for name in channels]
            row |= _worth(found.brought[:, each], own, money + handled, following)
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=[*_front(keys), *FIGURES])


def _front(keys: tuple[str, ...]) -> list[str]:
    return ["period", "level", *keys, "known_by", "spend", "handling"]


def _three(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{end}" for name in names for end in ("", "_lo", "_hi"))


FIGURES = (
    *_three("new_customers", "cac", "full_cac", "marginal_cac"),
    *("claimed_cost_per_order", "cost_per_customer"),
    *_three("lifetime_value", "value_to_cac", "value_to_marginal_cac"),
    "p_pays_back",
    *_three("payback_months"),
)


def _worth(brought: Floats, own: list[Lifetime], cost: float, following: Floats) -> dict[str, float]:
    """Lifetime value against cost; several channels are weighted by the customers they brought."""
    value = np.stack([one.value for one in own], axis=1)
    earned, customers = (brought * value).sum(axis=1), brought.sum(axis=1)
    each = value.mean(axis=1) if value.shape[1] == 1 else _safe(earned, customers)
    row = _spread("lifetime_value", each) | _spread("value_to_cac", earned / cost)
    row |= _spread("value_to_marginal_cac", each * following)
    row["p_pays_back"] = float(np.mean(earned > cost))
    months = min(one.by_month.shape[1] for one in own)
    if months:
        by_month = np.sum(
            [n[:, None] * one.by_month[:, :months] for n, one in zip(brought.T, own, strict=True)], axis=0
        )
        when = payback_month(by_month, cost)
        middle = payback_month(by_month.mean(axis=0, keepdims=True), cost)[0]
        lo, hi = np.quantile(when, [0.05, 0.95], method="inverted_cdf")
        row |= {"payback_months": middle, "payback_months_lo": lo, "payback_months_hi": hi}
        row = {name: x if np.isfinite(x) else np.nan for name, x in row.items()}
    return row


def _safe(earned: Floats, customers: Floats) -> Floats:
    """Mean value of a customer, draw by draw; that of all draws where one brought none."""
    usual = float(earned.mean() / customers.mean()) if customers.mean() else 0.0
    return np.divide(earned, customers, out=np.full_like(earned, usual), where=customers > 0)


def _counted(
    counts: ThreeCounts, name: str, mine: NDArray[np.int64], spend: Floats, inside: Flags
) -> Counted:
    """What a system counted of some leaves in the periods of the fit that it covers, and their money there."""
    if name not in counts.counted:
        return Counted(0.0, 0.0)
    values = counts.counted[name][:, mine]
    known = np.isfinite(values) & inside[:, None]
    return Counted(float(values[known].sum()), float(spend[:, mine][known].sum()))


def _spread(name: str, draws: Floats) -> dict[str, float]:
    mean, lo, hi = interval(draws)
    return {name: float(mean), f"{name}_lo": float(lo), f"{name}_hi": float(hi)}


def _cost(name: str, money: float, customers: Floats) -> dict[str, float]:
    mean, lo, hi = (money / x if x > 0 else np.nan for x in map(float, interval(customers)))
    return {name: mean, f"{name}_lo": hi, f"{name}_hi": lo}
