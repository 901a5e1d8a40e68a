"""Meridian's side of the recovery benchmark; the model and the draws are those of `fit_meridian.py`."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

from world import CHANGE, arguments, emit, planned, read_table

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")

import arviz as az  # noqa: E402  the two lines above must come first
import numpy as np  # noqa: E402
from meridian.analysis import analyzer, optimizer  # noqa: E402
from meridian.data import data_frame_input_data_builder  # noqa: E402
from meridian.model import model, spec  # noqa: E402


def fit(folder: Path) -> None:
    """Fit one world and print its line."""
    start = time.perf_counter()
    table = read_table(folder)
    frame = table.frame.astype(dict.fromkeys(["revenue", *table.spend], float))
    builder = data_frame_input_data_builder.DataFrameInputDataBuilder(
        kpi_type="revenue",
        default_time_column="date",
        default_media_time_column="date",
        default_kpi_column="revenue",
    )
    builder = builder.with_kpi(frame).with_controls(frame, control_cols=table.controls)
    builder = builder.with_media(
        frame, media_cols=table.spend, media_spend_cols=table.spend, media_channels=table.channels
    )
    if table.by_geo:
        builder = builder.with_population(frame)
    mmm = model.Meridian(input_data=builder.build(), model_spec=spec.ModelSpec())
    mmm.sample_posterior(n_chains=4, n_adapt=500, n_burnin=500, n_keep=1000, seed=1)
    analysis = analyzer.Analyzer(mmm)
    roi = np.asarray(analysis.roi())
    seconds = {"fit": time.perf_counter() - start}
    mroi = np.asarray(analysis.marginal_roi())
    after = time.perf_counter()
    plans, plan, no_plan = planned(lambda: {"default": optimized(mmm, table)})
    emit(
        folder,
        table.channels,
        roi.reshape(-1, roi.shape[-1]),
        mroi.reshape(-1, mroi.shape[-1]),
        seconds={**seconds, "mroi": after - start - seconds["fit"], "plan": plan},
        divergences=int(mmm.inference_data.sample_stats["diverging"].sum()),
        rhat_max=float(az.rhat(az.convert_to_dataset({"x": roi}))["x"].max()),
        plans=plans,
        no_plan=no_plan,
    )


def optimized(mmm, table):
    """The library's own plan: the last weeks again, as its guide plans a period to come with an unchanged flighting."""
    dates = table.recent["date"]
    found = optimizer.BudgetOptimizer(mmm).optimize(
        start_date=dates.min(),
        end_date=dates.max(),
        fixed_budget=True,
        spend_constraint_lower=CHANGE,
        spend_constraint_upper=CHANGE,
    )
    spend = found.optimized_data["spend"]
    return {channel: float(spend.sel(channel=channel)) for channel in table.channels}


def main() -> None:
    for folder in arguments().folders:
        fit(folder)


if __name__ == "__main__":
    main()
