"""The tables of a joint plan: `markets.csv`, `market_moves.csv`, `portfolio.json`; money is the portfolio's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mmm.data.panel import Floats
from mmm.dims import cell_columns, cell_row
from mmm.planning.outlook import spread_of
from mmm.portfolio.joint import Joint, Mix


def markets_table(joint: Joint) -> pd.DataFrame:
    """A row a market, then the total: its money today and planned, what it brings, and what its limits cost.

    Returns
    -------
    DataFrame
        level, market, currency, rate, reference_spend, current_budget, planned_budget (with its part of the reserve),
        planned_local (in its own money), change, reserve, lower, upper, binding, price (what a unit of looser limit
        would bring), revenue and value (+lo, hi), current_revenue, current_value, gain (+lo, hi),
        probability_better.
    """
    rows: list[dict[str, Any]] = []
    for k, (market, part) in enumerate(zip(joint.markets, joint.slices, strict=True)):
        limit = joint.limits[k]
        now, then = (
            round(float(mix.spend[part].sum() + mix.reserve[k]), 2) for mix in (joint.current, joint.planned)
        )
        share = 1 - (joint.budget - joint.core) / joint.budget
        rows.append(
            {
                "level": "market",
                "market": market.name,
                "currency": market.currency,
                "rate": market.rate,
                "reference_spend": float(market.window.reference.by_cell.sum()) * market.rate,
                "current_budget": now,
                "planned_budget": then,
                "planned_local": round(then / market.rate, 2),
                "change": round(then - now, 2),
                "reserve": float(joint.planned.reserve[k]),
                "lower": np.nan if limit is None or limit.lower <= 0 else limit.lower / share,
                "upper": np.nan if limit is None or not np.isfinite(limit.upper) else limit.upper / share,
                "binding": "" if limit is None else limit.binding,
                "price": np.nan if limit is None else limit.price * share,
                **_brought(joint, partial(_of_one, k)),
            }
        )
    summed = ("reference_spend", "current_budget", "planned_budget", "change", "reserve")
    total: dict[str, Any] = {"level": "total", "market": "", "currency": "", "binding": ""}
    total |= {name: round(sum(row[name] for row in rows), 2) for name in summed}
    rows.append(total | _brought(joint, _of_all))
    return pd.DataFrame(rows)


def _of_one(market: int, draws: Floats) -> Floats:
    return np.asarray(draws[market])


def _of_all(draws: Floats) -> Floats:
    return np.asarray(draws.sum(axis=0))


def _brought(joint: Joint, pick: Callable[[Floats], Floats]) -> dict[str, Any]:
    """What a market, or all of them, bring; `pick` takes its draws out of those by market."""
    found: dict[str, Any] = {}
    gain = pick(joint.planned.value) - pick(joint.current.value)
    for name, draws in (
        ("revenue", pick(joint.planned.revenue)),
        ("value", pick(joint.planned.value)),
        ("gain", gain),
    ):
        spread = spread_of(draws)
        found |= {name: spread.mean, f"{name}_lo": spread.lo, f"{name}_hi": spread.hi}
    found["current_revenue"] = float(pick(joint.current.revenue).mean())
    found["current_value"] = float(pick(joint.current.value).mean())
    found["probability_better"] = float(np.mean(gain > 0))
    return found


def moves_table(joint: Joint) -> pd.DataFrame:
    """A row a cell: its money today and planned, what the next unit brings, what holds it, its evidence."""
    every = [cell for market in joint.markets for cell in market.window.cells]
    keys = cell_columns(every)
    rows = []
    for market, part in zip(joint.markets, joint.slices, strict=True):
        for i, cell in enumerate(market.window.cells, start=part.start):
            now, then = float(joint.current.spend[i]), float(joint.planned.spend[i])
            rows.append(
                {
                    "market": market.name,
                    **cell_row(cell, keys),
                    "current_spend": now,
                    "planned_spend": then,
                    "change": round(then - now, 2),
                    "planned_local": round(then / market.rate, 2),
                    "mroi": float(joint.mroi[0, i]),
                    "planned_mroi": float(joint.mroi[1, i]),
                    "binding": joint.solution.binding[i],
                    "evidence": market.grades[i - part.start],
                }
            )
    return pd.DataFrame(rows)


def summary_of(joint: Joint, objective: str) -> dict[str, Any]:
    """The figures of `portfolio.json`."""
    gain = _total(joint.planned) - _total(joint.current)
    told: dict[str, Any] = {
        "objective": objective,
        "start": str(joint.markets[0].window.start),
        "end": str(joint.markets[0].window.end),
        "budget": joint.budget,
        "core": joint.core,
        "reserve": round(joint.budget - joint.core, 2),
        "unspent": max(0.0, round(joint.core - float(joint.planned.spend.sum()), 2)),
        "gap": joint.solution.gap,
        "gap_money": joint.solution.gap_money,
        "method": joint.solution.method,
        "shadow_price": _finite(joint.solution.shadow_price[1]),
        "shadow_price_left": _finite(joint.solution.shadow_price[0]),
        "probability_better": float(np.mean(gain > 0)),
        "gain_within": None,
        "gain_between": None,
        "groups": [group.to_json() for group in joint.groups],
        "gave_way": list(joint.gave_way),
    }
    for name, draws in (
        ("revenue", joint.planned.revenue.sum(axis=0)),
        ("value", _total(joint.planned)),
        ("current_value", _total(joint.current)),
        ("gain", gain),
    ):
        spread = spread_of(draws)
        told |= {name: spread.mean, f"{name}_lo": spread.lo, f"{name}_hi": spread.hi}
    if joint.within is not None:
        inside = float((_total(joint.within) - _total(joint.current)).mean())
        told |= {"gain_within": inside, "gain_between": float(gain.mean()) - inside}
    return told


def _total(mix: Mix) -> Floats:
    return np.asarray(mix.value.sum(axis=0))


def _finite(price: float) -> float | None:
    return float(price) if np.isfinite(price) else None
