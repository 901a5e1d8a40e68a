"""The (max, +) dynamic program over cells: exact on a grid of money for curves of any shape.

Values of all cells lie in one array, cell i from `offsets[i]` to `offsets[i + 1]`; entry k of a cell is its
value with k steps of money. Agrali & Geunes 2009 (EJOR 193:605) solve the same knapsack for S-shaped returns.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_NAN = {"nnan", "nsz"}
"""Values are finite or -inf, never nan: then the compiler may take the greatest of several at a time."""


@njit(cache=True, fastmath=NO_NAN)
def best_before(values: Floats, offsets: Ints, limit: int) -> Floats:
    """Best value of the cells before i with T steps in all, (cell + 1, limit + 1); -inf where impossible."""
    cells = offsets.shape[0] - 1
    best = np.full((cells + 1, limit + 1), -np.inf)
    best[0, 0] = 0.0
    reach = 0
    for i in range(cells):
        size = offsets[i + 1] - offsets[i]
        old, new = best[i], best[i + 1]
        for k in range(min(size, limit + 1)):
            gain = values[offsets[i] + k]
            for t in range(min(reach, limit - k) + 1):
                total = old[t] + gain
                if total > new[t + k]:
                    new[t + k] = total
        reach = min(reach + size - 1, limit)
    return best


@njit(cache=True, fastmath=NO_NAN)
def best_after(values: Floats, offsets: Ints, limit: int, least: int) -> Floats:
    """Best value of the cells from i on when T steps are gone and the end has `least` to `limit` of them."""
    cells = offsets.shape[0] - 1
    best = np.full((cells + 1, limit + 1), -np.inf)
    best[cells, max(least, 0) :] = 0.0
    for i in range(cells - 1, -1, -1):
        old, new = best[i + 1], best[i]
        for k in range(min(offsets[i + 1] - offsets[i], limit + 1)):
            gain = values[offsets[i] + k]
            for t in range(limit - k + 1):
                total = old[t + k] + gain
                if total > new[t]:
                    new[t] = total
    return best


@njit(cache=True, fastmath=NO_NAN)
def best_with(values: Floats, offsets: Ints, before: Floats, after: Floats) -> Floats:
    """Best total value with cell i at k steps, for every entry of `values`."""
    limit = before.shape[1] - 1
    best = np.full(values.shape[0], -np.inf)
    for i in range(offsets.shape[0] - 1):
        for k in range(min(offsets[i + 1] - offsets[i], limit + 1)):
            top = -np.inf
            for t in range(limit - k + 1):
                total = before[i, t] + after[i + 1, t + k]
                if total > top:
                    top = total
            best[offsets[i] + k] = top + values[offsets[i] + k]
    return best


@njit(cache=True, fastmath=NO_NAN)
def trace(values: Floats, offsets: Ints, before: Floats, total: int) -> Ints:
    """Steps of each cell in the best plan of `total` steps, shape (cell,)."""
    cells = offsets.shape[0] - 1
    steps = np.zeros(cells, dtype=np.int64)
    left = total
    for i in range(cells - 1, -1, -1):
        top, choice = -np.inf, 0
        for k in range(min(offsets[i + 1] - offsets[i], left + 1)):
            value = before[i, left - k] + values[offsets[i] + k]
            if value > top:
                top, choice = value, k
        steps[i] = choice
        left -= choice
    return steps
