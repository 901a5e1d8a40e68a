"""Returns that others found (attribution, a vendor, a benchmark) put on the panel: like a test that turned spend off.

ROI is what a window's spend brought in that window, so a study says the lift between the spend as it was and none. Its
error is divided by the root of the trust it is given: such numbers are seldom caused, and never about this panel alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmm.data.calendar import period_ends
from mmm.data.experiments import NORMAL_90, Experiment, day_text, decision, tested_cells
from mmm.data.panel import Check, Panel
from mmm.data.readouts import WIDENED, Readout, read_readouts
from mmm.data.settings import ChannelSettings, DataSettings, StudiesTable
from mmm.errors import DataError


def read_studies(
    table: StudiesTable,
    data: DataSettings,
    channels: Mapping[str, ChannelSettings],
    folder: Path,
    panel: Panel,
    *,
    first: int,
) -> tuple[tuple[Experiment, ...], list[Check]]:
    """Read returns that others found and put them on the panel.

    Parameters
    ----------
    folder
        Folder of the config: the path is relative to it.
    first
        Index of the first modelled period; a study about days before it is left out and listed.

    Returns
    -------
    The studies that count, and a finding for each: a sentence.

    Raises
    ------
    DataError
        Every fault at once: file, row, value, remedy.
    """
    readouts, checks, faults = read_readouts(table, data, folder, studies=True)
    found = []
    for readout in readouts:
        placed = _place(readout, panel, channels, faults, first)
        if placed is None:
            continue
        if placed.first < first:
            why = f"left out: it begins before {panel.dates[first]}, where the modelled periods begin"
            remedy = "Leave its dates empty if it holds for later weeks too, or load earlier rows."
            checks.append(Check("studies", "review", placed.id, "", why, remedy))
        else:
            found.append(placed)
            checks.append(Check("studies", "pass", placed.id, "", sentence(placed, readout, panel), ""))
    if faults:
        raise DataError(list(dict.fromkeys(faults)))
    return tuple(found), checks


def _place(
    readout: Readout,
    panel: Panel,
    channels: Mapping[str, ChannelSettings],
    faults: list[str],
    first: int,
) -> Experiment | None:
    before = len(faults)
    cells = tested_cells(readout, panel, channels, faults)
    ends = period_ends(panel.dates, panel.grain)
    start, end = readout.start, readout.end
    if np.isnat(start):
        start, end = panel.dates[first], ends[-1]
    if start < panel.dates[0] or end > ends[-1]:
        faults.append(
            f"{readout.where}: {readout.id} is about {start} to {end}, and the data run from {panel.dates[0]} to "
            f"{ends[-1]}; mend the dates, or leave both empty for all that is modelled"
        )
    begin = int(np.searchsorted(ends, start))
    stop = int(np.searchsorted(panel.dates, end, side="right"))
    spend = panel.spend[begin:stop][:, :, list(cells)]
    if cells and not spend.sum() > 0:
        faults.append(
            f"{readout.where}: {readout.channel} had no spend from {start} to {end}; mend the dates"
        )
    if len(faults) > before:
        return None
    worth = 1.0 if panel.unit_value is None else float(np.nanmean(panel.unit_value[begin:stop]))
    return Experiment(
        id=readout.id,
        start=start,
        end=end,
        cooldown=0,
        spend_change=float(spend.sum()),
        df=readout.df,
        cells=cells,
        geos=tuple(range(len(panel.geos))),
        first=begin,
        stop=stop,
        last=stop,
        bau=np.zeros(spend.shape),
        lift=readout.lift * float(spend.sum()) / worth,
        lift_se=readout.lift_se / np.sqrt(readout.trust) * float(spend.sum()) / worth,
        within=False,
        settled=readout.settled,
        reason=readout.reason,
        widened=readout.settled == WIDENED,
        study=True,
    )


def sentence(found: Experiment, readout: Readout, panel: Panel) -> str:
    """A study as one sentence: what it says came back, and how far it is trusted."""
    cells = " and ".join(panel.cells[i].name for i in found.cells)
    half = NORMAL_90 * readout.lift_se
    unit = "outcome for a unit of money" if panel.unit_value is None else "back per unit spent"
    by = f" ({readout.method})" if readout.method else ""
    return (
        f"{cells}, {day_text(found.start)} to {day_text(found.end)}: a study{by} says {readout.lift:,.3g} "
        f"({readout.lift - half:,.3g} to {readout.lift + half:,.3g}) {unit}; with trust {readout.trust:g} its error "
        f"counts {readout.trust**-0.5:.3g} times{decision(found)}"
    )
