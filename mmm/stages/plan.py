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
from mmm.inference.posterior import Posterior
from mmm.model.shapes import MARGINAL
from mmm.planning.forecast import with_what_happened
from mmm.planning.plan import optimize
from mmm.planning.window import PlanWindow, plan_window, window_curves
from mmm.response.curves import WindowCurves
from mmm.response.decomposition import forecast_baseline
from mmm.stages.fit import Progress
from mmm.stages.prepare import Prepared

Dates = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Outset:
    """What a window is planned from: its curves, the outcome without paid media, the evidence of each cell."""

    window: PlanWindow
    curves: WindowCurves
    baseline: Floats
    grades: list[str]


def outset(config: Config, prepared: Prepared, fitted: Path) -> Outset:
    """The coming window as the finished fit sees it."""
    panel, layout = prepared.panel, prepared.layout
    posterior = Posterior.load(fitted / "posterior.nc")
    window = plan_window(panel, config.plan, folder=config.folder)
    curves = window_curves(window, panel, posterior.media(layout, panel.geos))
    future = future_features(
        prepared.tables, panel, config.data, config.calendar, _until_and_window(panel, window.dates)
    )
    seed = config.model.sampling.seed
    ahead = len(window.dates) - window.past
    baseline = forecast_baseline(posterior, layout, panel, future, seed=seed)[:, -ahead:]
    if window.begun is not None:
        baseline = with_what_happened(curves, baseline, window.begun.outcome)
    roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
    return Outset(window, curves, baseline, roi.loc[roi["level"] == "cell", "evidence"].tolist())


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
        prior_roi=np.where(priors.measure == MARGINAL, np.nan, priors.median).tolist(),
    ).save(folder)


def _until_and_window(panel: Panel, window: Dates) -> Dates:
    """Periods from the panel's end to the window's, so that owned media carry over."""
    span = int((window[-1] - panel.dates[-1]).astype(int))
    after = next_periods(panel.dates[-1], span, panel.grain)
    return after[after <= window[-1]]
