"""Amounts as people write them: 1_300_000, "1,300,000", "1.3m", "1.2x", "35 %"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer

_MONEY = re.compile(r"^\s*([+-]?\d[\d,_ ]*(?:\.\d+)?|[+-]?\.\d+)\s*(k|m|mn|bn|b)?\s*$", re.IGNORECASE)
_TIMES = re.compile(r"^\s*(\d+(?:\.\d+)?|\.\d+)\s*x\s*$", re.IGNORECASE)
_FACTOR = {"": 1.0, "k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9}


def parse_money(value: object) -> float:
    """Read an amount of money: a number, or text such as "1,300,000", "1.3m", "250k".

    Raises
    ------
    ValueError
        When the text is not an amount.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not an amount of money; write 1300000, 1_300_000 or 1.3m")
    if isinstance(value, int | float):
        return float(value)
    match = _MONEY.match(value)
    if match is None:
        raise ValueError(f"{value!r} is not an amount of money; write 1300000, 1_300_000 or 1.3m")
    digits = re.sub(r"[,_ ]", "", match.group(1))
    return float(digits) * _FACTOR[(match.group(2) or "").lower()]


@dataclass(frozen=True, slots=True)
class Amount:
    """Money, or a multiple of the reference (`1.2x`)."""

    value: float
    times_reference: bool = False

    def resolve(self, reference: float) -> float:
        """The amount in money, given the reference it may be a multiple of."""
        return self.value * reference if self.times_reference else self.value

    def __str__(self) -> str:
        return f"{self.value:g}x" if self.times_reference else f"{self.value:,.0f}"


def parse_amount(value: object) -> Amount:
    """Read money or a multiple of the reference: 100_000, "100k", "1.2x"."""
    if isinstance(value, Amount):
        return value
    if isinstance(value, str) and (match := _TIMES.match(value)):
        return Amount(float(match.group(1)), times_reference=True)
    return Amount(parse_money(value))


Money = Annotated[float, BeforeValidator(parse_money)]
MoneyOrTimes = Annotated[Amount, BeforeValidator(parse_amount), PlainSerializer(str)]


@dataclass(frozen=True, slots=True)
class BudgetAmount:
    """Money, a multiple of the plan's budget (`0.9x`), or of what was spent in the reference (`0.9x reference`)."""

    value: float
    of: Literal["money", "budget", "reference"] = "money"

    def resolve(self, budget: float, reference: float) -> float:
        """The amount in money."""
        return self.value * {"money": 1.0, "budget": budget, "reference": reference}[self.of]

    def __str__(self) -> str:
        written = f"{self.value:,.0f}" if self.of == "money" else f"{self.value:g}x"
        return f"{written} reference" if self.of == "reference" else written


def parse_budget(value: object) -> BudgetAmount:
    """Read a budget: 1_300_000, "1.3m", "0.9x", "0.9x reference".

    Raises
    ------
    ValueError
        When it is none of these, or not above 0.
    """
    if isinstance(value, BudgetAmount):
        return value
    text = value.strip() if isinstance(value, str) else value
    of: Literal["money", "budget", "reference"] = "budget"
    if isinstance(text, str) and text.endswith("reference"):
        text, of = text.removesuffix("reference").strip(), "reference"
    amount = parse_amount(text)
    if of == "reference" and not amount.times_reference:
        raise ValueError(f"{value!r} is not a budget; write 1300000, 1.3m, 0.9x or 0.9x reference")
    if amount.value <= 0:
        raise ValueError(f"{value!r} is not above 0; a scenario needs money")
    return BudgetAmount(amount.value, of if amount.times_reference else "money")


Budget = Annotated[BudgetAmount, BeforeValidator(parse_budget), PlainSerializer(str)]
