"""The best money week by week under linear limits: projected gradients, and a bound that no plan exceeds.

The curves may be S-shaped, so the gradient finds a plan that is best nearby. The bound is that of a concave function
above all curves (`mmm.response.weeks.concave_above`): its tangent plane at any point lies above it, so the best value
of that plane, a linear program, is a bound whatever the point.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from mmm.errors import InternalFault
from mmm.planning.flighting_projection import Limits, Projection
from mmm.response.weeks import WeekCell, brought

Floats = NDArray[np.float64]
Valued = Callable[[Floats], tuple[float, Floats]]

MEMORY = 8
"""Values among which the greatest loss is allowed to be beaten: the search need not rise in every step."""

ROUNDING = 1e-7
"""Share of what a plan is worth on the plane that is added to a bound: more than the tolerances of HiGHS miss."""

ENOUGH = 1e-4
"""Share of a step's promise that must come true."""


def climb(value: Valued, project: Projection, start: Floats, steps: int) -> Floats:
    """The best plan met by a spectral projected gradient (Birgin, Martinez & Raydan 2000) from a start within limits.

    Parameters
    ----------
    value
        Objective of a plan and its derivative, shape as the plan.
    steps
        Most steps; it ends before where nothing moves any more.
    """
    x = start
    f, g = value(x)
    best, best_f = x, f
    recent: deque[float] = deque([f], MEMORY)
    scale = max(float(np.abs(x).max()), 1e-300)
    steepest = float(np.abs(g).max())
    length = scale / steepest if steepest > 0 else 1.0
    still = 0
    for _ in range(steps):
        step = project(x + length * g) - x
        promise = float((g * step).sum())
        if promise <= 1e-10 * max(abs(best_f), 1e-300):
            break
        t = 1.0
        new_f, new_g = value(x + step)
        while new_f < min(recent) + ENOUGH * t * promise and t > 1e-6:
            gain = new_f - f
            fit = 0.5 * t * t * promise / max(t * promise - gain, 1e-300)
            t = fit if 0.1 * t <= fit <= 0.9 * t else 0.5 * t
            new_f, new_g = value(x + t * step)
        moved, turned = t * step, new_g - g
        bend = -float((moved * turned).sum())
        length = float(np.clip((moved * moved).sum() / bend, 1e-10, 1e10)) if bend > 0 else 10 * length
        x, f, g = x + moved, new_f, new_g
        recent.append(f)
        still = 0 if f > best_f + 1e-7 * abs(best_f) else still + 1
        if f > best_f:
            best, best_f = x, f
        if still >= 2 * MEMORY:
            break
    return best


def objective(cells: Sequence[WeekCell], worth: float, cost: float) -> Valued:
    """Mean of worth * response - cost * money, and its derivative."""

    def value(money: Floats) -> tuple[float, Floats]:
        found, slope = brought(cells, money)
        return worth * float(found.sum()) - cost * float(money.sum()), worth * slope - cost

    return value


def best_on_plane(limits: Limits, slope: Floats) -> tuple[Floats, Floats]:
    """The plan within limits with the most money times slope, a linear program, and what a unit of room in each row is
    worth: shapes (cell, week) and (row,), prices above 0 where more is better.
    """
    unit = max(float(np.abs(slope).max()), 1e-300)
    found, price = _program(limits, -slope.ravel() / unit, limits.rows, limits.upper.ravel())
    return found.reshape(limits.upper.shape), unit * price


def nearest(limits: Limits, money: Floats) -> Floats:
    """The plan within limits with the least money moved, exact where a projection is close."""
    n = money.size
    one = sparse.eye_array(n)
    moved = sparse.csr_array(sparse.block_array([[one, -one], [-one, -one]]))
    rows = sparse.csr_array(sparse.hstack([limits.rows, sparse.csr_array(limits.rows.shape)]))
    beside = moved, np.concatenate([money.ravel(), -money.ravel()])
    upper = np.concatenate([limits.upper.ravel(), np.full(n, np.inf)])
    cost = np.concatenate([np.zeros(n), np.ones(n)])
    return _program(limits, cost, rows, upper, beside)[0][:n].reshape(money.shape)


def _program(
    limits: Limits,
    cost: Floats,
    rows: sparse.csr_array,
    upper: Floats,
    beside: tuple[sparse.csr_array, Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Least cost within the limits of the rows (and beside them others, from above), and the price of each row."""
    equal = limits.equal
    up, down = np.isfinite(limits.high) & ~equal, np.isfinite(limits.low) & ~equal
    parts, ends = [rows[up], -rows[down]], [limits.high[up], -limits.low[down]]
    if beside is not None:
        parts.append(beside[0])
        ends.append(beside[1])
    above, top = sparse.vstack(parts), np.concatenate(ends)
    answer = linprog(  # type: ignore[call-overload]  # it takes sparse rows; its stubs do not say so
        cost,
        A_ub=above if top.size else None,
        b_ub=top if top.size else None,
        A_eq=rows[equal] if equal.any() else None,
        b_eq=limits.high[equal] if equal.any() else None,
        bounds=np.stack([np.zeros(upper.size), upper], axis=1),
        method="highs",
    )
    if answer.x is None:
        raise InternalFault(f"A program within limits that can be met was not solved: {answer.message}")
    price = np.zeros(len(limits.low))
    price[equal] = -answer.eqlin.marginals
    count = int(up.sum())
    price[up] -= answer.ineqlin.marginals[:count]
    price[down] += answer.ineqlin.marginals[count : count + int(down.sum())]
    return np.asarray(answer.x), price


def bound_at(value: Valued, limits: Limits, money: Floats) -> float:
    """What a concave objective cannot exceed within limits, from its tangent plane at a plan."""
    height, slope = value(money)
    room = float((slope * (best_on_plane(limits, slope)[0] - money)).sum())
    return height + room + ROUNDING * float((np.abs(slope) * money).sum())
