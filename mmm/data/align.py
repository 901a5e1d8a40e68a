"""From tables to the panel: one time axis, one list of regions and cells, every gap named.

A missing period is a fault and zero is a value. Nothing is filled in silently: what is dropped, split,
broadcast or assumed is listed as a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.data.axis import Findings, choose_week_start, find_axis, refuse_coarse
from mmm.data.calendar import period_end
from mmm.data.columns import (
    align_controls,
    align_events,
    align_organic,
    control_names,
    organic_names,
    treatments,
)
from mmm.data.holidays import holiday_features
from mmm.data.media import align_media
from mmm.data.outcome import align_outcome, geo_weights
from mmm.data.panel import Check, Panel
from mmm.data.segments import align_segments
from mmm.data.settings import CalendarSettings, DataSettings
from mmm.data.tables import Tables
from mmm.errors import DataError


@dataclass(frozen=True, slots=True)
class Aligned:
    """A panel, and what had to be dropped, split or assumed to make it.

    `segments` are panels of parts of the outcome, by name: the same but for the outcome and its value.
    """

    panel: Panel
    checks: tuple[Check, ...]
    segments: Mapping[str, Panel] = field(default_factory=dict)


def build_panel(
    tables: Tables, *, name: str, currency: str | None, data: DataSettings, calendar: CalendarSettings
) -> Panel:
    """Align all tables into one panel; `align_tables` gives the notes beside it."""
    return align_tables(tables, name=name, currency=currency, data=data, calendar=calendar).panel


def align_tables(
    tables: Tables, *, name: str, currency: str | None, data: DataSettings, calendar: CalendarSettings
) -> Aligned:
    """Align all tables into one panel.

    The axis runs from the first period with media to the last whole period with an outcome. Rows finer than
    the grain are added up (controls: averaged). Media from before the first outcome are kept as history.

    Raises
    ------
    DataError
        Every fault at once: missing periods, regions without rows, week starts that disagree, spend without
        exposure, rows coarser than the grain.
    """
    found = Findings()
    week_start = choose_week_start(tables, data.grain, calendar, found)
    refuse_coarse(tables, data.grain, found)
    axis = find_axis(tables, data.grain, week_start, found) if not found.faults else None
    if axis is None:
        raise DataError(found.faults)
    segments = align_segments(tables, axis, calendar, found)
    if segments and found.faults:  # their sum may have no number at all
        raise DataError(list(dict.fromkeys(found.faults)))
    heard = Findings() if segments else found  # a gap of the whole is one of its segments, and is said there
    outcome, unit_value, population, modelled = align_outcome(tables, axis, calendar, heard)
    first = int(np.flatnonzero(~np.isnan(outcome).all(axis=1))[0])
    weights = geo_weights(population, outcome, unit_value)
    media = align_media(tables, axis, first, weights, found)
    controls = align_controls(tables, axis, data, first, found)
    organic = align_organic(tables, axis, data, first, weights, found)
    event_names, events = align_events(tables, axis, found)
    holiday_names, holidays = (
        holiday_features(axis.dates, axis.grain, calendar.holidays, own=tables.holidays)
        if calendar.holidays
        else ((), np.zeros((len(axis.dates), 0)))
    )
    if found.faults:
        raise DataError(list(dict.fromkeys(found.faults)))
    panel = Panel(
        name=name,
        currency=currency,
        grain=axis.grain,
        dates=axis.dates,
        geos=axis.geos,
        population=population,
        outcome=outcome,
        modelled=modelled,
        unit_value=unit_value,
        cells=media.cells,
        spend=media.spend,
        exposure=media.exposure,
        has_exposure=media.has_exposure,
        organic_names=(*organic_names(data), *media.organic_names),
        organic=np.concatenate([organic, media.organic], axis=2),
        control_names=control_names(data),
        control_roles=tuple(c.role for c in data.controls.columns) if data.controls else (),
        controls=controls,
        event_names=event_names,
        events=events,
        holiday_names=holiday_names,
        holidays=holidays,
        national_cells=media.national,
        data_until=period_end(axis.dates[-1], axis.grain),
        treatments=treatments(data, controls, modelled),
    )
    parts = {part.name: replace(panel, outcome=part.outcome, unit_value=part.unit_value) for part in segments}
    return Aligned(panel, (*tables.checks, *dict.fromkeys(found.notes)), parts)
