"""What a test could tell before it runs, from the errors its own readout makes in the history.

A test is read with a Student t around the effect, so an effect is seen where it is beyond t times the error. Power is
two-sided throughout; `level` is the chance to see something where there is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student_t

from mmm.experiments.regression import placebo_df, placebo_errors, placebo_se, placebo_starts

Floats = NDArray[np.float64]

LEVEL = 0.10
POWER = 0.80


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How well a pair of groups can be read over a window.

    Attributes
    ----------
    se, df
        Error of a readout, from rolling placebos, in the outcome's unit; its degrees of freedom.
    mde
        Effect that is seen with `POWER` at `LEVEL`.
    baseline
        Mean treated total of a window of the history, to compare the effect with.
    """

    se: float
    df: float
    mde: float
    baseline: float


def power(effect: Floats | float, se: float, df: float, level: float = LEVEL) -> Floats:
    """Chance that an effect of this size is seen: the estimate is normal around it, the bar is t times the error."""
    bar = student_t.ppf(1 - level / 2, df)
    away = np.asarray(effect, dtype=np.float64) / se
    return np.asarray(norm.cdf(away - bar) + norm.cdf(-away - bar), dtype=np.float64)


def minimal_effect(se: float, df: float, level: float = LEVEL, wanted: float = POWER) -> float:
    """Smallest effect seen with the wanted power: (t + z) times the error."""
    return float((student_t.ppf(1 - level / 2, df) + norm.ppf(wanted)) * se)


def assurance(effects: Floats, se: float, df: float, level: float = LEVEL) -> float:
    """Power averaged over what the effect may be, one value a draw (O'Hagan, Stevens & Campbell 2005)."""
    return float(power(effects, se, df, level).mean())


def sensitivity(
    treated: Floats,
    control: Floats,
    *,
    window: int,
    history: int,
    least: int,
    level: float = LEVEL,
    wanted: float = POWER,
) -> Sensitivity:
    """Error and smallest visible effect of a window for two groups.

    Parameters
    ----------
    treated, control
        Totals of the history, shape (period,).
    window, history, least
        As in `regression.placebo_errors`. An assignment that was chosen for small placebo errors needs rows that did
        not choose it, or its error comes out too small.
    """
    errors = placebo_errors(treated, control, window=window, history=history, least=least)
    se, df = float(placebo_se(errors)), placebo_df(len(errors), window)
    return Sensitivity(se, df, minimal_effect(se, df, level, wanted), float(treated.mean()) * window)


def detections(
    treated: Floats,
    control: Floats,
    *,
    window: int,
    history: int,
    least: int,
    lift: Floats | float = 0.0,
    level: float = LEVEL,
) -> tuple[int, int]:
    """Read every window that has enough history of its own, with a lift put into it: how many are seen, of how many.

    Each is read as a real test would be then: its error comes from placebos that ended before it. A lift of zero
    counts false alarms (A/A).

    Parameters
    ----------
    treated, control, window, history, least
        As in `sensitivity`.
    lift
        Put into each window, in the outcome's unit, shape () or (start,).
    """
    errors = placebo_errors(treated, control, window=window, history=history, least=least)
    starts = placebo_starts(len(treated), window, least)
    lifts = np.broadcast_to(np.asarray(lift, dtype=np.float64), errors.shape)
    seen = of = 0
    for k, start in enumerate(starts):
        before = errors[: np.searchsorted(starts, start - window, side="right")]
        if len(before) < window:
            continue
        bar = student_t.ppf(1 - level / 2, placebo_df(len(before), window)) * placebo_se(before)
        of += 1
        seen += int(abs(errors[k] + lifts[k]) > bar)
    return seen, of
