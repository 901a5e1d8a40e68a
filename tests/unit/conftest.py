"""Response curves of a made-up window, for the tests of the curves and of the solver."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.model.forward import MediaDraws
from mmm.model.shapes import HILL, LOGISTIC, POWER
from mmm.response.curves import WindowCurves


def _random_curves(
    seed: int = 0,
    *,
    cells: int = 3,
    geos: int = 2,
    periods: int = 4,
    lags: int = 4,
    draws: int = 12,
    slope: float | None = None,
    carry: bool = True,
    saturation: int = HILL,
) -> WindowCurves:
    """Curves, S-shaped where they are Hill's and `slope` is above 1; about 100 of money takes a cell to the middle."""
    rng = np.random.default_rng(seed)
    weights = rng.beta(2, 3, (draws, cells))[..., None] ** np.arange(lags)
    power = np.exp(rng.normal(0.4, 0.45, (draws, cells))).clip(0.7, 4)
    if saturation == LOGISTIC:
        power[:] = 1.0
    elif saturation == POWER:
        power /= 4
    scale = np.exp(rng.normal(0, 1, (geos, cells)))
    pattern = rng.uniform(0.2, 1, (periods, geos, cells))
    media = MediaDraws(
        cells=tuple(Cell(f"channel {i}") for i in range(cells)),
        geos=tuple(f"geo {g}" for g in range(geos)),
        weights=weights / weights.sum(axis=-1, keepdims=True),
        half=1.5 * np.exp(rng.normal(0, 0.5, (draws, cells))),
        slope=power if slope is None else np.full((draws, cells), slope),
        ceiling=50 * np.exp(rng.normal(0, 0.5, (draws, geos, cells)) + rng.normal(0, 0.5, cells)),
        scale=scale,
        saturation=np.full(cells, saturation),
    )
    around = rng.uniform(0, 1, (2, lags - 1, geos, cells)) * scale * carry
    return WindowCurves(
        media=media,
        carry_in=around[0],
        unit_exposure=pattern / pattern.mean(axis=(0, 1)) * scale / rng.uniform(60, 160, cells),
        after=around[1],
        value=rng.uniform(0.5, 1.5, (periods + lags - 1, geos)),
    )


@pytest.fixture(scope="session")
def random_curves() -> Callable[..., WindowCurves]:
    """Builds the curves of a made-up window from a seed."""
    return _random_curves
