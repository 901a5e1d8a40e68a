"""Money in whole cents that add up: parts are rounded so that their sums are what the whole rounds to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Cents = NDArray[np.int64]


def whole_cents(amounts: Floats) -> Cents:
    """Cents of each amount along the last axis; every one is within a cent, and their sum is the sum rounded.

    Parameters
    ----------
    amounts
        Money, shape (..., part).
    """
    running = np.rint(100.0 * np.cumsum(np.asarray(amounts, float), axis=-1)).astype(np.int64)
    return np.diff(running, axis=-1, prepend=0)
