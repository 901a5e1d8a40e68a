"""What customers leave, learned from their orders: the company, its channels and audiences, and cohorts by quarter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.transactions import Customers
from mmm.finance.economics import Economics
from mmm.finance.lifetime import Lifetime
from mmm.finance.people import LEAST_PEOPLE
from mmm.finance.repeat_buying import (
    DRAWS,
    Learned,
    learn_orders,
    learn_values,
    mean_order,
    orders_by_month,
    still_customers,
)
from mmm.inference.posterior import interval

Floats = NDArray[np.float64]


def learned_lifetimes(
    customers: Customers, economics: Economics, months: int, *, seed: int
) -> tuple[dict[str, Lifetime], pd.DataFrame]:
    """Lifetimes by channel with a `default`, and the table `lifetime.csv`.

    Every group has the company's parameters as its prior, so a small one says little else. A customer belongs to the
    channel and audience of the first order.

    Parameters
    ----------
    months
        How far a lifetime reaches, from the first order.

    Returns
    -------
    The table has level (total, channel, cell, cohort), channel, audience, cohort (quarter of the first order),
    customers, orders and order_value (+lo, hi) of one so far, still_customers (share that has not stopped), months and
    lifetime_value (+lo, hi): discounted gross margin, the first order included.
    """
    everyone = np.arange(len(customers.age))
    company = _learn(customers, everyone, None)
    found: dict[str, Lifetime] = {}
    rows = []
    for level, names, members in _groups(customers):
        own = company if level == "total" else _learn(customers, members, company)
        margins = np.array([economics.margin_of(name) or np.nan for name in customers.channel[members]])
        draws = [part.draws(DRAWS, seed) for part in own]
        each = mean_order(draws[1])
        left = (
            margins.mean() * each[:, None] * orders_by_month(draws[0], months, economics.discount_rate or 0.0)
        )
        if level in ("total", "channel"):
            found[names[0] or "default"] = Lifetime(left[:, -1], left)
        alive = still_customers(np.exp(own[0].mode), *(_of(customers, members)))
        row: dict[str, object] = {
            "level": level,
            "channel": names[0],
            "audience": names[1],
            "cohort": names[2],
        }
        row |= {"customers": len(members), "orders": float(customers.repeats[members].mean() + 1.0)}
        row |= _spread("order_value", each) | {"still_customers": float(alive.mean()), "months": months}
        rows.append(row | _spread("lifetime_value", left[:, -1]))
    return found, pd.DataFrame(rows)


def _of(customers: Customers, members: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    return customers.repeats[members], customers.last[members], customers.age[members]


def _learn(
    customers: Customers, members: NDArray[np.int64], company: tuple[Learned, Learned] | None
) -> tuple[Learned, Learned]:
    """Parameters of orders and of their money."""
    orders, values = (None, None) if company is None else company
    return (
        learn_orders(*_of(customers, members), orders),
        learn_values(customers.repeats[members] + 1.0, customers.value[members], values),
    )


def _groups(customers: Customers) -> Iterator[tuple[str, tuple[str, str, str], NDArray[np.int64]]]:
    """Level, channel with audience and cohort, members; groups of fewer than `LEAST_PEOPLE` are left out."""
    yield "total", ("", "", ""), np.arange(len(customers.age))
    month = customers.first.astype("datetime64[M]").astype(int)
    cohort = np.array([f"{1970 + m // 12}Q{m % 12 // 3 + 1}" for m in month.tolist()], object)
    pairs = np.array(
        [f"{a}\0{b}" for a, b in zip(customers.channel, customers.audience, strict=True)], object
    )
    told = (("channel", customers.channel), ("cell", pairs), ("cohort", cohort))
    for level, names in told:
        for name in sorted(set(names.tolist())):
            members = np.flatnonzero(names == name)
            channel, _, audience = name.partition("\0")
            nameless = channel == "" or (level == "cell" and audience == "")
            if len(members) < LEAST_PEOPLE or nameless:
                continue
            yield level, ("", "", name) if level == "cohort" else (channel, audience, ""), members


def _spread(name: str, draws: Floats) -> dict[str, float]:
    mean, lo, hi = interval(draws)
    return {name: float(mean), f"{name}_lo": float(lo), f"{name}_hi": float(hi)}
