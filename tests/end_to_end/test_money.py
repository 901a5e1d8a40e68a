"""Scorecard and bridge without a fit: within one process, on a company of two years, faults in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.timeout(300)

WEEKS = np.datetime64("2024-01-01") + 7 * np.arange(104)
CONFIG = """\
name: shop
currency: USD
data:
  date: week
  outcome: {source: sales.csv, value: revenue, orders: orders}
  media: [{source: media.csv, channel: channel, spend: spend}]
  attribution: {source: counts.csv, channel: channel, claimed: claimed, claimed_revenue: money, matched: closed}
finance: {returns: 0.05}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    orders = rng.poisson(400, 104)
    revenue = (50.0 * orders).round(2) + 0.37
    pd.DataFrame({"week": WEEKS, "revenue": revenue, "orders": orders}).to_csv(
        tmp_path / "sales.csv", index=False
    )
    rows = [(week, name) for week in WEEKS for name in ("search", "social")]
    media = pd.DataFrame(rows, columns=["week", "channel"])
    media.assign(spend=rng.integers(500, 900, 208)).to_csv(tmp_path / "media.csv", index=False)
    claimed = rng.poisson(90, 208)
    media.assign(claimed=claimed, money=51 * claimed, closed=claimed // 2).to_csv(
        tmp_path / "counts.csv", index=False
    )
    (tmp_path / "shop.yaml").write_text(CONFIG)
    return tmp_path


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig", keep_default_na=False)


def test_scorecard_and_bridge_need_no_fit_and_tie_to_the_files(
    execute: Callable[..., Any], shop: Path
) -> None:
    out = shop / "out"
    said = execute("scorecard", shop / "shop.yaml", "--out", out, "--quiet")
    assert (said.code, said.err) == (0, "")
    assert "data.attribution[1]" in said.out
    said = execute("reconcile", shop / "shop.yaml", "--out", out, "--quiet")
    assert (said.code, said.err) == (0, "")
    assert "mmm fit" in said.out
    assert not (out / "posterior.nc").exists()

    card, bridge, claims = (table(out, name) for name in ("scorecard", "bridge", "claims"))
    sales, counts = (pd.read_csv(shop / f"{name}.csv") for name in ("sales", "counts"))
    total = bridge[bridge["level"] == "total"].set_index(["period", "step"])["value"].astype(float)
    for k, period in enumerate(sorted(bridge["period"].unique())):
        booked = sales["revenue"][13 * k : 13 * k + 13].sum()
        assert total[period, "finance"] == pytest.approx(booked, abs=0.005)
        shown = card[(card["period"] == period) & (card["level"] == "total") & (card["kpi"] == "revenue")]
        assert float(shown["value"].iloc[0]) == pytest.approx(booked, abs=0.005)
        claimed = counts["money"][26 * k : 26 * k + 26].sum()
        assert total[period, "claimed"] == claimed
        mine = claims[(claims["period"] == period) & (claims["level"] == "total")]
        assert float(mine["claimed_revenue"].iloc[0]) == claimed
        steps = ("overlap", "not_closed", "returned", "residual")
        cents = round(100 * claimed) + sum(round(100 * total[period, step]) for step in steps)
        assert cents == round(100 * total[period, "finance"])


def test_a_week_without_counts_stops_every_command_with_its_date(
    execute: Callable[..., Any], shop: Path
) -> None:
    counts = pd.read_csv(shop / "counts.csv")
    counts[counts["week"] != "2024-03-04"].to_csv(shop / "counts.csv", index=False)

    said = execute("reconcile", shop / "shop.yaml", "--out", shop / "out")

    assert said.code == 1
    assert "no counts for the week of 2024-03-04" in said.err
    assert not (shop / "out").exists()


def test_without_claims_there_is_a_scorecard_and_a_word_about_the_bridge(
    execute: Callable[..., Any], shop: Path
) -> None:
    lines = [line for line in CONFIG.splitlines() if "attribution" not in line]
    (shop / "shop.yaml").write_text("\n".join(lines))

    assert execute("scorecard", shop / "shop.yaml", "--out", shop / "out", "--quiet").code == 0
    said = execute("reconcile", shop / "shop.yaml", "--out", shop / "out", "--quiet")
    assert said.code == 1
    assert "data.attribution" in said.err
