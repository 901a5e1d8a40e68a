"""Figures as people read them in a language: money in thousands of one currency, odds in 100, a true minus sign."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date

from mmm.reporting.catalogue import Catalogue
from mmm.reporting.results import Estimate

NOTHING = "\u2013"
"""What stands where a figure does not exist."""

MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Figures:
    """Writes figures, dates and lists in the language of a catalogue."""

    catalogue: Catalogue

    def number(self, value: float | None, decimals: int = 0, *, signed: bool = False) -> str:
        """A number: `1,300`; with its sign `+42`."""
        return self.with_unit(value, decimals, "amount.number", signed=signed)

    def with_unit(self, value: float | None, decimals: int, key: str, *, signed: bool = False) -> str:
        """A number in the sentence that says its unit."""
        if value is None or not math.isfinite(value):
            return NOTHING
        digits = f"{abs(value):,.{decimals}f}"
        zero = not any(digit in digits for digit in "123456789")
        sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
        return self.catalogue.text(key, {"n": f"{sign}{digits}"})

    def ratio(self, value: float | None) -> str:
        """A return per unit of money: `2.31`."""
        return self.number(value, 2)

    def ratio_range(self, figure: Estimate) -> str:
        """The 90 % range of a return."""
        return self.span(self.ratio(figure.lo), self.ratio(figure.hi))

    def percent(self, value: float | None, *, signed: bool = False, decimals: int = 0) -> str:
        """A share in percent: `10 %`."""
        return self.with_unit(
            None if value is None else value * 100, decimals, "amount.percent", signed=signed
        )

    def span(self, low: str, high: str) -> str:
        """From one figure to another, both written; nothing where one of them is."""
        if NOTHING in (low, high):
            return NOTHING
        return self.catalogue.text("amount.span", {"low": low, "high": high})

    def in_100(self, share: float) -> str:
        """A share that was counted, as `91 in 100`."""
        return self.catalogue.text("amount.in_100", {"n": f"{share * 100:.0f}"})

    def odds(self, value: float | None) -> str:
        """A probability as `93 in 100`; never 0 or 100, which no finite sample can tell."""
        if value is None:
            return NOTHING
        hundredths = math.floor(value * 100 + 0.5)
        if hundredths >= 100:
            return self.catalogue.text("amount.odds.most")
        if hundredths <= 0:
            return self.catalogue.text("amount.odds.least")
        return self.catalogue.text("amount.in_100", {"n": f"{hundredths}"})

    def day(self, value: Date) -> str:
        """A day as `4 January 2027`."""
        month = self.catalogue.text(f"date.month.{value.month}")
        return self.catalogue.text("date.day", {"day": value.day, "month": month, "year": value.year})

    def window(self, start: Date, end: Date) -> str:
        """The window as finance calls it: `Q1 2027` and `January 2027` where it is one, else its days."""
        after = Date.fromordinal(end.toordinal() + 1)
        if start.day == 1 and after.day == 1:
            months = (after.year - start.year) * 12 + after.month - start.month
            told = {"year": start.year, "quarter": start.month // 3 + 1}
            if months == 3 and start.month % 3 == 1:
                return self.catalogue.text("date.quarter", told)
            if months == 1:
                month = self.catalogue.text(f"date.month.{start.month}")
                return self.catalogue.text("date.whole_month", told | {"month": month})
            if months == 12 and start.month == 1:
                return str(start.year)
        return self.span(self.day(start), self.day(end))

    def listed(self, names: Sequence[str]) -> str:
        """Names as a list in a sentence: `a, b and c`."""
        if len(names) < 2:
            return "".join(names)
        return self.catalogue.text("amount.list", {"first": ", ".join(names[:-1]), "last": names[-1]})


@dataclass(frozen=True, slots=True)
class Amounts:
    """Writes amounts in the style of one report.

    Parameters
    ----------
    figures
        How its language writes figures.
    currency
        ISO code, or empty where the config names none. It is said once a page, never beside each figure.
    decimals
        Decimals of an amount in thousands: 0 for a budget of half a million or more, more for less.
    in_money
        Whether the outcome is money. Otherwise it is counted in units.
    """

    figures: Figures
    currency: str
    decimals: int
    in_money: bool

    def money(self, value: float | None, *, signed: bool = False) -> str:
        """Money in thousands: `1,300 k`; with its sign `+42 k`."""
        if value is not None and abs(value) < 1e-6:
            return self.figures.with_unit(0.0, 0, "amount.thousands")
        scaled = None if value is None else value / 1e3
        return self.figures.with_unit(scaled, self.decimals, "amount.thousands", signed=signed)

    def rest(self, total: float, part: float) -> str:
        """What is left of a total beside a part, so that the three figures add up as they are written."""
        unit = 10 ** (3 - self.decimals)
        return self.money((round(total / unit) - round(part / unit)) * unit)

    def outcome(self, value: float | None, *, signed: bool = False) -> str:
        """The outcome: money in thousands, or whole units where it is a count."""
        return self.money(value, signed=signed) if self.in_money else self.units(value, signed=signed)

    def units(self, value: float | None, *, signed: bool = False) -> str:
        """A count, in whole units."""
        return self.figures.number(value, signed=signed)

    def units_range(self, figure: Estimate, *, signed: bool = False) -> str:
        """The 90 % range of a count."""
        return self.figures.span(self.units(figure.lo, signed=signed), self.units(figure.hi, signed=signed))

    def money_range(self, figure: Estimate, *, signed: bool = False) -> str:
        """The 90 % range of an amount of money: `-5 k to +89 k`."""
        return self.figures.span(self.money(figure.lo, signed=signed), self.money(figure.hi, signed=signed))

    def outcome_range(self, figure: Estimate, *, signed: bool = False) -> str:
        """The 90 % range of an outcome."""
        return self.figures.span(
            self.outcome(figure.lo, signed=signed), self.outcome(figure.hi, signed=signed)
        )

    def per_thousand(self, price: float) -> str:
        """What a thousand brings at a price per unit of money: `1.24 k`."""
        return self.figures.with_unit(price, 2, "amount.thousands")


def amounts_for(figures: Figures, budget: float, currency: str | None, in_money: bool) -> Amounts:
    """The style of a report whose budget is of this size."""
    decimals = 0 if budget >= 500e3 else 1 if budget >= 50e3 else 2
    return Amounts(figures, currency or "", decimals, in_money)
