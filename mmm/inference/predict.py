"""What the model says of one period from those before it: exact normal predictions, given each draw.

u, what neither the linear part nor media explain, is AR(1) over periods and correlated over geos: Cov = R (x) Q(rho).
Given the last u it needs no other:  u[T+s] | u[T] ~ N( rho^s u[T], R (1 - rho^2s) ),  and between two steps
Cov = R (rho^|s-s'| - rho^(s+s')).  Totals over geos are sums m'u with the geo's heads m as weights.

With Student-t noise all this holds of e = u / spread, and the spread of a period that the fit has not seen is drawn
anew with each draw: given it the prediction is normal, and over draws it has the tails of the t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mmm.data.origin import Later
from mmm.data.panel import Panel
from mmm.inference.posterior import LOWER, UPPER, Posterior, spread_of_new
from mmm.model.baseline import design
from mmm.model.forward import saturate
from mmm.model.layout import Layout, demand_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Ahead:
    """The total outcome of coming periods, normal given each draw, in the outcome's unit.

    Attributes
    ----------
    mean
        Shape (draw, period).
    covariance
        Shape (draw, period, period).
    """

    mean: Floats
    covariance: Floats

    def of(self, weights: Floats) -> tuple[Floats, Floats]:
        """Mean and sd of weighted sums over periods; weights (period, sum), both results (draw, sum)."""
        variance = np.einsum("ps,dpq,qs->ds", weights, self.covariance, weights, optimize=True)
        return self.mean @ weights, np.sqrt(variance)


def mixture_interval(mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, 5 % and 95 % point of equal mixtures of normals, by halving; mean and sd have shape (draw, ...)."""
    sd = np.maximum(sd, 1e-12 * np.abs(mean).max(initial=1.0))
    ends = []
    for share in (LOWER, UPPER):
        low, high = (mean - 9.0 * sd).min(axis=0), (mean + 9.0 * sd).max(axis=0)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            below = ndtr((middle - mean) / sd).mean(axis=0) < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        ends.append(0.5 * (low + high))
    return mean.mean(axis=0), ends[0], ends[1]


def some_draws(posterior: Posterior, count: int) -> Rows:
    """At most `count` draws, evenly spaced."""
    total = posterior.draws
    return np.linspace(0, total - 1, min(count, total)).round().astype(np.int64)


def media_effect(
    posterior: Posterior, layout: Layout, x: Floats, keep: Rows, demand: Floats | None = None
) -> Floats:
    """What moves with all media, in model units, shape (draw, period, geo).

    Parameters
    ----------
    x
        Scaled exposure with `layout.lags` leading periods, shape (lag + period, geo, medium).
    keep
        Draws, shape (draw,).
    demand
        What media are multiplied by in these periods, shape (period, geo); None: as in the modelled ones.
    """
    weights = posterior.weights(layout)[keep]
    half, slope = posterior.flat("half")[keep], posterior.flat("slope")[keep]
    ceiling = posterior.beta(layout, causal=False)[keep][:, :, None] * posterior.effect()[keep]
    periods = x.shape[0] - layout.lags
    total = np.zeros((len(keep), periods, x.shape[1]))
    for m in range(x.shape[2]):
        stretches = np.lib.stride_tricks.sliding_window_view(x[:, :, m], layout.lags + 1, axis=0)
        s = np.einsum("tgl,dl->dtg", stretches, weights[:, m, ::-1], optimize=True)
        kind = int(layout.data.saturation[m])
        total += ceiling[:, m][:, None] * saturate(kind, s, half[:, m, None, None], slope[:, m, None, None])
    return total * (layout.data.demand if demand is None else demand)


def unexplained(posterior: Posterior, layout: Layout, keep: Rows) -> Floats:
    """u of the modelled periods in model units, shape (draw, period, geo); nan where a period is left out."""
    data = layout.data
    linear = np.einsum("tgp,dp->dtg", data.Z, posterior.flat("b")[keep], optimize=True)
    u = data.y - linear - media_effect(posterior, layout, data.x, keep)
    return np.where(data.live[None, :, None], u, np.nan)


