"""From a panel to the arrays of the model: window, scales, design, priors. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.experiments import Experiment
from mmm.data.panel import Panel
from mmm.dims import Cell
from mmm.errors import DataError
from mmm.model.baseline import BaselineSpec, design, own_columns, specify
from mmm.model.calibration import calibrate
from mmm.model.forward import Codes, media_weights
from mmm.model.pack import KernelData
from mmm.model.priors import (
    KAPPA_CEILING,
    ORGANIC_SHARE,
    ORGANIC_SIGMA,
    SIGNED_SIGMA,
    STRUCTURAL_SD,
    STRUCTURAL_SD_OF_CAPTURE,
    STRUCTURAL_SD_WITH_GEOS,
    CurvePriors,
    RoiPriors,
    resolve_curve_priors,
    resolve_roi_priors,
)
from mmm.model.settings import AdstockKind, ModelSettings, SaturationKind
from mmm.model.shapes import ADSTOCKS, RETURN, SATURATIONS, SIGNED

Floats = NDArray[np.float64]

WEEKS = {"day": 1.0 / 7.0, "week": 1.0, "month": 30.4375 / 7.0}
MIN_LIVE = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """The model of one panel in arrays; everything but the sampler's graph.

    Attributes
    ----------
    window
        Index of the first modelled period of the panel; the model's periods are panel.dates[window:].
    lags
        Largest lag in periods.
    data
        What the kernel reads; its media are the paid cells followed by owned media.
    baseline
        Specification of the linear part.
    outcome_scale
        Outcome per head that counts as one.
    size
        Heads per geo (population, or mean outcome where it is not known), shape (geo,).
    exposure_scale
        Exposure that counts as one, shape (geo, medium).
    media
        Cells of the media, owned media as Cell("organic:NAME").
    n_paid
        Number of paid cells.
    curve_priors
        Of carry-over and saturation, by medium.
    roi_priors
        Of the paid cells.
    log_roi_mean, log_roi_sd
        Normal prior of log ROI of each medium, or of what else it measures (`data.measure`), shape (medium,).
    structural_sd
        sd of the log gap between what moves with spend and what spend causes, shape (medium,).
    log_kappa_max
        Upper end of log(kappa / mean adstocked exposure), shape (medium,).
    siblings
        Index of the channel each paid cell shares with others, -1 for a channel with one cell and for owned media.
    experiments
        Past tests in the likelihood, in the order of `data.lifts`.
    """

    window: int
    lags: int
    data: KernelData
    baseline: BaselineSpec
    outcome_scale: float
    size: Floats
    exposure_scale: Floats
    media: tuple[Cell, ...]
    n_paid: int
    curve_priors: CurvePriors
    roi_priors: RoiPriors
    log_roi_mean: Floats
    log_roi_sd: Floats
    structural_sd: Floats
    log_kappa_max: Floats
    siblings: NDArray[np.int64]
    experiments: tuple[Experiment, ...] = ()


def first_modelled(panel: Panel, settings: ModelSettings) -> int:
    """Index of the first modelled period.

    Where spend before the first outcome is unknown, the first rows are conditioned on: their media are the history.
    """
    lags = max(1, round(settings.max_lag / WEEKS[panel.grain]))
    return panel.first if settings.history == "none" else max(panel.first, lags)


def lay_out(
    panel: Panel,
    settings: ModelSettings,
    *,
    break_even: float | Mapping[str, float] | None = None,
    experiments: Sequence[Experiment] = (),
    share: float = 1.0,
) -> Layout:
    """Fix window, scales, design and priors.

    Parameters
    ----------
    break_even
        1 / gross margin; centre of the default ROI prior. None without a margin.
    experiments
        Past tests, none of which began before the modelled periods.
    share
        What the outcome is of the company's, below 1 for a segment.

    Raises
    ------
    DataError
        When the modelled periods are too few, or a cell has no exposure in them.
    """
    lags = max(1, round(settings.max_lag / WEEKS[panel.grain]))
    start = first_modelled(panel, settings)
    live = panel.modelled[start:]
    if live.sum() < MIN_LIVE:
        raise DataError(
            [
                f"{int(live.sum())} periods are left to model after the first {start} serve as media history; "
                f"at least {MIN_LIVE} are needed. Give earlier rows, or lower `model.max_lag` (is {settings.max_lag})"
            ]
        )
    size = _sizes(panel, start)
    money_per_unit = np.ones_like(panel.outcome) if panel.unit_value is None else panel.unit_value
    money_per_unit = money_per_unit[start:]
    per_head = np.nan_to_num(panel.outcome[start:]) / size
    within = [found for found in experiments if found.within]
    spec = _specify(panel, settings, start, tuple(found.id for found in within))
    rows = {
        "experiments": _counted(within, panel, start),
        "controls": panel.controls[start:][:, :, [panel.control_names.index(n) for n in spec.control_names]],
        "events": panel.events[start:][:, [panel.event_names.index(n) for n in spec.event_names]],
        "holidays": panel.holidays[start:][:, [panel.holiday_names.index(n) for n in spec.holiday_names]],
    }
    media, exposure = _media(panel)
    x, exposure_scale, mean_lagged = _scaled_exposure(panel, media, exposure, start, lags, size)
    equal = design(spec, panel.dates[start:], **rows, inverse_variance=np.ones_like(size))
    scale = _robust_scale(per_head, live, spec, equal)
    inverse_variance = _inverse_variance(per_head / scale, live, equal, x[lags:])
    Z = design(spec, panel.dates[start:], **rows, inverse_variance=inverse_variance)
    money = money_per_unit * size * scale
    demand = demand_of(panel, panel.controls)[start:]
    total = float(np.nansum(np.abs(panel.outcome[start:] * money_per_unit)))  # the size of a signed outcome
    paid = panel.spend[start:].sum(axis=(0, 1))
    priors = resolve_roi_priors(
        panel.cells,
        settings.priors,
        spend=paid,
        outcome=total,
        break_even=break_even,
        has_money=panel.unit_value is not None,
        share=share,
    )
    n_organic = len(panel.organic_names)
    sibling_index = _siblings(panel.cells)
    adstock, saturation = _families(media, settings)
    curve_priors = resolve_curve_priors(adstock, saturation)
    codes = np.array([ADSTOCKS[kind] for kind in adstock])
    shares = np.array([SATURATIONS[kind] for kind in saturation])
    weights = prior_median_weights(codes, curve_priors, lags, WEEKS[panel.grain])
    measure, middle, sigma = _returned(priors, panel, settings)
    signed = measure == SIGNED
    worth = np.concatenate([paid, np.full(n_organic, total)])
    data = KernelData(
        y=per_head / scale,
        live=live,
        x=x,
        mean_lagged=mean_lagged,
        spend=worth,
        adstock=codes,
        saturation=shares,
        measure=measure,
        unit=np.where(signed, middle, 1.0),
        money=money,
        demand=demand,
        inverse_variance=inverse_variance,
        Z=Z,
        n_dense=spec.n_dense,
        own=own_columns(spec, panel.dates[start:]),
        precision=np.array([0.0 if np.isinf(c.sd) else c.sd**-2 for c in spec.columns]),
        group=np.array([spec.scales.index(c.scale) if c.scale else -1 for c in spec.columns]),
        n_groups=len(spec.scales),
        weeks_per_period=WEEKS[panel.grain],
        student_t=settings.likelihood == "student_t",
        lifts=calibrate(
            experiments,
            panel,
            window=start,
            x=x,
            exposure_scale=exposure_scale,
            heads=size * scale,
            saturation=shares,
            weights=weights,
            half=np.exp(curve_priors.kappa[0]) * (mean_lagged * weights).sum(axis=1),
            slope=np.exp(curve_priors.slope[0]),
            money=money * demand,
            demand=demand,
            spend=worth,
            returned=middle,
            measure=measure,
        ),
    )
    return Layout(
        window=start,
        lags=lags,
        data=data,
        baseline=spec,
        outcome_scale=scale,
        size=size,
        exposure_scale=exposure_scale,
        media=media,
        n_paid=len(panel.cells),
        curve_priors=curve_priors,
        roi_priors=priors,
        log_roi_mean=np.where(signed, 1.0, np.log(middle)),
        log_roi_sd=sigma,
        structural_sd=_structural_sd(panel, media, settings),
        log_kappa_max=_kappa_ceiling(x, mean_lagged, weights),
        siblings=np.concatenate([sibling_index, np.full(n_organic, -1)]),
        experiments=tuple(experiments),
    )


def demand_of(panel: Panel, controls: Floats) -> Floats:
    """What media are multiplied by: the control of role `demand` over its mean in the modelled periods, by region.

    Parameters
    ----------
    controls
        Of the panel's periods or of coming ones, shape (period, geo, control).

    Returns
    -------
    Shape (period, geo); ones where no control has the role.
    """
    if "demand" not in panel.control_roles:
        return np.ones(controls.shape[:2])
    index = panel.control_roles.index("demand")
    return np.asarray(controls[:, :, index] / panel.controls[panel.modelled][:, :, index].mean(axis=0))


def _returned(priors: RoiPriors, panel: Panel, settings: ModelSettings) -> tuple[Codes, Floats, Floats]:
    """What each medium's first parameter is, its middle (owned media: share of the outcome) and sigma; (medium,)."""
    told = [settings.priors.channels.get(name) for name in panel.organic_names]
    signed = np.array([own is not None and own.sign == "any" for own in told], dtype=bool)
    return (
        np.concatenate([priors.measure, np.where(signed, SIGNED, RETURN)]),
        np.concatenate([priors.median, np.full(signed.size, ORGANIC_SHARE)]),
        np.concatenate([priors.sigma, np.where(signed, SIGNED_SIGMA, ORGANIC_SIGMA)]),
    )


