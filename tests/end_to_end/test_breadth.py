"""Beliefs on other things than a return, a channel that may hurt, messages, a study by others: from config to page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

PRIORS = """\
  priors:
    channels:
      tv: {mroi: {median: 1.5, sigma: 0.6}}
      search: {sign: any, roi: {median: 2.0}}
      facebook: {contribution: {share: 0.05}}
"""
STUDIES = """\
id,channel,roi,roi_se,method
mta,facebook,3.0,0.5,attribution
"""


@pytest.fixture(scope="module")
def broad(small, execute, tmp_path_factory):
    """The small company with two messages of one audience, run with all of it."""
    media = pd.read_csv(small.folder / "media.csv")
    share = np.random.default_rng(5).uniform(0.2, 0.8, len(media))
    split = media["channel"] == "facebook"
    parts = []
    for name, part in (("price", share), ("brand", 1.0 - share)):
        rows = media[split].assign(message=name)
        for column in ("spend", "impressions"):
            rows[column] = rows[column] * part[split]
        parts.append(rows)
    table = pd.concat([media[~split].assign(message=""), *parts])
    table.to_csv(small.folder / "messages.csv", index=False)
    (small.folder / "studies.csv").write_text(STUDIES)
    config = small.variant(
        "broad",
        ("source: media.csv,", "source: messages.csv, message: message,"),
        ("  max_lag: 6\n", f"  max_lag: 6\n{PRIORS}"),
        ("finance:", "studies: {source: studies.csv}\nfinance:"),
        ("budget: 300_000}", "budget: 300_000, bounds: [{channel: facebook, message: brand, max: 0.9x}]}"),
    )
    folder = tmp_path_factory.mktemp("broad") / "acme"
    said = execute("run", config, "--out", folder)
    assert said.code == 0, said.err
    return config, folder


def test_returns_have_the_messages_and_what_they_are_together(broad, read):
    roi = read(broad[1] / "roi.csv")
    cells = roi[roi["level"] == "cell"]
    assert set(zip(cells["channel"], cells["message"], strict=True)) == {
        ("tv", ""), ("search", ""), ("facebook", "price"), ("facebook", "brand")
    }  # fmt: skip
    (branch,) = roi[roi["level"] == "branch"].to_dict("records")
    facebook = cells[cells["channel"] == "facebook"]
    assert branch["contribution"] == pytest.approx(facebook["contribution"].sum(), rel=1e-9)
    assert branch["spend"] == pytest.approx(facebook["spend"].sum(), rel=1e-9)


def test_a_channel_that_may_hurt_has_a_range_of_a_normal_before_the_data(broad, read):
    priors = read(broad[1] / "priors.csv")
    told = priors[priors["parameter"] == "roi"].set_index(["channel", "message"])
    # 2 x (1 +- 1.645 x 1.5); the tails of 4000 draws
    assert float(told.loc[("search", ""), "prior_lo"]) == pytest.approx(-2.93, abs=0.3)
    assert float(told.loc[("search", ""), "prior_hi"]) == pytest.approx(6.93, abs=0.3)


def test_the_plan_knows_messages_and_their_limits(broad, read):
    moves = read(broad[1] / "moves.csv")
    brand = moves[moves["message"] == "brand"].iloc[0]
    assert brand["planned_spend"] <= 0.9 * brand["current_spend"] + 0.01  # whole cents
    plan = read(broad[1] / "plan.csv")
    assert {"price", "brand"} <= set(plan["message"])


def test_the_outcome_still_adds_up(broad, small, read):
    rows = read(broad[1] / "contributions.csv")
    outcome = pd.read_csv(small.folder / "sales.csv").groupby("week")["revenue"].sum()
    summed = rows.groupby("date")["value"].sum()
    np.testing.assert_allclose(summed, outcome.loc[summed.index], rtol=1e-9)


def test_a_study_is_beside_the_model_and_no_experiment(broad, read):
    (row,) = read(broad[1] / "experiments.csv").to_dict("records")
    assert (row["id"], row["kind"]) == ("mta", "study")
    assert row["roi"] == pytest.approx(3.0, rel=1e-6)
    assert row["without_roi_lo"] < row["model_roi"] < max(row["without_roi_hi"], row["roi_hi"])
    assert "experiment" not in set(read(broad[1] / "roi.csv")["evidence"])


def test_the_page_says_the_study_and_the_messages(broad, execute):
    page = (broad[1] / "report.html").read_text(encoding="utf-8")
    assert "a study says 3.00" in page
    assert "facebook / prospecting / brand" in page
    said = execute("check", broad[0])
    assert said.code == 0
    assert "its next unit returns" in said.out
    assert "a study (attribution) says 3" in said.out
    assert "facebook" in said.out.split("prior and study", 1)[1].splitlines()[0]
