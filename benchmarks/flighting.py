"""Seconds of a plan by weeks: 20 cells, 26 weeks, 300 draws, compiled code warm, beside its limit of 10."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import OUT
from benchmarks.speed import machine
from benchmarks.tables import markdown
from mmm.data.panel import Panel
from mmm.dims import Cell
from mmm.finance.economics import Economics
from mmm.model.forward import MediaDraws
from mmm.planning.allocation import aim_of, window_money
from mmm.planning.flighting import DRAWS, allocate_weeks
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves

LINES = OUT / "flighting.json"
LIMIT = 10.0
"""Seconds a plan of the first size may take on two cores."""


@dataclass(frozen=True, slots=True)
class Size:
    """Cells, weeks of the window, and what limits its weeks."""

    cells: int
    weeks: int
    limited: str = "nothing"


SIZES = (Size(20, 26), Size(20, 26, "weekly cap"), Size(20, 26, "ramp"), Size(10, 13), Size(50, 13))


def measure() -> Path:
    """Plan each size twice, keep the second time, and write `out/flighting.json`."""
    lines: list[dict[str, Any]] = []
    for size in SIZES:
        for _ in range(2):
            line = _plan(size)
        lines.append(line)
        print(
            f"{size.cells} cells, {size.weeks} weeks, {size.limited}: {line['seconds']:.1f} s "
            f"({line['seconds'] / LIMIT:.2f} of the limit), gap {100 * line['gap']:.2f} %",
            flush=True,
        )
    LINES.parent.mkdir(exist_ok=True)
    LINES.write_text(json.dumps({"machine": machine(), "limit": LIMIT, "plans": lines}, indent=1))
    return LINES


def table() -> str:
    """The plans as a table in Markdown."""
    told = json.loads(LINES.read_text())
    lines = [
        [
            str(plan["cells"]), str(plan["weeks"]), str(plan["draws"]), plan["limited"], f"**{plan['seconds']:.1f}**",
            f"{plan['of_limit']:.2f}", f"{100 * plan['gap']:.2f} %",
        ]
        for plan in told["plans"]
    ]  # fmt: skip
    head = ["cells", "weeks", "draws", "limit of the weeks", "s", f"of {told['limit']:.0f} s", "gap"]
    machine_is = told["machine"]
    where = (
        f"{machine_is['cores']} cores, {machine_is['processor']}; load at the end {machine_is['load']:.1f}."
    )
    return f"{markdown(head, lines)}\n\n{where}"


def _plan(size: Size) -> dict[str, Any]:
    panel, media = _company(size.cells)
    budget = float(panel.spend[-size.weeks :].sum())
    flighting: dict[str, Any] = {}
    if size.limited == "weekly cap":
        flighting = {"weekly_cap": 1.2 * budget / size.weeks}
    if size.limited == "ramp":
        flighting = {"ramp": 0.3}
    settings = PlanSettings.model_validate({"horizon": size.weeks, "budget": budget, "flighting": flighting})
    window = plan_window(panel, settings)
    curves = window_curves(window, panel, media)
    aim = aim_of(curves, window, Economics(0.5), settings)
    core = window_money(window, settings).core
    begun = time.perf_counter()
    found = allocate_weeks(aim, window, settings, core, ("data",) * size.cells, np.arange(DRAWS))
    seconds = time.perf_counter() - begun
    return {
        "cells": size.cells,
        "weeks": size.weeks,
        "limited": size.limited,
        "draws": DRAWS,
        "seconds": seconds,
        "of_limit": seconds / LIMIT,
        "gap": found.allocation.solution.gap,
    }


def _company(cells: int, weeks: int = 156, lags: int = 13) -> tuple[Panel, MediaDraws]:
    """A company of so many cells, some of them S-shaped, and draws of its curves."""
    rng = np.random.default_rng(1)
    names = tuple(Cell(f"channel {i}") for i in range(cells))
    spend = rng.gamma(2.0, 1.0, (weeks, 1, cells)) * rng.lognormal(9, 0.7, cells)
    ones = np.ones((weeks, 1))
    dates = np.datetime64("2024-01-01") + 7 * np.arange(weeks)
    nothing = np.zeros((weeks, 1, 0))
    panel = Panel(
        name="flights", currency="USD", grain="week", dates=dates, geos=("",), population=None,
        outcome=1e6 * ones, modelled=np.ones(weeks, dtype=bool), unit_value=ones, cells=names, spend=spend,
        exposure=spend, has_exposure=np.zeros(cells, dtype=bool), organic_names=(), organic=nothing,
        control_names=(), control_roles=(), controls=nothing, event_names=(), events=np.zeros((weeks, 0)),
        holiday_names=(), holidays=np.zeros((weeks, 0)), national_cells=np.zeros(cells, dtype=bool),
        data_until=dates[-1] + 6,
    )  # fmt: skip
    theta = rng.beta(3, 4, (DRAWS, cells))[..., None] ** np.arange(lags)
    scale = spend.mean(axis=0)
    media = MediaDraws(
        cells=names,
        geos=("",),
        weights=theta / theta.sum(axis=-1, keepdims=True),
        half=np.exp(rng.normal(0.2, 0.4, (DRAWS, cells))),
        slope=np.exp(rng.normal(0.2, 0.25, (DRAWS, cells))),
        ceiling=scale * np.exp(rng.normal(1.6, 0.4, (DRAWS, 1, cells))),
        scale=scale,
        saturation=np.zeros(cells, dtype=int),
    )
    return panel, media
