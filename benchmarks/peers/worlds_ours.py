"""Our side of the recovery benchmark: `mmm fit` on the config of each world. `--variant` turns one default off."""

from __future__ import annotations

import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from world import CHANGE, arguments, emit, planned, read_table

import mmm
import mmm.model.baseline
import mmm.model.parents
from mmm.config import Config
from mmm.errors import DataError, NotConverged
from mmm.finance.economics import unit_economics
from mmm.inference.posterior import Posterior
from mmm.planning.plan import optimize
from mmm.planning.settings import PlanSettings
from mmm.stages.plan import outset
from mmm.stages.prepare import Prepared, prepare

NEARLY = 1e-3

SETTINGS: dict[str, dict[str, Any]] = {
    "no-history": {"history": "none"},
    "no-structural-error": {"structural_error": 0.0},
    "geometric": {"adstock": {"default": "geometric"}},
    "student-t": {"likelihood": "student_t"},
}
"""Variants that a config can ask for: keys of `model`."""


def patched(variant: str) -> AbstractContextManager[Any]:
    """Variants that no setting has: a prior so narrow that the part is gone."""
    if variant == "white-noise":
        return mock.patch.object(mmm.model.parents, "ATANH_RHO", (0.0, NEARLY))
    if variant == "no-trend":
        return mock.patch.dict(mmm.model.baseline.SCALE_PRIORS, {"trend": (np.log(NEARLY), NEARLY)})
    return nullcontext()


def fit(folder: Path, config: Config) -> None:
    """Fit one world and print its line."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        try:
            run = mmm.fit(config, out=Path(out) / "run")
        except (NotConverged, DataError) as error:
            roi, channels = prior_of(config)
            seconds = {"fit": time.perf_counter() - start}
            emit(folder, channels, roi, roi, seconds=seconds, refused=str(error).splitlines()[0])
            return
        seconds = {"fit": time.perf_counter() - start}
        posterior = Posterior.load(run.folder / "posterior.nc")
        told = run.diagnostics
        prepared = prepare(config)
        asked = config.model_copy(update={"plan": task(folder)})
        plans, plan, no_plan = planned(lambda: {"default": default(asked, run.folder)})
        beside, _, _ = planned(lambda: {"free": free(asked, prepared, run.folder)})
    paid = slice(prepared.layout.n_paid)
    emit(
        folder,
        [cell.channel for cell in prepared.panel.cells],
        posterior.flat("roi")[:, paid],
        posterior.flat("mroi")[:, paid],
        seconds={**seconds, "plan": plan},
        attempts=told["attempts"],
        divergences=told["divergences"],
        rhat_max=told["rhat_max"],
        plans={**plans, **beside},
        no_plan=no_plan,
    )


def task(folder: Path) -> PlanSettings:
    """The task as our config says it. The reserve is money beside it: core money is that of the last weeks."""
    table = read_table(folder)
    share = PlanSettings.model_fields["reserve_for_tests"].default
    least, most = f"{1 - CHANGE}x", f"{1 + CHANGE}x"
    return PlanSettings.model_validate(
        {
            "budget": round(float(table.recent[table.spend].to_numpy().sum()) / (1 - share), 2),
            "bounds": [{"channel": channel, "min": least, "max": most} for channel in table.channels],
        }
    )


def default(config: Config, fitted: Path) -> dict[str, float]:
    """Our plan, `mmm plan` on the finished fit: a cell whose return is an assumption moves by four fifths at most."""
    moves = mmm.plan(config, out=fitted).moves()
    cells = moves[moves["level"] == "cell"]
    return dict(zip(cells["channel"], cells["planned_spend"], strict=True))


def free(config: Config, prepared: Prepared, fitted: Path) -> dict[str, float]:
    """The same without that guard: every cell is taken for known."""
    begin = outset(config, prepared, fitted)
    known = ["data"] * len(begin.grades)
    plan = optimize(
        begin.curves, begin.window, unit_economics(config.finance), known, config.plan, begin.baseline
    )
    cells = plan.moves[plan.moves["level"] == "cell"]
    return dict(zip(cells["channel"], cells["planned_spend"], strict=True))


def prior_of(config: Config) -> tuple[Any, list[str]]:
    """Draws of the prior of ROI, shape (draw, channel), which is all that a refused fit leaves; and the channels."""
    prepared = prepare(config)
    layout, n = prepared.layout, prepared.layout.n_paid
    normal = np.random.default_rng(1).standard_normal((20_000, n))
    draws = np.exp(layout.log_roi_mean[:n] + layout.log_roi_sd[:n] * normal)
    return draws, [cell.channel for cell in prepared.panel.cells]


def main() -> None:
    asked = arguments()
    for folder in asked.folders:
        config = mmm.load_config(folder / "config.yaml")
        model = config.model.model_copy(update=SETTINGS.get(asked.variant, {}))
        with patched(asked.variant):
            fit(folder, config.model_copy(update={"model": model}))


if __name__ == "__main__":
    main()
