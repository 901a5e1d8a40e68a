"""Which regions a test treats: drawn at random within strata, again and again, and one of the best draws kept.

Regions are put in order of size and cut into strata; within each, chance says who is treated. Many such draws are
judged by the errors that the readout makes on them where nothing was tested. The first half of these windows chooses,
the second half says how large the error is: the half that chose would say half of the truth. Several tests can run at
once when each has treated regions of its own (a team) and all are compared with regions that no team has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.experiments.regression import placebo_df, placebo_errors, placebo_se

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 400
"""Assignments drawn."""

KEPT = 0.03
"""Share of them that is good enough; chance picks one, so that the regions stay a random choice."""

TREATED = 0.30
"""Most of the outcome that one team may have; all teams together have at most half."""

LEAST_REGIONS = 4


@dataclass(frozen=True, slots=True)
class Teams:
    """Regions of tests that can run at once.

    Attributes
    ----------
    treated
        Regions of each team, as indices.
    control
        Regions that no team has.
    drawn, kept
        Assignments drawn, and those of them that were good enough.
    """

    treated: tuple[tuple[int, ...], ...]
    control: tuple[int, ...]
    drawn: int
    kept: int


def team_count(regions: int, slots: int) -> int:
    """Teams that so many regions allow: eight regions each, and no more than tests; none below four regions."""
    return 0 if regions < LEAST_REGIONS else max(1, min(slots, regions // 8, 3))


def draw_teams(outcome: Floats, teams: int, *, window: int, history: int, seed: int) -> Teams | None:
    """Draw regions for so many teams, judged on windows of the history.

    Parameters
    ----------
    outcome
        Of each region, without missing periods, shape (period, region).
    teams
        How many, 1 or more.
    window, history
        Periods of a placebo window, and before it that the readout uses.

    Returns
    -------
    None where no draw keeps the teams small enough, or the history has no windows to judge.
    """
    rng = np.random.default_rng([seed, teams])
    size = outcome.mean(axis=0)
    drawn = [found for _ in range(DRAWS) if (found := _draw(size, teams, rng)) is not None]
    if not drawn:
        return None
    labels = np.stack(drawn)
    control = np.stack([outcome[:, row < 0].sum(axis=1) for row in labels])
    score = np.zeros(len(labels))
    for team in range(teams):
        treated = np.stack([outcome[:, row == team].sum(axis=1) for row in labels])
        errors = _halves(treated, control, window, history)[0]
        if errors.shape[-1] == 0:
            return None
        score += placebo_se(errors) / treated.mean(axis=1)  # of the treated outcome: what a test can change
    good = np.argsort(score, kind="stable")[: max(5, round(KEPT * len(labels)))]
    chosen = labels[int(rng.choice(good))]
    groups = tuple(tuple(np.flatnonzero(chosen == team).tolist()) for team in range(teams))
    return Teams(groups, tuple(np.flatnonzero(chosen < 0).tolist()), len(labels), len(good))


def honest_error(
    treated: Floats, control: Floats, *, window: int, history: int
) -> tuple[float, float] | None:
    """Error of a readout and its degrees of freedom, from the windows that did not choose the regions.

    Parameters
    ----------
    treated, control
        Totals of the history, shape (period,).

    Returns
    -------
    None where the history has no such windows.
    """
    errors = _halves(treated, control, window, history)[1]
    if len(errors) < 2:
        return None
    return float(placebo_se(errors)), placebo_df(len(errors), window)


def least_history(window: int) -> int:
    """Periods before the first placebo: as many as the window, and eight at least."""
    return max(8, window)


def _halves(treated: Floats, control: Floats, window: int, history: int) -> tuple[Floats, Floats]:
    """Placebo errors of the earlier and the later windows."""
    errors = placebo_errors(treated, control, window=window, history=history, least=least_history(window))
    middle = errors.shape[-1] // 2
    return errors[..., :middle], errors[..., middle:]


def _draw(size: Floats, teams: int, rng: np.random.Generator) -> Ints | None:
    """Team of each region, -1 for controls, or None where a team is too large."""
    block = max(4, 2 * teams)  # of each stratum one region goes to each team
    order = np.argsort(-size, kind="stable")
    label = np.full(len(size), -1, dtype=np.int64)
    for start in range(0, len(order), block):
        stratum = order[start : start + block]
        lots = np.full(block, -1, dtype=np.int64)
        lots[:teams] = np.arange(teams)
        label[stratum] = rng.permutation(lots)[: len(stratum)]
    share = np.array([size[label == team].sum() for team in range(teams)]) / size.sum()
    most = min(TREATED, 0.5 / teams)
    if (share == 0).any() or (share > 1.2 * most).any() or share.sum() > 0.6:
        return None
    return label
