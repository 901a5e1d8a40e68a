"""What the result of a test is worth before it is known (EVSI), by regression on simulated results.

Each draw d of the posterior is a possible truth. Its test would measure y[d] = lift[d] + noise; each candidate
decision s would be worth NB[d, s]. What a decision is worth given a result is the regression of its NB on a spline of
y (Strong, Oakley, Brennan & Breeze 2015). The best decision at every y is chosen from draws that do not value it (ten
folds), so the estimate is the value of a rule that can be followed, and no winner is flattered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDS = 10
REPEATS = 4
"""Results simulated for each draw."""

WEAK = 0.5
"""A result in which less of the variance is the effect's moves what is believed by little: a cubic says how, and the
knots of a spline would follow noise."""

KNOTS = (0.2, 0.5, 0.8)
"""Where the pieces of the cubic spline meet, as quantiles of the results."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one test would measure, per draw.

    Attributes
    ----------
    lift
        True effect, shape (draw,).
    sd, df
        Scale and degrees of freedom of the Student t around it: error of the readout, and what other weeks differ by.
    """

    lift: Floats
    sd: float
    df: float


@dataclass(frozen=True, slots=True)
class Told:
    """What results tell to do.

    Attributes
    ----------
    value
        Expected value of sample information, in the unit of NB: between 0 and what certainty is worth.
    results
        Simulated results, shape (repeat, draw, test).
    choice
        Index of the decision that the rule takes at each of them, shape (repeat, draw).
    """

    value: float
    results: Floats
    choice: Ints


def perfect_information(benefit: Floats, base: int | None = None) -> float:
    """What knowing the truth is worth (EVPI).

    Parameters
    ----------
    benefit
        NB, shape (draw, decision).
    base
        What is done without it; None: the best in the mean.
    """
    without = benefit.mean(axis=0).max() if base is None else benefit[:, base].mean()
    return float(benefit.max(axis=1).mean() - without)


def sample_information(
    signals: Sequence[Signal], benefit: Floats, *, base: int | None = None, seed: int = 1
) -> Told:
    """What the results of some tests together are worth, and the rule that turns them into decisions.

    Noise is the same for the k-th test of every call with one seed, so that tests are compared on the same luck.

    Parameters
    ----------
    signals
        The tests; none: nothing is told.
    benefit
        NB, shape (draw, decision).
    base
        What is done without them; None: the best in the mean. Another where results also allow decisions that nobody
        would take unmeasured.
    """
    draws = len(benefit)
    base = int(np.argmax(benefit.mean(axis=0))) if base is None else base
    results = simulated(signals, draws, seed)
    stay = np.full((REPEATS, draws), base, dtype=np.int64)
    known = [k for k, signal in enumerate(signals) if np.isfinite(signal.sd) and np.ptp(signal.lift) > 0]
    if not known or np.ptp(benefit - benefit[:, base : base + 1]) == 0:
        return Told(0.0, results, stay)
    gain = benefit - benefit[:, base : base + 1]
    rows = np.concatenate([_columns(results[:, :, k], signals[k].lift) for k in known], axis=1)
    rows = np.column_stack([np.ones(len(rows)), rows])
    fold = np.tile(_folds(draws, seed), REPEATS)
    every = np.tile(gain, (REPEATS, 1))
    choice = np.empty(len(rows), dtype=np.int64)
    grams = [rows[fold == f].T @ rows[fold == f] for f in range(FOLDS)]
    cross = [rows[fold == f].T @ every[fold == f] for f in range(FOLDS)]
    gram, moment = sum(grams), sum(cross)
    ridge = 1e-9 * np.trace(gram) * np.eye(rows.shape[1]) / rows.shape[1]
    worth = 0.0
    for f in range(FOLDS):
        inside = fold == f
        weights = np.linalg.solve(gram - grams[f] + ridge, moment - cross[f])
        choice[inside] = np.argmax(rows[inside] @ weights, axis=1)
        worth += float(np.take_along_axis(every[inside], choice[inside][:, None], axis=1).sum())
    value = min(max(worth / len(rows), 0.0), perfect_information(benefit, base))
    return Told(value, results, choice.reshape(REPEATS, draws))


def simulated(signals: Sequence[Signal], draws: int, seed: int) -> Floats:
    """Results that the tests would show, shape (repeat, draw, test)."""
    out = np.empty((REPEATS, draws, len(signals)))
    for k, signal in enumerate(signals):
        rng = np.random.default_rng([seed, k])
        noise = rng.standard_t(max(signal.df, 3.0), size=(REPEATS, draws))
        out[:, :, k] = signal.lift + (noise * signal.sd if np.isfinite(signal.sd) else np.nan)
    return out


def spline(values: Floats, edge: float = 0.01) -> Floats:
    """Cubic spline of one variable without the constant; shape (row, 6).

    The ends are drawn in to quantiles, a share of `edge` at each: a heavy-tailed result says no more than a large one.
    """
    low, high = np.quantile(values, [edge, 1.0 - edge])
    x = (np.clip(values, low, high) - low) / (high - low) if high > low else np.zeros_like(values)
    knots = np.quantile(x, KNOTS)
    return np.column_stack([x, x**2, x**3, *(np.maximum(x - knot, 0.0) ** 3 for knot in knots)])


def _columns(results: Floats, lift: Floats) -> Floats:
    """What decisions are regressed on: a spline of clear results, a cubic of weak ones; shape (row, column)."""
    if lift.var() < WEAK * results.var():
        return spline(results.ravel(), edge=0.003)[:, :3]
    return spline(results.ravel())


def _folds(draws: int, seed: int) -> Ints:
    """Fold of each draw: neighbours of a chain stay together, so a fold is no copy of another."""
    del seed
    return np.minimum(np.arange(draws) * FOLDS // max(draws, 1), FOLDS - 1).astype(np.int64)


# --- how long a result is useful ----------------------------------------------------------------------------

DECISION_LAG = 2.0
"""Weeks from the last counted week to money that moves."""

USEFUL_WEEKS = 104.0
HALF_LIFE = 52.0
"""Weeks in which a result loses half of its worth: media, creatives and prices change."""


def useful_windows(known_after: float, window: float) -> float:
    """Windows of the plan's length over which a result counts, discounted.

    Parameters
    ----------
    known_after
        Weeks from the start of the window to the last week that the test counts.
    window
        Weeks of the window for which the information is worth its EVSI.
    """
    begin = known_after + DECISION_LAG
    if begin >= USEFUL_WEEKS:
        return 0.0
    rate = np.log(2.0) / HALF_LIFE
    weeks = (np.exp(-rate * begin) - np.exp(-rate * USEFUL_WEEKS)) / rate
    return float(weeks / window)
