"""What moved the cost of a customer: its chain of rates, each with the money it added, exactly.

spend / customers = (spend / exposures) (exposures / clicks) (clicks / leads) ... , and with the logarithmic mean
L(a, b) = (a - b) / ln(a / b) the change of a product of factors f is the sum of L(now, before) ln(f now / f before)
over them, whatever their order (Ang 2004, "Decomposition analysis for policymaking in energy", the LMDI-I form).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.data.three_counts import ThreeCounts
from mmm.dims import cell_columns, cell_row
from mmm.finance.bridge import groups
from mmm.finance.people import too_few
from mmm.finance.scorecard import running, series_of, window_names
from mmm.finance.windows import YEAR

Floats = NDArray[np.float64]

STAGES = ("exposure", "clicks", "leads", "qualified")
ENDS = {"matched": "cost_per_customer", "attributed": "cost_per_order", "claimed": "claimed_cost_per_order"}
"""What is counted last, the best first, and what it costs."""
PEOPLE = ("leads", "qualified", "matched")
"""Stages in which people are counted: rates of fewer than five are not shown."""
AGAINST = ("previous", "same_period_last_year")


def log_mean(a: Floats, b: Floats) -> Floats:
    """Logarithmic mean of two positive numbers, elementwise; each of them where they are equal."""
    ratio = np.log(a / b)
    near = np.abs(ratio) < 1e-9
    return np.where(near, a, (a - b) / np.where(near, 1.0, ratio))


def effects(now: Floats, before: Floats) -> Floats:
    """What each factor of a product added to it, shape (..., factor); they add up to the change of the product."""
    mean = log_mean(now.prod(axis=-1), before.prod(axis=-1))
    return np.asarray(mean[..., None] * np.log(now / before))


def drivers_table(panel: Panel, counts: ThreeCounts, span: int) -> pd.DataFrame:
    """The table `drivers.csv`: for each window, leaf and channel, what each rate added to the cost of a customer.

    Returns
    -------
    Columns period, against (previous, same_period_last_year), level, cell keys, kpi (what costs), factor (`spend_per_X`
    and `X_per_Y`), before, value, effect: money by which it made the kpi dearer. A chain has the stages that every part
    of the channel counts; a window in which one of them is zero is left out.
    """
    keys = cell_columns(counts.leaves)
    names = window_names(panel, span)
    rows: list[dict[str, object]] = []
    for level, cell, mine in groups(counts.leaves):
        if level == "total":
            continue
        about = {"level": level, **cell_row(cell, keys)}
        chain = _chain(series_of(panel, counts, mine), span)
        for end, period in names.items():
            for against, by in zip(AGAINST, (span, YEAR[panel.grain]), strict=True):
                for row in _moves(chain, end, end - by):
                    rows.append({"period": period, "against": against, **about, **row})
    columns = ["period", "against", "level", *keys, "kpi", "factor", "before", "value", "effect"]
    return pd.DataFrame(rows, columns=columns)


def _chain(series: Mapping[str, Floats], span: int) -> list[tuple[str, Floats]]:
    """Spend, the stages that every leaf counts, and what is counted last, as running sums."""
    whole = {name: v for name, v in series.items() if np.isfinite(v).any(axis=0).all()}
    last = next((name for name in ENDS if name in whole), None)
    if last is None:
        return []
    there = ["spend", *(name for name in STAGES if name in whole), last]
    return [
        (name, running(np.nan_to_num(whole[name]).sum(axis=1), np.isfinite(whole[name]).all(axis=1), span))
        for name in there
    ]


def _moves(chain: Sequence[tuple[str, Floats]], end: int, start: int) -> Iterator[dict[str, object]]:
    """One row for each factor of the chain between two windows."""
    if not chain or start < 0:
        return
    now, before = (np.array([values[k] for _, values in chain]) for k in (end, start))
    if not (np.isfinite(now).all() and np.isfinite(before).all() and (now > 0).all() and (before > 0).all()):
        return
    labels = [name for name, _ in chain]
    of_people = [name in PEOPLE for name in labels]
    if too_few(now[of_people]).any() or too_few(before[of_people]).any():
        return
    first, then = now[:-1] / now[1:], before[:-1] / before[1:]
    added = effects(first, then)
    for k, effect in enumerate(added.tolist()):
        yield {
            "kpi": ENDS[labels[-1]],
            "factor": f"{labels[k]}_per_{labels[k + 1]}",
            "before": then[k],
            "value": first[k],
            "effect": effect,
        }
