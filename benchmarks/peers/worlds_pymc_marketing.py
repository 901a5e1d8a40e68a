"""PyMC-Marketing's side of the recovery benchmark; the model is that of `fit_pymc_marketing.py`."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation
from pymc_marketing.mmm.constraints import Constraint, build_default_sum_constraint
from world import CHANGE, WEEKS, arguments, emit, planned, read_table


def fit(folder: Path) -> None:
    """Fit one world and print its line."""
    start = time.perf_counter()
    table = read_table(folder)
    frame = table.frame.assign(date=pd.to_datetime(table.frame["date"]))
    keys = ["date", "geo"] if table.by_geo else ["date"]
    mmm = MMM(
        date_column="date",
        target_column="revenue",
        channel_columns=table.spend,
        control_columns=table.controls,
        adstock=GeometricAdstock(l_max=8),
        saturation=LogisticSaturation(),
        yearly_seasonality=2,
        dims=("geo",) if table.by_geo else None,
    )
    tree = mmm.fit(
        frame[[*keys, *table.spend, *table.controls]],
        frame["revenue"],
        nuts_sampler="nutpie",
        chains=4,
        draws=1000,
        tune=1000,
        random_seed=1,
        progressbar=False,
        compute_convergence_checks=False,
    )
    posterior = tree["posterior"].to_dataset()
    scale = mmm.get_scales_as_xarray()["target_scale"]
    contribution = (posterior["channel_contribution"] * scale).sum("date")
    if table.by_geo:
        contribution = contribution.sum("geo")
    roi = contribution / frame[table.spend].sum().to_numpy()
    seconds = {"fit": time.perf_counter() - start}
    marginal = mmm.incrementality.marginal_contribution_over_spend("all_time")
    if table.by_geo:  # geos weighted by their spend, as one more unit of the channel's spend is spread
        weight = frame.groupby("geo")[table.spend].sum()
        shares = (weight / weight.sum()).to_xarray().to_array("channel")
        marginal = (marginal * shares).sum("geo")
    after = time.perf_counter()
    plans, plan, no_plan = planned(lambda: {"default": optimized(mmm, table)})
    emit(
        folder,
        table.channels,
        _flat(roi, table.spend),
        _flat(marginal, table.spend),
        seconds={**seconds, "mroi": after - start - seconds["fit"], "plan": plan},
        divergences=int(tree["sample_stats"]["diverging"].sum()),
        rhat_max=float(az.rhat(roi).max()),
        plans=plans,
        no_plan=no_plan,
    )


def optimized(mmm, table):
    """The library's own plan, in the weekly shape of the last weeks; its budgets are money of an average week.

    Its cells are channel and region; the task is about channels, so the split by region stays as it was.
    """
    names = ["date", "channel", *(["geo"] if table.by_geo else [])]
    recent = table.recent.set_index(["date", "geo"] if table.by_geo else "date")[table.spend]
    money = recent.rename_axis(columns="channel").stack().to_xarray().transpose(*names)
    total = money.sum("date")
    shape = (money / total).where(total > 0, 1 / WEEKS).assign_coords(date=np.arange(WEEKS))
    start = pd.Timestamp(table.frame["date"].max()) + pd.Timedelta(weeks=1)
    optimizer = mmm.budget_optimizer(
        start_date=start,
        end_date=start + pd.Timedelta(weeks=WEEKS - 1),
        budget_distribution_over_period=shape,
        constraints=[build_default_sum_constraint(), *(regions_held(total) if table.by_geo else [])],
    )
    bounds = xr.concat(
        [(1 - CHANGE) * total, (1 + CHANGE) * total], pd.Index(["lower", "upper"], name="bound")
    )
    found = optimizer.allocate_budget(
        total_budget=float(total.sum()) / WEEKS, budget_bounds=bounds.transpose(*names[1:], "bound") / WEEKS
    )
    plan = WEEKS * (found.budgets.sum("geo") if table.by_geo else found.budgets)
    return {name: float(plan.sel(channel=f"{name}_spend")) for name in table.channels}


def regions_held(total):
    """Constraints that keep each region's share of a channel; `total` is money by channel and region."""

    def held(channel, largest, geo):
        share = float(total.sel(channel=channel, geo=geo) / total.sel(channel=channel, geo=largest))

        def over(budgets, total_budget, optimizer):
            at = {dim: list(optimizer._budget_coords[dim]) for dim in ("channel", "geo")}
            row = budgets.isel(channel=at["channel"].index(channel))
            return row.isel(geo=at["geo"].index(geo)) - share * row.isel(geo=at["geo"].index(largest))

        return Constraint(f"{channel}, {geo}", "eq", over)

    found = []
    for channel in total["channel"].values:
        row = total.sel(channel=channel)
        largest = row["geo"].values[int(row.argmax("geo"))]
        found += [
            held(channel, largest, geo)
            for geo in row["geo"].values
            if geo != largest and row.sel(geo=geo) > 0
        ]
    return found


def _flat(values, channels):
    """Draws of shape (draw, channel)."""
    stacked = values.squeeze(drop=True).stack(sample=("chain", "draw")).sel(channel=channels)
    return np.asarray(stacked.transpose("sample", "channel"))


def main() -> None:
    warnings.simplefilter("ignore")
    for folder in arguments().folders:
        fit(folder)


if __name__ == "__main__":
    main()