def _sizes(panel: Panel, start: int) -> Floats:
    """Heads per geo; the mean outcome where population is not known. Mean one, so that national is per company."""
    heads = panel.population
    if heads is None:
        heads = np.nanmean(np.abs(panel.outcome[start:]), axis=0)
    return np.maximum(heads, heads.max() * 1e-9) / heads.mean()


def _counted(experiments: Sequence[Experiment], panel: Panel, start: int) -> Floats:
    """1 in the regions and periods that count in a test's lift, shape (modelled period, geo, experiment)."""
    rows = np.zeros((len(panel.dates), len(panel.geos), len(experiments)))
    for k, found in enumerate(experiments):
        rows[found.first : found.last, list(found.geos), k] = 1.0
    return rows[start:]


def _specify(panel: Panel, settings: ModelSettings, start: int, experiments: tuple[str, ...]) -> BaselineSpec:
    return specify(
        grain=panel.grain,
        geos=panel.geos,
        dates=panel.dates[start:],
        live=panel.modelled[start:],
        controls=panel.controls[start:],
        control_names=panel.control_names,
        control_roles=panel.control_roles,
        event_names=panel.event_names,
        events=panel.events[start:],
        holiday_names=panel.holiday_names,
        holidays=panel.holidays[start:],
        seasonality=settings.seasonality,
        experiment_names=experiments,
    )


