"""An outcome of either sign, with leads fitted beside it: from config to page."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def beside(small, execute, tmp_path_factory):
    """The small company by its profit before media, below zero in every fourth week, and its leads."""
    sales = pd.read_csv(small.folder / "sales.csv").groupby("week", as_index=False)["revenue"].sum()
    sales["profit"] = sales["revenue"] - sales["revenue"].quantile(0.25)
    sales["leads"] = (
        sales["revenue"] / 2000 * np.random.default_rng(2).uniform(0.9, 1.1, len(sales))
    ).round()
    sales.to_csv(small.folder / "profit.csv", index=False)
    config = small.variant(
        "beside",
        ("source: sales.csv, value: revenue, population: population}", "source: profit.csv, value: profit}"),
        ("  geo: region\n", ""),
        ("  media:", "  other_outcomes: {leads: {source: profit.csv, value: leads, kind: count}}\n  media:"),
        ("gross_margin: 0.55", "gross_margin: 1"),
        ("gates: {rhat: 1.2, ess: 30, divergences: 0.05}", "gates: {rhat: 1.5, ess: 10, divergences: 0.2}"),
    )
    folder = tmp_path_factory.mktemp("beside") / "acme"
    said = execute("run", config, "--out", folder)
    assert said.code == 0, said.err
    return config, folder


def test_an_outcome_of_either_sign_is_decomposed_and_planned(beside, small, read):
    rows = read(beside[1] / "contributions.csv")
    outcome = pd.read_csv(small.folder / "profit.csv").set_index("week")["profit"]
    assert (outcome < 0).sum() >= 15
    summed = rows.groupby("date")["value"].sum()
    np.testing.assert_allclose(summed, outcome.loc[summed.index], rtol=1e-9, atol=1e-3)
    told = json.loads((beside[1] / "diagnostics.json").read_text())
    assert told["mape"] is None
    reviews = read(beside[1] / "reviews.csv").set_index("check")
    assert reviews.loc["negative baseline", "severity"] == "pass"
    checks = read(beside[1] / "checks.csv").set_index("check")
    assert "either sign" in checks.loc["negative outcome", "value"].iloc[0]
    moves = read(beside[1] / "moves.csv")
    assert moves.loc[moves["level"] == "total", "planned_spend"].item() == pytest.approx(300_000, abs=0.01)


def test_leads_have_returns_in_units_and_tie_to_their_column(beside, small, read):
    roi = read(beside[1] / "other_roi.csv")
    assert set(roi["outcome_name"]) == {"leads"}
    total = roi[roi["level"] == "total"].iloc[0]
    assert total["cost_per_outcome"] == pytest.approx(total["spend"] / total["contribution"], rel=1e-6)
    assert (roi["roi"] == "").all()
    rows = read(beside[1] / "other_contributions.csv").groupby("date")["value"].sum()
    leads = pd.read_csv(small.folder / "profit.csv").set_index("week")["leads"]
    np.testing.assert_allclose(rows, leads.loc[rows.index], rtol=1e-9)
    assert set(json.loads((beside[1] / "other_outcomes.json").read_text())) == {"leads"}


def test_nothing_of_the_plan_is_about_leads(beside, read):
    for name in ("roi", "contributions", "fit"):
        assert "outcome_name" not in read(beside[1] / f"{name}.csv")
    page = (beside[1] / "report.html").read_text(encoding="utf-8")
    assert "Other outcomes" in page
    assert "no money is planned on them" in page


def test_what_the_checks_of_leads_find_is_said_of_leads(beside, read):
    checks = read(beside[1] / "checks.csv")
    leads = checks[checks["where"].str.contains('outcome "leads"')]
    assert "prior return" in set(leads["check"])
    assert leads.loc[leads["check"] == "prior return", "value"].str.contains("costs").all()


def test_the_terminal_shows_leads_under_their_name_and_fits_nothing_twice(
    beside, execute, tmp_path, no_sampling
):
    place = shutil.copytree(beside[1], tmp_path / "acme")
    said = execute("fit", beside[0], "--out", place)
    assert said.code == 0, said.err
    assert "Beside it, leads:" in said.out
    assert "cost per outcome" in said.out
    assert no_sampling == []


def test_a_fault_of_a_further_outcome_names_it(beside, small, execute):
    text = beside[0].read_text().replace("value: leads,", "value: lead_count,")
    path = small.folder / "no-such-leads.yaml"
    path.write_text(text)
    said = execute("check", path)
    assert said.code == 1
    assert 'outcome "leads"' in said.err
    assert "lead_count" in said.err
