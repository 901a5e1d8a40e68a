"""Segments together: sums per draw of what each of them returns, is made of and is expected to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.inference.posterior import Posterior
from mmm.model.layout import Layout
from mmm.response.decomposition import Expected, Split
from mmm.response.returns import Returns, grade

Floats = NDArray[np.float64]


def sum_returns(parts: Sequence[Returns]) -> Returns:
    """Returns of all segments together: the same money brings the sum of what it brings in each.

    What the evidence rests on is the mean over segments, each counted by what the cell brings there; a cell of which
    one segment is told from the data and another is not stands between the two. Collinearity and sensitivity are those
    of the worst. What was assumed of the whole is what was assumed of every segment, added.
    """
    first = parts[0]
    brought = np.abs(np.stack([part.contribution.sum(axis=1).mean(axis=0) for part in parts]))
    share = brought / np.maximum(brought.sum(axis=0), np.finfo(float).tiny)
    ratio = (share * np.stack([part.sd_ratio for part in parts])).sum(axis=0)
    vif = np.stack([part.vif for part in parts]).max(axis=0)
    follows = np.any([part.follows_demand for part in parts], axis=0)
    narrowed = np.ones(len(first.cells))
    conditions = zip(ratio, vif, follows, narrowed, narrowed, strict=True)
    return replace(
        first,
        contribution=np.sum([part.contribution for part in parts], axis=0),
        increase=np.sum([part.increase for part in parts], axis=0),
        prior_roi=np.sum([part.prior_roi for part in parts], axis=0),
        evidence=tuple(grade(*one) for one in conditions),
        sd_ratio=ratio,
        vif=vif,
        sensitivity=np.stack([part.sensitivity for part in parts]).max(axis=0),
        follows_demand=follows,
        narrowed=narrowed,
        tests_alone=narrowed,
    )


def counted_as(found: Returns, relative: float) -> Returns:
    """Returns of a segment with its revenue counted as at another margin: its own over that is `relative`."""
    return replace(
        found,
        contribution=found.contribution * relative,
        increase=found.increase * relative,
        prior_roi=found.prior_roi * relative,
    )


def sum_splits(parts: Sequence[Split]) -> Split:
    """Components of all segments together; one that a segment does not have counts as nothing there."""
    names = dict.fromkeys(name for part in parts for name in part.parts)
    return Split(
        parts={
            name: np.sum([part.parts[name] for part in parts if name in part.parts], axis=0) for name in names
        },
        media=np.sum([part.media for part in parts], axis=0),
        outcome=np.sum([part.outcome for part in parts], axis=0),
        live=parts[0].live,
    )


def sum_expected(parts: Sequence[Expected]) -> Expected:
    """What is expected of all segments together."""
    actual, mean, baseline, observed = (
        np.sum([getattr(part, name) for part in parts], axis=0)
        for name in ("actual", "mean", "baseline", "observed")
    )
    return Expected(actual, mean, baseline, observed, parts[0].live)


def joint_weights(posteriors: Sequence[Posterior], layouts: Sequence[Layout]) -> Floats:
    """Carry-over of all segments together, shape (draw, cell, lag + 1): each by what the cell returns there."""
    n = layouts[0].n_paid
    roi = np.abs(np.stack([posterior.flat("roi")[:, :n] for posterior in posteriors]))
    share = roi / np.maximum(roi.sum(axis=0), np.finfo(float).tiny)
    found = zip(share, posteriors, layouts, strict=True)
    return np.asarray(
        sum(part[:, :, None] * posterior.weights(layout)[:, :n] for part, posterior, layout in found)
    )
