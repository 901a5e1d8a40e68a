"""What past tests changed: returns, evidence and the plan's money without and with them. The table `learned.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import cell_columns, cell_row
from mmm.finance.economics import Economics
from mmm.planning.allocation import Aim, Allocation, aim_of, allocate, take_draws, window_money
from mmm.planning.careful import plan_carefully
from mmm.planning.outlook import halves, spread_of
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves, response


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of every cell, without the tests or with them.

    Attributes
    ----------
    curves
        What spend in the window brings.
    roi
        Of the modelled past, shape (draw, cell).
    grades
        Evidence by place.
    """

    curves: WindowCurves
    roi: Floats
    grades: tuple[str, ...]


def learned_table(
    without: Side,
    now: Side,
    window: PlanWindow,
    economics: Economics,
    settings: PlanSettings,
    spend: Floats,
    tests: Sequence[str],
    *,
    seed: int,
) -> pd.DataFrame:
    """Rows by cell, and the total: money moved between cells, and what that is worth by what is known now.

    Parameters
    ----------
    settings
        With the budget of the plan, where a target asked for it.
    spend
        Money of the plan, made with the tests, shape (place,).
    tests
        Ids of the tests of each cell, with ; between them.
    """
    other = _plan(without, window, economics, settings, seed).spend
    wholes = tuple(dict.fromkeys(replace(cell, geo="") for cell in window.cells))
    keys = cell_columns(wholes)
    rows: list[dict[str, object]] = []
    for i, cell in enumerate(wholes):
        margin = economics.margin_of(cell.channel) if window.has_money else None
        places, first = window.cell_of == i, int(np.argmax(window.cell_of == i))
        row: dict[str, object] = {"level": "cell", **cell_row(cell, keys), "tests": tests[i]}
        for whose, side, money in (("without", without, other), ("with", now, spend)):
            roi = spread_of(side.roi[:, i])
            row |= {f"roi_{whose}{end}": x for end, x in (("", roi.mean), ("_lo", roi.lo), ("_hi", roi.hi))}
            row[f"p_pays_{whose}"] = (
                np.nan if margin is None else float(np.mean(margin * side.roi[:, i] > 1.0))
            )
            row[f"evidence_{whose}"] = side.grades[first]
            row[f"spend_{whose}"] = float(money[places].sum())
        rows.append(row)
    total: dict[str, object] = {"level": "total", **dict.fromkeys(keys, ""), "tests": ""}
    total |= {"evidence_without": "", "evidence_with": ""}
    total |= {"spend_without": float(other.sum()), "spend_with": float(spend.sum())}
    moved = np.bincount(window.cell_of, weights=spend - other)
    total["moved"] = float(np.abs(moved).sum() / 2.0)
    total["worth"] = _worth(now, window, economics, settings, spend, other, seed)
    return pd.DataFrame([*rows, total])


def _plan(
    side: Side, window: PlanWindow, economics: Economics, settings: PlanSettings, seed: int
) -> Allocation:
    """The plan as it would be made on one side, as the plan itself is made."""
    planning, _ = halves(side.curves.draws, seed)
    aim = aim_of(side.curves, window, economics, settings)
    if settings.risk.measure == "mean":
        core = window_money(window, settings).core
        return allocate(aim, window, settings, core, side.grades, take_draws(aim.curves, planning))
    return plan_carefully(aim, side.curves, window, settings, side.grades, planning, None)[1].allocation


def _worth(
    side: Side,
    window: PlanWindow,
    economics: Economics,
    settings: PlanSettings,
    spend: Floats,
    other: Floats,
    seed: int,
) -> float:
    """Mean objective of the one split less that of the other, on the draws that print."""
    aim: Aim = aim_of(side.curves, window, economics, settings)
    _, printing = halves(side.curves.draws, seed)
    shown = take_draws(aim.curves, printing)
    more = [float(np.subtract(*response(shown, i, [spend[i], other[i]])).mean()) for i in range(len(spend))]
    return aim.worth * float(np.sum(more)) - aim.cost * float(spend.sum() - other.sum())
