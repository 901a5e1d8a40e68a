"""Experiments as arrays of the model: what a test changed, what it measured, and how far that can be trusted.

    lift_k = sum over treated regions and periods, cool-down included, of [ mu(x as it was) - mu(x without the test) ]
    measured_k ~ StudentT( max(3, df), lift_k, sqrt(se^2 + omega^2) )

with the causal ROI, through adstock and saturation. omega is what a test in other weeks says of the modelled ones:
10 % of the lift, and up to 15 % more with age (half of its square after a year). It is fixed before sampling, on the
larger of the lift measured and the lift at the middle of the priors, so that it is never 0. Of a test that contradicts
the rest it is twice that, unless a user decided otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from mmm.data.experiments import Experiment
from mmm.data.panel import Panel
from mmm.model.forward import Codes, saturate
from mmm.model.priors import LEAST_DF, TRANSPORT, TRANSPORT_AGED, TRANSPORT_WEEKS, WIDENED
from mmm.model.shapes import MARGINAL, STEP

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """What a test changed in one medium and region.

    Attributes
    ----------
    medium, geo
        Indices of the model.
    heads
        Outcome units of one model unit there.
    bau
        Scaled exposure without the test over the periods that count, `lag` leading ones before; shape (lag + period,).
    """

    medium: int
    geo: int
    heads: float
    bau: Floats


@dataclass(frozen=True, slots=True)
class Lift:
    """One experiment in the likelihood.

    Attributes
    ----------
    start, periods
        First period that counts, of the modelled ones, and how many do.
    measured
        Lift as it was read, outcome units.
    sd, df
        Scale and degrees of freedom of its Student t.
    parts
        By medium and region.
    """

    start: int
    periods: int
    measured: float
    sd: float
    df: float
    parts: tuple[Part, ...]


def tested_media(lifts: Sequence[Lift]) -> tuple[int, ...]:
    """Media that some experiment tests, in order."""
    return tuple(sorted({part.medium for lift in lifts for part in lift.parts}))


def calibrate(
    experiments: Sequence[Experiment],
    panel: Panel,
    *,
    window: int,
    x: Floats,
    exposure_scale: Floats,
    heads: Floats,
    saturation: Codes,
    weights: Floats,
    half: Floats,
    slope: Floats,
    money: Floats,
    demand: Floats,
    spend: Floats,
    returned: Floats,
    measure: Codes,
) -> tuple[Lift, ...]:
    """Arrays of the experiments, with their transport noise.

    Parameters
    ----------
    window
        Index of the first modelled period of the panel.
    x
        Scaled exposure, shape (lag + period, geo, medium).
    exposure_scale
        Exposure that counts as one, shape (geo, medium).
    heads
        Outcome units of one model unit, shape (geo,).
    saturation
        Code of each medium's family of curves, shape (medium,).
    weights, half, slope
        Carry-over and curve at the priors' medians, shapes (medium, lag + 1), (medium,), (medium,).
    money, demand, spend
        `worth`, `demand` and `spend` of `mmm.model.pack.KernelData`.
    returned, measure
        Prior median of what the medium returns, and what that is (`mmm.model.shapes`), shape (medium,).
    """
    if not experiments:
        return ()
    raw = [_unpiloted(found, window, x, exposure_scale, heads, weights.shape[1] - 1) for found in experiments]
    media = tested_media(raw)
    ceiling = np.zeros((1, spend.size, heads.size))
    for m in media:
        lags = weights.shape[1] - 1
        factor = 1.0 + STEP if measure[m] == MARGINAL else 0.0
        other = x[:, :, m].copy()
        other[lags:] *= factor
        was, then = (
            saturate(int(saturation[m]), _lagged(series, lags) @ weights[m], half[m], slope[m])
            for series in (x[:, :, m], other)
        )
        gained = (then - was) / (factor - 1.0)
        ceiling[0, m] = returned[m] * spend[m] / float((gained * money).sum())
    pilot = lift_draws(raw, x, demand, saturation, weights[None], half[None], slope[None], ceiling)[0]
    until = panel.data_until
    noise = [
        (WIDENED if found.widened else 1.0)
        * transport_noise(max(abs(lift.measured), abs(guess)), found.end, until)
        for lift, found, guess in zip(raw, experiments, pilot, strict=True)
    ]
    return tuple(
        Lift(
            start=lift.start,
            periods=lift.periods,
            measured=lift.measured,
            sd=float(np.hypot(lift.sd, omega)),
            df=max(LEAST_DF, found.df),
            parts=lift.parts,
        )
        for lift, found, omega in zip(raw, experiments, noise, strict=True)
    )


def _unpiloted(
    found: Experiment, window: int, x: Floats, exposure_scale: Floats, heads: Floats, lags: int
) -> Lift:
    """Arrays of one experiment, its scale still the error of its readout alone."""
    start, stop, last = (at - window for at in (found.first, found.stop, found.last))
    parts = []
    for i, g in enumerate(found.geos):
        for j, m in enumerate(found.cells):
            bau = x[start : last + lags, g, m].copy()
            bau[lags : lags + stop - start] = found.bau[:, i, j] / exposure_scale[g, m]
            parts.append(Part(m, g, float(heads[g]), bau))
    return Lift(start, last - start, found.lift, found.lift_se, found.df, tuple(parts))


def transport_noise(lift: float, end: np.datetime64, until: np.datetime64) -> float:
    """sd of what the test says of the modelled weeks beside its own error; never 0 for a lift that is not."""
    weeks = max(0.0, float((until - end).astype("timedelta64[D]").astype(int)) / 7.0)
    aged = TRANSPORT_AGED**2 * (1.0 - 0.5 ** (weeks / TRANSPORT_WEEKS))
    return lift * float(np.sqrt(TRANSPORT**2 + aged))


def lift_draws(
    lifts: Sequence[Lift],
    x: Floats,
    demand: Floats,
    saturation: Codes,
    weights: Floats,
    half: Floats,
    slope: Floats,
    ceiling: Floats,
) -> Floats:
    """What the model says each experiment brought, per draw, in outcome units; shape (draw, experiment).

    Parameters
    ----------
    x
        Scaled exposure as it was, shape (lag + period, geo, medium).
    demand
        What media are multiplied by, shape (period, geo).
    saturation
        Code of each medium's family of curves, shape (medium,).
    weights, half, slope
        Shapes (draw, medium, lag + 1), (draw, medium), (draw, medium).
    ceiling
        Causal ceiling in model units, shape (draw, medium, geo).
    """
    out = np.zeros((len(half), len(lifts)))
    lags = weights.shape[2] - 1
    for k, lift in enumerate(lifts):
        for part in lift.parts:
            m, g = part.medium, part.geo
            was = x[lift.start : lift.start + lift.periods + lags, g, m]
            levels = [
                saturate(
                    int(saturation[m]),
                    weights[:, m] @ _lagged(series, lags).T,
                    half[:, m, None],
                    slope[:, m, None],
                )
                @ demand[lift.start : lift.start + lift.periods, g]
                for series in (was, part.bau)
            ]
            out[:, k] += ceiling[:, m, g] * part.heads * (levels[0] - levels[1])
    return out


def _lagged(series: Floats, lags: int) -> Floats:
    """Each period with those before it, latest first; (lag + period, ...) to (period, ..., lag + 1)."""
    return np.lib.stride_tricks.sliding_window_view(series, lags + 1, axis=0)[..., ::-1]


def packed_lifts(lifts: Sequence[Lift], first_gap: int) -> Floats:
    """The experiments as one flat vector, in the order `mmm.model.lift.lift_term` reads.

    Parameters
    ----------
    first_gap
        Place of the first structural gap among the kernel's parameters.
    """
    media = tested_media(lifts)
    blocks = [np.zeros(0)]
    for lift in lifts:
        spread, df = lift.sd, lift.df
        constant = lgamma((df + 1) / 2) - lgamma(df / 2) - 0.5 * np.log(df * np.pi) - np.log(spread)
        blocks.append(
            np.array([lift.start, lift.periods, len(lift.parts), lift.measured, spread, df, constant])
        )
        for part in lift.parts:
            gap = first_gap + media.index(part.medium)
            blocks += [np.array([part.medium, part.geo, gap, part.heads], dtype=np.float64), part.bau]
    return np.concatenate(blocks)
