"""Results of past tests put on the panel: which cells, regions and periods, and what exposure would have been without.

A test happened, so the panel holds the exposure with it. Money that was added is taken out of the test's periods in
proportion to what was spent there; money that was taken away is put back at each region's usual level. Exposure
follows money at the cell's own cost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import DAY, period_ends
from mmm.data.names import fold, nearest
from mmm.data.panel import Check, Panel
from mmm.data.readouts import WIDENED, Readout, read_readouts
from mmm.data.settings import ChannelSettings, DataSettings, ExperimentsTable
from mmm.dims import NATIONAL
from mmm.errors import DataError

Floats = NDArray[np.float64]

USUAL_DAYS = 91
"""Days before a test that say what a region usually spends."""
ODD = 2.0
"""Spend without the test may be this many times the usual, either way, before it is pointed out."""
NORMAL_90 = 1.6449


@dataclass(frozen=True, slots=True)
class Experiment:
    """One past test on the axes of a panel.

    Attributes
    ----------
    id, start, end, cooldown, spend_change, df
        As in `Readout`.
    cells, geos
        Tested cells and treated regions, as indices of the panel.
    first, stop, last
        First period of the test, the one after its last, and the one after the last that counts.
    bau
        Exposure without the test over first .. stop, shape (period, treated geo, tested cell).
    lift, lift_se
        Outcome units.
    within
        Whether the result compares regions of this panel with each other, so that it was read from its rows.
    settled, reason
        What a user decided about a contradiction with the rest (`kept`, `widened` or nothing), and why.
    widened
        Whether its transport noise counts twice: so decided, or it contradicts the rest and nothing was decided.
    study
        Whether it is a return that others found, not a test: all of the window's spend against none.
    """

    id: str
    start: np.datetime64
    end: np.datetime64
    cooldown: int
    spend_change: float
    df: float
    cells: tuple[int, ...]
    geos: tuple[int, ...]
    first: int
    stop: int
    last: int
    bau: Floats
    lift: float
    lift_se: float
    within: bool
    settled: str = ""
    reason: str = ""
    widened: bool = False
    study: bool = False


def read_experiments(
    table: ExperimentsTable,
    data: DataSettings,
    channels: Mapping[str, ChannelSettings],
    folder: Path,
    panel: Panel,
    *,
    first: int,
    only: Collection[str] | None = None,
) -> tuple[tuple[Experiment, ...], list[Check]]:
    """Read the results of past tests and put them on the panel.

    Parameters
    ----------
    folder
        Folder of the config: the path is relative to it.
    first
        Index of the first modelled period; what was tested before is left out and listed.
    only
        Ids of the tests wanted; None: all.

    Returns
    -------
    The experiments that count, and a finding for each: a sentence in money, and what to look at.

    Raises
    ------
    DataError
        Every fault at once: file, row, value, remedy.
    """
    readouts, checks, faults = read_readouts(table, data, folder)
    found = []
    for readout in readouts:
        if only is not None and readout.id not in only:
            continue
        placed = place_result(readout, panel, channels, faults)
        if placed is None:
            continue
        if placed.first < first:
            checks.append(_left_out(placed, f"before {panel.dates[first]}, where the modelled periods begin"))
        elif _read_from_the_series(readout, panel):
            checks.append(
                _left_out(placed, "a switchback of the whole series: its rows are in the model already")
            )
        else:
            found.append(placed)
            checks += _findings(placed, readout, panel)
    if faults:
        raise DataError(list(dict.fromkeys(faults)))
    return tuple(found), checks


def place_result(
    readout: Readout, panel: Panel, channels: Mapping[str, ChannelSettings], faults: list[str]
) -> Experiment | None:
    """A result on the axes of a panel; None where it does not fit there, and why in `faults`."""
    before = len(faults)
    cells = tested_cells(readout, panel, channels, faults)
    geos = _geos(readout, panel, faults)
    ends = period_ends(panel.dates, panel.grain)
    counted = readout.end + 7 * readout.cooldown * DAY
    if readout.start < panel.dates[0] or counted > ends[-1]:
        faults.append(
            f"{readout.where}: {readout.id} counts from {readout.start} to {counted}, cool-down included, and the "
            f"data run from {panel.dates[0]} to {ends[-1]}; mend the dates, or load the missing rows"
        )
    if len(faults) > before:
        return None
    first = int(np.searchsorted(ends, readout.start))
    stop = int(np.searchsorted(panel.dates, readout.end, side="right"))
    last = int(np.searchsorted(panel.dates, counted, side="right"))
    lift, lift_se = readout.lift, readout.lift_se / np.sqrt(readout.trust)
    if readout.percent:  # of what the treated regions would have had: actual / (1 + lift)
        there = float(np.nansum(panel.outcome[first:last][:, list(geos)]))
        usual = there / (1.0 + lift / 100.0)
        lift, lift_se = usual * lift / 100.0, usual * lift_se / 100.0
    return Experiment(
        id=readout.id,
        start=readout.start,
        end=readout.end,
        cooldown=readout.cooldown,
        spend_change=readout.spend_change,
        df=readout.df,
        cells=cells,
        geos=geos,
        first=first,
        stop=stop,
        last=last,
        bau=exposure_without(readout, panel, cells, geos, first, stop),
        lift=lift,
        lift_se=lift_se,
        within=len(panel.geos) > 1 and len(geos) < len(panel.geos),
        settled=readout.settled,
        reason=readout.reason,
        widened=readout.settled == WIDENED,
    )


class Tested(Protocol):
    """What a test names: a result that was read, or a design."""

    @property
    def where(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def message(self) -> str: ...


def tested_cells(
    readout: Tested, panel: Panel, channels: Mapping[str, ChannelSettings], faults: list[str]
) -> tuple[int, ...]:
    """Cells of a test, as indices: all of the channel where it names no audience. Unknown names go to `faults`."""
    renamed = {fold(old): key for key, settings in channels.items() for old in settings.was}
    channel = fold(renamed.get(fold(readout.channel), readout.channel))
    members = [i for i, cell in enumerate(panel.cells) if fold(cell.channel) == channel]
    if not members:
        known = list(dict.fromkeys(cell.channel for cell in panel.cells))
        near = nearest(readout.channel, known)
        hint = f'; did you mean "{near}"?' if near else f"; there are {', '.join(known)}"
        faults.append(f'{readout.where}: no table has the channel "{readout.channel}"{hint}')
        return ()
    for level in ("audience", "message"):
        wanted = getattr(readout, level)
        if not wanted:
            continue
        names = list(dict.fromkeys(getattr(panel.cells[i], level) for i in members))
        members = [i for i in members if fold(getattr(panel.cells[i], level)) == fold(wanted)]
        if not members:
            near = nearest(wanted, names)
            hint = (
                f'; did you mean "{near}"?'
                if near
                else f"; there are {', '.join(filter(None, names)) or 'none'}"
            )
            faults.append(f'{readout.where}: {readout.channel} has no {level} "{wanted}"{hint}')
            return ()
    return tuple(members)


def _geos(readout: Readout, panel: Panel, faults: list[str]) -> tuple[int, ...]:
    """Treated regions; all where the row names none, or the panel has none."""
    if not readout.geos or panel.geos == (NATIONAL,):
        return tuple(range(len(panel.geos)))
    return regions_of(readout.geos, readout, panel, faults)


def regions_of(names: tuple[str, ...], test: Tested, panel: Panel, faults: list[str]) -> tuple[int, ...]:
    """Regions of a test, as indices in the panel's order. Unknown names go to `faults`."""
    number = {fold(geo): index for index, geo in enumerate(panel.geos)}
    for geo in names:
        if fold(geo) not in number:
            near = nearest(geo, panel.geos)
            hint = f'; did you mean "{near}"?' if near else f"; there are {', '.join(panel.geos)}"
            faults.append(f'{test.where}: the outcome has no region "{geo}"{hint}')
    return tuple(sorted({number[fold(geo)] for geo in names if fold(geo) in number}))


