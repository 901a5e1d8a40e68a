"""Every limit of a plan in money by cell and week; which of them give way, and the smallest mend of a clash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from mmm.data.panel import Floats
from mmm.errors import Infeasible
from mmm.planning import sentences
from mmm.planning.bounds import CENT, CellBounds
from mmm.planning.flighting_faults import blackout_cells
from mmm.planning.flighting_projection import Limits
from mmm.planning.names import cells_of
from mmm.planning.problem import Group
from mmm.planning.settings import Flighting, PlanSettings
from mmm.planning.window import PlanWindow

USER = {"bound", "fixed"}
"""Who says of a cell's limits what does not give way."""

EASE = 1.5
"""How far a default gives way, as a multiple of the least that leaves a plan: the least leaves nothing to plan."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """The days of a window's weeks to come.

    Attributes
    ----------
    share
        Share of each week's days inside the window, shape (week,).
    open
        Share of each week's days on which a cell may spend, shape (cell, week).
    months
        Months of the window.
    part
        Share of a week's days inside the window that lie in each month, all weeks of the window, shape (month, period).
    """

    share: Floats
    open: Floats
    months: tuple[str, ...]
    part: Floats


@dataclass(frozen=True, slots=True)
class _Key:
    """What would have to give way for a row to be met: in words, and what a unit of it counts."""

    words: str
    is_default: bool = False
    counts: float = 1.0


@dataclass(frozen=True, slots=True)
class _Row:
    """One sum of money and what it lies between; `name` is that of a group."""

    columns: NDArray[np.int64]
    factors: Floats
    low: float
    high: float
    below: _Key | None = None  # gives way where the sum is too small
    above: _Key | None = None  # gives way where it is too large
    name: str = ""
    part: float = 1.0  # of what gives way that counts here


@dataclass(frozen=True, slots=True)
class WeekLimits:
    """The limits of all weeks.

    Attributes
    ----------
    limits
        In money, what is spent already left out.
    names
        Of each row: "total", a group's name, or "".
    gave_way
        Default limits that gave way, one sentence each.
    tests
        Share of the reserve in each period of the window, shape (period,).
    """

    limits: Limits
    names: tuple[str, ...]
    gave_way: tuple[str, ...]
    tests: Floats = field(repr=False)


def weeks_of(window: PlanWindow, settings: Flighting) -> Weeks:
    """The days of the weeks to come: inside the window, outside blackouts, and by month."""
    days = window.dates[:, None] + np.arange(7)
    inside = (days >= window.start) & (days <= window.end)
    spans = [
        (
            blackout_cells(entry, window.cells),
            (days >= np.datetime64(entry.start)) & (days <= np.datetime64(entry.end)),
        )
        for entry in settings.blackout
    ]
    free = np.repeat(inside[None], len(window.cells), axis=0)
    for cells, dark in spans:
        free[cells] &= ~dark
    months = np.unique(days[inside].astype("datetime64[M]"))
    part = np.stack([(inside & (days.astype("datetime64[M]") == month)).sum(axis=1) for month in months])
    return Weeks(
        window.share[window.past :],
        free[:, window.past :].mean(axis=2),
        tuple(str(month) for month in months),
        part / inside.sum(axis=1),
    )


def week_limits(
    window: PlanWindow,
    settings: PlanSettings,
    bounds: CellBounds,
    groups: Sequence[Group],
    core: float,
) -> WeekLimits:
    """Every limit in money by cell and week.

    Parameters
    ----------
    bounds, groups
        Limits of the whole window; what is spent already counts towards them.
    core
        Money of the whole window without the reserve.

    Raises
    ------
    Infeasible
        When the user's own limits leave no plan; says the smallest change that mends it.
    """
    asked = settings.flighting or Flighting()
    weeks = weeks_of(window, asked)
    months = _month_money(window, asked, weeks, settings, core)
    rows = [
        *_totals(window, settings, bounds, groups, core),
        *_committed(window, settings, bounds),
        *_caps(window, asked, weeks),
        *_ramps(window, asked, weeks),
        *_monthly(window, settings, weeks, months),
    ]
    upper = np.where(weeks.open > 0, max(core - float(window.spent.sum()), 0.0), 0.0)
    rows, gave_way = _give_way(rows, upper, core)
    daily = np.array([asked.monthly.get(month, 1.0) for month in weeks.months])
    daily = (
        daily / np.maximum(weeks.part @ window.share, 1e-12)
        if len(asked.monthly) == len(daily)
        else np.ones_like(daily)
    )
    tests = window.share * (daily @ weeks.part)
    tests[: window.past] = 0.0
    return WeekLimits(*_as_limits(rows, upper), gave_way, tests / tests.sum() if tests.any() else tests)


def _flat(window: PlanWindow, cells: Sequence[int], weeks: Sequence[int]) -> NDArray[np.int64]:
    """Positions of cells in weeks."""
    ahead = len(window.dates) - window.past
    return np.add.outer(np.asarray(cells, dtype=np.int64) * ahead, np.asarray(weeks, dtype=np.int64)).ravel()


def _totals(
    window: PlanWindow, settings: PlanSettings, bounds: CellBounds, groups: Sequence[Group], core: float
) -> Iterator[_Row]:
    """The budget, each cell and each group."""
    spent, cells = window.spent, range(len(window.cells))
    every = range(len(window.dates) - window.past)

    def row(
        members: Sequence[int],
        low: float,
        high: float,
        below: _Key,
        above: _Key | None = None,
        name: str = "",
    ) -> _Row:
        columns = _flat(window, members, every)
        already = float(spent[list(members)].sum())
        return _Row(columns, np.ones(columns.size), low - already, high - already, below, above, name)

    all_of_it = settings.spend == "all"
    unspent = _Key("leave {} unspent (`plan.spend: at_most`, or a lower `plan.budget`)", counts=2.0)
    yield row(cells, core if all_of_it else -np.inf, core, unspent, name="total")
    for i in cells:
        name, low_by, high_by = window.cells[i].name, bounds.lower_by[i], bounds.upper_by[i]
        below = _Key(f"lower the least money of {name} by {{}}", low_by not in USER)
        above = _Key(f"raise the most money of {name} by {{}}", high_by not in USER)
        yield row([i], float(bounds.lower[i]), float(bounds.upper[i]), below, above)
    for group in groups:
        below = _Key(f"lower the min of group {group.name} by {{}}")
        above = _Key(f"raise the max of group {group.name} by {{}}")
        yield row(group.members, group.lower, group.upper, below, above, name=group.name)


def _committed(window: PlanWindow, settings: PlanSettings, bounds: CellBounds) -> Iterator[_Row]:
    """Money committed to days keeps the weeks it is committed to."""
    dated = {i for entry in settings.fixed if entry.start or entry.end for i in cells_of(entry, window.cells)}
    ahead = window.pattern[window.past :].sum(axis=1)
    for i in sorted(dated):
        key = _Key(f"take {{}} of the committed money of {window.cells[i].name} out of weeks without room")
        for week, money in enumerate((bounds.lower[i] - window.spent[i]) * ahead[:, i]):
            yield _Row(_flat(window, [i], [week]), np.ones(1), float(money), float(money), key, key)


def _caps(window: PlanWindow, asked: Flighting, weeks: Weeks) -> Iterator[_Row]:
    """Most money in a week, of all cells or of a channel; a cut week counts by its days."""
    if asked.weekly_cap is None:
        return
    cells = range(len(window.cells))
    caps = asked.weekly_cap if isinstance(asked.weekly_cap, dict) else {"": asked.weekly_cap}
    for channel, cap in caps.items():
        members = [i for i in cells if channel in ("", window.cells[i].channel)]
        what = f"the weekly cap of {channel}" if channel else "the weekly cap"
        key = _Key(f"raise {what} by {{}}", counts=float(weeks.share.sum()))
        for week, share in enumerate(weeks.share):
            columns = _flat(window, members, [week])
            # weeks are written in whole cents, each cell's rounded by itself
            most = max(cap * share - 0.01 * len(members), 0.0)
            yield _Row(columns, np.ones(columns.size), -np.inf, most, None, key, part=float(share))


def _ramps(window: PlanWindow, asked: Flighting, weeks: Weeks) -> Iterator[_Row]:
    """Change of a cell's money a day from a week to the next; not into or out of a blackout."""
    if asked.ramp is None:
        return
    committed = ~np.isnan(window.fixed)
    for i in np.flatnonzero(~committed):
        for week in range(len(weeks.share) - 1):
            here, there = weeks.open[i, week], weeks.open[i, week + 1]
            if here <= 0 or there <= 0:
                continue
            columns = _flat(window, [int(i)], [week, week + 1])
            yield _Row(columns, np.array([-(1 + asked.ramp) / here, 1 / there]), -np.inf, 0.0)
            if asked.ramp < 1:
                yield _Row(columns, np.array([(1 - asked.ramp) / here, -1 / there]), -np.inf, 0.0)


