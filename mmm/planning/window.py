"""The coming window: its periods, the spend until it begins, what it is compared with, what money buys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import WEEKDAYS, next_periods, period_days, period_range, split_window, weekdays
from mmm.data.panel import Dates, Floats, Panel
from mmm.data.settings import Grain, file_of
from mmm.dims import Cell
from mmm.errors import ConfigError, DataError, InternalFault
from mmm.model.forward import MediaDraws
from mmm.planning import sentences
from mmm.planning.begun import Begun, what_happened
from mmm.planning.bounds import reversed_bounds
from mmm.planning.fixed import fixed_money
from mmm.planning.flighting_faults import flighting_faults
from mmm.planning.names import name_faults
from mmm.planning.placed import PlacedTests
from mmm.planning.places import Places, places_of
from mmm.planning.reference import (
    QUARTER,
    comparable_periods,
    exposure_per_money,
    like_windows,
    shapes,
)
from mmm.planning.settings import ApprovedPlan, PlanSettings, SpendFile
from mmm.planning.spend_file import approved_money, read_spend
from mmm.response.curves import Spent, WindowCurves
from mmm.response.prices import Price
from mmm.response.schedule import Schedule


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """The coming window as arrays, before any money is placed.

    A *place* is what money is placed on: a cell, or a cell in one geo (`mmm.planning.places`).

    Attributes
    ----------
    start, end
        First and last day.
    data_until
        Last day of the data.
    dates
        First day of every period the window touches, shape (period,).
    grain
        Length of a period.
    share
        Share of each period's days inside the window, shape (period,).
    cells
        The places.
    cell_of
        Index of the panel's cell of each, shape (place,).
    part
        Share of each in the usual money of its cell, shape (place,).
    reference
        What the window is compared with, as really spent, by place; cut periods count by their share.
    pattern
        Share of a place's window money in each period and geo, shape (period, geo, place); sums to 1 by place. Where
        the window has begun, of the money still to be spent: zero in the periods that are past.
    exposure_per_money
        Exposure one unit of money buys, shape (geo, cell).
    until
        Money between the data and the window; its last period is the window's first one where the window
        begins inside it (only the part before the window).
    until_exposure
        Exposure of the whole periods between the data and the window, shape (until period, geo, cell).
    beside
        Exposure inside the window's periods but outside its days, shape (period, geo, cell).
    after
        Exposure per period after the window, shape (geo, cell): the reference's rate.
    unit_value
        Money per outcome unit over the reference, shape (geo,); None where results are in units.
    largest
        Most money each place ever spent in a stretch as long as the window, or its part of the most its cell
        ever spent where that is more, shape (place,).
    fixed
        Money already committed, shape (place,); nan where free.
    assumptions
        What was assumed on the way, one sentence each.
    prices
        How the price of each place changes with its money; empty: nowhere.
    begun
        What of the window is past, by place; None where it has not begun.
    tests
        Money of tests; None until they are designed. `pattern` then leaves out where they set the level.
    """

    start: np.datetime64
    end: np.datetime64
    data_until: np.datetime64
    dates: Dates
    grain: Grain
    share: Floats
    geos: tuple[str, ...]
    cells: tuple[Cell, ...]
    cell_of: NDArray[np.int64]
    part: Floats
    reference: Schedule
    pattern: Floats
    exposure_per_money: Floats
    until: Schedule
    until_exposure: Floats
    beside: Floats
    after: Floats
    unit_value: Floats | None
    largest: Floats
    fixed: Floats
    assumptions: tuple[str, ...]
    prices: tuple[Price | None, ...] = ()
    begun: Begun | None = None
    tests: PlacedTests | None = None

    @property
    def past(self) -> int:
        """How many of the window's periods are past."""
        return 0 if self.begun is None else self.begun.periods

    @property
    def spent(self) -> Floats:
        """Money of each cell that is spent in the window already, in whole cents, shape (cell,)."""
        if self.begun is None:
            return np.zeros(len(self.cells))
        return np.asarray(np.round(self.begun.money.sum(axis=(0, 1)), 2))

    @property
    def pace(self) -> Floats:
        """Money of each cell in the reference's periods that stand for those to come, where no test is; shape
        (cell,)."""
        money = self.reference.spend[self.past :].sum(axis=(0, 1))
        return np.asarray(money * (1.0 if self.tests is None else self.tests.free))

    @property
    def has_money(self) -> bool:
        """Whether an outcome has a money value; else results are in units."""
        return self.unit_value is not None

    def schedule(self, spend: Floats) -> Schedule:
        """Money of each place in the window, shape (place,), as a schedule by period and geo."""
        past = 0.0 if self.begun is None else self.begun.money
        return Schedule(self.dates, self.geos, self.cells, past + self.pattern * (spend - self.spent))


