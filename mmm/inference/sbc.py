"""Companies drawn from the model itself, and where the truth ranks among the draws of a fit.

Simulation-based calibration: parameters from the prior, data from the parameters, a posterior from the data. Over many
such companies the rank of each true parameter among its posterior draws is uniform, whatever the priors and the data,
unless density, gradient, sampler or priors disagree with each other (Talts et al. 2018, arXiv:1804.06788).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mmm.inference.fit import draw_once
from mmm.inference.posterior import Posterior, split_phi
from mmm.model.calibration import Lift, lift_draws
from mmm.model.density import Density
from mmm.model.forward import media_weights, saturate
from mmm.model.layout import Layout
from mmm.model.pack import KernelData
from mmm.model.parents import hang
from mmm.model.settings import SamplingSettings
from mmm.model.shapes import RETURN
from mmm.runs.engines import HERE, Workers
from mmm.runs.executor import side_by_side

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A company drawn from the model.

    Attributes
    ----------
    layout
        The layout it was drawn for, with its outcome and the results of its tests.
    truth
        True values by name; media have one each, shape (medium,), the noise one in all.
    """

    layout: Layout
    truth: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What came of one company.

    Attributes
    ----------
    seed
        It was drawn with.
    ranks
        From `ranks`; none where it could not be fitted.
    fault
        Why it could not.
    """

    seed: int
    ranks: dict[str, Floats] = field(default_factory=dict)
    fault: str = ""


def calibrate(
    layout: Layout,
    geos: tuple[str, ...],
    seeds: Sequence[int],
    sampling: SamplingSettings,
    *,
    kept: int,
    workers: Workers = HERE,
) -> Iterator[Ranked]:
    """Draw and fit a company for every seed, in this order.

    No gate stands: were companies left out for their draws, the ranks of the others would not be uniform.

    Parameters
    ----------
    layout, geos
        What is known before anything is drawn: spend, calendar, priors.
    sampling
        Of each fit, its seed apart: that is the company's.
    kept
        As `ranks` has it.
    workers
        Who shares the companies; the ranks are the same for all.

    Raises
    ------
    InputError
        When an engine cannot be used, or the system ended a process.
    """
    task = partial(_company, layout=layout, geos=geos, sampling=sampling, kept=kept)
    yield from side_by_side(task, seeds, workers)


def _company(
    seed: int, *, layout: Layout, geos: tuple[str, ...], sampling: SamplingSettings, kept: int
) -> Ranked:
    """One company; a fault is said, never raised: the others go on."""
    drawn = draw_company(layout, np.random.default_rng([seed, 42]))
    try:
        posterior, _ = draw_once(drawn.layout, geos, sampling.model_copy(update={"seed": seed}))
    except Exception as error:  # noqa: BLE001 - a task that raises would take the others with it
        return Ranked(seed, fault=str(error) or type(error).__name__)
    return Ranked(seed, ranks(drawn, posterior, kept))


def draw_company(layout: Layout, rng: np.random.Generator) -> Drawn:
    """Parameters from the priors, an outcome and the results of past tests from the parameters.

    ROI and what moves with spend without being caused by it are drawn apart and then added up, as the model says it is;
    a test sees the ROI alone. Which tests there were, and how exact they are, is the layout's.

    Raises
    ------
    ValueError
        Where audiences share a channel: their ROI are not independent; and where a prior is not on log ROI.
    """
    if (layout.siblings >= 0).any():
        raise ValueError("draw_company is for channels without audiences")
    if (layout.data.measure != RETURN).any():
        raise ValueError("draw_company is for priors on ROI that is above 0")
    parents = hang(layout)
    free = rng.standard_normal(len(parents.parents))  # unit normals, all of them
    media = len(layout.media)
    log_roi = layout.log_roi_mean + layout.log_roi_sd * rng.standard_normal(media)
    moves_along = layout.structural_sd * rng.standard_normal(media)
    tested = list(layout.data.tested)
    apart = np.isin(
        np.arange(media), tested
    )  # their gap is a coordinate of its own, else it is part of the prior
    spread = np.sqrt(layout.log_roi_sd**2 + np.where(apart, 0.0, layout.structural_sd**2))
    free[parents.places["roi_z"]] = (
        log_roi + np.where(apart, 0.0, moves_along) - layout.log_roi_mean
    ) / spread
    free[parents.places["gap_z"]] = moves_along[tested] / layout.structural_sd[tested]
    phi = Density(parents.packed(), np.zeros(0)).phi(free)
    parts = split_phi(phi, layout)
    truth = {
        "roi": np.exp(log_roi),
        "theta": 1.0 / (1.0 + np.exp(-parts["logit_theta"])),
        "half": np.exp(parts["log_kappa"]) * _mean_carried(parts, layout.data),
        "slope": np.exp(parts["log_n"]),
        "sigma": np.exp(parts["log_sigma"]),
        "rho": parts["rho"],
        "week_shock": np.exp(parts["log_sqrt_lambda"]),
    }
    outcome = draw_outcome(parts, layout.data, rng)
    results = draw_results(parts, layout.data, rng)
    return Drawn(replace(layout, data=replace(layout.data, y=outcome, lifts=results)), truth)


def draw_outcome(parts: dict[str, Floats], data: KernelData, rng: np.random.Generator) -> Floats:
    """An outcome from the likelihood, in model units, shape (period, geo); coefficients with a flat prior are 0.

    Parameters
    ----------
    parts
        Natural parameters of one draw by name, see `mmm.inference.posterior.split_phi`.
    data
        Everything but the outcome. Every period must be live.

    Raises
    ------
    ValueError
        Where periods are left out of the likelihood.
    """
    if not data.live.all():
        raise ValueError("draw_outcome needs a likelihood without gaps")
    scale = np.where(data.group >= 0, np.exp(parts["log_scale"])[data.group], 1.0)
    sd = np.where(data.precision > 0, scale / np.sqrt(np.maximum(data.precision, 1e-300)), 0.0)
    linear = data.Z @ (sd * rng.standard_normal(sd.size))
    return linear + media_effect(parts, data) + _noise(parts, data, rng)


def draw_results(parts: dict[str, Floats], data: KernelData, rng: np.random.Generator) -> tuple[Lift, ...]:
    """The tests of the data, with results drawn from their likelihood."""
    causal = parts["log_roi"].copy()
    causal[list(data.tested)] -= parts["gap"]
    ceiling = np.array([_ceiling(parts | {"log_roi": causal}, data, m) for m in range(causal.size)])
    half = np.exp(parts["log_kappa"]) * _mean_carried(parts, data)
    lifts = lift_draws(
        data.lifts,
        data.x,
        data.demand,
        data.saturation,
        _weights(parts, data)[None],
        half[None],
        np.exp(parts["log_n"])[None],
        ceiling[None],
    )[0]
    return tuple(
        replace(lift, measured=float(true + lift.sd * rng.standard_t(lift.df)))
        for lift, true in zip(data.lifts, lifts, strict=True)
    )


def media_effect(parts: dict[str, Floats], data: KernelData) -> Floats:
    """Effect of all media at one draw, with ROI as the parameter, in model units, shape (period, geo)."""
    media = range(data.spend.size)
    return np.asarray(sum(_ceiling(parts, data, m) * _share(parts, data, m, data.x) for m in media))


def _ceiling(parts: dict[str, Floats], data: KernelData, m: int) -> Floats:
    """What a saturated medium brings a period at the draw's ROI, in model units, shape (geo,)."""
    before = data.x.copy()
    before[data.mean_lagged.shape[1] - 1 :] = 0.0
    by_geo = np.exp(parts["dev"][m])
    gained = _share(parts, data, m, data.x) - _share(parts, data, m, before)
    money = float((data.money * by_geo * gained).sum())
    return np.asarray(np.exp(parts["log_roi"][m]) * data.spend[m] / money * by_geo)


