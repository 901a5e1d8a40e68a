"""What tests of a window are designed from: regions, history, closed days; and the tests that were approved already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.calendar import DAY, next_periods, period_ends
from mmm.data.experiments import regions_of, tested_cells
from mmm.data.panel import Floats, Panel
from mmm.dims import Cell
from mmm.errors import DataError
from mmm.experiments.adjustment import explained, influences_of
from mmm.experiments.arms import YEAR
from mmm.experiments.assignment import Teams, draw_teams, team_count
from mmm.experiments.design import Design
from mmm.experiments.ledger import Ledger
from mmm.experiments.newcomers import place
from mmm.experiments.settings import Way
from mmm.experiments.trials import Recipe, Scene, Trial
from mmm.finance.economics import unit_economics
from mmm.model.priors import resolve_roi_priors
from mmm.planning.window import PlanWindow
from mmm.response.curves import WindowCurves
from mmm.stages.trials import known_tests

TYPICAL_WEEKS = 10.0
"""Weeks, cool-down included, on which assignments of regions are judged."""

WEEKS = {"day": 1 / 7, "week": 1.0, "month": 30.4375 / 7}


def scene_of(
    config: Config,
    panel: Panel,
    fitted: Path,
    window: PlanWindow,
    curves: WindowCurves,
    usual: Floats,
    ledger: Ledger,
) -> Scene:
    """Everything that tests of the window are designed from.

    Parameters
    ----------
    curves
        On the draws that value tests, in the unit of the objective.
    usual
        Money of each cell in the window without tests, shape (cell,).
    """
    usable = panel.modelled & ~np.isnan(panel.outcome).any(axis=1)
    for test in known_tests(config, ledger):
        usable &= ~((period_ends(panel.dates, panel.grain) >= test.start) & (panel.dates <= test.counted))
    worth = np.broadcast_to(curves.value[0], panel.outcome.shape[1:])
    parts = explained(influences_of(panel, usable), panel.outcome, usable, range(len(panel.geos)))
    history = (panel.outcome - parts.sum(axis=2))[usable] * worth
    weeks, seed = WEEKS[panel.grain], config.model.sampling.seed
    held = held_in(ledger, window)
    return Scene(
        window=window,
        curves=curves,
        panel=panel,
        usual=usual,
        teams=_teams(config, panel, history, held, weeks, seed),
        history=history,
        left=_left(fitted, curves.value[0], panel),
        closed=_closed(config, window, panel, curves.media.lags - 1),
        year=YEAR[panel.grain],
        weeks=weeks,
        seed=seed,
        beliefs=_beliefs(config, panel),
        prior_sd=_prior_sd(config, panel),
    )


def _prior_sd(config: Config, panel: Panel) -> Floats:
    """sd of the logarithm of each paid cell's return before the data, shape (cell,)."""
    spend = panel.spend.sum(axis=(0, 1))
    total = float(np.nansum(np.abs(panel.outcome)))
    prior = resolve_roi_priors(
        panel.cells,
        config.model.priors,
        spend=spend,
        outcome=total,
        break_even=unit_economics(config.finance).break_even_roi,
        has_money=panel.unit_value is not None,
    )
    return np.asarray(prior.sigma[: len(panel.cells)])


def _beliefs(config: Config, panel: Panel) -> dict[str, tuple[float, float]]:
    """Median and log sd of the return of channels that candidates bring in, as their priors have it."""
    if panel.unit_value is None:
        return {}
    total = float(np.nansum(np.abs(panel.outcome * panel.unit_value)))
    found = {}
    for wish in config.tests.candidates:
        if wish.spend is None:
            continue
        prior = resolve_roi_priors(
            (Cell(wish.channel),),
            config.model.priors,
            spend=np.array([wish.spend]),
            outcome=total,
            break_even=unit_economics(config.finance).break_even_roi,
            has_money=True,
        )
        found[wish.channel] = float(prior.median[0]), float(prior.sigma[0])
    return found


def _teams(
    config: Config, panel: Panel, history: Floats, held: list[Design], weeks: float, seed: int
) -> Teams | None:
    """Regions of new tests: none that an approved test has, treated or not."""
    busy = {g for design in held for g in regions_of(design.geos, design, panel, [])}
    free = [g for g in range(len(panel.geos)) if g not in busy]
    count = team_count(len(free), config.tests.slots)
    if count == 0:
        return None
    window = max(1, round(TYPICAL_WEEKS / weeks))
    year = max(YEAR[panel.grain], 4 * window)
    found = draw_teams(history[:, free], count, window=window, history=year, seed=seed)
    if found is None:
        return None
    treated = tuple(tuple(free[g] for g in team) for team in found.treated)
    return replace(found, treated=treated, control=tuple(free[g] for g in found.control))


