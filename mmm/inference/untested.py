"""The posterior had there been no past tests: what tests are compared with.

The draws of the fit, each weighted by one over the likelihood it gives to the tests, the largest weights smoothed
(Pareto-smoothed importance sampling, Vehtari et al. 2024, arXiv:1507.02646). That holds where the tests moved the
answer little. A sharp test leaves no draws where the model would be without it: the tail of the weights then shows
it, and the model is sampled once more without the tests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.stats import t as student_t

from mmm.inference.fit import Progress, fit_without_tests
from mmm.inference.posterior import Posterior
from mmm.model.layout import Layout
from mmm.model.settings import SamplingSettings

Floats = NDArray[np.float64]

LARGEST_K = 0.5
"""Shape of the weights' tail, above which their variance is infinite."""
LEAST_SHARE, LEAST_DRAWS = 0.7, 1000
"""Effective draws that must be left, as a share and in number: with fewer, ranges without tests come out too narrow."""


@dataclass(frozen=True, slots=True)
class Untested:
    """The posterior without tests, and how it was made.

    Attributes
    ----------
    pareto_k
        Shape of the tail of the weights; nan where they are too far apart to have one.
    rhat
        Largest R-hat of the second fit; None where the weights were good enough.
    seconds
        Time it took.
    """

    posterior: Posterior
    pareto_k: float
    rhat: float | None
    seconds: float


def without_tests(
    posterior: Posterior,
    layout: Layout,
    geos: tuple[str, ...],
    sampling: SamplingSettings,
    *,
    progress: Progress | None = None,
) -> Untested:
    """Draws had there been no tests: reweighted where that holds, else of a second, shorter fit."""
    clock = time.perf_counter()
    weights, k = untested_weights(posterior.lifts(layout), layout)
    if k <= LARGEST_K and 1.0 / np.sum(weights**2) >= max(LEAST_DRAWS, LEAST_SHARE * weights.size):
        drawn = systematic(weights, np.random.default_rng([sampling.seed, 17]))
        return Untested(posterior.taken(drawn), k, None, time.perf_counter() - clock)
    rest, convergence = fit_without_tests(layout, geos, sampling, progress=progress)
    return Untested(rest, k, convergence.rhat_max, time.perf_counter() - clock)


def untested_weights(lifts: Floats, layout: Layout) -> tuple[Floats, float]:
    """Weights that take the tests' likelihood out of the draws, sum 1, and the shape of their tail.

    Parameters
    ----------
    lifts
        What each draw says of the tests, shape (draw, experiment).
    """
    measured, sd, df = np.array([(r.measured, r.sd, r.df) for r in layout.data.lifts]).T
    fits = student_t.logpdf((measured - lifts) / sd, df).sum(axis=1)
    logs, k = array_stats.psislw(fits, axis=0)  # the log likelihood that is to be left out
    weights = np.exp(logs - np.max(logs))
    return weights / weights.sum(), float(k)


def systematic(weights: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """As many draws as there are weights, each as often as its weight says, to the next whole number."""
    at = (np.arange(weights.size) + rng.uniform()) / weights.size
    return np.minimum(np.searchsorted(np.cumsum(weights), at, side="right"), weights.size - 1)
