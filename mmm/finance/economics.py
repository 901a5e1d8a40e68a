"""What an outcome is worth: margin, break-even, profit and the return on marketing investment.

Without a gross margin nothing here guesses one: profit and ROMI are nan, break-even is None.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmm.finance.settings import FinanceSettings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Economics:
    """What a unit of revenue leaves to the company.

    Attributes
    ----------
    margin
        Gross margin per unit of revenue; None where the config gives none.
    """

    margin: float | None

    @property
    def break_even_roi(self) -> float | None:
        """Revenue per unit of spend at which media pay for themselves, 1 / margin; None without a margin."""
        return None if self.margin is None else 1.0 / self.margin


def unit_economics(settings: FinanceSettings) -> Economics:
    """What an outcome is worth, from the finance part of the config."""
    return Economics(settings.gross_margin)


def profit(revenue: ArrayLike, spend: ArrayLike, economics: Economics) -> Floats:
    """Profit after media: margin x revenue - spend, elementwise; nan without a margin.

    Parameters
    ----------
    revenue, spend
        Money, of shapes that broadcast.
    """
    revenue, spend = np.broadcast_arrays(np.asarray(revenue, float), np.asarray(spend, float))
    if economics.margin is None:
        return np.full(revenue.shape, np.nan)
    return np.asarray(economics.margin * revenue - spend, dtype=np.float64)


def romi(revenue: ArrayLike, spend: ArrayLike, economics: Economics) -> Floats:
    """Return on marketing investment: (margin x revenue - spend) / spend, elementwise.

    nan without a margin and where nothing is spent.
    """
    revenue, spend = np.broadcast_arrays(np.asarray(revenue, float), np.asarray(spend, float))
    result = np.full(revenue.shape, np.nan)
    return np.divide(profit(revenue, spend, economics), spend, out=result, where=spend > 0)


def roi(revenue: ArrayLike, spend: ArrayLike) -> Floats:
    """Revenue per unit of spend (marketers' ROAS), elementwise; nan where nothing is spent."""
    revenue, spend = np.broadcast_arrays(np.asarray(revenue, float), np.asarray(spend, float))
    return np.divide(revenue, spend, out=np.full(revenue.shape, np.nan), where=spend > 0)
