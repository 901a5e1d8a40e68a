"""What a finished fit shows of its own weak points: what, how bad, what to do. The table `reviews.csv`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Check, Panel
from mmm.inference.residuals import YEAR, Residuals
from mmm.model.layout import Layout
from mmm.response.sensitivity import SENSITIVE

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BEYOND = 3.0
"""Standard errors beyond which a correlation is said: by chance one in four hundred."""
ODD = 3.5
"""Standard deviations beyond which the error of one period is said."""
NOTICED = 0.2
"""Correlations below it do no harm, however sure they are."""
LET_GO = 0.3
"""Mean weight below which a period is listed as let go by Student-t noise."""
WITH_SEASON = 0.7
"""Correlation with the season from which half of a cell's movement is the season's."""
NEGATIVE = 0.05
"""Probability of a negative baseline from which a period is listed."""


def review_fit(
    left: Residuals, negative: Floats, layout: Layout, panel: Panel, sensitivity: Floats
) -> list[Check]:
    """Every check of a fit, as pass or review.

    Parameters
    ----------
    negative
        Probability that the outcome without paid media is below zero, shape (modelled period,).
    sensitivity
        Of each paid cell's return to its prior (`mmm.response.sensitivity`), shape (cell,).
    """
    dates = panel.dates[layout.window :]
    found = {
        "residual autocorrelation": list(_autocorrelation(left, panel)),
        "one-step coverage": list(_coverage(left, layout)),
        "odd periods": list(_odd(left, dates)),
        "negative baseline": list(_negative(negative, dates, panel)),
        "demand chasing": list(_chasing(left, panel)),
        "spend follows season": list(_seasonal(left, panel)),
        "prior sensitivity": list(_sensitive(sensitivity, panel)),
    }
    fine = {
        "residual autocorrelation": _acf_words(left),
        "one-step coverage": f"{left.coverage_90:.0%} of the periods in the 90 % range",
        "odd periods": f"largest error {np.nanmax(np.abs(left.standardized)):.1f} sd",
        "negative baseline": f"at most {negative.max(initial=0.0):.1%} in any period",
        "demand chasing": f"largest {_largest(left.follows_outcome)}, by chance up to {_limit(left.chasing_pairs):.2f}",
        "spend follows season": f"largest correlation {_largest(left.follows_season)}",
        "prior sensitivity": f"largest {sensitivity.max():.3f}; from {SENSITIVE:g} on a prior matters",
    }
    if layout.data.student_t:
        found["periods let go"], fine["periods let go"] = [], _let_go(left, dates)
    checks = []
    for name, findings in found.items():
        checks += findings or [Check(name, "pass", "fit", "", fine[name], "")]
    return checks


def is_chasing(left: Residuals) -> Flags:
    """Cells whose spend follows what was unexplained the period before, shape (cell,)."""
    return np.nan_to_num(left.follows_outcome) > _limit(left.chasing_pairs)


def _limit(pairs: int) -> float:
    return max(NOTICED, BEYOND / np.sqrt(max(pairs, 1)))


def _largest(values: Floats) -> str:
    known = values[~np.isnan(values)]
    return f"{known.max():.2f}" if known.size else "none"


def _acf_words(left: Residuals) -> str:
    return ", ".join(f"lag {lag}: {value:+.2f}" for lag, value in left.autocorrelation.items())


def _review(check: str, where: str, rows: str, value: str, remedy: str) -> Check:
    return Check(check, "review", where, rows, value, remedy)


def _listed(dates: NDArray[np.datetime64], shown: int = 4) -> str:
    more = f" and {len(dates) - shown} more" if len(dates) > shown else ""
    return ", ".join(map(str, dates[:shown])) + more


def _autocorrelation(left: Residuals, panel: Panel) -> Iterator[Check]:
    for lag, value in left.autocorrelation.items():
        limit = _limit(left.pairs[lag])
        if abs(value) <= limit:
            continue
        yearly = lag == YEAR[panel.grain]
        remedy = (
            "A season comes back that nothing explains: name events or holidays, or raise `model.seasonality`."
            if yearly
            else "Something that lasts is missing: give the driver as a control. Until then ranges are too narrow."
        )
        yield _review(
            "residual autocorrelation",
            f"{lag} {panel.grain}s apart",
            "",
            f"{value:+.2f} in {left.pairs[lag]} pairs, by chance within {limit:.2f}",
            remedy,
        )


def _coverage(left: Residuals, layout: Layout) -> Iterator[Check]:
    rows = int(layout.data.live.sum())
    if left.coverage_90 < 0.9 - BEYOND * np.sqrt(0.09 / rows):
        yield _review(
            "one-step coverage",
            "fit",
            "",
            f"{left.coverage_90:.0%} of {rows} in the 90 % range of the prediction from the period before",
            "Some periods are far off: name what happened under `data.events`, or exclude them with the reason.",
        )


def _odd(left: Residuals, dates: NDArray[np.datetime64]) -> Iterator[Check]:
    far = np.abs(np.nan_to_num(left.standardized)) > ODD
    if far.any():
        worst = left.standardized[np.nanargmax(np.abs(left.standardized))]
        yield _review(
            "odd periods",
            "outcome",
            _listed(dates[far]),
            f"up to {worst:+.1f} sd from what the model expected",
            "Name the cause under `data.events`, or mend the rows; one such period can bend a curve.",
        )


def _let_go(left: Residuals, dates: NDArray[np.datetime64]) -> str:
    """Periods that count for little with Student-t noise, the lightest first."""
    order = np.argsort(left.weight, kind="stable")
    light = [f"{dates[t]} (weight {left.weight[t]:.2f})" for t in order if left.weight[t] < LET_GO]
    return ", ".join(light) or f"none: smallest weight {left.weight.min():.2f}"


def _negative(negative: Floats, dates: NDArray[np.datetime64], panel: Panel) -> Iterator[Check]:
    if (panel.outcome[panel.modelled] < 0).any():  # a signed outcome may well be negative without media
        return
    listed = negative > NEGATIVE
    if listed.any():
        yield _review(
            "negative baseline",
            "fit",
            _listed(dates[listed]),
            f"below zero without media: probability up to {negative.max():.0%}, {negative.mean():.1%} over all periods",
            "Media are credited with more than the outcome there. Narrow `model.priors.roi`, or give missing controls.",
        )


def _chasing(left: Residuals, panel: Panel) -> Iterator[Check]:
    for index in np.flatnonzero(is_chasing(left)):
        yield _review(
            "demand chasing",
            panel.cells[index].name,
            "",
            f"spend follows what was unexplained before: correlation {left.follows_outcome[index]:.2f}, by chance up "
            f"to {_limit(left.chasing_pairs):.2f}",
            "Its return may be too high and counts as an assumption. Give what the buyers look at (demand, stock) as a "
            "control, or test the cell.",
        )


def _seasonal(left: Residuals, panel: Panel) -> Iterator[Check]:
    for index in np.flatnonzero(np.nan_to_num(left.follows_season) > WITH_SEASON):
        yield _review(
            "spend follows season",
            panel.cells[index].name,
            "",
            f"correlation {left.follows_season[index]:.2f} with the season of the outcome",
            "Season and cell are hard to tell apart. Vary its spend within the season, or test it.",
        )


def _sensitive(sensitivity: Floats, panel: Panel) -> Iterator[Check]:
    for index in np.flatnonzero(sensitivity >= SENSITIVE):
        yield _review(
            "prior sensitivity",
            panel.cells[index].name,
            "",
            f"{sensitivity[index]:.2f} per doubling of the prior's power; from {SENSITIVE:g} on a prior matters",
            "Its return leans on what was assumed, or contradicts it. Look at both in `priors.csv`: mend "
            "`model.priors.channels` if the assumption is wrong, or test the cell.",
        )
