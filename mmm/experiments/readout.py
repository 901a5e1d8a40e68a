"""What a finished test says: time-based regression first, other methods beside it, and what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from mmm.data.names import fold
from mmm.data.panel import Check
from mmm.experiments.arms import Arms
from mmm.experiments.design import Design
from mmm.experiments.flags import flags
from mmm.experiments.randomization import Randomization, paired_assignments, randomization_test
from mmm.experiments.regression import (
    Regression,
    error_with_memory,
    placebo_df,
    placebo_errors,
    placebo_se,
    time_based_regression,
)
from mmm.experiments.returns import Return, Spend, money_back, spend_change
from mmm.experiments.synthetic import method_errors, synthetic_control, synthetic_did
from mmm.experiments.trimmed import trimmed_match

Floats = NDArray[np.float64]

RANGE = 0.90
APART = 2.0
"""Methods this many standard errors apart widen the result."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Effect by one method in the outcome's unit; its standard error, nan where the history has no room for one."""

    method: str
    effect: float
    se: float


@dataclass(frozen=True, slots=True)
class Course:
    """The test against its counterfactual, period by period: history, window and cool-down; shape (period,) each.

    Attributes
    ----------
    dates, part
        First day; `history`, `test` or `cooldown`.
    actual, expected, expected_lo, expected_hi
        Outcome of the treated regions, and without the test; the range is that of a single period.
    cumulative, cumulative_lo, cumulative_hi
        Sum of the effect since the start; nan in the history.
    """

    dates: NDArray[np.datetime64]
    part: tuple[str, ...]
    actual: Floats
    expected: Floats
    expected_lo: Floats
    expected_hi: Floats
    cumulative: Floats
    cumulative_lo: Floats
    cumulative_hi: Floats


@dataclass(frozen=True, slots=True)
class Readout:
    """Result of one test.

    Attributes
    ----------
    design
        As it was agreed.
    effect, se, df, lo, hi
        Sum over treated regions, window and cool-down, in the outcome's unit; 90 % range.
    percent
        Effect over what would have been without the test.
    unit_value
        Money of a unit of the outcome; None where it has none.
    error
        Where `se` comes from: `placebo` windows of the history, or `memory`, the textbook's corrected for the memory of
        noise where the history is short.
    placebos
        How many windows.
    widened
        Whether `se` was made larger because methods disagree.
    r2
        Share of the history's variance that the control regions explain.
    beside
        Other methods.
    randomization
        The p-value without a model.
    spend, back
        Money that was changed; outcome in money for each unit of it, None where the change is not clear of its noise.
    adjusted_for
        Controls and other media that were taken out of the outcome first.
    course
        Period by period.
    flags
        What to be wary of; one of severity `fail` says that this is no result.
    """

    design: Design
    effect: float
    se: float
    df: float
    lo: float
    hi: float
    percent: float
    unit_value: float | None
    error: str
    placebos: int
    widened: bool
    r2: float
    beside: tuple[Estimate, ...]
    randomization: Randomization
    spend: Spend
    back: Return | None
    adjusted_for: tuple[str, ...]
    course: Course
    flags: tuple[Check, ...]


def read_out(design: Design, arms: Arms, found: list[Check]) -> Readout:
    """Read a test.

    Parameters
    ----------
    design, arms
        The test, and its rows and regions.
    found
        What `place` found; the result's own flags follow.
    """
    treated, control = _totals(arms, arms.outcome)
    rows = {"window": arms.window, "history": history(arms), "least": least(arms)}
    recent = slice(max(0, arms.pre - rows["history"]), None)
    regression = time_based_regression(treated[recent], control[recent], min(arms.pre, rows["history"]))
    errors = placebo_errors(treated[: arms.pre], control[: arms.pre], **rows)
    se, df, error = _error(regression, errors, arms.window)
    beside = _beside(design, arms, rows)
    apart = max((abs(other.effect - regression.effect) for other in beside), default=0.0)
    beside = (*beside, *_as_recorded(arms, rows))
    widened = apart > APART * se
    if widened:
        se = apart / APART
    half = float(student_t.ppf(0.5 + RANGE / 2, df)) * se
    spend = spend_change(design, arms, rows)
    removed = float(arms.removed[arms.pre :, arms.is_treated].sum())
    expected = float(regression.counterfactual[-arms.window :].sum()) + removed
    worth = 1.0 if arms.unit_value is None else arms.unit_value
    back = money_back(regression.effect * worth, se * worth, df, spend, errors * worth)
    randomization = randomization_test(
        arms.outcome,
        arms.is_treated,
        pre=arms.pre,
        history=rows["history"],
        least=rows["least"],
        seed=design.seed,
        among=paired_assignments(arms.is_treated, pairs, design.seed)
        if (pairs := _pairs(design, arms))
        else None,
    )
    return Readout(
        design=design,
        effect=regression.effect,
        se=se,
        df=df,
        lo=regression.effect - half,
        hi=regression.effect + half,
        percent=regression.effect / expected if expected else np.nan,
        unit_value=arms.unit_value,
        error=error,
        placebos=len(errors) if error == "placebo" else 0,
        widened=widened,
        r2=regression.r2,
        beside=beside,
        randomization=randomization,
        spend=spend,
        back=back,
        adjusted_for=arms.removed_names,
        course=_course(arms, regression, rows, se, df),
        flags=(
            *found,
            *flags(design, arms, regression, spend, expected, apart if widened else 0.0, error),
        ),
    )


