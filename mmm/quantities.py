"""Amounts as people write them: 1_300_000, "1,300,000", "1.3m", "1.2x", "35 %"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

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
