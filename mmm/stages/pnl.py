"""Profit and loss of a finished plan and of today's mix, month by month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.calendar import next_periods
from mmm.data.three_counts import ThreeCounts
from mmm.dims import cell_columns
from mmm.finance.economics import unit_economics
from mmm.finance.pnl import Flows, Terms, pnl_table
from mmm.finance.windows import QUARTER, trailing_windows
from mmm.planning.allocation import take_draws, window_money
from mmm.planning.flighting import in_its_weeks
from mmm.planning.limits import switches_of
from mmm.planning.outlook import halves
from mmm.planning.placed import curves_of_tests
from mmm.planning.plan import Plan
from mmm.planning.settings import PlanSettings
from mmm.planning.tables import planned_pattern
from mmm.planning.targets import as_planned
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves, each_alone
from mmm.response.timing import brought_by_period
from mmm.stages.fit import Progress
from mmm.stages.plan import ahead, designed_weeks
from mmm.stages.prepare import Prepared
from mmm.stages.segments import load_posteriors
from mmm.stages.tables import write_csv

Floats = NDArray[np.float64]


def write_pnl(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, planned: Path, say: Progress
) -> None:
    """Write `pnl.csv`; nothing where an outcome has no money value."""
    if prepared.panel.unit_value is None:
        return
    say("profit and loss by month")
    posteriors = load_posteriors(fitted, prepared.parts)
    begin = ahead(config, prepared, posteriors).with_tests(designed_weeks(planned))
    plan, window = Plan.load(planned), begin.window
    settings = as_planned(config.plan, plan.summary.budget)
    _, printing = halves(begin.curves.draws, config.model.sampling.seed)
    shown = take_draws(begin.curves, printing)
    weeks = shown
    if config.plan.flighting is not None:
        weeks = in_its_weeks(shown, replace(window, pattern=planned_pattern(plan.plan, window)))
    current = window_money(window, settings).current
    leads = leads_per_money(prepared.counts, prepared, window)
    economics = unit_economics(config.finance)

    def brought(curves: WindowCurves, spend: Floats) -> Floats:
        by_tests = brought_by_period(curves_of_tests(curves, window), np.ones(len(window.cells)))
        return brought_by_period(curves, spend) + by_tests

    def flows(curves: WindowCurves, spend: Floats, column: str) -> Flows:
        media = _by_period(plan.plan, column, window, curves.media.lags - 1)
        once = _once(settings, config, window, current, spend)
        revenue = {part.segment: brought(part, spend) for part in each_alone(curves)}
        counted = {
            name: economics.relative(window.cells, name)[:, None, None] * part
            for name, part in revenue.items()
        }
        whole, at_margin = (np.sum(list(parts.values()), axis=0) for parts in (revenue, counted))
        by_segment = {
            name: (part.sum(axis=(0, 2)), counted[name].sum(axis=(0, 2)))
            for name, part in revenue.items()
            if name
        }
        return Flows(whole, media, leads[:, None] * media[:-1], once, at_margin, by_segment)

    mixes = {
        "plan": flows(weeks, plan.spend, "planned_spend"),
        "current": flows(shown, current, "current_spend"),
    }
    finance = config.finance
    terms = Terms(
        finance.returns,
        finance.handling_cost_per_lead,
        finance.payment.media_paid_after,
        finance.payment.customers_pay_after,
    )
    tail = next_periods(window.dates[-1], shown.media.lags - 1, window.grain)
    dates = np.concatenate([window.dates, tail])
    table = pnl_table(mixes, window.cells, economics, terms, dates, window.grain, window.start)
    write_csv(table, folder / "pnl.csv")


def leads_per_money(counts: ThreeCounts, prepared: Prepared, window: PlanWindow) -> Floats:
    """Leads that came with a unit of money in the last quarter they are counted for, shape (place,); 0 without any."""
    found = np.zeros(len(window.cells))
    if "leads" not in counts.counted:
        return found
    panel, leads = prepared.panel, counts.counted["leads"]
    usable = np.isfinite(leads).any(axis=1)
    last = trailing_windows(panel.dates, panel.grain, usable, QUARTER[panel.grain])
    money = last.sums(panel.spend.sum(axis=1) @ counts.members.T.astype(float))[-1]
    number = last.sums(leads)[-1]
    rate = np.divide(number, money, out=np.zeros_like(number), where=money > 0)
    return np.asarray((rate @ counts.members)[window.cell_of], dtype=np.float64)


def _by_period(table: pd.DataFrame, column: str, window: PlanWindow, tail: int) -> Floats:
    """Money of `plan.csv` by place, and last that of tests in no place, shape (place + 1, period + tail)."""
    keys = cell_columns(window.cells)
    place = {tuple(getattr(cell, key) for key in keys): k for k, cell in enumerate(window.cells)}
    nowhere = len(window.cells)
    at = [place.get(names, nowhere) for names in table[list(keys)].itertuples(index=False, name=None)]
    period = np.searchsorted(window.dates, table["date"].to_numpy().astype("datetime64[D]"))
    found = np.zeros((nowhere + 1, len(window.dates) + tail))
    np.add.at(found, (np.array(at), period), table[column].to_numpy(float))
    return found


def _once(
    settings: PlanSettings, config: Config, window: PlanWindow, current: Floats, spend: Floats
) -> float:
    """What is paid once for what is on, as the plan counts it."""
    seeks_profit = config.finance.margin is not None and settings.objective in ("profit", "npv")
    found = switches_of(settings, window.cells, current, window.fixed, counts_cost=seeks_profit)
    pairs = zip(found, spend, strict=True) if found else ()
    return float(sum(switch.cost for switch, money in pairs if switch is not None and money > 0))
