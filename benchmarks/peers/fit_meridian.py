"""Meridian's default model on the Meridian sample, on the library's default backend.

`ModelSpec()` as it comes: impressions with their spend, ROI priors, geometric adstock with `max_lag=8`, Hill,
one knot for a national model and one per week for geos. Meridian has no default number of draws; these are
the lighter of those in its own examples: 500 adaptation and 500 burn-in steps, 1000 kept draws, four chains.
Run by path: `python fit_meridian.py --data CSV`.
"""

from __future__ import annotations

import contextlib
import os
import warnings

from measure import CHANNELS, CONTROLS, Stopwatch, arguments, emit

watch = Stopwatch()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")
with watch("import"):
    import arviz as az
    import meridian
    import numpy as np
    import pandas as pd
    from meridian import backend
    from meridian.analysis import analyzer
    from meridian.data import data_frame_input_data_builder
    from meridian.model import model, spec


def main() -> None:
    settings = arguments(tune=1000)
    frame = pd.read_csv(settings.data)
    frame["conversions"] = frame["conversions"].astype(float)
    compiling = _listen_to_compiler()

    with watch("build"):
        builder = data_frame_input_data_builder.DataFrameInputDataBuilder(
            kpi_type="non_revenue",
            default_kpi_column="conversions",
            default_revenue_per_kpi_column="revenue_per_conversion",
        )
        builder = builder.with_kpi(frame).with_revenue_per_kpi(frame)
        builder = builder.with_controls(frame, control_cols=list(CONTROLS))
        builder = builder.with_media(
            frame,
            media_cols=[f"{channel}_impression" for channel in CHANNELS],
            media_spend_cols=[f"{channel}_spend" for channel in CHANNELS],
            media_channels=list(CHANNELS),
        )
        if "population" in frame:
            builder = builder.with_population(frame)
        mmm = model.Meridian(input_data=builder.build(), model_spec=spec.ModelSpec())
    before = sum(compiling)
    with watch("sample"):
        mmm.sample_posterior(
            n_chains=settings.chains,
            n_adapt=settings.tune // 2,
            n_burnin=settings.tune - settings.tune // 2,
            n_keep=settings.draws,
            seed=settings.seed,
        )
    compile_seconds = sum(compiling) - before
    seconds = dict(watch.seconds)
    seconds["compile"] = compile_seconds
    seconds["sample"] -= compile_seconds

    with watch("after"):
        analysis = analyzer.Analyzer(mmm)
        roi = np.asarray(analysis.roi())
        posterior = mmm.inference_data.posterior
        noise = posterior["sigma"].to_numpy()
        ess = {"roi": _ess(roi), "noise": _ess(noise)}
    with watch("mroi"):
        ess["mroi"] = _ess(np.asarray(analysis.marginal_roi()))
    rhat = max(float(az.rhat(az.convert_to_dataset({"x": value}))["x"].max()) for value in (roi, noise))
    values = roi.reshape(-1, roi.shape[-1]).T
    emit(
        library="Meridian",
        versions={
            "google-meridian": meridian.__version__,
            "backend": backend.computation_backend().name.lower(),
        },
        settings=settings,
        model="default ModelSpec: ROI priors, geometric adstock (8), Hill, controls"
        + (", a knot a week" if "geo" in frame else ", one knot"),
        seconds={**seconds, "after": watch.seconds["after"], "mroi": watch.seconds["mroi"]},
        ess=ess,
        rhat_max=rhat,
        divergences=int(mmm.inference_data.sample_stats["diverging"].sum()),
        roi={
            channel: (row.mean(), *np.quantile(row, [0.05, 0.95]))
            for channel, row in zip(CHANNELS, values, strict=True)
        },
    )


def _listen_to_compiler() -> list[float]:
    """Seconds of tracing, lowering and compiling, as JAX reports them; empty under TensorFlow.

    Meridian compiles inside `sample_posterior`, so this is the only way to tell the two apart.
    """
    seconds: list[float] = []
    with contextlib.suppress(ImportError):
        import jax

        def listen(event: str, duration: float, **_) -> None:
            if event.startswith("/jax/core/compile/"):
                seconds.append(duration)

        jax.monitoring.register_event_duration_secs_listener(listen)
    return seconds


def _ess(values) -> float:
    """Smallest bulk ESS over the last axes; draws are (chain, draw, ...)."""
    return float(az.ess(az.convert_to_dataset({"x": values}), method="bulk")["x"].min())


if __name__ == "__main__":
    main()
