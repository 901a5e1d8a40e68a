"""The linear part: what the outcome would do without paid media, as columns of one design matrix.

A level (flat prior), a smooth trend, yearly seasonality, holidays, events, controls, what the regions of an experiment
had together while it ran, and what each geo has for itself: level (flat prior), line and first harmonic, as contrasts
between geos. The specification is frozen on the history, so the same columns exist for later periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.settings import Grain
from mmm.model.pack import contrast_columns

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

COSINES = 20
TREND_LENGTH_WEEKS = 16.0
LINE_SD = 3.0
EVENT_SD = 2.0
EXPERIMENT_SD = 10.0
"""Wide: what treated regions had in sum while tested is for the experiment's result to say, not for the panel again."""
SCALE_PRIORS: dict[str, tuple[float, float]] = {
    "trend": (np.log(0.35), 0.9),
    "seasonality": (np.log(0.4), 0.7),
    "holidays": (np.log(0.4), 0.7),
    "precision": (np.log(0.3), 0.7),
    "geo": (np.log(0.3), 0.7),
}
"""Normal prior of the log of each sampled scale, in units of the scaled outcome."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the component it is reported under, its prior sd at scale one (inf: flat), its scale."""

    component: str
    sd: float
    scale: str = ""


OWN = (
    Column("baseline", np.inf),
    Column("trend", 1.0, "geo"),
    Column("seasonality", 1.0, "geo"),
    Column("seasonality", 1.0, "geo"),
)
"""What each geo has for itself beside what is common: level, line, first harmonic."""


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """Everything the design of the linear part was fixed with.

    Attributes
    ----------
    origin
        Day from which time is counted.
    span_days, domain_days
        Length of the modelled history, and of the interval on which the trend's cosines live.
    order
        Number of yearly harmonics.
    control_means, control_sds
        Standardization, shape (control,).
    experiment_names
        Experiments whose result was read from the panel's own rows.
    n_dense
        Number of columns that differ by geo: the last controls, and the experiments.
    columns
        In the order of the design matrix.
    """

    grain: Grain
    geos: tuple[str, ...]
    origin: np.datetime64
    span_days: float
    domain_days: float
    order: int
    control_names: tuple[str, ...]
    control_means: Floats
    control_sds: Floats
    event_names: tuple[str, ...]
    holiday_names: tuple[str, ...]
    experiment_names: tuple[str, ...]
    n_dense: int
    columns: tuple[Column, ...]

    @property
    def scales(self) -> tuple[str, ...]:
        """Names of the sampled scales that occur, in their fixed order."""
        used = {column.scale for column in self.columns}
        return tuple(name for name in SCALE_PRIORS if name in used)


def fourier_order(span_days: float, asked: int | Literal["auto"]) -> int:
    """Yearly harmonics that a history of this length can carry."""
    if asked != "auto":
        return asked
    years = span_days / 365.25
    return 1 if years < 0.8 else 2 if years < 1.4 else 3 if years < 1.9 else 5


def specify(
    *,
    grain: Grain,
    geos: tuple[str, ...],
    dates: Dates,
    live: NDArray[np.bool_],
    controls: Floats,
    control_names: tuple[str, ...],
    control_roles: tuple[str, ...],
    event_names: tuple[str, ...],
    events: Floats,
    holiday_names: tuple[str, ...],
    holidays: Floats,
    seasonality: int | Literal["auto"],
    experiment_names: tuple[str, ...] = (),
) -> BaselineSpec:
    """Fix the columns of the linear part on the modelled periods.

    Parameters
    ----------
    dates, live
        First day of each modelled period and whether it is in the likelihood, shape (period,).
    controls, events, holidays
        Shapes (period, geo, control), (period, event), (period, holiday). Columns that never move in a live
        period carry no information and are left out.
    """
    days = {"day": 1.0, "week": 7.0, "month": 30.4375}[grain]
    span = float((dates[-1] - dates[0]).astype(int)) + days
    moving = [i for i in range(controls.shape[2]) if np.ptp(controls[live][:, :, i]) > 0]
    keep_events = [i for i in range(events.shape[1]) if (events[live, i] > 0).any()]
    keep_holidays = [i for i in range(holidays.shape[1]) if (holidays[live, i] > 0).any()]
    order = fourier_order(span, seasonality)
    columns = [Column("baseline", np.inf), Column("trend", LINE_SD)]
    domain = max(1.25 * span, span + 280.0)
    columns += [Column("trend", sd, "trend") for sd in _matern_weights(domain / 7.0)]
    columns += [Column("seasonality", 1.0 / k, "seasonality") for k in range(1, order + 1) for _ in range(2)]
    if grain == "day":
        columns += [Column("seasonality", 1.0, "seasonality") for _ in range(6)]
    columns += [Column("holidays", 1.0, "holidays") for _ in keep_holidays]
    columns += [Column(f"event:{event_names[i]}", EVENT_SD) for i in keep_events]
    # controls that are the same everywhere are common columns; those that differ by geo come after them
    common = [i for i in moving if np.ptp(controls[live][:, :, i], axis=1).max() == 0]
    ordered = common + [i for i in moving if i not in common]
    columns += [
        Column(f"control:{control_names[i]}", 1.0, "precision" if control_roles[i] == "precision" else "")
        for i in ordered
    ]
    columns += [Column(f"experiment:{name}", EXPERIMENT_SD) for name in experiment_names]
    columns += [column for _ in geos[1:] for column in OWN]
    return BaselineSpec(
        grain=grain,
        geos=geos,
        origin=dates[0],
        span_days=span,
        domain_days=domain,
        order=order,
        control_names=tuple(control_names[i] for i in ordered),
        control_means=np.array([controls[live][:, :, i].mean() for i in ordered]),
        control_sds=np.array([controls[live][:, :, i].std() for i in ordered]),
        n_dense=len(ordered) - len(common) + len(experiment_names),
        event_names=tuple(event_names[i] for i in keep_events),
        holiday_names=tuple(holiday_names[i] for i in keep_holidays),
        experiment_names=experiment_names,
        columns=tuple(columns),
    )


