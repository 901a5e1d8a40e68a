"""How the company spends: bursts and dark weeks, always-on search, flights, budget seasons, regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmm.simulate.chance import persistent
from mmm.simulate.facts import CellFacts, Habit

Floats = NDArray[np.float64]

BUDGET_BY_MONTH = np.array([0.82, 0.85, 0.95, 1.0, 1.0, 0.92, 0.85, 0.9, 1.0, 1.08, 1.35, 1.40])

PRICE_BY_MONTH = np.array([0.92, 0.94, 0.97, 1, 1, 1, 0.98, 0.98, 1, 1.03, 1.2, 1.22])


class Spender(Protocol):
    """What is asked of a cell that spends; as in `CellFacts`."""

    @property
    def weekly_spend(self) -> float: ...
    @property
    def habit(self) -> Habit: ...
    @property
    def follows_demand(self) -> float: ...


def month_of(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Month of each date, 0 for January."""
    return dates.astype("datetime64[M]").astype(np.int64) % 12


def draw_spend(
    facts: Sequence[Spender],
    dates: NDArray[np.datetime64],
    population: Floats,
    demand: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Weekly spend in whole money.

    Parameters
    ----------
    demand
        The observed demand index over its mean, shape (period, geo).

    Returns
    -------
    Floats
        Shape (period, geo, cell).
    """
    periods, geos = demand.shape
    share = population / population.sum()
    season = BUDGET_BY_MONTH[month_of(dates)]
    spend = np.empty((periods, geos, len(facts)))
    for c, fact in enumerate(facts):
        level = season * _budget_steps(dates, rng) * np.exp(0.08 * rng.normal(size=periods))
        pattern = _HABITS[fact.habit](periods, geos, rng)
        taste = np.exp(0.3 * persistent(rng, (periods, geos), 0.75) - 0.045)
        money = level[:, None] * pattern * taste * demand**fact.follows_demand * share
        spend[:, :, c] = np.round(money * fact.weekly_spend / money.sum(axis=1).mean())
    return spend


def prices(
    facts: Sequence[CellFacts], dates: NDArray[np.datetime64], region: Floats, noise: Floats
) -> Floats:
    """Money per unit of exposure: dearer before Christmas, uneven by region; one where money itself works.

    Parameters
    ----------
    region, noise
        Factors by region, shape (geo, cell), and by week, shape (period, 1, cell).

    Returns
    -------
    Floats
        Shape (period, geo, cell).
    """
    season = PRICE_BY_MONTH[month_of(dates)]
    cost = np.ones((len(dates), *region.shape))
    for c, fact in enumerate(facts):
        if fact.price is not None:
            cost[:, :, c] = fact.price / 1000 * season[:, None] * region[:, c] * noise[:, :, c]
    return cost


def bought(spend: Floats, cost: Floats) -> Floats:
    """Exposure for money, in whole units, as platforms report it."""
    return np.round(spend / cost)


def _budget_steps(dates: NDArray[np.datetime64], rng: np.random.Generator) -> Floats:
    """A new budget every month or so, the same within it."""
    months = dates.astype("datetime64[M]").astype(np.int64)
    steps = np.exp(0.2 * rng.normal(size=int(months[-1] - months[0]) + 1))
    return steps[months - months[0]]


def _bursts(periods: int, geos: int, rng: np.random.Generator) -> Floats:
    """Three to six weeks on, two to five dark; each burst runs in about two thirds of the regions."""
    pattern = np.zeros((periods, geos))
    start = int(rng.integers(0, 4))
    while start < periods:
        length = int(rng.integers(3, 7))
        joined = rng.random(geos) < 0.65
        if not joined.any():
            joined[rng.integers(geos)] = True
        weight = joined * np.exp(0.4 * rng.normal(size=geos))
        pattern[start : start + length] = weight * np.exp(0.25 * rng.normal())
        start += length + int(rng.integers(2, 6))
    return pattern


def _always(periods: int, geos: int, rng: np.random.Generator) -> Floats:
    """Never off; in some months a region gets a push or a trim."""
    blocks = rng.choice(np.array([0.55, 1.0, 1.6]), p=[0.2, 0.6, 0.2], size=(periods // 4 + 2, geos))
    offset = int(rng.integers(4))
    level: Floats = blocks[(np.arange(periods) + offset) // 4]
    return level


def _flights(periods: int, geos: int, rng: np.random.Generator) -> Floats:
    """Flights of four weeks: off, on or pushed, region by region; now and then off everywhere."""
    blocks = rng.choice(np.array([0.0, 1.0, 1.9]), p=[0.25, 0.5, 0.25], size=(periods // 4 + 2, geos))
    blocks *= rng.random((len(blocks), 1)) > 0.1
    offset = int(rng.integers(4))
    level: Floats = blocks[(np.arange(periods) + offset) // 4]
    return level


_HABITS = {"burst": _bursts, "always": _always, "flight": _flights}
