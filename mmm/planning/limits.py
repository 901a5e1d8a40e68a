"""Limits that are more than a range: groups of cells, cells that are off or on, whole packages; and their cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from mmm.data.panel import Floats
from mmm.dims import Cell
from mmm.errors import ConfigError, InternalFault
from mmm.planning import sentences
from mmm.planning.asked import asked_of_wholes
from mmm.planning.money import in_cents, spread
from mmm.planning.names import cells_of, depth_of, group_cells
from mmm.planning.problem import Group, Problem, Switch
from mmm.planning.settings import PlanSettings


def groups_of(
    settings: PlanSettings, cells: Sequence[Cell], current: Floats, core: float
) -> tuple[Group, ...]:
    """The groups of the config over some core money, with their limits in money; then cells over all their geos.

    A share is one of the money that cells share, the reserve left out: shares of groups that together hold all
    cells may add up to 1. `1.2x` is a multiple of what the group has in the scaled reference.

    Parameters
    ----------
    current
        The reference scaled to the core money, shape (cell,).

    Raises
    ------
    ConfigError
        When the least money of a group is above its most.
    """
    groups = []
    for entry in settings.groups:
        members = group_cells(entry, cells)
        now = float(current[members].sum())
        least = [0.0] if entry.min is None else [entry.min.resolve(now)]
        most = [np.inf] if entry.max is None else [entry.max.resolve(now)]
        least += [] if entry.min_share is None else [entry.min_share * core]
        most += [] if entry.max_share is None else [entry.max_share * core]
        groups.append(Group(entry.name, tuple(members), max(least), min(most)))
    faults = [
        f"`plan.groups`: {group.name} has at least {sentences.money(group.lower)} and at most "
        f"{sentences.money(group.upper)}; lower the first or raise the second"
        for group in groups
        if group.lower > group.upper
    ]
    if faults:
        raise ConfigError(faults)
    wholes = asked_of_wholes(cells, settings, current)
    groups += [
        Group(whole.name, whole.members, whole.low or 0.0, np.inf if whole.high is None else whole.high)
        for whole in wholes
    ]
    return tuple(groups)


def beside_spent(groups: tuple[Group, ...], spent: Floats) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """The groups, none with less than its cells have spent already; and those that passed their limit, in words."""
    kept, said = [], []
    for group in groups:
        already = float(spent[list(group.members)].sum())
        if already > group.upper:
            said.append(sentences.gave_way_to_spent(group.name, group.upper, already))
        kept.append(replace(group, upper=max(group.upper, already)))
    return tuple(kept), tuple(said)


def switches_of(
    settings: PlanSettings, cells: Sequence[Cell], current: Floats, fixed: Floats, *, counts_cost: bool
) -> tuple[Switch | None, ...]:
    """How each cell can be bought; the entry that names more levels goes before, as for min and max.

    Parameters
    ----------
    current
        The reference scaled to the core money, shape (cell,).
    fixed
        Committed money, nan where free, shape (cell,); such a cell has no choice left.
    counts_cost
        Whether what is sought is profit: a cost paid once counts there only.
    """
    found: list[Switch | None] = [None] * len(cells)
    for entry in sorted(settings.bounds, key=depth_of):
        if entry.min_if_on is None and entry.lot is None and entry.cost_if_on is None:
            continue
        for i in cells_of(entry, cells):
            if np.isnan(fixed[i]):
                least = 0.0 if entry.min_if_on is None else entry.min_if_on.resolve(float(current[i]))
                cost = (entry.cost_if_on or 0.0) if counts_cost else 0.0
                found[i] = Switch(least, entry.lot or 0.0, cost)
    return tuple(found) if any(found) else ()


def in_whole_cents(spend: Floats, total: float, problem: Problem, spent: Floats) -> Floats:
    """The plan in whole cents that add up to `total` exactly and keep every group and package.

    Each cell is rounded to a cent beside its amount; which way, and in the rare case that this is not enough by
    how many more, is the smallest change that fits.

    Parameters
    ----------
    spend
        Money by cell, shape (cell,).
    total
        Money to spend, in whole cents.
    spent
        Money by cell that is spent already, in whole cents: no cell gets less.
    """
    if problem.is_plain or not spend.any():
        more = np.maximum(spend - spent, 0.0)
        return (
            spent + spread(total - float(spent.sum()), more if more.any() else spend)
            if spend.any()
            else spend
        )
    cells = len(spend)
    switches = problem.switches or (None,) * cells
    held = np.array([x == 0 or (s is not None and s.lot > 0) for x, s in zip(spend, switches, strict=True)])
    cents = np.where(held, np.round(spend * 100), np.floor(spend * 100 + 1e-6))
    rest = np.where(held, 0.0, spend * 100 - cents)
    rows, low, high = [np.ones(cells)], [in_cents(total)], [in_cents(total)]
    for group in problem.groups:
        rows.append(np.isin(np.arange(cells), group.members).astype(np.float64))
        least, most = np.ceil(group.lower * 100 - 1e-6), np.floor(group.upper * 100 + 1e-6)
        low.append(min(least, most))
        high.append(max(least, most))
    matrix = np.array(rows)
    base = matrix @ cents
    limits = LinearConstraint(np.hstack([matrix, -matrix]), np.array(low) - base, np.array(high) - base)
    whole = np.ones(2 * cells, dtype=np.int64)
    for reach in (1.0, 100.0):
        most = np.tile(np.where(held, 0.0, reach), 2)
        most[cells:] = np.minimum(most[cells:], np.maximum(cents - np.round(spent * 100), 0.0))
        answer = milp(
            np.concatenate([1 - rest, 1 + rest]),
            integrality=whole,
            bounds=Bounds(0.0, most),
            constraints=limits,
        )
        if answer.x is not None:
            break
    if answer.x is None:
        raise InternalFault("The plan cannot be written in whole cents within its groups.")
    steps = np.round(answer.x)
    return np.asarray((cents + steps[:cells] - steps[cells:]) / 100)
