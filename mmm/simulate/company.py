"""A company whose truth is known: an online and shop retailer with ten media cells in twenty regions.

The world is written down here and in the files beside it, in NumPy, without a look at the model: what the
model gets wrong must not be wrong here in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.dims import Cell
from mmm.errors import InputError
from mmm.simulate.baseline import (
    Noise,
    Surroundings,
    baseline_shape,
    draw_noise,
    draw_surroundings,
    unexplained,
)
from mmm.simulate.counts import draw_counts
from mmm.simulate.facts import CELLS, LEAD_IN, ORDER_VALUE, region_names
from mmm.simulate.lift_tests import LiftTest, Readout, draw_tests, read_test, with_tests
from mmm.simulate.media import MediaWorld, draw_media, media_revenue
from mmm.simulate.returns import CellTruth, true_returns, with_returns
from mmm.simulate.spending import bought, draw_spend, prices

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

CONDITIONED = 13
"""Rows at the start that a model with unknown history conditions on; returns are also given without them."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a fit should find.

    Attributes
    ----------
    whole, conditioned
        Returns over all rows, and over the rows from week 13 on.
    media_share
        Expected media revenue over all revenue.
    noise
        Sizes of the unexplained, money per head and week.
    readouts
        The past tests with their true lift.
    """

    whole: tuple[CellTruth, ...]
    conditioned: tuple[CellTruth, ...]
    media_share: float
    noise: Noise
    readouts: tuple[Readout, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """A simulated company: the tables it would hand over, and everything behind them.

    Arrays with a period axis start `lead_in` weeks before the first row of the tables.

    Attributes
    ----------
    seed, lead_in
        Where it came from; weeks that happened before the first row.
    dates
        Mondays, shape (period,).
    geos, population
        Regions and their people, shape (geo,).
    cells
        The media cells.
    spend, exposure, cost
        Money; what works (impressions, or money where none are recorded); money per unit of exposure. Shape
        (period, geo, cell).
    around
        Demand, competitor, price, newsletter, events.
    world
        The true response of the media.
    effect
        Expected media revenue, what earlier spend still brings included, shape (period, geo, cell).
    expected
        Expected revenue (baseline and media), shape (period, geo).
    revenue, orders
        As recorded, shape (period, geo).
    attribution
        Counts of platforms, analytics and CRM by week and cell.
    truth
        What a fit should find.
    """

    seed: int
    lead_in: int
    dates: Dates
    geos: tuple[str, ...]
    population: Floats
    cells: tuple[Cell, ...]
    has_exposure: tuple[bool, ...]
    spend: Floats
    exposure: Floats
    cost: Floats
    region_cost: Floats
    around: Surroundings
    world: MediaWorld
    effect: Floats
    expected: Floats
    revenue: Floats
    orders: Floats
    attribution: pd.DataFrame
    truth: Truth

    @property
    def weeks(self) -> int:
        """Rows of the tables."""
        return len(self.dates) - self.lead_in

    @property
    def shown(self) -> slice:
        """The periods that the tables show."""
        return slice(self.lead_in, None)


def simulate_company(
    seed: int, *, weeks: int = 156, regions: int = 20, first_week: Date = Date(2023, 11, 20)
) -> Company:
    """Simulate a company; the same seed gives the same company.

    Parameters
    ----------
    seed
        Any whole number from 0 on.
    weeks, regions
        Size of its tables: at least 60 weeks and one region.
    first_week
        Monday of the first row.

    Raises
    ------
    InputError
        When the size or the first day makes no company.
    """
    _check_size(weeks, regions, first_week)
    chance = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(9)]
    first = np.datetime64(first_week) - 7 * LEAD_IN
    dates = first + 7 * np.arange(LEAD_IN + weeks)
    geos = region_names(regions)
    cells = tuple(fact.cell for fact in CELLS)
    population = _draw_population(regions, chance[0])
    around = draw_surroundings(dates, population, LEAD_IN, chance[1])
    plain = draw_spend(CELLS, dates, population, around.demand / around.demand.mean(), chance[2])
    tests = draw_tests(cells, regions, LEAD_IN, weeks, chance[3])
    usual, spend = with_tests(plain, tests)
    region_cost = np.exp(0.06 * chance[4].normal(size=(regions, len(cells))))
    cost = prices(
        CELLS, dates, region_cost, np.exp(0.05 * chance[4].normal(size=(len(dates), 1, len(cells))))
    )
    exposure = bought(spend, cost)
    world = draw_media(CELLS, exposure, population, chance[5])
    world = with_returns(world, exposure, spend, LEAD_IN, _draw_roi(chance[5]))
    effect = media_revenue(world, exposure)

    shape = baseline_shape(dates, around, population, chance[6])
    level, base = _level_of_baseline(shape, effect, population, chance[6])
    noise = draw_noise(level, population, chance[7])
    expected = shape * base * population + effect.sum(axis=2)
    revenue = np.round(expected + unexplained(noise, len(dates), chance[7]) * population)
    basket = ORDER_VALUE * (1 + 0.03 * chance[7].normal(size=revenue.shape))
    orders = np.round(revenue / basket)
    shown = slice(LEAD_IN, None)
    attribution = draw_counts(
        CELLS,
        dates[shown],
        effect[shown].sum(axis=1),
        spend[shown].sum(axis=1) > 0,
        orders[shown].sum(axis=1),
        chance[8],
    )
    truth = Truth(
        whole=true_returns(world, cells, exposure, spend, LEAD_IN),
        conditioned=true_returns(world, cells, exposure, spend, LEAD_IN + CONDITIONED),
        media_share=float(effect[shown].sum() / expected[shown].sum()),
        noise=noise,
        readouts=_read(tests, world, spend, usual, cost, noise, chance[3]),
    )
    return Company(
        seed=seed,
        lead_in=LEAD_IN,
        dates=dates,
        geos=geos,
        population=population,
        cells=cells,
        has_exposure=tuple(fact.price is not None for fact in CELLS),
        spend=spend,
        exposure=exposure,
        cost=cost,
        region_cost=region_cost,
        around=around,
        world=world,
        effect=effect,
        expected=expected,
        revenue=revenue,
        orders=orders,
        attribution=attribution,
        truth=truth,
    )


def counterfactual(
    company: Company, *, cell: int | None = None, factor: float = 0.0, start: int = 0, stop: int | None = None
) -> Floats:
    """Expected media revenue had a cell's spend been multiplied; all else as it was.

    Parameters
    ----------
    cell
        Index of the cell; None multiplies every cell.
    factor
        0 zeroes the spend, 1.01 adds one per cent at unchanged prices.
    start, stop
        Rows of the tables in which the spend changes; by default all of them. What was spent before the
        first row stays.

    Returns
    -------
    Floats
        Money, shape (period, geo, cell), the rows of the tables.
    """
    exposure = company.exposure.copy()
    last = company.weeks if stop is None else stop
    rows = slice(company.lead_in + start, company.lead_in + last)
    exposure[rows, :, slice(None) if cell is None else cell] *= factor
    return media_revenue(company.world, exposure)[company.shown]


def expected_media(
    company: Company, spend: Floats, *, start: int | None = None, cost: Floats | None = None
) -> Floats:
    """Expected media revenue of any schedule of spend that follows the history.

    Carry-in from everything spent before the schedule is part of it; a schedule of zeros gives the carry-in
    alone.

    Parameters
    ----------
    spend
        Money, shape (period, geo, cell).
    start
        Row of the tables at which the schedule begins: the week after the last row by default, an earlier
        one to replace what was spent from there on.
    cost
        Money per unit of exposure, shape (period, geo, cell); by default `expected_cost`.

    Returns
    -------
    Floats
        Money, shape (period, geo, cell).

    Raises
    ------
    InputError
        When the schedule leaves a gap after the history or has another shape.
    """
    begin = company.weeks if start is None else start
    if not 0 <= begin <= company.weeks:
        raise InputError(f"a schedule that begins in row {begin} leaves a gap after row {company.weeks - 1}")
    if spend.shape[1:] != company.spend.shape[1:]:
        raise InputError(f"the schedule has shape {spend.shape}; wanted (period, *{company.spend.shape[1:]})")
    price = expected_cost(company, begin, len(spend)) if cost is None else cost
    history = company.exposure[: company.lead_in + begin]
    exposure = np.concatenate([history, spend / price])
    return media_revenue(company.world, exposure)[len(history) :]


def expected_cost(company: Company, start: int, periods: int) -> Floats:
    """Money per unit of exposure without its weekly noise, shape (period, geo, cell), from any row on."""
    dates = company.dates[company.lead_in] + 7 * np.arange(start, start + periods)
    return prices(CELLS, dates, company.region_cost, np.ones((periods, 1, len(CELLS))))


def _check_size(weeks: int, regions: int, first_week: Date) -> None:
    if weeks < 60:
        raise InputError(
            f"{weeks} weeks are too few for a year, two tests and their cool-down; use 60 or more"
        )
    if regions < 1:
        raise InputError(f"a company with {regions} regions sells nothing; use 1 or more")
    if first_week.weekday() != 0:
        raise InputError(f"{first_week} is no Monday; weeks of this company start on Monday")


def _draw_population(regions: int, rng: np.random.Generator) -> Floats:
    """Unequal regions of 60 thousand to 2 million people."""
    quantile = (np.arange(regions) + 0.5) / regions
    people = np.exp(np.log(60e3) + (np.log(2e6) - np.log(60e3)) * quantile**1.15)
    return np.round(rng.permutation(people * np.exp(0.08 * rng.normal(size=regions))).clip(60e3, 2e6), -2)


def _draw_roi(rng: np.random.Generator) -> Floats:
    centre = np.array([fact.roi for fact in CELLS])
    return (centre * np.exp(0.22 * rng.normal(size=len(centre)))).clip(0.45, 4.6)


def _level_of_baseline(
    shape: Floats, effect: Floats, population: Floats, rng: np.random.Generator
) -> tuple[float, Floats]:
    """Revenue per head, on average and by region, such that media bring 13 to 21 % of revenue."""
    media = float(effect.sum(axis=(1, 2)).mean())
    share = float(np.clip(media / rng.uniform(1.25e6, 1.55e6), 0.13, 0.21))
    by_region = np.exp(0.12 * rng.normal(size=len(population)))
    per_unit = float((shape * by_region * population).sum(axis=1).mean())
    level = media * (1 - share) / share / per_unit
    return level, level * by_region


def _read(
    tests: Sequence[LiftTest],
    world: MediaWorld,
    spend: Floats,
    usual: Floats,
    cost: Floats,
    noise: Noise,
    rng: np.random.Generator,
) -> tuple[Readout, ...]:
    """Read every test against the same history without that test."""
    actual = media_revenue(world, bought(spend, cost)).sum(axis=2)
    readouts = []
    for test in tests:
        without = spend.copy()
        rows, geos = slice(test.start, test.stop), list(test.geos)
        without[rows, geos, test.cell] = usual[rows, geos, test.cell]
        gain = actual - media_revenue(world, bought(without, cost)).sum(axis=2)
        change = float((spend - without).sum())
        sd = noise.region_sd * world.population
        readouts.append(read_test(test, change, gain, sd, noise.rho, rng))
    return tuple(readouts)