@dataclass(frozen=True, slots=True)
class _Days:
    """Days and periods of a window, and what of its first and last period lies outside it."""

    start: np.datetime64
    end: np.datetime64
    dates: Dates
    share: Floats
    between: Dates  # whole periods between the data and the window
    past: int  # periods of the window that the data cover
    before_share: float  # of the first period, before the window
    after_share: float  # of the last period, after the window


def plan_window(panel: Panel, settings: PlanSettings, *, folder: Path = Path()) -> PlanWindow:
    """Everything about the coming window that does not need a fit.

    Parameters
    ----------
    panel
        The history.
    settings
        The `plan` part of the config.
    folder
        Folder of the config, for the files it names.

    Raises
    ------
    ConfigError
        Names no cell has, bounds reversed, a window that is past, a reference the data do not reach: all that can be
        said at once.
    DataError
        A spend file that cannot be used.
    """
    places = places_of(panel, settings)
    days = _days(panel, settings, places)
    begun = what_happened(panel, len(panel.dates) - days.past, days.share) if days.past else None
    if begun is not None:
        begun = replace(begun, money=places.split(begun.money), exposure=places.split(begun.exposure))
    reference, exposure, periods = _reference(panel, settings, days, folder)
    rate = exposure_per_money(panel, periods)
    if exposure is None:
        exposure = reference * rate
    if reference[days.past :].sum() <= 0:
        raise ConfigError(
            [
                "`plan.reference`: nothing was spent in the periods to compare with, so there is no mix to "
                "scale; choose recent, last_year, or give a file with the spend"
            ]
        )
    until, until_exposure = _until(panel, settings, days, rate, folder)
    per_period = exposure.sum(axis=0) / days.share.sum()
    beside = np.zeros_like(reference)
    beside[0] += until_exposure[-1]
    beside[-1] += days.after_share * per_period
    ahead = np.arange(len(days.dates)) >= days.past
    shape, even = shapes(panel, reference * ahead[:, None, None], days.share * ahead)
    part = places.split(shape.sum(axis=0)).sum(axis=0)
    own = like_windows(places.split(panel.spend).sum(axis=1), days.share).max(axis=0)
    whole = like_windows(panel.spend.sum(axis=1), days.share).max(axis=0)
    largest = np.maximum(own, part * whole[places.of])
    placed = places.split(reference)
    usual = placed.sum(axis=(0, 1))
    spent = np.zeros(len(places.cells)) if begun is None else np.round(begun.money.sum(axis=(0, 1)), 2)
    fixed, pattern = fixed_money(
        panel,
        places,
        settings.fixed,
        (days.start, days.end, days.dates),
        places.shapes(shape),
        usual,
        spent,
        ahead,
    )
    cut = days.before_share > 0 and not days.past
    until_dates = np.concatenate([days.between, days.dates[:1]]) if cut else days.between
    return PlanWindow(
        start=days.start,
        end=days.end,
        data_until=panel.data_until,
        dates=days.dates,
        grain=panel.grain,
        share=days.share,
        geos=panel.geos,
        cells=places.cells,
        cell_of=places.of,
        part=part,
        reference=Schedule(days.dates, panel.geos, places.cells, placed),
        pattern=pattern,
        exposure_per_money=rate,
        until=Schedule(until_dates, panel.geos, panel.cells, until[: len(until_dates)]),
        until_exposure=until_exposure[:-1],
        beside=beside,
        after=per_period,
        unit_value=_unit_value(panel, periods),
        largest=largest,
        fixed=fixed,
        assumptions=(*_assumptions(panel, settings, days, periods, even), *_whole(places)),
        prices=_prices(settings, places.cells, usual, largest, part),
        begun=begun,
    )


