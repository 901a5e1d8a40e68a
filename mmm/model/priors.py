"""Priors that a finance person can discuss, resolved cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.dims import Cell, by_channel
from mmm.model.settings import AdstockKind, ChannelPrior, PriorSettings, SaturationKind
from mmm.model.shapes import MARGINAL, RETURN, SIGNED

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MEDIA_SHARE_CAP = 0.40
MEDIA_SHARE_WITHOUT_MONEY = 0.20
ORGANIC_SHARE = 0.02
ORGANIC_SIGMA = 1.1
SIGNED_SIGMA = 1.5
"""sd of a return that may be negative, in units of its median: Normal(1, 1.5)."""

LOGIT_THETA = (-0.2, 1.1)
LOGIT_THETA_PEAKED = (1.0, 1.2)
"""Of carry-over with a peak that theta gives its width: theta of 0.73 spreads the effect over some three weeks."""
LOG_A = (np.log(0.4), 1.0)
LOG_DELAY = (np.log(2.0), 0.7)
LOG_SURVIVAL_SHAPE = (0.0, 0.4)
LOG_DENSITY_SHAPE = (np.log(1.5), 0.4)
LOG_KAPPA = (np.log(1.5), 0.8)
KAPPA_CEILING = 3.0
LOG_SLOPE = (np.log(1.25), 0.45)
SLOPE_BOUNDS = (0.7, 4.0)
LOG_POWER = (np.log(0.6), 0.35)
POWER_BOUNDS = (0.1, 1.0)
PINNED = (0.0, 0.0)
"""Of a parameter that a family does not have: its logarithm is 0."""
LOG_SIGMA = (np.log(0.4), 0.8)
ATANH_RHO = (0.3, 0.5)
LOG_SQRT_LAMBDA = (0.0, 1.2)
STUDENT_DF = 4.0
"""Degrees of freedom of Student-t noise, fixed: some hundred periods cannot tell 4 from 8, and 4 lets odd ones go.
`mmm.model.density` has the quantiles of this one gamma distribution, of shape and rate 2."""
STRUCTURAL_SD = 0.20
STRUCTURAL_SD_WITH_GEOS = 0.10
STRUCTURAL_SD_OF_CAPTURE = 0.50
"""sd of the log gap between what moves with spend and what spend causes; largest where spend follows demand."""
SIBLING_SD = 0.3
GEO_SD = 0.3
SIBLING_SHARE = 0.75
"""Share of the prior variance of carry-over that audiences of one channel have in common."""
TRANSPORT, TRANSPORT_AGED, TRANSPORT_WEEKS = 0.10, 0.15, 52.0
"""What an experiment's lift may differ by in other weeks, relative: at once, with great age, and its half-time."""
WIDENED = 2.0
"""Times the transport noise of an experiment that contradicts the rest."""
LEAST_DF = 3.0
"""Fewest degrees of freedom of an experiment's Student t."""


CARRY_OVER: dict[AdstockKind, tuple[tuple[float, float], tuple[float, float]]] = {
    "gamma": (LOGIT_THETA, LOG_A),
    "geometric": (LOGIT_THETA, LOG_A),
    "delayed": (LOGIT_THETA_PEAKED, LOG_DELAY),
    "weibull_survival": (LOGIT_THETA, LOG_SURVIVAL_SHAPE),
    "weibull_density": (LOGIT_THETA_PEAKED, LOG_DENSITY_SHAPE),
}
"""Normal priors of logit theta and of log timing by family."""

SATURATION: dict[SaturationKind, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "hill": (LOG_KAPPA, LOG_SLOPE, SLOPE_BOUNDS),
    "michaelis_menten": (LOG_KAPPA, PINNED, SLOPE_BOUNDS),
    "logistic": (LOG_KAPPA, PINNED, SLOPE_BOUNDS),
    "power": (PINNED, LOG_POWER, POWER_BOUNDS),
}
"""Normal priors of log kappa and of log n by family, and the bounds of n."""


@dataclass(frozen=True, slots=True)
class CurvePriors:
    """Normal priors of the parameters of each medium's curve; an sd of 0 pins a parameter at its mean.

    Attributes
    ----------
    theta, timing, kappa, slope
        Of logit theta, log timing, log kappa and log n: mean and sd, shape (2, medium).
    slope_bounds
        Least and most of the unit normal behind log n, shape (2, medium).
    """

    theta: Floats
    timing: Floats
    kappa: Floats
    slope: Floats
    slope_bounds: Floats


