"""Where the outcome came from, period by period, and how well the model fits. It ties to the outcome exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.dims import Cell, cell_columns, cell_row
from mmm.inference.posterior import Posterior, interval, spread_of_new
from mmm.model.forward import period_sums, saturate
from mmm.model.layout import Layout

Floats = NDArray[np.float64]

SHOWN_DRAWS = 1000
EXPECTED_DRAWS = 300
MEDIA_BEFORE = "media_before"


@dataclass(frozen=True, slots=True)
class Fit:
    """Tables `contributions.csv` and `fit.csv`, and the fit's figures for `diagnostics.json`.

    `negative_baseline` is the probability that the outcome without paid media is below zero, shape (period,); 0 where
    a period is left out. `mape` is None where the outcome is not above zero in every period.
    """

    contributions: pd.DataFrame
    fit: pd.DataFrame
    r2: float
    mape: float | None
    coverage_90: float
    negative_baseline: Floats


@dataclass(frozen=True, slots=True)
class Split:
    """Where the outcome came from, per draw, in money or units.

    Attributes
    ----------
    parts
        By component, all but media and what nothing explains, shape (draw, period).
    media
        What the spend of the modelled periods caused, shape (draw, period, paid cell).
    outcome
        Shape (period,); 0 where it is not known.
    live
        Periods in the likelihood, shape (period,).
    """

    parts: Mapping[str, Floats]
    media: Floats
    outcome: Floats
    live: NDArray[np.bool_]

    @property
    def negative_baseline(self) -> Floats:
        """Probability that the outcome without paid media is below zero, shape (period,); 0 where left out."""
        without_media = sum(part for name, part in self.parts.items() if name != MEDIA_BEFORE)
        return np.where(self.live, (np.asarray(without_media) < 0).mean(axis=0), 0.0)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the model expects of the modelled periods, and what it could have observed, in the outcome's unit.

    Attributes
    ----------
    actual, mean, baseline
        Shape (period, geo); baseline is the mean outcome without paid media.
    observed
        New observations, shape (draw, period, geo).
    live
        Periods in the likelihood, shape (period,).
    """

    actual: Floats
    mean: Floats
    baseline: Floats
    observed: Floats
    live: NDArray[np.bool_]


def decompose(posterior: Posterior, layout: Layout, panel: Panel, *, seed: int) -> Fit:
    """Split the outcome of the modelled periods into its components, and compare it with what the model expects.

    `media` rows hold what the window's own spend caused; what earlier spend still brought is `media_before`.
    A treatment counts against its baseline value, what it brings there belongs to the baseline. So does the gap between
    what moves with spend and what spend causes. `residual` is the
    outcome minus the mean of everything else, so the rows of a date sum to the outcome.
    """
    split = split_outcome(posterior, layout, panel)
    return as_fit(split, expect(posterior, layout, panel, np.random.default_rng([seed, 13])), layout, panel)


def as_fit(split: Split, expected: Expected, layout: Layout, panel: Panel) -> Fit:
    """The tables of a split and of what was expected."""
    table = _contributions(split, layout, panel)
    return Fit(table, *_fit_table(expected, layout, panel), split.negative_baseline)


def split_outcome(posterior: Posterior, layout: Layout, panel: Panel) -> Split:
    """The outcome of the modelled periods by component, at most `SHOWN_DRAWS` draws, evenly spaced."""
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
    parts[MEDIA_BEFORE] = np.sum(carried[:, :, :n] * causal[:, None, :n], axis=2)
    return Split(parts, own[:, :, :n], np.nansum(layout.data.y * money, axis=1), layout.data.live)


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
    money = np.ascontiguousarray(layout.data.worth.T)
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


def _contributions(split: Split, layout: Layout, panel: Panel) -> pd.DataFrame:
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
    for name, draws in split.parts.items():
        add(name, nothing, interval(draws))
    for i, cell in enumerate(panel.cells):
        add("media", cell_row(cell, keys), interval(split.media[:, :, i]))
    expected = np.asarray(sum(split.parts.values())) + split.media.sum(axis=2)
    residual = split.outcome - expected.mean(axis=0)
    add("residual", nothing, (residual, residual, residual))
    return pd.concat(frames, ignore_index=True)


def noise_shape(posterior: Posterior, layout: Layout) -> tuple[int, int, int]:
    """Draws, periods and regions (the last: what all share) of the noise that `expect` adds."""
    T, G = layout.data.y.shape
    return min(EXPECTED_DRAWS, SHOWN_DRAWS, posterior.draws), T, G + 1


