"""The life of a test through the command line, on a company whose test has a known effect."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmm.cli import shell
from mmm.config import load_config
from mmm.line import carry_out

WEEKS, REGIONS = 130, 10
FIRST, STOP, LAST = 110, 115, 117
LIFT = 40.0
"""Revenue a treated region and week gains; four regions, five weeks and a cool-down of two."""
TREATED = ";".join(f"r{i}" for i in range(4))
MONDAY = np.datetime64("2024-01-01")
CONFIG = """\
name: acme
currency: USD
data:
  date: week
  geo: region
  source: weekly.csv
  outcome: {value: revenue}
  media: {tv: tv, search: search}
experiments: {source: tests.csv}
finance: {gross_margin: 0.5}
model: {max_lag: 6}
plan: {horizon: 8, budget: 100_000}
"""
HEAD = "id,channel,geos,start,end,cooldown,spend_change,lift,lift_se,method,status"
FROM, UNTIL = str(MONDAY + 7 * FIRST), str(MONDAY + 7 * STOP - 1)
RUNNING = f"more tv,tv,{TREATED},{FROM},{UNTIL},2,2000,,,geo split,running"


def execute(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = shell.execute(arguments)
    return code, out.getvalue(), err.getvalue()


def weekly() -> str:
    rng = np.random.default_rng(5)
    size = rng.uniform(400, 900, REGIONS)
    lines = ["week,region,revenue,tv,search"]
    for week in range(WEEKS):
        season = 1 + 0.1 * np.sin(week / 8) + rng.normal(0, 0.02)
        for g in range(REGIONS):
            tested = g < 4 and FIRST <= week < STOP
            gains = g < 4 and FIRST <= week < LAST
            revenue = size[g] * season + rng.normal(0, 6) + LIFT * gains
            tv = 30 + 5 * (week % 3) + 100 * tested
            lines.append(f"{MONDAY + 7 * week},r{g},{revenue:.2f},{tv},{20 + week % 5 + g}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.chdir(tmp_path)

    def write(*rows: str, config: str = CONFIG) -> Path:
        (tmp_path / "weekly.csv").write_text(weekly(), encoding="utf-8")
        (tmp_path / "tests.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
        (tmp_path / "acme.yaml").write_text(config, encoding="utf-8")
        return tmp_path

    return write


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_test_is_approved_read_once_and_settled(company) -> None:
    folder = company(RUNNING)
    code, out, err = execute("tests", "approve", "acme.yaml", "more tv", "--by", "Dana")
    assert (code, err) == (0, "")
    assert "is approved" in out

    code, out, err = execute("tests", "read", "acme.yaml", "more tv", "-q")
    assert (code, err) == (0, "")
    assert "2,000 USD more for tv in r0, r1, r2, r3" in out
    assert "Written: a row of tests.csv" in out
    result = rows(folder / "tests.csv")[-1]
    assert result["status"] == "read"
    truth = LIFT * 4 * (LAST - FIRST)
    assert abs(float(result["lift"]) - truth) < 2 * float(result["lift_se"])
    figures = json.loads((folder / "reports/acme/readout-more-tv.json").read_text("utf-8"))
    assert figures["lift"] == pytest.approx(float(result["lift"]), rel=1e-5)
    assert figures["roi"] == pytest.approx(figures["lift"] / 2000.0)
    page = (folder / "reports/acme/readout-more-tv.html").read_text("utf-8")
    assert "the test moved the outcome" in page

    before = (folder / "tests.csv").read_bytes()
    code, out, _ = execute("tests", "read", "acme.yaml", "more tv", "-q")
    assert code == 0
    assert "nothing was added" in out
    assert (folder / "tests.csv").read_bytes() == before

    code, out, _ = execute("check", "acme.yaml")
    assert "2,000 more spend" in out  # the fit would use it

    code, out, _ = execute(
        "tests", "resolve", "acme.yaml", "more tv", "--choice", "widen", "--why", "a strike"
    )
    assert code == 0
    widened = rows(folder / "tests.csv")[-1]
    assert (widened["status"], widened["lift_se"]) == ("widened", result["lift_se"])
    code, out, _ = execute("check", "acme.yaml")
    assert "Settled, widened" in out  # the model doubles its transport noise

    code, out, _ = execute("tests", "void", "acme.yaml", "more tv", "--why", "the wrong regions")
    assert code == 0
    assert [row["status"] for row in rows(folder / "tests.csv")] == ["running", "read", "widened", "void"]
    code, _, err = execute("tests", "read", "acme.yaml", "more tv", "-q")
    assert code == 1
    assert "is void (the wrong regions)" in err
    code, out, _ = execute("tests", "ledger", "acme.yaml")
    assert "void: the wrong regions" in out
    assert [row["state"] for row in rows(folder / "data/acme-tests.csv")] == [
        *("approved", "read", "resolved", "void"),
    ]


def test_the_page_and_its_figures_are_listed_as_artefacts(company) -> None:
    folder = company(RUNNING)
    assert execute("tests", "read", "acme.yaml", "more tv", "-q")[0] == 0
    listed = json.loads((folder / "reports/acme/manifest.json").read_text("utf-8"))["artefacts"]
    assert {f"readout-more-tv.{kind}" for kind in ("csv", "html", "json")} <= set(listed)
    assert not (folder / "reports/acme/history").exists()


def test_pages_of_tests_stay_when_something_else_is_published(company) -> None:
    folder = company(RUNNING)
    assert execute("tests", "read", "acme.yaml", "more tv", "-q")[0] == 0
    # publishes the check, and all that is kept
    carry_out(load_config("acme.yaml"), "backtest", None, None, None)
    listed = json.loads((folder / "reports/acme/manifest.json").read_text("utf-8"))["artefacts"]
    assert {"checks.csv", *(f"readout-more-tv.{kind}" for kind in ("csv", "html", "json"))} <= set(listed)


def test_a_table_that_takes_no_row_is_left_alone_and_another_is_said_aloud(company) -> None:
    folder = company(RUNNING)
    semicolons = (
        (folder / "tests.csv").read_text("utf-8").replace(";", "|").replace(",", ";").replace("|", "&")
    )
    semicolons = semicolons.replace("r0&r1&r2&r3", '"r0;r1;r2;r3"')
    (folder / "tests.csv").write_text(semicolons, encoding="utf-8")
    code, out, err = execute("tests", "read", "acme.yaml", "more tv", "-q")
    assert (code, err) == (0, "")
    assert "Written: a row of data/acme-experiments.csv" in out
    assert "No fit reads data/acme-experiments.csv yet" in out
    assert (folder / "tests.csv").read_text("utf-8") == semicolons
    assert [row["id"] for row in rows(folder / "data/acme-experiments.csv")] == ["more tv"]


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        (RUNNING.replace("r3", "r12"), 1, 'no region "r12"'),
        (RUNNING.replace(UNTIL, "2027-01-03"), 1, "load the rows up to then"),
        (RUNNING.replace("more tv,tv", "more radio,tv"), 1, 'no test "more tv"; there are more radio'),
        (RUNNING.replace(",2000,", ",-90000,"), 3, "did not run as designed"),
    ],
)
def test_what_cannot_be_read_says_why_and_adds_nothing(company, row, code, says) -> None:
    folder = company(row)
    before = (folder / "tests.csv").read_bytes()
    found, _, err = execute("tests", "read", "acme.yaml", "more tv", "-q")
    assert found == code
    assert says in err
    assert "Traceback" not in err
    assert (folder / "tests.csv").read_bytes() == before
    assert not (folder / "data").exists()


def test_dropping_a_test_needs_a_reason(company) -> None:
    company(RUNNING)
    code, _, err = execute("tests", "void", "acme.yaml", "more tv")
    assert code == 2
    assert "--why" in err
