"""Readouts of whole panels call nothing something as seldom as promised, whatever the noise is like."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.experiments.arms import Arms, place
from mmm.experiments.design import Design
from mmm.experiments.power import power, sensitivity
from mmm.experiments.readout import history, least, read_out

KINDS = {
    "white noise": {"rho": 0.0, "tails": 0.0, "regions": 12},
    "some memory": {"rho": 0.5, "tails": 0.0, "regions": 12},
    "long memory": {"rho": 0.8, "tails": 0.0, "regions": 12},
    "heavy tails": {"rho": 0.5, "tails": 3.0, "regions": 12},
    "few regions": {"rho": 0.5, "tails": 0.0, "regions": 5},
}


def noisy(panel: Panel, seed: int, rho: float, tails: float, regions: int) -> Panel:
    """The panel with its first regions and noise that has a memory, and tails where `tails` are degrees of freedom."""
    rng = np.random.default_rng(seed)
    weeks = len(panel.dates)
    shape = (weeks, len(panel.geos))
    noise = rng.standard_t(tails, shape) / np.sqrt(tails / (tails - 2)) if tails else rng.normal(size=shape)
    for t in range(1, weeks):
        noise[t] = rho * noise[t - 1] + np.sqrt(1 - rho**2) * noise[t]
    size = np.linspace(300.0, 900.0, len(panel.geos))
    season = 1.0 + 0.1 * np.sin(np.arange(weeks) / 8.0) + rng.normal(0, 0.02, weeks)
    outcome = size * (season[:, None] + 0.02 * noise)
    kept = slice(regions)
    return replace(
        panel,
        geos=panel.geos[kept],
        population=panel.population[kept] if panel.population is not None else None,
        outcome=outcome[:, kept],
        unit_value=np.ones((weeks, regions)),
        spend=panel.spend[:, kept],
        exposure=panel.exposure[:, kept],
        organic=panel.organic[:, kept],
        controls=panel.controls[:, kept],
    )


def worlds(
    tested: Callable[..., Panel], design: Design, kind: str, count: int
) -> list[tuple[Design, Arms, list]]:
    panel = tested()
    settings = KINDS[kind]
    treated = max(2, settings["regions"] // 3)
    small = replace(design, geos=design.geos[:treated], spend_change=600.0 * treated)
    return [(small, *place(small, noisy(panel, seed, **settings), {})) for seed in range(count)]


def lifted(arms: Arms, lift: float) -> Arms:
    """The same with so much more outcome in all, spread over treated regions and the window."""
    outcome = arms.outcome.copy()
    outcome[arms.pre :, arms.is_treated] += lift / (arms.window * len(arms.treated))
    return replace(arms, outcome=outcome)


def expected(arms: Arms) -> tuple[float, float, float]:
    """Error, degrees of freedom and smallest visible effect as a design would have them before the test."""
    totals = (arms.outcome[: arms.pre, arms.is_treated], arms.outcome[: arms.pre, ~arms.is_treated])
    found = sensitivity(
        *(side.sum(axis=1) for side in totals), window=arms.window, history=history(arms), least=least(arms)
    )
    return found.se, found.df, found.mde


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_size_and_power_of_a_readout_are_what_its_design_promised(tested, design, kind) -> None:
    """A/A and A/B: a test that did nothing shows in 10 of 100 at most, one with the smallest visible effect in 80."""
    count = 200
    wrong = seen = 0
    for small, arms, told in worlds(tested, design, kind, count):
        nothing = read_out(small, arms, told)
        wrong += not nothing.lo < 0.0 < nothing.hi
        _, _, mde = expected(arms)
        something = read_out(small, lifted(arms, mde), told)
        seen += something.lo > 0.0
    band = 3 * np.sqrt(0.1 * 0.9 / count)
    print(f"{kind}: {100 * wrong / count:.1f} in 100 false, {100 * seen / count:.1f} in 100 seen")
    assert wrong / count < 0.10 + band
    assert 0.70 < seen / count < 0.95


def test_a_large_effect_is_seen_where_noise_has_a_memory(tested, design) -> None:
    seen = 0
    for small, arms, told in worlds(tested, design, "some memory", 12):
        se, df, mde = expected(arms)
        assert power(2 * mde, se, df) > 0.98
        found = read_out(small, lifted(arms, 2 * mde), told)
        seen += found.lo > 0.0
    assert seen >= 11
