"""Questions about one series beside others: does this say anything that the season and the past do not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.settings import Grain

Floats = NDArray[np.float64]

YEAR = {"day": 365.25, "week": 52.18, "month": 12.0}
WAVES = 2
SPARE = 20
"""Rows beyond the columns without which nothing is asked."""
TRIMMED = 0.15
"""Share of the rows at either end in which no break is looked for."""
SURELY = 12.35
"""Largest F of a break at an unknown time by chance in one of a hundred series (Andrews 1993, one parameter, 15 %)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What columns say beyond others: the chance of as much by accident, and the share of the rest they explain."""

    p: float
    share: float


def season(rows: int, grain: Grain) -> Floats:
    """A level, a line and two waves of the year, shape (row, 6)."""
    t = np.arange(rows)
    waves = [f(2 * np.pi * k * t / YEAR[grain]) for k in range(1, WAVES + 1) for f in (np.sin, np.cos)]
    return np.column_stack([np.ones(rows), t / rows, *waves])


def lagged(values: Floats, *lags: int) -> Floats:
    """Columns as they were some rows before, shape (row, column x lag); nan where that is before the first."""
    columns = values.reshape(len(values), -1)
    out = [np.full(columns.shape, np.nan) for _ in lags]
    for shifted, lag in zip(out, lags, strict=True):
        shifted[lag:] = columns[: len(columns) - lag]
    return np.concatenate(out, axis=1)


def told_by(series: Floats, known: Floats, asked: Floats) -> Told | None:
    """What the asked columns say about a series beyond the known ones: an F test.

    Rows with a nan are left out. None where too few are left, or nothing varies.
    """
    whole = np.column_stack([series, known, asked])
    whole = whole[np.isfinite(whole).all(axis=1)]
    y, base, more = whole[:, 0], whole[:, 1 : 1 + known.shape[1]], whole[:, 1 + known.shape[1] :]
    if len(y) < base.shape[1] + more.shape[1] + SPARE or np.ptp(y) == 0:
        return None
    left, rank = _rest(y, base)
    full, larger = _rest(y, np.column_stack([base, more]))
    added, spare = larger - rank, len(y) - larger
    if added == 0 or left @ left <= 1e-12 * float(y @ y):
        return None
    from scipy.stats import f as f_distribution

    gained = max(float(left @ left - full @ full), 0.0)
    statistic = gained / added / max(float(full @ full) / spare, 1e-300)
    return Told(float(f_distribution.sf(statistic, added, spare)), gained / float(left @ left))


def level_break(series: Floats, known: Floats) -> tuple[int, float, float] | None:
    """Where the level of a series changes for good: the row, the F, and the size of the step.

    The largest F over all rows but the ends (Quandt; its distribution by Andrews 1993), after memory from one row to
    the next is taken out of both sides (Cochrane & Orcutt): a series that drifts breaks everywhere otherwise. None
    where too few rows are finite, or nothing is beyond what chance gives.
    """
    rows = np.flatnonzero(np.isfinite(series) & np.isfinite(known).all(axis=1))
    if len(rows) < known.shape[1] + 2 * SPARE:
        return None
    y, base = series[rows], known[rows]
    step = (np.arange(len(rows))[:, None] >= np.arange(len(rows))[None, :]).astype(float)
    places = np.arange(int(TRIMMED * len(rows)), int((1 - TRIMMED) * len(rows)))
    left, rank = _rest(y, base)
    memory = float(left[1:] @ left[:-1] / max(float(left @ left), 1e-300))
    memory = float(np.clip(memory + (1 + 3 * memory + rank) / len(rows), 0.0, 0.95))  # short series hide some
    y, base, step = (values[1:] - memory * values[:-1] for values in (y, base, step))
    best, statistic, size = _largest_step(y, base, step, places)
    return (int(rows[best]), statistic, size) if statistic > SURELY else None


def _largest_step(
    y: Floats, base: Floats, step: Floats, places: NDArray[np.int64]
) -> tuple[int, float, float]:
    """The column among `places` that says most beyond the base: which, its F, its coefficient."""
    rest, rank = _rest(y, base)
    own = step[:, places] - base @ np.linalg.lstsq(base, step[:, places], rcond=None)[0]
    size = (own**2).sum(axis=0)
    slopes = np.where(size > 1e-9, rest @ own / np.maximum(size, 1e-300), 0.0)
    gained = slopes**2 * size
    statistic = gained / np.maximum((rest @ rest - gained) / (len(y) - rank - 1), 1e-300)
    best = int(np.argmax(statistic))
    return int(places[best]), float(statistic[best]), float(slopes[best])


def _rest(y: Floats, columns: Floats) -> tuple[Floats, int]:
    """What columns leave of a series, and how many of them are their own."""
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-300)
    fit, _, rank, _ = np.linalg.lstsq(columns / scale, y, rcond=1e-10)
    return y - columns / scale @ fit, int(rank)