def _month_money(
    window: PlanWindow, asked: Flighting, weeks: Weeks, settings: PlanSettings, core: float
) -> dict[str, float]:
    """Money still to be placed in each month that has a budget; its part of the reserve is left out.

    Months that together are the whole rest of the window come to what is free, each in proportion.
    """
    if not asked.monthly or not settings.budget:
        return {}
    past = np.zeros(len(window.dates)) if window.begun is None else window.begun.money.sum(axis=(1, 2))
    left = {}
    for month, part in zip(weeks.months, weeks.part, strict=True):
        if month in asked.monthly and part[window.past :].any():
            left[month] = max(asked.monthly[month] * core / settings.budget - float(past @ part), 0.0)
    free = core - float(window.spent.sum())
    whole = all(
        m in asked.monthly
        for m, part in zip(weeks.months, weeks.part, strict=True)
        if part[window.past :].any()
    )
    total = sum(left.values())
    if whole and total > 0:
        left = {month: money * free / total for month, money in left.items()}
    return left


def _monthly(
    window: PlanWindow, settings: PlanSettings, weeks: Weeks, months: dict[str, float]
) -> Iterator[_Row]:
    """Money of each month; a week in two months counts by its days."""
    cells = range(len(window.cells))
    for month, money in months.items():
        part = weeks.part[weeks.months.index(month)][window.past :]
        touched = np.flatnonzero(part)
        columns = _flat(window, cells, touched.tolist())
        key = _Key(f"lower the budget of {month} by {{}}")
        more = _Key(f"raise the budget of {month} by {{}}")
        low = money if settings.spend == "all" else -np.inf
        yield _Row(columns, np.tile(part[touched], len(cells)), low, money, key, more)


