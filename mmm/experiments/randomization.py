"""A p-value without a model: how often other regions, named treated, would have shown as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from mmm.experiments.regression import placebo_errors, placebo_se, window_effects

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST = 2000
"""Assignments compared; all of them where there are no more."""


@dataclass(frozen=True, slots=True)
class Randomization:
    """Where the effect stands among those of other assignments.

    Attributes
    ----------
    p_value
        Share of assignments, the actual one among them, whose effect over its own error is as far from zero.
    assignments
        How many were compared; the smallest p-value is one over it.
    """

    p_value: float
    assignments: int


def assignments(regions: int, treated: int, seed: int, most: int = MOST) -> Flags:
    """Ways to treat so many regions, shape (assignment, region): all of them, or drawn with replacement."""
    if comb(regions, treated) <= most:
        chosen = np.array(list(combinations(range(regions), treated)))
    else:
        rng = np.random.default_rng(seed)
        chosen = np.argsort(rng.random((most, regions)), axis=1)[:, :treated]
    flags = np.zeros((len(chosen), regions), dtype=bool)
    np.put_along_axis(flags, chosen, True, axis=1)
    return flags


def paired_assignments(
    treated: Flags, pairs: Sequence[tuple[int, int]], seed: int, most: int = MOST
) -> Flags:
    """Ways a coin for each pair could have fallen, shape (assignment, region): all of them, or drawn."""
    n = len(pairs)
    if 2**n <= most:
        swapped = np.array(list(product((False, True), repeat=n)))
    else:
        swapped = np.random.default_rng(seed).random((most, n)) < 0.5
    flags = np.repeat(treated[None], len(swapped), axis=0)
    for k, (a, b) in enumerate(pairs):
        flags[:, a], flags[:, b] = ~swapped[:, k], swapped[:, k]
    return flags


def randomization_test(
    outcome: Floats,
    treated: Flags,
    *,
    pre: int,
    history: int,
    least: int,
    seed: int,
    among: Flags | None = None,
) -> Randomization:
    """Read the same window as if other regions had been treated (Fisher's sharp null: the test did nothing).

    Parameters
    ----------
    outcome
        Regions of both arms, shape (period, region); the window follows `pre` periods.
    treated
        Shape (region,).
    history, least
        As in `regression.placebo_errors`. Each assignment's error comes from its own placebos; from the textbook where
        there are fewer of them than periods in the window.
    seed
        Of the assignments drawn where they are too many to take all.
    among
        Assignments the design would have allowed, shape (assignment, region); None: any as large.
    """
    others = assignments(len(treated), int(treated.sum()), seed) if among is None else among
    here = (others == treated).all(axis=1)
    candidates = np.vstack([treated[None], others[~here]])
    totals = candidates.astype(np.float64) @ outcome.T
    rest = outcome.sum(axis=1)[None] - totals
    window = outcome.shape[0] - pre
    effect, se = window_effects(totals, rest, np.array([pre]), window, history)
    if pre - window - least + 1 >= window:
        errors = placebo_errors(totals[:, :pre], rest[:, :pre], window=window, history=history, least=least)
        se = placebo_se(errors)[:, None]
    size = np.abs(effect[:, 0]) / np.maximum(se[:, 0], 1e-300)
    return Randomization(float((size >= size[0] * (1 - 1e-12)).mean()), len(candidates))
