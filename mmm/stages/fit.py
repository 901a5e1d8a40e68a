"""The fit, and every table made from its draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mmm.config import Config
from mmm.data.experiments import Experiment
from mmm.data.panel import Panel, checks_frame
from mmm.errors import Contradiction
from mmm.finance.economics import unit_economics
from mmm.inference.residuals import residuals
from mmm.model.layout import Layout, lay_out
from mmm.response.beliefs import beliefs_table
from mmm.response.decomposition import adstock_table, decompose
from mmm.response.experiments import Tails, compare, experiments_table, widen
from mmm.response.hidden_driver import hidden_driver_table
from mmm.response.returns import evidence_table, returns, roi_table
from mmm.response.reviews import is_chasing, review_fit
from mmm.runs.store import RunFolder
from mmm.stages.known import write_known
from mmm.stages.prepare import Prepared
from mmm.stages.tables import write_csv, write_json

Progress = Callable[[str], None]

WITHOUT_TESTS = "without_tests.nc"
"""Media curves had there been no past tests, as draws; where there were some."""
WITHOUT_DRAWS = 800


def write_fit(folder: Path, config: Config, prepared: Prepared, store: RunFolder, say: Progress) -> None:
    from mmm.inference.fit import Refused
    from mmm.inference.fit import fit as sample
    from mmm.inference.repairs import repairs
    from mmm.inference.untested import without_tests

    panel, layout, settings = prepared.panel, prepared.layout, config.model
    seed = settings.sampling.seed
    rest = tails = None
    try:
        fitted = sample(layout, panel.geos, settings.sampling, settings.gates, progress=say)
        if layout.experiments:
            rest = without_tests(fitted.posterior, layout, panel.geos, settings.sampling, progress=say)
            tails = compare(rest.posterior, layout)
            doubted = _with_doubt(layout, config, panel, tails)
            if doubted is not layout:
                layout = doubted
                say("sampling again, with more doubt about tests that contradict the rest")
                fitted = sample(layout, panel.geos, settings.sampling, settings.gates, progress=say)
    except Refused as refused:
        write_json(_diagnostics(refused.fitted), folder / "diagnostics.json")
        text = repairs(refused.fitted.convergence, settings)
        (folder / "repairs.txt").write_text(text, encoding="utf-8")
        kept = store.draft({name: folder / name for name in ("diagnostics.json", "repairs.txt")})
        raise type(refused)(f"{refused}.\n{text}Kept: {kept}", refused.fitted) from None
    posterior = fitted.posterior
    say("decomposing")
    left = residuals(posterior, layout, panel)
    alone = rest.posterior if rest else None
    found = returns(posterior, layout, panel, seed=seed, chasing=is_chasing(left), rest=alone)
    split = decompose(posterior, layout, panel, seed=seed)
    posterior.save(folder / "posterior.nc")
    write_known(folder, config, prepared)
    write_csv(roi_table(found, unit_economics(config.finance).by_cell(panel.cells)), folder / "roi.csv")
    write_csv(split.contributions, folder / "contributions.csv")
    write_csv(split.fit, folder / "fit.csv")
    write_csv(adstock_table(posterior, layout, panel), folder / "adstock.csv")
    write_csv(beliefs_table(posterior, layout, found, seed=seed), folder / "priors.csv")
    if rest is not None and tails is not None:
        table = experiments_table(posterior, rest.posterior, layout, panel, tails)
        write_csv(table, folder / "experiments.csv")
        rest.posterior.curves_only(WITHOUT_DRAWS).save(folder / WITHOUT_TESTS)
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


def _with_doubt(layout: Layout, config: Config, panel: Panel, tails: Tails) -> Layout:
    """The layout with twice the transport noise of tests that contradict the rest and that nobody has settled."""
    doubted = widen(layout.experiments, tails)
    if doubted == layout.experiments:
        return layout
    break_even = unit_economics(config.finance).break_even_roi
    return lay_out(panel, config.model, break_even=break_even, experiments=doubted)


def as_fitted(experiments: tuple[Experiment, ...], fitted: Path) -> tuple[Experiment, ...]:
    """Past tests with the doubt that the fit counted."""
    if not experiments:
        return ()
    widened = pd.read_csv(fitted / "experiments.csv", encoding="utf-8-sig")["widened"]
    return tuple(replace(found, widened=bool(wide)) for found, wide in zip(experiments, widened, strict=True))


def refuse_contradictions(fitted: Path) -> None:
    """Stop where a past test contradicts the rest and nobody has decided about it.

    Raises
    ------
    Contradiction
        The tests by name. The fit stays, and is used again.
    """
    path = fitted / "experiments.csv"
    if not path.is_file():
        return
    table = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False)
    unsettled = table.loc[table["conflict"] & (table["settled"] == ""), "id"].tolist()
    if unsettled:
        raise Contradiction(
            f"{', '.join(unsettled)}: the past test contradicts the rest of the model. Set its status in the table of "
            "tests to void, widened or kept, with a reason, or run without --strict to see both. The fit is kept"
        )


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
