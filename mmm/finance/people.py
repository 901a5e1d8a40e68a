"""Figures about a handful of people are nobody's business: they are left out of tables that others read."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST_PEOPLE = 5


def too_few(counted: ArrayLike) -> NDArray[np.bool_]:
    """Whether a count is of one to four people; none at all tells of nobody."""
    n = np.asarray(counted, float)
    return (n > 0) & (n < LEAST_PEOPLE)
