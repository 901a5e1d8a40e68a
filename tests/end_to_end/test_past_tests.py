"""Past tests from a file to the page: told before the fit, narrower and right after it, in every table."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.simulate.returns import true_returns
from mmm.simulate.tables import experiments_table

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

MAX_LAG = 6
CORE = 270_000.0
"""Budget of the small company less a tenth for tests."""
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


def test_what_the_tests_changed_is_told_without_them_and_with_them(tested, read):
    _, folder, given = tested
    found = read(folder / "learned.csv").set_index(["level", "channel"])
    ids = dict(zip(given["channel"], given["id"], strict=True))
    roi = read(folder / "roi.csv")
    roi = roi[roi["level"] == "cell"].set_index("channel")
    for channel in ("tv", "search", "facebook"):
        row = found.loc[("cell", channel)]
        assert row["tests"] == ids.get(channel, "")
        assert float(row["roi_with"]) == pytest.approx(float(roi.loc[channel, "roi"]))
        assert row["evidence_with"] == roi.loc[channel, "evidence"]
        assert row["evidence_without"] != "experiment"
        spans = [float(row[f"roi_{w}_hi"]) - float(row[f"roi_{w}_lo"]) for w in ("without", "with")]
        assert not ids.get(channel) or spans[1] < spans[0]
    total = found.loc[("total", "")]
    spend = [found.loc["cell", f"spend_{whose}"].astype(float) for whose in ("without", "with")]
    assert [part.sum() for part in spend] == pytest.approx([CORE] * 2, abs=0.01)
    assert float(total["moved"]) == pytest.approx((spend[1] - spend[0]).abs().sum() / 2)
    assert "What past tests changed" in (folder / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def proposed(tested, execute, tmp_path_factory):
    """The same run, asked what to do after its tests; a copy, in a folder of its own."""
    config, folder, _ = tested
    place = tmp_path_factory.mktemp("proposed")
    copy = shutil.copytree(folder, place / "acme")
    with contextlib.chdir(place):
        said = execute("tests", "rollout", config, "--out", copy)
    assert said.code == 0, said.err
    return place, copy, said


def test_every_test_is_proposed_with_a_page_a_part_of_the_report_and_tables_that_agree(
    tested, proposed, read
):
    given, (_, folder, said) = tested[2], proposed
    table, actions = read(folder / "rollout.csv"), read(folder / "rollout_actions.csv")
    moves, steps = read(folder / "rollout_moves.csv"), read(folder / "rollout_steps.csv")
    assert table["id"].tolist() == given["id"].tolist()
    page = (Path(__file__).parents[2] / "docs" / "rollout.md").read_text("utf-8")
    told = set(re.findall(r"\w+", page)) | {"channel", "audience"}
    for found in (table, actions, moves, steps):
        assert {name.removesuffix("_lo").removesuffix("_hi") for name in found.columns} <= told
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))["artefacts"]
    report = (folder / "report.html").read_text("utf-8")
    assert "What the tests ask for" in report
    for row in table.to_dict("records"):
        own = actions[actions["id"] == row["id"]]
        best = own[own["action"] == row["best_action"]].iloc[0]
        possible = own[own["score"] != ""]
        assert float(best["score"]) == possible["score"].astype(float).max()
        assert float(best["gain"]) == float(row["gain"])
        hold = own[own["action"] == "hold"].iloc[0]
        assert float(best["score"]) - float(hold["score"]) == pytest.approx(
            0.7 * (float(best["profit"]) - float(hold["profit"]))
            + 0.3 * (float(best["worst"]) - float(hold["worst"]))
            - float(best["switching_cost"])
        )
        split = moves[moves["id"] == row["id"]]
        assert split["spend"].astype(float).sum() == pytest.approx(CORE, abs=0.01)
        assert split["hold_spend"].astype(float).sum() == pytest.approx(CORE, abs=0.01)
        way = steps[steps["id"] == row["id"]]
        assert (len(way) > 0) == (row["decision"] in ("scale", "stop", "cut"))
        name = f"rollout-{row['id']}.html"
        assert name in manifest
        page = (folder / name).read_text("utf-8")
        assert "Signed" in page
        assert "<script" not in page
        assert row["id"] in said.out


def test_a_decision_is_written_down_and_the_test_is_not_proposed_again(tested, proposed, execute, read):
    config, _, given = tested
    place, folder, _ = proposed
    first, second = given["id"].tolist()
    with contextlib.chdir(place):
        said = execute(
            "tests",
            "rollout",
            config,
            first,
            "--decide",
            "hold",
            "--by",
            "Dana",
            "--why",
            "wait",
            "--out",
            folder,
        )
        assert said.code == 0, said.err
        lines = read(place / "data" / "acme-tests.csv")
        assert lines["state"].tolist() == ["read", "resolved"]
        assert lines.iloc[-1][["by", "why", "choice"]].tolist() == ["Dana", "wait", "hold"]
        again = execute("tests", "rollout", config, first, "--out", folder)
        assert again.code == 1
        assert "is settled (hold: wait)" in again.err
        said = execute("tests", "rollout", config, "--out", folder)
        assert said.code == 0
        assert read(folder / "rollout.csv")["id"].tolist() == [second]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("spring-tv",), 1, 'there is no test "spring-tv"'),
        (("{first}x",), 1, 'did you mean "{first}"?'),
        (("{first}", "--decide", "scale"), 2, "who decided and why"),
        (("{first}", "--decide", "double"), 2, "scale, cut, stop, iterate or hold"),
    ],
)
def test_a_rollout_that_cannot_be_asked_for_says_why(tested, execute, tmp_path, words, code, says):
    config, folder, given = tested
    first = given["id"].iloc[0]
    asked = [word.format(first=first) for word in words]
    with contextlib.chdir(tmp_path):
        said = execute("tests", "rollout", config, *asked, "--out", folder)
    assert said.code == code
    assert says.format(first=first) in said.err


def test_a_rollout_needs_a_fit_and_a_margin(small, tested, execute, tmp_path):
    margin = small.variant(
        "plain",
        ("finance: {gross_margin: 0.55}\n", "experiments: {source: tests.csv}\n"),
    )
    with contextlib.chdir(tmp_path):
        said = execute("tests", "rollout", margin, "--out", tmp_path / "plain")
        assert (said.code, "finance.gross_margin is missing" in said.err) == (1, True)
        said = execute("tests", "rollout", tested[0], "--out", tmp_path / "empty")
        assert (said.code, "no finished fit and plan" in said.err) == (1, True)


def test_a_new_result_is_previewed_from_the_fit_without_it(tested, small, execute, tmp_path):
    _, folder, given = tested
    week = pd.Timestamp(pd.read_csv(small.folder / "sales.csv")["week"].max())
    spend = pd.read_csv(small.folder / "media.csv", parse_dates=["week"])
    start, end = week - pd.Timedelta(weeks=9), week - pd.Timedelta(weeks=2) + pd.Timedelta(days=6)
    region = spend["region"].iloc[0]
    inside = spend["week"].between(start, end) & (spend["region"] == region) & (spend["channel"] == "tv")
    row = given.iloc[0].to_dict() | {
        "id": "late", "channel": "tv", "audience": "", "geos": region, "start": f"{start:%Y-%m-%d}",
        "end": f"{end:%Y-%m-%d}", "cooldown": 1, "lift": "", "lift_se": "", "status": "running",
        "spend_change": round(0.5 * spend.loc[inside, "spend"].sum()),
    }  # fmt: skip
    copy = shutil.copytree(folder, tmp_path / "acme")
    table = small.folder / "tests.csv"
    before = table.read_bytes()
    try:
        pd.concat([given, pd.DataFrame([row])]).to_csv(table, index=False)
        with contextlib.chdir(tmp_path):
            said = execute("tests", "read", tested[0], "late", "--out", copy)
    finally:
        table.write_bytes(before)
    assert said.code in (0, 3), said.err
    preview = json.loads((copy / "readout-late.json").read_text("utf-8"))["preview"]
    if said.code == 3:
        assert preview["state"] == "none"
        return
    assert preview["state"] in ("previewed", "refit")
    if preview["state"] == "previewed":
        (cell,) = preview["cells"]
        assert cell["channel"] == "tv"
        assert preview["pareto_k"] < 0.7
        assert "A new fit would say" in said.out
    else:
        assert "Refit needed" in said.out
