"""Prices that change with the money spent: what money buys, counted in money at today's price.

Two forms, beside today's price: a power law, under which the mean price is (x / today's money) ^ elasticity, so that x
buys what today's^e x^(1 - e) would at today's price; and tiers, in which money above an amount pays a multiple.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Price:
    """How the price of one cell changes with its money.

    Attributes
    ----------
    today
        Money at which the mean price is today's, above 0 (power law only).
    elasticity
        Of the mean price by money, at least 0 and below 1.
    above, times
        Ascending amounts, and the price of money above each as a multiple of today's.
    """

    today: float = 1.0
    elasticity: float = 0.0
    above: tuple[float, ...] = ()
    times: tuple[float, ...] = ()

    def buys(self, money: Floats) -> Floats:
        """Money at today's price that buys the same, elementwise."""
        if not self.above:
            return np.asarray(self.today * (money / self.today) ** (1 - self.elasticity))
        edges = np.array([0.0, *self.above])
        rate = 1 / np.array([1.0, *self.times])
        width = np.append(np.diff(edges), np.inf)
        inside = np.clip(np.asarray(money)[..., None] - edges, 0.0, width)
        return np.asarray((inside * rate).sum(axis=-1))

    def slope(self, money: Floats) -> Floats:
        """Its derivative, at an edge the one to the right; infinite at 0 under a power law."""
        if not self.above:
            with np.errstate(divide="ignore"):
                return np.asarray((1 - self.elasticity) * (money / self.today) ** -self.elasticity)
        rate = 1 / np.array([1.0, *self.times])
        return rate[np.searchsorted(self.above, money, side="right")]

    def excess(self, points: Floats) -> Floats:
        """How far, at most, `buys` rises above its chord between ascending amounts, shape (grid - 1,)."""
        left, right = points[:-1], points[1:]
        low, width = self.buys(left), right - left
        chord = np.divide(self.buys(right) - low, width, out=np.ones_like(width), where=width > 0)
        if self.above:
            edges = np.clip(np.array(self.above)[:, None], left, right)
            return np.asarray(np.maximum(self.buys(edges) - low - chord * (edges - left), 0.0).max(axis=0))
        if self.elasticity == 0:
            return np.zeros_like(width)
        top = self.today * ((1 - self.elasticity) / chord) ** (1 / self.elasticity)
        top = np.clip(top, left, right)
        return np.asarray(np.maximum(self.buys(top) - low - chord * (top - left), 0.0))
