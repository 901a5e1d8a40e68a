"""A portfolio of two small markets, from its config to its page; and what a second call leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from mmm.cli.shell import execute
from mmm.simulate.markets import market_world

pytestmark = pytest.mark.timeout(300)

MARKET = """
name: {name}
currency: {currency}
data:
  source: {name}.csv
  date: date
  outcome: {{value: revenue}}
  media: {{tv: tv_spend, search: search_spend, social: social_spend}}
  controls: [price]
model:
  max_lag: 4
  sampling: {{draws: 150, tune: 200, chains: 2}}
  gates: {{rhat: 1.5, ess: 10, divergences: 1}}
finance: {{gross_margin: 0.5}}
plan: {{window: 2024Q4}}
"""
PORTFOLIO = """
name: group
currency: EUR
markets: [{{config: a.yaml, max: 1.05x}}, {{config: b.yaml, rate: 0.5}}]
plan: {{window: 2025Q1, budget: 1_500_000}}
pool: {pool}
"""


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(f"reports/group/{name}.csv", encoding="utf-8-sig", keep_default_na=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portfolio")
    for number, (name, currency) in enumerate((("a", "EUR"), ("b", "USD"))):
        market_world(number).table.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.yaml").write_text(MARKET.format(name=name, currency=currency))
    return folder


def test_one_budget_over_two_markets_and_what_they_tell_each_other(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    config = place / "group.yaml"
    config.write_text(PORTFOLIO.format(pool="false"))
    assert execute(["run", str(config), "--jobs", "1", "-q"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == str(Path("reports/group/report.html"))

    markets, moves = _read("markets"), _read("market_moves")
    told = json.loads(Path("reports/group/portfolio.json").read_text("utf-8"))
    total = markets.iloc[-1]
    assert float(total["planned_budget"]) == pytest.approx(1_500_000, abs=0.01)
    assert moves["planned_spend"].sum() == pytest.approx(told["core"], abs=0.01)
    assert float(markets["planned_local"][1]) == pytest.approx(
        2 * float(markets["planned_budget"][1]), abs=0.01
    )
    assert float(total["gain"]) == pytest.approx(told["gain"])
    assert 0 <= told["gap"] < 0.01
    assert told["gain"] == pytest.approx(told["gain_within"] + told["gain_between"])
    page = Path("reports/group/report.html").read_text("utf-8")
    for market in ("a", "b"):
        assert f'<th scope="row"><span>{market}</span></th>' in page
    assert re.search(r"https?://", page) is None

    fits = {name: Path(f"reports/{name}/manifest.json").read_bytes() for name in ("a", "b")}
    assert execute(["run", str(config), "--jobs", "1", "-q", "--language", "fr"]) == 2
    assert (
        execute(["run", str(config), "--jobs", "1", "-q", "--language", "he"]) == 0
    )  # nothing is fitted again
    assert '<html lang="he" dir="rtl">' in Path("reports/group/report.html").read_text("utf-8")
    assert json.loads(Path("reports/group/portfolio.json").read_text("utf-8")) == told
    assert {name: Path(f"reports/{name}/manifest.json").read_bytes() for name in fits} == fits

    config.write_text(PORTFOLIO.format(pool="true"))
    assert execute(["run", str(config), "--jobs", "1", "-q"]) == 0
    pooled = _read("pooled")
    assert pooled["market"].tolist() == ["a"] * 3 + ["b"] * 3
    assert (pooled["pooled_sigma"] <= pooled["prior_sigma"]).all()
    assert (pooled["pooled_sigma"] < pooled["prior_sigma"]).any()
    assert {name: Path(f"reports/{name}/manifest.json").read_bytes() for name in fits} == fits
    assert "What each market learned from the others" in Path("reports/group/report.html").read_text("utf-8")
