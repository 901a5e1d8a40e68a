"""Forecasts from earlier days through the command line: the same however many processes, kept, and on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(300)]

Command = Callable[..., Any]
ASKED = ("--origins", "2", "--horizon", "4")


@pytest.fixture(scope="module")
def tried(finished: Any, execute: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run once more, backtested in this process."""
    folder = finished.copy(tmp_path_factory.mktemp("tried") / "acme")
    said = execute("backtest", finished.small.config, "--out", folder, *ASKED)
    assert said.code == 0, said.err
    return Path(folder)


def test_two_processes_find_what_one_does(
    tried: Path, small: Any, execute: Command, tmp_path: Path, read: Callable[[Path], pd.DataFrame]
) -> None:
    said = execute("backtest", small.config, "--out", tmp_path / "acme", *ASKED, "--jobs", "2")
    assert said.code == 0, said.err
    for name in ("backtest.csv", "backtest_summary.csv"):
        one, two = read(tried / name), read(tmp_path / "acme" / name)
        pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_the_rows_are_the_last_weeks_as_they_were_sold(
    tried: Path, small: Any, read: Callable[[Path], pd.DataFrame]
) -> None:
    rows = read(tried / "backtest.csv")
    assert (
        rows.groupby("origin", sort=True)["horizon"].apply(list).tolist()
        == [["1", "2", "3", "4", "total"]] * 2
    )
    by_week = rows[rows["horizon"] != "total"].set_index("date")
    sales = read(small.folder / "sales.csv").groupby("week")["revenue"].sum()
    assert by_week["actual"].to_numpy() == pytest.approx(sales[by_week.index].to_numpy())
    assert by_week.index[-1] == sales.index[-1]
    assert ((by_week["expected"] / by_week["actual"] - 1).abs() < 0.5).all()


def test_the_page_and_the_manifest_have_it_and_a_later_run_keeps_it(
    tried: Path, small: Any, execute: Command, no_sampling: list[str]
) -> None:
    for _ in range(2):
        assert "earlier days" in (tried / "report.html").read_text("utf-8")
        manifest = json.loads((tried / "manifest.json").read_text("utf-8"))
        assert {"backtest.csv", "backtest_summary.csv", "backtest.json", "report.html"} <= set(
            manifest["artefacts"]
        )
        said = execute("run", small.config, "--out", tried)
        assert said.code == 0, said.err
    said = execute("backtest", small.config, "--out", tried, *ASKED)
    assert said.code == 0, said.err
    assert no_sampling == []
    assert said.out.splitlines()[0].split()[:2] == ["periods", "ahead"]


def test_a_horizon_that_does_not_fit_is_said_before_any_fit(
    small: Any, execute: Command, tmp_path: Path, no_sampling: list[str]
) -> None:
    said = execute("backtest", small.config, "--out", tmp_path / "acme", "--horizon", "70")
    assert said.code == 1
    assert "--horizon 70" in said.err
    assert no_sampling == []
