"""The model written down a second time, slowly: dense matrices and sums over lags, for data of any small shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from mmm.model.pack import KernelData, contrast_columns
from mmm.model.shapes import (
    DELAYED,
    DENSITY,
    GAMMA,
    GEOMETRIC,
    HILL,
    LOGISTIC,
    MARGINAL,
    POWER,
    RETURN,
    SIGNED,
    SURVIVAL,
)


class Dense(NamedTuple):
    """r = y - media, its design and noise covariance over live rows (geo by geo), and the prior precision of b."""

    r: np.ndarray
    Z: np.ndarray
    U: np.ndarray
    prior_precision: np.ndarray


def _random_data(
    seed: int,
    *,
    geos: int = 1,
    periods: int = 24,
    media: int = 2,
    lags: int = 4,
    columns: int = 5,
    n_dense: int = 2,
    own: int = 2,
    groups: int = 2,
    flat: int = 1,
    masked: tuple[int, ...] = (),
    weeks_per_period: float = 1.0,
    adstock: tuple[int, ...] | None = None,
    saturation: tuple[int, ...] | None = None,
    student_t: bool = False,
    measure: tuple[int, ...] | None = None,
) -> KernelData:
    """Made-up arrays; without codes all media are gamma and Hill, but the last one is geometric.

    `columns` common ones come first, `flat` of them with a flat prior, then `n_dense` that differ by geo, then
    the contrasts of `own` series between geos, the first of them flat.
    """
    rng = np.random.default_rng(seed)
    x = rng.gamma(1.0, 1.0, (lags + periods, geos, media)) * (rng.random((lags + periods, geos, media)) > 0.3)
    live = np.ones(periods, dtype=bool)
    live[list(masked)] = False
    inverse_variance = rng.uniform(0.5, 2, geos) if geos > 1 else np.ones(1)
    common = np.repeat(rng.normal(size=(periods, 1, columns)), geos, axis=1)
    by_geo = rng.normal(size=(periods, geos, n_dense))
    series = rng.normal(size=(periods, own if geos > 1 else 0))
    between = contrast_columns(series, inverse_variance)
    precision = rng.uniform(0.3, 3.0, columns + n_dense)
    precision[:flat] = 0.0
    precision_own = np.array([0.0, *rng.uniform(0.3, 3.0, own - 1)])[: series.shape[1]]
    group = np.arange(columns + n_dense) % (groups + 1) - 1
    group_own = np.arange(own)[: series.shape[1]] % (groups + 1) - 1
    return KernelData(
        y=rng.normal(size=(periods, geos)),
        live=live,
        x=x,
        mean_lagged=np.stack(
            [[x[lags - k : lags - k + periods, :, m].mean() for k in range(lags + 1)] for m in range(media)]
        ),
        spend=rng.uniform(1, 3, media),
        adstock=np.array(adstock or [GAMMA] * (media - 1) + [GEOMETRIC]),
        saturation=np.array(saturation or [HILL] * media),
        measure=np.array(measure or [RETURN] * media),
        unit=np.where(np.array(measure or [RETURN] * media) == SIGNED, 1.7, 1.0),
        money=rng.uniform(0.5, 2, (periods, geos)),
        demand=rng.uniform(0.6, 1.6, (periods, geos)),
        inverse_variance=inverse_variance,
        Z=np.concatenate([common, by_geo, between], axis=2),
        n_dense=n_dense,
        own=series,
        precision=np.concatenate([precision, np.tile(precision_own, geos - 1)]),
        group=np.concatenate([group, np.tile(group_own, geos - 1)]),
        n_groups=groups,
        weeks_per_period=weeks_per_period,
        student_t=student_t,
    )


def _adstocked(x: np.ndarray, weights: np.ndarray, periods: int) -> np.ndarray:
    """Sum over lags, one period after the other; x (lag + period, geo)."""
    lags = len(weights) - 1
    return np.array(
        [sum(weights[k] * x[lags + t - k] for k in range(lags + 1)) for t in range(periods)]
    ).reshape(periods, x.shape[1])


def _weight(kind: int, lag: int, weeks: float, theta: float, timing: float) -> float:
    """Weight of one lag up to a factor, as the families are written in textbooks."""
    at = lag * weeks
    match kind:
        case k if k == GAMMA:
            return (lag + 1.0) ** timing * theta**at
        case k if k == DELAYED:
            return theta ** ((at - timing) ** 2)
        case k if k in (SURVIVAL, DENSITY):
            scale = (-np.log(theta)) ** (-1.0 / timing)
            if kind == SURVIVAL:
                return np.exp(-((at / scale) ** timing))
            middle = at + weeks / 2
            return (middle / scale) ** (timing - 1.0) * np.exp(-((middle / scale) ** timing))
    return theta**at


def _share(kind: int, s: np.ndarray, half: float, slope: float) -> np.ndarray:
    """Share of the ceiling, as the families are written in textbooks."""
    if kind == POWER:
        return (s / half) ** slope
    if kind == LOGISTIC:
        decay = np.exp(-np.log(3.0) * (s / half) ** slope)
        return (1.0 - decay) / (1.0 + decay)
    return s**slope / (s**slope + half**slope)


def _media(phi: np.ndarray, d: KernelData) -> np.ndarray:
    """Effect of all media, shape (period, geo), with ROI, marginal ROI or signed ROI as the parameter."""
    G, T, M, L, _ = d.shape
    log_roi, logit_theta, log_a, log_kappa, log_n = phi[: 5 * M].reshape(5, M)
    dev = phi[5 * M : 5 * M + M * G].reshape(M, G)
    total = np.zeros((T, G))
    for m in range(M):
        theta = 1.0 / (1.0 + np.exp(-logit_theta[m]))
        timing = np.exp(log_a[m])
        weights = np.array(
            [_weight(d.adstock[m], k, d.weeks_per_period, theta, timing) for k in range(L + 1)]
        )
        weights /= weights.sum()
        half = np.exp(log_kappa[m]) * (weights @ d.mean_lagged[m])
        slope = np.exp(log_n[m])
        other = d.x[:, :, m].copy()
        other[L:] *= 1.01 if d.measure[m] == MARGINAL else 0.0
        curve, moved = (
            _share(d.saturation[m], s, half, slope)
            for s in (_adstocked(d.x[:, :, m], weights, T), _adstocked(other, weights, T))
        )
        by_geo = np.exp(dev[m])
        gained = (moved - curve) / 0.01 if d.measure[m] == MARGINAL else curve - moved
        roi = 1.7 * log_roi[m] if d.measure[m] == SIGNED else np.exp(log_roi[m])
        total += roi * d.spend[m] / (gained * by_geo * d.demand * d.money).sum() * by_geo * curve * d.demand
    return total


def _dense(phi: np.ndarray, d: KernelData) -> Dense:
    G, _, M, _, p = d.shape
    log_sigma, rho, log_sqrt_lambda = phi[5 * M + M * G : 5 * M + M * G + 3]
    at = 5 * M + M * G + 3
    log_scale = phi[at : at + d.n_groups]
    rows = np.flatnonzero(d.live)
    log_weight = (
        phi[at + d.n_groups : at + d.n_groups + d.n_weights][rows] if d.n_weights else np.zeros(len(rows))
    )
    segment = np.cumsum(np.diff(rows, prepend=rows[0]) > 1)
    apart = np.abs(rows[:, None] - rows[None, :])
    over_time = np.where(segment[:, None] == segment[None, :], rho**apart, 0.0)
    over_time = over_time * np.exp(-0.5 * (log_weight[:, None] + log_weight[None, :]))
    shared = np.exp(2 * log_sqrt_lambda) if G > 1 else 0.0
    over_geos = np.exp(2 * log_sigma) * (np.diag(1.0 / d.inverse_variance) + shared)
    spread = np.array([np.exp(-2 * log_scale[k]) if k >= 0 else 1.0 for k in d.group])
    return Dense(
        r=(d.y - _media(phi, d))[rows].T.ravel(),
        Z=d.Z[rows].transpose(1, 0, 2).reshape(-1, p),
        U=np.kron(over_geos, over_time),
        prior_precision=d.precision * spread,
    )


@pytest.fixture(scope="session")
def random_data() -> Callable[..., KernelData]:
    """Builds made-up kernel data from a seed."""
    return _random_data


@pytest.fixture(scope="session")
def dense() -> Callable[[np.ndarray, KernelData], Dense]:
    """Residual, design, covariance and prior precision as dense arrays."""
    return _dense


@pytest.fixture(scope="session")
def media_effect() -> Callable[[np.ndarray, KernelData], np.ndarray]:
    """Effect of all media, by sums over lags."""
    return _media
