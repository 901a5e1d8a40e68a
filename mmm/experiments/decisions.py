"""What results could make the plan do: candidate decisions, and what each would be worth in each draw.

Decisions are the optimizer's own plans, under the posterior mean and under posteriors tilted to what a test could
show of a cell, or of several at once. No cell is held back here for want of evidence: a test is what lifts that limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.planning.allocation import Aim, allocate
from mmm.planning.settings import PlanSettings
from mmm.planning.window import PlanWindow
from mmm.response.bank import CurveBank

Floats = NDArray[np.float64]

LEVELS = (-1.3, 1.3)
"""Where a cell's return is taken to be, in sd from its middle."""

WIDTH = 0.6
"""sd of what is left in doubt then, of the sd before."""

TOGETHER = 14
"""Tilts of all cells at once, each towards a draw."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Candidate decisions over one window.

    Attributes
    ----------
    spend
        Money by cell, shape (decision, cell); the first is the plan under the posterior mean.
    benefit
        What each is worth in each draw, in the unit of the objective, shape (draw, decision).
    """

    spend: Floats
    benefit: Floats


def candidate_decisions(
    bank: CurveBank,
    aim: Aim,
    window: PlanWindow,
    settings: PlanSettings,
    core: float,
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
    cells
        Cells whose returns may turn out otherwise; None: all, each alone and several at once.
    """
    grades = ("data",) * len(window.cells)

    def planned(weights: Floats | None) -> tuple[Floats, float]:
        found = allocate(aim, window, settings, core, grades, bank.sketch(weights))
        return found.spend, found.problem.switch_costs(found.spend)

    found = [planned(None)]
    for weights in _tilts(bank, np.maximum(found[0][0], 0.02 * core / len(window.cells)), seed, cells):
        new = planned(weights)
        if all(np.abs(new[0] - other[0]).sum() >= 1e-3 * max(core, 1.0) for other in found):
            found.append(new)
    plans, once = np.stack([plan for plan, _ in found]), np.array([paid for _, paid in found])
    brought = np.stack([bank.response(spend).sum(axis=0) for spend in plans], axis=1)
    return Decisions(plans, aim.worth * brought - aim.cost * plans.sum(axis=1) - once)


def _tilts(bank: CurveBank, spend: Floats, seed: int, cells: Sequence[int] | None) -> list[Floats]:
    """Weights of the draws: towards high and low returns of each cell at some money, then towards whole draws."""
    brought = bank.response(spend)
    sd = brought.std(axis=1)
    shown = (brought - brought.mean(axis=1)[:, None]) / np.where(sd > 0, sd, 1.0)[:, None]
    tilts: list[Floats] = []
    for cell in np.flatnonzero(sd > 1e-6 * max(float(sd.max()), 1e-300)):
        if cells is not None and cell not in cells:
            continue
        tilts += [_towards(shown[[cell]], np.array([level])) for level in LEVELS]
    if cells is not None:
        return tilts
    rng = np.random.default_rng(seed)
    largest = np.argsort(-sd)[:5]
    tilts += [_towards(shown[largest], shown[largest, d]) for d in rng.integers(0, bank.draws, TOGETHER)]
    return tilts


def _towards(shown: Floats, place: Floats) -> Floats:
    """Weights of draws that lie near a place, shape (draw,), sum 1."""
    away = (((shown - place[:, None]) / WIDTH) ** 2).sum(axis=0) / 2.0
    weights = np.exp(-(away - away.min()))
    return weights / weights.sum()
