"""Each family of carry-over and saturation finds its own truth: returns, and the shape of the effect over time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.inference.fit import fit
from mmm.model.layout import lay_out
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

CELLS = (Cell("tv"), Cell("search"))
SAMPLING = SamplingSettings(draws=500, tune=400, chains=2, seed=1)
GATES = GateSettings(rhat=1.05, ess=100, divergences=0.01)
LAG = np.arange(9.0)

pytestmark = pytest.mark.slow

TRUTHS = {
    ("delayed", "logistic"): (0.75 ** ((LAG - 3) ** 2), lambda s: np.tanh(s / 120)),
    ("weibull_survival", "power"): (np.exp(-((LAG / 2.2) ** 1.8)), lambda s: 0.1 * np.sqrt(s)),
    ("weibull_density", "michaelis_menten"): (
        ((LAG + 0.5) / 3) ** 0.7 * np.exp(-(((LAG + 0.5) / 3) ** 1.7)),
        lambda s: s / (s + 60),
    ),
}
"""Weights up to a factor, and share of the ceiling at adstocked money."""


@pytest.mark.parametrize("family", TRUTHS, ids=" and ".join)
def test_a_family_finds_the_truth_it_can_express(family, make_panel):
    weights, share = TRUTHS[family]
    weights = weights / weights.sum()
    panel = make_panel(6, periods=156, cells=CELLS, organic=False, noise=10.0)
    rng = np.random.default_rng(6)
    settings = ModelSettings.model_validate(
        {"adstock": family[0], "saturation": family[1], "max_lag": 8, "structural_error": 0.0}
    )
    spend = panel.spend[:, 0]
    before = spend.copy()
    before[8:] = 0.0

    def effect(money):
        stock = np.stack([np.convolve(money[:, i], weights)[: len(money)] for i in range(2)], axis=1)
        return 150.0 * share(stock)

    week = np.arange(156)
    outcome = 900 + 60 * np.sin(2 * np.pi * week / 52) + 10 * rng.normal(size=156) + effect(spend).sum(axis=1)
    layout = lay_out(replace(panel, outcome=outcome[:, None]), settings)
    assert layout.window == 8
    found = fit(layout, panel.geos, SAMPLING, GATES).posterior
    truth = (effect(spend) - effect(before))[8:].sum(axis=0) / spend[8:].sum(axis=0)
    low, high = np.quantile(found.flat("roi"), [0.01, 0.99], axis=0)
    assert (low <= truth).all()
    assert (truth <= high).all()
    assert (high / low < 3).all()
    mean = found.weights(layout).mean(axis=0)
    assert np.abs(mean - weights).sum(axis=1).max() < 0.3
