"""The tables of a plan by period and by amount of money: `plan.csv` and `curves.csv`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import CELL_KEYS, NATIONAL, Cell, cell_columns, cell_row
from mmm.planning.allocation import Money, take_draws
from mmm.planning.asked import CENT
from mmm.planning.money import spread
from mmm.planning.places import lines
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves, evaluate, mroi
from mmm.response.schedule import Schedule

POINTS = 33
REACH = 1.5
DRAWS = 300
"""Draws that draw a curve; the figures of a plan stand on all of them."""


def plan_table(
    window: PlanWindow,
    money: Money,
    planned: Floats,
    weeks: Floats | None = None,
    tests_in: Floats | None = None,
) -> pd.DataFrame:
    """Money to the cent by period and cell (and geo), and the reserve by period.

    Planned and current money both sum to the budget exactly (planned: less what is left unspent). Money of
    designed tests stands in their cells and periods. What of the reserve no test spends - withheld, or without a
    test yet - is a row per period without a channel, spread over the days of the window. Where the window has begun,
    periods that are past have rows of what was spent, and the reserve lies in those to come.

    Parameters
    ----------
    planned
        Money by cell, shape (cell,).
    weeks
        Share of each cell's planned money in each period and geo, shape (period, geo, cell); None: the window's.
    tests_in
        Share of the reserve in each period, shape (period,); None: by days.
    """
    keys = [key for key in cell_columns(window.cells) if key != "geo"]
    weeks = window.pattern if weeks is None else weeks
    tests_in = window.share if tests_in is None else tests_in
    place = ["date", "purpose", *keys] + ([] if window.geos == (NATIONAL,) else ["geo"])
    table = window.schedule(planned).frame("planned_spend").drop(columns="planned_spend")
    table["purpose"] = np.where(table["date"].isin(window.dates[: window.past]), "spent", "core")
    past = np.zeros_like(window.pattern) if window.begun is None else window.begun.money
    for name, amounts, pattern, already in (
        ("reference_spend", money.reference, window.reference.spend, 0.0),
        ("current_spend", money.current - window.spent, window.pattern, past),
        ("planned_spend", planned - window.spent, weeks, past),
    ):
        parts = [spread(float(amount), pattern[:, :, i]) for i, amount in enumerate(amounts)]
        money_of = Schedule(window.dates, window.geos, window.cells, already + np.stack(parts, axis=-1))
        table[name] = money_of.frame(name)[name].round(2)
    ahead = slice(window.past, None)
    tests = pd.DataFrame({"date": window.dates[ahead].astype("datetime64[s]"), "purpose": "test"})
    tests = tests.reindex(columns=place, fill_value="")
    tests["reference_spend"] = 0.0
    placed = _placed(window, table)
    kept = money.reserve - float(placed["planned_spend"].sum())
    tests["current_spend"] = spread(kept, tests_in[ahead])
    tests["planned_spend"] = tests["current_spend"]
    columns = [*place, "reference_spend", "current_spend", "planned_spend"]
    return pd.concat([table[columns], placed[columns], tests[columns]], ignore_index=True)


def _placed(window: PlanWindow, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of money that tests spend, where they spend it; none until they are designed."""
    if window.tests is None:
        return table.iloc[:0]
    spend = window.tests.spend.ravel()
    rows = table[spend > 0].copy()
    rows["purpose"], rows["reference_spend"] = "test", 0.0
    rows["current_spend"] = rows["planned_spend"] = spend[spend > 0]
    new = [_new_rows(window, cell, money, table) for cell, money in window.tests.newcomers]
    return pd.concat([rows, *new], ignore_index=True) if new else rows


def _new_rows(window: PlanWindow, cell: Cell, money: Floats, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the test of what has no history."""
    periods, geos = np.nonzero(money > 0)
    rows = pd.DataFrame({"date": window.dates[periods].astype("datetime64[s]"), "purpose": "test"})
    for key in CELL_KEYS:
        rows[key] = getattr(cell, key)
    rows["geo"] = np.array(window.geos, dtype=object)[geos]
    rows["reference_spend"] = 0.0
    rows["current_spend"] = rows["planned_spend"] = money[periods, geos]
    return rows.reindex(columns=[name for name in table.columns if name in rows])


def planned_pattern(table: pd.DataFrame, window: PlanWindow) -> Floats:
    """The weeks of a finished plan, from `plan.csv`: as `PlanWindow.pattern`, shape (period, geo, cell).

    A cell that gets nothing keeps the window's.
    """
    cells = table[table["purpose"].isin(["core", "spent"])]
    money = cells["planned_spend"].to_numpy().reshape(window.pattern.shape).copy()
    money[: window.past] = 0.0
    total = money.sum(axis=(0, 1))
    return np.where(total > 0, money / np.where(total > 0, total, 1.0), window.pattern)


def curves_table(curves: WindowCurves, window: PlanWindow, spend: Floats) -> pd.DataFrame:
    """What money in the window brings by cell, from nothing to 1.5 times the largest amount that matters.

    The largest is the most ever spent in a like window, or the money of the current or planned mix;
    `observed` is false beyond the first. Where money is placed by geo a cell has a curve over all its geos too, `geo`
    empty: its money is split as in the reference there, and it is observed where that is so in each of them.

    Parameters
    ----------
    spend
        Larger of current and planned money, shape (cell,).
    """
    keys = cell_columns(window.cells)
    draws = curves.draws
    thin = take_draws(curves, np.linspace(0, draws - 1, min(DRAWS, draws)).round().astype(np.int64))
    parts = []
    for cell, members in lines(window.cells):
        share = np.ones(1) if len(members) == 1 else window.part[members]
        seen = float((window.largest[members][share > 0] / share[share > 0]).min())
        points = np.linspace(0, REACH * max(seen, float(spend[members].sum()), 1.0), POINTS)
        brought, steepness = np.zeros((2, POINTS, thin.draws))
        for i, part in zip(members, share, strict=True):
            if part == 0:
                continue
            value, slope, _ = evaluate(thin, i, part * points)
            if not np.isfinite(slope[0]).all():  # the very first unit of money of a steep curve
                slope[0] = mroi(thin, i, points[:1])[0]
            brought, steepness = brought + value, steepness + part * slope
        lo, hi = np.quantile(brought, [0.05, 0.95], axis=1)
        figures = {
            "spend": points,
            "response": brought.mean(axis=1),
            "response_lo": lo,
            "response_hi": hi,
            "mroi": steepness.mean(axis=1),
            "observed": points <= seen + CENT,
        }
        parts.append(pd.DataFrame({**cell_row(cell, keys), **figures}))
    return pd.concat(parts, ignore_index=True)
