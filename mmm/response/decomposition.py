"""Where the outcome came from, period by period, and how well the model fits. It ties to the outcome exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.panel import FutureFeatures, Panel
from mmm.dims import cell_columns, cell_row
from mmm.inference.posterior import Posterior, interval, spread_of_new
from mmm.model.baseline import design
from mmm.model.forward import period_sums, saturate
from mmm.model.layout import Layout

Floats = NDArray[np.float64]

SHOWN_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Fit:
    """Tables `contributions.csv` and `fit.csv`, and the fit's figures for `diagnostics.json`.

    `negative_baseline` is the probability that the outcome without paid media is below zero, shape (period,); 0 where
    a period is left out.
    """

    contributions: pd.DataFrame
    fit: pd.DataFrame
    r2: float
    mape: float
    coverage_90: float
    negative_baseline: Floats


def decompose(posterior: Posterior, layout: Layout, panel: Panel, *, seed: int) -> Fit:
    """Split the outcome of the modelled periods into its components.

    `media` rows hold what the window's own spend caused; what earlier spend still brought is `media_before`.
    A treatment counts against its baseline value, what it brings there belongs to the baseline. So does the gap between
    what moves with spend and what spend causes. `residual` is the
    outcome minus the mean of everything else, so the rows of a date sum to the outcome.
    """
    money = layout.data.money
    keep, actual, carried, causal = _shown_media(posterior, layout)
    n = layout.n_paid
    parts: dict[str, Floats] = {}
    b = posterior.flat("b")[keep]
    for name in dict.fromkeys(column.component for column in layout.baseline.columns):
        members = [i for i, c in enumerate(layout.baseline.columns) if c.component == name]
        parts[name] = np.einsum(
            "tgp,tg,dp->dt", layout.data.Z[:, :, members], money, b[:, members], optimize=True
        )
    for name, usual in _at_baseline(layout, panel, b).items():
        parts[name] = parts[name] - usual
        parts["baseline"] = parts["baseline"] + usual
    parts["baseline"] = parts["baseline"] + np.sum(actual * (1.0 - causal[:, None, :]), axis=2)
    own = (actual - carried) * causal[:, None, :]
    for i, name in enumerate(panel.organic_names):
        parts[f"organic:{name}"] = actual[:, :, n + i] * causal[:, None, n + i]
    without_media = np.asarray(sum(parts.values()))
    negative = np.where(layout.data.live, (without_media < 0).mean(axis=0), 0.0)
    parts["media_before"] = np.sum(carried[:, :, :n] * causal[:, None, :n], axis=2)
    outcome = np.nansum(layout.data.y * money, axis=1)
    expected = sum(parts.values()) + own[:, :, :n].sum(axis=2)
    table = _contributions(parts, own[:, :, :n], outcome - np.asarray(expected).mean(axis=0), layout, panel)
    shown = _fit_table(posterior, layout, panel, keep, causal, np.random.default_rng([seed, 13]))
    return Fit(table, *shown, negative)


def caused_by_spend(posterior: Posterior, layout: Layout) -> Floats:
    """What the spend of the modelled periods caused, in money or units, shape (draw, period, paid cell).

    Its means are the `media` rows of `contributions.csv`.
    """
    _, actual, carried, causal = _shown_media(posterior, layout)
    n = layout.n_paid
    return np.asarray((actual - carried)[:, :, :n] * causal[:, None, :n])


def _shown_media(posterior: Posterior, layout: Layout) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """The draws shown; what moves with media, and what of it earlier spend brings, (draw, period, medium); the causal
    share of both, (draw, medium)."""
    keep = np.linspace(0, posterior.draws - 1, min(SHOWN_DRAWS, posterior.draws)).round().astype(int)
    effect, beta = posterior.effect()[keep], posterior.beta(layout, causal=False)[keep]
    causal = posterior.beta(layout, causal=True)[keep] / beta
    actual, carried = _media(posterior, layout, keep, effect)
    return keep, actual * beta[:, None, :], carried * beta[:, None, :], causal


def _media(
    posterior: Posterior, layout: Layout, keep: NDArray[np.int64], effect: Floats
) -> tuple[Floats, Floats]:
    x = np.ascontiguousarray(layout.data.x.transpose(2, 1, 0))
    money = np.ascontiguousarray(layout.data.money.T)
    weights = posterior.weights(layout)[keep]
    half, slope = posterior.flat("half")[keep], posterior.flat("slope")[keep]
    actual, carried = period_sums(x, weights, layout.data.saturation, half, slope, effect, money)
    return actual, carried


def _at_baseline(layout: Layout, panel: Panel, b: Floats) -> dict[str, Floats]:
    """What each treatment brings at its baseline value rather than at its mean, shape (draw, period), by component."""
    spec, found = layout.baseline, {}
    for i, column in enumerate(layout.baseline.columns):
        name = column.component.removeprefix("control:")
        if name == column.component or name not in panel.treatments:
            continue
        k = spec.control_names.index(name)
        away = (panel.treatments[name] - spec.control_means[k]) / spec.control_sds[k]
        found[column.component] = away * b[:, [i]] * layout.data.money.sum(axis=1)
    return found


def _contributions(
    parts: dict[str, Floats], media: Floats, residual: Floats, layout: Layout, panel: Panel
) -> pd.DataFrame:
    dates = panel.dates[layout.window :]
    keys = cell_columns(panel.cells)
    frames = []

    def add(component: str, cell: dict[str, str], values: tuple[Floats, Floats, Floats]) -> None:
        mean, lo, hi = values
        frames.append(
            pd.DataFrame(
                {"date": dates, "component": component, **cell, "value": mean, "value_lo": lo, "value_hi": hi}
            )
        )

    nothing = dict.fromkeys(keys, "")
    for name, draws in parts.items():
        add(name, nothing, interval(draws))
    for i, cell in enumerate(panel.cells):
        add("media", cell_row(cell, keys), interval(media[:, :, i]))
    add("residual", nothing, (residual, residual, residual))
    return pd.concat(frames, ignore_index=True)


def _fit_table(
    posterior: Posterior,
    layout: Layout,
    panel: Panel,
    keep: NDArray[np.int64],
    causal: Floats,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, float, float, float]:
    """Actual against expected by geo and period; the range is that of a new observation."""
    data = layout.data
    T, G = data.y.shape
    thin = np.linspace(0, len(keep) - 1, min(300, len(keep))).round().astype(int)
    draws = keep[thin]
    linear = np.einsum("tgp,dp->dtg", data.Z, posterior.flat("b")[draws], optimize=True)
    media = np.zeros((len(draws), T, G))
    kept_in_baseline = np.zeros_like(media)
    for m, part in enumerate(media_terms(posterior, layout, draws)):
        media += part
        kept_in_baseline += part * (1.0 - causal[thin, m])[:, None, None]
    unit = layout.outcome_scale * layout.size
    mu = linear + media
    sigma = posterior.flat("sigma")[draws][:, None, None] * spread_of_new(layout, (len(draws), T, 1), rng)
    own = rng.standard_normal(mu.shape) / np.sqrt(data.inverse_variance)
    shared = rng.standard_normal((len(draws), T, 1)) * posterior.flat("week_shock")[draws][:, None, None]
    noise = sigma * (own + (shared if G > 1 else 0.0))
    actual = panel.outcome[layout.window :]
    mean = mu.mean(axis=0) * unit
    observed = (mu + noise) * unit
    _, lo, hi = interval(observed)
    baseline = (linear + kept_in_baseline).mean(axis=0) * unit
    table = _fit_rows(panel, layout, actual, mean, (lo, hi), baseline)
    if G > 1:  # ranges do not add: the total's are taken per draw
        _, total_lo, total_hi = interval(observed.sum(axis=2))
        whole = pd.DataFrame(
            {
                "date": panel.dates[layout.window :],
                "geo": "",
                "actual": actual.sum(axis=1),
                "expected": mean.sum(axis=1),
                "expected_lo": total_lo,
                "expected_hi": total_hi,
                "baseline": baseline.sum(axis=1),
            }
        )
        table = pd.concat([whole, table], ignore_index=True)
    live = data.live
    a, e = actual[live], mean[live]
    within = (a >= lo[live]) & (a <= hi[live])
    total_a, total_e = a.sum(axis=1), e.sum(axis=1)
    r2 = 1.0 - float(((total_a - total_e) ** 2).sum() / ((total_a - total_a.mean()) ** 2).sum())
    mape = float(np.mean(np.abs(total_a - total_e) / np.maximum(np.abs(total_a), 1e-12)))
    return table, r2, mape, float(within.mean())


def media_terms(posterior: Posterior, layout: Layout, draws: NDArray[np.int64]) -> Iterator[Floats]:
    """What each medium adds to the outcome as the panel sees it, in model units: one (draw, period, geo) a medium."""
    data = layout.data
    T, G = data.y.shape
    weights, half, slope = (
        posterior.weights(layout)[draws],
        posterior.flat("half")[draws],
        posterior.flat("slope")[draws],
    )
    beta, effect = posterior.beta(layout, causal=False)[draws], posterior.effect()[draws]
    for m in range(len(layout.media)):
        s = np.zeros((len(draws), T, G))
        for lag in range(layout.lags + 1):
            s += (
                weights[:, m, lag, None, None] * data.x[None, layout.lags - lag : layout.lags - lag + T, :, m]
            )
        part = saturate(int(data.saturation[m]), s, half[:, m, None, None], slope[:, m, None, None])
        yield part * (beta[:, m, None] * effect[:, m])[:, None, :]


def _fit_rows(
    panel: Panel,
    layout: Layout,
    actual: Floats,
    mean: Floats,
    limits: tuple[Floats, Floats],
    baseline: Floats,
) -> pd.DataFrame:
    """One row per period and geo; all arrays have shape (period, geo)."""
    T, G = actual.shape
    return pd.DataFrame(
        {
            "date": np.repeat(panel.dates[layout.window :], G),
            "geo": np.tile(np.array(panel.geos, dtype=object), T),
            "actual": actual.ravel(),
            "expected": mean.ravel(),
            "expected_lo": limits[0].ravel(),
            "expected_hi": limits[1].ravel(),
            "baseline": baseline.ravel(),
        }
    )


def forecast_baseline(
    posterior: Posterior, layout: Layout, panel: Panel, future: FutureFeatures, *, seed: int
) -> Floats:
    """Outcome without paid media in periods after the panel, with noise, in money or units; shape (draw, period).

    What was unexplained in the last period carries on as the AR(1) says; new shocks are drawn.
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
    residual, age = _last_residual(posterior, layout)
    spread = spread_of_new(layout, (posterior.draws, H), rng)
    previous = residual @ money[0]
    state = np.zeros((posterior.draws, H))
    for step in range(-age, H):
        fresh = rng.standard_normal(posterior.draws)
        previous = rho * previous + sd * np.sqrt(1.0 - rho**2) * fresh
        if step >= 0:
            state[:, step] = spread[:, step] * previous
    return linear + state + _organic(posterior, layout, panel, future, money)


