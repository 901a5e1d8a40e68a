"""The baseline of coming periods: design times b, owned media, and noise that fades and comes anew."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from mmm.inference.posterior import Posterior
from mmm.inference.predict import unexplained
from mmm.model.baseline import design
from mmm.model.forward import saturate
from mmm.response.forecast import forecast_baseline, shocks_shape


@pytest.fixture(scope="module", params=["company", "regions", "families"])
def company(request):
    return request.getfixturevalue(f"fitted_{request.param}")


def changed(posterior, **constants):
    """The posterior with some variables set to a constant."""
    dataset = posterior.tree["posterior"].to_dataset()
    dataset = dataset.assign({name: xr.full_like(dataset[name], value) for name, value in constants.items()})
    return Posterior(
        xr.DataTree.from_dict(
            {"posterior": dataset, "sample_stats": posterior.tree["sample_stats"].to_dataset()}
        )
    )


def baseline_by_hand(company, future):
    """Design times b, and organic, of the coming weeks; shape (draw, period)."""
    posterior, layout, panel = company.fitted.posterior, company.layout, company.panel
    Z = design(
        layout.baseline,
        future.dates,
        controls=future.controls,
        events=future.events,
        holidays=future.holidays,
        inverse_variance=layout.data.inverse_variance,
    )
    unit = layout.outcome_scale * layout.size
    linear = np.einsum("hgp,g,dp->dh", Z, unit, posterior.flat("b"))
    m, L, H = len(panel.cells), layout.lags, len(future.dates)
    series = np.concatenate([panel.organic, future.organic])[:, :, 0] / layout.exposure_scale[:, m]
    weights = posterior.weights(layout)[:, m]
    s = np.zeros((posterior.draws, H, len(panel.geos)))
    for k in range(L + 1):
        s += weights[:, k, None, None] * series[len(panel.dates) - k : len(panel.dates) - k + H]
    half, slope = (posterior.flat(name)[:, m, None, None] for name in ("half", "slope"))
    curve = saturate(layout.data.saturation[m], s, half, slope)
    ceiling = posterior.beta(layout, causal=True)[:, m, None, None] * posterior.effect()[:, m][:, None, :]
    return linear + (curve * ceiling * unit).sum(axis=2)


def unexplained_by_draw(company, at):
    """What neither the linear part nor media explain in one period, in money, shape (draw,)."""
    posterior, layout = company.fitted.posterior, company.layout
    u = unexplained(posterior, layout, np.arange(posterior.draws))
    return u[:, at] @ (layout.outcome_scale * layout.size)


def test_without_noise_the_coming_baseline_is_the_design_times_b_and_owned_media(company, make_future):
    future = make_future(company.panel, 6)
    quiet = changed(company.fitted.posterior, sigma=0.0, rho=0.0)
    found = forecast_baseline(quiet, company.layout, company.panel, future, seed=1)
    np.testing.assert_allclose(found, baseline_by_hand(company, future), rtol=1e-9)


def test_what_was_unexplained_last_fades_as_the_autocorrelation_says(company, make_future):
    future = make_future(company.panel, 6)
    quiet = changed(company.fitted.posterior, sigma=0.0, rho=0.6)
    found = forecast_baseline(quiet, company.layout, company.panel, future, seed=1)
    layout = company.layout
    last = unexplained_by_draw(company, -1).mean()
    carried = (found - baseline_by_hand(company, future)).mean(axis=0)
    assert layout.data.live[-1]
    assert abs(last) > 1
    np.testing.assert_allclose(carried, last * 0.6 ** np.arange(1, 7), rtol=1e-7)


def test_it_has_faded_for_longer_where_the_last_weeks_are_left_out(company, make_future):
    future = make_future(company.panel, 3)
    live = company.layout.data.live.copy()
    live[-8:] = False
    layout = replace(company.layout, data=replace(company.layout.data, live=live))
    quiet = changed(company.fitted.posterior, sigma=0.0, rho=0.9)
    found = forecast_baseline(quiet, layout, company.panel, future, seed=1)
    last = unexplained_by_draw(company, -9).mean()
    carried = (found - baseline_by_hand(company, future)).mean(axis=0)
    np.testing.assert_allclose(carried, last * 0.9 ** np.arange(9, 12), rtol=1e-7)


def test_the_noise_of_the_coming_total_has_the_size_of_the_model(company, make_future):
    future = make_future(company.panel, 40)
    posterior, layout = company.fitted.posterior, company.layout
    noisy = changed(posterior, sigma=0.5, rho=0.0, week_shock=2.0)
    found = forecast_baseline(noisy, layout, company.panel, future, seed=1)
    noise = found - baseline_by_hand(company, future)
    unit = layout.outcome_scale * layout.size
    shared = 4.0 if len(unit) > 1 else 0.0
    variance = 0.25 * ((unit**2 / layout.data.inverse_variance).sum() + shared * unit.sum() ** 2)
    assert noise.size >= 16_000
    assert noise.std() == pytest.approx(np.sqrt(variance), rel=0.03)  # five standard errors
    assert abs(noise.mean()) < 5 * np.sqrt(variance / noise.size)


def test_shocks_that_are_given_are_the_shocks_of_every_draw(company, make_future):
    future = make_future(company.panel, 5)
    posterior, layout = company.fitted.posterior, company.layout
    plain = changed(posterior, sigma=0.5, rho=0.0, week_shock=0.0)
    shape = shocks_shape(plain, layout, future)
    quiet, one = (
        forecast_baseline(plain, layout, company.panel, future, seed=1, shocks=np.full(shape, size))
        for size in (0.0, 1.0)
    )
    unit = layout.outcome_scale * layout.size
    np.testing.assert_allclose(
        one - quiet, 0.5 * np.sqrt((unit**2 / layout.data.inverse_variance).sum()), rtol=1e-7
    )