def _matrix(rows: Sequence[_Row], width: int) -> sparse.csr_array:
    """The rows as a matrix."""
    starts = np.concatenate([[0], np.cumsum([row.columns.size for row in rows])])
    columns = np.concatenate([row.columns for row in rows])
    factors = np.concatenate([row.factors for row in rows])
    return sparse.csr_array((factors, columns, starts), shape=(len(rows), width))


def _give_way(rows: list[_Row], upper: Floats, core: float) -> tuple[list[_Row], tuple[str, ...]]:
    """The rows with as little of the defaults given way as leaves a plan, and that in words.

    Raises
    ------
    Infeasible
        When the others leave none.
    """
    near = max(CENT, 1e-9 * core)
    slack = _least_slack(rows, upper, defaults_only=True)
    if slack is not None:
        loose = []
        for row in rows:
            given = (slack.get(key, 0.0) if key else 0.0 for key in (row.below, row.above))
            below, above = (EASE * money for money in given)
            loose.append(replace(row, low=row.low - below, high=row.high + above))
        said = [
            sentences.gave_way_to_weeks(key.words, EASE * money)
            for key, money in slack.items()
            if money > near
        ]
        return loose, tuple(said)
    mend = _least_slack(rows, upper, defaults_only=False)
    if mend is None:
        raise Infeasible(sentences.weeks_clash([]))
    parts = [
        key.words.format(sentences.money(money))
        for key, money in mend.items()
        if money > near and not key.is_default
    ]
    raise Infeasible(sentences.weeks_clash(parts))


def _least_slack(rows: Sequence[_Row], upper: Floats, *, defaults_only: bool) -> dict[_Key, float] | None:
    """The least money by which limits must give way for a plan to exist; None where those that may do not suffice."""
    keys = list(dict.fromkeys(key for row in rows for key in (row.below, row.above) if key is not None))
    keys = [key for key in keys if key.is_default or not defaults_only]
    place = {key: k for k, key in enumerate(keys)}
    n = upper.size
    matrix = _matrix(rows, n)
    parts, ends = [], []
    for sign, side in ((1.0, "high"), (-1.0, "low")):
        limit = np.array([sign * getattr(row, side) for row in rows])
        wanted = np.flatnonzero(np.isfinite(limit))
        slack = sparse.lil_array((len(wanted), len(keys)))
        for line, r in enumerate(wanted.tolist()):
            key = rows[r].above if side == "high" else rows[r].below
            if key in place:
                slack[line, place[key]] = -rows[r].part
        parts.append(sparse.hstack([sign * matrix[wanted], slack.tocsr()]))
        ends.append(limit[wanted])
    # a default gives way before anything the user said
    price = [(1.0 if defaults_only else 1e-3 if key.is_default else 1.0) * key.counts for key in keys]
    unit = max(float(upper.max(initial=0.0)), 1.0)
    answer = linprog(  # type: ignore[call-overload]  # it takes sparse rows; its stubs do not say so
        np.concatenate([np.zeros(n), price]),
        A_ub=sparse.vstack(parts).tocsr(),
        b_ub=np.concatenate(ends) / unit,
        bounds=[(0.0, most) for most in upper.ravel() / unit] + [(0.0, None)] * len(keys),
        method="highs",
    )
    if answer.x is None:
        return None
    return {key: float(money) * unit for key, money in zip(keys, answer.x[n:], strict=True)}


def _as_limits(rows: Sequence[_Row], upper: Floats) -> tuple[Limits, tuple[str, ...]]:
    """The rows as arrays; what a row says of a single week stands in its most money, and idle rows are left out."""
    most = upper.copy().ravel()
    kept = []
    for row in rows:
        if (row.factors > 0).all() and np.isfinite(row.high):
            most[row.columns] = np.minimum(most[row.columns], max(row.high, 0.0) / row.factors)
        alone = row.columns.size == 1 and row.low <= 0
        idle = row.low <= 0 and row.high >= float(row.factors.clip(0) @ upper.ravel()[row.columns])
        if row.name or not (alone or idle):
            kept.append(row)
    low, high = (np.array([getattr(row, side) for row in kept]) for side in ("low", "high"))
    limits = Limits(most.reshape(upper.shape), _matrix(kept, upper.size), low, np.maximum(high, low))
    return limits, tuple(row.name for row in kept)