def _last_residual(posterior: Posterior, layout: Layout) -> tuple[Floats, int]:
    """Unexplained outcome of the last period in the likelihood over its spread, shape (draw, geo); age in periods."""
    data, lags = layout.data, layout.lags
    t = int(np.flatnonzero(data.live)[-1])
    recent = data.x[t : t + lags + 1][::-1]  # lag 0 first: x has `lags` leading periods
    s = np.einsum("dml,lgm->dgm", posterior.weights(layout), recent)
    half, slope = posterior.flat("half")[:, None], posterior.flat("slope")[:, None]
    ceiling = posterior.beta(layout, causal=False)[:, :, None] * posterior.effect()
    explained = posterior.flat("b") @ data.Z[t].T
    for m, kind in enumerate(data.saturation):
        explained += saturate(kind, s[:, :, m], half[:, :, m], slope[:, :, m]) * ceiling[:, m]
    return (data.y[t] - explained) / posterior.spread(layout)[:, [t]], data.y.shape[0] - 1 - t


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
        np.ascontiguousarray(money.T),
    )
    return (actual * posterior.beta(layout, causal=True)[:, None, n:]).sum(axis=2)


def adstock_table(posterior: Posterior, layout: Layout, panel: Panel) -> pd.DataFrame:
    """Share of the effect by lag, per cell: the table `adstock.csv`."""
    weights = posterior.weights(layout)[:, : layout.n_paid]
    mean, lo, hi = interval(weights)
    keys = cell_columns(panel.cells)
    rows = [
        {
            **cell_row(cell, keys),
            "lag": lag,
            "weight": mean[i, lag],
            "weight_lo": lo[i, lag],
            "weight_hi": hi[i, lag],
        }
        for i, cell in enumerate(panel.cells)
        for lag in range(layout.lags + 1)
    ]
    return pd.DataFrame(rows)
