"""What a result that was just read would make of the finished fit, and of the plan's money: a preview of the refit."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.config import Config
from mmm.data.experiments import Experiment, place_result
from mmm.data.names import fold
from mmm.data.readouts import Readout as Result
from mmm.data.source_settings import file_of
from mmm.dims import CELL_KEYS
from mmm.errors import MmmError
from mmm.experiments.readout import Readout
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior, interval
from mmm.inference.preview import Preview, preview
from mmm.model.calibration import Lift
from mmm.model.layout import Layout, lay_out
from mmm.planning.budgets import Desk, best_mix, mean_value, set_up
from mmm.planning.plan import Plan
from mmm.planning.targets import as_planned
from mmm.planning.window import plan_window, window_curves
from mmm.runs.manifest import NAME, read_manifest
from mmm.runs.store import RunFolder
from mmm.stages.fit import as_fitted
from mmm.stages.keys import fit_key, plan_key
from mmm.stages.plan import demand_ahead
from mmm.stages.prepare import Prepared


@dataclass(frozen=True, slots=True)
class _Fit:
    """A finished fit of these data: its folder, its key, and the tests that it knows."""

    folder: Path
    key: str
    tests: tuple[str, ...]


def preview_figures(store: RunFolder, config: Config, prepared: Prepared, readout: Readout) -> dict[str, Any]:
    """The part `preview` of a readout's figures.

    `state` is `previewed`, `refit` (a new fit must say it; `why`), `fitted` (the fit has the result already) or `none`
    (`why`: there is no fit to preview on).
    """
    clock = time.perf_counter()
    if prepared.segments:
        return {"state": "none", "why": "the outcome is fitted in segments"}
    found = _fit_of_these_data(store, config, prepared)
    if found is None:
        return {"state": "none", "why": "there is no finished fit of these data and settings"}
    if fold(readout.design.id) in map(fold, found.tests):
        return {"state": "fitted", "why": "the finished fit has this result already"}
    layout = _layout_of(found, config, prepared)
    placed, why = _placed(readout, config, prepared)
    if layout is None or placed is None:
        return {"state": "refit", "why": why or "a test that the fit used has been taken out since"}
    seen = _seen(found, config, prepared, layout, placed)
    figures = {"pareto_k": _finite(seen.pareto_k), "effective": seen.effective, "draws": seen.before.draws}
    if not seen.holds:
        why = "the result is too far from, or too sharp for, what the fit expected"
        return {"state": "refit", "why": why, **figures}
    cells = [_cell_row(cell, config, prepared, seen) for cell in placed.cells]
    money = _money(found, store, config, prepared, layout, seen)
    for row, cell in zip(cells, placed.cells, strict=True):
        row |= {name: None if money is None else float(money[name][cell]) for name in ("before", "after")}
    told = {name: money[name] for name in ("moved", "worth", "objective")} if money else None
    seconds = round(time.perf_counter() - clock, 2)
    return {"state": "previewed", **figures, "cells": cells, "money": told, "seconds": seconds}


def _fit_of_these_data(store: RunFolder, config: Config, prepared: Prepared) -> _Fit | None:
    """The fit of today's data and settings, whatever the table of experiments says since it was published."""
    keys = [fit_key(config, prepared)]
    published = store.folder / NAME
    if config.experiments is not None and published.is_file():
        table = str(config.folder / file_of(config.experiments.source))
        earlier = read_manifest(store.folder).inputs.get(table)
        if earlier is not None:
            inputs = prepared.inputs | {table: earlier}
            keys.append(fit_key(config, replace(prepared, inputs=inputs)))
    for key in keys:
        if (place := store.finished("fit", key)) is None:
            continue
        path = place / "experiments.csv"
        tests = (
            pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)["id"].tolist()
            if (path.is_file())
            else []
        )
        return _Fit(place, key, tuple(tests))
    return None


def _layout_of(found: _Fit, config: Config, prepared: Prepared) -> Layout | None:
    """The arrays of the finished fit; None where it used a test that is void since."""
    known = {fold(test.id): test for test in prepared.layout.experiments}
    if any(fold(name) not in known for name in found.tests):
        return None
    tests = as_fitted(tuple(known[fold(name)] for name in found.tests), found.folder)
    return _laid_out(config, prepared, tests)


def _laid_out(config: Config, prepared: Prepared, tests: tuple[Experiment, ...]) -> Layout:
    break_even = unit_economics(config.finance).break_even_roi
    return lay_out(prepared.panel, config.model, break_even=break_even, experiments=tests)


