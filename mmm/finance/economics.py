"""What an outcome is worth: margin, break-even, profit, present value and the return on marketing investment.

Without a gross margin nothing here guesses one: profit and ROMI are nan, break-even is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmm.dims import Cell, by_channel
from mmm.finance.settings import FinanceSettings

Floats = NDArray[np.float64]

YEAR = 365.25
"""Days of a year."""


@dataclass(frozen=True, slots=True)
class Economics:
    """What a unit of revenue leaves to the company.

    Attributes
    ----------
    margin
        Gross margin per unit of revenue; None where the config gives none.
    margins
        Of the revenue that channels with a margin of their own bring.
    discount_rate
        By which money loses a year; None where the config gives none.
    segments
        Of the revenue in segments of the outcome that have a margin of their own.
    """

    margin: float | None
    margins: Mapping[str, float] = field(default_factory=dict)
    discount_rate: float | None = None
    segments: Mapping[str, float] = field(default_factory=dict)

    @property
    def break_even_roi(self) -> float | dict[str, float] | None:
        """Revenue per unit of spend at which media pay for themselves, 1 / margin; None without a margin.

        Where channels have margins of their own it is by channel, with a `default`.
        """
        if self.margin is None or not self.margins:
            return None if self.margin is None else 1.0 / self.margin
        return {"default": 1.0 / self.margin} | {name: 1.0 / own for name, own in self.margins.items()}

    def margin_of(self, channel: str) -> float | None:
        """Gross margin of what a channel brings."""
        return None if self.margin is None else self.margins.get(channel, self.margin)

    def by_cell(self, cells: Sequence[Cell]) -> Floats | None:
        """Gross margin of what each cell brings, shape (cell,); None without a margin."""
        return None if self.margin is None else self.margin * self.relative(cells)

    def relative(self, cells: Sequence[Cell], segment: str = "") -> Floats:
        """Margin of each cell's revenue (in a segment) over the company's, shape (cell,); ones without a margin."""
        if self.margin is None:
            return np.ones(len(cells))
        usual = self.segments.get(segment, self.margin)
        return np.array(by_channel({**self.margins, "default": usual}, cells)) / self.margin


def unit_economics(settings: FinanceSettings) -> Economics:
    """What an outcome is worth, from the finance part of the config."""
    return Economics(settings.margin, settings.margins, settings.discount_rate, settings.margin_by_segment)


def discount(days: ArrayLike, rate: float) -> Floats:
    """Worth today of a unit of money that comes, or is paid, some days from now: (1 + rate)^(-days / 365.25)."""
    return np.asarray((1.0 + rate) ** (-np.asarray(days, dtype=np.float64) / YEAR))


def profit(revenue: ArrayLike, spend: ArrayLike, economics: Economics) -> Floats:
    """Profit after media: margin x revenue - spend, elementwise; nan without a margin.

    Parameters
    ----------
    revenue, spend
        Money, of shapes that broadcast. Revenue of a channel with a margin of its own counts times `relative`.
    """
    revenue, spend = np.broadcast_arrays(np.asarray(revenue, float), np.asarray(spend, float))
    if economics.margin is None:
        return np.full(revenue.shape, np.nan)
    return np.asarray(economics.margin * revenue - spend, dtype=np.float64)


def romi(revenue: ArrayLike, spend: ArrayLike, economics: Economics) -> Floats:
    """Return on marketing investment: (margin x revenue - spend) / spend, elementwise.

    nan without a margin and where nothing is spent. Revenue counts as in `profit`.
    """
    revenue, spend = np.broadcast_arrays(np.asarray(revenue, float), np.asarray(spend, float))
    result = np.full(revenue.shape, np.nan)
    return np.divide(profit(revenue, spend, economics), spend, out=result, where=spend > 0)


def roi(revenue: ArrayLike, spend: ArrayLike) -> Floats:
    """Revenue per unit of spend (marketers' ROAS), elementwise; nan where nothing is spent."""
    revenue, spend = np.broadcast_arrays(np.asarray(revenue, float), np.asarray(spend, float))
    return np.divide(revenue, spend, out=np.full(revenue.shape, np.nan), where=spend > 0)
