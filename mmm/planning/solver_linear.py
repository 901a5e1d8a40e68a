"""Linear and mixed-integer programs over piecewise linear curves, solved by HiGHS through SciPy.

A cell is a stretch of money with a value that is straight between breakpoints. Where the value is concave a
linear program fills the steeper segments first by itself. At a breakpoint where the slope rises a binary
variable makes it do so: no segment after it opens before all before it are full (the incremental form, Markowitz
& Manne 1957). Money is counted in units of the budget and value in units of `scale`, because the tolerances of
HiGHS are absolute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from mmm.planning.problem import Group

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1e-6
"""Share of `scale` added to every bound: more than the tolerances of HiGHS let an optimum be missed by."""

FINE = 1e-5
"""Relative gap at which HiGHS may stop."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """One cell: value at ascending money, straight in between.

    Attributes
    ----------
    money, value
        Breakpoints, shape (point,).
    may_be_off
        Whether 0 money at value 0 is allowed as well.
    lot
        Only whole multiples of it are allowed; 0 where any money is.
    """

    money: Floats
    value: Floats
    may_be_off: bool = False
    lot: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """An optimum of a program.

    Attributes
    ----------
    money
        Of each cell, shape (cell,).
    bound
        No plan is worth more on these pieces.
    price
        Worth of the next unit of budget; nan from a mixed-integer program.
    cell_price
        Worth of a unit of money taken from a cell, groups included, shape (cell,).
    """

    money: Floats
    bound: float
    price: float
    cell_price: Floats


def hull(pieces: Pieces) -> Pieces:
    """The least concave curve above the pieces, being off included: what a linear program may use."""
    x, y = pieces.money, pieces.value
    if pieces.may_be_off and x[0] > 0:
        x, y = np.append(0.0, x), np.append(0.0, y)
    elif pieces.may_be_off:
        y = np.append(max(y[0], 0.0), y[1:])
    keep: list[int] = []
    for k in range(x.size):
        while len(keep) > 1:
            i, j = keep[-2:]
            if (y[j] - y[i]) * (x[k] - x[i]) > (y[k] - y[i]) * (x[j] - x[i]):
                break
            keep.pop()
        keep.append(k)
    return Pieces(x[keep], y[keep])


def simplify(pieces: Pieces, tolerance: Floats) -> Pieces:
    """Pieces nowhere below these, with as few breakpoints as rises of at most `tolerance` allow.

    Parameters
    ----------
    tolerance
        How far the value may rise at each breakpoint, shape (point,).
    """
    x, y = pieces.money, pieces.value
    keep = [0]
    while keep[-1] < x.size - 1:
        at = keep[-1]
        reach = at + 1
        for to in range(at + 2, x.size):
            inner = slice(at + 1, to)
            rise = y[at] + (y[to] - y[at]) / (x[to] - x[at]) * (x[inner] - x[at]) - y[inner]
            if (rise < 0).any() or (rise > tolerance[inner]).any():
                break
            reach = to
        keep.append(reach)
    return Pieces(x[keep], y[keep], pieces.may_be_off, pieces.lot)


class _Program:
    """Columns and rows as they are added; money of a cell is a linear form of its columns."""

    def __init__(self) -> None:
        self.worth: list[float] = []
        self.most: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[list[int], list[float], float, float]] = []

    def column(self, worth: float, most: float, *, whole: bool = False) -> int:
        """Add a column from 0 to `most`."""
        self.worth.append(worth)
        self.most.append(most)
        self.whole.append(int(whole))
        return len(self.worth) - 1

    def row(self, columns: list[int], factors: list[float], low: float, high: float) -> None:
        """Add a row between two amounts."""
        self.rows.append((columns, factors, low, high))

    def matrix(self) -> tuple[csr_array, Floats, Floats]:
        """All rows, and their limits."""
        place = np.repeat(np.arange(len(self.rows)), [len(row[0]) for row in self.rows])
        columns = np.concatenate([row[0] for row in self.rows]).astype(np.int64)
        factors = np.concatenate([row[1] for row in self.rows])
        shape = (len(self.rows), len(self.worth))
        low, high = (np.array([row[side] for row in self.rows]) for side in (2, 3))
        return csr_array((factors, (place, columns)), shape=shape), low, high


def best_linear(
    cells: Sequence[Pieces],
    budget: float,
    groups: Sequence[Group],
    *,
    spend_all: bool,
    scale: float,
) -> Found | None:
    """Best plan on the concave hulls of the pieces, with its prices; None where no plan exists.

    It is the Lagrangian dual of the problem on the pieces: its bound holds for these too.
    """
    unit = _unit(budget, cells)
    hulls = [hull(pieces) for pieces in cells]
    worth = np.concatenate([np.diff(pieces.value) / np.diff(pieces.money) for pieces in hulls]) * unit / scale
    most = np.concatenate([np.diff(pieces.money) for pieces in hulls]) / unit
    owner = np.repeat(np.arange(len(hulls)), [pieces.money.size - 1 for pieces in hulls])
    base = np.array([pieces.money[0] for pieces in hulls])
    ground = sum(float(pieces.value[0]) for pieces in hulls)
    member = np.ones((1 + len(groups), len(hulls)))
    for k, group in enumerate(groups, start=1):
        member[k] = np.isin(np.arange(len(hulls)), group.members)
    low = np.array([budget if spend_all else -np.inf, *(group.lower for group in groups)])
    high = np.array([budget, *(group.upper for group in groups)])
    low, high = (side - member @ base for side in (low, high))
    if not worth.size:
        slack = TOLERANCE * unit
        fits = (low <= slack).all() and (high >= -slack).all()
        return Found(base, ground, np.nan, np.zeros(len(hulls))) if fits else None
    rows = member[:, owner]
    equal = np.isfinite(low) & (high - low <= 1e-12 * unit)
    above, below = np.isfinite(high) & ~equal, np.isfinite(low) & ~equal
    answer = linprog(
        -worth,
        A_ub=np.concatenate([rows[above], -rows[below]]),
        b_ub=np.concatenate([high[above], -low[below]]) / unit,
        A_eq=rows[equal],
        b_eq=high[equal] / unit,
        bounds=[(0.0, width) for width in most.tolist()],
        method="highs",
    )
    if answer.x is None or answer.status != 0:
        return None
    prices = np.zeros(len(low))
    prices[equal] = -answer.eqlin.marginals
    prices[above] -= answer.ineqlin.marginals[: above.sum()]
    prices[below] += answer.ineqlin.marginals[above.sum() :]
    prices *= scale / unit
    money = base + unit * np.bincount(owner, answer.x, minlength=len(hulls))
    bound = ground + scale * (TOLERANCE - float(answer.fun or 0.0))
    return Found(money, bound, float(prices[0]), prices @ member)


def best_mixed(
    cells: Sequence[Pieces],
    budget: float,
    groups: Sequence[Group],
    *,
    spend_all: bool,
    scale: float,
    seconds: float,
) -> Found | None:
    """Best plan on the pieces themselves, with HiGHS's bound; None where none exists or none was found in time.

    Parameters
    ----------
    seconds
        Time after which HiGHS stops with the best plan and bound it has.
    """
    unit = _unit(budget, cells)
    program = _Program()
    ground = 0.0
    forms = []
    for pieces in cells:
        form, base, value = _cell_columns(program, pieces, unit, scale)
        forms.append((form, base))
        ground += value
    limits = [Group("", tuple(range(len(cells))), budget if spend_all else -np.inf, budget), *groups]
    for group in limits:
        columns = [c for i in group.members for c in forms[i][0]]
        factors = [f for i in group.members for f in forms[i][0].values()]
        base = sum(forms[i][1] for i in group.members)
        program.row(columns, factors, group.lower / unit - base, group.upper / unit - base)
    matrix, low, high = program.matrix()
    answer = milp(
        -np.array(program.worth),
        integrality=np.array(program.whole),
        bounds=Bounds(0.0, np.array(program.most)),
        constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": seconds, "mip_rel_gap": FINE},
    )
    if answer.x is None:
        return None
    money = np.array([base + sum(f * answer.x[c] for c, f in form.items()) for form, base in forms]) * unit
    best = answer.fun if answer.mip_dual_bound is None else min(answer.fun, answer.mip_dual_bound)
    return Found(money, ground + scale * (TOLERANCE - best), np.nan, np.zeros(len(cells)))


def _unit(budget: float, cells: Sequence[Pieces]) -> float:
    """The money that counts as one."""
    return max(budget, max(float(pieces.money[-1]) for pieces in cells) * 1e-3, np.finfo(float).tiny)


def _cell_columns(
    program: _Program, pieces: Pieces, unit: float, scale: float
) -> tuple[dict[int, float], float, float]:
    """Columns of one cell: its money as a linear form of them, and money and value when all are 0."""
    x, y = pieces.money / unit, pieces.value / scale
    widths = np.diff(x)
    slopes = np.diff(y) / widths
    form: dict[int, float] = {}
    switch = None
    if pieces.may_be_off:
        switch = program.column(float(y[0]), 1.0, whole=True)
        form[switch] = float(x[0])
    segments = [program.column(float(s), float(w)) for s, w in zip(slopes, widths, strict=True)]
    form |= dict.fromkeys(segments, 1.0)
    if switch is not None:
        for column, width in zip(segments, widths.tolist(), strict=True):
            program.row([column, switch], [1.0, -width], -np.inf, 0.0)
    kinks = np.flatnonzero(np.diff(slopes) > 1e-12 * np.abs(slopes).max(initial=0.0)) + 1
    runs = np.split(np.arange(len(segments)), kinks)
    for before, after in pairwise(runs):
        gate = program.column(0.0, 1.0, whole=True)
        full, room = float(widths[before].sum()), float(widths[after].sum())
        program.row([*(segments[k] for k in before), gate], [1.0] * len(before) + [-full], 0.0, np.inf)
        program.row([*(segments[k] for k in after), gate], [1.0] * len(after) + [-room], -np.inf, 0.0)
    base = 0.0 if pieces.may_be_off else float(x[0])
    if pieces.lot > 0:
        count = program.column(0.0, float(np.round(pieces.money[-1] / pieces.lot)), whole=True)
        program.row([*form, count], [*form.values(), -pieces.lot / unit], -base, -base)
    return form, base, 0.0 if pieces.may_be_off else float(pieces.value[0])
