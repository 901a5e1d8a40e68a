"""The best plan under groups, switches and packages: programs on tables of the curves, refined where it matters.

Each round solves a program on upper bounds of the curves, straight between the points of their tables. Its
optimum is a bound that no plan exceeds; the plan it stands for is moved to exact money and offered; the tables
are refined where the optimum lies. First it is a linear program on concave hulls, which is the Lagrangian dual
of the problem. What it leaves open, curves that are not concave and cells that are on or off, goes to a
mixed-integer program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.planning.problem import Group, GroupState, Problem
from mmm.planning.solver_bounds import CLOSE
from mmm.planning.solver_linear import Found, Pieces, best_linear, best_mixed, simplify
from mmm.planning.solver_mend import refuse_clash
from mmm.response.table import CellTable, Curves, refine, tabulate

Floats = NDArray[np.float64]

FIRST_POINTS = 17
"""Points of each curve before anything is refined."""

LINEAR_ROUNDS = 25
MIXED_ROUNDS = 12

SPLIT = 6
"""Parts an interval of a table is split into at most, in one round."""

SECONDS = 10.0
"""Time one mixed-integer program may take; it then stops with the bound it has."""

WINDOW = 2
"""Points on either side of a plan in which it is moved at a time."""

MOVES = 16
"""Times the last plan is moved at most."""

STILL = 1e-10
"""Share of the yardstick by which a plan must gain to be moved once more."""

FINE = 1e-4
"""Share of the budget between points around a plan before it may come to rest: wider ones may show no gain."""

NARROW = 1e-5
"""Share of the budget below which an interval is not split: HiGHS takes smaller numbers for zero."""

NUDGE = 1e-3
"""Share of the budget over which prices are difference quotients."""


class StructuredSearch:
    """The state of one search: tables, the best plan so far, the lowest bound so far."""

    def __init__(self, curves: Curves, problem: Problem) -> None:
        names = [cell.name for cell in curves.cells]
        reach = np.minimum(problem.upper, np.maximum(problem.budget, problem.lower))
        self.curves, self.problem = curves, replace(problem, upper=reach)
        self.domains = problem.domains()
        refuse_clash(self.problem, self.domains, names)
        self.cells = range(reach.size)
        self.tables = [self._first_table(i) for i in self.cells]
        self.spend, self.objective, self.bound = problem.lower, -np.inf, np.inf
        self.cell_price: Floats = np.zeros(reach.size)
        self.dual = np.inf
        self.known: dict[tuple[int, float], float] = {}
        self.method = "linear program"

    def _first_table(self, cell: int) -> CellTable:
        """Points over the range of the cell when it is on: every package, or evenly."""
        domain = self.domains[cell]
        if not domain.can_be_on:
            return tabulate(self.curves, cell, np.zeros(1))
        if domain.lot > 0:
            first, last = round(domain.low / domain.lot), round(domain.high / domain.lot)
            points = domain.lot * np.arange(first, last + 1, dtype=np.float64)
        else:
            points = np.unique(np.linspace(domain.low, domain.high, FIRST_POINTS))
        return tabulate(self.curves, cell, points)

    def yardstick(self) -> float:
        """Money the gap is measured against: the bound's gross margin, at least 1 % of the budget."""
        if np.isfinite(self.bound):
            gross = self.bound + self.problem.cost * float(self.spend.sum())
        else:
            gross = self.problem.worth * sum(float(table.value[-1]) for table in self.tables)
        return max(gross, 0.01 * self.problem.budget, np.finfo(float).tiny)

    def value(self, spend: Floats) -> float:
        """Exact mean objective of a plan."""
        problem = self.problem
        brought = sum(self._brought(i, float(spend[i])) for i in self.cells)
        return problem.worth * brought - problem.cost * float(spend.sum()) - problem.switch_costs(spend)

    def _brought(self, cell: int, money: float) -> float:
        """Mean response of a cell, evaluated only if that was never done."""
        self._learn(cell, np.array([money]))
        return self.known[cell, money]

    def _learn(self, cell: int, points: Floats) -> None:
        """Evaluate a cell where that was never done, all at once."""
        fresh = np.array([x for x in points.tolist() if (cell, x) not in self.known])
        if fresh.size:
            values = tabulate(self.curves, cell, fresh).value
            self.known |= {(cell, x): v for x, v in zip(fresh.tolist(), values.tolist(), strict=True)}

    def fits(self, spend: Floats) -> bool:
        """Whether a plan meets every limit."""
        problem, close = self.problem, CLOSE * self.problem.budget
        over = float(spend.sum()) - problem.budget
        if over > close or (problem.spend_all and over < -close):
            return False
        if any(abs(self.domains[i].nearest(float(spend[i])) - spend[i]) > close for i in self.cells):
            return False
        totals = ((float(spend[list(g.members)].sum()), g) for g in problem.groups)
        return all(group.lower - close <= total <= group.upper + close for total, group in totals)

    def offer(self, spend: Floats) -> bool:
        """Take a plan if it fits and is the best so far."""
        if not self.fits(spend):
            return False
        objective = self.value(spend)
        if objective <= self.objective:
            return False
        self.spend, self.objective = spend, objective
        return True

    def run(self, target_gap: float) -> None:
        """Refine until the gap is closed, or nothing is left to refine."""
        self.offer(np.array([d.nearest(x) for d, x in zip(self.domains, self.problem.start, strict=True)]))
        for mixed in (False, True):
            for _ in range(MIXED_ROUNDS if mixed else LINEAR_ROUNDS):
                seen = [table.points.size for table in self.tables]
                found = self._solve(mixed=mixed, allowed=target_gap * self.yardstick())
                if found is None:
                    break
                self.bound = min(self.bound, found.bound)
                self._propose(found.money)
                allowed = target_gap * self.yardstick()
                if self.bound - self.objective <= allowed:
                    break
                self._refine(found.money, allowed)
                if seen == [table.points.size for table in self.tables]:
                    break
            if self.bound - self.objective <= target_gap * self.yardstick():
                break
        self._move(self.spend, MOVES)

    def _solve(self, *, mixed: bool, allowed: float) -> Found | None:
        """The optimum on upper bounds of the curves."""
        problem = self.problem
        pieces = [self._above(i) for i in self.cells]
        spend_all, scale = problem.spend_all, self.yardstick()
        if not mixed:
            found = best_linear(pieces, problem.budget, problem.groups, spend_all=spend_all, scale=scale)
            if found is not None:
                self.cell_price, self.dual = found.cell_price, found.bound
            return found
        self.method = "mixed-integer program"
        pieces = [self._simpler(i, cell, allowed) for i, cell in enumerate(pieces)]
        return best_mixed(
            pieces, problem.budget, problem.groups, seconds=SECONDS, spend_all=spend_all, scale=scale
        )

    def _above(self, cell: int) -> Pieces:
        """Upper bound of a cell's value, straight between the points of its table."""
        table, domain, problem = self.tables[cell], self.domains[cell], self.problem
        value = problem.worth * table.value - problem.cost * table.points - domain.cost
        if not domain.can_be_on:
            return Pieces(np.zeros(1), np.zeros(1))
        if domain.lot == 0 and table.excess.size:
            ends = np.concatenate([table.excess[:1], table.excess, table.excess[-1:]])
            value = value + problem.worth * np.maximum(ends[:-1], ends[1:])
        return Pieces(table.points, value, domain.may_be_off, domain.lot)

    def _simpler(self, cell: int, pieces: Pieces, allowed: float) -> Pieces:
        """The pieces with fewer points where, at the prices of the linear program, no good plan lies."""
        if pieces.lot > 0:
            return pieces
        net = pieces.value - self.cell_price[cell] * pieces.money
        best = max(float(net.max()), 0.0 if pieces.may_be_off else -np.inf)
        slack = self.dual - self.objective
        return simplify(pieces, np.maximum(allowed / (4 * len(self.tables)), 0.5 * (best - net - slack)))

    def _refine(self, money: Floats, allowed: float) -> None:
        """Split the intervals around the optimum whose bound is too loose."""
        fair = allowed / (4 * len(self.tables))
        for i in self.cells:
            table = self.tables[i]
            if not table.excess.size or self.domains[i].lot > 0:
                continue
            reach = 1e-6 * self.problem.budget
            first = np.searchsorted(table.points, money[i] - reach, side="left") - 1
            last = np.searchsorted(table.points, money[i] + reach, side="right")
            extra: list[NDArray] = []
            # a convex curve lies below its chord: there the amount itself must become a point
            if np.abs(table.points - money[i]).min() > NARROW * self.problem.budget:
                extra.append(np.clip(money[i : i + 1], table.points[0], table.points[-1]))
            for j in range(max(first - 1, 0), min(last + 1, table.excess.size)):
                over = self.problem.worth * table.excess[j] / fair
                left, right = table.points[j], table.points[j + 1]
                if over > 1 and right - left > NARROW * self.problem.budget:
                    parts = int(min(np.ceil(np.sqrt(over)), SPLIT))
                    extra.append(np.linspace(left, right, parts + 1)[1:-1])
            if extra:
                self.tables[i] = refine(self.curves, i, table, np.concatenate(extra))

    def _propose(self, money: Floats) -> None:
        """Offer the plan an optimum stands for, moved to exact money."""
        near = np.array([d.nearest(x) for d, x in zip(self.domains, money, strict=True)])
        self._move(near, 2)

    def _move(self, plan: Floats, times: int) -> None:
        """Move a plan to where the next unit is worth the same, cells that are off and packages held.

        Each time a linear program on points around the plan places the money; a cell that stays inside gets
        a narrower window. The first time, where the plan does not fit yet, the windows are the whole ranges.
        """
        widths = np.array([self._spacing(i, plan[i]) for i in self.cells])
        if not self.fits(plan):
            found = self._place(plan, None, self.problem)
            if found is None:
                return
            plan = found.money
            widths = np.array([self._spacing(i, plan[i]) for i in self.cells])
        self.offer(plan)
        for _ in range(times):
            found = self._place(plan, widths, self.problem)
            if found is None:
                return
            moved = np.abs(found.money - plan)
            plan = found.money
            before = self.objective
            self.offer(plan)
            inside = moved <= 1.5 * widths
            close = (widths <= FINE * self.problem.budget).all()
            if close and inside.all() and self.objective - before <= STILL * self.yardstick():
                return
            widths = np.where(inside, widths / 4, widths)

    def _spacing(self, cell: int, money: float) -> float:
        """Distance of the points of a table around an amount."""
        points = self.tables[cell].points
        if points.size < 2:
            return 0.0
        j = int(np.clip(np.searchsorted(points, money) - 1, 0, points.size - 2))
        return float(points[j + 1] - points[j]) / WINDOW

    def _place(self, plan: Floats, widths: Floats | None, problem: Problem) -> Found | None:
        """The best plan near another, on straight lines between points around it."""
        pieces = []
        for i, money in enumerate(plan.tolist()):
            domain = self.domains[i]
            held = domain.lot > 0 or (domain.may_be_off and money == 0.0) or domain.high <= domain.low
            if held or (widths is not None and widths[i] <= 0):
                pieces.append(Pieces(np.array([money]), np.array([self._net(i, money)])))
                continue
            points = self.tables[i].points
            if widths is not None:
                near = money + widths[i] * np.arange(-WINDOW, WINDOW + 1)
                points = np.unique(np.clip(near, domain.low, domain.high))
            self._learn(i, points)
            pieces.append(Pieces(points, np.array([self._net(i, x) for x in points.tolist()])))
        spend_all, scale = problem.spend_all, self.yardstick()
        found = best_linear(pieces, problem.budget, problem.groups, spend_all=spend_all, scale=scale)
        return None if found is None else replace(found, money=self._exact(found.money, pieces, problem))

    def _net(self, cell: int, money: float) -> float:
        return self.problem.worth * self._brought(cell, money) - self.problem.cost * money

    def _exact(self, money: Floats, pieces: list[Pieces], problem: Problem) -> Floats:
        """Money that adds up exactly: amounts at breakpoints are met, and cells between them take what is left.

        The tolerances of a linear program leave a millionth of the budget open.
        """
        close = 1e-6 * problem.budget
        exact = money.copy()
        for i, cell in enumerate(pieces):
            k = int(np.abs(cell.money - money[i]).argmin())
            if cell.money.size == 1 or abs(cell.money[k] - money[i]) <= close:
                exact[i] = cell.money[k]
        can_move = np.array([cell.money.size > 1 for cell in pieces])
        free = np.flatnonzero((exact == money) & can_move)
        least = problem.budget if problem.spend_all else -np.inf
        rows, missing = [], []
        for group in (Group("", tuple(self.cells), least, problem.budget), *problem.groups):
            total = float(money[list(group.members)].sum())
            side = next((s for s in (group.lower, group.upper) if abs(total - s) <= close), None)
            if side is not None:
                rows.append(np.isin(free, group.members).astype(np.float64))
                missing.append(side - float(exact[list(group.members)].sum()))
        if rows and free.size:
            exact[free] += np.linalg.lstsq(np.array(rows), np.array(missing), rcond=None)[0]
        return np.maximum(exact, 0.0)

    def prices(self) -> tuple[tuple[float, float], tuple[GroupState, ...]]:
        """Prices of the budget (left, right) and of each group, cells that are off and packages held."""
        problem, step = self.problem, NUDGE * self.problem.budget
        less, more = (self._with(replace(problem, budget=problem.budget + s)) for s in (-step, step))
        left = (self.objective - less) / step if np.isfinite(less) else np.nan
        right = (more - self.objective) / step if np.isfinite(more) else np.nan
        if not problem.spend_all:
            left, right = max(left, 0.0), 0.0 if np.isnan(right) else max(right, 0.0)
        return (float(left), float(right)), tuple(self._state(k) for k in range(len(problem.groups)))

    def binding(self, states: Sequence[GroupState]) -> tuple[str, ...]:
        """What holds each cell: its own bound, a group whose limit costs something, or nothing."""
        problem, close = self.problem, CLOSE * self.problem.budget
        held = {i for g, s in zip(problem.groups, states, strict=True) if s.price > 0 for i in g.members}
        return tuple(
            "lower"
            if self.spend[i] <= problem.lower[i] + close
            else "upper"
            if self.spend[i] >= problem.upper[i] - close
            else "group"
            if i in held
            else ""
            for i in self.cells
        )

    def _state(self, number: int) -> GroupState:
        """Where one group stands, and what a little more room would bring."""
        problem, step = self.problem, NUDGE * self.problem.budget
        group = problem.groups[number]
        total = float(self.spend[list(group.members)].sum())
        close = 1e-6 * problem.budget
        side = "upper" if total >= group.upper - close else "lower" if total <= group.lower + close else ""
        if not side or (side == "lower" and group.lower <= 0):
            return GroupState(group.name, total, group.lower, group.upper, "", 0.0)
        wider = (
            replace(group, upper=group.upper + step)
            if side == "upper"
            else replace(group, lower=group.lower - step)
        )
        groups = (*problem.groups[:number], wider, *problem.groups[number + 1 :])
        price = (self._with(replace(problem, groups=groups)) - self.objective) / step
        return GroupState(group.name, total, group.lower, group.upper, side, max(price, 0.0))

    def _with(self, problem: Problem) -> float:
        """Best objective near the plan for slightly other limits; -inf where none fits."""
        widths = np.full(len(self.tables), 2 * NUDGE * problem.budget)
        found = self._place(self.spend, widths, problem)
        return -np.inf if found is None else self.value(found.money)