def _matern_weights(domain_weeks: float) -> list[float]:
    """Prior sd of each cosine: square root of the Matern-3/2 spectral density, unit total variance."""
    omega = np.arange(1, COSINES + 1) * np.pi / domain_weeks
    weight = 1.0 / (3.0 / TREND_LENGTH_WEEKS**2 + omega**2)
    return list(weight / np.sqrt(np.sum(weight**2) / 2.0))


def design(
    spec: BaselineSpec,
    dates: Dates,
    *,
    controls: Floats,
    events: Floats,
    holidays: Floats,
    inverse_variance: Floats,
    experiments: Floats | None = None,
) -> Floats:
    """Design matrix for any periods, shape (period, geo, column).

    Parameters
    ----------
    controls, events, holidays
        Already limited to the names of `spec`, in its order; shapes (period, geo, control), (period, event),
        (period, holiday).
    inverse_variance
        Relative precision of each geo's noise, shape (geo,): contrasts of geos are in its units.
    experiments
        1 where the experiment's result counts, shape (period, geo, experiment); None where none does.
    """
    G, T = len(spec.geos), dates.size
    middle = _middle(spec, dates)
    lead = 0.25 * (spec.domain_days - spec.span_days)
    cosines = np.cos(np.pi * np.arange(1, COSINES + 1) * (middle[:, None] + lead) / spec.domain_days)
    year = _year(spec, middle)
    waves = [f(k * year)[:, None] for k in range(1, spec.order + 1) for f in (np.cos, np.sin)]
    common = [np.ones((T, 1)), (middle / spec.span_days - 0.5)[:, None], cosines, *waves]
    if spec.grain == "day":
        weekday = (dates.astype("datetime64[D]").astype(int) + 3) % 7
        common.append((weekday[:, None] == np.arange(6)).astype(float) - 1.0 / 7.0)
    shared = np.concatenate([*common, holidays, events], axis=1)
    blocks = [
        np.broadcast_to(shared[:, None, :], (T, G, shared.shape[1])),
        (controls - spec.control_means) / spec.control_sds,
        np.zeros((T, G, len(spec.experiment_names))) if experiments is None else experiments,
    ]
    if G > 1:
        blocks.append(contrast_columns(own_columns(spec, dates), inverse_variance))
    Z = np.concatenate(blocks, axis=2)
    assert Z.shape == (T, G, len(spec.columns)), (Z.shape, len(spec.columns))
    return Z


def own_columns(spec: BaselineSpec, dates: Dates) -> Floats:
    """What each geo has for itself, as in `OWN`; shape (period, 4), or (period, 0) in a national model."""
    if len(spec.geos) == 1:
        return np.zeros((dates.size, 0))
    middle = _middle(spec, dates)
    year = _year(spec, middle)
    return np.stack([np.ones_like(middle), middle / spec.span_days - 0.5, np.cos(year), np.sin(year)], axis=1)


def _middle(spec: BaselineSpec, dates: Dates) -> Floats:
    """Days from the origin to the middle of each period."""
    day = (dates - spec.origin).astype("timedelta64[D]").astype(float)
    return day + {"day": 0.5, "week": 3.5, "month": 15.2}[spec.grain]


def _year(spec: BaselineSpec, middle: Floats) -> Floats:
    """Angle of the season, one turn a year."""
    return 2.0 * np.pi * (spec.origin.astype("datetime64[D]").astype(float) + middle) / 365.25
