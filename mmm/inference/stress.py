"""Many small fits: do returns survive other reasonable settings, other priors, and a channel that does nothing?

Each fit is the whole model with shorter sampling. How many processes share the work changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.experiments import Experiment
from mmm.dims import CELL_KEYS, by_channel, cell_columns, cell_row
from mmm.errors import MmmError
from mmm.inference.fit import fit
from mmm.inference.posterior import Posterior, chance_to_reach, interval
from mmm.inference.specs import Spec
from mmm.model.layout import Layout, lay_out
from mmm.model.settings import GateSettings, SamplingSettings
from mmm.model.shapes import SIGNED
from mmm.runs.engines import Workers
from mmm.runs.executor import side_by_side

Floats = NDArray[np.float64]

DRAWS, TUNE, CHAINS = 400, 400, 2
RHAT, ESS, DIVERGENCES = 1.05, 100.0, 0.01
"""Sampling and gates of a small fit: enough for a mean and a 90 % range, not for a plan."""

LIKELY, UNLIKELY = 0.8, 0.2
"""Probability from which a channel is said to pay, and to which it is said not to; between them it is open."""

THE_FIT = "the fit"


@dataclass(frozen=True, slots=True)
class Task:
    """A spec and how to fit it; past tests are in every fit as they are in the one that is put to the test."""

    spec: Spec
    break_even: float | Mapping[str, float] | None
    sampling: SamplingSettings
    gates: GateSettings
    experiments: tuple[Experiment, ...] = ()


def small(sampling: SamplingSettings, gates: GateSettings) -> tuple[SamplingSettings, GateSettings]:
    """Shorter sampling and looser gates, never longer or tighter than the config's own."""
    return (
        sampling.model_copy(
            update={
                "draws": min(DRAWS, sampling.draws),
                "tune": min(TUNE, sampling.tune),
                "chains": min(CHAINS, sampling.chains),
            }
        ),
        gates.model_copy(
            update={
                "rhat": max(RHAT, gates.rhat),
                "ess": min(ESS, gates.ess),
                "divergences": max(DIVERGENCES, gates.divergences),
            }
        ),
    )


def stress_table(
    posterior: Posterior,
    layout: Layout,
    tasks: Sequence[Task],
    *,
    break_even: float | Mapping[str, float] | None,
    has_money: bool,
    workers: Workers,
    progress: Callable[[str], None],
) -> pd.DataFrame:
    """The table `stress.csv`: each cell's return in the fit and under every other spec.

    Parameters
    ----------
    posterior, layout
        The fit that is put to the test.
    break_even
        1 / gross margin, or that by channel with a `default`, or None without a margin: then no verdict is passed.
    has_money
        Whether the outcome has a money value; without one the return stands as cost per outcome.
    workers
        Who shares the fits; the table is the same for all.

    Returns
    -------
    DataFrame
        kind, spec, cell keys, roi (+lo, hi) or cost_per_outcome, p_pays, p_pays_prior, share_of_outcome,
        share_of_outcome_prior, verdict, changes, refused (why a spec could not be fitted).
    """
    found = [_rows("fit", THE_FIT, posterior, layout, break_even)]
    for rows in side_by_side(_attempt, tasks, workers):
        progress(f"{len(found)} of {len(tasks)} small fits")
        found.append(rows)
    table = pd.concat(found, ignore_index=True)
    keys = list(cell_columns(layout.media[: layout.n_paid]))
    words = ["refused", *keys]
    table[words] = table.reindex(columns=words).fillna("")
    table["verdict"] = [
        "" if refused else verdict(p) for p, refused in zip(table["p_pays"], table["refused"], strict=True)
    ]
    first = table[table["kind"] == "fit"].set_index(keys)["verdict"]
    told = first.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    table["changes"] = [
        isinstance(before, str) and now != "" and before != now
        for before, now in zip(told, table["verdict"], strict=True)
    ]
    if not has_money:
        table["cost_per_outcome"] = 1.0 / table["roi"]
        table["cost_per_outcome_lo"], table["cost_per_outcome_hi"] = (
            1.0 / table["roi_hi"],
            1.0 / table["roi_lo"],
        )
        table[["roi", "roi_lo", "roi_hi"]] = np.nan
    head = ["kind", "spec", *keys]
    return table[head + [name for name in table.columns if name not in head]]


