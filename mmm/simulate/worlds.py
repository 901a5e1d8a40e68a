"""A small company of one kind: a table as an analyst gets it, and the true return of every cell.

Like the rest of this room it knows nothing of the model. Carry-over is geometric, delayed or Weibull, curves are Hill,
exponential or logarithmic, the trend is a random walk, noise is persistent; chance draws every number.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.dims import NATIONAL, Cell
from mmm.simulate.chance import persistent
from mmm.simulate.facts import LAGS, LEAD_IN, Habit, region_names
from mmm.simulate.media import MediaWorld, carried, carry_over, media_revenue
from mmm.simulate.returns import true_returns, with_returns
from mmm.simulate.spending import draw_spend
from mmm.simulate.world_kinds import Curve, Range, WorldKind

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

CONDITIONED = 13
"""Rows at the start that a model with unknown history conditions on."""
FIRST_WEEK = np.datetime64("2023-01-02")
MONEY = 100_000.0
"""Spend of an average week, all cells and regions."""
CHANNELS = ("tv", "search", "social", "video", "radio")


@dataclass(frozen=True, slots=True)
class WorldCell:
    """One cell as chance drew it; `weekly_spend`, `habit` and `follows_demand` as in `CellFacts`."""

    cell: Cell
    weekly_spend: float
    habit: Habit
    follows_demand: float
    roi: float
    weights: Floats
    curve: Curve
    slope: float
    half: float


@dataclass(frozen=True, slots=True)
class World:
    """A simulated company as its analyst sees it, and the truth.

    Attributes
    ----------
    kind, number
        Where it came from.
    table
        `date`, `geo` and `population` where there are regions, `revenue`, a column `CHANNEL_spend` a cell, controls.
    channels, controls
        Names; a control is a column of its name.
    truth
        By cell: `channel`, `roi`, `mroi` of the rows that a model with unknown history explains (all rows where
        the company started with the first one), `roi_whole`, `mroi_whole` of all rows.
    media, spend
        The true response, and the spend it stands on from the first simulated week on, `LEAD_IN` weeks before the
        table, shape (period, geo, cell).
    """

    kind: WorldKind
    number: int
    table: pd.DataFrame
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    truth: pd.DataFrame
    media: MediaWorld
    spend: Floats

    @property
    def name(self) -> str:
        """Kind and number."""
        return f"{self.kind.name}-{self.number}"


def simulate_world(kind: WorldKind, number: int) -> World:
    """Simulate a company; the same kind and number give the same one.

    Parameters
    ----------
    number
        Any whole number from 0 on.
    """
    seeds = np.random.SeedSequence([zlib.crc32(kind.name.encode()), number]).spawn(7)
    size, who, money, response, around, luck, last = (np.random.default_rng(seed) for seed in seeds)
    geos = region_names(_one_of(size, kind.regions)) if kind.by_geo else (NATIONAL,)
    dates = FIRST_WEEK + 7 * np.arange(-LEAD_IN, int(size.choice(kind.weeks)))
    population = np.round(np.exp(size.normal(np.log(3e5), 0.7, len(geos))), -2)
    cells = _draw_cells(kind, who)
    demand = _demand(kind, (len(dates), len(geos)), around)
    spend = _draw_spend(kind, cells, dates, population, np.exp(demand), money)
    world = _draw_response(kind, cells, spend, population, response)
    effect = media_revenue(world, spend)

    shown = slice(LEAD_IN, None)
    share = size.uniform(0.12, 0.30)
    level = float(np.abs(effect[shown]).sum() / population.sum() / (len(dates) - LEAD_IN) * (1 / share - 1))
    controls, shape = _draw_baseline(kind, dates, len(geos), around)
    by_geo = np.exp(0.12 * luck.normal(size=len(geos)))
    base = level * by_geo * (shape + kind.demand / 0.12 * demand) + level * _noise(kind, shape.shape, luck)
    if kind.demand and kind.demand_shown:
        controls["demand"] = 100 * np.exp(demand)
    if kind.mediated:
        interest = 0.05 * level * persistent(last, shape.shape, 0.6)
        base += interest
        through = kind.mediated * effect[:, :, :2].sum(axis=2) / population + interest
        controls["site_visits"] = 50 * level + 10 * through
    for k in range(kind.useless):
        controls[f"index_{k + 1}"] = persistent(last, shape.shape, last.uniform(0.0, 0.95))
    return World(
        kind=kind,
        number=number,
        table=_table(dates, geos, population, base * population + effect.sum(axis=2), spend, cells, controls),
        channels=tuple(cell.cell.channel for cell in cells),
        controls=tuple(controls),
        truth=_truth(kind, world, cells, spend),
        media=world,
        spend=spend,
    )


def weibull(shape: float, scale: float) -> Floats:
    """Share of a Weibull lifetime (`scale` in weeks) that ends in each week, shape (lag,), summing to 1."""
    survival = np.exp(-((np.arange(LAGS + 1) / scale) ** shape))
    ended = survival[:-1] - survival[1:]
    return ended / ended.sum()


def _between(rng: np.random.Generator, ends: Range) -> float:
    return float(rng.uniform(*ends))


def _one_of(rng: np.random.Generator, ends: tuple[int, int]) -> int:
    """A whole number from the least to the most, both included."""
    return int(rng.integers(ends[0], ends[1] + 1))


def _draw_cells(kind: WorldKind, rng: np.random.Generator) -> tuple[WorldCell, ...]:
    """The cells: how large, how they spend, what they return."""
    count = _one_of(rng, kind.cells)
    size = np.exp(0.5 * rng.normal(size=count))
    centre = rng.uniform(np.log(0.8), np.log(2.0))
    roi = np.exp(centre + 0.5 * rng.normal(size=count)).clip(0.15, 6.0)
    for c, ends in enumerate(kind.returns):
        roi[c] = _between(rng, ends)
    cells = []
    for c in range(count):
        form = str(rng.choice(kind.carry))
        if form == "weibull":
            weights = weibull(_between(rng, kind.shape), _between(rng, kind.scale))
        elif form == "delayed":
            weights = carry_over("delayed", rng.uniform(0.7, 0.85), _between(rng, kind.delay))
        else:
            weights = carry_over("geometric", _between(rng, kind.rate), 0.0)
        cells.append(
            WorldCell(
                cell=Cell(CHANNELS[c] if c < len(CHANNELS) else f"channel_{c + 1}"),
                weekly_spend=MONEY * size[c] / size.sum(),
                habit=kind.habits[int(rng.integers(len(kind.habits)))],
                follows_demand=kind.chases if c < 2 else 0.0,
                roi=float(roi[c]),
                weights=weights,
                curve=kind.curves[int(rng.integers(len(kind.curves)))],
                slope=_between(rng, kind.slope),
                half=float(np.exp(rng.uniform(*np.log(kind.half)))),
            )
        )
    return tuple(cells)


def _draw_spend(
    kind: WorldKind,
    cells: tuple[WorldCell, ...],
    dates: Dates,
    population: Floats,
    demand: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Weekly spend in whole money, shape (period, geo, cell)."""
    spend = draw_spend(cells, dates, population, demand, rng)
    weekly = np.array([cell.weekly_spend for cell in cells])
    plan = (spend / weekly).mean(axis=2, keepdims=True)
    spend = np.round((1 - kind.together) * spend + kind.together * plan * weekly)
    if kind.cold:
        spend[:LEAD_IN] = 0.0
    return spend


