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
    import pymc as pm

    import mmm
    from mmm.data.align import build_panel
    from mmm.data.panel import Panel
    from mmm.data.tables import load_tables


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is reported of a fit: ROI and mROI by (chain, draw, cell), noise by (chain, draw, parameter)."""

    cells: tuple[str, ...]
    roi: Any
    mroi: Any
    noise: Any
    divergences: int


def fit_default(panel: Panel, config: mmm.Config, asked: argparse.Namespace) -> Fitted:
    """The one place that calls the stages of `mmm`: build, compile, sample, draw b back, returns."""
    raise SystemExit("fit_ours: the fit stage of mmm is not there yet")


def main() -> None:
    asked = arguments(tune=500)
    config = mmm.load_config(asked.data)
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    panel = build_panel(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    fitted = fit_default(panel, config, asked)
    with watch("after"):
        ess = {name: _ess(getattr(fitted, name)) for name in ("roi", "mroi", "noise")}
        rhat = max(_rhat(value) for value in (fitted.roi, fitted.mroi, fitted.noise))
    emit(
        library="mmm-planner",
        versions={"mmm-planner": _version(), "pymc": pm.__version__, "nutpie": nutpie.__version__},
        settings=asked,
        model="ROI priors, gamma adstock (13, history unknown), Hill, smooth trend, season, controls, AR(1)"
        + (", geos pooled, shared week shock" if len(panel.geos) > 1 else ""),
        seconds=watch.seconds,
        ess=ess,
        rhat_max=rhat,
        divergences=fitted.divergences,
        roi={
            cell: (row.mean(), *np.quantile(row, [0.05, 0.95]))
            for cell, row in zip(fitted.cells, np.moveaxis(fitted.roi, -1, 0), strict=True)
        },
    )


def _ess(values: Any) -> float:
    return float(np.min(az.array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk")))


def _rhat(values: Any) -> float:
    return float(np.max(az.array_stats.rhat(values, chain_axis=0, draw_axis=1)))


def _version() -> str:
    from importlib.metadata import version

    return version("mmm-planner")


if __name__ == "__main__":
    main()
