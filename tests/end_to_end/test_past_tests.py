"""Past tests from a file to the page: told before the fit, narrower and right after it, in every table."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from mmm.simulate.returns import true_returns
from mmm.simulate.tables import experiments_table

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

MAX_LAG = 6
SHARP = 0.05
"""Error of the results, as a share of the true lift."""


@pytest.fixture(scope="module")
def tested(small, execute, tmp_path_factory):
    """The run of the small company with its two past tests, read sharply and without luck."""
    table = experiments_table(small.company)
    truth = np.array([readout.true_lift for readout in small.company.truth.readouts])
    table["lift"], table["lift_se"] = truth, SHARP * np.abs(truth)
    table.to_csv(small.folder / "tests.csv", index=False)
    # the second fit has half the draws: 100 a chain leave a ratio of 1.34 on either side of the grade's 1.2
    config = small.variant(
        "tested", ("finance:", "experiments: {source: tests.csv}\nfinance:"), ("draws: 200", "draws: 600")
    )
    folder = tmp_path_factory.mktemp("tested") / "acme"
    said = execute("run", config, "--out", folder)
    assert said.code == 0, said.err
    return config, folder, table


@pytest.fixture(scope="module")
def cells(tested, finished, read):
    """Returns by cell with and without the tests, and the true return of the same weeks."""

    def of(folder):
        roi = read(folder / "roi.csv")
        return roi[roi["level"] == "cell"].set_index(["channel", "audience"])

    company = finished.small.company
    start = company.shown.start + MAX_LAG
    truths = true_returns(company.world, company.cells, company.exposure, company.spend, start)
    return of(tested[1]), of(finished.folder), {(t.cell.channel, t.cell.audience): t.roi for t in truths}


TESTED = (("facebook", "prospecting"), ("search", "generic"))


@pytest.mark.parametrize("cell", TESTED, ids=lambda cell: cell[0])
def test_a_sharp_test_narrows_the_return_of_its_cell_around_the_truth(cells, cell):
    with_tests, without, truth = cells

    def spread(table):
        return np.log(float(table.loc[cell, "roi_hi"]) / float(table.loc[cell, "roi_lo"]))

    assert spread(with_tests) < spread(without)
    assert float(with_tests.loc[cell, "roi_lo"]) < truth[cell] < float(with_tests.loc[cell, "roi_hi"])
    assert with_tests.loc[cell, "evidence"] == "experiment"


def test_what_was_not_tested_is_not_called_so(cells):
    with_tests, without, _ = cells
    assert with_tests.loc[("tv", ""), "evidence"] != "experiment"
    assert "experiment" not in set(without["evidence"])


def test_the_table_of_tests_says_what_the_file_said_and_what_the_model_makes_of_it(tested, read):
    _, folder, given = tested
    found = read(folder / "experiments.csv")
    assert found["id"].tolist() == given["id"].tolist()
    np.testing.assert_allclose(found["lift"], given["lift"], rtol=1e-9)
    np.testing.assert_allclose(found["roi"], given["lift"] / given["spend_change"], rtol=1e-9)
    truth = given["lift"].to_numpy()
    assert ((found["model_lift_lo"] < truth) & (truth < found["model_lift_hi"])).all()
    assert (
        found["model_lift_hi"] - found["model_lift_lo"] < found["without_lift_hi"] - found["without_lift_lo"]
    ).all()
    assert found["weight"].between(0, 1).all()
    assert found["tail_probability"].between(0, 1).all()
    assert not found["conflict"].astype(bool).any()  # the results are the truth


def test_the_outcome_still_adds_up_and_what_was_taken_out_is_named(tested, finished, read):
    _, folder, given = tested
    rows = read(folder / "contributions.csv")
    outcome = pd.read_csv(finished.small.folder / "sales.csv").groupby("week")["revenue"].sum()
    summed = rows.groupby("date")["value"].sum()
    np.testing.assert_allclose(summed, outcome.loc[summed.index], rtol=1e-9)
    assert {f"experiment:{name}" for name in given["id"]} <= set(rows["component"])


def test_check_says_each_test_in_a_sentence(tested, execute):
    said = execute("check", tested[0])
    assert said.code == 0
    assert len(re.findall(r"more spend brought .* back per unit spent", said.out)) == 1
    assert len(re.findall(r"less spend brought .* lost per unit not spent", said.out)) == 1


def test_the_page_and_the_manifest_have_them(tested):
    _, folder, given = tested
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "What past tests say" in page
    assert all(page.count(name) >= 2 for name in given["id"])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "experiments.csv" in manifest["artefacts"]
    assert any(path.endswith("tests.csv") for path in manifest["inputs"])


def test_a_result_that_contradicts_everything_is_a_marked_disagreement(
    small, execute, tested, tmp_path, read
):
    table = tested[2].iloc[[0]].assign(lift=lambda t: 40 * t["lift"], lift_se=lambda t: 20 * t["lift_se"])
    table.to_csv(small.folder / "odd.csv", index=False)
    config = small.variant("odd", ("finance:", "experiments: {source: odd.csv}\nfinance:"))
    said = execute("fit", config, "--out", tmp_path / "odd")
    assert said.code == 0, said.err
    assert "DISAGREE" in said.out
    (row,) = read(tmp_path / "odd" / "experiments.csv").to_dict("records")
    assert (row["conflict"], row["widened"], row["settled"]) == (True, True, "")
    said = execute("fit", config, "--strict", "--out", tmp_path / "odd")  # the fit is there already
    assert said.code == 3
    assert f"{row['id']}: the past test contradicts the rest" in said.err
