"""How sure the best split is: the optimum of each draw, as if that draw were the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import cell_columns, cell_row
from mmm.errors import Infeasible
from mmm.planning.budgets import Desk, Mix, switch_costs, with_draw
from mmm.planning.places import lines
from mmm.planning.sweep import best_mixes
from mmm.runs.engines import HERE, Workers

SPLITS = 60
"""Draws whose optimum is sought, of those that plan: enough for the quantiles of a split, in seconds."""


def best_splits(desk: Desk, planned: Floats, current: Floats, workers: Workers = HERE) -> pd.DataFrame:
    """Plan the plan's own budget once for each of some draws: the table `best_splits.csv`.

    By cell: the plan, the middle and the 5 % and 95 % points of its money over the draws' optima, and the share of
    draws in which that is more than today's. In total: `moved`, the mean over draws of the money that would move from
    the plan if the truth were known, and `worth_knowing`, the mean of what the optimum of a draw is worth more than
    the plan in that draw, in the unit of the objective: the most that any test could be worth for this window.

    Parameters
    ----------
    planned, current
        Money by cell of the plan and of today's mix, shape (cell,).
    workers
        Who shares the draws.
    """
    draws = np.linspace(0, desk.bank.draws - 1, min(SPLITS, desk.bank.draws)).round().astype(int)
    asked = [(desk.money.budget, with_draw(desk, draw).sketch) for draw in draws.tolist()]
    optima = np.stack([_planned(mix).spend for mix in best_mixes(desk, asked, workers)])
    brought = desk.bank.response(planned).sum(axis=0)[draws]
    best = np.array([desk.bank.response(mix)[:, draw].sum() for mix, draw in zip(optima, draws, strict=True)])
    more_spent = optima.sum(axis=1) - planned.sum()
    more_once = np.array([switch_costs(desk, mix) for mix in optima]) - switch_costs(desk, planned)
    gain = np.maximum(desk.aim.worth * (best - brought) - desk.aim.cost * more_spent - more_once, 0.0)
    keys = cell_columns(desk.window.cells)
    rows: list[dict[str, object]] = []
    for cell, members in lines(desk.window.cells):
        best_of, now = optima[:, members].sum(axis=1), float(current[members].sum())
        lo, middle, hi = np.quantile(best_of, [0.05, 0.5, 0.95])
        rows.append(
            {
                "level": "cell",
                **cell_row(cell, keys),
                "current_spend": now,
                "planned_spend": float(planned[members].sum()),
                "best_spend": float(middle),
                "best_spend_lo": float(lo),
                "best_spend_hi": float(hi),
                "probability_more": float(np.mean(best_of > now + 0.005)),
            }
        )
    total = {
        "level": "total",
        "current_spend": float(current.sum()),
        "planned_spend": float(planned.sum()),
        "moved": float(np.abs(optima - planned).sum(axis=1).mean() / 2),
        "worth_knowing": float(gain.mean()),
    }
    table = pd.DataFrame([*rows, total])
    table[list(keys)] = table[list(keys)].fillna("")
    return table


def _planned(mix: Mix | Infeasible) -> Mix:
    """The mix; the plan's own budget has one, or there would be no plan."""
    if isinstance(mix, Infeasible):
        raise mix
    return mix
