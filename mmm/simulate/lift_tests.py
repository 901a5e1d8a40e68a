"""Two past geo tests: spend really changed in some regions, and what a readout said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LiftTest:
    """One geo test.

    Attributes
    ----------
    id, cell, geos
        Name, tested cell (its index) and treated regions (their indices).
    start, stop, cooldown
        First row, row after the last, and weeks after it that count in the lift; rows of the world.
    factor
        Spend of the treated regions and weeks, times what it would have been: 0 is going dark.
    """

    id: str
    cell: int
    geos: tuple[int, ...]
    start: int
    stop: int
    cooldown: int
    factor: float


@dataclass(frozen=True, slots=True)
class Readout:
    """What a test really did, and what its analysis reported (money)."""

    test: LiftTest
    spend_change: float
    true_lift: float
    lift: float
    lift_se: float


def draw_tests(
    cells: Sequence[Cell], geos: int, lead_in: int, weeks: int, rng: np.random.Generator
) -> tuple[LiftTest, ...]:
    """A heavy-up of facebook prospecting and a go-dark of generic search."""
    treated = max(1, round(0.4 * geos))
    plans = (
        ("heavy-up-facebook", Cell("facebook", "prospecting"), 0.55, 6, 3, 3.5),
        ("go-dark-search", Cell("search", "generic"), 0.78, 5, 2, 0.0),
    )
    return tuple(
        LiftTest(
            id=name,
            cell=list(cells).index(cell),
            geos=tuple(sorted(int(g) for g in rng.choice(geos, treated, replace=False))),
            start=lead_in + int(at * weeks),
            stop=lead_in + int(at * weeks) + length,
            cooldown=cooldown,
            factor=factor,
        )
        for name, cell, at, length, cooldown, factor in plans
    )


def with_tests(spend: Floats, tests: Sequence[LiftTest]) -> tuple[Floats, Floats]:
    """Spend without and with the tests, each of shape (period, geo, cell).

    A region is not dark by chance in the weeks of its own heavy-up: the tested cell then runs at its usual
    level in both, so that there is something to multiply.
    """
    usual, changed = spend.copy(), spend.copy()
    for test in tests:
        rows = slice(test.start, test.stop)
        for g in test.geos:
            window = usual[rows, g, test.cell]
            average = np.round(usual[:, g, test.cell].mean())
            usual[rows, g, test.cell] = np.maximum(window, average)
            changed[rows, g, test.cell] = np.round(test.factor * usual[rows, g, test.cell])
    return usual, changed


def read_test(
    test: LiftTest, spend_change: float, gain: Floats, region_sd: Floats, rho: float, rng: np.random.Generator
) -> Readout:
    """The readout of a test: what it caused, and the error a comparison with the other regions makes.

    Parameters
    ----------
    gain
        Revenue with the test minus without it, no noise, shape (period, geo).
    region_sd, rho
        Noise by region in money per week, shape (geo,), and its correlation from week to week. The shock
        that regions share cancels in the comparison.
    """
    counted = slice(test.start, test.stop + test.cooldown)
    treated = np.isin(np.arange(len(region_sd)), test.geos)
    true_lift = float(gain[counted][:, treated].sum())
    weeks = np.arange(test.stop + test.cooldown - test.start)
    variance_of_sum = (rho ** np.abs(weeks[:, None] - weeks)).sum()
    rest = max(1, int((~treated).sum()))
    compared = 1 + treated.sum() / rest
    se = float(np.sqrt(variance_of_sum * (region_sd[treated] ** 2).sum() * compared))
    lift = true_lift + se * rng.normal()
    return Readout(test, spend_change, true_lift, float(np.round(lift)), float(np.round(se)))