def _share(parts: dict[str, Floats], data: KernelData, m: int, x: Floats) -> Floats:
    """Share of its ceiling that a medium reaches with the exposure x, times demand, shape (period, geo)."""
    periods, lags = data.y.shape[0], data.mean_lagged.shape[1] - 1
    weights = _weights(parts, data)[m]
    half = float(np.exp(parts["log_kappa"][m]) * _mean_carried(parts, data)[m])
    carried = sum(weights[lag] * x[lags - lag : lags - lag + periods, :, m] for lag in range(lags + 1))
    slope = float(np.exp(parts["log_n"][m]))
    return data.demand * saturate(int(data.saturation[m]), np.asarray(carried), half, slope)


def ranks(drawn: Drawn, posterior: Posterior, kept: int) -> dict[str, Floats]:
    """Share of evenly spaced posterior draws that lie below each true value, in [0, 1], by name.

    Parameters
    ----------
    kept
        Draws that are kept of all chains together; few enough to be nearly independent.
    """
    out = {}
    for name, true in drawn.truth.items():
        draws = posterior.flat(name)
        draws = draws[np.linspace(0, len(draws) - 1, kept).round().astype(int)]
        out[name] = (draws < true).mean(axis=0)
    return out


def _weights(parts: dict[str, Floats], data: KernelData) -> Floats:
    theta = 1.0 / (1.0 + np.exp(-parts["logit_theta"]))
    lags = data.mean_lagged.shape[1] - 1
    return media_weights(data.adstock, theta, np.exp(parts["log_a"]), lags, data.weeks_per_period)


def _mean_carried(parts: dict[str, Floats], data: KernelData) -> Floats:
    """Mean adstocked exposure over active periods, shape (medium,)."""
    return (_weights(parts, data) * data.mean_lagged).sum(axis=1)


def _noise(parts: dict[str, Floats], data: KernelData, rng: np.random.Generator) -> Floats:
    """AR(1) over periods, by geo and, where there are several, shared; shape (period, geo)."""
    periods, geos = data.y.shape
    rho = float(parts["rho"])
    series = rng.standard_normal((periods, geos + 1))
    for t in range(1, periods):
        series[t] = rho * series[t - 1] + np.sqrt(1.0 - rho**2) * series[t]
    own = series[:, 1:] / np.sqrt(data.inverse_variance)
    shared = np.exp(parts["log_sqrt_lambda"]) * series[:, :1] if geos > 1 else 0.0
    spread = np.exp(-0.5 * parts["log_weight"])[:, None] if data.student_t else 1.0
    return np.exp(parts["log_sigma"]) * spread * (own + shared)
