"""A fit's draws weighted by a result that it has not seen, against closed forms, dense algebra and a real refit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from mmm.data.experiments import Experiment
from mmm.inference.fit import fit
from mmm.inference.preview import Preview, given_up, preview, smoothed
from mmm.model.calibration import Lift, Part
from mmm.model.kernel import marginal
from mmm.model.layout import lay_out
from mmm.model.pack import pack, with_column
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

NORMAL = 1e12
"""Degrees of freedom at which a Student t is a normal."""
SETTINGS = ModelSettings(max_lag=8)


def test_weighted_normal_draws_are_the_conjugate_posterior():
    # before N(3, 2^2); the test says 5 with sd 1.5: precision 1/4 + 1/2.25
    draws = 3.0 + 2.0 * norm.ppf((np.arange(8000) + 0.5) / 8000)
    weights, k = smoothed(norm.logpdf(5.0, draws, 1.5))
    variance = 1 / (1 / 4 + 1 / 2.25)
    mean = variance * (3 / 4 + 5 / 2.25)
    assert k < 0.7
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ draws == pytest.approx(mean, abs=0.01)
    assert np.sqrt(weights @ (draws - mean) ** 2) == pytest.approx(np.sqrt(variance), rel=0.01)


def test_a_result_far_from_all_draws_asks_for_a_refit():
    draws = np.random.default_rng(1).normal(size=1000)
    weights, k = smoothed(norm.logpdf(9.0, draws, 0.2))
    assert not Preview(None, None, k, 1 / np.sum(weights**2)).holds


@pytest.fixture(params=["fitted_company", "fitted_regions", "fitted_families"])
def fitted(request):
    return request.getfixturevalue(request.param)


def test_the_parameters_of_the_draws_are_what_they_were_made_of(fitted, posterior_at):
    layout = replace(fitted.layout, data=replace(fitted.layout.data, lifts=()))
    rng = np.random.default_rng(3)
    phi = 0.3 * rng.normal(size=(5, layout.data.n_phi))
    found = posterior_at(layout, phi, np.zeros((5, layout.data.Z.shape[2]))).panel_parameters(layout)
    assert found.shape == phi.shape
    packed, nothing = pack(layout.data), np.zeros(0)
    for was, back in zip(
        phi, found, strict=True
    ):  # where a family has no timing phi is free, the density is not
        assert marginal(back, packed, nothing)[0] == pytest.approx(
            marginal(was, packed, nothing)[0], rel=1e-9
        )


@pytest.mark.parametrize("name", ["fitted_company", "fitted_regions"])
def test_a_column_more_is_the_integral_over_its_coefficient(name, request):
    _, layout, fitted = request.getfixturevalue(name)
    rows = np.zeros(layout.data.y.shape)
    rows[20:26, 0] = 1.0
    sd = 0.8
    data = replace(layout.data, lifts=())
    point = fitted.posterior.panel_parameters(layout)[7]
    nodes, weights = np.polynomial.hermite_e.hermegauss(81)
    logs = [marginal(point, pack(replace(data, y=data.y - sd * z * rows)), np.zeros(0))[0] for z in nodes]
    expected = np.log(np.sum(weights * np.exp(np.array(logs) - max(logs))) / np.sqrt(2 * np.pi)) + max(logs)
    found = marginal(point, pack(with_column(data, rows, sd)), np.zeros(0))[0]
    assert found == pytest.approx(expected, abs=1e-6)
    alone = marginal(point, pack(data), np.zeros(0))[0]
    some = fitted.posterior.taken(np.array([7]))
    wide = marginal(point, pack(with_column(data, rows, 10.0)), np.zeros(0))[0]
    assert given_up(some, layout, rows) == pytest.approx(wide - alone)


def halved(panel, layout, posterior, share):
    """A test that halved tv for four weeks in the first region, read sharply at the middle of what was expected."""
    bau = 2.0 * panel.exposure[28:32, :1, :1]
    day = panel.dates[28]
    found = Experiment(
        "t", day, day + 27, 2, -float(bau.sum() / 2), 30.0, (0,), (0,), 28, 32, 34, bau, 1.0, 1.0,
        len(panel.geos) > 1,
    )  # fmt: skip
    lift = lay_out(panel, SETTINGS, break_even=2.0, experiments=[found]).data.lifts[0]
    expected = posterior.lifts(replace(layout, data=replace(layout.data, lifts=(lift,))))[:, 0]
    measured = float(np.quantile(expected, 0.8))
    return replace(found, lift=measured, lift_se=share * float(expected.std()))


@pytest.mark.slow
@pytest.mark.parametrize("geos", [("",), ("north", "south", "west")], ids=["national", "regions"])
def test_a_preview_is_what_a_refit_says(geos, make_panel):
    panel = make_panel(4, geos=geos)
    layout = lay_out(panel, SETTINGS, break_even=2.0)
    sampling = SamplingSettings(draws=1000, tune=400, chains=2, seed=1)
    gates = GateSettings(rhat=1.1, ess=50, divergences=0.1)
    before = fit(layout, panel.geos, sampling, gates).posterior
    found = halved(panel, layout, before, 0.7)
    beside = lay_out(panel, SETTINGS, break_even=2.0, experiments=[found])
    lift = beside.data.lifts[0]
    factor = layout.outcome_scale / beside.outcome_scale
    lift = replace(lift, parts=tuple(replace(part, heads=part.heads * factor) for part in lift.parts))
    rows = np.zeros(layout.data.y.shape)
    rows[found.first - layout.window : found.last - layout.window, 0] = 1.0
    seen = preview(before, layout, lift, rows if found.within else None, np.random.default_rng(1))
    assert seen.holds
    after = fit(beside, panel.geos, sampling, gates).posterior
    log_roi = [np.log(p.flat("roi")[:, 0]) for p in (before, seen.after, after)]
    was, foretold, said = log_roi
    error = said.std() * np.sqrt(1 / seen.effective + 1 / 300)
    assert abs(foretold.mean() - said.mean()) < 3 * error
    assert foretold.std() == pytest.approx(said.std(), rel=0.25)
    assert abs(was.mean() - said.mean()) > abs(foretold.mean() - said.mean())


def test_a_vague_result_changes_nothing(fitted_regions):
    _, layout, fitted = fitted_regions
    part = Part(0, 0, layout.size[0] * layout.outcome_scale, 0.5 * layout.data.x[20 : 26 + layout.lags, 0, 0])
    seen = preview(
        fitted.posterior, layout, Lift(20, 6, 0.0, 1e12, NORMAL, (part,)), None, np.random.default_rng(2)
    )
    assert seen.holds
    assert seen.effective == pytest.approx(seen.before.draws, rel=1e-6)
    np.testing.assert_array_equal(seen.after.flat("roi"), seen.before.flat("roi"))
