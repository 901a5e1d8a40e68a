"""Figures as people read them: money in thousands of one currency, odds in 100, a true minus sign."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date

from mmm.reporting.results import Estimate

NOTHING = "\u2013"
"""What stands where a figure does not exist."""

MINUS = "\u2212"
GAP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Writes figures in the style of one report.

    Parameters
    ----------
    currency
        ISO code, or empty where the config names none. It is said once a page, never beside each figure.
    decimals
        Decimals of an amount in thousands: 0 for a budget of half a million or more, more for less.
    in_money
        Whether the outcome is money. Otherwise it is counted in units.
    """

    currency: str
    decimals: int
    in_money: bool

    def money(self, value: float | None, *, signed: bool = False) -> str:
        """Money in thousands: `1,300 k`; with its sign `+42 k`."""
        if value is not None and abs(value) < 1e-6:
            return f"0{GAP}k"
        return _written(None if value is None else value / 1e3, self.decimals, f"{GAP}k", signed)

    def rest(self, total: float, part: float) -> str:
        """What is left of a total beside a part, so that the three figures add up as they are written."""
        unit = 10 ** (3 - self.decimals)
        return self.money((round(total / unit) - round(part / unit)) * unit)

    def outcome(self, value: float | None, *, signed: bool = False) -> str:
        """The outcome: money in thousands, or whole units where it is a count."""
        return self.money(value, signed=signed) if self.in_money else self.units(value, signed=signed)

    def units(self, value: float | None, *, signed: bool = False) -> str:
        """A count, in whole units."""
        return _written(value, 0, "", signed)

    def units_range(self, figure: Estimate, *, signed: bool = False) -> str:
        """The 90 % range of a count."""
        return _span(self.units(figure.lo, signed=signed), self.units(figure.hi, signed=signed))

    def money_range(self, figure: Estimate, *, signed: bool = False) -> str:
        """The 90 % range of an amount of money: `-5 k to +89 k`."""
        return _span(self.money(figure.lo, signed=signed), self.money(figure.hi, signed=signed))

    def outcome_range(self, figure: Estimate, *, signed: bool = False) -> str:
        """The 90 % range of an outcome."""
        return _span(self.outcome(figure.lo, signed=signed), self.outcome(figure.hi, signed=signed))

    def per_thousand(self, price: float) -> str:
        """What a thousand brings at a price per unit of money: `1.24 k`."""
        return _written(price, 2, f"{GAP}k", False)

    def in_100(self, share: float) -> str:
        """A share that was counted, as `91 in 100`."""
        return f"{share * 100:.0f}{GAP}in{GAP}100"


def amounts_for(budget: float, currency: str | None, in_money: bool) -> Amounts:
    """The style of a report whose budget is of this size."""
    decimals = 0 if budget >= 500e3 else 1 if budget >= 50e3 else 2
    return Amounts(currency or "", decimals, in_money)


def ratio(value: float | None) -> str:
    """A return per unit of money: `2.31`."""
    return _written(value, 2, "", False)


def ratio_range(figure: Estimate) -> str:
    """The 90 % range of a return."""
    return _span(ratio(figure.lo), ratio(figure.hi))


def percent(value: float | None, *, signed: bool = False, decimals: int = 0) -> str:
    """A share in percent: `10 %`."""
    return _written(None if value is None else value * 100, decimals, f"{GAP}%", signed)


def odds(value: float | None) -> str:
    """A probability as `93 in 100`; never 0 or 100, which no finite sample can tell."""
    if value is None:
        return NOTHING
    hundredths = math.floor(value * 100 + 0.5)
    if hundredths >= 100:
        return f"more than 99{GAP}in{GAP}100"
    if hundredths <= 0:
        return f"fewer than 1{GAP}in{GAP}100"
    return f"{hundredths}{GAP}in{GAP}100"


def day(value: Date) -> str:
    """A day as `4 January 2027`."""
    return f"{value.day}{GAP}{value:%B}{GAP}{value.year}"


def window_name(start: Date, end: Date) -> str:
    """The window as finance calls it: `Q1 2027` and `January 2027` where it is one, else its days."""
    after = Date.fromordinal(end.toordinal() + 1)
    if start.day == 1 and after.day == 1:
        months = (after.year - start.year) * 12 + after.month - start.month
        if months == 3 and start.month % 3 == 1:
            return f"Q{start.month // 3 + 1}{GAP}{start.year}"
        if months == 1:
            return f"{start:%B}{GAP}{start.year}"
        if months == 12 and start.month == 1:
            return str(start.year)
    return f"{day(start)} to {day(end)}"


def joined(names: Sequence[str], conjunction: str) -> str:
    """Names as a list in a sentence: `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def _written(value: float | None, decimals: int, unit: str, signed: bool) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    digits = f"{abs(value):,.{decimals}f}"
    zero = not any(digit in digits for digit in "123456789")
    sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{digits}{unit}"


def _span(low: str, high: str) -> str:
    return NOTHING if NOTHING in (low, high) else f"{low} to {high}"
