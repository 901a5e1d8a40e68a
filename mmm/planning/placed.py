"""Money of tests inside a window: where it stands, what it brings, and what is left for the plan.

In the regions and periods of a test its design sets the level of the tested cells, so the plan places none of their
money there. Money of the usual level that a test does not spend is withheld: it is part of the reserve, and comes
back afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mmm.data.panel import Floats
from mmm.dims import Cell
from mmm.errors import InternalFault
from mmm.planning.money import in_cents
from mmm.response.curves import WindowCurves, response

if TYPE_CHECKING:
    from mmm.planning.window import PlanWindow


@dataclass(frozen=True, slots=True)
class PlacedTests:
    """What tests do in a window.

    Attributes
    ----------
    spend
        Money they spend, in whole cents, shape (period, geo, cell).
    taken
        Share of the usual level that designs set, 0 to 1, shape (period, geo, cell): 1 in treated regions.
    withheld
        Money of the usual level that is not spent there, in whole cents.
    pattern
        Share of a cell's window money in each period and geo had there been no tests, shape (period, geo, cell).
    newcomers
        What has no history and is tested, each with its money, in whole cents, shape (period, geo): what it brings is
        in no figure of the plan.
    """

    spend: Floats
    taken: Floats
    withheld: float
    pattern: Floats
    newcomers: tuple[tuple[Cell, Floats], ...] = ()

    @property
    def placed(self) -> float:
        """Money that tests spend."""
        new = sum(in_cents(float(money.sum())) for _, money in self.newcomers)
        return (in_cents(float(self.spend.sum())) + new) / 100

    @property
    def used(self) -> float:
        """Reserve that tests use: money they spend and money they withhold."""
        return in_cents(self.placed + self.withheld) / 100

    @property
    def free(self) -> Floats:
        """Share of each cell's window that tests leave to the plan, shape (cell,)."""
        return np.asarray((self.pattern * (1.0 - self.taken)).sum(axis=(0, 1)), dtype=np.float64)


def around_tests(
    window: PlanWindow,
    spend: Floats,
    taken: Floats,
    withheld: float,
    newcomers: tuple[tuple[Cell, Floats], ...] = (),
) -> PlanWindow:
    """The window with tests in it: the plan's money goes where no test sets the level, in the same proportions.

    Parameters
    ----------
    spend, taken, withheld, newcomers
        As in `PlacedTests`.
    """
    tests = PlacedTests(spend, taken, withheld, window.pattern, newcomers)
    free = tests.free
    if (free <= 0).any():
        names = ", ".join(window.cells[i].name for i in np.flatnonzero(free <= 0))
        raise InternalFault(f"Tests take the whole window of {names}; nothing is left for the plan.")
    return replace(window, pattern=window.pattern * (1.0 - taken) / free, tests=tests)


def curves_around(curves: WindowCurves, window: PlanWindow) -> WindowCurves:
    """The curves of a window without tests, with the tests of `window` in it."""
    beside = window.beside
    if window.tests is not None:
        beside = beside + window.tests.spend * window.exposure_per_money[:, window.cell_of]
    return replace(
        curves,
        unit_exposure=window.pattern * window.exposure_per_money[:, window.cell_of],
        beside=beside,
        others=tuple(curves_around(part, window) for part in curves.others),
    )


def response_of_tests(curves: WindowCurves, window: PlanWindow) -> Floats:
    """What the money of tests brings by cell before any other money is placed, shape (cell, draw)."""
    if window.tests is None:
        return np.zeros((len(window.cells), curves.draws))
    only = curves_of_tests(curves, window)
    return np.stack([response(only, cell, [1.0])[0] for cell in range(len(window.cells))])


def curves_of_tests(curves: WindowCurves, window: PlanWindow) -> WindowCurves:
    """Curves by which one unit of money of a cell is all the money of its tests, before any other is placed."""
    if window.tests is None:
        return replace(curves, unit_exposure=np.zeros_like(curves.unit_exposure))
    bought = window.tests.spend * window.exposure_per_money[:, window.cell_of]
    there = window.beside if curves.spent is None else window.beside + curves.spent.exposure

    def alone(part: WindowCurves) -> WindowCurves:
        others = tuple(alone(other) for other in part.others)
        return replace(
            part, unit_exposure=bought, beside=there, prices=(), spent=None, late=None, others=others
        )

    return alone(curves)


def without_tests(curves: WindowCurves, window: PlanWindow) -> tuple[WindowCurves, PlanWindow]:
    """The same window had there been no tests."""
    if window.tests is None:
        return curves, window
    plain = replace(window, pattern=window.tests.pattern, tests=None)
    return curves_around(curves, plain), plain
