"""The chosen tests in money: usual levels that fit the budget, whole cents, and one row for every week of a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.experiments.proposals import rescaled
from mmm.experiments.trials import Scene, Trial
from mmm.planning.money import in_cents, spread

Floats = NDArray[np.float64]

ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Settled:
    """Tests in whole cents, and where their design sets the level.

    Attributes
    ----------
    trials
        With spend and usual money in whole cents.
    spend, taken
        All tests together: money they spend, and share of the usual level that they set, shape (period, geo, cell).
    withheld
        Money of the usual level that is not spent, in whole cents.
    """

    trials: tuple[Trial, ...]
    spend: Floats
    taken: Floats
    withheld: float


def settle(scene: Scene, trials: Sequence[Trial], floor: float) -> Settled:
    """The tests at the usual levels that the budget leaves beside them.

    Everything at its usual level, the tests' extra money and what of the floor no test uses are together what the scene
    has at its usual level. Money of that level that a test spends is no cost of the test, so levels lie above those of
    a plan that keeps the whole reserve back.

    Parameters
    ----------
    floor
        The least reserve.
    """
    now, usual, money = list(trials), scene.usual, float(scene.usual.sum())
    for _ in range(ROUNDS):
        now = rescaled(scene, now, usual)
        dead = max(0.0, floor - sum(trial.used for trial in now))
        extra = sum(trial.used - float(trial.usual.sum()) for trial in now)
        usual = usual * ((money - dead) / max(float(usual.sum()) + extra, 1e-9))
    done = tuple(_in_cents(trial) for trial in rescaled(scene, now, usual))
    spend = sum((trial.spend for trial in done), np.zeros_like(scene.window.pattern))
    taken = np.zeros(spend.shape)
    for trial in done:
        weeks, geos = range(trial.first, trial.stop), list(trial.geos)
        taken[np.ix_(weeks, geos, list(trial.recipe.cells))] = trial.share
    withheld = in_cents(sum(trial.withheld for trial in done)) / 100
    return Settled(done, spend, taken, withheld)


def _in_cents(trial: Trial) -> Trial:
    """The test with its money in whole cents."""
    outside = None if trial.outside is None else _cents(trial.outside)
    return replace(trial, spend=_cents(trial.spend), usual=_cents(trial.usual), outside=outside)


def _cents(money: Floats) -> Floats:
    total = float(money.sum())
    return spread(total, money) if in_cents(total) > 0 else np.zeros_like(money)
