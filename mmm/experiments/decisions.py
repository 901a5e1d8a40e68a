"""What results could make the plan do: candidate decisions, and what each would be worth in each draw.

Decisions are the optimizer's own plans, under the posterior mean and under posteriors tilted to what a test could
show of a cell, or of several at once. A cell whose return is an assumption is held back by the plan until a test has
measured it, so what is done without a test obeys that limit, and a test that measures the cell well enough lifts it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.planning.allocation import Aim, allocate
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow
from mmm.response.bank import CurveBank

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEVELS = (-1.3, 1.3)
"""Where a cell's return is taken to be, in sd from its middle."""

WIDTH = 0.6
"""sd of what is left in doubt then, of the sd before."""

TOGETHER = 14
"""Tilts of all cells at once, each towards a draw."""

ALIKE = 1e-3
"""Plans that differ by less than this share of the money are one."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Candidate decisions over one window.

    Attributes
    ----------
    spend
        Money by cell, shape (decision, cell); the first is the plan under the posterior mean, without a test.
    benefit
        What each is worth in each draw, in the unit of the objective, shape (draw, decision).
    beyond
        Whether it moves a cell further than the plan lets one whose return is an assumption, shape (decision, cell).
    brought
        What each cell brings at the first decision's money, shape (cell, draw).
    """

    spend: Floats
    benefit: Floats
    beyond: Flags
    brought: Floats

    def allowed(self, measured: Collection[int]) -> NDArray[np.int64]:
        """Decisions that may be taken once some cells are measured, as indices; the first is always one."""
        held = np.ones(self.beyond.shape[1], dtype=bool)
        held[list(measured)] = False
        return np.flatnonzero(~self.beyond[:, held].any(axis=1))

    def freed(self, measured: Collection[int]) -> float:
        """What it is worth in the mean that the plan may move some cells further, whatever their tests say."""
        mean = self.benefit.mean(axis=0)
        return float(mean[self.allowed(measured)].max() - mean[self.without])

    @property
    def without(self) -> int:
        """What is done without a test: the best in the mean of what is allowed then."""
        may = self.allowed(())
        return int(may[np.argmax(self.benefit[:, may].mean(axis=0))])


def candidate_decisions(
    bank: CurveBank,
    aim: Aim,
    window: PlanWindow,
    settings: PlanSettings,
    core: float,
    grades: Sequence[str],
    *,
    seed: int,
    cells: Sequence[int] | None = None,
) -> Decisions:
    """Plans that results could lead to, each once, and their worth per draw.

    Parameters
    ----------
    bank
        Draws, in the unit of the objective.
    core
        Money that cells share.
    grades
        Evidence of each cell: what `prior` holds back, a test may free.
    cells
        Cells whose returns may turn out otherwise, and which their test measures; None: all, each alone and several
        at once.
    """
    plans: list[Floats] = []
    once: list[float] = []
    beyond: list[Flags] = []
    edges = allocate(aim, window, settings, core, grades, bank.sketch()).bounds
    guarded = [i for i, grade in enumerate(grades) if grade == "prior" and (cells is None or i in cells)]

    def add(weights: Floats | None, free: Collection[int]) -> Floats:
        known = ["data" if i in free else grade for i, grade in enumerate(grades)]
        found = allocate(aim, window, settings, core, known, bank.sketch(weights))
        if all(np.abs(found.spend - other).sum() >= ALIKE * max(core, 1.0) for other in plans):
            plans.append(found.spend)
            once.append(found.problem.switch_costs(found.spend))
            over = (found.spend > edges.upper + 1.0) | (found.spend < edges.lower - 1.0)
            beyond.append(over & np.isin(np.arange(len(grades)), list(free)))
        return found.spend

    start = np.maximum(add(None, ()), 0.02 * core / len(window.cells))
    alone, together = _tilts(bank, start, seed, cells)
    for weights in (*alone.values(), *together):
        add(weights, ())
    for cell in guarded:
        add(None, (cell,))
        for (at, _), weights in alone.items():
            if at == cell:
                add(weights, (cell,))
    if len(guarded) > 1:
        add(None, guarded)
        for weights in (*alone.values(), *together):
            add(weights, guarded)
    spend = np.stack(plans)
    brought = np.stack([bank.response(plan).sum(axis=0) for plan in plans], axis=1)
    benefit = aim.worth * brought - aim.cost * spend.sum(axis=1) - np.array(once)
    return Decisions(spend, benefit, np.stack(beyond), bank.response(start))


def _tilts(
    bank: CurveBank, spend: Floats, seed: int, cells: Sequence[int] | None
) -> tuple[dict[tuple[int, float], Floats], list[Floats]]:
    """Weights of the draws: towards high and low returns of each cell at some money, and towards whole draws."""
    brought = bank.response(spend)
    sd = brought.std(axis=1)
    shown = (brought - brought.mean(axis=1)[:, None]) / np.where(sd > 0, sd, 1.0)[:, None]
    alone = {
        (int(cell), level): _towards(shown[[cell]], np.array([level]))
        for cell in np.flatnonzero(sd > 1e-6 * max(float(sd.max()), 1e-300))
        if cells is None or cell in cells
        for level in LEVELS
    }
    if cells is not None:
        return alone, []
    rng = np.random.default_rng(seed)
    largest = np.argsort(-sd)[:5]
    return alone, [_towards(shown[largest], shown[largest, d]) for d in rng.integers(0, bank.draws, TOGETHER)]


def _towards(shown: Floats, place: Floats) -> Floats:
    """Weights of draws that lie near a place, shape (draw,), sum 1."""
    away = (((shown - place[:, None]) / WIDTH) ** 2).sum(axis=0) / 2.0
    weights = np.exp(-(away - away.min()))
    return weights / weights.sum()