def _left(fitted: Path, value: Floats, panel: Panel) -> Floats:
    """Outcome of the country less what the model expects, in the unit of the curves, shape (period,)."""
    table = pd.read_csv(fitted / "fit.csv", encoding="utf-8-sig", keep_default_na=False)
    if "segment" in table:
        table = table[table["segment"] == ""]
    left = pd.to_numeric(table["actual"], errors="coerce") - table["expected"]
    by_period = left.groupby(table["date"]).sum().to_numpy()
    weights = np.nanmean(panel.outcome, axis=0)
    return np.nan_to_num(by_period) * float(np.average(value, weights=np.maximum(weights, 1e-12)))


def _closed(config: Config, window: PlanWindow, panel: Panel, tail: int) -> NDArray[np.bool_]:
    """Periods on whose days no test may run, shape (period + lags - 1,)."""
    dates = np.concatenate([window.dates, next_periods(window.dates[-1], tail, panel.grain)])
    ends = period_ends(dates, panel.grain)
    closed = np.zeros(len(dates), dtype=bool)
    for days in config.tests.never:
        closed |= (ends >= np.datetime64(days.start, "D")) & (dates <= np.datetime64(days.end, "D"))
    return closed


def held_in(ledger: Ledger, window: PlanWindow) -> list[Design]:
    """Tests that are approved, not yet read, and change money in the window."""
    found = (ledger.design(name) for name in ledger.ids if ledger.state(name) == "approved")
    return [
        design
        for design in found
        if design is not None and design.start <= window.end and design.end >= window.start
    ]


def held_trial(design: Design, scene: Scene, config: Config) -> Trial:
    """An approved test in the window, with the money that was agreed.

    Raises
    ------
    DataError
        A channel or region of it that the data no longer have.
    """
    faults: list[str] = []
    unknown: list[str] = []
    cells = tested_cells(design, scene.panel, config.channels, unknown)
    newcomer = Cell(design.channel, design.audience, design.message) if unknown else None
    if not design.spend_change > 0 or "versions" in design.kind:  # nothing was agreed that could be placed
        faults += unknown
    treated = regions_of(design.geos, design, scene.panel, faults)
    controls = regions_of(design.controls, design, scene.panel, faults)
    window = scene.window
    ends = period_ends(window.dates, scene.panel.grain)
    first = int(np.searchsorted(ends, design.start))
    stop = int(np.searchsorted(window.dates, design.end, side="right"))
    national = len(window.geos) == 1 or not treated
    way = _way_of(design.kind, national)
    days = float((min(design.end, window.end) - max(design.start, window.start)) / DAY) + 1.0
    whole = float((design.end - design.start) / DAY) + 1.0
    change = 1.0 if design.spend_change > 0 else -1.0
    cooldown = round(design.cooldown / scene.weeks)
    reach = len(window.dates) + scene.curves.media.lags - 1
    recipe = Recipe(
        cells,
        way,
        change,
        max(1, stop - first),
        max(0, min(cooldown, reach - stop)),
        amount=design.spend_change * days / whole,
        newcomer=newcomer,
    )
    others = tuple(g for g in range(len(window.geos)) if g not in treated)
    regions = (tuple(range(len(window.geos))), ()) if national else (treated, controls or others)
    if newcomer is not None:
        scene = replace(scene, beliefs={**scene.beliefs, design.channel: (1.0, 1.0)})  # its result is settled
    trial = None if faults else place(scene, recipe, first, regions, (float("inf"), 3.0))
    if trial is None:
        faults = faults or [
            f"{design.id}: this approved test changes no money in the window; void it if it is off"
        ]
        raise DataError(faults)
    usual = float(trial.usual.sum())
    return (
        replace(trial, recipe=replace(recipe, change=max(trial.extra / usual, -1.0))) if usual > 0 else trial
    )


def _way_of(kind: str, national: bool) -> Way:
    """The way of an approved test, from its kind."""
    for word, way in (("user", "user_split"), ("switchback", "switchback"), ("phasing", "phasing")):
        if word in kind:
            return way  # type: ignore[return-value]  # one of the words of `Way`
    return "pulse" if national else "geo"
