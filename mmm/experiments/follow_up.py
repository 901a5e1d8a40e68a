"""What the same test once more would be worth: the better decisions it leads to, less what it costs.

The value of its result is simulated from the draws themselves. One draw after the other is the truth and says a result;
the others, weighted by the likelihood of that result, choose the action; what counts is what the chosen action brings
in the truth. So a truth never judges with itself, and what is promised is what is kept if the model is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from mmm.data.panel import Floats

MOST_DRAWS = 400
RESULTS = 8
"""Results that are simulated for each truth."""
NOTHING = 1e-12
"""Of the profit: a difference that rounding makes."""
HORIZON_WEEKS = 104
HALF_LIFE_WEEKS = 52.0
LAG_WEEKS = 2
"""From the last week that counts to a decision."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The same test once more.

    Attributes
    ----------
    value
        Of its result, over the weeks it stays useful.
    cost
        Profit that the test itself forgoes; negative where it earns.
    """

    value: float
    cost: float

    @property
    def net(self) -> float:
        """Value less cost."""
        return self.value - self.cost


def value_of_result(profits: Floats, effect: Floats, sd: float, df: float, rng: np.random.Generator) -> float:
    """What a result is worth in one window: mean profit of deciding with it less that of the best action without.

    Parameters
    ----------
    profits
        By action, shape (action, draw).
    effect
        What the test would measure, shape (draw,).
    sd, df
        Of its Student t error.

    Returns
    -------
    At least 0, at most what knowing the truth would be worth.
    """
    draws = effect.size
    some = np.linspace(0, draws - 1, min(MOST_DRAWS, draws)).round().astype(int)
    profits, effect = profits[:, some], effect[some]
    best = profits.mean(axis=1).max()
    perfect = float(profits.max(axis=0).mean() - best)
    if perfect <= NOTHING * float(np.abs(profits).max()):
        return 0.0
    n, truth = effect.size, np.arange(effect.size)
    gained = 0.0
    # one from each part of the noise for every truth: less noise in the sum
    noise = student_t.ppf((np.arange(RESULTS) + rng.uniform(size=(n, RESULTS))) / RESULTS, df)
    for r in range(RESULTS):
        told = effect + sd * noise[:, r]
        logs = student_t.logpdf((told[:, None] - effect) / sd, df)
        np.fill_diagonal(logs, -np.inf)
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        chosen = np.argmax(weights / weights.sum(axis=1, keepdims=True) @ profits.T, axis=1)
        gained += float((profits[chosen, truth]).mean() - best) / RESULTS
    return float(np.clip(gained, 0.0, perfect))


def useful_windows(test_weeks: int, cooldown: int, window_weeks: float) -> float:
    """How many windows' worth a result stays useful: from its decision for two years, half as much after each."""
    weeks = np.arange(test_weeks + cooldown + LAG_WEEKS, HORIZON_WEEKS)
    return float((0.5 ** (weeks / HALF_LIFE_WEEKS)).sum() / window_weeks)
