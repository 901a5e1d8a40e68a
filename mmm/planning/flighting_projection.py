"""The nearest plan by weeks within linear limits, asked for hundreds of times while one plan is sought.

A sweep is a solve with a small sparse system and two products with the rows: some ten thousand operations, so it is
compiled, with the triangular solves in it. Through SciPy the calls around a sweep cost several times the sweep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]

PENALTY = 2.0
RELAXED = 1.6
SWEEPS = 1000
EXACT = 1e-8
"""Constants of the projection: penalty of a broken row, over-relaxation, most sweeps, and when it is met."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Linear limits of money by cell and week, flattened in this order.

    Attributes
    ----------
    upper
        Most money of each cell in each week, shape (cell, week); the least is 0.
    rows
        Sums that are limited, shape (row, cell * week).
    low, high
        What they lie between, shape (row,).
    """

    upper: Floats
    rows: sparse.csr_array
    low: Floats
    high: Floats

    @property
    def equal(self) -> NDArray[np.bool_]:
        """Which sums are given exactly, shape (row,)."""
        both = np.isfinite(self.low) & np.isfinite(self.high)
        room = np.where(both, self.high, 1.0) - np.where(both, self.low, 0.0)
        return np.asarray(both & (room <= 1e-12 * np.maximum(1.0, np.abs(np.where(both, self.high, 1.0)))))

    def broken(self, money: Floats) -> float:
        """By how much money a plan breaks its limits, at most."""
        sums = self.rows @ money.ravel()
        over = [sums - self.high, self.low - sums, (money - self.upper).ravel(), -money.ravel()]
        return float(max(np.max(part, initial=0.0) for part in over))


class Projection:
    """The nearest plan within limits, by alternating directions (Boyd et al. 2011; Stellato et al. 2020).

    A system of linear equations, one for each row, is factored once; every projection begins where the last one ended.
    """

    def __init__(self, limits: Limits) -> None:
        self.top = limits.upper.ravel()
        sums_to = np.abs(limits.high[np.isfinite(limits.high)]).max(initial=0.0)
        self.unit = max(float(sums_to) / max(int((self.top > 0).sum()), 1), 1e-300)
        self.top = self.top / self.unit
        sums = sparse.csr_array(limits.rows)
        size = np.sqrt(np.asarray((sums.multiply(sums)).sum(axis=1)).ravel())
        size = np.where(size > 0, size, 1.0)
        rows = sparse.csr_array(sparse.diags_array(1 / size) @ sums)
        self.low, self.high = limits.low / size / self.unit, limits.high / size / self.unit
        self.rho = np.where(limits.equal, 20 * PENALTY, PENALTY)
        # without the plan, which is known where the prices of the rows are, a small system is left
        inner = sparse.csc_matrix(rows @ rows.T / (1 + PENALTY) + sparse.diags_array(1 / self.rho))
        # it is symmetric and positive definite: an ordering that keeps it sparse is safe without pivots
        found = splu(
            inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        self.rows = rows.indptr, rows.indices, rows.data
        lower, upper = found.L, found.U
        for part in (lower, upper):
            part.sort_indices()
        self.lower = lower.indptr, lower.indices, lower.data
        self.upper = upper.indptr, upper.indices, upper.data
        self.order = found.perm_r, found.perm_c
        self.state: tuple[Floats, ...] | None = None

    def __call__(self, money: Floats) -> Floats:
        """The nearest plan within the limits, shape as given."""
        wanted = money.ravel() / self.unit
        n, m = wanted.size, self.low.size
        if self.state is None:
            sums = np.zeros(m)
            _sums_of(*self.rows, wanted, sums)
            self.state = np.clip(wanted, 0.0, self.top), np.zeros(n), sums, np.zeros(m)
        limits = self.top, self.low, self.high, self.rho
        _alternate(wanted, self.rows, self.lower, self.upper, self.order, limits, self.state)
        return np.asarray((self.state[0] * self.unit).reshape(money.shape))


@njit(cache=True)
def _sums_of(pointer, column, value, plan, out):  # type: ignore[no-untyped-def]
    """The sum of each row."""
    for row in range(out.shape[0]):
        total = 0.0
        for k in range(pointer[row], pointer[row + 1]):
            total += value[k] * plan[column[k]]
        out[row] = total


@njit(cache=True)
def _solve(lower, upper, order, right, work, out):  # type: ignore[no-untyped-def]
    """The small system, from its factors by columns: the diagonal is first in each of the lower, last of the upper."""
    m = right.shape[0]
    for j in range(m):
        work[order[0][j]] = right[j]
    pointer, row, value = lower
    for j in range(m):
        for k in range(pointer[j] + 1, pointer[j + 1]):
            work[row[k]] -= value[k] * work[j]
    pointer, row, value = upper
    for j in range(m - 1, -1, -1):
        work[j] /= value[pointer[j + 1] - 1]
        for k in range(pointer[j], pointer[j + 1] - 1):
            work[row[k]] -= value[k] * work[j]
    for j in range(m):
        out[j] = work[order[1][j]]


@njit(cache=True)
def _alternate(wanted, rows, lower, upper, order, limits, state):  # type: ignore[no-untyped-def]
    """Sweeps until nothing moves any more and the rows sum to what they should; changes the state in place."""
    top, low, high, rho = limits
    box, pull, sums, weight = state
    n, m = wanted.shape[0], low.shape[0]
    right, x = np.empty(n), np.empty(n)
    side, price, work, found = np.empty(m), np.empty(m), np.empty(m), np.empty(m)
    for sweep in range(SWEEPS):
        for i in range(n):
            right[i] = wanted[i] + PENALTY * box[i] - pull[i]
        _sums_of(*rows, right, side)
        for k in range(m):
            side[k] = side[k] / (1 + PENALTY) - sums[k] + weight[k] / rho[k]
        _solve(lower, upper, order, side, work, price)
        for i in range(n):
            x[i] = right[i]
        for k in range(m):
            for place in range(rows[0][k], rows[0][k + 1]):
                x[rows[1][place]] -= rows[2][place] * price[k]
        moved = 0.0
        for i in range(n):
            mixed = RELAXED * x[i] / (1 + PENALTY) + (1 - RELAXED) * box[i]
            new = min(max(mixed + pull[i] / PENALTY, 0.0), top[i])
            pull[i] += PENALTY * (mixed - new)
            moved = max(moved, abs(new - box[i]))
            box[i] = new
        for k in range(m):
            met = sums[k] + (price[k] - weight[k]) / rho[k]
            blend = RELAXED * met + (1 - RELAXED) * sums[k]
            new = min(max(blend + weight[k] / rho[k], low[k]), high[k])
            weight[k] += rho[k] * (blend - new)
            moved = max(moved, abs(new - sums[k]))
            sums[k] = new
        if sweep % 5 == 4 and moved < EXACT:
            _sums_of(*rows, box, found)
            if np.abs(found - sums).max() < 10 * EXACT:
                break
