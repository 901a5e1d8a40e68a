"""The coming window, its curves, and the plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.calendar import next_periods
from mmm.data.future import future_features
from mmm.data.panel import Floats, Panel
from mmm.finance.economics import unit_economics
from mmm.inference.pairing import correlated
from mmm.model.shapes import MARGINAL
from mmm.planning.forecast import with_what_happened
from mmm.planning.plan import optimize
from mmm.planning.window import PlanWindow, plan_window, window_curves
from mmm.response.curves import WindowCurves, together
from mmm.response.forecast import forecast_baseline, shocks_shape
from mmm.stages.fit import Progress
from mmm.stages.prepare import Prepared
from mmm.stages.segments import load_posteriors, noise_of

Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Outset:
    """What a window is planned from: its curves, the outcome without paid media, the evidence of each place."""

    window: PlanWindow
    curves: WindowCurves
    baseline: Floats
    grades: list[str]


def outset(config: Config, prepared: Prepared, fitted: Path) -> Outset:
    """The coming window as the finished fit sees it."""
    panel, parts = prepared.panel, prepared.parts
    posteriors = load_posteriors(fitted, parts)
    window = plan_window(panel, config.plan, folder=config.folder)
    future = future_features(
        prepared.tables, panel, config.data, config.calendar, _until_and_window(panel, window.dates)
    )
    seed = config.model.sampling.seed
    shape = shocks_shape(posteriors[0], parts[0].layout, future)
    shocks = correlated(noise_of(fitted), shape, np.random.default_rng([seed, 41]))
    each, summed = [], np.zeros((posteriors[0].draws, len(future.dates)))
    for posterior, part, own in zip(posteriors, parts, shocks, strict=True):
        # as worth as the segment's own outcome
        valued = plan_window(part.panel, config.plan, folder=config.folder)
        each.append(window_curves(valued, part.panel, posterior.media(part.layout, panel.geos)))
        summed += forecast_baseline(posterior, part.layout, part.panel, future, seed=seed, shocks=own)
    curves, ahead = together(each), len(window.dates) - window.past
    baseline = summed[:, -ahead:]
    if window.begun is not None:
        baseline = with_what_happened(curves, baseline, window.begun.outcome)
    roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
    rows = (roi["level"] == "cell") & (roi.get("segment", "") == "")
    grades = roi.loc[rows, "evidence"].tolist()
    return Outset(window, curves, baseline, [grades[cell] for cell in window.cell_of])


def write_plan(folder: Path, config: Config, prepared: Prepared, fitted: Path, say: Progress) -> None:
    say("optimizing the plan")
    begin, priors = outset(config, prepared, fitted), prepared.layout.roi_priors
    optimize(
        begin.curves,
        begin.window,
        unit_economics(config.finance),
        begin.grades,
        config.plan,
        begin.baseline,
        seed=config.model.sampling.seed,
        prior_roi=np.where(priors.measure == MARGINAL, np.nan, priors.median)[begin.window.cell_of].tolist(),
    ).save(folder)


def _until_and_window(panel: Panel, window: Dates) -> Dates:
    """Periods from the panel's end to the window's, so that owned media carry over."""
    span = int((window[-1] - panel.dates[-1]).astype(int))
    after = next_periods(panel.dates[-1], span, panel.grain)
    return after[after <= window[-1]]
