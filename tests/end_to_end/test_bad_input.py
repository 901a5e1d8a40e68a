"""Files and configs that are wrong: one clear message, the right exit code, and nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_company import WEEKLY as CONFIG

pytestmark = pytest.mark.timeout(120)

Change = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Case:
    """A fault: what is changed, the exit codes of `check` and `run`, and what the message must hold."""

    says: tuple[str, ...]
    config: tuple[tuple[str, str], ...] = ()
    table: Change | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    run: int = 1


def _weekly() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    tv = np.round(rng.uniform(5e3, 15e3, 60) * (rng.random(60) < 0.6))
    search = np.round(rng.uniform(4e3, 9e3, 60))
    revenue = np.round(2e5 + 2 * tv + 1.5 * search + rng.normal(0, 8e3, 60))
    week = pd.date_range("2025-01-06", periods=60, freq="7D").strftime("%Y-%m-%d")
    table = pd.DataFrame({"week": week, "revenue": revenue, "tv_spend": tv, "search_spend": search})
    return table.astype({"revenue": int, "tv_spend": int, "search_spend": int})


def _cell(row: int, column: str, value: object) -> Change:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = table.astype(object)
        table.loc[row, column] = value
        return table

    return change


def _bounds(text: str) -> tuple[tuple[str, str], ...]:
    return (("budget: 200_000", f"budget: 200_000, bounds: [{text}]"),)


def _monthly(table: pd.DataFrame) -> pd.DataFrame:
    """First days of months as dd/mm/yyyy: as mm/dd/yyyy they are days in January."""
    return table.assign(week=pd.date_range("2020-01-01", periods=60, freq="MS").strftime("%d/%m/%Y"))


FILES = {
    "missing file": Case(
        ("weakly.csv: there is no such file", "Did you mean weekly.csv?"),
        config=(("weekly.csv", "weakly.csv"),),
    ),
    "wrong column": Case(
        ('no column "tv_spent"', 'Did you mean "tv_spend"?', "weekly.csv"), config=(("tv_spend", "tv_spent"),)
    ),
    "empty file": Case(("weekly.csv: the file is empty",), files={"weekly.csv": b""}),
    "header alone": Case(("there is a header (row 1) and no row below it",), table=lambda t: t.iloc[:0]),
    "folder": Case(("this is a folder",), config=(("weekly.csv", "."),)),
    "dates that do not parse": Case(
        ('column "week"', 'row 5 "soon"', "2025-01-31"), table=_cell(3, "week", "soon")
    ),
    "dates that can be read two ways": Case(
        ("can be read as d/m/y", "or as m/d/y", "write them as 2025-01-31"), table=_monthly
    ),
    "duplicate rows": Case(
        ("duplicate rows", "2025-02-10 in rows 7, 62", "Take out the copies"),
        table=lambda t: pd.concat([t, t.iloc[[5]]]),
    ),
    "text in a number": Case(
        ('column "tv_spend"', 'row 9 "lots"', "Write plain numbers"), table=_cell(7, "tv_spend", "lots")
    ),
    "text in the outcome": Case(('column "revenue"', 'row 9 "inf"'), table=_cell(7, "revenue", "inf")),
    "a gap in the outcome": Case(
        ("the outcome is empty for 2025-05-26", "calendar.exclude"), table=_cell(20, "revenue", "")
    ),
    "missing weeks": Case(
        ("the outcome has no row for 2025-05-26, 2025-06-02", "no media row for 2025-05-26"),
        table=lambda t: t.drop(index=[20, 21]),
    ),
}

FINDINGS = {
    "negative spend": Case(
        ("negative spend", "search", "2025-02-24", "-50.00", "net it there, or write 0"),
        table=_cell(7, "search_spend", -50),
    ),
    "spend of zero throughout": Case(
        ("no spend", "tv", "Take it out of `data.media`"), table=lambda t: t.assign(tv_spend=0)
    ),
    "fewer rows than parameters": Case(
        ("9 rows with an outcome", "10 parameters", "load more history"), table=lambda t: t.iloc[:9]
    ),
    "bounds reversed": Case(
        ("`plan.bounds` entry 1 (tv): min 90,000 is above max 10,000", "swap them"),
        config=_bounds("{channel: tv, min: 90_000, max: 10_000}"),
    ),
    "bounds reversed, one in times the reference": Case(
        ("tv has a min of 190,000 above its max of",),
        config=_bounds("{channel: tv, min: 190_000, max: 0.1x}"),
    ),
    "least amounts above the budget": Case(
        ("no plan meets the limits", "tv 150,000, search 100,000", "Lower them by 70,000"),
        config=_bounds("{channel: tv, min: 150_000}, {channel: search, min: 100_000}"),
        run=3,
    ),
    "most amounts below the budget": Case(
        ("no plan meets the limits", "tv 15,000, search 10,000", "Raise them by 155,000"),
        config=_bounds("{channel: tv, max: 15_000}, {channel: search, max: 10_000}"),
        run=3,
    ),
    "more committed than there is": Case(
        ("no plan meets the limits", "tv 250,000", "180,000"),
        config=(("budget: 200_000", "budget: 200_000, fixed: [{channel: tv, spend: 250_000}]"),),
        run=3,
    ),
    "unknown channel in the bounds": Case(
        ("unknown channel 'serch'", "Did you mean 'search'?"), config=_bounds("{channel: serch, max: 50_000}")
    ),
    "a window in the past": Case(
        ("`plan.window`: 2025-01-01 to 2025-03-31 is past", "the data run until 2026-03-01"),
        config=(("horizon: 8", "window: 2025Q1"),),
    ),
    "a window whose budget is spent": Case(
        ("is spent in the window already (until 2026-03-01)", "Raise `plan.budget` to at least"),
        config=(("horizon: 8", "window: {start: 2026-02-01, end: 2026-04-30}"), ("200_000", "1_000")),
        run=3,
    ),
    "a window longer than the history": Case(
        ("`plan.reference`: recent needs 44 weeks more",), config=(("horizon: 8", "horizon: 104"),)
    ),
    "a test of an unknown channel": Case(
        ("`tests.candidates[1]`", 'no table has the channel "tvv"', 'did you mean "tv"?'),
        config=(("finance:", "tests: {candidates: [{channel: tvv}]}\nfinance:"),),
    ),
    "a reference that is not there": Case(
        ("no.csv: there is no such file",),
        config=(("budget: 200_000", "budget: 200_000, reference: {source: no.csv}"),),
    ),
}

CONFIGS = {
    "budget 0": Case(("`plan.budget`: should be greater than 0 (is 0)",), config=(("200_000", "0"),)),
    "budget in words": Case(("`plan.budget`: 'plenty' is not an amount",), config=(("200_000", "plenty"),)),
    "reserve under a tenth": Case(
        ("`plan.reserve_for_tests`", "below 0.10", "(is 0.05)", "reserve_override"),
        config=(("200_000", "200_000, reserve_for_tests: 0.05"),),
    ),
    "a share above 1": Case(
        ("`plan.reserve_for_tests`", "less than or equal to 1"),
        config=(("200_000", "200_000, reserve_for_tests: 1.5"),),
    ),
    "a negative bound": Case(
        ("`plan.bounds[1].min`: -5 is below 0",), config=_bounds("{channel: tv, min: -5}")
    ),
    "a window that ends before it starts": Case(
        ("`plan.window`: ends 2026-04-30 before it starts 2026-05-01",),
        config=(("horizon: 8", "window: {start: 2026-05-01, end: 2026-04-30}"),),
    ),
    "unknown key": Case(
        ("`plan.horizn`: unknown key; did you mean `horizon`?",), config=(("horizon", "horizn"),)
    ),
    "a logo that is not there": Case(
        ("`report.brand.logo`", "nowhere.png", "relative to the config"),
        config=(("finance:", "report: {brand: {logo: nowhere.png}}\nfinance:"),),
    ),
    "a reader nobody knows": Case(
        ("`report.audiences[1]`", "agency", "cfoo"),
        config=(("finance:", "report: {audiences: [cfoo]}\nfinance:"),),
    ),
    "a reader named twice": Case(
        ("`report.audiences`", "cfo stands there twice"),
        config=(("finance:", "report: {audiences: [cfo, agency, cfo]}\nfinance:"),),
    ),
    "unknown key of tests": Case(
        ("`tests.slot`: unknown key", "slots"), config=(("finance:", "tests: {slot: 2}\nfinance:"),)
    ),
    "a ceiling of tests below their floor": Case(
        ("`tests.ceiling` is 0.05", "`plan.reserve_for_tests` 0.1", "Raise the first"),
        config=(("finance:", "tests: {ceiling: 0.05}\nfinance:"),),
    ),
    "a smaller reserve without a reason": Case(
        ("`tests.reserve_override.reason`", "at least 10 characters"),
        config=(("finance:", "tests: {reserve_override: {value: 0.05, reason: no}}\nfinance:"),),
    ),
    "a reserve override that is none": Case(
        ("`tests.reserve_override.value`", "less than 0.1"),
        config=(("finance:", "tests: {reserve_override: {value: 0.2, reason: more is better}}\nfinance:"),),
    ),
    "a user split of nobody": Case(
        ("`tests.candidates[1]`: a user split needs `people` and `response_sd`",),
        config=(("finance:", "tests: {candidates: [{channel: tv, way: user_split}]}\nfinance:"),),
    ),
    "two versions without what they may differ by": Case(
        ("`tests.candidates[1]`", "two versions need `versions`, their names, and `version_sd`"),
        config=(
            (
                "finance:",
                "tests: {candidates: [{channel: tv, versions: [a, b], people: 9000, response_sd: 3}]}\nfinance:",
            ),
        ),
    ),
    "a version against itself": Case(
        ("`tests.candidates[1]`: both versions are called a",),
        config=(
            (
                "finance:",
                "tests: {candidates: [{channel: tv, versions: [a, a], people: 9000, response_sd: 3, version_sd: 1}]}"
                "\nfinance:",
            ),
        ),
    ),
    "unknown channel in the model": Case(
        ("`model.adstock.tvv`: no such channel", "Did you mean `tv`?"),
        config=(("max_lag: 4", "max_lag: 4, adstock: {tvv: geometric}"),),
    ),
    "unknown channel in the priors": Case(
        ("`model.priors.channels.serch`: no such channel", "Did you mean `search`?"),
        config=(("max_lag: 4", "max_lag: 4, priors: {channels: {serch: {roi: {median: 2}}}}"),),
    ),
    "several at once": Case(
        (
            "3 things to mend",
            "`plan.budget`",
            "`plan.horizn`",
            "`report.audiences`: should have at least 1 item",
        ),
        config=(
            ("200_000", "0"),
            ("horizon", "horizn"),
            ("finance:", "report: {audiences: []}\nfinance:"),
        ),
    ),
    "not YAML": Case(
        ("acme.yaml: line ", "column "), config=(("currency: USD", "currency: 'USD\n  - x: ["),)
    ),
    "the same key twice": Case(
        ("line 3", 'duplicate key "currency"'), config=(("currency: USD", "currency: USD\ncurrency: EUR"),)
    ),
    "a list": Case(("this is not a config",), files={"acme.yaml": b"- a\n- b\n"}),
    "an empty config": Case(("this is not a config",), files={"acme.yaml": b""}),
    "bytes": Case(("is it a YAML file in UTF-8?",), files={"acme.yaml": b"\x00\xff\xfe\x80"}),
}


def _write(case: Case, folder: Path) -> Path:
    table, text = _weekly(), CONFIG
    if case.table is not None:
        table = case.table(table)
    for old, new in case.config:
        assert old in text, old
        text = text.replace(old, new)
    table.to_csv(folder / "weekly.csv", index=False)
    (folder / "acme.yaml").write_text(text)
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    return folder / "acme.yaml"


@pytest.fixture(autouse=True)
def _nothing_is_fitted(no_sampling: list[str]) -> None:
    """Should a fault slip through, the sampler is not run for it."""


def test_without_a_fault_the_company_passes(execute: Callable[..., Any], tmp_path: Path) -> None:
    config = _write(Case(()), tmp_path)
    assert execute("check", config).code == 0
    assert execute("run", config, "--out", tmp_path / "out").code == 130  # as far as the sampler


@pytest.mark.parametrize("case", [*FILES.values(), *CONFIGS.values()], ids=[*FILES, *CONFIGS])
def test_a_fault_that_leaves_nothing_to_check_is_said(
    execute: Callable[..., Any], tmp_path: Path, case: Case
) -> None:
    config = _write(case, tmp_path)
    for said in (execute("check", config), execute("run", config, "--out", tmp_path / "out")):
        assert said.code == 1
        assert said.out == ""
        for part in case.says:
            assert part in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", FINDINGS.values(), ids=FINDINGS)
def test_a_finding_is_a_row_of_the_check_and_refuses_the_run(
    execute: Callable[..., Any], tmp_path: Path, case: Case
) -> None:
    config = _write(case, tmp_path)
    checked = execute("check", config)
    assert checked.code == 1
    assert "1 fail" in checked.out
    assert checked.out.startswith("fail ")
    assert f"Next: mend what fails, then mmm check {config}" in checked.out
    for command in ("fit", "plan", "report", "run"):
        said = execute(command, config, "--out", tmp_path / "out")
        assert said.code == case.run
        for part in case.says:
            assert part in said.err
            assert part in checked.out
        assert not (tmp_path / "out").exists()


def test_faults_of_the_data_and_of_the_plan_are_all_in_the_table(
    execute: Callable[..., Any], tmp_path: Path
) -> None:
    config = _write(
        Case((), config=_bounds("{channel: serch, max: 5}"), table=lambda t: t.assign(tv_spend=0)), tmp_path
    )
    checked = execute("check", config)
    assert (checked.code, checked.err) == (1, "")
    assert "2 fail" in checked.out
    assert "no spend - tv" in checked.out
    assert "unknown channel 'serch'" in checked.out


def test_a_config_that_is_not_there_is_said_with_the_nearest(
    execute: Callable[..., Any], tmp_path: Path
) -> None:
    _write(Case(()), tmp_path)
    said = execute("run", tmp_path / "acne.yaml", "--out", tmp_path / "out")
    assert said.code == 1
    assert f"is it {tmp_path / 'acme.yaml'}?" in said.err
    assert not (tmp_path / "out").exists()


SPAWNED = [
    "missing file",
    "wrong column",
    "dates that can be read two ways",
    "negative spend",
    "fewer rows than parameters",
    "least amounts above the budget",
    "a window in the past",
    "budget 0",
    "unknown key",
    "not YAML",
]


@pytest.mark.parametrize("name", SPAWNED)
def test_a_user_never_sees_a_traceback(spawn: Callable[..., Any], tmp_path: Path, name: str) -> None:
    case = (FILES | FINDINGS | CONFIGS)[name]
    config = _write(case, tmp_path)
    said = spawn("run", config.name, cwd=tmp_path)
    assert said.code == case.run
    assert said.out == ""
    assert "Traceback" not in said.err
    for part in case.says:
        assert part in said.err
    assert not (tmp_path / "reports").exists()
    assert not list(tmp_path.rglob("mmm-fault-*"))


def test_a_stranger_option_is_wrong_usage(execute: Callable[..., Any], tmp_path: Path) -> None:
    config = _write(Case(()), tmp_path)
    assert execute("run", config, "--fast").code == 2
    assert execute("run").code == 2
    assert execute("runn", config).code == 2
