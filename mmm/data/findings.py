"""How a check of a panel is written: its severity, where, which periods, what to do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Check, Panel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def review(check: str, where: str, rows: str, value: str, remedy: str) -> Check:
    """A finding that a person should look at and that stops nothing."""
    return Check(check, "review", where, rows, value, remedy)


def fail(check: str, where: str, rows: str, value: str, remedy: str) -> Check:
    """A finding that stops the run."""
    return Check(check, "fail", where, rows, value, remedy)


def periods_words(panel: Panel, mask: Flags, shown: int = 4) -> str:
    """Periods (and regions) of a mask, in words; shape (period,) or (period, geo)."""
    if mask.ndim == 2 and mask.shape[1] > 1:
        listed = [f"{panel.dates[t]} {panel.geos[g]}" for t, g in np.argwhere(mask)]
    else:
        listed = [str(panel.dates[t]) for t in np.flatnonzero(mask.reshape(len(panel.dates), -1).any(axis=1))]
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
