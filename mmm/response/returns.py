"""What each cell returned: contribution, ROI, marginal ROI, chance to pay, evidence. The table `roi.csv`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mmm.data.panel import Panel
from mmm.dims import NATIONAL, Cell, cell_columns, cell_row
from mmm.inference.posterior import Posterior, interval, on_prior_scale, roi_of
from mmm.model.layout import Layout, prior_median_weights
from mmm.model.priors import SIBLING_SD
from mmm.response.experiments import INFORMED, NARROWED, left_by_tests, narrowing, only_studied
from mmm.response.prior_curves import prior_next_to_all
from mmm.response.sensitivity import prior_sensitivity

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Grade = Literal["experiment", "data", "prior"]

LARGEST_VIF = 10.0
PRIOR_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Returns:
    """Draws of the returns of every paid cell.

    Attributes
    ----------
    cells, geos
        Axes.
    spend
        Money in the modelled window, shape (geo, cell).
    contribution
        Shape (draw, geo, cell), in money, or outcome units where the outcome has no money value.
    increase
        Contribution of one more unit of money spread as the window's spend, shape (draw, cell): marginal ROI.
    prior_roi
        Draws of the prior of ROI, shape (draw, cell).
    evidence
        Grade of each cell.
    sd_ratio, vif, follows_demand, narrowed, tests_alone
        What the grade rests on, shape (cell,): sd(log ROI) over the prior's; variance inflation; whether spend follows
        the outcome; sd(log ROI) without past tests over that with them; what the best test of the cell alone would
        leave of the prior's, had there been no history.
    sensitivity
        How far ROI moves with its prior, shape (cell,).
    has_money
        Whether the outcome has a money value.
    evidence_without
        Grade of each cell had there been no past tests; none where there were none.
    """

    cells: tuple[Cell, ...]
    geos: tuple[str, ...]
    spend: Floats
    contribution: Floats
    increase: Floats
    prior_roi: Floats
    evidence: tuple[Grade, ...]
    sd_ratio: Floats
    vif: Floats
    sensitivity: Floats
    follows_demand: Flags
    narrowed: Floats
    tests_alone: Floats
    has_money: bool
    evidence_without: tuple[Grade, ...] = ()


def returns(
    posterior: Posterior,
    layout: Layout,
    panel: Panel,
    *,
    seed: int,
    chasing: Flags | None = None,
    rest: Posterior | None = None,
) -> Returns:
    """Returns of the modelled window, per draw.

    Parameters
    ----------
    chasing
        Cells whose spend follows the outcome, shape (cell,): what moves with them is no evidence. None: none does.
    rest
        The posterior had there been no past tests; without it no cell is graded `experiment`.
    """
    follows = np.zeros(layout.n_paid, dtype=bool) if chasing is None else chasing
    n = layout.n_paid
    at_one = posterior.flat("money_at_one")[:, :, :n]
    roi = posterior.flat("roi")[:, :n]
    contribution = (roi * layout.data.spend[:n])[:, None, :] * at_one / at_one.sum(axis=1, keepdims=True)
    prior = prior_roi(layout, np.random.default_rng([seed, 11]))
    before = on_prior_scale(prior, layout, range(n)).std(axis=0)
    ratio = _spread_of_log_roi(posterior, rest, layout) / before
    vif = variance_inflation(layout)
    narrowed = np.ones(n) if rest is None else narrowing(posterior, rest, layout)
    sensitivity = prior_sensitivity(posterior, layout, prior)
    by_tests = left_by_tests(posterior, layout, before)
    conditions = zip(ratio, vif, follows, narrowed, by_tests, strict=True)
    alone: tuple[Grade, ...] = ()
    if rest is not None:
        apart = on_prior_scale(rest.flat("roi")[:, :n], layout, range(n)).std(axis=0) / before
        alone = tuple(grade(*one, 1.0, 1.0) for one in zip(apart, vif, follows, strict=True))
    return Returns(
        cells=panel.cells,
        geos=panel.geos,
        spend=panel.spend[layout.window :].sum(axis=0),
        contribution=contribution,
        increase=posterior.flat("mroi")[:, :n],
        prior_roi=prior,
        evidence=tuple(grade(*one) for one in conditions),
        sd_ratio=ratio,
        vif=vif,
        sensitivity=sensitivity,
        follows_demand=follows,
        narrowed=narrowed,
        tests_alone=by_tests,
        has_money=panel.unit_value is not None,
        evidence_without=alone,
    )


def _spread_of_log_roi(posterior: Posterior, rest: Posterior | None, layout: Layout) -> Floats:
    """sd(log ROI), shape (cell,); where only studies speak that without them, because they are no data of ours."""
    n = layout.n_paid
    spread = on_prior_scale(posterior.flat("roi")[:, :n], layout, range(n)).std(axis=0)
    told = sorted(only_studied(layout))
    if rest is not None and told:
        spread[told] = on_prior_scale(rest.flat("roi")[:, told], layout, told).std(axis=0)
    return spread


def grade(sd_ratio: float, vif: float, follows: bool, narrowed: float, alone: float) -> Grade:
    """The grade of a cell by its conditions, see `Returns`.

    A test that would be enough without the history is evidence however narrow the history had made the range: spend
    that was set by a test did not follow demand.
    """
    if narrowed >= NARROWED or alone <= INFORMED:
        return "experiment"
    told = sd_ratio <= INFORMED and vif < LARGEST_VIF and not follows
    return "data" if told else "prior"


def evidence_table(found: Returns) -> pd.DataFrame:
    """The table `evidence.csv`: every condition of each cell's grade, and how far its return moves with its prior.

    `sd_ratio` is at most `INFORMED`, `vif` below `LARGEST_VIF` and `follows_demand` False where the grade is `data`;
    `narrowed` is at least `NARROWED`, or `tests_alone` at most `INFORMED`, where it is `experiment`.
    `prior_sensitivity` is no condition: where the range is half as wide as before the data, what still moves with the
    prior are returns far from what was assumed. `evidence_without` is the grade had there been no past tests, where
    there were some.
    """
    keys = cell_columns(found.cells)
    return pd.DataFrame(
        [
            {
                **cell_row(cell, keys),
                "evidence": found.evidence[i],
                "sd_ratio": found.sd_ratio[i],
                "vif": found.vif[i],
                "prior_sensitivity": found.sensitivity[i],
                "follows_demand": bool(found.follows_demand[i]),
                "narrowed": found.narrowed[i],
                "tests_alone": found.tests_alone[i],
                **({"evidence_without": found.evidence_without[i]} if found.evidence_without else {}),
            }
            for i, cell in enumerate(found.cells)
        ]
    )


def prior_roi(layout: Layout, rng: np.random.Generator) -> Floats:
    """Draws of the prior of ROI, siblings correlated as in the model; shape (draw, cell)."""
    n = layout.n_paid
    siblings = layout.siblings[:n]
    own = rng.standard_normal((PRIOR_DRAWS, n))
    channels = int(siblings.max()) + 1
    common = rng.standard_normal((PRIOR_DRAWS, max(channels, 1)))
    apart = np.abs(rng.standard_normal((PRIOR_DRAWS, max(channels, 1)))) * SIBLING_SD
    pooled = layout.log_roi_sd[:n] * common[:, siblings] + apart[:, siblings] * own
    away = np.where(siblings >= 0, pooled, layout.log_roi_sd[:n] * own)
    told = layout.log_roi_mean[:n] + away
    return roi_of(told, prior_next_to_all(layout, PRIOR_DRAWS, rng), layout)


def learned_from(layout: Layout) -> tuple[Floats, Floats]:
    """What the model learns from: carried-over exposure, and the design of the linear part.

    Exposure is adstocked at the prior's median. In a geo model the mean of each period over geos and each geo's own
    level are taken out: week shock and free levels leave only the rest to learn from.

    Returns
    -------
    Shapes (row, medium) and (row, column); a row is a period and geo in the likelihood.
    """
    data = layout.data
    T = data.y.shape[0]
    w = prior_median_weights(data.adstock, layout.curve_priors, layout.lags, data.weeks_per_period)
    series = sum(
        w[:, lag] * data.x[layout.lags - lag : layout.lags - lag + T] for lag in range(layout.lags + 1)
    )
    media = (np.asarray(series) * data.demand[:, :, None])[data.live]
    Z = data.Z[data.live]
    if data.y.shape[1] > 1:
        media = media - media.mean(axis=1, keepdims=True)
        Z = Z - Z.mean(axis=1, keepdims=True)
    media, Z = media - media.mean(axis=0), Z - Z.mean(axis=0)
    return media.reshape(-1, media.shape[2]), Z.reshape(-1, Z.shape[2])


def variance_inflation(layout: Layout) -> Floats:
    """1 / (1 - R^2) of each paid cell's exposure on the baseline and the other media; shape (cell,).

    Both as in `learned_from`.
    """
    media, Z = learned_from(layout)
    n, p = Z.shape
    columns = np.concatenate([Z, media - media.mean(axis=0), np.ones((n, 1))], axis=1)
    gram = columns.T @ columns
    # a flexible trend explains anything by count of columns: the ridge is the trend's own prior
    ridge = np.full(len(gram), 1e-8)
    ridge[:p] = np.maximum(layout.data.precision, 1e-8)
    spread = media.std(axis=0)
    out = np.full(layout.n_paid, np.inf)
    for i in np.flatnonzero(spread[: layout.n_paid] > 0):
        others = np.delete(np.arange(len(gram)), p + i)
        inner, cross = gram[np.ix_(others, others)], gram[others, p + i] / spread[i]
        fit = np.linalg.solve(inner + np.diag(ridge[others]), cross)
        left = gram[p + i, p + i] / spread[i] ** 2 - 2.0 * cross @ fit + fit @ inner @ fit
        out[i] = n / max(1e-9 * n, float(left))
    return out


def roi_table(found: Returns, margin: ArrayLike | None, counted: Returns | None = None) -> pd.DataFrame:
    """The table `roi.csv`: a row per cell, channel, audience, message, geo, and one for the total.

    An audience or a message is taken over all channels that have it. Where an audience of a channel has several
    messages, a row of level `branch` has what they are together.

    Parameters
    ----------
    margin
        Gross margin, of all cells or of each, shape (cell,); without one, ROMI and the chance to pay are empty.
    counted
        The same with revenue at margins of segments counted as at `margin`; None where they have none of their own.
    """
    earning = found if counted is None else counted
    margins = None if margin is None else np.broadcast_to(np.asarray(margin, float), len(found.cells))
    keys = cell_columns(found.cells)
    rows = []
    everything = np.arange(len(found.cells))
    for i, cell in enumerate(found.cells):
        rows.append(
            _row(found, earning, np.array([i]), None, margins, {"level": "cell", **cell_row(cell, keys)})
        )
    for channel in dict.fromkeys(cell.channel for cell in found.cells):
        members = np.array([i for i, cell in enumerate(found.cells) if cell.channel == channel])
        rows.append(_row(found, earning, members, None, margins, {"level": "channel", "channel": channel}))
    for level in ("audience", "message"):
        for name in dict.fromkeys(getattr(cell, level) for cell in found.cells if getattr(cell, level)):
            members = np.array([i for i, cell in enumerate(found.cells) if getattr(cell, level) == name])
            rows.append(_row(found, earning, members, None, margins, {"level": level, level: name}))
    for channel, audience in dict.fromkeys((cell.channel, cell.audience) for cell in found.cells):
        members = np.array(
            [i for i, c in enumerate(found.cells) if (c.channel, c.audience) == (channel, audience)]
        )
        if audience and members.size > 1:
            keyed = {"level": "branch", "channel": channel, "audience": audience}
            rows.append(_row(found, earning, members, None, margins, keyed))
    if found.geos != (NATIONAL,):
        for g, geo in enumerate(found.geos):
            rows.append(_row(found, earning, everything, g, margins, {"level": "geo", "geo": geo}))
    rows.append(_row(found, earning, everything, None, margins, {"level": "total"}))
    table = pd.DataFrame(rows)
    names = ["level", *keys] + (["geo"] if found.geos != (NATIONAL,) else [])
    table[names] = table.reindex(columns=names).fillna("")
    return table[names + [column for column in table.columns if column not in names]]


def _row(
    found: Returns,
    earning: Returns,
    members: NDArray[np.int64],
    geo: int | None,
    margins: Floats | None,
    keys: dict[str, str],
) -> dict[str, object]:
    """One row: totals per draw first, then quantiles, because ranges do not add."""
    spend_by_geo = found.spend[:, members]
    spend = float(spend_by_geo.sum() if geo is None else spend_by_geo[geo].sum())
    draws = found.contribution[:, :, members].sum(axis=2)
    contribution = draws.sum(axis=1) if geo is None else draws[:, geo]
    by_cell = spend_by_geo.sum(axis=0)
    total = found.spend.sum() if geo is None else found.spend[geo].sum()
    whole = found.contribution.sum(axis=(1, 2)) if geo is None else found.contribution[:, geo].sum(axis=1)
    mean_contribution, lo, hi = interval(contribution)
    row: dict[str, object] = {
        **keys,
        "spend": spend,
        "contribution": mean_contribution,
        "contribution_lo": lo,
        "contribution_hi": hi,
    }
    nothing = np.full(len(contribution), np.nan)
    roi = contribution / spend if spend > 0 else nothing
    marginal = found.increase[:, members] @ (by_cell / by_cell.sum()) if geo is None else nothing
    shown_roi, shown_mroi = (roi, marginal) if found.has_money else (nothing, nothing)
    row |= _spread("roi", shown_roi)
    row["roi_median"] = float(np.median(shown_roi))
    row |= _spread("mroi", shown_mroi)
    row |= _spread("romi", nothing) | {"p_pays": np.nan, "p_pays_prior": np.nan}
    if margins is not None and found.has_money and spend > 0:
        earned = earning.contribution[:, :, members] @ margins[members]
        gross = (earned.sum(axis=1) if geo is None else earned[:, geo]) / spend
        row |= _spread("romi", gross - 1.0) | {"p_pays": float(np.mean(gross > 1.0))}
        if geo is None:
            before = earning.prior_roi[:, members] @ (margins[members] * by_cell / by_cell.sum())
            row["p_pays_prior"] = float(np.mean(before > 1.0))
    row["share_of_spend"] = spend / total if total > 0 else np.nan
    row["share_of_contribution"] = float(mean_contribution / whole.mean())
    row["evidence"] = _joint_grade([found.evidence[i] for i in members])
    if not found.has_money:
        row |= _cost("cost_per_outcome", roi)
        row |= _cost("marginal_cost_per_outcome", marginal)
    return row


def _spread(name: str, draws: Floats) -> dict[str, float]:
    mean, lo, hi = interval(draws)
    return {name: float(mean), f"{name}_lo": float(lo), f"{name}_hi": float(hi)}


def _cost(name: str, per_money: Floats) -> dict[str, float]:
    """Money per outcome: the inverse of outcomes per money, whose mean it is taken at (a cost has no mean)."""
    mean, lo, hi = (
        value if value > 0.0 else np.nan for value in interval(per_money)
    )  # what hurts has no price
    return {name: float(1.0 / mean), f"{name}_lo": float(1.0 / hi), f"{name}_hi": float(1.0 / lo)}


def _joint_grade(grades: list[Grade]) -> Grade:
    """The weakest grade among the cells."""
    order: tuple[Grade, ...] = ("prior", "data", "experiment")
    return min(grades, key=order.index)
