"""Counts of a small company: a platform without audiences, one with two, and a channel nobody counts."""

from collections.abc import Callable

import numpy as np
import pytest

from mmm.data.three_counts import ThreeCounts
from mmm.dims import Cell

LEAVES = (Cell("tv"), Cell("search"), Cell("social", "old"), Cell("social", "young"))


@pytest.fixture
def make_counts() -> Callable[..., ThreeCounts]:
    """Counts over `periods`; `without` names what no table has."""

    def make(periods: int = 130, *, without: tuple[str, ...] = (), orders: bool = True) -> ThreeCounts:
        rng = np.random.default_rng(4)
        claimed = rng.poisson(60.0, (periods, 4)).astype(float)
        claimed[:, 0] = np.nan
        seen = np.where(np.isnan(claimed), 0.0, rng.binomial(60, 0.6, (periods, 4)))
        counted = {
            "claimed": claimed,
            "claimed_revenue": claimed * rng.uniform(40, 60, (periods, 4)),
            "attributed": seen,
            "matched": np.floor(0.7 * seen),
        }
        known = {name: values for name, values in counted.items() if name not in without}
        return ThreeCounts(LEAVES, np.eye(4, dtype=bool), known, np.full(periods, 400.0) if orders else None)

    return make
