"""Windows of equal length counted back from the last period: always whole, always comparable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import period_ends
from mmm.data.settings import Grain

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]

QUARTER: dict[Grain, int] = {"day": 91, "week": 13, "month": 3}
YEAR: dict[Grain, int] = {"day": 364, "week": 52, "month": 12}


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a panel, oldest first.

    Attributes
    ----------
    names
        First and last day, as 2026-08-17/2026-11-15 (ISO 8601).
    inside
        Shape (window, period): which periods a window holds.
    year
        Windows in a year; 0 where a year is not a whole number of them.
    """

    names: tuple[str, ...]
    inside: Flags
    year: int

    def sums(self, values: Floats) -> Floats:
        """Sums by window: (..., period, column) gives (..., window, column); nan counts nothing."""
        return np.asarray(self.inside.astype(float) @ np.nan_to_num(values))


def trailing_windows(dates: Dates, grain: Grain, usable: Flags, span: int) -> Windows:
    """Windows of `span` periods within the last unbroken run of usable ones; one shorter window where it is shorter.

    Raises
    ------
    ValueError
        When no period is usable.
    """
    if not usable.any():
        raise ValueError("no period is usable")
    stop = int(np.flatnonzero(usable)[-1]) + 1
    broken = np.flatnonzero(~usable[:stop])
    start = int(broken[-1]) + 1 if broken.size else 0
    span = min(span, stop - start)
    first = np.arange(stop - span, start - 1, -span)[::-1]
    index = np.arange(len(dates))
    inside = (index >= first[:, None]) & (index < first[:, None] + span)
    ends = period_ends(dates, grain)
    names = tuple(f"{dates[k]}/{ends[k + span - 1]}" for k in first)
    return Windows(names, inside, YEAR[grain] // span if YEAR[grain] % span == 0 else 0)