def _robust_scale(per_head: Floats, live: NDArray[np.bool_], spec: BaselineSpec, Z: Floats) -> float:
    """1.48 x MAD of the outcome per head after intercepts, line and season."""
    plain = [
        i
        for i, c in enumerate(spec.columns)
        if c.component == "baseline" or (c.component == "seasonality" and c.scale == "seasonality")
    ]
    columns = Z[live][:, :, plain].reshape(-1, len(plain))
    values = per_head[live].ravel()
    residual = values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
    mad = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
    return mad or float(residual.std()) or 1.0


def _media(panel: Panel) -> tuple[tuple[Cell, ...], Floats]:
    organic = tuple(Cell(f"organic:{name}") for name in panel.organic_names)
    return panel.cells + organic, np.concatenate([panel.exposure, panel.organic], axis=2)


def _scaled_exposure(
    panel: Panel, media: tuple[Cell, ...], exposure: Floats, start: int, lags: int, size: Floats
) -> tuple[Floats, Floats, Floats]:
    """Exposure per head over its mean in active periods, with `lags` leading periods (zeros where none)."""
    if exposure.shape[0] - start <= 0:
        raise DataError(["no periods with an outcome are left to model"])
    per_head = exposure / size[None, :, None]
    window = per_head[start:]
    active = window > 0
    if empty := [media[i].name for i in np.flatnonzero(~active.any(axis=(0, 1)))]:
        raise DataError(
            [
                f"{', '.join(empty)}: no exposure in the modelled periods ({panel.dates[start]} and after); "
                "merge it with another cell or leave it out"
            ]
        )
    unit = np.array([window[:, :, m][active[:, :, m]].mean() for m in range(len(media))])
    lead = max(0, lags - start)
    padded = np.concatenate([np.zeros((lead, *per_head.shape[1:])), per_head])[start + lead - lags :]
    x = padded / unit
    mean_lagged = np.empty((len(media), lags + 1))
    periods = window.shape[0]
    for m in range(len(media)):
        on = active[:, :, m]
        for lag in range(lags + 1):
            mean_lagged[m, lag] = x[lags - lag : lags - lag + periods, :, m][on].mean()
    return x, size[:, None] * unit[None, :], mean_lagged


