"""Seconds to design tests for a reserve: the bundled company's twenty regions and ten cells, on made-up draws.

Designing is everything between a finished plan and the chosen set: plans that results could lead to, regions drawn and
judged, each candidate placed in regions and weeks with its money, error and power, the worth of its result, and the
best set. The first round in a process, which compiles and loads caches, does not count.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.environments import HERE, OUT
from benchmarks.speed import machine
from benchmarks.tables import markdown
from mmm.config import load_config
from mmm.data.align import align_tables
from mmm.data.panel import Panel
from mmm.data.tables import load_tables
from mmm.experiments.adjustment import explained, influences_of
from mmm.experiments.assignment import draw_teams, team_count
from mmm.experiments.decisions import candidate_decisions
from mmm.experiments.proposals import Frame, Worth, propose
from mmm.experiments.recipes import Offer, recipes_of
from mmm.experiments.settings import TestsSettings
from mmm.experiments.trials import Scene
from mmm.model.forward import MediaDraws
from mmm.model.shapes import HILL
from mmm.planning.allocation import Aim
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow, plan_window, window_curves
from mmm.response.bank import make_bank

MEASURED = OUT / "designs.json"
MARGIN, LAGS = 0.55, 14
SIZES = ((30, 1000), (None, 1000), (30, 4000))
"""Candidates (None: all that are looked at) and draws."""
GOAL = 10.0


def measure() -> None:
    """Design for each size, three times, and write `out/designs.json`."""
    panel, settings = bundled()
    lines = []
    for candidates, draws in SIZES:
        rounds = [design(panel, settings, candidates, draws) for _ in range(4)]
        best = sorted(rounds[1:], key=lambda found: found["all"])[1]
        lines.append(best)
        print(best, flush=True)
    OUT.mkdir(exist_ok=True)
    MEASURED.write_text(json.dumps({"machine": machine(), "lines": lines}, indent=1), encoding="utf-8")


def bundled() -> tuple[Panel, PlanSettings]:
    """The panel and the plan's settings of the bundled company."""
    config = load_config(Path(HERE.parent / "configs" / "demo.yaml"))
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    aligned = align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    return aligned.panel, config.plan


def made_up(panel: Panel, draws: int, seed: int = 1) -> MediaDraws:
    """Returns around break-even that a fit knows to a fifth or so, in every region alike but for its spend."""
    rng = np.random.default_rng(seed)
    cells = len(panel.cells)
    spread = rng.uniform(0.1, 0.5, cells)
    roi = np.exp(rng.normal(0.6, 0.4, cells) + spread * rng.normal(size=(draws, cells)))
    half = np.exp(rng.normal(0.2, 0.3, cells) + 0.3 * rng.normal(size=(draws, cells)))
    slope = np.exp(rng.normal(0.2, 0.2, cells) + 0.1 * rng.normal(size=(draws, cells))).clip(0.7, 3.0)
    rate = (rng.uniform(0.2, 0.7, cells) + 0.03 * rng.normal(size=(draws, cells))).clip(0.05, 0.9)
    weights = rate[..., None] ** np.arange(LAGS)
    scale = np.maximum(panel.exposure.mean(axis=0), 1e-9)
    money = panel.spend.mean(axis=0)
    ceiling = (roi * (1.0 + half**slope))[:, None, :] * money
    return MediaDraws(
        cells=panel.cells,
        geos=panel.geos,
        weights=weights / weights.sum(axis=-1, keepdims=True),
        half=half,
        slope=slope,
        ceiling=ceiling,
        scale=scale,
        saturation=np.full(cells, HILL),
    )


def design(panel: Panel, settings: PlanSettings, candidates: int | None, draws: int) -> dict[str, float]:
    """Design once; seconds of each part."""
    window = plan_window(panel, settings)
    curves = window_curves(window, panel, made_up(panel, draws))
    aim = Aim("profit", MARGIN, 1.0, curves)
    started = perf_counter()
    budget = float(settings.budget or 0.0)
    core = 0.9 * budget
    current = window.reference.by_cell / window.reference.by_cell.sum() * core
    bank = make_bank(curves, np.maximum(window.largest, current), np.full(len(current), core), 19, 5)
    decisions = candidate_decisions(bank, aim, window, settings, core, ["data"] * len(current), seed=1)
    decided = perf_counter()
    scene = scene_of(panel, window, replace(aim, curves=curves), current)
    offer = recipes_of(scene, TestsSettings(), [False] * len(current))
    if candidates is not None:
        some = np.linspace(0, len(offer.recipes) - 1, candidates).round().astype(int)
        offer = Offer(tuple(offer.recipes[k] for k in some), offer.notes)
    offered = perf_counter()
    frame = Frame(0.1 * budget, 0.2 * budget, 3, (True,) * len(current))
    proposal = propose(scene, offer, decisions, Worth(MARGIN, 1.0), frame)
    done = perf_counter()
    return {
        "candidates": proposal.looked_at,
        "draws": draws,
        "decisions": len(decisions.spend),
        "plans": decided - started,
        "offer": offered - decided,
        "tests": done - offered,
        "all": done - started,
    }


def scene_of(panel: Panel, window: PlanWindow, aim: Aim, usual: np.ndarray) -> Scene:
    """What the tests are designed from, with regions drawn anew."""
    told = panel.modelled & ~np.isnan(panel.outcome).any(axis=1)
    parts = explained(influences_of(panel, told), panel.outcome, told, range(len(panel.geos)))
    history = (panel.outcome - parts.sum(axis=2))[told]
    count = team_count(len(panel.geos), 3)
    return Scene(
        window=window,
        curves=aim.curves,
        panel=panel,
        usual=usual,
        teams=draw_teams(history, count, window=10, history=52, seed=1),
        history=history,
        left=history.sum(axis=1) - history.sum(axis=1).mean(),
        closed=np.zeros(len(window.dates) + LAGS - 1, dtype=bool),
        year=52,
        weeks=1.0,
        seed=1,
    )


def table() -> str:
    """The measured sizes as Markdown."""
    told = json.loads(MEASURED.read_text(encoding="utf-8"))
    head = [
        "candidates",
        "draws",
        "plans that results could lead to",
        "plans, s",
        "regions and what is looked at, s",
        "candidates and the set, s",
        "all, s",
    ]
    rows = [
        [
            f"{line['candidates']:.0f}",
            str(line["draws"]),
            str(line["decisions"]),
            f"{line['plans']:.1f}",
            f"{line['offer']:.1f}",
            f"{line['tests']:.1f}",
            f"**{line['all']:.1f}**",
        ]
        for line in told["lines"]
    ]
    on = told["machine"]
    where = f"{on['cores']} cores, {on['processor']}, {on['system']}; load at the end {on['load']:.1f}."
    under = f"Goal for 30 candidates of 1000 draws: {GOAL:g} s. {where}"
    return f"{markdown(head, rows)}\n\n{under}"
