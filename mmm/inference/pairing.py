"""Draws of fits that were made one by one, put beside each other: which draw of one goes with which of another.

Segments of one outcome have the same media and, in part, the same surprises: what nobody explains in a week tends to
move all of them. Fits that do not know of each other give draws in no common order, and a sum over draws that are
paired by chance is narrower than it should be. In two regressions on the same columns the errors of the same
coefficient correlate as the noise does (Zellner 1962, seemingly unrelated regressions): so draws are paired that the
returns of the cells do. Each segment keeps its own draws; only their order changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from mmm.inference.posterior import Posterior, on_prior_scale
from mmm.inference.predict import one_step, some_draws
from mmm.model.layout import Layout

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

ERROR_DRAWS = 300
BLOCK = 1000
"""Draws that are matched with each other at once: the time grows with its cube."""


def pair(
    posteriors: Sequence[Posterior], layouts: Sequence[Layout], *, seed: int
) -> tuple[tuple[Posterior, ...], Floats]:
    """The posteriors with as many draws each, a draw of one beside that of the others, and how alike their noise is.

    Returns
    -------
    tuple
        The posteriors, one chain each; the correlation of the one-step errors, shape (segment, segment), 0 where it
        is negative: segments are never taken to make up for each other.
    """
    count = min(posterior.draws for posterior in posteriors)
    even = [some_draws(posterior, count) for posterior in posteriors]
    noise = noise_correlation(np.stack([_errors(*one) for one in zip(posteriors, layouts, strict=True)]))
    scores = [
        on_prior_scale(posterior.flat("roi")[rows, : layout.n_paid], layout, range(layout.n_paid))
        for posterior, layout, rows in zip(posteriors, layouts, even, strict=True)
    ]
    orders = pairing(scores, noise, np.random.default_rng([seed, 37]))
    found = zip(posteriors, even, orders, strict=True)
    return tuple(posterior.taken(rows[order]) for posterior, rows, order in found), noise


def _errors(posterior: Posterior, layout: Layout) -> Floats:
    """Standardized one-step errors of the total, shape (period,); nan where a period is left out."""
    error, sd = one_step(posterior, layout, some_draws(posterior, ERROR_DRAWS))
    return np.asarray((error / sd).mean(axis=0))


def noise_correlation(errors: Floats) -> Floats:
    """Correlation of the errors of segments, none below 0, as a matrix that has a square root.

    Parameters
    ----------
    errors
        Shape (segment, period); nan where a period is left out.
    """
    known = errors[:, ~np.isnan(errors).any(axis=0)]
    return as_correlation(np.maximum(np.corrcoef(known), 0.0))


def as_correlation(matrix: Floats) -> Floats:
    """The matrix with what makes it no correlation taken out: directions of negative variance."""
    values, vectors = np.linalg.eigh(matrix)
    proper = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    size = np.sqrt(np.diag(proper))
    return np.asarray(proper / np.outer(size, size))


def pairing(scores: Sequence[Floats], noise: Floats, rng: np.random.Generator) -> list[Rows]:
    """Order of the draws of each segment, so that draws at one place correlate between segments as their noise does.

    Of each segment after the first, wanted values are drawn given those before it, and its own draws are assigned to
    them at the least squared distance.

    Parameters
    ----------
    scores
        By segment, shape (draw, cell); roughly normal, such as log ROI.
    noise
        Correlation between segments, shape (segment, segment).
    """
    count = len(scores[0])
    orders = [np.arange(count)]
    plain, roots = zip(*(_whitened(values) for values in scores), strict=True)
    for k in range(1, len(scores)):
        if not noise[k, :k].any():
            orders.append(np.arange(count))
            continue
        share = np.linalg.solve(noise[:k, :k], noise[k, :k])
        left = np.sqrt(max(1.0 - float(share @ noise[k, :k]), 0.0))
        told = sum(share[j] * plain[j][orders[j]] for j in range(k))
        wanted = (told + left * rng.standard_normal(plain[k].shape)) @ roots[k].T
        orders.append(_assigned(wanted, plain[k] @ roots[k].T))
    return orders


def _whitened(values: Floats) -> tuple[Floats, Floats]:
    """Values per sd of each column as independent ones, and the root that makes them what they were."""
    away = values - values.mean(axis=0)
    size = away.std(axis=0)
    away = away / np.where(size > 0, size, 1.0)
    root = np.linalg.cholesky(
        np.cov(away, rowvar=False).reshape(away.shape[1], -1) + 1e-9 * np.eye(away.shape[1])
    )
    return np.linalg.solve(root, away.T).T, root


def _assigned(wanted: Floats, there: Floats) -> Rows:
    """Row of `there` for each row of `wanted`, each row once."""
    order = np.empty(len(wanted), np.int64)
    blocks = -(-len(wanted) // BLOCK)
    for block in range(blocks):
        rows = np.arange(block, len(wanted), blocks)  # spread over all chains
        _, taken = linear_sum_assignment(cdist(wanted[rows], there[rows], "sqeuclidean"))
        order[rows] = rows[taken]
    return order


def correlated(noise: Floats, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Standard normal noise that is alike between segments, shape (segment, *shape)."""
    root = np.linalg.cholesky(as_correlation(noise))
    return np.asarray(np.tensordot(root, rng.standard_normal((len(noise), *shape)), axes=1))
