"""The outcome split by period ties to the outcome; the baseline goes on as the model says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmm.inference.posterior import Posterior
from mmm.model.forward import saturate
from mmm.response.decomposition import adstock_table, decompose
from mmm.response.returns import returns, roi_table


@pytest.fixture(scope="module", params=["fitted_company", "fitted_regions", "fitted_families"])
def company(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def split(company):
    return decompose(company.fitted.posterior, company.layout, company.panel, seed=1)


def outcome_in_money(company):
    return (company.panel.outcome * company.panel.unit_value)[company.layout.window :].sum(axis=1)


def test_the_components_of_every_date_add_up_to_the_outcome(company, split):
    total = split.contributions.groupby("date")["value"].sum()
    assert (total.index.to_numpy() == company.panel.dates[company.layout.window :]).all()
    np.testing.assert_allclose(total.to_numpy(), outcome_in_money(company), rtol=1e-9)


def test_every_component_of_the_contract_is_there_once_a_date(company, split):
    T = len(company.panel.dates) - company.layout.window
    counts = split.contributions.groupby(["component", "channel", "audience"]).size()
    assert set(counts) == {T}
    assert set(split.contributions["component"]) == {
        "baseline", "trend", "seasonality", "holidays", "event:fair", "control:price", "organic:mail", "media",
        "media_before", "residual",
    }  # fmt: skip
    media = split.contributions[split.contributions["component"] == "media"]
    cells = list(media[["channel", "audience"]].drop_duplicates().itertuples(index=False, name=None))
    assert cells == [("tv", ""), ("search", "brand"), ("search", "generic")]


def test_a_treatment_counts_against_its_baseline_value_and_the_rest_is_baseline(company, split):
    usual = 11.0
    panel = replace(company.panel, treatments={"price": usual})
    found = decompose(company.fitted.posterior, company.layout, panel, seed=1).contributions
    spec, data = company.layout.baseline, company.layout.data
    k = spec.control_names.index("price")
    column = next(i for i, c in enumerate(spec.columns) if c.component == "control:price")
    b = company.fitted.posterior.flat("b")[:, column]
    away = (company.panel.controls[company.layout.window :, :, 0] - usual) / spec.control_sds[k]
    by_draw = b[:, None] * (away * data.money).sum(axis=1)
    rows = found[found["component"] == "control:price"]
    np.testing.assert_allclose(rows["value"], by_draw.mean(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(rows["value_hi"], np.quantile(by_draw, 0.95, axis=0), rtol=1e-9, atol=1e-9)

    def by_date(table, *components):
        return table[table["component"].isin(components)].groupby("date")["value"].sum()

    both = ("baseline", "control:price")
    np.testing.assert_allclose(by_date(found, *both), by_date(split.contributions, *both), rtol=1e-9)
    np.testing.assert_allclose(by_date(found, "media"), by_date(split.contributions, "media"), rtol=1e-12)


def test_media_rows_add_up_to_the_contribution_of_the_table_of_returns(company, split):
    found = returns(company.fitted.posterior, company.layout, company.panel, seed=1)
    table = roi_table(found, 0.5)
    cells = table[table["level"] == "cell"].set_index(["channel", "audience"])["contribution"]
    media = split.contributions[split.contributions["component"] == "media"]
    by_cell = media.groupby(["channel", "audience"])["value"].sum()
    np.testing.assert_allclose(by_cell[cells.index].to_numpy(), cells.to_numpy(), rtol=1e-9)


def test_ranges_hold_their_mean_and_the_residual_has_none(split):
    rows = split.contributions
    spread = rows[rows["component"] != "residual"]
    assert (spread["value_lo"] <= spread["value_hi"]).all()
    assert (spread["value_hi"] - spread["value_lo"]).max() > 1
    residual = rows[rows["component"] == "residual"]
    assert (residual["value_lo"] == residual["value"]).all()
    assert (residual["value_hi"] == residual["value"]).all()


def expected_by_hand(company):
    """Mean over draws of the linear part and of all media, model units; shape (period, geo) each."""
    posterior, layout = company.fitted.posterior, company.layout
    d, L = layout.data, layout.lags
    T, G = d.y.shape
    b, weights = posterior.flat("b"), posterior.weights(layout)
    linear = np.einsum("tgp,dp->tg", d.Z, b) / posterior.draws
    media = np.zeros((posterior.draws, T, G))
    beta = posterior.beta(layout, causal=False)
    for m in range(len(layout.media)):
        s = sum(weights[:, m, k, None, None] * d.x[None, L - k : L - k + T, :, m] for k in range(L + 1))
        half, slope = (posterior.flat(name)[:, m, None, None] for name in ("half", "slope"))
        curve = saturate(d.saturation[m], s, half, slope)
        media += beta[:, m, None, None] * posterior.effect()[:, m][:, None, :] * curve
    return linear, media.mean(axis=0)


def test_the_expected_outcome_is_the_linear_part_plus_media(company):
    # 300 draws are shown: thin the posterior to them, so that both means are over the same draws
    posterior, layout, panel = company.fitted.posterior, company.layout, company.panel
    kept = posterior.tree["posterior"].to_dataset().isel(draw=slice(0, 150))
    stats = posterior.tree["sample_stats"].to_dataset().isel(draw=slice(0, 150))
    thin = Posterior(xr.DataTree.from_dict({"posterior": kept, "sample_stats": stats}))
    company = company._replace(fitted=type("Thin", (), {"posterior": thin}))
    table = decompose(thin, layout, panel, seed=1).fit
    linear, media = expected_by_hand(company)
    expected = (linear + media) * layout.outcome_scale * layout.size
    by_geo = table[table["geo"].isin(panel.geos)] if len(panel.geos) > 1 else table
    assert by_geo["expected"].to_numpy() == pytest.approx(expected.ravel(), rel=1e-9)
    assert by_geo["actual"].to_numpy() == pytest.approx(panel.outcome[layout.window :].ravel(), rel=1e-12)


def test_the_total_of_regions_is_their_sum_but_its_range_is_its_own(fitted_regions):
    company = fitted_regions
    table = decompose(company.fitted.posterior, company.layout, company.panel, seed=1).fit
    regions = table[table["geo"] != ""].groupby("date")
    total = table[table["geo"] == ""].set_index("date")
    for name in ("actual", "expected", "baseline"):
        np.testing.assert_allclose(total[name], regions[name].sum(), rtol=1e-12)
    width = total["expected_hi"] - total["expected_lo"]
    added = (regions["expected_hi"].sum() - regions["expected_lo"].sum()).to_numpy()
    assert (width < added).mean() > 0.9


def test_the_figures_of_the_fit_are_those_of_its_rows(company, split):
    whole = split.fit[split.fit["geo"] == ""].set_index("date")
    live = whole[company.layout.data.live]
    error = live["actual"] - live["expected"]
    assert split.r2 == pytest.approx(
        1 - (error**2).sum() / ((live["actual"] - live["actual"].mean()) ** 2).sum()
    )
    assert split.mape == pytest.approx((error / live["actual"]).abs().mean())
    rows = split.fit if len(company.panel.geos) == 1 else split.fit[split.fit["geo"] != ""]
    rows = rows[rows["date"].isin(live.index)]
    within = (rows["actual"] >= rows["expected_lo"]) & (rows["actual"] <= rows["expected_hi"])
    assert split.coverage_90 == pytest.approx(within.mean())
    assert 0.5 < split.r2 <= 1


def test_the_share_of_the_effect_by_lag_adds_up_to_one(company):
    table = adstock_table(company.fitted.posterior, company.layout, company.panel)
    by_cell = table.groupby(["channel", "audience"])
    np.testing.assert_allclose(by_cell["weight"].sum(), 1.0, rtol=1e-12)
    assert (by_cell.size() == company.layout.lags + 1).all()
    assert (table["weight_lo"] <= table["weight_hi"]).all()
    assert isinstance(table, pd.DataFrame)
