"""Sales the company would have without paid media, and what moves them."""

from __future__ import annotations

from dataclasses import dataclass

import holidays
import numpy as np
from numpy.typing import NDArray

from mmm.simulate.chance import persistent
from mmm.simulate.media import carried

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

# holiday: (gain in average weeks of sales, days of build-up, days of fading)
_PULL = {
    "Thanksgiving Day": (0.10, 6, 4),
    "Christmas Day": (0.16, 16, 0),
    "Memorial Day": (0.03, 4, 1),
    "Independence Day": (0.03, 5, 1),
    "Labor Day": (0.035, 4, 1),
    "New Year's Day": (-0.04, 1, 3),
    "Martin Luther King Jr. Day": (0.01, 3, 1),
}
_EVENTS = (("app launch", 0.42, 3, 0.05), ("port strike", 0.66, 2, -0.08))
NEWSLETTER_CARRY = 0.35
DEMAND_EFFECT = 0.30
PRICE_ELASTICITY = -1.4
COMPETITOR_EFFECT = -0.06


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the company sees besides media, from the first week of the world on.

    Attributes
    ----------
    demand, competitor, price
        Indices (around 100, 50 and 1), shape (period, geo).
    newsletter
        Mails delivered, shape (period, geo).
    events
        Name, first and last row, and relative effect of each one-off event.
    """

    demand: Floats
    competitor: Floats
    price: Floats
    newsletter: Floats
    events: tuple[tuple[str, int, int, float], ...]


@dataclass(frozen=True, slots=True)
class Noise:
    """What nothing explains, in money per head and week.

    Attributes
    ----------
    region_sd, rho
        Standard deviation by region, shape (geo,), and its correlation from week to week.
    shock_sd, shock_rho
        The same for the shock that all regions share.
    """

    region_sd: Floats
    rho: float
    shock_sd: float
    shock_rho: float


def draw_surroundings(
    dates: Dates, population: Floats, lead_in: int, rng: np.random.Generator
) -> Surroundings:
    """Demand, competitor, price, newsletter and events of every week and region, as they are recorded."""
    shape = len(dates), len(population)
    angle = 2 * np.pi * _year_share(dates)[:, None]
    demand = 0.09 * persistent(rng, (shape[0], 1), 0.85) + 0.06 * persistent(rng, shape, 0.7)
    demand = demand + 0.04 * np.cos(angle - 5.6)
    rival = 9 * persistent(rng, (shape[0], 1), 0.6) + 6 * persistent(rng, shape, 0.5)
    cut = np.where(rng.random(shape[0]) < 0.12, rng.uniform(0.04, 0.12, shape[0]), 0.0)
    cut = np.where(_thanksgiving_week(dates), 0.12, cut)[:, None]
    price = 1.02 + 0.015 * persistent(rng, (shape[0], 1), 0.9) + 0.008 * persistent(rng, shape, 0.3) - cut
    growth = np.linspace(0.8, 1.2, shape[0])[:, None]
    mails = 0.22 * growth * np.exp(0.45 * rng.normal(size=(shape[0], 1)) + 0.15 * rng.normal(size=shape))
    seen = shape[0] - lead_in
    events = tuple(
        (name, lead_in + int(at * seen), lead_in + int(at * seen) + length - 1, effect)
        for name, at, length, effect in _EVENTS
    )
    return Surroundings(
        demand=np.round(100 * np.exp(demand), 1),
        competitor=np.round(np.clip(50 + rival, 5, 95), 1),
        price=np.round(price, 3),
        newsletter=np.round(mails * population),
        events=events,
    )


def baseline_shape(
    dates: Dates, around: Surroundings, population: Floats, rng: np.random.Generator
) -> Floats:
    """Baseline per head over its level, about 1, shape (period, geo)."""
    geos = len(population)
    years = (dates - dates[0]).astype(int)[:, None] / 365.25
    angle = 2 * np.pi * _year_share(dates)[:, None]
    wave = 0.03 * np.sin(2 * np.pi * years / rng.uniform(1.6, 2.4) + rng.uniform(0, 2 * np.pi))
    trend = rng.uniform(0.02, 0.05) * years + wave + rng.normal(0, 0.012, geos) * years
    tilt = np.exp(0.10 * rng.normal(size=geos))
    season = tilt * (0.07 * np.cos(angle - 5.9) + 0.03 * np.cos(2 * angle - 0.8))
    mails = carried(around.newsletter / population, _newsletter_weights())
    shape = 1.0 + trend + season + holiday_pull(dates)[:, None]
    shape = shape + DEMAND_EFFECT * (around.demand / 100 - 1)
    shape = shape + around.price**PRICE_ELASTICITY - 1
    shape = shape + COMPETITOR_EFFECT * (around.competitor - 50) / 50 + 0.14 * mails
    for _, first, last, effect in around.events:
        shape[first : last + 1] += effect
    return shape


def draw_noise(level: float, population: Floats, rng: np.random.Generator) -> Noise:
    """Sizes of the unexplained, around the level of revenue per head."""
    smaller_is_wilder = (population / population.mean()) ** -0.12
    return Noise(
        region_sd=level * rng.uniform(0.045, 0.055) * smaller_is_wilder,
        rho=float(rng.uniform(0.3, 0.4)),
        shock_sd=float(level * rng.uniform(0.05, 0.065)),
        shock_rho=float(rng.uniform(0.2, 0.4)),
    )


def unexplained(noise: Noise, periods: int, rng: np.random.Generator) -> Floats:
    """One history of the unexplained, money per head, shape (period, geo)."""
    geos = len(noise.region_sd)
    shock = noise.shock_sd * persistent(rng, (periods, 1), noise.shock_rho, tails=8)
    return shock + noise.region_sd * persistent(rng, (periods, geos), noise.rho, tails=8)


def holiday_pull(dates: Dates) -> Floats:
    """Gain of each week from US holidays, with build-up and fading, day by day, shape (period,)."""
    first, last = dates[0].astype(object), dates[-1].astype(object)
    calendar = holidays.country_holidays(
        "US", years=range(first.year, last.year + 2), observed=False, language="en_US"
    )
    days = dates[:, None] + np.arange(7)
    pull = np.zeros(len(dates))
    for day, names in calendar.items():
        for name in names.split("; "):
            if name not in _PULL:
                continue
            gain, lead, lag = _PULL[name]
            gap = (days - np.datetime64(day)).astype(int)
            daily = np.where(gap <= 0, 1 + gap / (lead + 1), 1 - gap / (lag + 1)).clip(0)
            pull += gain * daily.sum(axis=1) / ((lead + lag) / 2 + 1)
    return pull


def _newsletter_weights() -> Floats:
    weights = NEWSLETTER_CARRY ** np.arange(8)
    return weights / weights.sum()


def _year_share(dates: Dates) -> Floats:
    """How much of its year has passed at each date."""
    year = dates.astype("datetime64[Y]")
    return (dates - year.astype(dates.dtype)).astype(int) / 365.25


def _thanksgiving_week(dates: Dates) -> NDArray[np.bool_]:
    """Weeks that hold the fourth Thursday of November: the sale everybody runs."""
    days = dates[:, None] + np.arange(7)
    november = days.astype("datetime64[M]").astype(int) % 12 == 10
    of_month = (days - days.astype("datetime64[M]").astype(days.dtype)).astype(int)
    thursday = days.astype(int) % 7 == 0  # 1970-01-01 was a Thursday
    return (november & thursday & (of_month >= 21) & (of_month <= 27)).any(axis=1)
