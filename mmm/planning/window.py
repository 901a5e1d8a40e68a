"""The coming window: its periods, the spend until it begins, what it is compared with, what money buys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import period_days
from mmm.data.panel import Dates, Floats, Panel
from mmm.data.settings import Grain
from mmm.dims import Cell
from mmm.errors import ConfigError, InternalFault
from mmm.model.forward import MediaDraws
from mmm.planning import sentences
from mmm.planning.around import money_until, reference_money
from mmm.planning.begun import Begun, what_happened
from mmm.planning.fixed import fixed_money
from mmm.planning.placed import PlacedTests
from mmm.planning.places import Places, places_of
from mmm.planning.reference import (
    QUARTER,
    exposure_per_money,
    like_windows,
    shapes,
)
from mmm.planning.settings import ApprovedPlan, PlanSettings
from mmm.planning.window_days import WindowDays, window_days
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
    days = window_days(panel, settings, places)
    begun = what_happened(panel, len(panel.dates) - days.past, days.share) if days.past else None
    if begun is not None:
        begun = replace(begun, money=places.split(begun.money), exposure=places.split(begun.exposure))
    reference, exposure, periods = reference_money(panel, settings, days, folder)
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
    until, until_exposure = money_until(panel, settings, days, rate, folder)
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


def _assumptions(
    panel: Panel,
    settings: PlanSettings,
    days: WindowDays,
    periods: NDArray[np.int64],
    even: NDArray[np.bool_],
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
