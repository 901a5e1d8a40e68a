"""The bundled company from three seeds: does the fit find the truth, and does its structure pay?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import mmm.model.parents
from mmm.config import load_config
from mmm.inference import diagnostics
from mmm.inference.fit import fit
from mmm.model.layout import lay_out
from mmm.model.settings import GateSettings, SamplingSettings
from mmm.simulate.company import CONDITIONED
from mmm.simulate.write import write_demo
from mmm.stages.prepare import prepare

SEEDS = (101, 102, 103)
SAMPLING = SamplingSettings(draws=500, tune=400, chains=2, seed=1)
GATES = GateSettings(rhat=1.05, ess=100, divergences=0.01)
OPEN = GateSettings(rhat=10, ess=1, divergences=1)
"""For the rival: a model that does not fit may mix badly, and a longer run would not make it fit."""
LEVEL = 0.90
CONFIG = Path(__file__).parents[2] / "configs" / "demo.yaml"


@dataclass(frozen=True)
class Recovered:
    """Truth and 90 % interval of log ROI by cell, ours and the plain rival's."""

    truth: np.ndarray
    ours: np.ndarray
    rival_truth: np.ndarray
    rival: np.ndarray


def interval_score(truth, lo, hi):
    """Width, and the miss times 2 / (1 - level) where the truth is outside (Gneiting and Raftery 2007)."""
    miss = np.maximum(lo - truth, 0) + np.maximum(truth - hi, 0)
    return hi - lo + 2 / (1 - LEVEL) * miss


def log_roi_interval(config, panel, history, gates):
    settings = config.model.model_copy(update={"history": history})
    layout = lay_out(panel, settings, break_even=1 / config.finance.gross_margin)
    found = fit(layout, panel.geos, SAMPLING, gates).posterior
    draws = np.log(found.flat("roi")[:, : layout.n_paid])
    return layout.window, np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)


def recover(seed: int, folder: Path) -> Recovered:
    """Fit one company twice: with the defaults, and with white noise and a history of zeros."""
    company = write_demo(folder / "data", seed)
    file = folder / "demo.yaml"
    file.write_text(CONFIG.read_text(encoding="utf-8").replace("../data/demo", "data"), encoding="utf-8")
    config = load_config(file)
    panel = prepare(config).panel
    of_cell = {truth.cell: i for i, truth in enumerate(company.truth.conditioned)}
    order = [of_cell[cell] for cell in panel.cells]
    window, ours = log_roi_interval(config, panel, "unknown", GATES)
    assert window == CONDITIONED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmm.model.parents, "ATANH_RHO", (0.0, 1e-6))
        patch.setattr(diagnostics, "NUISANCE_RHAT", 10.0)
        window, rival = log_roi_interval(config, panel, "none", OPEN)
    assert window == 0
    truth, rival_truth = (
        np.log([truths[i].roi for i in order]) for truths in (company.truth.conditioned, company.truth.whole)
    )
    return Recovered(truth, ours, rival_truth, rival)


@pytest.fixture(scope="module")
def pooled(tmp_path_factory):
    found = [recover(seed, tmp_path_factory.mktemp(f"seed-{seed}")) for seed in SEEDS]
    return Recovered(
        *(
            np.concatenate([getattr(one, name) for one in found], axis=-1)
            for name in ("truth", "ours", "rival_truth", "rival")
        )
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_at_least_22_of_30_true_returns_lie_in_their_interval(pooled):
    lo, hi = pooled.ours
    assert pooled.truth.shape == (30,)
    assert ((lo <= pooled.truth) & (pooled.truth <= hi)).sum() >= 22


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_structure_beats_white_noise_with_a_history_of_zeros(pooled):
    ours = interval_score(pooled.truth, *pooled.ours).mean()
    rival = interval_score(pooled.rival_truth, *pooled.rival).mean()
    assert ours < rival


def test_the_interval_score_is_the_width_and_twenty_times_the_miss():
    lo, hi = np.array([0.0, 0.0, 0.0]), np.array([2.0, 2.0, 2.0])
    np.testing.assert_allclose(interval_score(np.array([1.0, 2.1, -0.2]), lo, hi), [2.0, 4.0, 6.0])