def window_curves(
    window: PlanWindow, panel: Panel, media: MediaDraws, demand: Floats | None = None
) -> WindowCurves:
    """What spend in the window brings, per draw, given what was bought before and will be bought after.

    `carry_in` are the `lags - 1` periods right before the window's first one: the panel's own exposure, then
    the periods between the data and the window; zeros where the history is shorter. Of a window that has begun the
    panel's own exposure in its periods is what the money spent already bought.

    Parameters
    ----------
    demand
        What media are multiplied by in the window and the `lags - 1` periods after it, shape (period + lags - 1, geo).
    """
    if media.cells != panel.cells or media.geos != panel.geos:
        raise InternalFault("the fit and the data disagree about cells or geos; fit again")
    tail = media.lags - 1
    past = np.concatenate([panel.exposure[: len(panel.dates) - window.past], window.until_exposure])
    carry_in = np.zeros((tail, *past.shape[1:]))
    known = min(tail, len(past))
    if known:
        carry_in[tail - known :] = past[len(past) - known :]
    value = np.ones(len(panel.geos)) if window.unit_value is None else window.unit_value
    return WindowCurves(
        media=media,
        carry_in=carry_in,
        unit_exposure=window.pattern * window.exposure_per_money[:, window.cell_of],
        after=np.repeat(window.after[None], tail, axis=0),
        value=np.repeat(value[None], len(window.dates) + tail, axis=0),
        beside=window.beside,
        prices=window.prices,
        spent=None if window.begun is None else Spent(window.spent, window.begun.exposure),
        places=window.cells,
        place_cell=window.cell_of,
        demand=demand,
    )


def _whole(places: Places) -> tuple[str, ...]:
    """The cells that stay whole where money is placed by geo, in a sentence."""
    if not any(cell.geo for cell in places.cells):
        return ()
    whole = [cell.name for cell in places.cells if not cell.geo]
    return (sentences.placed_by_geo(), *([sentences.planned_whole(whole)] if whole else []))


def _prices(
    settings: PlanSettings, cells: tuple[Cell, ...], reference: Floats, largest: Floats, part: Floats
) -> tuple[Price | None, ...]:
    """How the price of each place changes; under a power law today's money is the reference's, as really spent.

    Tiers are amounts of a cell; a cell in one geo reaches each with its part of them.
    """
    found: list[Price | None] = [None] * len(cells)
    for i, cell in enumerate(cells):
        rise = settings.prices.get(cell.channel)
        if rise is None:
            continue
        today = float(reference[i]) or float(largest[i]) or 1.0
        edges = tuple(tier.above * float(part[i] or 1.0) for tier in rise.tiers)
        times = tuple(tier.price for tier in rise.tiers)
        found[i] = Price(today, rise.elasticity or 0.0, edges, times)
    return tuple(found) if any(found) else ()


def _days(panel: Panel, settings: PlanSettings, places: Places) -> _Days:
    """Days and periods of the window; refuses one that is past."""
    faults = [*name_faults(settings, places.cells, panel.geos), *reversed_bounds(settings)]
    data_end = panel.dates[-1] + period_days(panel.dates[-1:], panel.grain)[0].astype("timedelta64[D]") - 1
    if settings.window is None:
        dates = next_periods(panel.dates[-1], settings.horizon, panel.grain)
        start = dates[0]
        end = dates[-1] + period_days(dates[-1:], panel.grain)[0].astype("timedelta64[D]") - 1
    else:
        start, end = (np.datetime64(day, "D") for day in (settings.window.start, settings.window.end))
    if end <= data_end:
        faults.append(
            f"`plan.window`: {start} to {end} is past: the data run until {data_end}. "
            "Give a window after that, or bring newer data"
        )
    faults += flighting_faults(settings, places.cells, panel.grain, start, end)
    if faults:
        raise ConfigError(faults)
    week_start = WEEKDAYS[int(weekdays(panel.dates[:1])[0])]
    touched = split_window(start, end, panel.grain, week_start)
    lengths = period_days(touched.dates, panel.grain)
    last_day = touched.dates[-1] + lengths[-1].astype("timedelta64[D]") - 1
    return _Days(
        start=start,
        end=end,
        dates=touched.dates,
        share=touched.share,
        between=period_range(data_end + 1, touched.dates[0] - 1, panel.grain, week_start),
        past=int((touched.dates <= panel.dates[-1]).sum()),
        before_share=float((start - touched.dates[0]).astype(int) / lengths[0]),
        after_share=float((last_day - end).astype(int) / lengths[-1]),
    )


def _reference(
    panel: Panel, settings: PlanSettings, days: _Days, folder: Path
) -> tuple[Floats, Floats | None, NDArray[np.int64]]:
    """Money and exposure to compare with, shape (period, geo, cell), and the panel's periods behind it.

    A file gives money only (exposure None), whole for the window; its cost per exposure is the recent one.
    """
    first = len(panel.dates) + len(days.between) - days.past
    how = settings.reference
    if how == "plan_of_record":
        raise InternalFault("a plan of record is looked up before a window is made")
    if isinstance(how, SpendFile):
        periods = comparable_periods(panel, first, len(days.dates), "recent", "plan.reference")
        if isinstance(how, ApprovedPlan):
            return approved_money(panel, how, folder, days.start, days.end), None, periods
        table = read_spend(folder / file_of(how.source), panel, days.dates, key="plan.reference")
        if not table.given.all():
            raise DataError([_not_given("plan.reference", days.dates[~table.given])])
        return table.spend, None, periods
    periods = comparable_periods(panel, first, len(days.dates), how, "plan.reference")
    share = days.share[:, None, None]
    return panel.spend[periods] * share, panel.exposure[periods] * share, periods


