"""What is wrong with `plan.flighting` as far as config and calendar show: names, days, months, other keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmm.data.settings import Grain
from mmm.dims import Cell
from mmm.planning.names import cells_of, name_fault, unknown
from mmm.planning.settings import Blackout, CellBound, PlanSettings


def blackout_cells(entry: Blackout, cells: Sequence[Cell]) -> list[int]:
    """Indices of the cells that are dark."""
    if entry.channel is None:
        return list(range(len(cells)))
    return cells_of(CellBound(channel=entry.channel, audience=entry.audience, message=entry.message), cells)


def flighting_faults(
    settings: PlanSettings, cells: Sequence[Cell], grain: Grain, start: np.datetime64, end: np.datetime64
) -> list[str]:
    """Sentences for what `plan.flighting` asks and cannot be done; empty where weeks are no decisions.

    Parameters
    ----------
    start, end
        First and last day of the window.
    """
    asked = settings.flighting
    if asked is None:
        return []
    faults = _beside(settings)
    if grain != "week":
        faults.append(
            f"`plan.flighting` plans weeks, and the data are by {grain}; take it out or give weekly data"
        )
    if any(cell.geo for cell in cells):
        faults.append(
            "`plan.flighting` cannot be combined with limits that name a geo yet: weeks are planned for all geos of a "
            "cell together; take one of them out"
        )
    channels = list(dict.fromkeys(cell.channel for cell in cells))
    capped = asked.weekly_cap if isinstance(asked.weekly_cap, dict) else {}
    faults += [
        "`plan.flighting.weekly_cap`: " + unknown(name, channels, "channel")
        for name in capped
        if name not in channels
    ]
    for number, entry in enumerate(asked.blackout, start=1):
        where = f"`plan.flighting.blackout` entry {number}: "
        if entry.channel is not None:
            named = CellBound(channel=entry.channel, audience=entry.audience, message=entry.message)
            if fault := name_fault(named, cells, ()):
                faults.append(where + fault)
        if np.datetime64(entry.end, "D") < start or np.datetime64(entry.start, "D") > end:
            faults.append(f"{where}{entry.start} to {entry.end} lies outside the window, {start} to {end}")
    first, last = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    faults += [
        f"`plan.flighting.monthly`: {month} lies outside the window, {start} to {end}"
        for month in asked.monthly
        if not first <= np.datetime64(month, "M") <= last
    ]
    return faults + _months(settings, start, end)


def _beside(settings: PlanSettings) -> list[str]:
    """Keys that weeks as decisions cannot be combined with."""
    others = []
    if settings.risk.measure != "mean":
        others.append(f"`plan.risk.measure: {settings.risk.measure}`")
    if settings.prices:
        others.append("`plan.prices`")
    if settings.objective == "npv":
        others.append("`plan.objective: npv`")
    others += [
        f"`plan.{name}`"
        for name in ("target_roi", "target_mroi", "target_outcome")
        if getattr(settings, name) is not None
    ]
    for key in ("min_if_on", "lot", "cost_if_on"):
        if any(getattr(entry, key) is not None for entry in settings.bounds):
            others.append(f"`plan.bounds` with {key}")
    return [f"`plan.flighting` cannot be combined with {other} yet; take one of them out" for other in others]


def _months(settings: PlanSettings, start: np.datetime64, end: np.datetime64) -> list[str]:
    """Budgets of months that do not come to the budget of the window."""
    asked = settings.flighting
    if asked is None or not asked.monthly:
        return []
    if settings.budget is None:
        return ["`plan.flighting.monthly` needs `plan.budget`, of which the months are parts"]
    named = sum(asked.monthly.values())
    months = int((end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(int)) + 1
    whole = len(asked.monthly) == months
    if named > settings.budget * 1.001 or (
        whole and settings.spend == "all" and named < settings.budget * 0.999
    ):
        return [
            f"`plan.flighting.monthly` comes to {named:,.0f} and `plan.budget` is {settings.budget:,.0f}; "
            + ("make them the same" if whole else "lower the months, or raise the budget")
        ]
    return []
