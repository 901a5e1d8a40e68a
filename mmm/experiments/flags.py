"""What to be wary of in a result: each says what, how bad, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np

from mmm.data.panel import Check
from mmm.experiments.arms import Arms
from mmm.experiments.design import Design
from mmm.experiments.regression import Regression
from mmm.experiments.returns import Spend

POOR_FIT = 0.5
ODD = 5.0
FOLLOWED = (0.8, 1.25)
FEW_ASSIGNMENTS = 20


def flags(
    design: Design,
    arms: Arms,
    regression: Regression,
    spend: Spend,
    expected: float,
    apart: float,
    error: str,
) -> Iterator[Check]:
    """All flags of a result.

    Parameters
    ----------
    expected
        Outcome of the window without the test.
    apart
        How far the methods are from each other, where that widened the result; else 0.
    error
        Where the standard error comes from, as in `Readout`.
    """
    yield from _fit(design, arms, regression, error)
    yield from _odd_periods(design, arms, regression)
    yield from _money(design, spend)
    if abs(regression.effect) > abs(expected):
        yield Check(
            "impossible",
            "fail",
            design.id,
            "",
            f"the effect {regression.effect:,.0f} is larger than all there would have been, {expected:,.0f}",
            "Look at the treated regions' rows: something else than the test has changed there.",
        )
    if apart:
        yield Check(
            "methods",
            "review",
            design.id,
            "",
            f"methods are up to {apart:,.0f} apart, more than twice the error; the error is half of that now",
            "Look at the regions one by one: the methods weigh them differently, so a few of them decide.",
        )


def _fit(design: Design, arms: Arms, regression: Regression, error: str) -> Iterator[Check]:
    if regression.r2 < POOR_FIT:
        yield Check(
            "pre-fit",
            "review",
            design.id,
            "",
            f"the control regions explain {100 * max(regression.r2, 0):.0f} % of how the treated ones moved before",
            "The range holds all the same, and it is wide. Next time choose regions that move together.",
        )
    if error != "placebo":
        yield Check(
            "history",
            "review",
            design.id,
            "",
            f"{arms.pre} periods before the test are too few for placebo windows of {arms.window}",
            "The error is the textbook's, widened for the memory of noise. Earlier rows would give a tested one.",
        )
    treated, regions = len(arms.treated), arms.outcome.shape[1]
    if comb(regions, treated) < FEW_ASSIGNMENTS:
        yield Check(
            "regions",
            "review",
            design.id,
            "",
            f"{treated} treated of {regions} regions: {comb(regions, treated)} ways to choose them, so no p-value is "
            f"below {1 / comb(regions, treated):.2f}",
            "One odd region decides such a test. Use more regions, or repeat it with others.",
        )


def _odd_periods(design: Design, arms: Arms, regression: Regression) -> Iterator[Check]:
    since = len(arms.dates) - len(regression.counterfactual)
    left = arms.outcome[since:, arms.is_treated].sum(axis=1) - regression.counterfactual
    pre = arms.pre - since
    usual = 1.4826 * float(np.median(np.abs(left[:pre] - np.median(left[:pre]))))
    centred = np.concatenate([left[:pre] - np.median(left[:pre]), left[pre:] - np.median(left[pre:])])
    odd = np.flatnonzero(np.abs(centred) > ODD * usual) if usual > 0 else np.array([], dtype=int)
    for inside, where in ((False, "before the test"), (True, "in the test")):
        rows = [i for i in odd if (i >= pre) == inside]
        if rows:
            dates = arms.dates[since:]
            named = ", ".join(str(dates[i]) for i in rows[:3]) + (
                f" and {len(rows) - 3} more" if len(rows) > 3 else ""
            )
            yield Check(
                "outliers",
                "review",
                design.id,
                named,
                f"{len(rows)} odd periods {where}, beyond {ODD:g} times the usual noise",
                "Find out what happened; `calendar.exclude` takes a period out of the history."
                if not inside
                else "Find out what happened in these regions then; `mmm tests void` if it was not the test.",
            )


def _money(design: Design, spend: Spend) -> Iterator[Check]:
    planned, seen = spend.planned, spend.seen
    if np.isnan(planned):
        if not spend.is_clear:
            yield Check(
                "spend",
                "review",
                design.id,
                "",
                f"the change of spend is {seen:,.0f} give or take {spend.seen_se:,.0f}: not clear of its noise",
                "Write down `spend_change` as it was agreed; without it there is no return.",
            )
        return
    if spend.used == planned:
        return
    share = seen / planned
    if abs(seen) <= 2 * spend.seen_se or share <= 0:
        yield Check(
            "spend",
            "fail",
            design.id,
            "",
            f"planned was {planned:+,.0f}, and the data show {seen:+,.0f} give or take {spend.seen_se:,.0f}",
            "The test did not run as designed. Mend the regions, dates or spend if one is wrong, else void it.",
        )
    elif not FOLLOWED[0] <= share <= FOLLOWED[1]:
        yield Check(
            "spend",
            "review",
            design.id,
            "",
            f"{100 * share:.0f} % of the planned change of {planned:+,.0f} was spent: {seen:+,.0f}",
            "The return is of the money really changed. VAT in one and not in the other?",
        )