def history(arms: Arms) -> int:
    """Periods before a window that a regression uses, at most: a year, or four windows where that is more."""
    return max(arms.year, 4 * arms.window)


def least(arms: Arms) -> int:
    """Periods before the first placebo: two windows, and eight."""
    return max(2 * arms.window, 8)


def _totals(arms: Arms, values: Floats) -> tuple[Floats, Floats]:
    return values[:, arms.is_treated].sum(axis=1), values[:, ~arms.is_treated].sum(axis=1)


def _error(regression: Regression, errors: Floats, window: int) -> tuple[float, float, str]:
    """Standard error, degrees of freedom, and where they come from."""
    if len(errors) >= window:
        return float(placebo_se(errors)), placebo_df(len(errors), window), "placebo"
    return *error_with_memory(regression), "memory"


def _beside(design: Design, arms: Arms, rows: dict[str, int]) -> tuple[Estimate, ...]:
    treated, control = arms.outcome[:, arms.is_treated], arms.outcome[:, ~arms.is_treated]
    since = max(0, arms.pre - rows["history"])
    pre = arms.pre - since
    estimates = []
    for name, method in (
        ("synthetic control", synthetic_control),
        ("synthetic difference in differences", synthetic_did),
    ):
        expected = method(treated[since:], control[since:], pre)
        effect = float((treated[since:].sum(axis=1) - expected)[pre:].sum())
        errors = method_errors(method, treated[: arms.pre], control[: arms.pre], **rows)
        estimates.append(Estimate(name, effect, float(placebo_se(errors)) if len(errors) > 1 else np.nan))
    if (matched := _matched(design, arms, since)) is not None:
        estimates.append(matched)
    return tuple(estimates)


def _as_recorded(arms: Arms, rows: dict[str, int]) -> tuple[Estimate, ...]:
    """The regression on the outcome as it was recorded, where something was taken out of it."""
    if not arms.removed_names:
        return ()
    treated, control = _totals(arms, arms.outcome + arms.removed)
    since = max(0, arms.pre - rows["history"])
    found = time_based_regression(treated[since:], control[since:], arms.pre - since)
    errors = placebo_errors(treated[: arms.pre], control[: arms.pre], **rows)
    se = float(placebo_se(errors)) if len(errors) > 1 else np.nan
    return (Estimate("regression, nothing taken out", found.effect, se),)


def _pairs(design: Design, arms: Arms) -> list[tuple[int, int]]:
    """Randomized pairs as places in the arms."""
    number = {fold(name): i for i, name in enumerate(arms.names)}
    return [(number[fold(a)], number[fold(b)]) for a, b in design.pairs]


def _matched(design: Design, arms: Arms, since: int) -> Estimate | None:
    """Trimmed match of the design's pairs; a pair's control is first brought to its treated region's size."""
    if not design.pairs:
        return None
    a, b = (list(side) for side in zip(*_pairs(design, arms), strict=True))

    def apart(values: Floats) -> Floats:
        before, after = values[since : arms.pre], values[arms.pre :].sum(axis=0)
        size = before[:, a].sum(axis=0) / np.where(
            before[:, b].sum(axis=0) == 0, 1.0, before[:, b].sum(axis=0)
        )
        return np.asarray(after[a] - size * after[b], dtype=np.float64)

    moved = apart(arms.spend)
    found = trimmed_match(apart(arms.outcome), moved)
    if found is None:
        return None
    return Estimate("trimmed match", found.roi * float(moved.sum()), found.roi_se * abs(float(moved.sum())))


def _course(arms: Arms, regression: Regression, rows: dict[str, int], se: float, df: float) -> Course:
    treated, control = _totals(arms, arms.outcome)
    since = len(treated) - len(regression.counterfactual)
    removed = arms.removed[since:, arms.is_treated].sum(
        axis=1
    )  # the chart shows the outcome as it was recorded
    actual, expected = treated[since:] + removed, regression.counterfactual + removed
    pre = arms.pre - since
    bar = float(student_t.ppf(0.5 + RANGE / 2, df))
    one = bar * float((actual - expected)[:pre].std(ddof=2))
    sizes = np.arange(1, arms.window + 1)
    growing = np.array(
        [_error_of(treated[: arms.pre], control[: arms.pre], int(size), rows) for size in sizes]
    )
    growing = bar * se * growing / growing[-1] if growing[-1] > 0 else np.zeros(len(sizes))
    empty = np.full(pre, np.nan)
    effect = np.cumsum((actual - expected)[pre:])
    return Course(
        dates=arms.dates[since:],
        part=("history",) * pre
        + ("test",) * (arms.stop - arms.pre)
        + ("cooldown",) * (len(arms.dates) - arms.stop),
        actual=actual,
        expected=expected,
        expected_lo=expected - one,
        expected_hi=expected + one,
        cumulative=np.concatenate([empty, effect]),
        cumulative_lo=np.concatenate([empty, effect - growing]),
        cumulative_hi=np.concatenate([empty, effect + growing]),
    )


def _error_of(treated: Floats, control: Floats, size: int, rows: dict[str, int]) -> float:
    """Error of a sum over so many periods; the root of their number where the history has no placebos."""
    errors = placebo_errors(treated, control, window=size, history=rows["history"], least=rows["least"])
    return (
        float(placebo_se(errors))
        if len(treated) - rows["window"] - rows["least"] + 1 >= rows["window"]
        else size**0.5
    )