def _draw_response(
    kind: WorldKind,
    cells: tuple[WorldCell, ...],
    spend: Floats,
    population: Floats,
    rng: np.random.Generator,
) -> MediaWorld:
    """Curves at the wanted half-saturation, strengths at the wanted returns of all rows."""
    half = []
    for c, cell in enumerate(cells):
        amount = carried(spend[:, :, c] / population, cell.weights)[LEAD_IN:]
        half.append(cell.half * amount[spend[LEAD_IN:, :, c] > 0].mean())
    world = MediaWorld(
        weights=np.array([cell.weights for cell in cells]),
        curves=tuple(cell.curve for cell in cells),
        half=np.array(half),
        slope=np.array([cell.slope for cell in cells]),
        strength=np.exp(kind.geo_spread * rng.normal(size=(len(population), len(cells)))),
        population=population,
    )
    return with_returns(world, spend, spend, LEAD_IN, np.array([cell.roi for cell in cells]))


def _demand(kind: WorldKind, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Log of the demand index, about 0, shape (period, geo); zero where a kind has none."""
    if not kind.demand:
        return np.zeros(shape)
    return 0.12 * persistent(rng, (shape[0], 1), 0.8) + 0.03 * persistent(rng, shape, 0.6)


def _draw_baseline(
    kind: WorldKind, dates: Dates, geos: int, rng: np.random.Generator
) -> tuple[dict[str, Floats], Floats]:
    """The genuine controls by name, and the baseline over its level; both of shape (period, geo)."""
    periods = len(dates)
    shape = periods, geos
    years = np.arange(periods)[:, None] / 52.18
    day = (dates - dates.astype("datetime64[Y]").astype(dates.dtype)).astype(int)[:, None]
    angle = 2 * np.pi * day / 365.25
    walk = rng.uniform(0.003, 0.008) * np.cumsum(rng.normal(size=(periods, 1)), axis=0)
    trend = rng.uniform(-0.04, 0.08) * years + walk + rng.normal(0, 0.01, geos) * years
    for _ in range(kind.breaks):
        at = LEAD_IN + int(rng.uniform(0.15, 0.85) * (periods - LEAD_IN))
        trend[at:] += rng.choice((-1, 1)) * rng.uniform(0.08, 0.16)
    season = rng.uniform(0.04, 0.09) * np.cos(angle - rng.uniform(0, 2 * np.pi))
    season = season + rng.uniform(0.01, 0.04) * np.cos(2 * angle - rng.uniform(0, 2 * np.pi))
    season = season + rng.uniform(0.0, 0.12) * np.exp(-0.5 * ((day - 347) / 12) ** 2)
    cut = np.where(rng.random((periods, 1)) < 0.15, rng.uniform(0.03, 0.10, (periods, 1)), 0.0)
    price = 1.0 + 0.02 * persistent(rng, shape, 0.9) - cut
    rival = 50 + 8 * persistent(rng, (periods, 1), 0.6) + 5 * persistent(rng, shape, 0.5)
    level = 1.0 + trend + season * np.exp(0.1 * rng.normal(size=geos))
    level = level + price ** rng.uniform(-1.8, -0.8) - 1 - rng.uniform(0.0, 0.004) * (rival - 50)
    return {"price": price, "competitor": rival}, level


def _noise(kind: WorldKind, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """What nothing explains, over the level of sales, shape (period, geo)."""
    own = rng.uniform(0.03, 0.05) * persistent(rng, shape, rng.uniform(0.1, 0.6), tails=kind.tails)
    if shape[1] == 1:
        return own
    return own + kind.shock * 0.04 * persistent(rng, (shape[0], 1), rng.uniform(0.1, 0.5), tails=kind.tails)


def _truth(kind: WorldKind, world: MediaWorld, cells: tuple[WorldCell, ...], spend: Floats) -> pd.DataFrame:
    names = [cell.cell for cell in cells]
    whole = true_returns(world, names, spend, spend, LEAD_IN)
    found = true_returns(world, names, spend, spend, LEAD_IN + (0 if kind.cold else CONDITIONED))
    return pd.DataFrame(
        {
            "channel": [cell.channel for cell in names],
            "roi": [truth.roi for truth in found],
            "mroi": [truth.mroi for truth in found],
            "roi_whole": [truth.roi for truth in whole],
            "mroi_whole": [truth.mroi for truth in whole],
        }
    )


def _table(
    dates: Dates,
    geos: tuple[str, ...],
    population: Floats,
    revenue: Floats,
    spend: Floats,
    cells: tuple[WorldCell, ...],
    controls: dict[str, Floats],
) -> pd.DataFrame:
    """One wide table, a row a week and region, from the first row that the company shows."""
    rows = slice(LEAD_IN, None)
    weeks = len(dates) - LEAD_IN
    columns: dict[str, NDArray[np.generic]] = {"date": np.repeat(dates[rows], len(geos))}
    if len(geos) > 1:
        columns |= {"geo": np.tile(geos, weeks), "population": np.tile(population, weeks)}
    columns["revenue"] = np.round(revenue[rows].ravel())
    columns |= {f"{cell.cell.channel}_spend": spend[rows, :, c].ravel() for c, cell in enumerate(cells)}
    columns |= {name: np.round(values[rows].ravel(), 4) for name, values in controls.items()}
    return pd.DataFrame(columns)
