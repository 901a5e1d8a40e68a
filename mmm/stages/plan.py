"""The coming window, its curves, and the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.config import Config
from mmm.data.calendar import next_periods
from mmm.data.future import future_features
from mmm.data.panel import Panel
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior
from mmm.planning.plan import optimize
from mmm.planning.window import plan_window, window_curves
from mmm.response.decomposition import forecast_baseline
from mmm.stages.fit import Progress
from mmm.stages.prepare import Prepared

Dates = NDArray[np.datetime64]


def write_plan(folder: Path, config: Config, prepared: Prepared, fitted: Path, say: Progress) -> None:
    say("optimizing the plan")
    panel, layout = prepared.panel, prepared.layout
    seed = config.model.sampling.seed
    posterior = Posterior.load(fitted / "posterior.nc")
    window = plan_window(panel, config.plan, folder=config.folder)
    curves = window_curves(window, panel, posterior.media(layout, panel.geos))
    future = future_features(
        prepared.tables, panel, config.data, config.calendar, _until_and_window(panel, window.dates)
    )
    baseline = forecast_baseline(posterior, layout, panel, future, seed=seed)[:, -len(window.dates) :]
    roi = pd.read_csv(fitted / "roi.csv", encoding="utf-8-sig", keep_default_na=False)
    optimize(
        curves,
        window,
        unit_economics(config.finance),
        roi.loc[roi["level"] == "cell", "evidence"].tolist(),
        config.plan,
        baseline,
        seed=seed,
        prior_roi=layout.roi_priors.median.tolist(),
    ).save(folder)


def _until_and_window(panel: Panel, window: Dates) -> Dates:
    """Periods from the panel's end to the window's, so that owned media carry over."""
    span = int((window[-1] - panel.dates[-1]).astype(int))
    after = next_periods(panel.dates[-1], span, panel.grain)
    return after[after <= window[-1]]