class Ran(Protocol):
    """A test that ran, read or not."""

    @property
    def start(self) -> np.datetime64: ...
    @property
    def end(self) -> np.datetime64: ...
    @property
    def spend_change(self) -> float: ...


def exposure_without(
    test: Ran, panel: Panel, cells: tuple[int, ...], geos: tuple[int, ...], first: int, stop: int
) -> Floats:
    """Exposure had there been no test, shape (period, treated geo, tested cell)."""
    at = np.ix_(range(first, stop), geos, cells)
    spend, exposure = panel.spend[at], panel.exposure[at]
    if test.spend_change > 0:
        return exposure * max(0.0, 1.0 - test.spend_change / max(float(spend.sum()), 1e-300))
    days = _days_inside(test, panel, first, stop)
    shares = _usual(panel, cells, geos, first)[None] * days[:, None, None]
    if not shares.any():  # never on before: by people, else by outcome
        heads = panel.population if panel.population is not None else np.nanmean(panel.outcome, axis=0)
        shares = days[:, None, None] * np.maximum(heads[list(geos)], 0.0)[None, :, None] * np.ones(len(cells))
    back = -test.spend_change * shares / shares.sum()
    cost = panel.exposure[:, :, cells].sum(axis=(0, 1)) / panel.spend[:, :, cells].sum(axis=(0, 1))
    return exposure + back * cost


def _days_inside(readout: Ran, panel: Panel, first: int, stop: int) -> Floats:
    """Days of each period on which the test ran, shape (period,)."""
    starts = panel.dates[first:stop]
    since = np.maximum(starts, readout.start)
    until = np.minimum(period_ends(starts, panel.grain), readout.end)
    return (until - since).astype(np.float64) + 1.0


