"""What media do in this world: carry-over, saturation and revenue per head. Its own code, on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.simulate.facts import LAGS, CellFacts

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MediaWorld:
    """The true response of every cell.

    Attributes
    ----------
    weights
        Carry-over by lag, shape (cell, lag), each row sums to 1.
    curves, half, slope
        Form of saturation, carried exposure per head at half of the ceiling, and slope, shape (cell,).
    strength
        Revenue per head and week at full saturation, shape (geo, cell).
    population
        People, shape (geo,).
    """

    weights: Floats
    curves: tuple[str, ...]
    half: Floats
    slope: Floats
    strength: Floats
    population: Floats


def carry_over(carry: str, rate: float, peak: float) -> Floats:
    """Weights by lag, shape (lag,), summing to 1."""
    lag = np.arange(LAGS)
    weights = rate**lag if carry == "geometric" else rate ** ((lag - peak) ** 2)
    return weights / weights.sum()


def carried(exposure: Floats, weights: Floats) -> Floats:
    """Exposure as it still works, along the first axis; nothing happened before the first row."""
    total = np.zeros_like(exposure, dtype=float)
    for lag, weight in enumerate(weights[: len(exposure)]):
        total[lag:] += weight * exposure[: len(exposure) - lag]
    return total


def saturated(curve: str, amount: Floats, half: float, slope: float) -> Floats:
    """Share of the ceiling that an amount of carried exposure reaches, one half at `half`.

    A logarithmic curve has no ceiling; its share is 1 where `half` is.
    """
    if curve == "exponential":
        return -np.expm1(-np.log(2.0) * amount / half)
    if curve == "logarithmic":
        return np.log1p(amount / half) / np.log(2.0)
    powered = (amount / half) ** slope
    return powered / (1.0 + powered)


def media_revenue(world: MediaWorld, exposure: Floats) -> Floats:
    """Revenue without noise.

    Parameters
    ----------
    exposure
        Impressions, or money where none are recorded, from the first week of the world on, shape
        (period, geo, cell).

    Returns
    -------
    Floats
        Money, shape (period, geo, cell).
    """
    people = world.population[None, :]
    revenue = np.empty(exposure.shape)
    for c, curve in enumerate(world.curves):
        amount = carried(exposure[:, :, c] / people, world.weights[c])
        share = saturated(curve, amount, world.half[c], world.slope[c])
        revenue[:, :, c] = people * world.strength[None, :, c] * share
    return revenue


def draw_media(
    facts: Sequence[CellFacts], exposure: Floats, population: Floats, rng: np.random.Generator
) -> MediaWorld:
    """Chance around the facts: carry-over, curves, effects by region; strength 1 per cell on average."""
    weights, half, slope = [], [], []
    for c, fact in enumerate(facts):
        logit = np.log(fact.rate / (1 - fact.rate)) + rng.normal(0, 0.2)
        weights.append(carry_over(fact.carry, 1 / (1 + np.exp(-logit)), fact.peak))
        amount = carried(exposure[:, :, c] / population, weights[-1])
        typical = amount[exposure[:, :, c] > 0].mean()
        half.append(fact.half * np.exp(rng.normal(0, 0.2)) * typical)
        slope.append(fact.slope if fact.slope == 1 else fact.slope * np.exp(rng.normal(0, 0.08)))
    spread = rng.uniform(0.15, 0.25, len(facts))
    strength = np.exp(spread * rng.normal(size=(len(population), len(facts))))
    return MediaWorld(
        weights=np.array(weights),
        curves=tuple(fact.curve for fact in facts),
        half=np.array(half),
        slope=np.array(slope),
        strength=strength,
        population=population,
    )
