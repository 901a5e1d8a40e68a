"""Time-based regression: the treated regions' total on the others', before the test, and what the window adds to it.

The textbook interval takes periods for independent and is too narrow where noise has a memory. The error used here is
the one the same regression makes in windows of the history in which nothing was tested (rolling placebos).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_DF = 3.0


@dataclass(frozen=True, slots=True)
class Regression:
    """Effect of a window, by regression of the treated total on the control total.

    Attributes
    ----------
    counterfactual
        Expected treated total without the test, shape (period,), the history included.
    effect, effect_se
        Sum over the window of actual less expected; the textbook's scale of its Student t.
    df
        Degrees of freedom behind `effect_se`: periods of history less two.
    r2
        Share of the history's variance that the control total explains.
    memory
        Correlation of what is left from one period to the next, in the history.
    """

    counterfactual: Floats
    effect: float
    effect_se: float
    df: int
    r2: float
    memory: float


def time_based_regression(treated: Floats, control: Floats, pre: int) -> Regression:
    """Bayesian regression with flat priors, in closed form (Kerman, Wang & Vaver 2017, section 4).

    Parameters
    ----------
    treated, control
        Totals of the two groups, shape (period,); the first `pre` periods are before the test.
    pre
        Periods of history, 3 or more.
    """
    y, x = treated[:pre], control[:pre]
    centre = x.mean()
    spread = float(((x - centre) ** 2).sum())
    slope = float(((x - centre) * (y - y.mean())).sum()) / spread if spread > _nothing(x) else 0.0
    expected = y.mean() + slope * (control - centre)
    residual = y - expected[:pre]
    left = float((residual**2).sum())
    window = len(treated) - pre
    away = (control[pre:].mean() - centre) ** 2 / spread if spread > _nothing(x) else 0.0
    variance = left / (pre - 2) * (window + window**2 * (1.0 / pre + away))
    total = float(((y - y.mean()) ** 2).sum())
    return Regression(
        counterfactual=expected,
        effect=float((treated - expected)[pre:].sum()),
        effect_se=float(np.sqrt(variance)),
        df=pre - 2,
        r2=1.0 - left / total if total > 0 else 0.0,
        memory=float((residual[1:] * residual[:-1]).sum()) / left if left > 0 else 0.0,
    )


def error_with_memory(found: Regression) -> tuple[float, float]:
    """The textbook error and its degrees of freedom where noise has a memory: for histories too short for placebos.

    Sums of noise with correlation rho from one period to the next vary (1 + rho) / (1 - rho) times as much, and as many
    periods say as much as one without memory. The correlation is corrected for its bias in short series
    (Marriott & Pope 1954), and a negative one is not believed.
    """
    n = found.df + 2
    rho = min(max(found.memory + (1.0 + 3.0 * found.memory) / n, 0.0), 0.95)
    longer = (1.0 + rho) / (1.0 - rho)
    return found.effect_se * float(np.sqrt(longer)), max(LEAST_DF, found.df / longer)


def window_effects(
    treated: Floats, control: Floats, starts: Ints, window: int, history: int
) -> tuple[Floats, Floats]:
    """Effect and textbook error of a window at each start, for many groups at once.

    Parameters
    ----------
    treated, control
        Totals, shape (..., period); leading axes are different pairs of groups.
    starts
        First period of each window, shape (start,); each has 3 periods or more before it.
    window
        Periods of a window.
    history
        Periods before a window that the regression uses, at most.

    Returns
    -------
    effect, se
        Shape (..., start); as `time_based_regression` on the rows of each.
    """
    x0, y0 = control.mean(axis=-1, keepdims=True), treated.mean(axis=-1, keepdims=True)
    x, y = control - x0, treated - y0  # sums of squares stay exact
    first = np.maximum(0, starts - history)
    n = (starts - first).astype(np.float64)

    def over(values: Floats, since: Ints, until: Ints) -> Floats:
        sums = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
        return np.asarray(sums[..., until] - sums[..., since], dtype=np.float64)

    sx, sy = over(x, first, starts), over(y, first, starts)
    sxx = over(x * x, first, starts) - sx**2 / n
    syy = over(y * y, first, starts) - sy**2 / n
    sxy = over(x * y, first, starts) - sx * sy / n
    known = sxx > _nothing(control)
    safe = np.where(known, sxx, 1.0)
    slope = np.where(known, sxy / safe, 0.0)
    wx, wy = over(x, starts, starts + window), over(y, starts, starts + window)
    away = np.where(known, (wx / window - sx / n) ** 2 / safe, 0.0)
    effect = wy - window * sy / n - slope * (wx - window * sx / n)
    left = np.maximum(syy - slope * sxy, 0.0)
    variance = left / (n - 2.0) * (window + window**2 * (1.0 / n + away))
    return effect, np.sqrt(variance)


def placebo_starts(pre: int, window: int, least: int) -> Ints:
    """First periods of the windows that fit into `pre` periods of history, `least` of them left before the first."""
    return np.arange(least, max(least, pre - window + 1), dtype=np.int64)


def placebo_errors(treated: Floats, control: Floats, *, window: int, history: int, least: int) -> Floats:
    """What the regression finds where nothing was tested, shape (..., start).

    Parameters
    ----------
    treated, control
        Totals before the test, shape (..., period).
    window, history
        As in `window_effects`.
    least
        Periods before the first placebo.
    """
    starts = placebo_starts(treated.shape[-1], window, least)
    return window_effects(treated, control, starts, window, history)[0]


def placebo_se(errors: Floats) -> Floats:
    """Root mean square of placebo errors over their last axis: bias counts as error."""
    return np.asarray(np.sqrt((errors**2).mean(axis=-1)), dtype=np.float64)


def placebo_df(starts: int, window: int) -> float:
    """Degrees of freedom behind it: as many as windows that do not overlap, and three at least."""
    return max(LEAST_DF, starts / window)


def _nothing(values: Floats) -> float:
    """A sum of squares that is zero but for rounding."""
    return 1e-18 * float((values**2).sum()) + 1e-300
