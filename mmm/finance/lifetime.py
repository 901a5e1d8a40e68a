"""What a new customer leaves over the whole time, month by month, and when that has paid back what winning one cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.count_settings import TransactionsTable
from mmm.finance.economics import YEAR, discount
from mmm.finance.settings import FinanceSettings

Floats = NDArray[np.float64]

MONTH = YEAR / 12
"""Days of a month."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Gross margin of a new customer, discounted to the day of the first order.

    Attributes
    ----------
    value
        Over the whole time, shape (draw,); one draw where it is given.
    by_month
        Until the end of each month, the first order in the first, shape (draw, month); no months where only the value
        is known.
    """

    value: Floats
    by_month: Floats

    def drawn(self, draws: int, seed: int) -> Lifetime:
        """The same with so many draws, in an order that has nothing to do with those of any fit."""
        order = np.random.default_rng([seed, 47]).permutation(draws) % len(self.value)
        return Lifetime(self.value[order], self.by_month[order])


def given_lifetimes(settings: FinanceSettings) -> dict[str, Lifetime]:
    """Lifetime values as the config gives them, by channel with a `default`; empty where it gives none.

    A value that is given is taken; months then only say when it comes. Without one the months add up to it.
    """
    months = margin_by_month(settings)
    given = settings.customer_lifetime_value
    if given is None or isinstance(given, TransactionsTable):
        return {} if not months.size else {"default": Lifetime(months[None, -1], months[None])}
    values = given if isinstance(given, Mapping) else {"default": given}
    return {name: Lifetime(np.array([value]), months[None]) for name, value in values.items()}


def margin_by_month(settings: FinanceSettings) -> Floats:
    """Discounted margin of a new customer until the end of each month, shape (month,); empty where it is not given."""
    customers = settings.customers
    if customers.margin_by_month is None:
        return np.zeros(0)
    month = np.arange(customers.months)
    given = np.atleast_1d(np.asarray(customers.margin_by_month, dtype=np.float64))
    margin = given[np.minimum(month, len(given) - 1)]
    if isinstance(customers.survival, tuple):
        left = np.array(customers.survival + (0.0,) * customers.months)[: customers.months]
    else:
        left = customers.survival**month
    return np.asarray(np.cumsum(margin * left * discount(MONTH * month, settings.discount_rate or 0.0)))


def payback_month(earned: Floats, cost: Floats | float) -> Floats:
    """First month by whose end what customers left covers what winning them cost; infinite where none does.

    Parameters
    ----------
    earned
        Cumulative, shape (draw, month).
    cost
        Of a draw, shape (draw,), or of all.
    """
    covered = earned >= np.broadcast_to(np.asarray(cost, float), len(earned))[:, None]
    if not covered.shape[1]:
        return np.full(len(earned), np.inf)
    return np.where(covered.any(axis=1), covered.argmax(axis=1) + 1.0, np.inf)
