"""Our default model on the Meridian sample, as the config has it: data in memory, then fit.

`--data` is the config (`configs/meridian-national.yaml`), not the CSV. Draws, warm-up and chains are the
defaults of `model.sampling` unless given. Run by path: `python fit_ours.py --data CONFIG`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from measure import Stopwatch, arguments, emit

watch = Stopwatch()
with watch("import"):
    import arviz as az
    import numpy as np
    import nutpie

    import mmm
    from mmm.data.align import build_panel
    from mmm.data.panel import Panel
    from mmm.data.tables import load_tables
    from mmm.finance.economics import unit_economics
    from mmm.inference.fit import Refused, fit
    from mmm.model.layout import lay_out


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is reported of a fit.

    `quantities`: draws by (chain, draw, number) of each group; `roi` stands for both ROI, the causal one and
    the one that moves with spend: the first has independent noise added, which alone would flatter its ESS.
    """

    cells: tuple[str, ...]
    roi: Any
    quantities: dict[str, Any]
    divergences: int
    attempts: int
    refused: str


def fit_default(panel: Panel, config: mmm.Config, asked: argparse.Namespace) -> Fitted:
    """The one place that calls the stages of `mmm`: lay out, build, compile, sample, draw b back, derive."""
    draws = {"draws": asked.draws, "tune": asked.tune, "chains": asked.chains, "seed": asked.seed}
    sampling = config.model.sampling.model_copy(update=draws)
    break_even = unit_economics(config.finance).break_even_roi
    with watch("build"):
        layout = lay_out(panel, config.model, break_even=break_even)
    refused = ""
    try:
        fitted = fit(layout, panel.geos, sampling, config.model.gates)
    except Refused as refusal:
        fitted, refused = refusal.fitted, str(refusal)
    names = {"build": "build", "sampling": "sample", "derive": "draw"}
    for name, spent in fitted.seconds.items():
        watch.seconds[names[name]] = watch.seconds.get(names[name], 0.0) + spent
    paid = slice(layout.n_paid)
    posterior = fitted.posterior
    noise = [posterior.chains(name) for name in ("sigma", "rho", "week_shock")]
    noise = noise if len(panel.geos) > 1 else noise[:2]  # a national model has no week shock of its own
    roi = posterior.chains("roi")[..., paid]
    return Fitted(
        cells=tuple(cell.channel for cell in layout.media[paid]),
        roi=roi,
        quantities={
            "roi": np.concatenate([roi, posterior.chains("roi_panel")[..., paid]], axis=-1),
            "mroi": posterior.chains("mroi")[..., paid],
            "noise": np.stack(noise, axis=-1),
        },
        divergences=posterior.divergences,
        attempts=fitted.attempts,
        refused=refused,
    )


def main() -> None:
    asked = arguments(tune=500)
    config = mmm.load_config(asked.data)
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    panel = build_panel(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    fitted = fit_default(panel, config, asked)
    with watch("after"):
        ess = {name: min(_each(az.ess, draws, method="bulk")) for name, draws in fitted.quantities.items()}
        rhat = max(max(_each(az.rhat, draws)) for draws in fitted.quantities.values())
    emit(
        library="mmm-planner",
        versions={"mmm-planner": _version(), "nutpie": nutpie.__version__},
        settings=asked,
        model="ROI priors, gamma adstock (13, history unknown), Hill, smooth trend, season, controls, AR(1)"
        + (", geos pooled, shared week shock" if len(panel.geos) > 1 else ""),
        seconds=watch.seconds,
        ess=ess,
        rhat_max=rhat,
        divergences=fitted.divergences,
        attempts=fitted.attempts,
        refused=fitted.refused,
        roi={
            cell: (row.mean(), *np.quantile(row, [0.05, 0.95]))
            for cell, row in zip(fitted.cells, np.moveaxis(fitted.roi, -1, 0), strict=True)
        },
    )


def _each(measure: Any, draws: Any, **how: str) -> list[float]:
    """One number per quantity; draws are (chain, draw, number)."""
    return [float(measure(draws[..., k], **how)) for k in range(draws.shape[-1])]


def _version() -> str:
    from importlib.metadata import version

    return version("mmm-planner")


if __name__ == "__main__":
    main()
