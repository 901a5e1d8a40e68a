"""The fit, and every table made from its draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmm.config import Config
from mmm.data.panel import checks_frame
from mmm.inference.residuals import residuals
from mmm.response.beliefs import beliefs_table
from mmm.response.decomposition import adstock_table, decompose
from mmm.response.experiments import experiments_table
from mmm.response.hidden_driver import hidden_driver_table
from mmm.response.returns import evidence_table, returns, roi_table
from mmm.response.reviews import is_chasing, review_fit
from mmm.runs.store import RunFolder
from mmm.stages.prepare import Prepared
from mmm.stages.tables import write_csv, write_json

Progress = Callable[[str], None]


def write_fit(folder: Path, config: Config, prepared: Prepared, store: RunFolder, say: Progress) -> None:
    from mmm.inference.fit import Refused
    from mmm.inference.fit import fit as sample
    from mmm.inference.repairs import repairs
    from mmm.inference.untested import without_tests

    panel, layout, settings = prepared.panel, prepared.layout, config.model
    seed = settings.sampling.seed
    try:
        fitted = sample(layout, panel.geos, settings.sampling, settings.gates, progress=say)
    except Refused as refused:
        write_json(_diagnostics(refused.fitted), folder / "diagnostics.json")
        text = repairs(refused.fitted.convergence, settings)
        (folder / "repairs.txt").write_text(text, encoding="utf-8")
        kept = store.draft({name: folder / name for name in ("diagnostics.json", "repairs.txt")})
        raise type(refused)(f"{refused}.\n{text}Kept: {kept}", refused.fitted) from None
    posterior = fitted.posterior
    rest = None
    if layout.experiments:
        rest = without_tests(posterior, layout, panel.geos, settings.sampling, progress=say)
    say("decomposing")
    left = residuals(posterior, layout, panel)
    alone = rest.posterior if rest else None
    found = returns(posterior, layout, panel, seed=seed, chasing=is_chasing(left), rest=alone)
    split = decompose(posterior, layout, panel, seed=seed)
    posterior.save(folder / "posterior.nc")
    write_csv(roi_table(found, config.finance.gross_margin), folder / "roi.csv")
    write_csv(split.contributions, folder / "contributions.csv")
    write_csv(split.fit, folder / "fit.csv")
    write_csv(adstock_table(posterior, layout, panel), folder / "adstock.csv")
    write_csv(beliefs_table(posterior, layout, found, seed=seed), folder / "priors.csv")
    if rest is not None:
        write_csv(experiments_table(posterior, rest.posterior, layout, panel), folder / "experiments.csv")
    write_csv(evidence_table(found), folder / "evidence.csv")
    reviews = review_fit(left, split.negative_baseline, layout, panel, found.sensitivity)
    write_csv(checks_frame(reviews), folder / "reviews.csv")
    unexplained = {f"residual_autocorrelation_{lag}": value for lag, value in left.autocorrelation.items()}
    unexplained |= {"one_step_coverage_90": left.coverage_90}
    unexplained |= {"negative_baseline": float(split.negative_baseline.mean())}
    write_csv(hidden_driver_table(posterior, layout, panel.cells), folder / "hidden_driver.csv")
    figures = {"r2": split.r2, "mape": split.mape, "coverage_90": split.coverage_90}
    notes = {"prior_scaled": layout.roi_priors.scaled}
    told = _diagnostics(fitted) | figures | unexplained | notes
    if rest is not None:
        weighted = rest.rhat is None
        told |= {"pareto_k_without_tests": rest.pareto_k} if weighted else {"rhat_without_tests": rest.rhat}
        told["seconds"] |= {"without_tests": rest.seconds}
    write_json(told, folder / "diagnostics.json")


def _diagnostics(fitted: Any) -> dict[str, Any]:
    convergence = fitted.convergence
    return {
        "rhat_max": convergence.rhat_max,
        "ess_bulk_min": convergence.ess_bulk_min,
        "ess_tail_min": convergence.ess_tail_min,
        "divergences": convergence.divergences,
        "draws": convergence.draws,
        "attempts": fitted.attempts,
        "seconds": {"fit": sum(fitted.seconds.values()), **fitted.seconds},
    }
