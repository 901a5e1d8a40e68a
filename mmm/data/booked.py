"""Money as finance books it: in one currency, net of VAT, with the agency's fee; each may change with the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmm.data.files import read_table
from mmm.data.source_settings import RatesTable, file_of
from mmm.data.values import parse_dates, parse_numbers, require_columns
from mmm.errors import DataError

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

EVER = np.datetime64("0001-01-01", "D")


@dataclass(frozen=True, slots=True)
class Steps:
    """A rate that holds from a day on, until the next one.

    Attributes
    ----------
    days, values
        First days, ascending, and the rates; shape (step,).
    """

    days: Dates
    values: Floats

    def at(self, days: Dates) -> Floats:
        """The rate of each day, shape as `days`; nan before the first."""
        place = np.searchsorted(self.days, np.asarray(days, "datetime64[D]"), side="right") - 1
        return np.where(place >= 0, self.values[np.maximum(place, 0)], np.nan)


def steps(rate: float | Mapping[Date, float]) -> Steps:
    """A rate as the config says it: one number, or by the day from which it holds."""
    if not isinstance(rate, Mapping):
        return Steps(np.array([EVER]), np.array([float(rate)]))
    days = sorted(rate)
    return Steps(np.array(days, "datetime64[D]"), np.array([float(rate[day]) for day in days]))


@dataclass(frozen=True, slots=True)
class Booking:
    """The currency of the company and what others are worth in it.

    Attributes
    ----------
    currency
        Of the config; None where it names none.
    rates
        Money of `currency` for one unit of another, by its code.
    """

    currency: str | None = None
    rates: Mapping[str, Steps] = field(default_factory=dict)


def booking(
    currency: str | None, rates: Mapping[str, float | Mapping[Date, float] | RatesTable], folder: Path
) -> Booking:
    """Rates of a config, tables of them read.

    Raises
    ------
    DataError
        A table of rates cannot be read, holds a day twice, or a rate that is not above zero.
    """
    read = {
        code: _table_of_rates(code, told, folder) if isinstance(told, RatesTable) else steps(told)
        for code, told in rates.items()
    }
    return Booking(currency, read)


def _table_of_rates(code: str, table: RatesTable, folder: Path) -> Steps:
    raw = read_table(folder / file_of(table.source), table.sheet)
    key = f"finance.rates.{code}"
    if faults := require_columns(raw, {f"{key}.date": table.date, f"{key}.rate": table.rate}):
        raise DataError(faults)
    days = parse_dates(raw.column(table.date), where=raw.where, column=table.date)
    values = parse_numbers(raw.column(table.rate), where=raw.where, column=table.rate)
    if faults := [*days.faults, *values.faults]:
        raise DataError(faults)
    order = np.argsort(days.values, kind="stable")
    at, rate = days.values[order], values.values[order]
    bad = raw.frame.index.to_numpy()[order][~(rate > 0)]
    if bad.size:
        raise DataError(
            [f'{raw.where}: the rate ("{table.rate}") is empty or not above zero in row {bad[0]}']
        )
    if (twice := at[1:][at[1:] == at[:-1]]).size:
        raise DataError([f"{raw.where}: more than one rate of {code} on {twice[0]}; keep one a day"])
    return Steps(at, rate)
