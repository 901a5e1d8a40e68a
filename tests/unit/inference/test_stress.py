"""Small fits: what they say of a placebo, of a spec that cannot be fitted, and that processes change nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import lognorm

from mmm.inference.specs import Spec, with_placebo
from mmm.inference.stress import THE_FIT, Task, small, stress_table, survival_table, verdict
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings
from mmm.runs.engines import Workers

LOOSE = GateSettings(rhat=2.0, ess=1, divergences=1)
BREAK_EVEN = 2.0


def tables(company, specs, *, jobs=1, break_even=BREAK_EVEN, has_money=True):
    _, layout, fitted = company
    sampling = SamplingSettings(draws=300, tune=200, chains=2, seed=1)
    tasks = [Task(spec, break_even, sampling, LOOSE) for spec in specs]
    return stress_table(
        fitted.posterior,
        layout,
        tasks,
        break_even=break_even,
        has_money=has_money,
        workers=Workers(jobs),
        progress=print,
    )


@pytest.fixture(scope="module")
def two(fitted_company):
    panel = fitted_company.panel
    return [
        Spec("setting", "structural error off", panel, ModelSettings(max_lag=8, structural_error=0.0)),
        Spec("placebo", "tv, 30 weeks later", with_placebo(panel, 0, 30), ModelSettings(max_lag=8)),
    ]


def test_the_first_rows_are_those_of_the_fit_itself(fitted_company):
    table = tables(fitted_company, [])
    roi = fitted_company.fitted.posterior.flat("roi")[:, :3]
    assert set(table["kind"]) == {"fit"}
    assert set(table["spec"]) == {THE_FIT}
    assert table["roi"].to_numpy() == pytest.approx(roi.mean(axis=0))
    assert table["roi_lo"].to_numpy() == pytest.approx(np.quantile(roi, 0.05, axis=0))
    assert table["p_pays"].to_numpy() == pytest.approx((roi > BREAK_EVEN).mean(axis=0))
    layout = fitted_company.layout
    prior = lognorm(s=layout.roi_priors.sigma, scale=layout.roi_priors.median)
    assert table["p_pays_prior"].to_numpy() == pytest.approx(prior.sf(BREAK_EVEN))
    outcome = np.nansum((layout.data.y * layout.data.money)[layout.data.live])
    assert table["share_of_outcome"].to_numpy() * outcome == pytest.approx(
        roi.mean(axis=0) * layout.data.spend[:3]
    )
    assert table["share_of_outcome_prior"].to_numpy() * outcome == pytest.approx(
        prior.mean() * layout.data.spend[:3]
    )


@pytest.mark.slow
def test_two_processes_find_what_one_does(fitted_company, two):
    pd.testing.assert_frame_equal(
        tables(fitted_company, two, jobs=1), tables(fitted_company, two, jobs=2), rtol=1e-9
    )


def test_a_spec_that_cannot_be_fitted_is_named_and_the_others_go_on(fitted_company, two):
    panel = fitted_company.panel
    short = replace(panel, modelled=panel.modelled & (np.arange(len(panel.dates)) < 20))
    table = tables(fitted_company, [Spec("setting", "too short", short, ModelSettings(max_lag=8)), two[0]])
    refused = table[table["refused"] != ""]
    assert refused["spec"].tolist() == ["too short"]
    assert "periods are left to model" in refused["refused"].item()
    assert refused[["channel", "audience", "verdict"]].to_numpy().tolist() == [["", "", ""]]
    assert not refused["changes"].item()
    assert (table["spec"] == "structural error off").sum() == 3


def test_without_money_the_return_is_a_cost_per_outcome_and_no_verdict_is_passed(fitted_company):
    table = tables(fitted_company, [], break_even=None, has_money=False)
    with_money = tables(fitted_company, [])
    assert table[["roi", "roi_lo", "roi_hi", "p_pays"]].isna().all(axis=None)
    assert table["cost_per_outcome"].to_numpy() == pytest.approx(1 / with_money["roi"].to_numpy())
    assert table["cost_per_outcome_lo"].to_numpy() == pytest.approx(1 / with_money["roi_hi"].to_numpy())
    summary = survival_table(table)
    assert set(summary["verdict"]) == set(summary["survives"]) == {""}
    assert summary["value"].to_numpy() == pytest.approx(table["cost_per_outcome"].to_numpy())


@pytest.mark.parametrize(
    ("p", "said"),
    [(0.8, "pays"), (0.79, "open"), (0.21, "open"), (0.2, "does not pay"), (np.nan, "")],
)
def test_a_verdict_needs_four_in_five(p, said):
    assert verdict(p) == said


@pytest.mark.parametrize(
    ("verdicts", "survives"),
    [
        (["pays", "pays", "pays"], "holds"),
        (["open", "open"], "holds"),
        (["pays", "open"], "shifts"),
        (["open", "pays", "does not pay"], "shifts"),
        (["pays", "open", "does not pay"], "turns"),
        (["does not pay", "pays"], "turns"),
    ],
)
def test_a_verdict_survives_where_no_fit_says_otherwise(verdicts, survives):
    rows = [
        {
            "kind": "setting" if i else "fit",
            "spec": f"fit {i}",
            "channel": "tv",
            "audience": "",
            "roi": 3.0 - i,
        }
        | {"verdict": told, "refused": ""}
        for i, told in enumerate(verdicts)
    ]
    rows.append({"kind": "placebo", "spec": "p", "channel": "placebo", "audience": "", "roi": 0.1})
    rows[-1] |= {"verdict": "does not pay", "refused": ""}
    rows.append({"kind": "setting", "spec": "x", "channel": "", "audience": "", "roi": np.nan})
    rows[-1] |= {"verdict": "", "refused": "no"}
    summary = survival_table(pd.DataFrame(rows))
    assert summary[["channel", "verdict", "survives"]].to_numpy().tolist() == [["tv", verdicts[0], survives]]
    assert summary["highest"].item() == 3.0
    assert summary["lowest"].item() == 3.0 - (len(verdicts) - 1)
    assert summary["lowest_spec"].item() == f"fit {len(verdicts) - 1}"


def test_small_fits_are_never_longer_or_stricter_than_the_config_s_own():
    sampling, gates = small(SamplingSettings(), GateSettings())
    assert (sampling.draws, sampling.tune, sampling.chains) == (400, 400, 2)
    assert (gates.rhat, gates.ess, gates.divergences) == (1.05, 100, 0.01)
    own = SamplingSettings(draws=150, tune=100, chains=2, seed=9), LOOSE
    assert small(*own) == own


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_placebo_is_given_less_than_was_believed(make_panel, seed):
    """Its true return is zero, and a prior on log ROI never lets go of all of it."""
    from mmm.inference.fit import fit
    from mmm.model.layout import lay_out

    panel = with_placebo(make_panel(seed, periods=130, organic=False), 0, 50)
    settings = ModelSettings(max_lag=6)
    layout = lay_out(panel, settings, break_even=BREAK_EVEN)
    found = fit(layout, panel.geos, *small(settings.sampling, settings.gates)).posterior.flat("roi")[:, -1]
    assert layout.roi_priors.median[-1] == pytest.approx(BREAK_EVEN)  # so half a chance before the data
    assert np.median(found) < 0.75 * BREAK_EVEN
    assert (found > BREAK_EVEN).mean() < 0.35