def _structural_sd(panel: Panel, media: tuple[Cell, ...], settings: ModelSettings) -> Floats:
    if settings.structural_error != "auto":
        return np.full(len(media), settings.structural_error)
    usual = STRUCTURAL_SD if len(panel.geos) == 1 else STRUCTURAL_SD_WITH_GEOS
    return np.array([STRUCTURAL_SD_OF_CAPTURE if c.channel in panel.demand_capture else usual for c in media])


def _families(
    media: tuple[Cell, ...], settings: ModelSettings
) -> tuple[list[AdstockKind], list[SaturationKind]]:
    """Names of carry-over and saturation of each medium, as its channel has them."""
    adstock = [settings.adstock.get(cell.channel, settings.adstock.get("default", "gamma")) for cell in media]
    saturation = [
        settings.saturation.get(cell.channel, settings.saturation.get("default", "hill")) for cell in media
    ]
    return adstock, saturation


def prior_median_weights(kinds: Codes, priors: CurvePriors, lags: int, weeks: float) -> Floats:
    """Adstock weights of each medium at the median of its priors, shape (medium, lag + 1)."""
    theta = 1.0 / (1.0 + np.exp(-priors.theta[0]))
    return media_weights(kinds, theta, np.exp(priors.timing[0]), lags, weeks)


def _kappa_ceiling(x: Floats, mean_lagged: Floats, weights: Floats) -> Floats:
    """log of 3 x the largest adstocked exposure over its mean, at the prior's median carry-over."""
    lags = weights.shape[1] - 1
    periods = x.shape[0] - lags
    adstocked = sum(weights[:, lag] * x[lags - lag : lags - lag + periods] for lag in range(lags + 1))
    largest = np.asarray(adstocked).max(axis=(0, 1))
    return np.log(KAPPA_CEILING * largest / (mean_lagged * weights).sum(axis=1))


def _inverse_variance(y: Floats, live: NDArray[np.bool_], Z: Floats, x: Floats) -> Floats:
    """Relative precision of each geo's noise from a ridge regression, week shock taken out; mean variance one."""
    G = y.shape[1]
    if G == 1:
        return np.ones(1)
    rows = live
    columns = np.concatenate([Z[rows], np.sqrt(np.maximum(x[rows], 0.0))], axis=2).reshape(
        -1, Z.shape[2] + x.shape[2]
    )
    target = y[rows].ravel()
    gram = columns.T @ columns + 1e-2 * np.eye(columns.shape[1])
    residual = (target - columns @ np.linalg.solve(gram, columns.T @ target)).reshape(-1, G)
    residual -= residual.mean(axis=1, keepdims=True)
    n = residual.shape[0]
    variance = (residual**2).mean(axis=0) * G / (G - 1)
    variance = (n * variance + 10.0 * variance.mean()) / (n + 10.0)
    return variance.mean() / variance


def _siblings(cells: tuple[Cell, ...]) -> NDArray[np.int64]:
    """Number of the channel for cells that share one, else -1."""
    names = [cell.channel for cell in cells]
    shared = sorted({name for name in names if names.count(name) > 1}, key=names.index)
    return np.array([shared.index(name) if name in shared else -1 for name in names], dtype=np.int64)
