"""PyMC-Marketing's default model on the Meridian sample, sampled by nutpie.

Model as in the library's own first example: spend by channel, geometric adstock with `l_max=8`, logistic
saturation, two yearly Fourier modes, the sample's controls; geos by `dims=("geo",)`. Priors, scaling and
sampler are the library's defaults, with four chains. Run by path: `python fit_pymc_marketing.py --data CSV`.
"""

from __future__ import annotations

import warnings

from measure import CHANNELS, CONTROLS, Stopwatch, arguments, emit

watch = Stopwatch()
with watch("import"):
    import arviz as az
    import numpy as np
    import nutpie
    import pandas as pd
    import pymc as pm
    import pymc_marketing
    from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation


def main() -> None:
    settings = arguments(tune=1000)
    warnings.simplefilter("ignore")
    frame = pd.read_csv(settings.data, parse_dates=["time"])
    frame["revenue"] = frame["conversions"] * frame["revenue_per_conversion"]
    spend = [f"{channel}_spend" for channel in CHANNELS]
    by_geo = "geo" in frame
    keys = ["time", "geo"] if by_geo else ["time"]
    X, y = frame[[*keys, *spend, *CONTROLS]], frame["revenue"]

    nutpie.compile_pymc_model = _timed(nutpie.compile_pymc_model, "compile")
    nutpie.sample = _timed(nutpie.sample, "sample")
    with watch("build"):
        mmm = MMM(
            date_column="time",
            target_column="revenue",
            channel_columns=spend,
            control_columns=list(CONTROLS),
            adstock=GeometricAdstock(l_max=8),
            saturation=LogisticSaturation(),
            yearly_seasonality=2,
            dims=("geo",) if by_geo else None,
        )
        tree = mmm.fit(
            X,
            y,
            nuts_sampler="nutpie",
            chains=settings.chains,
            draws=settings.draws,
            tune=settings.tune,
            random_seed=settings.seed,
            progressbar=False,
            compute_convergence_checks=False,
        )

    with watch("after"):
        posterior = tree["posterior"].to_dataset()
        scale = mmm.get_scales_as_xarray()["target_scale"]
        contribution = (posterior["channel_contribution"] * scale).sum("date")
        if by_geo:
            contribution = contribution.sum("geo")
        roi = contribution / frame[spend].sum().to_numpy()
        ess = {"roi": _ess(az, roi), "noise": _ess(az, posterior["y_sigma"])}
        rhat = max(float(az.rhat(value).max()) for value in (roi, posterior["y_sigma"]))
    with watch("mroi"):
        marginal = mmm.incrementality.marginal_contribution_over_spend("all_time")
        if by_geo:  # geos weighted by their spend, as one more unit of the channel's spend is spread
            weight = frame.groupby("geo")[spend].sum()
            shares = (weight / weight.sum()).to_xarray().to_array("channel")
            marginal = (marginal * shares).sum("geo")
        ess["mroi"] = _ess(az, marginal)
    values = roi.stack(sample=("chain", "draw")).transpose("channel", "sample").to_numpy()
    emit(
        library="PyMC-Marketing",
        versions={
            "pymc-marketing": pymc_marketing.__version__,
            "pymc": pm.__version__,
            "nutpie": nutpie.__version__,
        },
        settings=settings,
        model="geometric adstock (8), logistic saturation, yearly Fourier (2), controls"
        + (", dims geo" if by_geo else ""),
        seconds=watch.seconds,
        ess=ess,
        rhat_max=rhat,
        divergences=int(tree["sample_stats"]["diverging"].sum()),
        roi={
            channel: (row.mean(), *np.quantile(row, [0.05, 0.95]))
            for channel, row in zip(CHANNELS, values, strict=True)
        },
    )


def _timed(function, name):
    def timed(*args, **kwargs):
        with watch(name):
            return function(*args, **kwargs)

    return timed


def _ess(az, values) -> float:
    return float(az.ess(values, method="bulk").min())


if __name__ == "__main__":
    main()
