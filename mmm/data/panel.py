"""The panel: every table of a company aligned into arrays of period, geo and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.settings import Grain
from mmm.dims import Cell

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Aligned history of one company.

    One time axis serves everything: it runs from the first period with media to the last with an outcome.
    Money is net of VAT and in one currency. Where there is no geo column, there is one geo named "".

    Attributes
    ----------
    name, currency
        As in the config; currency may be None.
    grain
        Length of a period.
    dates
        First day of each period, datetime64[D], shape (period,), without gaps.
    geos, population
        Names, and people per geo (None where unknown), shape (geo,).
    outcome
        Shape (period, geo), in the outcome's own unit; nan before the first outcome period.
    modelled
        Shape (period,): the outcome is there and the period is not excluded by `calendar.exclude`.
    unit_value
        Money per outcome unit, shape (period, geo): ones for revenue; None for a count without a value.
    cells, spend, exposure
        Paid cells; money and exposure, shape (period, geo, cell). Exposure equals spend where none is given.
    has_exposure
        Shape (cell,): whether the cell is modelled by an exposure of its own.
    organic_names, organic
        Owned media, shape (period, geo, organic).
    control_names, control_roles, controls
        Raw values, shape (period, geo, control).
    event_names, events
        Share of the period's days on which the event ran, shape (period, event).
    holiday_names, holidays
        Pull of each holiday on the period, shape (period, holiday), see `mmm.data.holidays`.
    national_cells
        Shape (cell,): media given without geo in a geo model and split by population (or outcome share).
    data_until
        Last day covered by the last period.
    demand_capture
        Channels that meet people who were looking already: spend follows demand.
    treatments
        Controls of one's own making and their value when nothing is done, by name.
    """

    name: str
    currency: str | None
    grain: Grain
    dates: Dates
    geos: tuple[str, ...]
    population: Floats | None
    outcome: Floats
    modelled: Flags
    unit_value: Floats | None
    cells: tuple[Cell, ...]
    spend: Floats
    exposure: Floats
    has_exposure: Flags
    organic_names: tuple[str, ...]
    organic: Floats
    control_names: tuple[str, ...]
    control_roles: tuple[Literal["confounder", "precision", "treatment", "demand"], ...]
    controls: Floats
    event_names: tuple[str, ...]
    events: Floats
    holiday_names: tuple[str, ...]
    holidays: Floats
    national_cells: Flags
    data_until: np.datetime64
    demand_capture: frozenset[str] = frozenset()
    treatments: Mapping[str, float] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """Index of the first period with an outcome."""
        return int(np.flatnonzero(~np.isnan(self.outcome).all(axis=1))[0])


@dataclass(frozen=True, slots=True)
class FutureFeatures:
    """What the baseline needs about periods after the panel.

    `controls` come from `data.future` where given, else from the same periods a year earlier (or the last
    value known); `assumed` names the columns that were not given.
    """

    dates: Dates
    controls: Floats
    organic: Floats
    events: Floats
    holidays: Floats
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the data checks: a row of `checks.csv`."""

    check: str
    severity: Literal["pass", "review", "fail"]
    where: str
    rows: str
    value: str
    remedy: str


def checks_frame(checks: list[Check]) -> pd.DataFrame:
    """The findings as the table `checks.csv`."""
    import pandas as pd

    columns = ["check", "severity", "where", "rows", "value", "remedy"]
    return pd.DataFrame([[getattr(c, k) for k in columns] for c in checks], columns=columns)