def _usual(panel: Panel, cells: tuple[int, ...], geos: tuple[int, ...], first: int) -> Floats:
    """Money a day over the three months before the test, shape (treated geo, tested cell)."""
    near = (panel.dates >= panel.dates[first] - USUAL_DAYS * DAY) & (panel.dates < panel.dates[first])
    if not near.any():
        return np.zeros((len(geos), len(cells)))
    days = int((panel.dates[first] - panel.dates[near][0]).astype(int))
    return np.asarray(panel.spend[near][:, geos][:, :, cells].sum(axis=0) / days, dtype=np.float64)


def _read_from_the_series(readout: Readout, panel: Panel) -> bool:
    """A whole series switched on and off is its own control: the panel holds all that such a test saw."""
    return "switchback" in fold(readout.method).replace(" ", "") and len(panel.geos) == 1


# --- what a person reads -----------------------------------------------------------------------------------


def _left_out(found: Experiment, why: str) -> Check:
    remedy = "Nothing to do; it stays in the file." if "series" in why else "Load earlier rows to use it."
    return Check("experiments", "review", found.id, "", f"left out: {why}", remedy)


def _findings(found: Experiment, readout: Readout, panel: Panel) -> list[Check]:
    checks = [Check("experiments", "pass", found.id, "", sentence(found, panel) + decision(found), "")]
    at = np.ix_(range(found.first, found.stop), found.geos, found.cells)
    held = float(panel.spend[at].sum())
    without = held - found.spend_change
    usual = float(_usual(panel, found.cells, found.geos, found.first).sum())
    usual *= float(_days_inside(readout, panel, found.first, found.stop).sum())
    odd = usual > 0 and not usual / ODD <= without <= usual * ODD
    if found.spend_change > held or odd:
        checks.append(
            Check(
                "experiments",
                "review",
                found.id,
                f"{found.start} to {found.end}",
                f"spend_change {found.spend_change:,.0f}; the panel holds {held:,.0f} there, so {without:,.0f} without "
                f"the test, and the three months before say {usual:,.0f}",
                "Mend spend_change, the dates or the regions if one is wrong; is VAT in one and not in the other?",
            )
        )
    if readout.geos and panel.geos == (NATIONAL,):
        checks.append(
            Check(
                "experiments",
                "review",
                found.id,
                "",
                f"tested in {len(readout.geos)} regions, and the panel is national",
                "Its money is counted as if spread over the country. Give the tables by region to use it fully.",
            )
        )
    return checks


def decision(found: Experiment) -> str:
    """What was decided about a test's contradiction, and why; nothing where nothing was."""
    why = f": {found.reason}" if found.reason else ""
    return f". Settled, {found.settled}{why}" if found.settled else ""


def sentence(found: Experiment, panel: Panel) -> str:
    """A test as one sentence in money: what was changed, what it brought, what came back for a unit spent."""
    cells = " and ".join(panel.cells[i].name for i in found.cells)
    places = (
        "" if len(found.geos) == len(panel.geos) else f" in {_listed([panel.geos[g] for g in found.geos])}"
    )
    value = money_per_unit(found, panel)
    worth = 1.0 if value is None else value
    noun = "outcome" if value is None else "revenue" if value == 1.0 else "of outcome in money"
    sign = -1.0 if found.lift < 0 else 1.0
    middle, half = sign * found.lift * worth, NORMAL_90 * found.lift_se * worth
    more, brought = ("more" if found.spend_change > 0 else "less"), ("more" if sign > 0 else "less")
    each = found.lift * worth / found.spend_change
    if value is None:
        tail = f"{each:,.4g} for a unit of money"
    elif found.spend_change > 0:
        tail = f"{each:,.2f} back per unit spent"
    else:
        tail = f"{each:,.2f} lost per unit not spent"
    return (
        f"{cells}{places}, {day_text(found.start)} to {day_text(found.end)}: {abs(found.spend_change):,.0f} {more} "
        f"spend brought {middle:,.0f} ({middle - half:,.0f} to {middle + half:,.0f}) {brought} {noun}: {tail}"
    )


def money_per_unit(found: Experiment, panel: Panel) -> float | None:
    """Money of a unit of the outcome where and when the test ran; None where it has none."""
    if panel.unit_value is None:
        return None
    return float(np.nanmean(panel.unit_value[found.first : found.last][:, list(found.geos)]))


def _listed(names: list[str], shown: int = 3) -> str:
    if len(names) > shown + 1:
        return f"{', '.join(names[:shown])} and {len(names) - shown} more regions"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def day_text(day: np.datetime64) -> str:
    """A day as people write it: 7 Jul 2025."""
    date = day.astype("datetime64[D]").item()
    return f"{date.day} {date:%b} {date.year}"
