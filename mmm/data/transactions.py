"""Orders of single customers, for what customers leave over time. A customer is a number here: no name goes further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.booked import Booking
from mmm.data.count_settings import TransactionsTable
from mmm.data.names import fold
from mmm.data.reader import Reader, rows_words
from mmm.data.settings import ChannelSettings, DataSettings
from mmm.errors import DataError

Floats = NDArray[np.float64]

KEY = "finance.customer_lifetime_value"
MONTH = 365.25 / 12
"""Days of a month."""
FEWEST = 100
"""Customers below which nothing is said of how they come back."""


@dataclass(frozen=True, slots=True)
class Customers:
    """What each customer did until the last day of the table; orders of one day are one.

    Attributes
    ----------
    repeats
        Orders after the first, shape (customer,).
    last, age
        Months from the first order to the last one, and to the end of the table, shape (customer,).
    value
        Mean money of an order, the first included, net of VAT, shape (customer,).
    channel, audience
        Of the first order; "" where the table does not say, shape (customer,).
    first
        Day of the first order, shape (customer,).
    """

    repeats: Floats
    last: Floats
    age: Floats
    value: Floats
    channel: NDArray[np.object_]
    audience: NDArray[np.object_]
    first: NDArray[np.datetime64]


def read_customers(
    table: TransactionsTable,
    data: DataSettings,
    channels: Mapping[str, ChannelSettings],
    folder: Path,
    booking: Booking | None = None,
) -> Customers:
    """Read a table with a row for each order.

    Parameters
    ----------
    booking
        What other currencies are worth.

    Raises
    ------
    DataError
        Rows without a customer, orders without money, too few customers to learn from; all at once.
    """
    reader = Reader(data, folder, booking)
    names = {name: getattr(table, name) for name in ("customer", "value", "channel", "audience")}
    opened = reader.open(table, KEY, names)
    if opened is None:
        raise DataError(list(dict.fromkeys(reader.faults)))
    raw, rows = opened.raw, opened.rows
    who = reader.text(raw, table.customer)
    value = reader.money(opened, table.value, table)
    if blank := rows[who == ""].tolist():
        reader.faults.append(
            f'{raw.where}: column "{table.customer}" is empty in {rows_words(blank)}; take out orders of nobody'
        )
    if reader.is_sound(raw, table.value) and (nothing := rows[~(value > 0)].tolist()):
        reader.faults.append(
            f'{raw.where}: an order ("{table.value}") has no money above zero in {rows_words(nothing)}. Leave out '
            "cancelled and free orders; returns go into `finance.returns`"
        )
    if reader.faults:
        raise DataError(list(dict.fromkeys(reader.faults)))
    known = {fold(name): key for key, found in channels.items() for name in (key, *found.was)}
    texts = {
        name: reader.text(raw, column) if (column := getattr(table, name)) else np.full(len(who), "", object)
        for name in ("channel", "audience")
    }
    texts["channel"] = np.array([known.get(fold(name), name) for name in texts["channel"]], object)
    found = summarized(pd.factorize(who)[0], opened.days, value, texts["channel"], texts["audience"])
    again = int((found.repeats > 0).sum())
    if len(found.age) < FEWEST or not again:
        raise DataError(
            [
                f"{raw.where}: {len(found.age)} customers, {again} of them with a second order; at least {FEWEST}, and "
                f"some who came back, are needed to say what customers leave. Give `{KEY}` as a number instead"
            ]
        )
    return found


def summarized(
    who: NDArray[np.int64],
    days: NDArray[np.datetime64],
    value: Floats,
    channel: NDArray[np.object_],
    audience: NDArray[np.object_],
) -> Customers:
    """Orders, shape (order,), as what each customer did; `who` numbers the customers from 0."""
    order = np.lexsort((np.arange(len(who)), days.astype(np.int64), who))
    who, number = who[order], days[order].astype("datetime64[D]").astype(np.int64)
    begins = np.r_[True, who[1:] != who[:-1]]
    apart = begins | np.r_[True, number[1:] != number[:-1]]
    first = number[begins]
    count = np.bincount(who, weights=apart)
    last = np.maximum.reduceat(number, np.flatnonzero(begins))
    return Customers(
        repeats=count - 1.0,
        last=(last - first) / MONTH,
        age=(number.max() - first) / MONTH,
        value=np.bincount(who, weights=value[order]) / count,
        channel=channel[order][begins],
        audience=audience[order][begins],
        first=days[order].astype("datetime64[D]")[begins],
    )
