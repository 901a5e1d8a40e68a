"""What past tests did to the answer, and whether they agree with it: the table `experiments.csv`, evidence of cells.

Each is compared with what would be known had there been no tests (`mmm.inference.untested`); the rows that geo tests
compared are left as free as with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student_t

from mmm.data.experiments import Experiment, money_per_unit
from mmm.data.panel import Panel
from mmm.dims import NATIONAL, cell_columns
from mmm.inference.posterior import Posterior, interval, on_prior_scale
from mmm.model.calibration import Lift
from mmm.model.layout import Layout

Floats = NDArray[np.float64]

NARROWED = 1.2
"""Without its tests a tested cell's sd(log ROI) is at least this many times as large."""
INFORMED = 0.5
"""What history, or a test alone, leaves of the prior's sd(log ROI) at most, to be evidence."""
CONFLICT = 0.02
"""Tail probability, Holm-adjusted, below which a test and the rest of the model contradict each other."""


def only_studied(layout: Layout) -> set[int]:
    """Cells that others' studies tell of and no test: they are no experiment of ours."""
    told, tested = (
        {m for found in layout.experiments if found.study is study for m in found.cells}
        for study in (True, False)
    )
    return told - tested


def narrowing(posterior: Posterior, rest: Posterior, layout: Layout) -> Floats:
    """sd(log ROI) of each paid cell without the tests over that with them, shape (cell,); 1 where only studies speak.

    Parameters
    ----------
    rest
        The posterior had there been no tests.
    """
    ratio = np.ones(layout.n_paid)
    tested = [m for m in layout.data.tested if m not in only_studied(layout)]
    after, before = (
        on_prior_scale(found.flat("roi")[:, tested], layout, tested).std(axis=0)
        for found in (posterior, rest)
    )
    ratio[tested] = before / after
    return ratio


def left_by(told: Floats, lift: Floats, prior_sd: float, noise: float) -> float:
    """sd of a return that a result would leave of the prior's, were there nothing but the prior and the result.

    To first order the lift moves with the return as it does over the draws; what it moves otherwise, because the curve
    is not known, is noise to the result.

    Parameters
    ----------
    told
        Draws of the return as its prior is stated: its logarithm, mostly.
    lift
        Draws of what the test shows without error, of the same length.
    noise
        Variance of its error.
    """
    spread = float(told.var())
    if spread <= 0 or prior_sd <= 0:
        return 1.0
    slope = float(((told - told.mean()) * lift).mean()) / spread
    beside = max(float(lift.var()) - slope**2 * spread, 0.0)
    return float(1.0 / np.sqrt(1.0 + (prior_sd * slope) ** 2 / (noise + beside)))


def noise_variance(sd: float, df: float) -> float:
    """Variance of a normal error that tells as much as a Student t of this scale (Fisher information)."""
    return sd**2 * (df + 3.0) / (df + 1.0)


def left_by_tests(posterior: Posterior, layout: Layout, prior_sd: Floats) -> Floats:
    """sd of each cell's return that its best test of it alone would leave of the prior's, had there been no history.

    Parameters
    ----------
    prior_sd
        As the prior is stated, shape (cell,).

    Returns
    -------
    Floats
        Shape (cell,); 1 without a test of that cell and no other.
    """
    found = np.ones(layout.n_paid)
    if not layout.experiments:
        return found
    lifts = posterior.lifts(layout)
    for k, test in enumerate(layout.experiments):
        if test.study or len(test.cells) != 1 or test.cells[0] >= layout.n_paid:
            continue
        cell, result = test.cells[0], layout.data.lifts[k]
        told = on_prior_scale(posterior.flat("roi")[:, [cell]], layout, [cell])[:, 0]
        noise = noise_variance(result.sd, result.df)
        found[cell] = min(found[cell], left_by(told, lifts[:, k], float(prior_sd[cell]), noise))
    return found


def tail_probabilities(lifts: Floats, results: Sequence[Lift]) -> Floats:
    """Two-sided tail probability of each result, shape (experiment,).

    Parameters
    ----------
    lifts
        Draws of the lifts without the tests, shape (draw, experiment).
    """
    measured, sd, df = np.array([(r.measured, r.sd, r.df) for r in results]).T
    below = student_t.cdf((measured - lifts) / sd, df).mean(axis=0)
    return 2.0 * np.minimum(below, 1.0 - below)


