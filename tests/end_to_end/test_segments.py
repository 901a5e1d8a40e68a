"""New and existing customers fitted side by side: from config to page, and what cannot be had of segments."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

NATIONAL = [
    ("  geo: region\n", ""),
    (", population: population", ""),
    ("value: revenue", "value: revenue, segment: customers"),
    ("gross_margin: 0.55", "gross_margin: 0.5, margin_by_segment: {new: 0.35, existing: 0.6}"),
    ("gates: {rhat: 1.2, ess: 30, divergences: 0.05}", "gates: {rhat: 1.5, ess: 10, divergences: 0.2}"),
]


@pytest.fixture(scope="module")
def segmented(small, execute, tmp_path_factory):
    """The small company, its revenue split into new and existing customers in shares that drift."""
    sales = pd.read_csv(small.folder / "sales.csv").groupby("week", as_index=False)["revenue"].sum()
    share = np.linspace(0.3, 0.5, len(sales)) + np.random.default_rng(3).normal(0, 0.01, len(sales))
    parts = [sales.assign(customers=name, revenue=(sales["revenue"] * part).round())
             for name, part in (("new", share), ("existing", 1 - share))]  # fmt: skip
    pd.concat(parts).to_csv(small.folder / "by_customer.csv", index=False)
    config = small.variant("segmented", ("source: sales.csv", "source: by_customer.csv"), *NATIONAL)
    folder = tmp_path_factory.mktemp("segmented") / "acme"
    said = execute("run", config, "--out", folder)
    assert said.code == 0, said.err
    return config, folder


def whole(table):
    return table[table["segment"] == ""]


def part(table, name):
    return table[table["segment"] == name]


def test_returns_of_segments_add_up_to_those_of_the_whole(segmented, read):
    roi = read(segmented[1] / "roi.csv")
    new, existing = (part(roi, name).reset_index(drop=True) for name in ("new", "existing"))
    total = whole(roi).reset_index(drop=True)
    for name in ("contribution", "roi", "mroi"):
        np.testing.assert_allclose(total[name], new[name] + existing[name], rtol=1e-9)
    np.testing.assert_allclose(total["spend"], new["spend"])
    assert (new["p_pays"] == "").all()  # the money is spent for both
    assert 0 <= float(total.loc[total["level"] == "total", "p_pays"].item()) <= 1


def test_every_segment_and_their_sum_tie_to_the_outcome(segmented, small, read):
    rows = read(segmented[1] / "contributions.csv")
    sales = pd.read_csv(small.folder / "by_customer.csv")
    for name in ("new", "existing"):
        told = part(rows, name).groupby("date")["value"].sum()
        actual = sales[sales["customers"] == name].set_index("week")["revenue"]
        np.testing.assert_allclose(told, actual.loc[told.index], rtol=1e-9)
    told = whole(rows).groupby("date")["value"].sum()
    np.testing.assert_allclose(told, sales.groupby("week")["revenue"].sum().loc[told.index], rtol=1e-9)


def test_the_plan_places_the_money_once_for_all_segments(segmented, read):
    plan = read(segmented[1] / "plan.csv")
    assert plan["planned_spend"].sum() == pytest.approx(300_000, abs=0.01)
    summary = json.loads((segmented[1] / "plan.json").read_text())
    assert summary["forecast_lo"] < summary["forecast"] < summary["forecast_hi"]
    fit = read(segmented[1] / "fit.csv")
    recent = whole(fit)["actual"].tail(8).sum()
    assert 0.6 * recent < summary["forecast"] < 1.6 * recent


def test_the_plan_counts_what_a_segment_brings_at_its_own_margin(segmented, read):
    summary = json.loads((segmented[1] / "plan.json").read_text())
    pnl = read(segmented[1] / "pnl.csv")
    margins = {"new": 0.35, "existing": 0.6}
    for mix, prefix in (("plan", ""), ("current", "current_")):
        mine = pnl[(pnl["mix"] == mix) & (pnl["month"] == "") & (pnl["channel"] == "") & (pnl["value"] != "")]
        lines = {name: part(mine, name).set_index("line")["value"].astype(float) for name in ("", *margins)}
        for name, margin in margins.items():
            assert lines[name]["gross_margin"] == pytest.approx(margin * lines[name]["revenue"], abs=0.02)
        for line in ("sales", "returns", "revenue", "goods", "gross_margin"):
            cents = [round(100 * lines[name][line]) for name in ("", *margins)]
            assert cents[0] == sum(cents[1:])
        assert lines[""]["contribution"] == pytest.approx(summary[f"{prefix}profit"], abs=0.03)
        assert lines[""]["revenue"] == pytest.approx(summary[f"{prefix}revenue"], abs=0.01)
    roi = read(segmented[1] / "roi.csv")
    total = {name: part(roi, name).query("level == 'total'").iloc[0] for name in ("", *margins)}
    earned = sum(margin * float(total[name]["contribution"]) for name, margin in margins.items())
    assert float(total[""]["romi"]) == pytest.approx(earned / float(total[""]["spend"]) - 1)


def test_each_segment_keeps_a_posterior_and_diagnostics_of_its_own(segmented):
    told = json.loads((segmented[1] / "diagnostics.json").read_text())
    assert [found["posterior"] for found in told["segments"].values()] == ["posterior-1.nc", "posterior-2.nc"]
    assert all((segmented[1] / found["posterior"]).is_file() for found in told["segments"].values())
    assert told["rhat_max"] == max(found["rhat_max"] for found in told["segments"].values())
    assert np.shape(told["noise_correlation"]) == (2, 2)


def test_the_page_and_the_workbook_say_what_each_segment_brings(segmented):
    from python_calamine import CalamineWorkbook

    page = (segmented[1] / "report.html").read_text(encoding="utf-8")
    assert "By segment" in page
    assert "<strong>existing</strong>" in page
    book = CalamineWorkbook.from_path(str(segmented[1] / "plan.xlsx"))
    rows = book.get_sheet_by_name("Segments").to_python()
    assert {row[0] for row in rows[1:]} == {"new", "existing"}


def test_the_terminal_names_the_segment_of_each_row(segmented, execute, tmp_path):
    config, folder = segmented
    place = shutil.copytree(folder, tmp_path / "acme")
    said = execute("fit", config, "--out", place)
    assert said.code == 0, said.err
    assert "new: tv" in said.out
    assert "existing: total" in said.out
    assert 'segment "new"' in said.out  # where a review is


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ("{new: 0.35}", "no margin of 'existing'; give one for each"),
        ("{new: 0.35, exsting: 0.6}", "exsting"),
        ("{new: 0.2, existing: 0.3}", "segments make 0.2"),
        ("{new: 35, existing: 0.6}", "less than or equal to 1"),
    ],
)
def test_margins_of_segments_that_cannot_be_are_said(segmented, small, execute, margins, said):
    text = segmented[0].read_text().replace("{new: 0.35, existing: 0.6}", margins)
    path = small.folder / "segment-margins.yaml"
    path.write_text(text)
    told = execute("check", path)
    assert said in told.err + told.out


@pytest.mark.parametrize("command", ["stress", "backtest"])
def test_what_is_made_of_one_fit_says_that_segments_have_several(segmented, execute, command, tmp_path):
    said = execute(command, segmented[0], "--out", tmp_path / "none")
    assert said.code == 1
    assert "in segments is not built yet" in said.err


def test_past_tests_of_the_whole_are_refused_beside_segments(segmented, small, execute):
    text = segmented[0].read_text().replace("finance:", "experiments: {source: past.csv}\nfinance:")
    path = small.folder / "segments-and-tests.yaml"
    path.write_text(text)
    said = execute("check", path)
    assert said.code == 1
    assert "`experiments`: its rows are about the whole outcome" in said.err


def test_a_refused_segment_refuses_the_run_by_name(segmented, execute, monkeypatch, tmp_path):
    from mmm.inference import fit as module
    from mmm.inference.diagnostics import Convergence

    sampled = []

    def sample(layout, *_, **__):
        sampled.append(layout)
        never = Convergence(1.5, 3.0, 3.0, "roi[0]", 1.0, 0, 400)
        raise module.Refused("the sampler did not reach the gates", module.Fitted(None, never, {}, 3))

    monkeypatch.setattr(module, "fit", sample)
    said = execute("fit", segmented[0], "--out", tmp_path / "refused")
    assert said.code == 3
    assert 'segment "new": the sampler did not reach the gates' in said.err
    assert len(sampled) == 1
    assert (tmp_path / "refused" / "draft" / "diagnostics.json").is_file()
