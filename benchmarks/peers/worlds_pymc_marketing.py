"""PyMC-Marketing's side of the recovery benchmark; the model is that of `fit_pymc_marketing.py`."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation
from world import arguments, emit, read_table


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
    emit(
        folder,
        table.channels,
        _flat(roi, table.spend),
        _flat(marginal, table.spend),
        seconds={**seconds, "mroi": time.perf_counter() - start - seconds["fit"]},
        divergences=int(tree["sample_stats"]["diverging"].sum()),
        rhat_max=float(az.rhat(roi).max()),
    )


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
