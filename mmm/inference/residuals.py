"""What the fit leaves unexplained, looked at after the sampler: memory, coverage, odd periods, spend that follows it.

All of it is about totals over geos. One-step errors over their sd are white noise where the model is right, so each
statistic has a known spread without a simulation: autocorrelations of n pairs have an sd of 1 / sqrt(n).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from mmm.data.panel import Panel
from mmm.data.settings import Grain
from mmm.inference.posterior import Posterior, spread_of_new
from mmm.inference.predict import mixture_interval, one_step, some_draws, unexplained
from mmm.model.layout import Layout

Floats = NDArray[np.float64]

DRAWS = 300
NEAR_LAGS = (1, 2, 3, 4)
YEAR: dict[Grain, int] = {"day": 365, "week": 52, "month": 12}
LEAST_PAIRS = 26
"""Fewer pairs of periods say nothing about a lag."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """One-step errors of the total, and what spend has to do with what is left.

    Attributes
    ----------
    autocorrelation
        By lag: mean over draws of the autocorrelation of the standardized one-step errors.
    pairs
        By lag: pairs of periods it rests on.
    coverage_90
        Share of the periods inside the 90 % range of the prediction from the period before. The parameters have seen
        these periods, so the share is a little high where the model is right.
    standardized
        Mean over draws of the standardized one-step errors, shape (period,); nan where a period is left out. With
        Student-t noise the normal score of the chance of a smaller error, the period's spread unknown.
    weight
        Mean weight of each period, shape (period,); 1 where the noise is normal.
    follows_outcome
        Of each paid cell, shape (cell,): partial correlation of its spend with what was unexplained the period
        before, its own spend of the period before taken out. nan where it is not defined.
    follows_season
        Of each paid cell, shape (cell,): correlation of its spend with the season of the outcome.
    chasing_pairs
        Pairs of periods behind `follows_outcome`.
    """

    autocorrelation: Mapping[int, float]
    pairs: Mapping[int, int]
    coverage_90: float
    standardized: Floats
    weight: Floats
    follows_outcome: Floats
    follows_season: Floats
    chasing_pairs: int


def residuals(posterior: Posterior, layout: Layout, panel: Panel) -> Residuals:
    """Look at what the fit leaves unexplained."""
    keep = some_draws(posterior, DRAWS)
    error, sd = one_step(posterior, layout, keep)
    heads = layout.size * layout.outcome_scale
    live = layout.data.live
    actual = np.where(live, layout.data.y @ heads, np.nan)
    white = error / sd
    standardized, weight = white.mean(axis=0), np.ones(len(live))
    if layout.data.student_t:  # a prediction does not know how odd its period will be
        spread = posterior.spread(layout)[keep]
        weight = (spread**-2.0).mean(axis=0)
        new = spread_of_new(layout, spread.shape, np.random.default_rng([len(live), 31]))
        error, sd = one_step(posterior, layout, keep, new)
        standardized = ndtri(np.clip(ndtr(error / sd).mean(axis=0), 1e-9, 1.0 - 1e-9))
    _, lo, hi = mixture_interval((actual - error)[:, live], sd[:, live])
    lags = [lag for lag in (*NEAR_LAGS, YEAR[panel.grain]) if _pairs(live, lag) >= LEAST_PAIRS]
    u = unexplained(posterior, layout, keep) @ heads
    left = (u / posterior.spread(layout)[keep]).mean(axis=0)
    season = [i for i, column in enumerate(layout.baseline.columns) if column.component == "seasonality"]
    wave = np.einsum(
        "tgp,g,p->t", layout.data.Z[:, :, season], heads, posterior.flat("b")[:, season].mean(axis=0)
    )
    spend = panel.spend[layout.window :].sum(axis=1)
    both = live[1:] & live[:-1]
    return Residuals(
        autocorrelation={lag: autocorrelation(white, lag) for lag in lags},
        pairs={lag: _pairs(live, lag) for lag in lags},
        coverage_90=float(((actual[live] >= lo) & (actual[live] <= hi)).mean()),
        standardized=standardized,
        weight=weight,
        follows_outcome=np.array([_chasing(spend[:, i], left, both) for i in range(spend.shape[1])]),
        follows_season=np.array([_correlation(spend[live, i], wave[live]) for i in range(spend.shape[1])]),
        chasing_pairs=int(both.sum()),
    )


def autocorrelation(series: Floats, lag: int) -> float:
    """Autocorrelation of series of known mean 0 over the pairs that are there, mean over series.

    Parameters
    ----------
    series
        Shape (draw, period); nan where a period is left out, in all draws alike.
    """
    product = series[:, lag:] * series[:, :-lag]
    return float(np.mean(np.nanmean(product, axis=1) / np.nanmean(series**2, axis=1)))


def _pairs(live: NDArray[np.bool_], lag: int) -> int:
    return int((live[lag:] & live[:-lag]).sum())


def _chasing(spend: Floats, left: Floats, both: NDArray[np.bool_]) -> float:
    """Partial correlation of spend[t] and left[t-1] given spend[t-1], over pairs of modelled periods."""
    before = np.column_stack([np.ones(int(both.sum())), spend[:-1][both]])
    now, unexplained_before = spend[1:][both], left[:-1][both]
    now, then = (
        part - before @ np.linalg.lstsq(before, part, rcond=None)[0] for part in (now, unexplained_before)
    )
    return _correlation(now, then)


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 1e-12 * max(1.0, np.abs(a).max() * np.abs(b).max()) else np.nan
