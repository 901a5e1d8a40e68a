"""A company by region with one test in it whose effect is known, and the test's design."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.experiments.design import Design

GEOS = tuple(f"region {i}" for i in range(12))
TREATED = GEOS[:4]
FIRST, STOP, LAST = 104, 110, 112
"""First period of the test, the one after its last, and the one after its cool-down of two weeks."""


@pytest.fixture
def design() -> Design:
    """Six weeks of more tv in four regions, and two weeks that count after it."""
    monday = np.datetime64("2024-01-01")
    return Design(
        id="more tv",
        where="tests.csv, row 2",
        channel="tv",
        audience="",
        message="",
        geos=TREATED,
        controls=(),
        pairs=(),
        start=monday + np.timedelta64(7 * FIRST, "D"),
        end=monday + np.timedelta64(7 * STOP - 1, "D"),
        cooldown=LAST - STOP,
        spend_change=2400.0,
    )


@pytest.fixture
def tested(make_panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """A panel of 120 weeks with a season all regions share; each treated week brings `lift` and costs `money` more."""

    def make(seed: int = 1, lift: float = 0.0, money: float = 100.0, noise: float = 5.0) -> Panel:
        rng = np.random.default_rng(seed)
        weeks = 120
        panel = make_panel(3, geos=GEOS, periods=weeks)
        size = rng.uniform(300.0, 900.0, len(GEOS))
        season = 1.0 + 0.1 * np.sin(np.arange(weeks) / 8.0) + rng.normal(0, 0.02, weeks)
        outcome = size * season[:, None] + rng.normal(0, noise, (weeks, len(GEOS)))
        spend = np.full((weeks, len(GEOS), 1), 50.0)
        outcome[FIRST:LAST, :4] += lift
        spend[FIRST:STOP, :4, 0] += money
        return replace(
            panel,
            outcome=outcome,
            unit_value=np.full(outcome.shape, 2.0),
            cells=panel.cells[:1],
            spend=spend,
            exposure=spend.copy(),
            has_exposure=panel.has_exposure[:1],
            national_cells=panel.national_cells[:1],
        )

    return make