def holm(tails: Floats) -> Floats:
    """Holm's adjustment of tail probabilities for their number (Holm 1979)."""
    n = tails.size
    order = np.argsort(tails)
    stepped = np.maximum.accumulate(tails[order] * (n - np.arange(n)))
    out = np.empty(n)
    out[order] = np.minimum(stepped, 1.0)
    return out


@dataclass(frozen=True, slots=True)
class Tails:
    """How far each past test is from what the model says without tests.

    Attributes
    ----------
    single, adjusted
        Two-sided tail probability of the result, and the same adjusted for the number of tests (Holm); (experiment,).
    """

    single: Floats
    adjusted: Floats

    @property
    def contradicts(self) -> NDArray[np.bool_]:
        """Results that the rest of the model all but rules out, shape (experiment,)."""
        return self.adjusted < CONFLICT


def compare(rest: Posterior, layout: Layout) -> Tails:
    """Compare each result with the posterior had there been no tests."""
    single = tail_probabilities(rest.lifts(layout), layout.data.lifts)
    return Tails(single, holm(single))


def widen(experiments: Sequence[Experiment], tails: Tails) -> tuple[Experiment, ...]:
    """The same tests, with twice the transport noise where one contradicts the rest and nobody has decided about it."""
    return tuple(
        replace(found, widened=True) if odd and not found.settled else found
        for found, odd in zip(experiments, tails.contradicts, strict=True)
    )


def experiments_table(
    posterior: Posterior, rest: Posterior, layout: Layout, panel: Panel, tails: Tails
) -> pd.DataFrame:
    """A row per test: what it measured, what the model says with and without the tests, and how the two agree.

    Ranges of `lift` and `roi` are those of a Student t with the result's own error. `weight` is the share of the
    variance of the lift that the tests took away.

    Parameters
    ----------
    rest
        The posterior had there been no tests.
    tails
        From `compare`, before any test was widened.
    """
    lifts, without, results = posterior.lifts(layout), rest.lifts(layout), layout.data.lifts
    rows = []
    for k, found in enumerate(layout.experiments):
        half = found.lift_se * float(student_t.ppf(0.95, results[k].df))
        value = money_per_unit(found, panel)
        per_money = np.nan if value is None else value / found.spend_change
        row = _about(found, panel)
        for whose, (mean, lo, hi) in (
            ("", (found.lift, found.lift - half, found.lift + half)),
            ("model_", interval(lifts[:, k])),
            ("without_", interval(without[:, k])),
        ):
            ends = np.sort(np.array([lo, hi]) * per_money)
            row |= {f"{whose}lift": float(mean), f"{whose}lift_lo": float(lo), f"{whose}lift_hi": float(hi)}
            row |= {f"{whose}roi": float(mean) * per_money}
            row |= {f"{whose}roi_lo": float(ends[0]), f"{whose}roi_hi": float(ends[1])}
        row |= {
            "tail_probability": float(tails.single[k]),
            "tail_adjusted": float(tails.adjusted[k]),
            "weight": max(0.0, 1.0 - float(lifts[:, k].var() / without[:, k].var())),
            "conflict": bool(tails.contradicts[k]),
            "settled": found.settled,
            "widened": found.widened,
            "reason": found.reason,
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _about(found: Experiment, panel: Panel) -> dict[str, object]:
    """What the test was; a level of the media tree is empty where the test had several of it."""
    cells = [panel.cells[i] for i in found.cells]
    row: dict[str, object] = {"id": found.id, "kind": "study" if found.study else "test"}
    for key in cell_columns(panel.cells):
        names = {getattr(cell, key) for cell in cells}
        row[key] = names.pop() if len(names) == 1 else ""
    everywhere = panel.geos == (NATIONAL,) or len(found.geos) == len(panel.geos)
    return row | {
        "geos": "" if everywhere else ";".join(panel.geos[g] for g in found.geos),
        "start": str(found.start),
        "end": str(found.end),
        "cooldown": found.cooldown,
        "spend_change": found.spend_change,
    }
