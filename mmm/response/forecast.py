"""The outcome without paid media in coming periods, from what was unexplained last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import FutureFeatures, Panel
from mmm.inference.posterior import Posterior, spread_of_new
from mmm.model.baseline import design
from mmm.model.forward import period_sums, saturate
from mmm.model.layout import Layout, demand_of

Floats = NDArray[np.float64]


def forecast_baseline(
    posterior: Posterior,
    layout: Layout,
    panel: Panel,
    future: FutureFeatures,
    *,
    seed: int,
    shocks: Floats | None = None,
) -> Floats:
    """Outcome without paid media in periods after the panel, with noise, in money or units; shape (draw, period).

    What was unexplained in the last period carries on as the AR(1) says.

    Parameters
    ----------
    shocks
        Standard normal surprises of `shocks_shape`, where they have to do with those of other fits; None: drawn.
    """
    spec, data = layout.baseline, layout.data
    Z = design(
        spec,
        future.dates,
        controls=future.controls[:, :, [panel.control_names.index(n) for n in spec.control_names]],
        events=future.events[:, [panel.event_names.index(n) for n in spec.event_names]],
        holidays=future.holidays[:, [panel.holiday_names.index(n) for n in spec.holiday_names]],
        inverse_variance=data.inverse_variance,
    )
    H, G = future.dates.size, len(panel.geos)
    value = np.ones((1, G)) if panel.unit_value is None else _recent_value(panel)
    money = np.broadcast_to(value * layout.size * layout.outcome_scale, (H, G))
    linear = np.einsum("hgp,hg,dp->dh", Z, money, posterior.flat("b"), optimize=True)
    rng = np.random.default_rng([seed, 17])
    own = np.sqrt((money[0] ** 2 / data.inverse_variance).sum())
    week = money[0].sum() * posterior.flat("week_shock") if G > 1 else 0.0
    sd = posterior.flat("sigma") * np.sqrt(own**2 + week**2)
    rho = posterior.flat("rho")
    residual, age = _last_residual(posterior, layout), _age(layout)
    spread = spread_of_new(layout, (posterior.draws, H), rng)
    previous = residual @ money[0]
    state = np.zeros((posterior.draws, H))
    fresh = rng.standard_normal((age + H, posterior.draws)) if shocks is None else shocks
    for step in range(-age, H):
        previous = rho * previous + sd * np.sqrt(1.0 - rho**2) * fresh[age + step]
        if step >= 0:
            state[:, step] = spread[:, step] * previous
    return linear + state + _organic(posterior, layout, panel, future, money)


def shocks_shape(posterior: Posterior, layout: Layout, future: FutureFeatures) -> tuple[int, int]:
    """Periods from the last one in the likelihood to the last to come, and draws."""
    return _age(layout) + future.dates.size, posterior.draws


def _age(layout: Layout) -> int:
    """Periods of the panel after the last one in the likelihood."""
    return layout.data.y.shape[0] - 1 - int(np.flatnonzero(layout.data.live)[-1])


def _last_residual(posterior: Posterior, layout: Layout) -> Floats:
    """Unexplained outcome of the last period in the likelihood over its spread, shape (draw, geo)."""
    data, lags = layout.data, layout.lags
    t = int(np.flatnonzero(data.live)[-1])
    recent = data.x[t : t + lags + 1][::-1]  # lag 0 first: x has `lags` leading periods
    s = np.einsum("dml,lgm->dgm", posterior.weights(layout), recent)
    half, slope = posterior.flat("half")[:, None], posterior.flat("slope")[:, None]
    ceiling = posterior.beta(layout, causal=False)[:, :, None] * posterior.effect()
    explained = posterior.flat("b") @ data.Z[t].T
    for m, kind in enumerate(data.saturation):
        explained += (
            saturate(kind, s[:, :, m], half[:, :, m], slope[:, :, m]) * ceiling[:, m] * data.demand[t]
        )
    return np.asarray((data.y[t] - explained) / posterior.spread(layout)[:, [t]])


def _recent_value(panel: Panel) -> Floats:
    assert panel.unit_value is not None
    return np.nanmean(panel.unit_value[-13:], axis=0, keepdims=True)


def _organic(
    posterior: Posterior, layout: Layout, panel: Panel, future: FutureFeatures, money: Floats
) -> Floats | float:
    """What owned media bring in the coming periods, shape (draw, period)."""
    n, count = layout.n_paid, len(panel.organic_names)
    if count == 0:
        return 0.0
    past = panel.organic[-layout.lags :]
    series = np.concatenate([past, future.organic]) / layout.exposure_scale[None, :, n:]
    actual, _ = period_sums(
        np.ascontiguousarray(series.transpose(2, 1, 0)),
        posterior.weights(layout)[:, n:],
        layout.data.saturation[n:],
        posterior.flat("half")[:, n:],
        posterior.flat("slope")[:, n:],
        np.ascontiguousarray(posterior.effect()[:, n:]),
        np.ascontiguousarray((money * demand_of(panel, future.controls)).T),
    )
    return (actual * posterior.beta(layout, causal=True)[:, None, n:]).sum(axis=2)
