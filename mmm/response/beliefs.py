"""What is assumed before the data: in words of money for `mmm check`, and beside what they left in `priors.csv`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from mmm.data.panel import Check
from mmm.dims import cell_columns, cell_row
from mmm.inference.posterior import LOWER, UPPER, Posterior, chance_to_reach
from mmm.model.forward import adstock_weights
from mmm.model.layout import Layout
from mmm.model.settings import PriorSettings
from mmm.model.shapes import MARGINAL, SIGNED
from mmm.response.returns import PRIOR_DRAWS, Returns, prior_roi

Floats = NDArray[np.float64]

LARGEST_SHARE = 0.6
"""Share of the outcome that media may make before the data, in the middle, without a question."""
PRIOR_SEED = 29


def half_life(weights: Floats, weeks: float) -> Floats:
    """Weeks until half of the effect has come, shape of `weights` without its last axis.

    A period's share of the effect is spread evenly over the period.
    """
    total = np.cumsum(weights, axis=-1)
    index = np.argmax(total >= 0.5, axis=-1)[..., None]
    reached = np.take_along_axis(total, index, -1)
    share = np.take_along_axis(weights, index, -1)
    return (index + 1.0 - (reached - 0.5) / share)[..., 0] * weeks


def belief_checks(layout: Layout, *, margin: ArrayLike | None, has_money: bool) -> list[Check]:
    """What the priors say in money, a finding a channel and one for all media together.

    A channel's range is exact: its log ROI is normal, or its log marginal ROI, or its ROI. The share of the outcome is
    drawn, `PRIOR_DRAWS` times with a fixed seed: contribution is ROI times spend whatever the curve, so no curve is
    drawn but where a prior is on marginal ROI.

    Parameters
    ----------
    margin
        Gross margin, of all cells or of each, shape (cell,); without one no chance to pay is told.
    has_money
        Whether the outcome has a money value; else money per outcome is told.
    """
    cells = layout.media[: layout.n_paid]
    found = []
    for channel in dict.fromkeys(cell.channel for cell in cells):
        i = [cell.channel for cell in cells].index(channel)
        told = _in_money(layout, i, has_money)
        if margin is not None and has_money:
            pays = "for the next unit to pay" if layout.roi_priors.measure[i] == MARGINAL else "to pay"
            chance = chance_to_reach(layout, 1.0 / np.asarray(margin, float))[i]
            told += f"; before the data {100 * chance:.0f} in 100 {pays}"
        found.append(Check("prior return", "pass", channel, "", told, ""))
    data = layout.data
    outcome = float(np.nansum(np.abs(data.y * data.money)[data.live]))
    drawn = prior_roi(layout, np.random.default_rng(PRIOR_SEED)) @ data.spend[: layout.n_paid] / outcome
    low, middle, high = np.quantile(drawn, [LOWER, 0.5, UPPER])
    told = f"you are saying media make {low:.0%} to {high:.0%} of the outcome, {middle:.0%} in the middle"
    if middle <= LARGEST_SHARE:
        return [*found, Check("prior share", "pass", "all media", "", told, "")]
    remedy = "More than is usual. Lower the medians under `model.priors`, or leave them to `auto`."
    return [*found, Check("prior share", "review", "all media", "", told, remedy)]


def _in_money(layout: Layout, cell: int, has_money: bool) -> str:
    """What the prior of a cell says: a range and its middle."""
    priors = layout.roi_priors
    median, away = float(priors.median[cell]), priors.sigma[cell] * ndtri([LOWER, UPPER])
    low, high = median * (1.0 + away if priors.measure[cell] == SIGNED else np.exp(away))
    who = "its next unit" if priors.measure[cell] == MARGINAL else "it"
    if has_money:
        return f"you are saying {who} returns {low:.2g} to {high:.2g} per unit of money, {median:.2g} in the middle"
    if priors.measure[cell] == SIGNED:
        return f"you are saying {who} brings {low:.2g} to {high:.2g} for a unit of money, {median:.2g} in the middle"
    one = "its next outcome" if priors.measure[cell] == MARGINAL else "an outcome"
    return f"you are saying {one} costs {1 / high:.2g} to {1 / low:.2g}, {1 / median:.2g} in the middle"


def twice_told(layout: Layout, priors: PriorSettings) -> list[Check]:
    """Channels of which both a prior and a study were given: the same number would count twice."""
    told = {layout.media[m].channel for found in layout.experiments if found.study for m in found.cells}
    both = sorted(told & {name for name, own in priors.channels.items() if own.has_centre})
    return [
        Check(
            "prior and study",
            "review",
            channel,
            "",
            "a study says its return, and `model.priors.channels` says it too",
            "If both are the same number it counts twice: leave the prior to `auto`, or make the study void.",
        )
        for channel in both
    ]


def beliefs_table(posterior: Posterior, layout: Layout, found: Returns, *, seed: int) -> pd.DataFrame:
    """Ranges of ROI, half-life (weeks), half-saturation (times the usual level) and slope, before and after.

    A parameter that a cell's saturation does not have gets no row.
    """
    rng = np.random.default_rng([seed, 19])
    n, data, priors = layout.n_paid, layout.data, layout.curve_priors
    z_theta, z_timing = rng.standard_normal((2, PRIOR_DRAWS))
    z_kappa, z_slope = rng.standard_normal((2, 4 * PRIOR_DRAWS))
    weights = posterior.weights(layout)[:, :n]
    usual = np.einsum("dml,ml->dm", weights, data.mean_lagged[:n])
    keys = cell_columns(found.cells)
    rows = []
    for i, cell in enumerate(found.cells):
        theta = 1.0 / (1.0 + np.exp(-(priors.theta[0, i] + priors.theta[1, i] * z_theta)))
        timing = np.exp(priors.timing[0, i] + priors.timing[1, i] * z_timing)
        before = adstock_weights(data.adstock[i], theta, timing, layout.lags, data.weeks_per_period)
        pairs = [
            ("roi", found.prior_roi[:, i], posterior.flat("roi")[:, i]),
            (
                "half_life",
                half_life(before, data.weeks_per_period),
                half_life(weights[:, i], data.weeks_per_period),
            ),
        ]
        if priors.kappa[1, i] > 0:
            log_kappa = priors.kappa[0, i] + priors.kappa[1, i] * z_kappa
            kappa = np.exp(log_kappa[log_kappa < layout.log_kappa_max[i]])
            pairs.append(("half_saturation", kappa, posterior.flat("half")[:, i] / usual[:, i]))
        if priors.slope[1, i] > 0:
            low, high = priors.slope_bounds[:, i]
            inside = z_slope[(z_slope > low) & (z_slope < high)]
            slope = np.exp(priors.slope[0, i] + priors.slope[1, i] * inside)
            pairs.append(("slope", slope, posterior.flat("slope")[:, i]))
        rows += [_row(cell_row(cell, keys), *pair) for pair in pairs]
    return pd.DataFrame(rows)


def returns_belief(found: Returns) -> pd.DataFrame:
    """Ranges of ROI before and after, of returns that are a sum of several fits: a sum has no curve of its own."""
    keys = cell_columns(found.cells)
    after = found.contribution.sum(axis=1) / found.spend.sum(axis=0)
    return pd.DataFrame(
        [
            _row(cell_row(cell, keys), "roi", found.prior_roi[:, i], after[:, i])
            for i, cell in enumerate(found.cells)
        ]
    )


def _row(cell: dict[str, str], name: str, before: Floats, after: Floats) -> dict[str, str | float]:
    first = np.quantile(before, [LOWER, 0.5, UPPER])
    then = np.quantile(after, [LOWER, 0.5, UPPER])
    return {
        **cell,
        "parameter": name,
        **dict(zip(("prior_lo", "prior_median", "prior_hi"), first, strict=True)),
        **dict(zip(("lo", "median", "hi"), then, strict=True)),
    }
