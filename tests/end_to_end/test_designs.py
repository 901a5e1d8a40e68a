"""Tests for the reserve: what the main job designs, and what becomes of it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

FILES = {"tests.csv", "test_weeks.csv", "test_answers.csv", "tests.json", "tests.ics"}


def test_the_main_job_designs_tests_and_every_table_agrees_about_their_money(finished, read) -> None:  # type: ignore[no-untyped-def]
    folder = finished.folder
    assert {path.name for path in folder.iterdir()} >= FILES
    told, plan = (json.loads((folder / name).read_text("utf-8")) for name in ("tests.json", "plan.json"))
    table, tests, weeks = (read(folder / f"{name}.csv") for name in ("plan", "tests", "test_weeks"))
    money = table[table["purpose"] == "test"]
    placed = money[money["channel"] != ""]
    assert money["planned_spend"].sum() == pytest.approx(plan["reserve"], abs=0.005)
    assert plan["reserve"] >= 0.1 * plan["budget"] - 1e-9
    assert told["placed"] + told["withheld"] + told["without_test"] == pytest.approx(
        plan["reserve"], abs=0.005
    )
    assert placed["planned_spend"].sum() == pytest.approx(told["placed"], abs=0.005)
    spent = pd.to_numeric(weeks["test_spend"], errors="coerce").sum() if len(weeks) else 0.0
    assert spent == pytest.approx(told["placed"], abs=0.005)
    assert set(tests["state"]) <= {"proposed"}
    assert tests["id"].is_unique
    assert table["planned_spend"].sum() == pytest.approx(300_000, abs=0.005)
    page = (folder / "report.html").read_text("utf-8")
    assert "What the reserve buys" in page
    assert any("No test by region" in note for note in told["notes"])  # two regions, and what that loses
    assert (len(tests) > 0) == ('class="card"' in page)


def test_without_tests_the_reserve_is_a_line_and_the_plan_is_another(
    finished, execute, read, no_sampling, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    folder = finished.copy(tmp_path / "acme")
    said = execute("run", finished.small.config, "--out", folder, "--no-tests", "--quiet")
    assert said.code == 0, said.err
    assert no_sampling == []
    assert not {path.name for path in folder.iterdir()} & FILES
    money = read(folder / "plan.csv").query("purpose == 'test'")
    assert set(money["channel"]) == {""}
    assert money["planned_spend"].sum() == pytest.approx(30_000)
    again = execute("tests", "design", finished.small.config, "--out", folder, "--quiet")
    assert again.code == 0, again.err
    assert "Reserve 30,000" in again.out or "No test can be designed" in again.out
    assert (folder / "tests.csv").read_bytes() == (finished.folder / "tests.csv").read_bytes()


def test_a_smaller_reserve_with_a_reason_says_so_in_plan_and_page(
    finished, execute, no_sampling, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    folder, reason = finished.copy(tmp_path / "acme"), "cash is short until June"
    config = finished.small.variant(
        "acme", ("plan: {", f"tests: {{reserve_override: {{value: 0.05, reason: {reason}}}}}\nplan: {{")
    )
    try:
        said = execute("run", config, "--out", folder, "--no-tests", "--quiet")
    finally:
        config.write_text(
            config.read_text().replace(
                f"tests: {{reserve_override: {{value: 0.05, reason: {reason}}}}}\n", ""
            )
        )
    assert said.code == 0, said.err
    assert no_sampling == []
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    assert plan["reserve"] == pytest.approx(15_000)
    assert any(reason in line for line in plan["assumptions"])
    assert reason in (folder / "report.html").read_text("utf-8")


def test_an_approved_test_keeps_its_weeks_and_money_when_tests_are_designed_again(  # type: ignore[no-untyped-def]
    finished, execute, read, no_sampling, tmp_path, monkeypatch
) -> None:
    folder = finished.copy(tmp_path / "acme")
    monkeypatch.chdir(tmp_path)
    start = pd.to_datetime(read(folder / "plan.csv")["date"]).min()
    days = [f"{start + pd.Timedelta(days=more):%Y-%m-%d}" for more in (7, 27)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "acme-tests.csv").write_text(
        "id,state,on,by,why,choice,lift,lift_se,channel,audience,message,kind,geos,controls,pairs,start,end,"
        'cooldown,spend_change,seed\nspring,approved,2026-01-05,CFO,,,,,tv,,,"pulse, heavy-up",,,,'
        f"{days[0]},{days[1]},1,6000,1\n"
    )
    said = execute("tests", "design", finished.small.config, "--out", folder, "--quiet")
    assert said.code == 0, said.err
    assert no_sampling == []
    row = read(folder / "tests.csv").iloc[0]
    assert (row["id"], row["state"], row["start"], row["weeks"]) == ("spring", "approved", days[0], 3)
    assert float(row["incremental_spend"]) == pytest.approx(6000, abs=0.01)
    table = read(folder / "plan.csv")
    money = table[(table["purpose"] == "test") & (table["channel"] == "tv")]
    assert sorted(money["date"].unique()) == sorted(
        f"{start + pd.Timedelta(days=more):%Y-%m-%d}" for more in (7, 14, 21)
    )
    assert money["planned_spend"].sum() == pytest.approx(float(row["spend"]), abs=0.005)
    others = read(folder / "tests.csv").iloc[1:]
    assert "tv" not in set(others["channel"])


def test_what_has_no_history_and_two_versions_are_tested_in_tables_plan_and_workbook(  # type: ignore[no-untyped-def]
    finished, execute, read, no_sampling, tmp_path, monkeypatch
) -> None:
    folder = finished.copy(tmp_path / "acme")
    monkeypatch.chdir(tmp_path)
    asked = (
        "tests: {slots: 5, candidates: ["
        "{channel: podcast, spend: 9_000, weeks: 4, people: 200_000, response_sd: 4, way: user_split}, "
        "{channel: search, versions: [old, new], people: 200_000, response_sd: 4, version_sd: 0.1, weeks: 4}]}\n"
    )
    config = finished.small.variant("acme", ("plan: {", f"{asked}plan: {{"))
    try:
        said = execute("tests", "design", config, "--out", folder, "--quiet")
    finally:
        config.write_text(config.read_text().replace(asked, ""))
    assert said.code == 0, said.err
    assert no_sampling == []
    tests = read(folder / "tests.csv").set_index("channel", drop=False)
    podcast, versions = tests.loc["podcast"], tests[tests["kind"].str.contains("versions")].iloc[0]
    assert podcast["kind"] == "user split, first money"
    assert float(podcast["incremental_spend"]) == pytest.approx(9_000, abs=0.005)
    assert float(versions["incremental_spend"]) == 0.0
    assert 0 < float(versions["people"]) < float(versions["people_textbook"])
    assert "the first version for all (50 %)" in versions["answers"]
    table, plan = read(folder / "plan.csv"), json.loads((folder / "plan.json").read_text("utf-8"))
    money = table[table["purpose"] == "test"]
    mine = money[money["channel"] == "podcast"]
    assert mine["planned_spend"].sum() == pytest.approx(9_000, abs=0.005)
    assert len(mine["date"].unique()) == 4
    assert money["planned_spend"].sum() == pytest.approx(plan["reserve"], abs=0.005)
    assert table["planned_spend"].sum() == pytest.approx(300_000, abs=0.005)
    assert "podcast" not in set(table.loc[table["purpose"] == "core", "channel"])


@pytest.mark.parametrize(
    "never",
    ["{never: [{start: 2000-01-01, end: 2099-12-31}]}", "{platforms: {tv: [], search: [], facebook: []}}"],
    ids=["no day is open", "nothing can be randomized"],
)
def test_where_no_test_can_be_run_the_reserve_stays_and_everything_says_so(  # type: ignore[no-untyped-def]
    never, finished, execute, read, no_sampling, tmp_path
) -> None:
    folder, never = finished.copy(tmp_path / "acme"), f"tests: {never}\n"
    config = finished.small.variant("acme", ("plan: {", f"{never}plan: {{"))
    try:
        said = execute("run", config, "--out", folder, "--quiet")
    finally:
        config.write_text(config.read_text().replace(never, ""))
    assert said.code == 0, said.err
    assert no_sampling == []
    assert read(folder / "tests.csv").empty
    told = json.loads((folder / "tests.json").read_text("utf-8"))
    assert told["placed"] == told["withheld"] == 0
    assert told["without_test"] == pytest.approx(30_000)
    money = read(folder / "plan.csv").query("purpose == 'test'")
    assert set(money["channel"]) == {""}
    assert money["planned_spend"].sum() == pytest.approx(30_000)
    assert "No test can be designed in this window" in (folder / "report.html").read_text("utf-8")


def test_beside_limits_of_a_region_the_reserve_is_a_line_and_everything_says_why(  # type: ignore[no-untyped-def]
    finished, execute, read, no_sampling, tmp_path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    region = read(finished.small.folder / "sales.csv")["region"].iloc[0]
    asked = f", bounds: [{{channel: tv, geo: {region}, max: 1.2x}}]}}"
    config = finished.small.variant("acme", ("300_000}", f"300_000{asked}"))
    try:
        said = execute("run", config, "--out", folder, "--quiet")
        design = execute("tests", "design", config, "--out", folder, "--quiet")
    finally:
        config.write_text(config.read_text().replace(asked, "}"))
    assert said.code == design.code == 0, said.err + design.err
    assert no_sampling == []
    assert read(folder / "tests.csv").empty
    money = read(folder / "plan.csv").query("purpose == 'test'")
    assert set(money["channel"]) == {""}
    assert money["planned_spend"].sum() == pytest.approx(30_000)
    assert "tests are not designed beside such limits" in design.out
    assert "tests are not designed beside such limits" in (folder / "report.html").read_text("utf-8")


def test_beside_weeks_as_decisions_a_design_is_refused_and_a_run_keeps_the_reserve(  # type: ignore[no-untyped-def]
    finished, execute, read, no_sampling, tmp_path
) -> None:
    folder, asked = finished.copy(tmp_path / "acme"), ", flighting: {}}"
    config = finished.small.variant("acme", ("300_000}", f"300_000{asked}"))
    try:
        design = execute("tests", "design", config, "--out", folder, "--quiet")
        said = execute("run", config, "--out", folder, "--quiet")
    finally:
        config.write_text(config.read_text().replace(asked, "}"))
    assert design.code == 1
    assert "no tests are designed beside weeks as decisions" in design.err
    assert said.code == 0, said.err
    assert no_sampling == []
    money = read(folder / "plan.csv").query("purpose == 'test'")
    assert set(money["channel"]) == {""}
    assert money["planned_spend"].sum() == pytest.approx(30_000)
    assert not {path.name for path in folder.iterdir()} & FILES
