"""New data: what changed, what that did to the returns, and what became of the approved plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.planning.held import PARTS

pytestmark = [pytest.mark.xdist_group("refresh"), pytest.mark.timeout(300)]
Command = Callable[..., Any]
CONFIG = """\
name: tiny
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {value: revenue}
  media: {tv: tv, search: search}
  controls: {columns: [price]}
finance: {gross_margin: 0.5}
model:
  max_lag: 4
  sampling: {draws: 100, tune: 150, chains: 2}
  gates: {rhat: 1.5, ess: 10, divergences: 0.1}
plan: {window: {start: 2026-03-02, end: 2026-03-29}, budget: 4_000}
"""
BEFORE, AFTER = 60, 64
"""Weeks before the window, and with all of it."""


def weekly(weeks: int, revised: float = 0.0) -> pd.DataFrame:
    """Weeks from 6 January 2025; the window is weeks 61 to 64, in which tv is spent twice as high as ever."""
    rng = np.random.default_rng(4)
    tv, search = rng.gamma(4, 150, 70).round(), rng.gamma(6, 60, 70).round()
    tv[BEFORE:] *= 2
    price = 1 + 0.05 * rng.standard_normal(70).round(2)
    revenue = 9000 + 2.5 * tv + 3 * search - 4000 * (price - 1) + 200 * rng.standard_normal(70)
    rows = pd.DataFrame(
        {
            "week": pd.date_range("2025-01-06", periods=70, freq="7D").strftime("%Y-%m-%d"),
            "revenue": revenue.round(),
            "tv": tv,
            "search": search,
            "price": price,
        }
    )
    rows.loc[30, "revenue"] += revised
    return rows.iloc[:weeks]


def test_a_quarter_from_plan_to_refresh(
    execute: Command, read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config, folder = tmp_path / "tiny.yaml", tmp_path / "reports" / "tiny"
    config.write_text(CONFIG)
    weekly(BEFORE).to_csv("weekly.csv", index=False)
    assert execute("refresh", config).code == 1  # nothing is fitted yet
    said = execute("plan", config)
    assert said.code == 0, said.err
    before = read(folder / "roi.csv")
    said = execute("refresh", config)
    assert said.code == 1
    assert "no earlier fit to compare with" in said.err
    assert execute("approve", config, "--by", "Dana").code == 0

    weekly(AFTER, revised=4000.0).to_csv("weekly.csv", index=False)
    said = execute("refresh", config)  # the window of the config is over by now, which is no fault here
    assert said.code == 0, said.err
    changed = read(folder / "data_changes.csv").set_index(["table", "series", "change"])["rows"]
    assert changed["outcome", "", "revised"] == 1
    assert changed["outcome", "", "new"] == changed["media", "tv", "new"] == AFTER - BEFORE
    _check_moved(read(folder / "refresh.csv"), before, read(folder / "roi.csv"))
    _check_held(folder, read)
    assert "held" in said.out
    assert "The window is over" in said.out

    asked: list[str] = []
    monkeypatch.setattr("mmm.inference.fit.fit", lambda *_, **__: asked.append("fit"))
    again = execute("refresh", config)
    assert (again.code, asked, again.out) == (0, [], said.out)

    following = tmp_path / "next.yaml"
    following.write_text(CONFIG.replace("2026-03-02, end: 2026-03-29", "2026-03-30, end: 2026-04-26"))
    said = execute("report", following)
    assert (said.code, asked) == (0, []), said.err
    page = (folder / "report.html").read_text("utf-8")
    assert 'id="held"' in page
    assert "approved by Dana" in page


def _check_moved(moved: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Steps lead from the returns of the last fit to those of this one, without a gap."""
    assert moved["step"].unique().tolist() == ["revised", "rows"]
    for level, channel in (("cell", "tv"), ("cell", "search"), ("total", "")):
        steps = moved[(moved["level"] == level) & (moved["channel"] == channel)].set_index("step")
        old, new = (
            table[(table["level"] == level) & (table["channel"] == channel)]["roi"].astype(float).iloc[0]
            for table in (before, after)
        )
        assert steps.loc["revised", "before"] == pytest.approx(old, rel=1e-12)
        assert steps.loc["revised", "after"] == steps.loc["rows", "before"]
        assert steps.loc["rows", "after"] == pytest.approx(new, rel=1e-12)
        assert steps["change"].sum() == pytest.approx(new - old, abs=1e-9)


def _check_held(folder: Path, read: Any) -> None:
    """The approved model is made ready again exactly, and the parts of every miss add up."""
    told = json.loads((folder / "held.json").read_text("utf-8"))
    assert told["rebuilt_forecast"] == pytest.approx(told["frozen_forecast"], rel=1e-9)
    assert (told["known"], told["periods"]) == (4, 4)
    held = read(folder / "held.csv")
    np.testing.assert_allclose(held[list(PARTS)].astype(float).sum(axis=1), held["miss"], atol=1e-6)
    total = held[held["level"] == "total"].iloc[0]
    rows = weekly(AFTER).iloc[BEFORE:]
    assert total["happened"] == rows["revenue"].sum()
    assert total["spent"] == pytest.approx(rows[["tv", "search"]].to_numpy().sum())
    tv = held[held["channel"] == "tv"].iloc[0]
    assert tv["spent"] > 1.5 * tv["approved_spend"]
    assert tv["spent_otherwise"] > 0
    pacing = read(folder / "pacing.csv")
    approved = read(next((folder.parent.parent / "data" / "tiny-plans").glob("0001-*")) / "plan.csv")
    total = pacing[pacing["level"] == "total"]["approved_spend"].sum()
    assert total == pytest.approx(approved[approved["channel"] != ""]["planned_spend"].sum())
