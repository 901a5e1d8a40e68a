"""What a mix is expected to bring, per draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Floats
from mmm.finance.economics import Economics, profit, roi, romi
from mmm.planning.summary import Range

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a mix brings, per draw, shape (draw,); nan where margin or money value is missing.

    The reserve's cost is counted in profit, roi, romi and npv; it brings no return. `outcome` (in units) is there
    only where an outcome has no money value, `npv` only where it is sought.
    """

    spend: float
    profit: Floats
    revenue: Floats
    roi: Floats
    romi: Floats
    outcome: Floats
    npv: Floats

    @property
    def cost_per_outcome(self) -> float | None:
        """Spend over the mean outcome; None where outcomes have a money value or none is brought."""
        mean = float(self.outcome.mean())
        return self.spend / mean if np.isfinite(mean) and mean > 0 else None


def outlook_of(
    brought: Floats,
    counted: Floats,
    spend: float,
    economics: Economics,
    *,
    has_money: bool,
    once: float = 0.0,
    npv: Floats | None = None,
) -> Outlook:
    """What a mix brings.

    Parameters
    ----------
    brought
        Response of each cell, shape (cell, draw).
    counted
        The same with revenue at margins of their own counted as at the company's (`at_margins`).
    spend
        All money of the mix, the reserve included.
    once
        Costs paid once for cells that are on; they count in profit and romi.
    npv
        Present value per draw, where it is sought, shape (draw,).
    """
    total = brought.sum(axis=0)
    unknown = np.full_like(total, np.nan)
    revenue = total if has_money else unknown
    earned = counted.sum(axis=0) if has_money else unknown
    return Outlook(
        spend,
        profit(earned, spend, economics) - once,
        revenue,
        roi(revenue, spend),
        romi(earned, spend, economics) - (once / spend if spend > 0 else 0.0),
        unknown if has_money else total,
        unknown if npv is None else npv,
    )


def halves(draws: int, seed: int) -> tuple[Indices, Indices]:
    """Draws that plan and draws that print; both are all of them where there is only one."""
    index = np.arange(draws)
    if draws < 2:
        return index, index
    first, second = index[: draws // 2], index[draws // 2 :]
    return (first, second) if seed % 2 == 0 else (second, first)


def spread_of(draws: Floats) -> Range:
    """Mean and 90 % range of draws; empty where they are nan."""
    if not np.isfinite(draws).all():
        return Range()
    lo, hi = np.quantile(draws, [0.05, 0.95])
    return Range(float(draws.mean()), float(lo), float(hi))


def worst_tenth(draws: Floats) -> float:
    """Mean of the worst tenth of the draws (at least one)."""
    count = max(1, round(len(draws) / 10))
    return float(np.sort(draws)[:count].mean())