def _placed(readout: Readout, config: Config, prepared: Prepared) -> tuple[Experiment | None, str]:
    """The result on the axes of the panel, or why the fit would leave it out."""
    design, faults = readout.design, list[str]()
    result = Result(
        id=design.id,
        where=design.where,
        channel=design.channel,
        audience=design.audience,
        message=design.message,
        geos=design.geos,
        start=design.start,
        end=design.end,
        cooldown=design.cooldown,
        spend_change=readout.spend.used,
        lift=readout.effect,
        lift_se=readout.se,
        percent=False,
        trust=1.0,
        df=readout.df,
        method="time-based regression",
        settled="",
        reason="",
    )
    placed = place_result(result, prepared.panel, config.channels, faults)
    if placed is None:
        return None, "; ".join(faults)
    if placed.first < prepared.layout.window:
        return None, "it ran before the modelled periods, so a fit leaves it out"
    return placed, ""


def _seen(found: _Fit, config: Config, prepared: Prepared, layout: Layout, placed: Experiment) -> Preview:
    """The draws of the fit, weighed by the result."""
    beside = _laid_out(config, prepared, (*layout.experiments, placed))
    lift = _in_units_of(layout, beside, beside.data.lifts[-1])
    rows = None
    if placed.within:
        rows = np.zeros(layout.data.y.shape)
        rows[placed.first - layout.window : placed.last - layout.window, list(placed.geos)] = 1.0
    posterior = Posterior.load(found.folder / "posterior.nc")
    rng = np.random.default_rng([config.model.sampling.seed, 23])
    return preview(posterior, layout, lift, rows, rng)


def _in_units_of(layout: Layout, other: Layout, lift: Lift) -> Lift:
    """A result of another layout in the model's units of this one: one more column changes their scale a little."""
    factor = layout.outcome_scale / other.outcome_scale
    return replace(lift, parts=tuple(replace(part, heads=part.heads * factor) for part in lift.parts))


def _cell_row(cell: int, config: Config, prepared: Prepared, seen: Preview) -> dict[str, Any]:
    """ROI of one cell and its odds to pay, before and after."""
    panel = prepared.panel
    margin = unit_economics(config.finance).margin_of(panel.cells[cell].channel)
    row: dict[str, Any] = {key: getattr(panel.cells[cell], key) for key in CELL_KEYS}
    for whose, posterior in (("before", seen.before), ("after", seen.after)):
        roi = posterior.flat("roi")[:, cell]
        mean, lo, hi = (float(x) for x in interval(roi))
        pays = float(np.mean(margin * roi > 1.0)) if margin and panel.unit_value is not None else None
        row |= {f"roi_{whose}": mean, f"roi_{whose}_lo": lo, f"roi_{whose}_hi": hi, f"p_pays_{whose}": pays}
    return row


def _money(
    found: _Fit,
    store: RunFolder,
    config: Config,
    prepared: Prepared,
    layout: Layout,
    seen: Preview,
) -> dict[str, Any] | None:
    """The best split of the plan's budget on the draws before and after; None where there is no plan to compare."""
    planned = store.finished("plan", plan_key(config, found.key))
    if planned is None or config.plan.flighting is not None:  # its weeks are not planned in a second
        return None
    try:
        window = plan_window(prepared.panel, config.plan, folder=config.folder)
        window, demand = demand_ahead(config, prepared, window)
        settings = as_planned(config.plan, Plan.load(planned).summary.budget)
        roi = pd.read_csv(found.folder / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
        grades = roi.loc[roi["level"] == "cell", "evidence"].tolist()

        def desk(posterior: Posterior) -> Desk:
            media = posterior.media(layout, prepared.panel.geos)
            curves = window_curves(window, prepared.panel, media, demand)
            economics = unit_economics(config.finance)
            placed = [grades[cell] for cell in window.cell_of]
            return set_up(curves, window, economics, placed, settings, seed=config.model.sampling.seed)

        was, now = desk(seen.before), desk(seen.after)
        before, after = best_mix(was, was.money.budget), best_mix(now, now.money.budget)
    except MmmError:
        return None
    return {
        "before": np.bincount(window.cell_of, weights=before.spend),
        "after": np.bincount(window.cell_of, weights=after.spend),
        "moved": float(np.abs(after.spend - before.spend).sum() / 2.0),
        "worth": mean_value(now, after) - mean_value(now, before),
        "objective": now.aim.objective,
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