def expect(
    posterior: Posterior,
    layout: Layout,
    panel: Panel,
    rng: np.random.Generator,
    standard: Floats | None = None,
) -> Expected:
    """What the model expects by period and geo, and what it could have observed.

    Parameters
    ----------
    standard
        Standard normal noise of `noise_shape`, where it has to do with that of other fits; None: drawn.
    """
    data = layout.data
    shape = noise_shape(posterior, layout)
    keep = np.linspace(0, posterior.draws - 1, min(SHOWN_DRAWS, posterior.draws)).round().astype(int)
    draws = keep[np.linspace(0, len(keep) - 1, shape[0]).round().astype(int)]
    causal = posterior.beta(layout, causal=True)[draws] / posterior.beta(layout, causal=False)[draws]
    linear = np.einsum("tgp,dp->dtg", data.Z, posterior.flat("b")[draws], optimize=True)
    media, kept_in_baseline = np.zeros_like(linear), np.zeros_like(linear)
    for m, part in enumerate(media_terms(posterior, layout, draws)):
        media += part
        kept_in_baseline += part * (1.0 - causal[:, m])[:, None, None]
    unit = layout.outcome_scale * layout.size
    spread = spread_of_new(layout, (shape[0], shape[1], 1), rng)
    sigma = posterior.flat("sigma")[draws][:, None, None] * spread
    standard = rng.standard_normal(shape) if standard is None else standard
    own = standard[:, :, :-1] / np.sqrt(data.inverse_variance)
    shared = standard[:, :, -1:] * posterior.flat("week_shock")[draws][:, None, None]
    noise = sigma * (own + (shared if len(unit) > 1 else 0.0))
    return Expected(
        actual=panel.outcome[layout.window :],
        mean=(linear + media).mean(axis=0) * unit,
        baseline=(linear + kept_in_baseline).mean(axis=0) * unit,
        observed=(linear + media + noise) * unit,
        live=data.live,
    )


def _fit_table(
    expected: Expected, layout: Layout, panel: Panel
) -> tuple[pd.DataFrame, float, float | None, float]:
    """Actual against expected by geo and period; the range is that of a new observation."""
    actual, mean, live = expected.actual, expected.mean, expected.live
    _, lo, hi = interval(expected.observed)
    table = _fit_rows(panel, layout, actual, mean, (lo, hi), expected.baseline)
    if actual.shape[1] > 1:  # ranges do not add: the total's are taken per draw
        _, total_lo, total_hi = interval(expected.observed.sum(axis=2))
        whole = pd.DataFrame(
            {
                "date": panel.dates[layout.window :],
                "geo": "",
                "actual": actual.sum(axis=1),
                "expected": mean.sum(axis=1),
                "expected_lo": total_lo,
                "expected_hi": total_hi,
                "baseline": expected.baseline.sum(axis=1),
            }
        )
        table = pd.concat([whole, table], ignore_index=True)
    a, e = actual[live], mean[live]
    within = (a >= lo[live]) & (a <= hi[live])
    total_a, total_e = a.sum(axis=1), e.sum(axis=1)
    r2 = 1.0 - float(((total_a - total_e) ** 2).sum() / ((total_a - total_a.mean()) ** 2).sum())
    # relative to what may be nothing an error says nothing
    mape = float(np.mean(np.abs(total_a - total_e) / total_a)) if (total_a > 0).all() else None
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
        yield part * data.demand * (beta[:, m, None] * effect[:, m])[:, None, :]


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


def adstock_table(posterior: Posterior, layout: Layout, panel: Panel) -> pd.DataFrame:
    """Share of the effect by lag, per cell: the table `adstock.csv`."""
    return lag_table(posterior.weights(layout)[:, : layout.n_paid], panel.cells)


def lag_table(weights: Floats, cells: Sequence[Cell]) -> pd.DataFrame:
    """Carry-over weights, shape (draw, cell, lag + 1), as a table with a row per cell and lag."""
    mean, lo, hi = interval(weights)
    keys = cell_columns(cells)
    rows = [
        {
            **cell_row(cell, keys),
            "lag": lag,
            "weight": mean[i, lag],
            "weight_lo": lo[i, lag],
            "weight_hi": hi[i, lag],
        }
        for i, cell in enumerate(cells)
        for lag in range(weights.shape[2])
    ]
    return pd.DataFrame(rows)
