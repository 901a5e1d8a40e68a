"""Money around the window: what it is compared with, and what is spent until it begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Dates, Floats, Panel
from mmm.data.source_settings import file_of
from mmm.errors import DataError, InternalFault
from mmm.planning.reference import QUARTER, comparable_periods
from mmm.planning.settings import ApprovedPlan, PlanSettings, SpendFile
from mmm.planning.spend_file import approved_money, read_spend
from mmm.planning.window_days import WindowDays


def reference_money(
    panel: Panel, settings: PlanSettings, days: WindowDays, folder: Path
) -> tuple[Floats, Floats | None, NDArray[np.int64]]:
    """Money and exposure to compare with, shape (period, geo, cell), and the panel's periods behind it.

    A file gives money only (exposure None), whole for the window; its cost per exposure is the recent one.
    """
    first = len(panel.dates) + len(days.between) - days.past
    how = settings.reference
    if how == "plan_of_record":
        raise InternalFault("a plan of record is looked up before a window is made")
    if isinstance(how, SpendFile):
        periods = comparable_periods(panel, first, len(days.dates), "recent", "plan.reference")
        if isinstance(how, ApprovedPlan):
            return approved_money(panel, how, folder, days.start, days.end), None, periods
        table = read_spend(folder / file_of(how.source), panel, days.dates, key="plan.reference")
        if not table.given.all():
            raise DataError([_not_given("plan.reference", days.dates[~table.given])])
        return table.spend, None, periods
    periods = comparable_periods(panel, first, len(days.dates), how, "plan.reference")
    share = days.share[:, None, None]
    return panel.spend[periods] * share, panel.exposure[periods] * share, periods


def money_until(
    panel: Panel, settings: PlanSettings, days: WindowDays, rate: Floats, folder: Path
) -> tuple[Floats, Floats]:
    """Money and exposure between the data and the window, shape (between + 1, geo, cell).

    The last entry is the part of the window's first period that lies before the window (zero where the
    window begins with the period); where the window has begun it is as it was, and there is nothing else.
    """
    if days.past:
        at = slice(len(panel.dates) - days.past, len(panel.dates) - days.past + 1)
        return panel.spend[at] * days.before_share, panel.exposure[at] * days.before_share
    first, count = len(panel.dates), len(days.between) + 1
    how = settings.until_window
    weight = np.ones((count, 1, 1))
    weight[-1] = days.before_share
    if isinstance(how, SpendFile):
        wanted = np.concatenate([days.between, days.dates[:1]])
        table = read_spend(
            folder / file_of(how.source), panel, wanted, key="plan.until_window", last=days.start - 1
        )
        absent = wanted[~table.given & (weight[:, 0, 0] > 0)]
        if absent.size:
            raise DataError([_not_given("plan.until_window", absent)])
        return table.spend, table.spend * rate
    if how == "recent":
        recent = slice(-QUARTER[panel.grain], None)
        spend = panel.spend[recent].mean(axis=0, keepdims=True)
        exposure = panel.exposure[recent].mean(axis=0, keepdims=True)
        return spend * weight, exposure * weight
    if weight.sum() == 0:
        return np.zeros((1, *panel.spend.shape[1:])), np.zeros((1, *panel.spend.shape[1:]))
    periods = comparable_periods(panel, first, count, "last_year", "plan.until_window")
    return panel.spend[periods] * weight, panel.exposure[periods] * weight


def _not_given(key: str, dates: Dates) -> str:
    """A fault for periods a spend file leaves out."""
    shown = ", ".join(str(day) for day in dates[:4]) + (" and more" if len(dates) > 4 else "")
    return (
        f"`{key}`: the file has no row for the periods beginning {shown}. Add them, with 0 where nothing is "
        "spent"
    )
