"""Series that chance writes: persistent noise with tails a little heavier than Gaussian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def persistent(
    rng: np.random.Generator, shape: tuple[int, ...], rho: float, tails: float | None = None
) -> Floats:
    """Stationary AR(1) with unit variance along the first axis.

    Parameters
    ----------
    rho
        Correlation of neighbours in time.
    tails
        Degrees of freedom of Student-t innovations (over 2); None for Gaussian ones.
    """
    if tails is None:
        shocks = rng.normal(size=shape)
    else:
        shocks = rng.standard_t(tails, size=shape) / np.sqrt(tails / (tails - 2))
    series = np.empty(shape)
    series[0] = shocks[0]
    for t in range(1, shape[0]):
        series[t] = rho * series[t - 1] + np.sqrt(1 - rho**2) * shocks[t]
    return series