def verdict(p_pays: float) -> str:
    """`pays`, `does not pay` or `open`; empty without a probability."""
    if not np.isfinite(p_pays):
        return ""
    return "pays" if p_pays >= LIKELY else "does not pay" if p_pays <= UNLIKELY else "open"


def survival_table(stress: pd.DataFrame) -> pd.DataFrame:
    """The table `stress_summary.csv`: per cell, how far its return moves, and whether the verdict survives.

    Returns
    -------
    DataFrame
        Cell keys; `value` in the fit and `lowest`, `highest` mean over all specs with their names (cost per outcome
        where returns are not in money); `verdict`; `survives`: `holds` in every spec, `shifts` between open and
        decided in some, `turns` into its opposite in some; empty without a margin.
    """
    name = "roi" if stress["roi"].notna().any() else "cost_per_outcome"
    keys = [key for key in CELL_KEYS if key in stress]
    usable = stress[stress["refused"] == ""].to_dict("records")
    rows = []
    for fitted in usable:
        if fitted["kind"] != "fit":
            continue
        same = [row for row in usable if all(row[key] == fitted[key] for key in keys)]
        low, high = min(same, key=lambda row: row[name]), max(same, key=lambda row: row[name])
        rows.append(
            {
                **{key: fitted[key] for key in keys},
                "value": fitted[name],
                "lowest": low[name],
                "lowest_spec": low["spec"],
                "highest": high[name],
                "highest_spec": high["spec"],
                "verdict": fitted["verdict"],
                "survives": _survives(fitted["verdict"], {row["verdict"] for row in same}),
            }
        )
    return pd.DataFrame(rows)


def _survives(first: str, verdicts: set[str]) -> str:
    if not first:
        return ""
    opposite = {"pays": "does not pay", "does not pay": "pays"}.get(first)
    return "turns" if opposite in verdicts else "holds" if verdicts == {first} else "shifts"


def _attempt(task: Task) -> pd.DataFrame:
    """One fit in a process of its own. It never raises: one spec that fails leaves the others."""
    spec = task.spec
    try:
        layout = lay_out(spec.panel, spec.settings, break_even=task.break_even, experiments=task.experiments)
        fitted = fit(layout, spec.panel.geos, task.sampling, task.gates)
    except MmmError as error:
        return pd.DataFrame([{"kind": spec.kind, "spec": spec.name, "refused": str(error)}])
    return _rows(spec.kind, spec.name, fitted.posterior, layout, task.break_even)


def _prior_mean(layout: Layout) -> Floats:
    """Mean of the prior of what each cell returns, shape (cell,)."""
    n, data = layout.n_paid, layout.data
    centre, sd = layout.log_roi_mean[:n], layout.log_roi_sd[:n]
    signed = data.measure[:n] == SIGNED
    return np.where(signed, centre * data.unit[:n], np.exp(np.where(signed, 0.0, centre + sd**2 / 2.0)))


def _rows(
    kind: str, name: str, posterior: Posterior, layout: Layout, break_even: float | Mapping[str, float] | None
) -> pd.DataFrame:
    """Returns of one fit, a row a cell."""
    cells = layout.media[: layout.n_paid]
    roi = posterior.flat("roi")[:, : len(cells)]
    mean, lo, hi = interval(roi)
    outcome = float(np.nansum((layout.data.y * layout.data.money)[layout.data.live]))
    share = layout.data.spend[: len(cells)] / outcome
    nothing = np.full(len(cells), np.nan)
    before, after = nothing, nothing
    if break_even is not None:
        enough = np.array(by_channel(break_even, cells))
        before, after = chance_to_reach(layout, enough), (roi > enough).mean(axis=0)
    keys = cell_columns(cells)
    return pd.DataFrame(
        {
            "kind": kind,
            "spec": name,
            **{key: [cell_row(cell, keys)[key] for cell in cells] for key in keys},
            "roi": mean,
            "roi_lo": lo,
            "roi_hi": hi,
            "p_pays": after,
            "p_pays_prior": before,
            "share_of_outcome": share * mean,
            "share_of_outcome_prior": share * _prior_mean(layout),
            "refused": "",
        }
    )