def _until(
    panel: Panel, settings: PlanSettings, days: _Days, rate: Floats, folder: Path
) -> tuple[Floats, Floats]:
    """Money and exposure between the data and the window, shape (between + 1, geo, cell).

    The last entry is the part of the window's first period that lies before the window (zero where the
    window begins with the period); where the window has begun it is as it was, and there is nothing else.
    """
    if days.past:
        at = slice(len(panel.dates) - days.past, len(panel.dates) - days.past + 1)
        return panel.spend[at] * days.before_share, panel.exposure[at] * days.before_share
    first, count = len(panel.dates), len(days.between) + 1
    how = settings.until_window
    weight = np.ones((count, 1, 1))
    weight[-1] = days.before_share
    if isinstance(how, SpendFile):
        wanted = np.concatenate([days.between, days.dates[:1]])
        table = read_spend(
            folder / file_of(how.source), panel, wanted, key="plan.until_window", last=days.start - 1
        )
        absent = wanted[~table.given & (weight[:, 0, 0] > 0)]
        if absent.size:
            raise DataError([_not_given("plan.until_window", absent)])
        return table.spend, table.spend * rate
    if how == "recent":
        recent = slice(-QUARTER[panel.grain], None)
        spend = panel.spend[recent].mean(axis=0, keepdims=True)
        exposure = panel.exposure[recent].mean(axis=0, keepdims=True)
        return spend * weight, exposure * weight
    if weight.sum() == 0:
        return np.zeros((1, *panel.spend.shape[1:])), np.zeros((1, *panel.spend.shape[1:]))
    periods = comparable_periods(panel, first, count, "last_year", "plan.until_window")
    return panel.spend[periods] * weight, panel.exposure[periods] * weight


def _unit_value(panel: Panel, periods: NDArray[np.int64]) -> Floats | None:
    """Money per outcome unit by geo over the reference's periods; over all where it is unknown there."""
    if panel.unit_value is None:
        return None
    result = np.zeros(len(panel.geos))
    for geo in range(len(panel.geos)):
        values = panel.unit_value[periods, geo]
        known = values[~np.isnan(values)]
        if not known.size:
            everywhere = panel.unit_value[:, geo]
            known = everywhere[~np.isnan(everywhere)]
        result[geo] = known.mean() if known.size else 0.0
    return result


def _not_given(key: str, dates: Dates) -> str:
    """A fault for periods a spend file leaves out."""
    shown = ", ".join(str(day) for day in dates[:4]) + (" and more" if len(dates) > 4 else "")
    return (
        f"`{key}`: the file has no row for the periods beginning {shown}. Add them, with 0 where nothing is "
        "spent"
    )


def _assumptions(
    panel: Panel, settings: PlanSettings, days: _Days, periods: NDArray[np.int64], even: NDArray[np.bool_]
) -> tuple[str, ...]:
    """What the window takes for granted, one sentence each."""
    how = settings.reference
    lines = [
        sentences.reference_is(
            how if isinstance(how, str) else "file",
            panel.dates[periods[0]],
            panel.dates[periods[-1]]
            + period_days(panel.dates[periods[-1:]], panel.grain)[0].astype("timedelta64[D]")
            - 1,
            panel.grain,
        )
    ]
    if isinstance(how, ApprovedPlan):
        same = (np.datetime64(how.start), np.datetime64(how.end)) == (days.start, days.end)
        lines = [sentences.reference_is_approved(how.number, how.start, how.end, same=same)]
    if days.before_share > 0 or days.after_share > 0:
        lines.append(sentences.window_cuts_periods(float(days.share.sum()), panel.grain))
    if len(days.between) or (days.before_share > 0 and not days.past):
        lines.append(
            sentences.until_window_is(
                settings.until_window if isinstance(settings.until_window, str) else "file",
                panel.data_until + 1,
                days.start - 1,
                QUARTER[panel.grain],
                panel.grain,
            )
        )
    if days.past:
        lines.insert(0, sentences.window_has_begun(panel.data_until, panel.grain))
    dark = [panel.cells[cell].name for cell in np.flatnonzero(even)]
    if dark:
        lines.append(sentences.spread_evenly(dark))
    lines.append(sentences.after_window_is(panel.grain))
    if settings.flighting is not None:
        lines.append(sentences.weeks_are_planned())
    return tuple(lines)
