"""A design put on a panel: which regions and periods are compared, and what is at fault before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import period_ends
from mmm.data.experiments import exposure_without, regions_of, tested_cells
from mmm.data.names import fold
from mmm.data.panel import Check, Panel
from mmm.data.settings import ChannelSettings
from mmm.dims import NATIONAL
from mmm.errors import DataError
from mmm.experiments.adjustment import explained, influences_of
from mmm.experiments.design import Design
from mmm.experiments.regression import time_based_regression

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

YEAR = {"day": 365, "week": 52, "month": 12}
LEAST_HISTORY = 8
FOLLOWED = 0.25
"""Money within this share of the planned change is taken as it was planned."""


@dataclass(frozen=True, slots=True)
class Arms:
    """Rows and regions of a panel that a test compares.

    Attributes
    ----------
    dates
        First day of each period: the history that can be used, then the window with its cool-down; shape (period,).
    pre, stop
        Periods of history; the period after the last with changed spend.
    cells, treated, control
        As indices of the panel.
    names
        Of treated regions, then control regions.
    outcome
        Of treated regions, then control regions, less `removed`, shape (period, region).
    spend
        Money of the tested cells, shape (period, region).
    unit_value
        Money of a unit of the outcome where and when it is counted; None where it has none.
    year
        Periods of a year.
    removed
        What controls and media without the test add in each region, above their mean before it, shape (period, region).
    removed_names
        Which of them; none where the history is too short to know, or nothing differs between regions.
    """

    dates: NDArray[np.datetime64]
    pre: int
    stop: int
    cells: tuple[int, ...]
    treated: tuple[int, ...]
    control: tuple[int, ...]
    names: tuple[str, ...]
    outcome: Floats
    spend: Floats
    unit_value: float | None
    year: int
    removed: Floats
    removed_names: tuple[str, ...] = ()

    @property
    def window(self) -> int:
        """Periods that count, cool-down included."""
        return len(self.dates) - self.pre

    @property
    def is_treated(self) -> Flags:
        """Shape (region,)."""
        return np.arange(self.outcome.shape[1]) < len(self.treated)


def place(
    design: Design, panel: Panel, channels: Mapping[str, ChannelSettings], others: Sequence[Design] = ()
) -> tuple[Arms, list[Check]]:
    """Find the regions and periods of a test in a panel.

    Parameters
    ----------
    channels
        Settings that say what a channel was called before.
    others
        Other tests: their weeks are no history, and one at the same time is pointed out.

    Raises
    ------
    DataError
        Every fault at once: no regions to compare, a region in both arms, a window outside the data, a channel or
        region that nobody knows, too little history.
    """
    faults: list[str] = []
    cells = tested_cells(design, panel, channels, faults)
    treated, control = _regions(design, panel, faults)
    first, stop, last = _window(design, panel, faults)
    if faults:
        raise DataError(list(dict.fromkeys(faults)))
    regions = [*treated, *control]
    _refuse_pairs(design, [panel.geos[g] for g in treated], [panel.geos[g] for g in control])
    usable = panel.modelled & ~np.isnan(panel.outcome[:, regions]).any(axis=1)
    checks = []
    for other in others:
        if fold(other.id) == fold(design.id):
            continue
        busy = _periods(other, panel)
        usable &= ~busy
        if busy[first:last].any():
            checks.append(_overlap(design, other))
    missing = panel.dates[first:last][np.isnan(panel.outcome[first:last][:, regions]).any(axis=1)]
    history = np.flatnonzero(usable[:first])
    need = max(LEAST_HISTORY, last - first)
    if missing.size:
        faults.append(
            f"{design.where}: {design.id} has no outcome on {missing[0]}; load the rows, then read it again"
        )
    if len(history) < need:
        faults.append(
            f"{design.where}: {design.id} counts {last - first} periods and has {len(history)} before it that can be "
            f"compared; {need} are needed. Load earlier rows"
        )
    if faults:
        raise DataError(faults)
    rows = np.concatenate([history, np.arange(first, last)])
    worth = None
    if panel.unit_value is not None:
        worth = float(np.nanmean(panel.unit_value[first:last][:, list(treated)]))
    spend = panel.spend[rows][:, regions][:, :, list(cells)].sum(axis=2)
    usual = _usual(design, panel, spend, len(history), cells, treated, (first, stop))
    removed, names = _removed(usual, history, regions)
    arms = Arms(
        dates=panel.dates[rows],
        pre=len(history),
        stop=len(history) + stop - first,
        cells=cells,
        treated=treated,
        control=control,
        names=tuple(panel.geos[g] for g in regions),
        outcome=panel.outcome[rows][:, regions] - removed[rows],
        spend=spend,
        unit_value=worth,
        year=YEAR[panel.grain],
        removed=removed[rows],
        removed_names=names,
    )
    return arms, [*checks, *_calendar(design, panel, first, last)]


def _usual(
    design: Design,
    panel: Panel,
    spend: Floats,
    pre: int,
    cells: tuple[int, ...],
    treated: tuple[int, ...],
    ran: tuple[int, int],
) -> Panel:
    """The panel with the exposure that the tested media would have had: by the plan, or by what was really changed."""
    told = np.arange(spend.shape[1]) < len(treated)
    seen = time_based_regression(spend[:, told].sum(axis=1), spend[:, ~told].sum(axis=1), pre).effect
    planned = design.spend_change
    change = planned if abs(seen - planned) <= FOLLOWED * abs(planned) else seen  # nan: what was seen
    exposure = panel.exposure.copy()
    at = np.ix_(range(*ran), treated, cells)
    exposure[at] = exposure_without(replace(design, spend_change=change), panel, cells, treated, *ran)
    return replace(panel, exposure=np.maximum(exposure, 0.0))


def _removed(panel: Panel, history: NDArray[np.int64], regions: list[int]) -> tuple[Floats, tuple[str, ...]]:
    """What controls and media do to the regions of a test, as its history shows; shape (period, region)."""
    told = np.zeros(len(panel.dates), dtype=bool)
    told[history] = True
    found = influences_of(panel, told)
    parts = explained(found, panel.outcome, told, regions)
    names = tuple(name for k, name in enumerate(found.names) if parts[:, :, k].any())
    return np.asarray(parts.sum(axis=2)), names


def _regions(design: Design, panel: Panel, faults: list[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if panel.geos == (NATIONAL,):
        faults.append(
            f"{design.where}: {design.id} cannot be read, the data have no regions to compare. Name the column with "
            "the region as `data.geo`; a test of the whole country is read by its platform, and its result is a row of "
            "the experiments table"
        )
        return (), ()
    treated = regions_of(design.geos, design, panel, faults) if design.geos else ()
    control = regions_of(design.controls, design, panel, faults) if design.controls else ()
    if not design.geos:
        faults.append(
            f"{design.where}: {design.id} names no treated regions; without others nothing is compared. Name them "
            "in `geos`, with ; between them"
        )
    if both := sorted(set(treated) & set(control)):
        names = ", ".join(panel.geos[g] for g in both)
        faults.append(
            f"{design.where}: {design.id} has {names} in both arms; a region is treated or it is not"
        )
    if not design.controls:
        control = tuple(g for g in range(len(panel.geos)) if g not in treated)
    if treated and not control:
        faults.append(
            f"{design.where}: {design.id} treats every region, so none is left to compare with; its result can come "
            "from the platform, as a row of the experiments table"
        )
    return treated, control


def _refuse_pairs(design: Design, treated: Sequence[str], control: Sequence[str]) -> None:
    """A pair is a treated and a control region."""
    arms = [{fold(name) for name in side} for side in (treated, control)]
    faults = [
        f"{design.where}: {design.id} pairs {a} with {b}; a pair is a treated region and one of the others"
        for a, b in design.pairs
        if fold(a) not in arms[0] or fold(b) not in arms[1]
    ]
    if faults:
        raise DataError(faults)


def _window(design: Design, panel: Panel, faults: list[str]) -> tuple[int, int, int]:
    """First period, the one after the last with changed spend, and the one after the last that counts."""
    ends = period_ends(panel.dates, panel.grain)
    if design.end < design.start:
        faults.append(
            f"{design.where}: {design.id} ends {design.end} before it starts {design.start}; mend the dates"
        )
    elif design.counted > ends[-1]:
        faults.append(
            f"{design.where}: {design.id} counts until {design.counted}, cool-down included, and the data end "
            f"{ends[-1]}; load the rows up to then, and read it again"
        )
    elif design.start < panel.dates[0]:
        faults.append(
            f"{design.where}: {design.id} starts {design.start} and the data start {panel.dates[0]}; mend the dates, "
            "or load earlier rows"
        )
    first = int(np.searchsorted(ends, design.start))
    stop = int(np.searchsorted(panel.dates, design.end, side="right"))
    last = int(np.searchsorted(panel.dates, design.counted, side="right"))
    return first, stop, last


def _periods(design: Design, panel: Panel) -> Flags:
    """Periods of the panel in which a test runs or cools down."""
    ends = period_ends(panel.dates, panel.grain)
    return np.asarray((ends >= design.start) & (panel.dates <= design.counted), dtype=np.bool_)


def _overlap(design: Design, other: Design) -> Check:
    shared = sorted({fold(g) for g in design.geos} & {fold(g) for g in other.geos})
    where = f"in {len(shared)} of the same regions" if shared else "in other regions"
    return Check(
        "overlap",
        "review",
        design.id,
        f"{other.start} to {other.counted}",
        f"{other.id} ran at the same time {where}",
        "Its effect is part of this result. Tests of two things in the same weeks need regions of their own.",
    )


def _calendar(design: Design, panel: Panel, first: int, last: int) -> list[Check]:
    """Events and excluded periods inside the window."""
    checks = []
    for k, name in enumerate(panel.event_names):
        if panel.events[first:last, k].any():
            checks.append(
                Check(
                    "event",
                    "review",
                    design.id,
                    f"{panel.dates[first]} to {design.counted}",
                    f'"{name}" ran in the weeks of the test',
                    "Harmless where it was the same everywhere; if it was not, the result holds it too.",
                )
            )
    if not panel.modelled[first:last].all():
        checks.append(
            Check(
                "excluded",
                "review",
                design.id,
                "",
                "the test runs into periods that `calendar.exclude` names",
                "What happened then is part of the result; consider `mmm tests void`.",
            )
        )
    return checks
