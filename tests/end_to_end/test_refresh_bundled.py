"""A quarter of the bundled company: its tables cut, a plan approved, the rows brought back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.planning.held import PARTS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("refresh"), pytest.mark.timeout(900)]
DEMO = Path(__file__).parents[2] / "data" / "demo"
CONFIG = """\
name: bundled
currency: USD
data:
  date: week
  geo: region
  outcome: {source: sales.csv, value: revenue, population: population}
  media: {source: media.csv, channel: channel, audience: audience, spend: spend, exposure: impressions}
  organic: {source: organic.csv, columns: [newsletter]}
  controls: {source: controls.csv, columns: [price_index, competitor, demand_index]}
  events: {source: events.csv, date: start, end: end, name: name}
calendar: {holidays: [US]}
model: {sampling: {draws: 100, tune: 150, chains: 2}, gates: {rhat: 1.6, ess: 8, divergences: 0.1}}
finance: {gross_margin: 0.55}
plan: {window: {start: START, end: END}}
"""
REGIONS, QUARTER = 3, 13


def write(folder: Path, cut: int) -> list[str]:
    """Tables of some regions without the last weeks; the weeks of all."""
    sales = pd.read_csv(DEMO / "sales.csv")
    weeks, regions = sorted(sales["week"].unique()), sorted(sales["region"].unique())[:REGIONS]
    for name in ("sales", "media", "organic", "controls"):
        table = pd.read_csv(DEMO / f"{name}.csv")
        kept = table["week"] <= weeks[-1 - cut]
        if "region" in table:
            kept &= table["region"].isin(regions)
        table[kept].to_csv(folder / f"{name}.csv", index=False)
    (folder / "events.csv").write_bytes((DEMO / "events.csv").read_bytes())
    return weeks


def test_holidays_events_owned_media_and_controls_are_told_apart_from_money_and_model(
    execute: Callable[..., Any], read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weeks = write(tmp_path, QUARTER)
    end = (pd.Timestamp(weeks[-1]) + pd.Timedelta(days=6)).date().isoformat()
    Path("bundled.yaml").write_text(CONFIG.replace("START", weeks[-QUARTER]).replace("END", end))
    for command in (("plan",), ("approve", "--by", "Noa")):
        said = execute(command[0], "bundled.yaml", *command[1:])
        assert said.code == 0, said.err
    write(tmp_path, 0)
    said = execute("refresh", "bundled.yaml")
    assert said.code == 0, said.err
    folder = tmp_path / "reports" / "bundled"
    told = json.loads((folder / "held.json").read_text("utf-8"))
    assert told["rebuilt_forecast"] == pytest.approx(told["frozen_forecast"], rel=1e-9)
    assert told["known"] == QUARTER
    held = read(folder / "held.csv")
    np.testing.assert_allclose(held[list(PARTS)].astype(float).sum(axis=1), held["miss"], atol=1e-6)
    by_level = held.set_index("level")["calendar_and_controls"]
    assert by_level["total"] == pytest.approx(
        by_level["baseline"]
    )  # no control multiplies what media bring here
    assert by_level["baseline"] != 0
    assert read(folder / "refresh.csv")["step"].unique().tolist() == ["rows"]
