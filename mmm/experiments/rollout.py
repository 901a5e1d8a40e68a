"""From what a test taught to what is done about it: the best action, whether it is sure enough, and the way there.

    J(action) = 0.7 mean profit + 0.3 mean of its worst tenth of draws - cost of switching

The best action is taken where its side of break-even has at least 80 % and little is to be regretted; else a follow-up
test where it is worth its cost, else today's money. No significance is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from mmm.data.panel import Floats
from mmm.experiments.actions import Kind
from mmm.planning.risk import worst_mean

Word = Literal["scale", "stop", "cut", "iterate", "hold"]

OF_MEAN, OF_BAD, LEVEL = 0.7, 0.3, 0.1
SWITCHING = 0.01
"""Cost of moving a unit of money away from where it is: new bookings, new creatives, people's time."""
SURE = 0.8
REGRET_OF_GAIN, REGRET_OF_SPEND = 0.02, 0.001
LARGEST_STEP = 0.3
STEP_WEEKS = 2
HELD_OUT = (0.05, 0.10)
"""Share of the outcome that stays as it is, so that the rollout itself can be read."""
ROLL_BACK = 0.9
MOST_REGIONS = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """One action on the draws that print.

    Attributes
    ----------
    gain
        Profit above that of holding, cost of switching taken off, shape (draw,).
    worst
        Mean profit of the worst tenth of draws.
    score
        J.
    """

    gain: Floats
    profit: Floats
    worst: float
    switching: float
    score: float

    @property
    def better(self) -> float:
        """Share of the draws in which it beats holding."""
        return float(np.mean(self.gain > 0))

    @property
    def regret(self) -> float:
        """Mean of what is lost in the draws in which holding would have been better."""
        return float(np.maximum(-self.gain, 0.0).mean())

    @property
    def at_risk(self) -> float:
        """Mean loss against holding in the worst tenth of the draws; 0 where there is none."""
        return max(0.0, -worst_mean(self.gain, LEVEL))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is proposed.

    Attributes
    ----------
    word
        The decision.
    best
        Index of the action with the highest score.
    chosen
        Index of the action that is taken now: the best one, or holding.
    side
        Probability that the next unit is on the best action's side of break-even; nan where the best one is to hold.
    regret, regret_allowed
        Of the best action.
    """

    word: Word
    best: int
    chosen: int
    side: float
    regret: float
    regret_allowed: float


def judge(profits: Sequence[Floats], moved: Sequence[float], hold: int) -> list[Judged]:
    """Score every action.

    Parameters
    ----------
    profits
        Of the whole plan with each action, shape (draw,) each.
    moved
        Money of the tested cells that each action moves, against holding.
    hold
        Index of holding.
    """
    found = []
    for profit, money in zip(profits, moved, strict=True):
        switching = SWITCHING * abs(money)
        worst = worst_mean(profit, LEVEL)
        score = OF_MEAN * float(profit.mean()) + OF_BAD * worst - switching
        found.append(Judged(profit - switching - profits[hold], profit, worst, switching, score))
    return found


def decide(
    kinds: Sequence[Kind], judged: Sequence[Judged], next_pays: float, spend: float, follow_up: float
) -> Verdict:
    """Scale, cut or stop where it is sure enough; else test again where that is worth it; else hold.

    Parameters
    ----------
    kinds, judged
        Of the actions that are possible.
    next_pays
        Probability that the next unit of money in the tested cells pays for itself.
    spend
        Money of the tested cells today; where that is nothing, what was tested.
    follow_up
        Net value of a follow-up test.
    """
    hold = kinds.index("hold")
    best = max(range(len(kinds)), key=lambda a: (judged[a].score, a == hold))
    if best == hold:
        word: Word = "iterate" if follow_up > 0 else "hold"
        return Verdict(word, best, hold, math.nan, 0.0, 0.0)
    side = next_pays if kinds[best] == "scale" else 1.0 - next_pays
    regret = judged[best].regret
    gained = abs(judged[best].score - judged[hold].score)
    allowed = REGRET_OF_GAIN * gained + REGRET_OF_SPEND * spend
    if side >= SURE and regret <= allowed:
        return Verdict(kinds[best], best, best, side, regret, allowed)
    return Verdict("iterate" if follow_up > 0 else "hold", best, hold, side, regret, allowed)


def ramp(start: float, end: float) -> Floats:
    """Multiples on the way from one to the other, the last one included: even steps of at most 30 % of the first.

    Where nothing is spent at first, steps are of the last.
    """
    size = start if start > 0 else end
    steps = math.ceil(abs(end - start) / (LARGEST_STEP * size) - 1e-9) if end != start else 0
    return start + (end - start) * np.arange(1, steps + 1) / max(steps, 1)


def holdout(shares: Floats) -> tuple[int, ...]:
    """Regions that stay as they are: 5 to 10 % of the outcome, as few as can be; none where no choice fits.

    Parameters
    ----------
    shares
        Share of the outcome by region, shape (geo,).
    """
    low, high = HELD_OUT
    middle = (low + high) / 2.0
    for count in range(1, MOST_REGIONS + 1):
        fits = [
            (abs(float(shares[list(some)].sum()) - middle), some)
            for some in combinations(range(len(shares)), count)
            if low <= float(shares[list(some)].sum()) <= high
        ]
        if fits and count < len(shares):
            return min(fits)[1]
    return ()