def total_sd(posterior: Posterior, layout: Layout, keep: Rows) -> Floats:
    """sd of the total of u over geos in a period of spread 1, in the outcome's unit; shape (draw,)."""
    heads = layout.size * layout.outcome_scale
    own = (heads**2 / layout.data.inverse_variance).sum()
    shared = posterior.flat("week_shock")[keep] ** 2 * heads.sum() ** 2 if heads.size > 1 else 0.0
    return posterior.flat("sigma")[keep] * np.sqrt(own + shared)


def ahead(
    posterior: Posterior, layout: Layout, panel: Panel, known: Later, keep: Rows, *, seed: int = 0
) -> Ahead:
    """The total outcome of the periods after the panel, from what was unexplained last.

    Where the last periods are left out of the likelihood, what was unexplained before them has faded for longer.

    Parameters
    ----------
    known
        What is known of these periods, which follow the panel without a gap.
    seed
        Of the spread of these periods, where the noise is Student t.
    """
    spec, data, lags = layout.baseline, layout.data, layout.lags
    later = known.features
    heads = layout.size * layout.outcome_scale
    Z = design(
        spec,
        later.dates,
        controls=later.controls[:, :, [panel.control_names.index(n) for n in spec.control_names]],
        events=later.events[:, [panel.event_names.index(n) for n in spec.event_names]],
        holidays=later.holidays[:, [panel.holiday_names.index(n) for n in spec.holiday_names]],
        inverse_variance=data.inverse_variance,
    )
    new = np.concatenate([known.exposure, later.organic], axis=2) / layout.exposure_scale
    x = np.concatenate([data.x[-lags:], new])
    demand = demand_of(panel, later.controls)
    linear = np.einsum("hgp,g,dp->dh", Z, heads, posterior.flat("b")[keep], optimize=True)
    last = int(np.flatnonzero(data.live)[-1])
    carried = unexplained(posterior, layout, keep)[:, last] @ heads / posterior.spread(layout)[keep, last]
    rho = posterior.flat("rho")[keep][:, None]
    step = np.arange(len(later.dates)) + data.y.shape[0] - last
    rng = np.random.default_rng([seed, 29])
    spread = spread_of_new(layout, (len(keep), len(later.dates)), rng)
    mean = (
        linear
        + media_effect(posterior, layout, x, keep, demand) @ heads
        + spread * rho**step * carried[:, None]
    )
    apart, together = np.abs(step[:, None] - step), step[:, None] + step
    correlation = rho[:, :, None] ** apart - rho[:, :, None] ** together
    correlation *= spread[:, :, None] * spread[:, None, :]
    return Ahead(mean, total_sd(posterior, layout, keep)[:, None, None] ** 2 * correlation)


def one_step(
    posterior: Posterior, layout: Layout, keep: Rows, spread: Floats | None = None
) -> tuple[Floats, Floats]:
    """Error of the total's prediction from the period before, and its sd; the outcome's unit, shape (draw, period).

    At the start of a run of modelled periods nothing is known of u: the prediction is 0 with the full sd. nan where a
    period is left out. Divided by each other they are white noise where the model is right.

    Parameters
    ----------
    spread
        sd of the noise of the predicted period relative to sigma, shape (draw, period); without it as the fit has it.
    """
    heads = layout.size * layout.outcome_scale
    u = unexplained(posterior, layout, keep) @ heads
    seen = posterior.spread(layout)[keep]
    spread = seen if spread is None else spread
    before = np.concatenate([np.full((len(keep), 1), np.nan), (u / seen)[:, :-1]], axis=1)
    starts = np.isnan(before)
    rho = posterior.flat("rho")[keep][:, None]
    sd = total_sd(posterior, layout, keep)[:, None] * spread * np.where(starts, 1.0, np.sqrt(1.0 - rho**2))
    error = u - np.where(starts, 0.0, rho * spread * np.nan_to_num(before))
    return error, np.where(np.isnan(u), np.nan, sd)
