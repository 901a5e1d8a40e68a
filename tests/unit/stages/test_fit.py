"""What a fit does with a past test that contradicts the rest, whatever the sampler finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mmm.data.experiments import Experiment
from mmm.errors import Contradiction
from mmm.finance.economics import Economics
from mmm.model.layout import lay_out
from mmm.model.settings import ModelSettings
from mmm.response.experiments import Tails
from mmm.stages import fit as stage

SETTINGS = ModelSettings(max_lag=8)


def past_test(panel, settled=""):
    bau = 0.5 * panel.exposure[20:24][:, :, [0]]
    day = panel.dates[20]
    return Experiment(
        "t", day, day + 27, 2, 50.0, 9.0, (0,), (0,), 20, 24, 26, bau, 600.0, 200.0, False, settled=settled
    )


@pytest.fixture
def run(make_panel, monkeypatch, tmp_path):
    """Runs the stage on a sampler that notes its layouts; gives them and the layout that the tables are made of."""

    def run(tail: float, settled: str = ""):
        panel = make_panel()
        layout = lay_out(panel, SETTINGS, experiments=[past_test(panel, settled)])
        seen, shown = [], []

        def sample(layout, *_, **__):
            seen.append(layout)
            convergence = SimpleNamespace(
                rhat_max=1.0, ess_bulk_min=1.0, ess_tail_min=1.0, divergences=0.0, draws=1
            )
            posterior = SimpleNamespace(save=lambda path: None)
            return SimpleNamespace(posterior=posterior, convergence=convergence, seconds={}, attempts=1)

        def table(posterior, rest, layout, panel, tails):
            shown.append((layout, tails))
            return pd.DataFrame([{"id": "t", "conflict": bool(tails.contradicts[0]), "settled": settled,
                                  "widened": layout.experiments[0].widened}])  # fmt: skip

        kept = SimpleNamespace(curves_only=lambda most: posterior_to_save)
        posterior_to_save = SimpleNamespace(save=lambda path: None)
        rest = SimpleNamespace(posterior=kept, rhat=None, pareto_k=0.1, seconds=0.0)
        left = SimpleNamespace(autocorrelation={}, coverage_90=0.9)
        split = SimpleNamespace(
            contributions=pd.DataFrame(), fit=pd.DataFrame(), negative_baseline=np.zeros(1), r2=1.0, mape=0.0,
            coverage_90=0.9,
        )  # fmt: skip
        monkeypatch.setattr(stage, "write_known", lambda *_: None)
        monkeypatch.setattr("mmm.inference.fit.fit", sample)
        monkeypatch.setattr("mmm.inference.untested.without_tests", lambda *_, **__: rest)
        monkeypatch.setattr(stage, "compare", lambda *_: Tails(np.array([tail]), np.array([tail])))
        monkeypatch.setattr(stage, "residuals", lambda *_: left)
        monkeypatch.setattr(stage, "decompose", lambda *_, **__: split)
        monkeypatch.setattr(stage, "experiments_table", table)
        found = SimpleNamespace(sensitivity=None)
        monkeypatch.setattr(stage, "returns", lambda *_, **__: found)
        for name in ("is_chasing", "review_fit"):
            monkeypatch.setattr(stage, name, lambda *_, **__: None)
        tables = ("roi_table", "adstock_table", "beliefs_table", "evidence_table")
        for name in (*tables, "checks_frame", "hidden_driver_table"):
            monkeypatch.setattr(stage, name, lambda *_, **__: pd.DataFrame())
        config = SimpleNamespace(model=SETTINGS, finance=SimpleNamespace(gross_margin=None))
        monkeypatch.setattr(stage, "unit_economics", lambda _: Economics(None))
        folder = tmp_path / f"{tail}{settled}"
        folder.mkdir()
        stage.write_fit(folder, config, SimpleNamespace(panel=panel, layout=layout), None, lambda _: None)
        return seen, shown[0], folder

    return run


def test_a_test_that_agrees_is_fitted_once_with_its_own_noise(run):
    (layout,), (shown, _), folder = run(0.5)
    assert shown is layout
    assert not layout.experiments[0].widened
    stage.refuse_contradictions(folder)  # nothing to refuse


def test_a_contradiction_that_nobody_settled_is_fitted_again_with_twice_its_transport_noise(run):
    (first, second), (shown, tails), folder = run(0.001)
    assert shown is second
    assert tails.contradicts.all()
    before, after = (np.sqrt(found.data.lifts[0].sd ** 2 - 200.0**2) for found in (first, second))
    assert after == pytest.approx(2 * before)
    with pytest.raises(Contradiction, match="t: the past test contradicts"):
        stage.refuse_contradictions(folder)
    (doubted,) = stage.as_fitted(first.experiments, folder)
    assert doubted == replace(first.experiments[0], widened=True)


def test_a_contradiction_that_was_settled_is_fitted_once_and_never_refused(run):
    (layout,), (shown, _), folder = run(0.001, settled="kept")
    assert shown is layout
    stage.refuse_contradictions(folder)


def test_a_run_without_past_tests_has_nothing_to_refuse(tmp_path: Path):
    stage.refuse_contradictions(tmp_path)
    assert stage.as_fitted((), tmp_path) == ()