def resolve_curve_priors(adstock: list[AdstockKind], saturation: list[SaturationKind]) -> CurvePriors:
    """Priors of the families that the media have, one name of each per medium."""
    theta, timing = (np.array([CARRY_OVER[kind][i] for kind in adstock]).T for i in range(2))
    kappa, slope, bounds = (np.array([SATURATION[kind][i] for kind in saturation]).T for i in range(3))
    # a pinned slope keeps Hill's normal, which then moves nothing
    centre, spread = np.where(slope[1] > 0, slope, np.array(LOG_SLOPE)[:, None])
    return CurvePriors(theta, timing, kappa, slope, (np.log(bounds) - centre) / spread)


@dataclass(frozen=True, slots=True)
class RoiPriors:
    """Priors on what each cell returns.

    Attributes
    ----------
    measure
        What the prior is on (`mmm.model.shapes`), shape (cell,): ROI, marginal ROI, or ROI that may be negative.
    median
        In the middle, shape (cell,); in money per money, or in outcome units per money without a money value.
    sigma
        sd of the logarithm; where ROI may be negative of ROI / median; shape (cell,).
    scaled
        Factor applied to default medians so that together they explain at most 40 % of the outcome; 1 if none.
    """

    measure: Codes
    median: Floats
    sigma: Floats
    scaled: float


def resolve_roi_priors(
    cells: tuple[Cell, ...],
    settings: PriorSettings,
    *,
    spend: Floats,
    outcome: float,
    break_even: float | Mapping[str, float] | None,
    has_money: bool,
    share: float = 1.0,
) -> RoiPriors:
    """What the prior of each cell is on, its median and sigma.

    A prior on a channel's contribution is one on the ROI of its cells: contribution is ROI times spend.

    Parameters
    ----------
    spend
        Money of each cell in the window, shape (cell,).
    outcome
        Total outcome of the window, whatever its sign, in money where it has a money value, else in units.
    break_even
        1 / gross margin, or that by channel with a `default`; None without a margin.
    has_money
        Whether the outcome has a money value.
    share
        What the outcome is of the company's: returns are believed of the whole, and a segment has its share of them.
    """
    if settings.roi.median != "auto":
        default = np.full(len(cells), share * float(settings.roi.median))
    elif not has_money:
        default = np.full(len(cells), MEDIA_SHARE_WITHOUT_MONEY * outcome / float(spend.sum()))
    else:
        default = share * np.clip(by_channel(1.3 if break_even is None else break_even, cells), 1.0, 3.0)
    measure = np.full(len(cells), RETURN)
    median = default.copy()
    sigma = np.full(len(cells), settings.roi.sigma)
    chosen = np.zeros(len(cells), bool)
    channels = np.array([cell.channel for cell in cells])
    for i, cell in enumerate(cells):
        own = settings.channels.get(cell.channel)
        if own is None:
            continue
        measure[i] = MARGINAL if own.mroi else SIGNED if own.sign == "any" else RETURN
        sigma[i] = _sigma(own, settings)
        stated = _stated(own, outcome / float(spend[channels == cell.channel].sum()), share)
        if stated is not None:
            median[i], chosen[i] = stated, True
    room = MEDIA_SHARE_CAP * outcome - float((median * spend)[chosen].sum())
    asked = float((median * spend)[~chosen].sum())
    scaled = 1.0
    if settings.roi.median == "auto" and has_money and asked > max(room, 0.0) > 0.0:
        scaled = room / asked
        median[~chosen] *= scaled
    return RoiPriors(measure, median, sigma, scaled)


def _stated(own: ChannelPrior, outcome_per_spend: float, share: float) -> float | None:
    """The median that a user gave, of ROI or marginal ROI; None where it is left to the default."""
    if own.contribution is not None:
        return own.contribution.share * outcome_per_spend
    if own.mroi is not None:
        return share * own.mroi.median
    return None if own.roi is None or own.roi.median == "auto" else share * float(own.roi.median)


def _sigma(own: ChannelPrior, settings: PriorSettings) -> float:
    stated = own.contribution or own.mroi or own.roi
    if stated is not None and (own.sign == "positive" or "sigma" in stated.model_fields_set):
        return stated.sigma
    return SIGNED_SIGMA if own.sign == "any" else settings.roi.sigma
