"""The table of returns: totals per draw, grades, and what stays empty when it cannot be known."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.inference.posterior import Posterior
from mmm.model.layout import lay_out
from mmm.model.priors import SIBLING_SD
from mmm.model.settings import ModelSettings
from mmm.response.experiments import INFORMED
from mmm.response.returns import Returns, prior_roi, returns, roi_table, variance_inflation

CELLS = (Cell("tv"), Cell("search", "brand"), Cell("search", "generic"))


@pytest.fixture
def found():
    rng = np.random.default_rng(1)
    draws, geos = 500, ("north", "south")
    spend = np.array([[100.0, 40.0, 0.0], [200.0, 0.0, 160.0]])
    return Returns(
        cells=CELLS,
        geos=geos,
        spend=spend,
        contribution=spend * np.exp(0.5 * rng.normal(size=(draws, 2, 3))) * [2.0, 1.0, 3.0],
        increase=np.exp(0.5 * rng.normal(size=(draws, 3))),
        prior_roi=np.exp(rng.normal(size=(4000, 3))),
        evidence=("data", "data", "prior"),
        sd_ratio=np.array([0.3, 0.4, 0.9]),
        vif=np.ones(3),
        sensitivity=np.array([0.01, 0.02, 0.3]),
        follows_demand=np.zeros(3, dtype=bool),
        narrowed=np.ones(3),
        tests_alone=np.ones(3),
        has_money=True,
    )


def row(table, level, **keys):
    at = table[table["level"] == level]
    for name, value in keys.items():
        at = at[at[name] == value]
    assert len(at) == 1
    return at.iloc[0]


def test_there_is_a_row_for_every_level(found):
    table = roi_table(found, 0.5)
    assert list(table.columns[:4]) == ["level", "channel", "audience", "geo"]
    assert table["level"].value_counts().to_dict() == {
        "cell": 3, "channel": 2, "audience": 2, "geo": 2, "total": 1
    }  # fmt: skip
    together = {name: getattr(found, name).sum(axis=-2, keepdims=True) for name in ("spend", "contribution")}
    national = replace(found, geos=("",), **together)
    assert "geo" not in roi_table(national, 0.5).columns
    assert "geo" not in set(roi_table(national, 0.5)["level"])


def test_messages_have_rows_of_their_own_and_of_what_they_are_together(found):
    cells = (Cell("fb", "new", "price"), Cell("fb", "new", "brand"), Cell("tv", "", "brand"))
    table = roi_table(replace(found, cells=cells), 0.5)
    assert list(table.columns[:5]) == ["level", "channel", "audience", "message", "geo"]
    assert table["level"].value_counts().to_dict() == {
        "cell": 3, "channel": 2, "audience": 1, "message": 2, "branch": 1, "geo": 2, "total": 1
    }  # fmt: skip
    spend = found.spend.sum(axis=0)
    together = row(table, "branch", channel="fb", audience="new", message="")
    assert together["spend"] == pytest.approx(spend[0] + spend[1])
    draws = found.contribution[:, :, [0, 1]].sum(axis=(1, 2))
    assert together["contribution_hi"] == pytest.approx(np.quantile(draws, 0.95))
    assert row(table, "message", message="brand")["spend"] == pytest.approx(spend[1] + spend[2])


@pytest.mark.parametrize(
    ("level", "keys", "members", "geos"),
    [
        ("cell", {"channel": "search", "audience": "brand"}, [1], [0, 1]),
        ("channel", {"channel": "search"}, [1, 2], [0, 1]),
        ("channel", {"channel": "tv"}, [0], [0, 1]),
        ("audience", {"audience": "generic"}, [2], [0, 1]),
        ("geo", {"geo": "south"}, [0, 1, 2], [1]),
        ("total", {}, [0, 1, 2], [0, 1]),
    ],
)
def test_every_row_is_made_of_sums_per_draw(found, level, keys, members, geos):
    got = row(roi_table(found, 0.5), level, **keys)
    draws = found.contribution[:, geos][:, :, members].sum(axis=(1, 2))
    spend = found.spend[geos][:, members].sum()
    assert got["spend"] == pytest.approx(spend)
    assert got["contribution"] == pytest.approx(draws.mean())
    assert got["contribution_lo"] == pytest.approx(np.quantile(draws, 0.05))
    assert got["contribution_hi"] == pytest.approx(np.quantile(draws, 0.95))
    roi = draws / spend
    assert got["roi"] == pytest.approx(roi.mean())
    assert got["roi_median"] == pytest.approx(np.median(roi))
    assert (got["roi_lo"], got["roi_hi"]) == pytest.approx(tuple(np.quantile(roi, [0.05, 0.95])))
    assert got["romi"] == pytest.approx(0.5 * roi.mean() - 1)
    assert got["romi_hi"] == pytest.approx(0.5 * np.quantile(roi, 0.95) - 1)
    assert got["p_pays"] == pytest.approx((roi > 2).mean())
    assert got["share_of_spend"] == pytest.approx(spend / found.spend[geos].sum())
    whole = found.contribution[:, geos].sum(axis=(1, 2)).mean()
    assert got["share_of_contribution"] == pytest.approx(draws.mean() / whole)


def test_cells_count_at_their_own_margins_and_totals_are_sums_per_draw(found):
    margins = np.array([0.4, 0.5, 0.6])
    table = roi_table(found, margins)
    for level, keys, members in (
        ("cell", {"channel": "search", "audience": "brand"}, [1]),
        ("channel", {"channel": "search"}, [1, 2]),
        ("total", {}, [0, 1, 2]),
    ):
        got = row(table, level, **keys)
        gross = found.contribution[:, :, members].sum(axis=1) @ margins[members]
        spend = found.spend[:, members].sum(axis=0)
        assert got["romi"] == pytest.approx(gross.mean() / spend.sum() - 1)
        assert got["p_pays"] == pytest.approx((gross > spend.sum()).mean())
        before = found.prior_roi[:, members] @ (margins[members] * spend / spend.sum())
        assert got["p_pays_prior"] == pytest.approx((before > 1).mean())


def test_the_marginal_return_of_a_group_is_that_of_money_added_in_its_proportions(found):
    got = row(roi_table(found, 0.5), "channel", channel="search")
    draws = (40 * found.increase[:, 1] + 160 * found.increase[:, 2]) / 200
    assert got["mroi"] == pytest.approx(draws.mean())
    assert got["mroi_lo"] == pytest.approx(np.quantile(draws, 0.05))
    prior = (40 * found.prior_roi[:, 1] + 160 * found.prior_roi[:, 2]) / 200
    assert got["p_pays_prior"] == pytest.approx((prior > 2).mean())
    assert np.isnan(row(roi_table(found, 0.5), "geo", geo="north")["mroi"])


def test_ranges_do_not_add_and_means_do(found):
    table = roi_table(found, 0.5)
    cells, total = table[table["level"] == "cell"], row(table, "total")
    assert cells["contribution"].sum() == pytest.approx(total["contribution"])
    assert cells["contribution_lo"].sum() < total["contribution_lo"] - 1
    assert cells["contribution_hi"].sum() > total["contribution_hi"] + 1
    for level in ("channel", "geo"):
        assert table[table["level"] == level]["contribution"].sum() == pytest.approx(total["contribution"])
    assert cells["share_of_spend"].sum() == pytest.approx(1)
    assert cells["share_of_contribution"].sum() == pytest.approx(1)


def test_a_group_is_graded_by_its_weakest_cell(found):
    table = roi_table(found, 0.5)
    assert row(table, "cell", audience="brand")["evidence"] == "data"
    assert row(table, "channel", channel="search")["evidence"] == "prior"
    assert row(table, "total")["evidence"] == "prior"
    tested = replace(found, evidence=("experiment", "experiment", "experiment"))
    assert row(roi_table(tested, 0.5), "total")["evidence"] == "experiment"


def test_without_a_margin_profit_and_the_chance_to_pay_are_empty(found):
    table = roi_table(found, None)
    empty = ["romi", "romi_lo", "romi_hi", "p_pays", "p_pays_prior"]
    assert table[empty].isna().all(axis=None)
    assert table[["roi", "roi_lo", "roi_hi"]].notna().all(axis=None)
    assert "cost_per_outcome" not in table.columns


def test_a_count_without_money_has_costs_instead_of_returns(found):
    table = roi_table(replace(found, has_money=False), 0.5)
    empty = ["roi", "roi_lo", "roi_hi", "roi_median", "mroi", "romi", "p_pays", "p_pays_prior"]
    assert table[empty].isna().all(axis=None)
    tv = row(table, "cell", channel="tv")
    per_money = found.contribution[:, :, 0].sum(axis=1) / 300
    assert tv["cost_per_outcome"] == pytest.approx(1 / per_money.mean())
    assert tv["cost_per_outcome_lo"] == pytest.approx(1 / np.quantile(per_money, 0.95))
    assert tv["cost_per_outcome_hi"] == pytest.approx(1 / np.quantile(per_money, 0.05))
    assert tv["marginal_cost_per_outcome"] == pytest.approx(1 / found.increase[:, 0].mean())
    assert tv["contribution"] == pytest.approx(per_money.mean() * 300)


@pytest.mark.parametrize("which", ["fitted_company", "fitted_regions"])
def test_contribution_is_roi_times_spend_draw_by_draw(which, request):
    panel, layout, fitted = request.getfixturevalue(which)
    found = returns(fitted.posterior, layout, panel, seed=1)
    spend = panel.spend[layout.window :].sum(axis=0)
    roi = fitted.posterior.flat("roi")[:, : len(panel.cells)]
    np.testing.assert_array_equal(found.spend, spend)
    np.testing.assert_allclose(found.contribution.sum(axis=1), roi * spend.sum(axis=0), rtol=1e-12)
    assert (found.contribution >= 0).all()


def test_a_cell_is_graded_by_what_the_data_added_and_by_what_moves_with_it(fitted_company):
    panel, layout, fitted = fitted_company
    found = returns(fitted.posterior, layout, panel, seed=1)
    roi = fitted.posterior.flat("roi")[:, :3]
    ratio = np.log(roi).std(axis=0) / np.log(found.prior_roi).std(axis=0)
    np.testing.assert_allclose(found.sd_ratio, ratio)
    for grade, sd_ratio, vif in zip(found.evidence, found.sd_ratio, found.vif, strict=True):
        assert grade == ("data" if sd_ratio <= INFORMED and vif < 10 else "prior")
    # the same draws under a prior as narrow as the posterior: nothing was learnt
    narrow = replace(layout, log_roi_sd=0.1 * layout.log_roi_sd)
    assert set(returns(fitted.posterior, narrow, panel, seed=1).evidence) == {"prior"}


def test_the_prior_of_roi_has_the_model_s_spread_and_relates_siblings(fitted_company):
    layout = fitted_company.layout
    log_prior = np.log(prior_roi(layout, np.random.default_rng(1))) - layout.log_roi_mean[:3]
    sd = layout.log_roi_sd[0]
    total = np.sqrt(sd**2 + np.array([0, 1, 1]) * SIBLING_SD**2)
    n = len(log_prior)
    np.testing.assert_allclose(log_prior.std(axis=0), total, rtol=5 / np.sqrt(2 * n))
    correlation = np.corrcoef(log_prior.T)
    assert correlation[1, 2] == pytest.approx(sd**2 / (sd**2 + SIBLING_SD**2), abs=5 * 0.1 / np.sqrt(n))
    assert abs(correlation[0, 1]) < 5 / np.sqrt(n)


def test_inflation_is_one_over_what_the_rest_leaves_unexplained(make_panel):
    # audiences that buy alike cannot be told apart; one that buys for itself can
    panel = make_panel(5, cells=(Cell("tv"), Cell("radio"), Cell("search")), organic=False)
    rng = np.random.default_rng(2)
    spend = panel.spend.copy()
    spend[:, :, 1] = 2.0 * spend[:, :, 0] * np.exp(0.05 * rng.normal(size=spend.shape[:2]))
    twin = replace(panel, spend=spend, exposure=spend)
    layout = lay_out(twin, ModelSettings(max_lag=8))
    tv, radio, search = variance_inflation(layout)
    assert min(tv, radio) > 10 > search > 1
    before = variance_inflation(lay_out(panel, ModelSettings(max_lag=8)))
    assert (before < 10).all()


def test_spend_that_follows_demand_is_no_evidence(fitted_company):
    panel, layout, fitted = fitted_company
    sure = np.full_like(fitted.posterior.chains("roi"), 2.0)  # nothing left to learn
    tree = fitted.posterior.tree.copy()
    tree["posterior"] = tree["posterior"].to_dataset().assign(roi=(("chain", "draw", "medium"), sure))
    told = Posterior(tree)
    usual = returns(told, layout, panel, seed=1)
    assert usual.evidence[0] == "data"
    found = returns(told, layout, panel, seed=1, chasing=np.array([True, False, False]))
    assert found.evidence == ("prior", *usual.evidence[1:])
