"""Small fits under other settings, other priors, and with placebos."""

from __future__ import annotations

from pathlib import Path

from mmm.config import Config
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior
from mmm.runs.engines import Workers
from mmm.stages.fit import Progress, as_fitted
from mmm.stages.prepare import Prepared
from mmm.stages.tables import write_csv


def write_stress(
    folder: Path, config: Config, prepared: Prepared, fitted: Path, workers: Workers, say: Progress
) -> None:
    from mmm.inference.specs import specs
    from mmm.inference.stress import Task, small, stress_table, survival_table

    panel, layout, settings = prepared.panel, prepared.layout, config.model
    has_money = panel.unit_value is not None
    break_even = unit_economics(config.finance).break_even_roi if has_money else None
    sampling, gates = small(settings.sampling, settings.gates)
    experiments = as_fitted(layout.experiments, fitted)
    found = specs(panel, settings, layout, seed=settings.sampling.seed)
    table = stress_table(
        Posterior.load(fitted / "posterior.nc"),
        layout,
        [Task(spec, break_even, sampling, gates, experiments) for spec in found],
        has_money=has_money,
        break_even=break_even,
        workers=workers,
        progress=say,
    )
    write_csv(table, folder / "stress.csv")
    write_csv(survival_table(table), folder / "stress_summary.csv")
