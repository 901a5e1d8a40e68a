"""What a new test would make of a finished fit: its draws weighted by the likelihood of the result.

A draw counts by how well it foretells the result, the largest weights smoothed (Pareto-smoothed importance sampling,
Vehtari et al. 2024, arXiv:1507.02646). That holds as long as the shape of the weights' tail is below 0.7 and enough
draws are left; a result that the draws hardly reach asks for a new fit.

A geo test was read from rows that the fit has used already. A fit with the test gives up their sum (one more column of
the linear part), so each draw also counts by the ratio of the panel's density with that column to the one without.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.stats import t as student_t

from mmm.inference.posterior import Posterior
from mmm.inference.untested import systematic
from mmm.model.baseline import EXPERIMENT_SD
from mmm.model.calibration import Lift
from mmm.model.kernel import CORES, marginal
from mmm.model.layout import Layout
from mmm.model.pack import pack, with_column

Floats = NDArray[np.float64]

LARGEST_K = 0.7
"""Shape of the weights' tail, above which weighted draws say nothing (Vehtari et al. 2024)."""
LEAST_DRAWS = 100
"""Effective draws that must be left for a 90 % range."""
MOST_DRAWS = 400
"""Draws that are weighed: a second's work."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Draws of a fit before and after a new result.

    Attributes
    ----------
    before, after
        The draws that were weighed, and as many of them again, each as often as its weight says.
    pareto_k
        Shape of the tail of the weights; nan where they are too far apart to have one.
    effective
        How many independent draws the weighted ones are worth.
    """

    before: Posterior
    after: Posterior
    pareto_k: float
    effective: float

    @property
    def holds(self) -> bool:
        """Whether the weighted draws may stand for a new fit."""
        return self.pareto_k < LARGEST_K and self.effective >= LEAST_DRAWS


def preview(
    posterior: Posterior, layout: Layout, lift: Lift, rows: Floats | None, rng: np.random.Generator
) -> Preview:
    """Weigh the draws of a fit by a result that it has not seen.

    Parameters
    ----------
    layout
        Of the fit.
    lift
        The new result.
    rows
        1 in the modelled periods and geos whose sum the result was read from, shape (period, geo); None where it was
        read from something else than the panel.
    """
    some = np.linspace(0, posterior.draws - 1, min(MOST_DRAWS, posterior.draws)).round().astype(np.intp)
    before = posterior.taken(some)
    alone = replace(layout, data=replace(layout.data, lifts=(lift,)))
    told = (lift.measured - before.lifts(alone)[:, 0]) / lift.sd
    logs = student_t.logpdf(told, lift.df)
    if rows is not None:
        logs = logs + given_up(before, layout, rows)
    weights, k = smoothed(logs)
    taken = systematic(weights, rng)
    return Preview(before, before.taken(taken), k, 1.0 / float(np.sum(weights**2)))


def smoothed(logs: Floats) -> tuple[Floats, float]:
    """Weights of the draws, sum 1, the largest smoothed, and the shape of their tail.

    Parameters
    ----------
    logs
        Logarithms of the raw weights up to a constant, shape (draw,).
    """
    if np.ptp(logs) == 0.0:
        return np.full(logs.size, 1.0 / logs.size), 0.0  # a result that says nothing
    smooth, k = array_stats.psislw(-logs, axis=0)  # it leaves a likelihood out: one over it
    weights = np.exp(smooth - np.max(smooth))
    return weights / weights.sum(), float(k)


def given_up(posterior: Posterior, layout: Layout, rows: Floats) -> Floats:
    """log p(panel, its sum over some rows free) - log p(panel), per draw, shape (draw,)."""
    data = replace(layout.data, lifts=())
    phi = posterior.panel_parameters(layout)
    with_sum, free = pack(data), pack(with_column(data, rows, EXPERIMENT_SD))
    nothing = np.zeros(0)

    def ratio(point: Floats) -> float:
        return marginal(point, free, nothing)[0] - marginal(point, with_sum, nothing)[0]

    with ThreadPoolExecutor(CORES) as pool:
        return np.array(list(pool.map(ratio, phi)))
