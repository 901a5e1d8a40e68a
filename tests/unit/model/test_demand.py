"""An index of demand multiplies what media bring: in the layout, in tables, in the plan's curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.checks import check_panel
from mmm.inference.predict import media_effect
from mmm.model.layout import demand_of, lay_out
from mmm.model.settings import ModelSettings
from mmm.planning.forecast import media_outcome
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import in_units, response
from mmm.response.decomposition import caused_by_spend, decompose, media_terms
from mmm.response.returns import returns

SETTINGS = ModelSettings(max_lag=8)


@pytest.fixture
def panel(make_panel):
    """A small company in two regions whose price column is an index of demand instead."""
    plain = make_panel(geos=("north", "south"))
    rng = np.random.default_rng(4)
    index = 80 * np.exp(0.3 * rng.normal(size=plain.outcome.shape)) * [1.0, 3.0]
    return replace(plain, controls=index[:, :, None], control_names=("searches",), control_roles=("demand",))


def drawn(layout, posterior_at, draws=40):
    """A posterior of made-up draws."""
    rng = np.random.default_rng(1)
    phi = 0.3 * rng.normal(size=(draws, layout.data.n_phi))
    return posterior_at(layout, phi, rng.normal(size=(draws, layout.data.shape[4])))


def test_demand_is_the_index_over_its_mean_in_each_region(panel):
    found = demand_of(panel, panel.controls)
    np.testing.assert_allclose(found[panel.modelled].mean(axis=0), 1.0)
    np.testing.assert_allclose(found, panel.controls[:, :, 0] / panel.controls[:, :, 0].mean(axis=0))
    assert (demand_of(replace(panel, control_roles=("confounder",)), panel.controls) == 1.0).all()


def test_an_index_of_demand_is_a_confounder_too(panel):
    layout = lay_out(panel, SETTINGS)
    column = next(column for column in layout.baseline.columns if column.component == "control:searches")
    assert column.scale == ""  # never shrunk
    np.testing.assert_allclose(layout.data.demand, demand_of(panel, panel.controls)[layout.window :])


def test_what_media_bring_ties_to_their_returns_and_moves_with_demand(panel, posterior_at):
    layout = lay_out(panel, SETTINGS)
    posterior = drawn(layout, posterior_at)
    caused = caused_by_spend(posterior, layout)
    found = returns(posterior, layout, panel, seed=1)
    np.testing.assert_allclose(caused.sum(axis=1), found.contribution.sum(axis=1), rtol=1e-9)
    rows = decompose(posterior, layout, panel, seed=1).contributions
    outcome = (panel.outcome * panel.unit_value)[layout.window :].sum(axis=1)
    np.testing.assert_allclose(rows.groupby("date")["value"].sum(), outcome, rtol=1e-9)
    still = replace(layout, data=replace(layout.data, demand=np.ones_like(layout.data.demand)))
    keep = np.arange(posterior.draws)
    # the ceilings are those of this posterior: only the index differs
    moved = sum(media_terms(posterior, layout, keep))
    plain = sum(media_terms(posterior, still, keep))
    np.testing.assert_allclose(moved, plain * layout.data.demand, rtol=1e-12)
    np.testing.assert_allclose(moved, media_effect(posterior, layout, layout.data.x, keep), rtol=1e-9)


def test_the_plan_knows_the_demand_of_the_window_and_of_the_weeks_after(panel, posterior_at):
    layout = lay_out(panel, SETTINGS)
    media = drawn(layout, posterior_at).media(layout, panel.geos)
    window = plan_window(panel, PlanSettings.model_validate({"horizon": 4, "budget": 1000}))
    plain = window_curves(window, panel, media)
    shape = plain.value.shape
    double = window_curves(window, panel, media, np.full(shape, 2.0))
    money = [0.0, 100.0, 400.0]
    np.testing.assert_allclose(response(double, 0, money), 2 * response(plain, 0, money))
    spend = np.full(len(panel.cells), 50.0)
    np.testing.assert_allclose(media_outcome(double, spend), 2 * media_outcome(plain, spend))
    later = np.ones(shape)
    later[4:] = 0.5  # what carries over meets half the demand
    assert (
        response(window_curves(window, panel, media, later), 0, [400.0]) < response(plain, 0, [400.0])
    ).all()
    np.testing.assert_allclose(response(in_units(double), 0, money), 2 * response(in_units(plain), 0, money))


def test_an_index_that_falls_to_zero_is_refused(panel):
    controls = panel.controls.copy()
    controls[5, 1] = 0.0
    found = check_panel(replace(panel, controls=controls), margin=None, max_lag=8)
    (fault,) = [check for check in found if check.severity == "fail"]
    assert (fault.check, fault.where) == ("controls", "searches")
    assert "above zero" in fault.remedy
    assert f"{panel.dates[5]} south" in fault.rows
